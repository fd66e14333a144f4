//! The real rules, driven by the same deeds and told in the same sentences as the naive model.

use crate::deeds::{Deed, Login};
use seats::account::End;
use seats::answer::Present;
use seats::{
    Account, AccountId, Answer, Command, Commitment, Effective, EndedBy, Ending, Event,
    FirstAnswer, HandOverId, Laws, Live, Liveness, LogIn, Micros, Outage, Outcome, Rejection,
    ReleaseReason, RequestId, SeatNo, SessionId, Timestamp, UserId,
};
use std::sync::Arc;

const ACCOUNT: AccountId = AccountId(1);
const PROFILE: Commitment = Commitment([0; 32]);

/// A commit: when, and what.
pub(crate) type Commit = (Timestamp, Vec<Event>);

/// The account as its service keeps it, its history, and what watches over both.
pub(crate) struct Real {
    pub(crate) live: Live,
    pub(crate) commits: Vec<Commit>,
    folded: Account,
    laws: Laws,
    outages: Vec<Outage>,
}

pub(crate) fn instant(seconds: u64) -> Timestamp {
    Timestamp(seconds * 1_000_000)
}

impl Real {
    pub(crate) fn open(now: u64, licences: u32) -> Real {
        let account = Account::new(ACCOUNT);
        let mut real = Real {
            live: Live::new(account.clone(), Liveness::default()),
            commits: Vec::new(),
            folded: account,
            laws: Laws::new(ACCOUNT),
            outages: Vec::new(),
        };
        let effective = Effective { instant: instant(now), date: None };
        let (zone, profile, settings) = ("UTC".into(), PROFILE, vec![]);
        let open = Command::Open { zone, profile, licences, settings, plan: None, effective };
        real.take(now, &open, None);
        real
    }

    /// A sweeper looks.
    pub(crate) fn sweep(&mut self, at: u64) {
        for due in self.live.settle(instant(at)) {
            self.record(due.at, due.events);
        }
        assert_eq!(&self.folded, self.live.account(), "folded and live state differ");
    }

    /// Somebody asks; says what the asker is told.
    pub(crate) fn ask(&mut self, at: u64, deed: &Deed) -> String {
        let profile = PROFILE;
        let command = match deed {
            Deed::LogIn(login) | Deed::AskHandOver { login, .. } => {
                let command = match deed {
                    Deed::AskHandOver { login, seat } => {
                        let (login, seat) = (log_in(login), seat.map(SeatNo));
                        Command::AskHandOver { login, seat }
                    }
                    _ => Command::LogIn(log_in(login)),
                };
                let request = request(login.request);
                let mut commits = self.commits.iter();
                let mut first =
                    commits.find_map(|(at, ev)| FirstAnswer::in_commit(request, *at, ev));
                if let Some(first) = &mut first
                    && matches!(first.outcome, Outcome::Waiting { .. })
                {
                    commits.find(|(at, events)| first.answered_in(request, *at, events));
                }
                return self.take(at, &command, first);
            }
            Deed::TakeOffer { request: number } => Command::TakeOffer { request: request(*number) },
            Deed::LeaveQueue { request: number } => {
                Command::LeaveQueue { request: request(*number) }
            }
            Deed::AnswerHandOver { session, handover, consent } => {
                let (session, handover) = (SessionId(*session), HandOverId(*handover));
                Command::AnswerHandOver { session, handover, consent: *consent }
            }
            Deed::Heartbeat { session, active } => {
                Command::Heartbeat { session: SessionId(*session), active: *active }
            }
            Deed::Goodbye { session } => Command::Goodbye { session: SessionId(*session) },
            Deed::LogOut { session } => Command::LogOut { session: SessionId(*session) },
            Deed::Release { session, forced } => {
                let (session, reason, forced) =
                    (SessionId(*session), ReleaseReason::Other, *forced);
                Command::Release { session, reason, note: None, forced }
            }
            Deed::SetLicences { to, from } => {
                let effective = Effective { instant: instant(*from), date: None };
                Command::SetLicences { to: *to, effective }
            }
            Deed::Choose(setting) => Command::ChangePolicy { settings: vec![*setting] },
            Deed::AddSite => Command::AddSite { site: self.live.account().next_site(), profile },
            Deed::AddUser { user } => Command::AddUser { user: UserId(*user), profile },
            Deed::SuspendUser { user } => Command::SuspendUser { user: UserId(*user) },
            Deed::ReinstateUser { user } => Command::ReinstateUser { user: UserId(*user) },
            Deed::Suspend => Command::Suspend,
            Deed::Reinstate => Command::Reinstate,
            Deed::Close => Command::Close,
        };
        self.take(at, &command, None)
    }

    pub(crate) fn outage(&mut self, from: u64, to: u64) {
        self.outages.push(Outage { from: instant(from), to: instant(to) });
        self.restart();
    }

    /// The service comes back: state from the history, signs of life as saved.
    pub(crate) fn restart(&mut self) {
        let heard = self.live.liveness().heard().clone();
        let outages = Arc::from(self.outages.as_slice());
        self.live = Live::new(self.folded.clone(), Liveness::restored(heard, outages));
    }

    /// Everything that happened, in the naive model's sentences.
    pub(crate) fn history(&self) -> Vec<(u64, String)> {
        let mut told = Vec::new();
        for (at, events) in self.commits.iter().skip(1) {
            told.extend(events.iter().map(|event| (at.0 / 1_000_000, said(*at, event))));
        }
        told
    }

    fn take(&mut self, at: u64, command: &Command, first: Option<FirstAnswer>) -> String {
        let taken = self.live.take(command, first.as_ref(), instant(at));
        for due in taken.due {
            self.record(due.at, due.events);
        }
        for ends in taken.ahead {
            self.record(taken.at, ends);
        }
        if !taken.events.is_empty() {
            self.record(taken.at, taken.events);
        }
        assert_eq!(&self.folded, self.live.account(), "folded and live state differ");
        told(&taken.answer)
    }

    fn record(&mut self, at: Timestamp, events: Vec<Event>) {
        let lawful = self.laws.check(at, &events);
        assert_eq!(lawful, Ok(()), "the rules break a law with {events:?}");
        self.folded.apply(at, &events);
        self.commits.push((at, events));
    }
}

fn request(number: u32) -> RequestId {
    RequestId(u128::from(number).to_be_bytes())
}

/// The number of a request.
fn asker(request: RequestId) -> u128 {
    u128::from_be_bytes(request.0)
}

fn log_in(login: &Login) -> LogIn {
    LogIn {
        request: request(login.request),
        user: UserId(login.user),
        newcomer: Some(PROFILE),
        site: login.site.map(seats::SiteId),
        device: login.device.map(seats::DeviceId),
        new_device: Some(PROFILE),
    }
}

/// An answer in the naive model's words.
fn told(answer: &Result<Answer, Rejection>) -> String {
    let answer = match answer {
        Ok(answer) => answer,
        Err(Rejection::SessionOver { ending, .. }) => {
            return format!("refused SessionOver {}", ended(*ending));
        }
        Err(rejection) => {
            let name = format!("{rejection:?}");
            let name = name.split(['(', ' ', '{']).next().unwrap_or_default();
            return format!("refused {name}");
        }
    };
    match answer {
        Answer::Done => "done".into(),
        Answer::Noted { seat, dormant, asked } => {
            let asked = asked.map(|a| (a.handover.0, a.by.0, a.until.0 / 1_000_000));
            format!("keeps seat {} dormant {dormant} asked {asked:?}", seat.0)
        }
        Answer::Ended { seat } => format!("left seat {}", seat.0),
        Answer::Login { outcome, at, again, present } => {
            let first = match outcome {
                Outcome::Granted { session, seat, overdraft } => {
                    format!("grant {} seat {} overdraft {overdraft}", session.0, seat.0)
                }
                Outcome::Denied { reason, held, dormant } => {
                    format!("denied {reason:?} held {held} dormant {dormant}")
                }
                Outcome::Waiting { place } => format!("waiting {place}"),
                Outcome::Lapsed => "lapsed".into(),
                Outcome::Left(how) => format!("left {how:?}"),
            };
            let present = present.map(|present| match present {
                Present::Live => "live".to_owned(),
                Present::Dormant => "dormant".to_owned(),
                Present::Ended(ending) => format!("ended {}", ended(ending)),
            });
            if *again {
                return format!("{first} again from {} {present:?}", at.0 / 1_000_000);
            }
            first
        }
    }
}

fn ended(ending: Option<Ending>) -> String {
    let Some(ending) = ending else { return "long ago".into() };
    let how = match ending.end {
        End::LoggedOut(by, _) => format!("{by:?}"),
        End::Expired(cause) => format!("{cause:?}"),
    };
    format!("at {} {how}", ending.at.0 / 1_000_000)
}

/// An event in the naive model's words.
fn said(at: Timestamp, event: &Event) -> String {
    let last = |silent: Micros| (at.0 - silent.0) / 1_000_000;
    match event {
        Event::PolicyChanged { .. } => "policy".into(),
        Event::LicencesChanged { from, to, effective } => {
            format!("licences {from} to {to} from {}", effective.instant.0 / 1_000_000)
        }
        Event::SiteAdded { site, .. } => format!("add site {}", site.0),
        Event::UserAdded { user, .. } => format!("add user {}", user.0),
        Event::UserSuspended { user } => format!("suspend user {}", user.0),
        Event::UserReinstated { user } => format!("reinstate user {}", user.0),
        Event::DeviceAdded { device, .. } => format!("add device {}", device.0),
        Event::LoginRequested { request, user, site, device } => {
            let (request, site) = (u128::from_be_bytes(request.0), site.map(|site| site.0));
            let device = device.map(|device| device.0);
            format!("ask {request} user {} site {site:?} device {device:?}", user.0)
        }
        Event::SeatGranted { session, seat, overdraft, .. } => {
            format!("grant {} seat {} overdraft {overdraft}", session.0, seat.0)
        }
        Event::SeatDenied { reason, held, dormant, .. } => {
            format!("denied {reason:?} held {held} dormant {dormant}")
        }
        Event::Queued { reason, held, dormant } => {
            format!("queue {reason:?} held {held} dormant {dormant}")
        }
        Event::SeatOffered { request, seat, until } => {
            format!("offer {} seat {} until {}", asker(*request), seat.0, until.0 / 1_000_000)
        }
        Event::OfferLapsed { request } => format!("lapse {}", asker(*request)),
        Event::OfferWithdrawn { request } => format!("withdraw {}", asker(*request)),
        Event::LeftQueue { request, how } => format!("leave {} {how:?}", asker(*request)),
        Event::HandOverAsked { handover, request, seat, until } => {
            let (id, until) = (handover.0, until.0 / 1_000_000);
            format!("asking {id} for {} seat {} until {until}", asker(*request), seat.0)
        }
        Event::HandOverEnded { handover, how } => format!("answer {} {how:?}", handover.0),
        Event::WentDormant { session, silent } => {
            format!("silent {} last {}", session.0, last(*silent))
        }
        Event::Resumed { session } => format!("back {}", session.0),
        Event::LoggedOut { session, by, silent, .. } => {
            let by = if *by == EndedBy::User { "User" } else { "Release" };
            format!("end {} {by} last {}", session.0, last(*silent))
        }
        Event::Expired { session, cause, silent } => {
            format!("end {} {cause:?} last {}", session.0, last(*silent))
        }
        Event::AccountSuspended => "suspend".into(),
        Event::AccountReinstated => "reinstate".into(),
        Event::AccountClosed => "close".into(),
        other => format!("{other:?}"),
    }
}
