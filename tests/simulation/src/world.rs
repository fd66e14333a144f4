//! One run: the service on its simulated disk and clock, its callers, and the model that watches.
//!
//! Whatever becomes durable is shown to the model at once; whatever is answered is held against it. When
//! admission fails, or a crash is planned, everything in memory is dropped, the disk keeps what it keeps,
//! and the service starts anew on what is found.

use crate::callers::Callers;
use crate::compare::compare;
use crate::dice::{Dice, mixed};
use crate::disk::Disk;
use crate::model::{Model, Objection};
use crate::plan::{Action, Plan, Step};
use crate::saved::Saved;
use crate::survived::{AT_THE_END, Broken, Survived};
use admission::stepped::Stepped;
use admission::{Clock, Error, FromLog, ManualClock, STEP_MAX};
use ledger::{Actor, Head, Ledger, Role};
use seats::{Micros, Timestamp};
use std::sync::Arc;

const APP: Actor = Actor { role: Role::App, id: 0 };
const ADMIN: Actor = Actor { role: Role::Admin, id: 1 };
const BEGIN: Timestamp = Timestamp::from_secs(1_750_000_000);

/// How many rounds of everybody's work may pass before everything that was asked is answered.
const ROUNDS_MAX: u32 = 20_000;

/// See the module.
struct World<'a> {
    plan: &'a Plan,
    disk: Arc<Disk>,
    clock: ManualClock,
    /// Where the wall clock would stand had nobody set it.
    skew: i64,
    service: Option<(Ledger, Stepped)>,
    saved: Option<Saved>,
    callers: Callers,
    model: Model,
    upsets: u64,
    /// Faults of the disk that had struck when the service started.
    faults: u64,
    survived: Survived,
}

/// Carries a plan out.
///
/// # Errors
/// What was broken, and in which step.
pub fn run(plan: &Plan) -> Result<Survived, Broken> {
    let mut world = World {
        plan,
        disk: Disk::new(),
        clock: ManualClock::new(BEGIN),
        skew: 0,
        service: None,
        saved: None,
        callers: Callers::new(plan.profile.accounts),
        model: Model::default(),
        upsets: 0,
        faults: 0,
        survived: Survived::default(),
    };
    let broken = |step: u32| move |what: Objection| Broken { step, what };
    if plan.profile.snapshots {
        world.saved = Some(Saved::new().map_err(broken(0))?);
    }
    world.start().map_err(broken(0))?;
    for number in &plan.steps {
        let step = plan.step(*number);
        world.step(step).map_err(broken(*number))?;
    }
    world.finish().map_err(broken(AT_THE_END))
}

impl World<'_> {
    fn step(&mut self, step: Step) -> Result<(), Objection> {
        let Step { action, mut dice } = step;
        match action {
            Action::Ask => self.ask(&mut dice),
            Action::Decide => {
                self.service()?.decide();
            }
            Action::Gather => {
                self.service()?.gather();
            }
            Action::Sync => self.sync()?,
            Action::Errand => {
                self.service()?.run_errand();
            }
            Action::Hear => self.hear()?,
            Action::Wait => {
                self.clock.advance(Micros(dice.scale(1, self.plan.profile.pause_us_max)))
            }
            Action::Jump => self.jump(&mut dice),
            Action::MendClock if dice.once_in(2) => self.service()?.confirm_clock(ADMIN),
            Action::MendClock => self.set_clock(-self.skew),
            Action::Sweep => self.service()?.sweep(),
            Action::Fail(fault) => self.disk.arm(fault, dice),
            Action::CutPower | Action::Kill => self.crash(action, &mut dice)?,
            Action::Restart => self.restart(&mut dice)?,
            Action::Compare => self.compare(&mut dice)?,
        }
        let service = self.service.as_ref();
        if let Some(failure) = service.and_then(|(_, service)| service.failure()) {
            if self.disk.faults() == self.faults {
                return Err(format!("stopped, and the disk has not failed: {failure}"));
            }
            let action = dice.of_these(&[Action::Kill, Action::CutPower]);
            self.crash(action, &mut dice)?;
        }
        Ok(())
    }

    fn service(&mut self) -> Result<&mut Stepped, Objection> {
        let service = self.service.as_mut().map(|(_, service)| service);
        service.ok_or_else(|| "there is no service".to_owned())
    }

    fn ask(&mut self, dice: &mut Dice) {
        let now = self.clock.wall();
        let request = self.callers.ask(dice, &self.plan.profile, &mut self.model, now);
        if let Some((_, service)) = &mut self.service {
            service.ask(request, APP);
        }
    }

    fn sync(&mut self) -> Result<(), Objection> {
        self.service()?.sync();
        self.watch()
    }

    /// Shows the model what has become durable, and holds the head against it.
    fn watch(&mut self) -> Result<(), Objection> {
        let (model, callers) = (&mut self.model, &self.callers);
        let size = ledger::Position(model.size());
        self.disk.each_durable(size, |entry| {
            model.take(entry, |request| callers.may_be_recorded(request))
        })?;
        match &self.service {
            Some((ledger, service)) if service.failure().is_none() => {
                model.check_head(ledger.head())
            }
            _ => Ok(()),
        }
    }

    fn hear(&mut self) -> Result<(), Objection> {
        let Some((ledger, service)) = &mut self.service else { return Ok(()) };
        let healthy = service.failure().is_none();
        for (tag, answer) in service.answers() {
            if healthy && answer == Err(Error::Unknown) {
                return Err(format!("nothing has failed, and answer {tag} is that it is unknown"));
            }
            self.callers.hear(tag, &answer, &mut self.model, Some(ledger))?;
        }
        Ok(())
    }

    fn jump(&mut self, dice: &mut Dice) {
        let by = match dice.below(4) {
            0 | 1 => dice.below(STEP_MAX.0),
            2 => dice.scale(STEP_MAX.0, 100_000_000_000),
            _ => dice.scale(1, 1_000_000),
        };
        let by = i64::try_from(by).unwrap_or(i64::MAX);
        self.set_clock(if dice.once_in(2) { by } else { -by });
    }

    fn set_clock(&mut self, by: i64) {
        if by == 0 {
            return;
        }
        self.survived.jumps += 1;
        self.upset(by < 0);
        self.model.went_back |= by < 0;
        self.skew += by;
        self.clock.step(Timestamp(self.clock.wall().0.saturating_add_signed(by)));
    }

    /// What was heard of sessions counts no more: the time went back, or it may have been lost.
    fn upset(&mut self, upset: bool) {
        if upset {
            self.upsets += 1;
            self.model.upset(self.upsets);
        }
    }

    fn crash(&mut self, how: Action, dice: &mut Dice) -> Result<(), Objection> {
        self.survived.crashes += 1;
        self.upset(true);
        if let Some((ledger, service)) = self.service.take() {
            let failed = service.failure().is_some();
            self.hear_last(service, &ledger, !failed && dice.once_in(2))?;
            // From here on this process can write nothing.
            self.disk.mount();
            drop(ledger);
        }
        if how == Action::CutPower {
            self.disk.cut_power(*dice)
        } else {
            self.disk.kill()
        }
        self.clock.advance(Micros(dice.scale(1, 1_000_000_000)));
        self.start()
    }

    /// The last that callers hear: what had left and, of the others, that the outcome is unknown. `deaf`:
    /// even what had left does not arrive.
    fn hear_last(
        &mut self,
        service: Stepped,
        ledger: &Ledger,
        deaf: bool,
    ) -> Result<(), Objection> {
        // The disk is dead before the process drops what it holds.
        let answers = service.crash();
        if let Some(saved) = &mut self.saved {
            saved.stop();
        }
        for (tag, answer) in answers {
            let answer = if deaf { Err(Error::Unknown) } else { answer };
            self.callers.hear(tag, &answer, &mut self.model, Some(ledger))?;
        }
        match self.callers.open() {
            0 => Ok(()),
            open => Err(format!("{open} questions were never answered")),
        }
    }

    /// Starts the service on what is found, and holds that against everything seen before.
    fn start(&mut self) -> Result<(), Objection> {
        let profile = &self.plan.profile;
        let (store, book) = self.disk.mount();
        self.faults = self.disk.faults();
        let options = ledger::Options {
            block_bytes: profile.block_bytes,
            block_cache_bytes: profile.block_cache_bytes,
            ..ledger::Options::default()
        };
        let ledger = Ledger::on_store(store, book, &options).map_err(|error| error.to_string())?;
        let source = FromLog::new(ledger.clone());
        let clock = self.clock.clone();
        let service = Stepped::start(&ledger, profile.options, clock, source);
        if let Some(saved) = &mut self.saved {
            saved.start(&ledger)?;
        }
        self.callers.begin();
        self.service = Some((ledger, service.map_err(|error| error.to_string())?));
        self.watch()
    }

    fn restart(&mut self, dice: &mut Dice) -> Result<(), Objection> {
        self.service()?.close();
        if !self.settle(true)? {
            return self.crash(Action::Kill, dice);
        }
        if let Some((ledger, service)) = self.service.take() {
            self.hear_last(service, &ledger, false)?;
        }
        self.disk.kill();
        self.clock.advance(Micros(dice.scale(1, 1_000_000_000)));
        self.start()
    }

    /// Everybody works until all is answered, and with `end` until the decider has ended. `false`: the
    /// record failed meanwhile.
    fn settle(&mut self, end: bool) -> Result<bool, Objection> {
        for _ in 0..ROUNDS_MAX {
            let deciding = self.service()?.decide();
            self.service()?.gather();
            self.sync()?;
            let errand = self.service()?.run_errand();
            self.hear()?;
            if self.service()?.failure().is_some() {
                return Ok(false);
            }
            let settled = if end { !deciding } else { self.callers.open() == 0 };
            if settled && !errand {
                return Ok(true);
            }
        }
        Err(format!("{} questions are not being answered", self.callers.open()))
    }

    fn compare(&mut self, dice: &mut Dice) -> Result<(), Objection> {
        let Some((ledger, service)) = &self.service else { return Ok(()) };
        for _ in 0..4 {
            if let Some(account) = self.callers.some_account(dice) {
                compare(ledger, service, &mut self.model, account, dice)?;
                if let Some(saved) = &mut self.saved {
                    saved.compare(ledger, account, dice)?;
                }
            }
        }
        Ok(())
    }

    /// The end: everything is answered, every unknown outcome is asked for again, and the log verifies.
    fn finish(mut self) -> Result<Survived, Objection> {
        let mut dice = Dice::of(self.plan.seed, u64::MAX - 1);
        self.set_clock(-self.skew);
        self.service()?.confirm_clock(ADMIN);
        if !self.settle(false)? {
            self.crash(Action::CutPower, &mut dice)?;
            self.service()?.confirm_clock(ADMIN);
        }
        for request in self.callers.ask_unknown_again() {
            self.service()?.ask(request, APP);
        }
        self.settle(false)?;
        self.restart(&mut dice)?;
        self.compare(&mut dice)?;
        let head = self.verify(&mut dice)?;
        self.rot(&mut dice)?;
        let root = head.root.0.iter().fold(0, |digest, byte| mixed(digest ^ u64::from(*byte)));
        Ok(Survived {
            runs: 1,
            commands: self.callers.heard,
            commits: self.model.size(),
            faults: self.disk.faults(),
            digest: mixed(self.callers.digest ^ root),
            ..self.survived
        })
    }

    /// The head; every other run, after everything was derived again.
    fn verify(&mut self, dice: &mut Dice) -> Result<Head, Objection> {
        let Some((ledger, _)) = &self.service else { return Err("there is no service".to_owned()) };
        if dice.once_in(2) {
            return Ok(ledger.head());
        }
        let report = ledger::verify::ledger(ledger, |_, _| {});
        match report.first_bad {
            Some(bad) => Err(format!("verify says: {bad}")),
            None => Ok(ledger.head()),
        }
    }

    /// One bit of the log turns over: it is noticed, not served.
    fn rot(&mut self, dice: &mut Dice) -> Result<(), Objection> {
        let Some((ledger, service)) = self.service.take() else { return Ok(()) };
        drop((service, ledger, self.saved.take()));
        self.disk.kill();
        if !self.disk.rot(*dice) {
            return Ok(());
        }
        let (store, book) = self.disk.mount();
        match Ledger::on_store(store, book, &ledger::Options::default()) {
            Ok(_) => Err("a bit has turned over, and nobody noticed".to_owned()),
            Err(_) => Ok(()),
        }
    }
}
