//! One account, told in five ways, must be one account: as admission keeps it, as folded from the log, as
//! the views show it now and at an earlier position, and as the naive model has it.

use crate::dice::Dice;
use crate::model::{Model, Objection, request_of};
use admission::stepped::Stepped;
use admission::{AccountSource, FromLog};
use ledger::{Ledger, Position};
use projector::{AsOf, Views};
use seats::{Account, AccountId};

/// Compares an account at its last durable commit, and at one before.
pub(crate) fn compare(
    ledger: &Ledger,
    service: &Stepped,
    model: &mut Model,
    account: AccountId,
    dice: &mut Dice,
) -> Result<(), Objection> {
    let unread = |error: ledger::ReadError| error.to_string();
    let folded = FromLog::new(ledger.clone()).load(account).map_err(unread)?;
    if service.account(account).is_some_and(|live| *live != folded) {
        return Err(format!("{account} is not in memory as it is in the log"));
    }
    let views = Views::without_snapshots(ledger);
    if views.as_of(account, AsOf::Now).map_err(unread)?.account != folded {
        return Err(format!("the view of {account} is not the fold of its log"));
    }
    sits(model, &folded)?;
    let position = Position(dice.below(ledger.head().size));
    let mut then = Account::new(account);
    let head = ledger.account_head(account).map_err(unread)?.ok_or("an account without a head")?;
    let history: Result<Vec<_>, _> = ledger.back(head.position).collect();
    let history = history.map_err(unread)?;
    for record in history.iter().rev().filter(|record| record.position <= position) {
        then.apply(record.commit.at, &record.commit.events);
    }
    let viewed = views.as_of(account, AsOf::Position(position)).map_err(unread)?;
    if viewed.account != then {
        return Err(format!("the view of {account} as of {position} is not the fold up to there"));
    }
    Ok(())
}

/// The model has the same sessions on the same seats, the same line, and the same licences.
fn sits(model: &mut Model, folded: &Account) -> Result<(), Objection> {
    let clinic = model.clinic(folded.id());
    let mut expected: Vec<_> = clinic.sittings().to_vec();
    expected.sort_unstable_by_key(|sitting| sitting.session);
    let expected = expected.iter().map(|s| (s.session, s.user, s.seat, s.overdraft, s.dormant));
    let found = folded.sessions().map(|s| {
        let dormant = s.dormant.map(|dormant| dormant.since);
        (s.id.0, s.user, s.seat.0, s.overdraft, dormant)
    });
    let line =
        clinic.line().iter().map(|waiter| (request_of(waiter.request), waiter.user, waiter.offer));
    let in_line = line.eq(folded.line().map(|asked| {
        let offer = asked.waits.and_then(|waits| waits.offer);
        (asked.request, asked.user, offer.map(|offer| (offer.seat.0, offer.until)))
    }));
    let licences = clinic.licences(clinic.at) == folded.licences().at(clinic.at);
    match expected.eq(found) && in_line && licences && clinic.version == folded.version() {
        true => Ok(()),
        false => Err(format!("the model of {} is not the fold of its log", folded.id())),
    }
}
