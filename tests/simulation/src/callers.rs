//! Those who ask, and what they hold admission to.
//!
//! Every command is made up from dice and from what the model knows to be durable. A caller remembers what
//! it asked; when the answer comes it must agree with the durable log, with the first answer to the same
//! request id, and with what the caller was told before. A request whose outcome is unknown may have been
//! recorded or not; one that was refused for good may not.

mod hearing;

use crate::dice::Dice;
use crate::model::{Model, request_of};
use crate::plan::Profile;
use crate::policy;
use admission::{By, LoginRequest, NewAccount, Release, Request};
use seats::{
    AccountId, Command, Effective, HandOverId, Micros, Outcome, ReleaseReason, SeatNo, SessionId,
    Timestamp, UserId,
};

/// One login, asked once or more often with the same request id.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    slot: u32,
    user: u32,
    device: Option<u8>,
    /// Questions not yet answered.
    open: u16,
    /// A question was left without a definite answer.
    unknown: bool,
    /// What was answered.
    told: Option<(u64, Outcome)>,
}

/// An account as its callers know it.
#[derive(Clone, Default, Debug)]
struct Slot {
    id: Option<AccountId>,
    sites: u16,
    /// By number of the name: the user's number.
    users: Vec<Option<UserId>>,
}

/// A question on its way.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Open(u32),
    /// Request; whether its body was changed, and whether it was acknowledged before.
    LogIn(u64, bool, bool),
    /// Account, session, whether it had ended already; and when the heartbeat was sent.
    Session(AccountId, u64, bool, Option<(Timestamp, u64)>),
    Office(AccountId),
    /// Takes an offer for the login of this number, or leaves the line.
    Line(AccountId, u64),
    Site(u32, AccountId),
}

/// See the module.
pub(crate) struct Callers {
    slots: Vec<Slot>,
    attempts: Vec<Attempt>,
    /// Questions on their way: those before the first are answered.
    asked: Vec<Option<Asked>>,
    open: usize,
    /// Requests whose outcome is unknown.
    unknown: Vec<u64>,
    /// Answers heard.
    pub(crate) heard: u64,
    /// A digest of all answers, in the order in which they were heard.
    pub(crate) digest: u64,
}

impl Callers {
    /// Callers of so many accounts.
    pub(crate) fn new(accounts: u32) -> Callers {
        Callers {
            slots: vec![Slot::default(); accounts as usize],
            attempts: Vec::new(),
            asked: Vec::new(),
            open: 0,
            unknown: Vec::new(),
            heard: 0,
            digest: 0,
        }
    }

    /// How many questions are on their way.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// Whether a request may be recorded now.
    pub(crate) fn may_be_recorded(&self, request: u64) -> bool {
        let attempt = self.attempts.get(request as usize);
        attempt.is_some_and(|attempt| attempt.open > 0 || attempt.unknown)
    }

    /// Some account that was opened.
    pub(crate) fn some_account(&self, dice: &mut Dice) -> Option<AccountId> {
        self.slots[dice.index(self.slots.len())].id
    }

    /// Admission starts anew, and its tags begin at 0.
    pub(crate) fn begin(&mut self) {
        self.asked.clear();
        self.open = 0;
    }

    /// A command by chance.
    pub(crate) fn ask(
        &mut self,
        dice: &mut Dice,
        profile: &Profile,
        model: &mut Model,
        now: Timestamp,
    ) -> Request {
        let slot = dice.index(self.slots.len());
        let (asked, request) = match self.slots[slot].id {
            None => (Asked::Open(slot as u32), open(slot, dice, profile)),
            Some(account) if dice.once_in(profile.office_every) => {
                self.office(dice, slot, account, model, now)
            }
            Some(account) => match dice.below(38) {
                32 | 33 => self.again(dice, slot, account, profile),
                34..=37 => self.in_line(dice, account, model),
                0..=14 => self.log_in(dice, slot, account, profile),
                15 => self.again(dice, slot, account, profile),
                kind => session(dice, kind, account, model, now),
            },
        };
        self.sent(asked);
        request
    }

    /// Asks again every request whose outcome is unknown, and some of the others.
    pub(crate) fn ask_unknown_again(&mut self) -> Vec<Request> {
        let mut requests = std::mem::take(&mut self.unknown);
        requests.sort_unstable();
        requests.dedup();
        let some = self.attempts.len().div_ceil(8).max(1);
        requests.extend((0..self.attempts.len() as u64).step_by(some));
        let again = requests.into_iter().map(|number| {
            let told = self.attempts[number as usize].told.is_some();
            self.sent(Asked::LogIn(number, false, told));
            self.login(number)
        });
        again.collect()
    }

    fn sent(&mut self, asked: Asked) {
        if let Asked::LogIn(number, ..) = asked {
            self.attempts[number as usize].open += 1;
        }
        self.asked.push(Some(asked));
        self.open += 1;
    }

    fn log_in(
        &mut self,
        dice: &mut Dice,
        slot: usize,
        _account: AccountId,
        profile: &Profile,
    ) -> (Asked, Request) {
        let number = self.attempts.len() as u64;
        let (slot, user) = (slot as u32, dice.below(u64::from(profile.users)) as u32);
        let device = dice.once_in(8).then(|| dice.below(4) as u8);
        let (open, unknown, told) = (0, false, None);
        self.attempts.push(Attempt { slot, user, device, open, unknown, told });
        let request = self.login(number);
        let request = if dice.once_in(4) { asks(dice, request) } else { request };
        (Asked::LogIn(number, false, false), request)
    }

    /// A login that was asked before: with an unknown outcome if there is one, else any recent one.
    fn again(
        &mut self,
        dice: &mut Dice,
        slot: usize,
        account: AccountId,
        profile: &Profile,
    ) -> (Asked, Request) {
        let number = if !self.unknown.is_empty() && !dice.once_in(4) {
            let place = dice.index(self.unknown.len());
            self.unknown.swap_remove(place)
        } else if self.attempts.is_empty() {
            return self.log_in(dice, slot, account, profile);
        } else {
            // How a session ended long ago is read back through the account's history: rarely, for speed.
            let near = if dice.once_in(100) { u64::MAX } else { 64 * u64::from(profile.accounts) };
            let back = dice.scale(1, near.min(self.attempts.len() as u64));
            self.attempts.len() as u64 - back
        };
        let attempt = self.attempts[number as usize];
        let mut request = self.login(number);
        let change = attempt.told.is_some() && dice.once_in(8);
        if let (true, Request::LogIn(login)) = (change, &mut request) {
            login.user = By::Name(name_of(attempt.user + 1));
        }
        (Asked::LogIn(number, change, attempt.told.is_some()), request)
    }

    /// Somebody in line takes an offer or, now and then, gives up.
    fn in_line(
        &mut self,
        dice: &mut Dice,
        account: AccountId,
        model: &mut Model,
    ) -> (Asked, Request) {
        let line = model.clinic(account).line();
        let number = match line.len() {
            some if some > 0 && !dice.once_in(12) => line[dice.index(some)].request,
            _ => dice.below(self.attempts.len() as u64 + 1),
        };
        if !line.is_empty() && (number as usize) < self.attempts.len() && dice.once_in(2) {
            let told = self.attempts[number as usize].told.is_some();
            return (Asked::LogIn(number, false, told), asks(dice, self.login(number)));
        }
        let request = request_of(number);
        let command = match dice.once_in(8) {
            true => Command::LeaveQueue { request },
            false => Command::TakeOffer { request },
        };
        (Asked::Line(account, number), Request::Command { account, command })
    }

    fn login(&self, number: u64) -> Request {
        let attempt = &self.attempts[number as usize];
        Request::LogIn(LoginRequest {
            account: self.slots[attempt.slot as usize].id.unwrap_or(AccountId(u64::MAX)),
            user: By::Name(name_of(attempt.user)),
            site: None,
            device: attempt.device.map(|device| format!("tablet {device}")),
            request: request_of(number),
        })
    }

    fn office(
        &mut self,
        dice: &mut Dice,
        slot: usize,
        account: AccountId,
        model: &mut Model,
        now: Timestamp,
    ) -> (Asked, Request) {
        let users = u64::from(model.clinic(account).users());
        let user = UserId(1 + dice.below(users.max(1)) as u32);
        let command = |command| Request::Command { account, command };
        let known = &mut self.slots[slot];
        let request = match dice.below(24) {
            0..=6 => {
                let to = 1 + dice.below(6) as u32;
                let after = Micros(dice.below(100_000_000));
                let date = None;
                let effective = match dice.below(4) {
                    0 => Some(Effective { instant: now + after, date }),
                    1 => Some(Effective { instant: now - after, date }),
                    _ => None,
                };
                Request::SetLicences { account, to, effective }
            }
            7..=13 => {
                let settings = vec![policy::setting(dice, known.sites)];
                command(Command::ChangePolicy { settings })
            }
            14 | 15 => command(Command::SuspendUser { user }),
            16..=18 => command(Command::ReinstateUser { user }),
            19 => command(Command::Suspend),
            20 | 21 => command(Command::Reinstate),
            22 if dice.once_in(40) => command(Command::Close),
            22 => Request::AddUser { account, name: name_of(dice.below(80) as u32) },
            _ => {
                let name = format!("site {}", dice.below(4));
                return (Asked::Site(slot as u32, account), Request::AddSite { account, name });
            }
        };
        (Asked::Office(account), request)
    }
}

/// Asks for a seat with this login, now and then for one that is named.
fn asks(dice: &mut Dice, login: Request) -> Request {
    let Request::LogIn(login) = login else { return login };
    let seat = dice.once_in(3).then(|| SeatNo(1 + dice.below(4) as u32));
    Request::AskHandOver { login, seat }
}

fn session(
    dice: &mut Dice,
    kind: u64,
    account: AccountId,
    model: &mut Model,
    now: Timestamp,
) -> (Asked, Request) {
    let clinic = model.clinic(account);
    let upsets = clinic.upsets;
    let sittings = clinic.sittings();
    if let [.., asking] = clinic.askings()
        && dice.once_in(3)
    {
        let on_it = sittings.iter().find(|sitting| sitting.seat == asking.seat);
        let session = on_it.map_or(1, |sitting| sitting.session);
        let (session, handover) = (SessionId(session), HandOverId(asking.id));
        let consent = dice.once_in(2);
        let command = Command::AnswerHandOver { session, handover, consent };
        let ended = clinic.fate(session.0).is_some_and(|fate| fate.ended.is_some());
        let asked = Asked::Session(account, session.0, ended, None);
        return (asked, Request::Command { account, command });
    }
    let session = match sittings.len() {
        some if some > 0 && !dice.once_in(12) => sittings[dice.index(some)].session,
        _ => 1 + dice.below(clinic.last_session() + 2),
    };
    let ended = clinic.fate(session).is_some_and(|fate| fate.ended.is_some());
    let (mut sent, session_id) = (None, SessionId(session));
    let command = match kind {
        16..=24 => Command::LogOut { session: session_id },
        25..=30 => {
            let active = dice.once_in(2);
            // Under a policy that watches for idleness, other heartbeats are no signs of life.
            sent = active.then_some((now, upsets));
            Command::Heartbeat { session: session_id, active }
        }
        _ if dice.once_in(2) => {
            model.clinic(account).may_leave(session);
            Command::Goodbye { session: session_id }
        }
        _ => {
            let (reason, forced) = (ReleaseReason::Other, dice.once_in(2));
            let note = dice.once_in(8).then(|| "went home".to_owned());
            let release = Release { account, session: session_id, reason, note, forced };
            let asked = Asked::Session(account, session, ended, None);
            return (asked, Request::Release(release));
        }
    };
    (Asked::Session(account, session, ended, sent), Request::Command { account, command })
}

fn open(slot: usize, dice: &mut Dice, profile: &Profile) -> Request {
    let licences = 1 + dice.below(u64::from(profile.licences)) as u32;
    let zone = dice.of_these(&["UTC", "Europe/London", "America/Caracas"]);
    let mut new = NewAccount::new(clinic(slot as u32), zone, licences);
    new.settings = (0..dice.below(6)).map(|_| policy::setting(dice, 0)).collect();
    Request::Open(new)
}

fn clinic(slot: u32) -> String {
    format!("clinic {slot}")
}

fn name_of(user: u32) -> String {
    format!("user {user}")
}
