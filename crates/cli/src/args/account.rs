//! What can be said of accounts.

use crate::policy::Policy;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand, Debug)]
pub(crate) enum Account {
    /// Open an account for a customer.
    Open(Box<AccountOpen>),
    /// Change how many licences a customer has bought.
    SetLicences {
        /// The account's name.
        account: String,
        /// How many there are to be.
        licences: u32,
        /// From the start of this civil day in the account's zone, or from this instant; now if left out.
        #[arg(long, value_name = "DATE or TIME")]
        from: Option<String>,
    },
    /// Change settings of an account's policy; those not named stay.
    SetPolicy {
        /// The account's name.
        account: String,
        #[command(flatten)]
        policy: Box<Policy>,
    },
    /// Assign a price plan.
    SetPlan {
        /// The account's name.
        account: String,
        /// The plan, a TOML file.
        plan: PathBuf,
        /// From the start of this civil day in the account's zone; today if left out.
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
    },
    /// Admit nobody new until reinstated; those logged in stay.
    Suspend {
        /// The account's name.
        account: String,
    },
    /// Admit logins again.
    Reinstate {
        /// The account's name.
        account: String,
    },
    /// End an account and all its sessions for good. Its history stays.
    Close {
        /// The account's name.
        account: String,
    },
    /// List the accounts: licences, seats taken, users.
    List,
}

#[derive(Args, Debug)]
pub(crate) struct AccountOpen {
    /// A name for the account, such as the practice's.
    pub(crate) name: String,
    /// Licences bought: how many may be logged in at the same time.
    #[arg(long)]
    pub(crate) licences: u32,
    /// IANA time zone in which the account's days and months are counted.
    #[arg(long, value_name = "ZONE", default_value = "Europe/London")]
    pub(crate) time_zone: String,
    /// Price plan, a TOML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) policy: Policy,
}
