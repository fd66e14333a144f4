//! What can be said of logins and of seats that are held.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args, Debug)]
pub(crate) struct Login {
    /// The account's name.
    pub(crate) account: String,
    /// The user's name.
    pub(crate) user: String,
    /// From which site.
    #[arg(long)]
    pub(crate) site: Option<String>,
    /// From which device.
    #[arg(long)]
    pub(crate) device: Option<String>,
    /// An id of this attempt: asking again with it gives the first answer. Made up if left out.
    #[arg(long, value_name = "ID")]
    pub(crate) request: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SessionArgs {
    /// The account's name.
    pub(crate) account: String,
    /// The user's name if the user has one session, or the session, written session-12. A bare number is a
    /// user's name.
    #[arg(value_name = "SESSION or USER")]
    pub(crate) session: String,
}

#[derive(Args, Debug)]
pub(crate) struct Release {
    #[command(flatten)]
    pub(crate) session: SessionArgs,
    /// In your own words. Kept in the directory, not in the ledger; no patient's name belongs here.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Even within the account's release floor (the first 120 s of a session, unless set otherwise).
    #[arg(long)]
    pub(crate) force: bool,
}

/// Asking a holder for the seat, and answering.
#[derive(Subcommand, Debug)]
pub(crate) enum HandOver {
    /// Ask the holder of a seat for it: of --seat, or whoever did nothing for longest.
    ///
    /// The login waits in line (exit code 3) until `login --request` with the same id says what became of it.
    /// If a seat is free it is granted.
    Ask {
        #[command(flatten)]
        login: Login,
        /// Whose seat.
        #[arg(long, value_name = "NUMBER")]
        seat: Option<u32>,
    },
    /// Answer for a holder who is asked for the seat.
    Answer {
        #[command(flatten)]
        session: SessionArgs,
        /// Give the seat away, or keep it.
        #[arg(value_enum)]
        answer: Consent,
    },
}

/// What a holder says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Consent {
    /// The seat goes to who asked for it, at once.
    Consent,
    /// The seat is kept.
    Decline,
}
