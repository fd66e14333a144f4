//! What a month costs: the rules, without names, logs or rendering. They are those of `docs/billing.md`,
//! whose numbers the files name.
//!
//! ```text
//!  Timeline (licences over time) --> Period (days, set-ups) ---+
//!  Holds (who sat above them) -----> Overdraft (days) ---------+--> lines --> sum, VAT
//!  Plan --------------------------------------------------------+
//! ```

mod fees;
mod overdraft;
mod period;
mod setup;
mod timeline;

pub use fees::{Charge, Line, charges, vat};
pub use overdraft::{Hold, Overdraft};
pub use period::{Counted, Day, Period};
pub use setup::{Setup, Setups};
pub use timeline::Timeline;

use crate::plan::{Decrease, Increase, Plan, SetupOn};

/// How licences are counted: the parts of a plan that a count depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counting {
    /// Licences that cost nothing.
    pub included: u32,
    /// From when more licences cost more.
    pub increase: Increase,
    /// From when fewer licences cost less.
    pub decrease: Decrease,
    /// For how many months a licence is paid for at least.
    pub min_term_months: u32,
    /// What set-up fees are charged on.
    pub setup_on: SetupOn,
    /// Within how many days a licence can be given back and its set-up fee with it.
    pub cooling_off_days: u32,
}

impl Counting {
    /// As a plan says, or the usual way if there is none.
    pub fn of(plan: Option<&Plan>) -> Counting {
        plan.map_or_else(Counting::default, |plan| Counting {
            included: plan.included_licences,
            increase: plan.increase,
            decrease: plan.decrease,
            min_term_months: plan.min_term_months,
            setup_on: plan.setup_on,
            cooling_off_days: plan.cooling_off_days,
        })
    }
}
