//! The events of a plan, in commits: a history expanded to sessions of one seat each.
//!
//! The rules of the expansion:
//! - a row of n seats becomes n sessions, each with a request of its own;
//! - a request and its grant are one pair if they share their instant; else each stands at its own;
//! - the lowest free seat is granted; a log-out is a sign of life;
//! - a user is added in the commit of the first request;
//! - a commit that would exceed [`EVENT_BYTES_MAX`] is continued in another at the same instant; a request
//!   is never parted from the grant that relies on standing behind it.

use crate::history::Row;
use crate::plan::{Enrolled, Plan};
use crate::seating::Seating;
use crate::timeline::{Act, Step};
use seats::{
    Commitment, Digest, Effective, EndedBy, Event, Micros, Reclaim, RequestId, SameUser, SessionId,
    Setting, Timestamp, UserPolicy,
};

/// The most bytes that the events of one commit take.
pub(crate) const EVENT_BYTES_MAX: usize = 20 * 1024;

/// Makes the commits of a plan, one after the other, until `take` fails.
pub(crate) fn each_commit<E>(
    plan: &Plan,
    enrolled: &Enrolled,
    take: &mut dyn FnMut(Timestamp, Vec<Event>) -> Result<(), E>,
) -> Result<(), E> {
    let mut commits = Commits { at: plan.first(), events: Vec::new(), bytes: 0, take };
    commits.add(plan.first(), opening(plan, enrolled.account))?;
    commits.close()?;
    let mut expansion = Expansion {
        plan,
        enrolled,
        known: vec![false; plan.history().users.len()],
        seating: Seating::new(plan.history().rows.len()),
    };
    for step in plan.steps() {
        expansion.step(step, &mut commits)?;
    }
    commits.close()?;
    commits.add(plan.last(), vec![Event::ImportCompleted { source: plan.source() }])?;
    commits.close()
}

/// The first commit. The settings are those under which a history happened as it did: every session sat
/// until it ended, on a seat of its own.
fn opening(plan: &Plan, profile: Commitment) -> Vec<Event> {
    let (zone, to, source) = (plan.zone().to_owned(), plan.licences(), plan.source());
    let effective = Effective { instant: plan.first(), date: None };
    let settings = vec![
        Setting::Users(UserPolicy::Open),
        Setting::Lease(None),
        Setting::Reclaim(Reclaim::Never),
        Setting::SameUser(SameUser::Separate),
    ];
    vec![
        Event::AccountOpened { zone, profile },
        Event::PolicyChanged { settings },
        Event::LicencesChanged { from: 0, to, effective },
        Event::ImportStarted { source },
    ]
}

/// Turns steps into events, in order.
struct Expansion<'a> {
    plan: &'a Plan,
    enrolled: &'a Enrolled,
    /// Which users have been added.
    known: Vec<bool>,
    seating: Seating,
}

impl Expansion<'_> {
    fn step<E>(&mut self, step: &Step, commits: &mut Commits<'_, E>) -> Result<(), E> {
        let Some(row) = self.plan.history().rows.get(step.row) else {
            return Ok(());
        };
        let asks_now = row.requested == row.granted;
        for index in 0..row.seats {
            let mut events = Vec::with_capacity(4);
            match step.act {
                Act::Asks => self.request(row, step.row, index, &mut events),
                Act::Ends => events.extend(self.seating.stand_up(step.row, index).map(logged_out)),
                Act::Begins | Act::Passes => {
                    let mut request = Some(request_id(&self.plan.source(), step.row, index));
                    if asks_now {
                        self.request(row, step.row, index, &mut events);
                        request = None; // It stands right before the grant.
                    }
                    let passes = step.act == Act::Passes;
                    let (session, seat) = match passes {
                        true => self.seating.pass(),
                        false => self.seating.sit_down(step.row),
                    };
                    let overdraft = false;
                    events.push(Event::SeatGranted { request, session, seat, overdraft });
                    events.extend(passes.then(|| logged_out(session)));
                }
            }
            commits.add(step.at, events)?;
        }
        Ok(())
    }

    /// The request for one seat of a row, behind the user's own event if it is the first.
    fn request(&mut self, row: &Row, place: usize, index: u32, events: &mut Vec<Event>) {
        let whose = row.user as usize;
        let Some((user, profile)) = self.enrolled.users.get(whose).copied() else {
            return; // Who made `Enrolled` left somebody out; the laws find the grant without a request.
        };
        if let Some(known) = self.known.get_mut(whose).filter(|known| !**known) {
            *known = true;
            events.push(Event::UserAdded { user, profile });
        }
        let request = request_id(&self.plan.source(), place, index);
        events.push(Event::LoginRequested { request, user, site: None, device: None });
    }
}

/// Gathers events of one instant into commits of bounded size.
struct Commits<'a, E> {
    at: Timestamp,
    events: Vec<Event>,
    bytes: usize,
    take: &'a mut dyn FnMut(Timestamp, Vec<Event>) -> Result<(), E>,
}

impl<E> Commits<'_, E> {
    /// Adds events that belong together.
    fn add(&mut self, at: Timestamp, events: Vec<Event>) -> Result<(), E> {
        let bytes = events.iter().map(encoded_bytes).fold(0, usize::saturating_add);
        if at != self.at || self.bytes.saturating_add(bytes) > EVENT_BYTES_MAX {
            self.close()?;
        }
        self.at = at;
        self.bytes = self.bytes.saturating_add(bytes);
        self.events.extend(events);
        Ok(())
    }

    fn close(&mut self) -> Result<(), E> {
        self.bytes = 0;
        if self.events.is_empty() {
            return Ok(());
        }
        (self.take)(self.at, std::mem::take(&mut self.events))
    }
}

fn encoded_bytes(event: &Event) -> usize {
    let writer = bincode::enc::write::SizeWriter::default();
    let mut encoder = bincode::enc::EncoderImpl::new(writer, bincode::config::standard());
    // Counting bytes cannot fail; were it to, the event would count as a whole commit.
    match bincode::Encode::encode(event, &mut encoder) {
        Ok(()) => encoder.into_writer().bytes_written,
        Err(_) => EVENT_BYTES_MAX,
    }
}

fn logged_out(session: SessionId) -> Event {
    let (by, silent) = (EndedBy::User, Micros::ZERO);
    Event::LoggedOut { session, by, reason: None, note: None, silent }
}

/// The first 16 bytes of BLAKE3 over the source, the row's place from 0 and the seat's from 0.
fn request_id(source: &Digest, row: usize, index: u32) -> RequestId {
    let mut hash = blake3::Hasher::new();
    hash.update(&source.0);
    hash.update(&(row as u64).to_le_bytes());
    hash.update(&index.to_le_bytes());
    let mut id = [0; 16];
    hash.finalize_xof().fill(&mut id);
    RequestId(id)
}
