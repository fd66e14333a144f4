//! What can be said of webhooks.

use clap::Subcommand;

#[derive(Subcommand, Debug)]
pub(crate) enum Webhook {
    /// Have an address told of every commit from now on. The secret to check signatures with is shown once.
    Create {
        /// Where letters are posted: https, and an address of the public internet, unless the server's
        /// settings say otherwise.
        url: String,
        /// Only of commits with an event of this kind, such as SeatDenied. Repeatable; all if left out.
        #[arg(long = "event", value_name = "KIND")]
        events: Vec<String>,
        /// Only of this account. Repeatable; all accounts if left out.
        #[arg(long = "account", value_name = "NAME")]
        accounts: Vec<String>,
        /// Whose it is, in your own words.
        #[arg(long, value_name = "TEXT", default_value = "")]
        label: String,
    },
    /// List the webhooks: how far each is, and what is wrong.
    List,
    /// Remove a webhook, with its dead letters.
    Remove {
        /// Its number.
        number: u32,
    },
    /// List the letters that were given up after a day.
    Dead {
        /// The webhook's number.
        number: u32,
    },
    /// Send dead letters once more.
    Retry {
        /// The webhook's number.
        number: u32,
        /// Only the one about the commit at this position. Repeatable; all if left out.
        #[arg(long = "position", value_name = "POSITION")]
        positions: Vec<u64>,
    },
}
