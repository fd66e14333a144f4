//! Those who ask, and what they hold admission to.
//!
//! Every command is made up from dice and from what the model knows to be durable. A caller remembers what
//! it asked; when the answer comes it must agree with the durable log, with the first answer to the same
//! request id, and with what the caller was told before. A request whose outcome is unknown may have been
//! recorded or not; one that was refused for good may not.

use crate::dice::{Dice, mixed};
use crate::model::{Model, Objection, request_of};
use crate::plan::Profile;
use crate::policy;
use admission::{Answered, By, Error, LoginRequest, NewAccount, Release, Request};
use ledger::Ledger;
use seats::answer::Present;
use seats::{
    AccountId, Answer, Command, Effective, Micros, Outcome, Rejection, ReleaseReason, SessionId,
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
            Some(account) => match dice.below(16) {
                0..=6 => self.log_in(dice, slot, account, profile),
                7 => self.again(dice, slot, account, profile),
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
        let some = self.attempts.len().div_ceil(50).max(1);
        requests.extend((0..self.attempts.len() as u64).step_by(some));
        let again = requests.into_iter().map(|number| {
            let told = self.attempts[number as usize].told.is_some();
            self.sent(Asked::LogIn(number, false, told));
            self.login(number)
        });
        again.collect()
    }

    /// Takes an answer.
    pub(crate) fn hear(
        &mut self,
        tag: u64,
        answer: &Result<Answered, Error>,
        model: &mut Model,
        ledger: Option<&Ledger>,
    ) -> Result<(), Objection> {
        let asked = self.asked.get_mut(tag as usize).and_then(Option::take);
        let asked = asked.ok_or_else(|| format!("answer {tag} comes twice"))?;
        self.open -= 1;
        self.heard += 1;
        self.note(tag, answer);
        let judged = self.judge(asked, answer, model, ledger);
        judged.map_err(|objection| format!("{objection}\n  asked {asked:?}\n  told {answer:?}"))
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
        (Asked::LogIn(number, false, false), self.login(number))
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
            let back = dice.scale(1, self.attempts.len() as u64);
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

    fn judge(
        &mut self,
        asked: Asked,
        answer: &Result<Answered, Error>,
        model: &mut Model,
        ledger: Option<&Ledger>,
    ) -> Result<(), Objection> {
        if let Err(Error::Unreadable { .. }) = answer {
            return Err("the record cannot be read".to_owned());
        }
        match asked {
            Asked::LogIn(number, changed, told) => self.judge_login(number, changed, told, answer, model),
            Asked::Session(account, session, ended, sent) => {
                recorded(answer, account, model)?;
                judge_session(account, session, ended, sent, answer, model)
            }
            Asked::Office(account) => recorded(answer, account, model),
            Asked::Site(slot, account) => {
                if let Ok(Answered { site: Some(site), .. }) = answer {
                    let slot = &mut self.slots[slot as usize];
                    slot.sites = slot.sites.max(site.0);
                }
                recorded(answer, account, model)
            }
            Asked::Open(slot) => {
                let account = match answer {
                    Ok(answered) => answered.account,
                    Err(Error::Rejected(Rejection::AlreadyOpen)) => {
                        let book = ledger.map(Ledger::book);
                        let named = book.and_then(|book| book.account_named(&clinic(slot)).ok()?);
                        named.ok_or("an account is open and has no name")?
                    }
                    Err(_) => return Ok(()),
                };
                let known = &mut self.slots[slot as usize].id;
                if !model.clinic(account).opened || known.is_some_and(|known| known != account) {
                    return Err("an account was opened, and is not, or is another".to_owned());
                }
                *known = Some(account);
                recorded(answer, account, model)
            }
        }
    }

    fn judge_login(
        &mut self,
        number: u64,
        changed: bool,
        told: bool,
        answer: &Result<Answered, Error>,
        model: &mut Model,
    ) -> Result<(), Objection> {
        let attempt = &mut self.attempts[number as usize];
        attempt.open -= 1;
        match answer {
            Ok(answered) => {
                let Answer::Login { outcome, again, present, .. } = answered.answer else {
                    return Err("not the answer to a login".to_owned());
                };
                let position = answered.position.ok_or("a login that is not recorded")?.0;
                let login = *model.login(number).ok_or("a login whose record is not durable")?;
                let same = login.position == position && login.outcome == outcome;
                if !same || login.account != answered.account || changed {
                    return Err(format!("the log says {login:?}"));
                }
                if attempt.told.is_some_and(|told| told != (position, outcome)) || told && !again {
                    return Err(format!("told before {:?}", attempt.told));
                }
                if let (Some(Present::Ended(_)), Outcome::Granted { session, .. }) = (present, outcome)
                    && model.clinic(login.account).fate(session.0).is_none_or(|f| f.ended.is_none())
                {
                    return Err("an ending that is not durable".to_owned());
                }
                attempt.told = Some((position, outcome));
                attempt.unknown = false;
                let (slot, name) = (attempt.slot as usize, attempt.user as usize);
                let users = &mut self.slots[slot].users;
                users.resize(users.len().max(name + 1), None);
                match users[name].replace(login.user) {
                    Some(before) if before != login.user => {
                        Err(format!("a name has become another user, who was {before}"))
                    }
                    _ if users.iter().filter(|user| **user == Some(login.user)).count() > 1 => {
                        Err("two names have become one user".to_owned())
                    }
                    _ => Ok(()),
                }
            }
            Err(Error::Unknown) => {
                attempt.unknown = true;
                self.unknown.push(number);
                Ok(())
            }
            Err(Error::Rejected(Rejection::RequestReused { .. })) if !changed => {
                Err("the same login is taken for another".to_owned())
            }
            Err(Error::Rejected(_)) if told && !changed => {
                Err("a login that was answered is rejected".to_owned())
            }
            // Refused for good: asked again it may be another's turn.
            Err(_) => Ok(()),
        }
    }

    fn note(&mut self, tag: u64, answer: &Result<Answered, Error>) {
        let mut note = |number: u64| self.digest = mixed(self.digest ^ number);
        note(tag);
        match answer {
            Ok(answered) => {
                note(answered.position.map_or(u64::MAX, |position| position.0));
                note(u64::from(answered.user.map_or(0, |user| user.0)));
                match answered.answer {
                    Answer::Done => note(1),
                    Answer::Noted { seat, dormant } => note(u64::from(seat.0) * 2 + u64::from(dormant)),
                    Answer::Ended { seat } => note(u64::from(seat.0)),
                    Answer::Login { outcome, at, again, .. } => {
                        note(at.0 + u64::from(again));
                        if let Outcome::Granted { session, seat, .. } = outcome {
                            note(session.0);
                            note(u64::from(seat.0));
                        }
                    }
                }
            }
            Err(error) => format!("{error:?}").bytes().for_each(|byte| note(u64::from(byte))),
        }
    }
}

/// What is answered as recorded must be durable, and be this account's.
fn recorded(
    answer: &Result<Answered, Error>,
    account: AccountId,
    model: &Model,
) -> Result<(), Objection> {
    let Ok(Answered { position: Some(position), .. }) = answer else { return Ok(()) };
    match model.owner(position.0) {
        Some(owner) if owner == account => Ok(()),
        owner => Err(format!("acknowledged at {position}, where {owner:?} is durable")),
    }
}

fn judge_session(
    account: AccountId,
    session: u64,
    ended: bool,
    sent: Option<(Timestamp, u64)>,
    answer: &Result<Answered, Error>,
    model: &mut Model,
) -> Result<(), Objection> {
    let clinic = model.clinic(account);
    let fate = clinic.fate(session);
    match answer {
        Ok(Answered { answer: Answer::Noted { seat, .. }, .. }) => {
            if ended || fate.is_none_or(|fate| fate.seat != seat.0) {
                return Err(format!("a session acts that cannot: {fate:?}"));
            }
            if let Some((at, upsets)) = sent
                && upsets == clinic.upsets
            {
                clinic.heard(session, at);
            }
            Ok(())
        }
        Ok(Answered { answer: Answer::Ended { .. }, position, .. }) => {
            match fate.and_then(|fate| fate.ended) == position.map(|position| position.0) {
                true => Ok(()),
                false => Err(format!("an ending that is not durable: {fate:?}")),
            }
        }
        Err(Error::Rejected(Rejection::SessionOver { .. })) => {
            match fate.and_then(|fate| fate.ended) {
                Some(_) => Ok(()),
                None => Err(format!("an ending that is not durable: {fate:?}")),
            }
        }
        Err(Error::Rejected(Rejection::UnknownSession(_))) if ended => {
            Err("a session is forgotten".to_owned())
        }
        _ => Ok(()),
    }
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
    let session = match sittings.len() {
        some if some > 0 && !dice.once_in(12) => sittings[dice.index(some)].session,
        _ => 1 + dice.below(clinic.last_session() + 2),
    };
    let ended = clinic.fate(session).is_some_and(|fate| fate.ended.is_some());
    let (mut sent, session_id) = (None, SessionId(session));
    let command = match kind {
        8..=11 => Command::LogOut { session: session_id },
        12..=14 => {
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
