//! Shrinking: a smaller plan that breaks the same thing.
//!
//! What comes after the broken step goes first; then fewer accounts and users; then whole stretches of
//! steps, long ones first, as long as the run still breaks.

use crate::plan::Plan;
use crate::survived::{AT_THE_END, Broken, Survived};
use crate::world::run;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Carries a plan out; a panic breaks it like any objection.
///
/// # Errors
/// What was broken.
pub fn attempt(plan: &Plan) -> Result<Survived, Broken> {
    let caught = catch_unwind(AssertUnwindSafe(|| run(plan)));
    caught.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
        Err(Broken { step: AT_THE_END, what: format!("panic: {}", said.unwrap_or_default()) })
    })
}

/// The smallest plan found that still breaks, and what it breaks; tries at most so many runs.
pub fn shrink(plan: &Plan, broken: Broken, tries: u32) -> (Plan, Broken) {
    let mut search = Search { plan: plan.clone(), broken, tries };
    search.cut_after();
    search.narrow(|plan| plan.profile.accounts /= 2, |plan| plan.profile.accounts);
    search.narrow(|plan| plan.profile.users /= 2, |plan| plan.profile.users);
    let mut stretch = search.plan.steps.len() / 2;
    while stretch > 0 && search.tries > 0 {
        let mut from = 0;
        while from < search.plan.steps.len() {
            let mut shorter = search.plan.clone();
            shorter.steps.drain(from..(from + stretch).min(search.plan.steps.len()));
            if search.breaks(shorter) {
                search.cut_after();
            } else {
                from += stretch;
            }
        }
        stretch /= 2;
    }
    (search.plan, search.broken)
}

struct Search {
    plan: Plan,
    broken: Broken,
    tries: u32,
}

impl Search {
    /// Takes a plan over if it breaks too.
    fn breaks(&mut self, plan: Plan) -> bool {
        let Some(left) = self.tries.checked_sub(1) else { return false };
        self.tries = left;
        match attempt(&plan) {
            Ok(_) => false,
            Err(broken) => {
                (self.plan, self.broken) = (plan, broken);
                true
            }
        }
    }

    /// Nothing after the broken step matters.
    fn cut_after(&mut self) {
        let broken = self.broken.step;
        self.plan.steps.retain(|step| *step <= broken);
    }

    fn narrow(&mut self, halve: impl Fn(&mut Plan), left: impl Fn(&Plan) -> u32) {
        while left(&self.plan) > 1 {
            let mut narrower = self.plan.clone();
            halve(&mut narrower);
            if !self.breaks(narrower) {
                return;
            }
            self.cut_after();
        }
    }
}
