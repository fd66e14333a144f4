//! Where accounts come from: the same from the log and from saved views; and nobody waits for all of them.

use crate::rig::{NINE, Rig, login, service, wait};
use admission::{AccountSource, Admission, FromLog, FromViews, ManualClock};
use ledger::{Ledger, Position, ReadError, Record};
use projector::{Projector, Spacing};
use seats::{Account, AccountId, SessionId};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn occupied(source: &impl AccountSource) -> Vec<Account> {
    let mut found = Vec::new();
    let mut keep = |account: Option<Account>| {
        found.extend(account);
        ControlFlow::Continue(())
    };
    source.occupied(&mut keep).unwrap();
    found
}

#[test]
fn views_that_lag_behind_give_what_the_log_gives() {
    let rig = Rig::new(service());
    let clinics: Vec<_> = (0..4).map(|n| rig.open(&format!("clinic {n}"), 3, &[])).collect();
    let mut ended = Vec::new();
    let ledger = rig.admission.ledger().clone();
    let views = tempfile::tempdir().unwrap();
    let spacing = Spacing { commits: 4, span: 1000, bytes_per_commit: 9999, unpacked: 9 };
    let mut projector = Projector::open_in(&ledger, views.path(), spacing).unwrap();
    let source = FromViews::new(projector.views());
    for n in 0..40 {
        let clinic = clinics[n % 3];
        let session = rig.session(clinic, "alice", &format!("{n}"));
        let granted = ledger.account_head(clinic).unwrap().unwrap().position;
        if n < 38 {
            rig.log_out(clinic, session).unwrap();
        }
        ended.push((clinic, session, granted));
        if n == 20 {
            projector.catch_up(u64::MAX).unwrap();
        }
    }
    let log = FromLog::new(ledger.clone());
    for clinic in clinics.iter().copied().chain([AccountId::SYSTEM, AccountId(99)]) {
        assert_eq!(source.load(clinic).unwrap(), log.load(clinic).unwrap());
    }
    assert_eq!(occupied(&source), occupied(&log));
    assert_eq!(occupied(&source).len(), 2);
    for (clinic, session, granted) in ended {
        let end = |source: &dyn AccountSource| source.end_of(clinic, session, granted).unwrap();
        assert_eq!(end(&source), end(&log), "{session}");
        let holds = log.load(clinic).unwrap().session(session).is_some();
        assert_eq!(end(&log).is_none(), holds, "{session}");
    }
}

/// Shows nothing until an account was loaded.
struct Slow {
    log: FromLog,
    loaded: Arc<AtomicBool>,
}

impl AccountSource for Slow {
    fn load(&self, account: AccountId) -> Result<Account, ReadError> {
        self.loaded.store(account != AccountId::SYSTEM, Ordering::Relaxed);
        self.log.load(account)
    }

    fn occupied(
        &self,
        show: &mut dyn FnMut(Option<Account>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        for _ in 0..20_000_000 {
            if self.loaded.load(Ordering::Relaxed) || show(None).is_break() {
                return Ok(());
            }
            std::thread::yield_now();
        }
        Err(ReadError::Unavailable { what: "all".into(), cause: "nobody else was served".into() })
    }

    fn end_of(
        &self,
        account: AccountId,
        session: SessionId,
        granted: Position,
    ) -> Result<Option<Record>, ReadError> {
        self.log.end_of(account, session, granted)
    }
}

#[test]
fn a_login_does_not_wait_until_all_accounts_are_read() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    wait(rig.admission.stop()).unwrap();
    let store = Arc::clone(&rig.store);
    drop(rig);
    let ledger = Ledger::in_memory(store).unwrap();
    let loaded = Arc::new(AtomicBool::new(false));
    let source = Slow { log: FromLog::new(ledger.clone()), loaded };
    let clock = ManualClock::new(NINE);
    let admission = Admission::start_from(ledger, service(), clock, source).unwrap();
    let alice = wait(admission.log_in(login(clinic, "alice", "1"), crate::rig::APP)).unwrap();
    assert!(alice.granted().is_some());
    wait(admission.stop()).unwrap();
}
