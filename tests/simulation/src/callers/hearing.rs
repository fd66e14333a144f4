//! What callers make of an answer.

use super::{Asked, Callers, clinic};
use crate::dice::mixed;
use crate::model::{Model, Objection, Recorded};
use admission::{Answered, Error};
use ledger::Ledger;
use seats::answer::Present;
use seats::{AccountId, Answer, Outcome, Rejection, Timestamp};

impl Callers {
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
            Asked::LogIn(number, changed, told) => {
                self.judge_login(number, changed, told, answer, model)
            }
            Asked::Session(account, session, ended, sent) => {
                recorded(answer, account, model)?;
                judge_session(account, session, ended, sent, answer, model)
            }
            Asked::Office(account) => recorded(answer, account, model),
            Asked::Line(account, number) => {
                recorded(answer, account, model)?;
                let Ok(Answered { answer: Answer::Login { outcome, .. }, position, .. }) = answer
                else {
                    return Ok(());
                };
                let login = *model.login(number).ok_or("a login whose record is not durable")?;
                let position = position.map_or(login.asked, |position| position.0);
                match login.waited && is_answer(&login, position, *outcome) {
                    true => Ok(()),
                    false => Err(format!("the log says {login:?}")),
                }
            }
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
                if !is_answer(&login, position, outcome)
                    || login.account != answered.account
                    || changed
                {
                    return Err(format!("the log says {login:?}"));
                }
                // Who waited is told first that, and then what came of it.
                let otherwise = attempt.told.is_some_and(|told| told != (position, outcome));
                if !login.waited && (otherwise || told && !again) {
                    return Err(format!("told before {:?}", attempt.told));
                }
                if let (Some(Present::Ended(_)), Outcome::Granted { session, .. }) =
                    (present, outcome)
                    && model.clinic(login.account).fate(session.0).is_none_or(|f| f.ended.is_none())
                {
                    return Err("an ending that is not durable".to_owned());
                }
                attempt.told = Some((position, outcome));
                attempt.unknown = false;
                let (slot, name) = (attempt.slot as usize, attempt.user as usize);
                let users = &mut self.slots[slot].users;
                users.resize(users.len().max(name + 1), None);
                match users[name] {
                    Some(before) if before == login.user => Ok(()),
                    Some(before) => {
                        Err(format!("a name has become another user, who was {before}"))
                    }
                    None if users.contains(&Some(login.user)) => {
                        Err("two names have become one user".to_owned())
                    }
                    None => {
                        users[name] = Some(login.user);
                        Ok(())
                    }
                }
            }
            Err(Error::Unknown) => {
                attempt.unknown = true;
                self.unknown.push(number);
                Ok(())
            }
            Err(Error::Rejected(Rejection::RequestReused)) if !changed => {
                Err("the same login is taken for another".to_owned())
            }
            // The login stands; nobody could be asked for it.
            Err(Error::Rejected(Rejection::NoHandOvers | Rejection::CannotBeAsked(_))) => Ok(()),
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
                    Answer::Noted { seat, dormant, .. } => {
                        note(u64::from(seat.0) * 2 + u64::from(dormant))
                    }
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

/// Whether the log says this of a login; one that has been answered since may still be told that it waits.
fn is_answer(login: &Recorded, position: u64, outcome: Outcome) -> bool {
    match outcome {
        // Who asks a holder while in line is told the commit of that.
        Outcome::Waiting { .. } => login.waited && login.asked <= position,
        outcome => login.position == position && login.outcome == outcome,
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
