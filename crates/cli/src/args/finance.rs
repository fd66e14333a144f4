//! Arguments of finance's commands.

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Close {
    /// The account's name; all accounts if left out.
    pub(crate) account: Option<String>,
    /// The month, in the account's zone.
    #[arg(long, value_name = "YYYY-MM")]
    pub(crate) month: String,
    /// Say what it would come to, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Preview {
    /// The account's name.
    pub(crate) account: String,
    /// What if so many licences were added?
    #[arg(long, value_name = "N", conflicts_with_all = ["remove", "licences"])]
    pub(crate) add: Option<u32>,
    /// What if so many were given back?
    #[arg(long, value_name = "N", conflicts_with = "licences")]
    pub(crate) remove: Option<u32>,
    /// What if there were so many?
    #[arg(long, value_name = "N")]
    pub(crate) licences: Option<u32>,
    /// From this day or instant; now if left out.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
}
