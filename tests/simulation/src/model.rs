//! The naive model: what the durable log says, told again without the code that wrote it.
//!
//! It is shown every commit that became durable, in order, and shares no code with `seats` or the writer
//! beyond the names of the events. It objects to whatever must never be: a gap or a fork in the log or in an
//! account's history, time that goes back, a root that is not the root of what was seen, a request that
//! nobody made or that was recorded before, and everything that [`Clinic`] objects to.

use crate::clinic::Clinic;
use crate::tree::Tree;
use ledger::Head;
use ledger::block::Entry;
use ledger::commit::{Commit, NO_PREVIOUS, leaf_hash};
use seats::{AccountId, Digest, Event, Micros, Outcome, RequestId, SiteId, Timestamp, UserId};

/// What must never be, and was.
pub(crate) type Objection = String;

/// A login as it was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Recorded {
    /// Its number.
    pub(crate) request: u64,
    /// Of which account.
    pub(crate) account: AccountId,
    /// In which commit it was asked.
    pub(crate) asked: u64,
    /// In which commit it was answered; the same while it waits.
    pub(crate) position: u64,
    /// It was put in line.
    pub(crate) waited: bool,
    /// Who asked.
    pub(crate) user: UserId,
    /// From where.
    pub(crate) site: Option<SiteId>,
    /// What it came to.
    pub(crate) outcome: Outcome,
}

/// See the module.
pub(crate) struct Model {
    tree: Tree,
    clinics: Vec<Clinic>,
    /// By the number of the request.
    logins: Vec<Option<Recorded>>,
    owners: Vec<u32>,
    recorded_at: Timestamp,
    /// When the service says that it could not listen, in order of time as long as no clock goes back.
    outages: Vec<(Timestamp, Timestamp)>,
    /// A clock went back: outages may lie in any order, and how long a silence was is not asked any more.
    pub(crate) went_back: bool,
    upsets: u64,
    commit: Commit,
}

impl Default for Model {
    fn default() -> Model {
        Model {
            tree: Tree::default(),
            clinics: Vec::new(),
            logins: Vec::new(),
            owners: Vec::new(),
            recorded_at: Timestamp::ZERO,
            outages: Vec::new(),
            went_back: false,
            upsets: 0,
            commit: Commit::blank(),
        }
    }
}

impl Model {
    /// How many commits it has seen.
    pub(crate) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The account that the commit at a position belongs to.
    pub(crate) fn owner(&self, position: u64) -> Option<AccountId> {
        self.owners.get(position as usize).map(|owner| AccountId(u64::from(*owner)))
    }

    /// What was recorded of a request.
    pub(crate) fn login(&self, request: u64) -> Option<&Recorded> {
        self.logins.get(request as usize)?.as_ref()
    }

    /// An account; an empty one if nothing was seen of it.
    pub(crate) fn clinic(&mut self, account: AccountId) -> &mut Clinic {
        let place = account.0 as usize;
        if self.clinics.len() <= place {
            let upsets = self.upsets;
            self.clinics.resize_with(place + 1, || Clinic::after(upsets));
        }
        &mut self.clinics[place]
    }

    /// What was heard of sessions before this upset counts no more.
    pub(crate) fn upset(&mut self, upsets: u64) {
        self.upsets = upsets;
        self.clinics.iter_mut().for_each(|clinic| clinic.upsets = upsets);
    }

    /// Objects to a head that is not that of the commits seen.
    pub(crate) fn check_head(&self, head: Head) -> Result<(), Objection> {
        if head.size != self.size() {
            return Err(format!("the log has {} commits, {} are durable", head.size, self.size()));
        }
        // For speed, not at every size: one wrong leaf makes every root after it wrong.
        if head.size.is_multiple_of(4) && head.root != self.tree.root() {
            return Err(format!("the root at size {} is not that of its commits", head.size));
        }
        Ok(())
    }

    /// Takes up the next commit. `may_be` says whether anybody may have made this request.
    pub(crate) fn take(
        &mut self,
        entry: &Entry<'_>,
        may_be: impl Fn(u64) -> bool,
    ) -> Result<(), Objection> {
        if entry.position.0 != self.size() {
            return Err(format!("a commit stands at {} of {}", entry.position, self.size()));
        }
        let mut commit = std::mem::replace(&mut self.commit, Commit::blank());
        commit.decode_into(entry.bytes).map_err(|error| error.to_string())?;
        let leaf = leaf_hash(entry.bytes);
        let taken = self.links(entry, &commit, leaf).and_then(|()| self.content(&commit, may_be));
        let told = taken.map_err(|objection| {
            format!("{objection}: {:?} at {} of {}", commit.events, commit.at.0, commit.account)
        });
        self.tree.push(leaf);
        self.owners.push(commit.account.0 as u32);
        self.commit = commit;
        told
    }

    /// How much of a silence that lasted until `at` the service listened to; `None`: no matter.
    fn listened(&self, at: Timestamp, silent: Micros) -> Option<Micros> {
        let seen = at - silent;
        let outages = self.outages.iter().rev().take_while(|(_, to)| *to > seen);
        let missed = outages.map(|(from, to)| (*to).min(at).since((*from).max(seen)).0);
        (!self.went_back).then(|| Micros(silent.0.saturating_sub(missed.sum())))
    }

    fn links(&mut self, entry: &Entry<'_>, commit: &Commit, leaf: Digest) -> Result<(), Objection> {
        if commit.recorded_at < self.recorded_at || commit.at > commit.recorded_at {
            return Err("recorded_at goes back, or lies before at".to_owned());
        }
        self.recorded_at = commit.recorded_at;
        let position = entry.position;
        let clinic = self.clinic(commit.account);
        let previous = clinic.last.map(|(position, _)| position);
        if commit.version != clinic.version + 1 || entry.previous != previous {
            return Err(format!("version {} follows {}", commit.version, clinic.version));
        }
        if commit.previous != clinic.last.map_or(NO_PREVIOUS, |(_, leaf)| leaf) {
            return Err("the chain of the account is broken".to_owned());
        }
        if commit.at < clinic.at {
            return Err(format!("at goes back from {}", clinic.at.0));
        }
        (clinic.version, clinic.at) = (commit.version, commit.at);
        clinic.last = Some((position, leaf));
        Ok(())
    }

    fn content(&mut self, commit: &Commit, may_be: impl Fn(u64) -> bool) -> Result<(), Objection> {
        let position = self.size();
        if commit.account == AccountId::SYSTEM {
            for event in &commit.events {
                if let Event::ServiceStarted { last_alive: Some(from) } = event {
                    self.outages.push((*from, commit.at));
                }
            }
            return Ok(());
        }
        let mut asked: Option<Recorded> = None;
        self.clinic(commit.account).begin();
        for event in &commit.events {
            match event {
                Event::LoginRequested { request, user, site, .. } => {
                    let number = number_of(*request);
                    if self.login(number).is_some() || !may_be(number) {
                        return Err(format!("request {number} is recorded twice or unasked"));
                    }
                    let (account, user, site) = (commit.account, *user, *site);
                    let (outcome, waited) = (WAITING, false);
                    let (request, asked_in) = (number, position);
                    asked = Some(Recorded {
                        request,
                        account,
                        asked: asked_in,
                        position,
                        waited,
                        user,
                        site,
                        outcome,
                    });
                }
                Event::SeatGranted { request, session, seat, overdraft } => {
                    let (session, seat, overdraft) = (*session, *seat, *overdraft);
                    let outcome = Outcome::Granted { session, seat, overdraft };
                    let login = self.answer(&mut asked, *request, position, outcome)?;
                    self.clinic(commit.account).grant(commit.at, &login)?;
                }
                Event::SeatDenied { request, reason, held, dormant } => {
                    let (reason, held, dormant) = (*reason, *held, *dormant);
                    let outcome = Outcome::Denied { reason, held, dormant };
                    let login = self.answer(&mut asked, *request, position, outcome)?;
                    self.clinic(commit.account).deny(commit.at, &login)?;
                    self.clinic(commit.account).is_denied(login.request);
                }
                Event::Queued { reason, held, dormant } => {
                    let Some(login) = asked.as_mut().filter(|login| !login.waited) else {
                        return Err("somebody waits who has not asked".to_owned());
                    };
                    login.waited = true;
                    let (login, clinic) = (*login, self.clinic(commit.account));
                    clinic.queue(commit.at, &login, *reason, *held, *dormant)?;
                }
                Event::SeatOffered { request, seat, until } => {
                    let (request, clinic) = (number_of(*request), self.clinic(commit.account));
                    clinic.offer(commit.at, request, seat.0, *until)?;
                }
                Event::OfferLapsed { request } => {
                    self.answer(&mut None, Some(*request), position, Outcome::Lapsed)?;
                    self.clinic(commit.account).lapse(commit.at, number_of(*request))?;
                }
                Event::OfferWithdrawn { request } => {
                    self.clinic(commit.account).withdraw(commit.at, number_of(*request))?;
                }
                Event::LeftQueue { request, how } => {
                    self.answer(&mut None, Some(*request), position, Outcome::Left(*how))?;
                    self.clinic(commit.account).leave(commit.at, number_of(*request), *how)?;
                }
                Event::HandOverAsked { handover, request, seat, until } => {
                    let (request, clinic) = (number_of(*request), self.clinic(commit.account));
                    clinic.ask_for(commit.at, handover.0, request, seat.0, *until)?;
                }
                Event::HandOverEnded { handover, how } => {
                    self.clinic(commit.account).answer_for(commit.at, handover.0, *how)?;
                }
                Event::WentDormant { session, silent } => {
                    let listened = self.listened(commit.at, *silent);
                    self.clinic(commit.account).silence(commit.at, session.0, *silent, listened)?;
                }
                Event::Expired { session, cause, silent } => {
                    let listened = self.listened(commit.at, *silent);
                    let clinic = self.clinic(commit.account);
                    let gone = clinic.stand_up(commit.at, position, session.0, *silent)?;
                    clinic.expire(commit.at, &gone, *cause, listened)?;
                }
                event => self.clinic(commit.account).happen(commit.at, position, event)?,
            }
        }
        self.clinic(commit.account).end()?;
        if let Some(login) = asked {
            if login.outcome == WAITING && !login.waited {
                return Err("a login without an answer".to_owned());
            }
            let place = login.request as usize;
            if self.logins.len() <= place {
                self.logins.resize(place + 1, None);
            }
            self.logins[place] = Some(login);
        }
        Ok(())
    }

    /// A login is answered: that of this commit, or one in line, by its id.
    fn answer(
        &mut self,
        asked: &mut Option<Recorded>,
        request: Option<RequestId>,
        position: u64,
        outcome: Outcome,
    ) -> Result<Recorded, Objection> {
        let in_line = request.and_then(|request| self.logins.get_mut(number_of(request) as usize));
        let login = match request {
            None => asked.as_mut().filter(|login| !login.waited),
            Some(_) => in_line.and_then(Option::as_mut),
        };
        let login = login.filter(|login| login.outcome == WAITING);
        let login = login.ok_or("an answer that nobody waits for")?;
        (login.position, login.outcome) = (position, outcome);
        Ok(*login)
    }
}

/// Not answered; in which place is told by whoever answers, not by the log.
const WAITING: Outcome = Outcome::Waiting { place: 0 };

/// The id of a request by its number.
pub(crate) fn request_of(number: u64) -> RequestId {
    RequestId(u128::from(number).to_be_bytes())
}

/// The number of a request.
fn number_of(request: RequestId) -> u64 {
    u64::try_from(u128::from_be_bytes(request.0)).unwrap_or(u64::MAX)
}
