//! The command line: what can be said, and the help that teaches it.

mod account;
mod bench;
mod evidence;
mod finance;
mod people;
mod report;
mod seat;
mod serve;
mod webhook;

pub(crate) use account::{Account, AccountOpen};
pub(crate) use bench::{Bench, CloseArgs, HistoryArgs, LoadArgs, Work};
pub(crate) use evidence::{Evidence, Key, Verify, Witness};
pub(crate) use finance::{Close, Export, ExportKind, Preview};
pub(crate) use people::{Device, Naming, Retention, Site, User};
pub(crate) use report::Report;
pub(crate) use seat::{Consent, HandOver, Login, Release, SessionArgs};
pub(crate) use serve::{Config, ConfigCommand, LogFormat, Serve, Token};
pub(crate) use webhook::Webhook;

use crate::caller::read_actor;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ledger::Actor;
use std::path::PathBuf;

/// A ledger of concurrent-licence seats: who held which seat when, and why a login was refused.
#[derive(Parser, Debug)]
#[command(name = "seatledger", version, about, max_term_width = 100)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// The directory that holds the ledger; made by the first `account open`, `import` or `demo`
    /// [default: seatledger-data; demo: seatledger-demo].
    #[arg(long, global = true, value_name = "DIR", env = "SEATLEDGER_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// How to print the answer.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Who gives the command, such as support:3; every commit it makes says so. app, support, finance,
    /// auditor, admin or customer [default: whoever usually gives it].
    #[arg(long = "as", global = true, value_name = "ROLE[:NUMBER]", value_parser = read_actor)]
    pub(crate) actor: Option<Actor>,
    /// Why; kept in the directory, bound by the commit. Where an account's policy says so, nothing is shown
    /// or changed without. No names belong in it. For `release` it is one of a few words, see there.
    #[arg(long, global = true, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Ask a running server instead of a directory, such as http://127.0.0.1:8480.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SEATLEDGER_SERVER",
        conflicts_with = "data"
    )]
    pub(crate) server: Option<String>,
    /// The access token that is shown to the server.
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "SEATLEDGER_TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Data goes to stdout, talk to stderr. TIME is RFC 3339 (2026-05-04T09:00:00+01:00)
or local time in the account's zone (2026-05-04T09:00, 2026-05-04).

Exit codes:
  0  done
  1  something failed that should not: a full disk, a broken file
  2  the command line, or a value or file it names, is wrong
  3  the login was denied, or waits in line; the answer says why
  4  refused: no such account, user, site or session, a name that is taken, or it makes no sense now
  5  the ledger is damaged, foreign or fails verification
  6  another process has the ledger open

Start here:
  seatledger demo                              a clinic's month, and the questions it raises
  seatledger account open clinic --licences 2  a ledger of your own
  seatledger login clinic alice";

/// How to print the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs; stable keys.
    Json,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Play a clinic's month through the real ledger, then answer support, finance and the auditor.
    ///
    /// The ledger is real and on disk: in --data, which must be empty or absent, else in
    /// ./seatledger-demo, which is made anew if an earlier demo made it and nobody has opened an account
    /// there. Every login is decided, appended and synced as in production; only the clock is played.
    Demo {
        /// Seed of the month; the same seed plays the same month.
        #[arg(long, default_value_t = crate::commands::demo::SEED)]
        seed: u64,
    },
    /// Run the licence server: seats over HTTP, for applications, browsers, support and auditors.
    ///
    /// The first start makes an administrator's access token and prints it, once. Loopback only, unless
    /// --listen or the settings say otherwise.
    Serve(Serve),
    /// Make and revoke access tokens; a running server sees it at once.
    #[command(subcommand)]
    Token(Token),
    /// Have other servers told what is recorded; needs --server, because the running server tells.
    #[command(subcommand)]
    Webhook(Webhook),
    /// The server's settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Open accounts and change what they have bought.
    #[command(subcommand)]
    Account(Account),
    /// Register users, suspend and reinstate them; forget them; tell them what is held about them.
    #[command(subcommand)]
    User(User),
    /// Forget devices.
    #[command(subcommand)]
    Device(Device),
    /// Add sites (practices, branches) of an account.
    #[command(subcommand)]
    Site(Site),
    /// Ask for a seat.
    ///
    /// Prints the seat and the session number; a denial says why and who holds the seats (exit code 3).
    Login(Login),
    /// Ask a holder for the seat, or answer for one.
    #[command(subcommand)]
    HandOver(HandOver),
    /// Give a seat back.
    Logout(SessionArgs),
    /// Say that a session's user is still there.
    Heartbeat {
        #[command(flatten)]
        session: SessionArgs,
        /// The user did nothing since the last one; keeps the lease, not the activity.
        #[arg(long)]
        idle: bool,
    },
    /// Say that a session's browser is going away: it keeps its seat for the grace, then falls silent.
    Goodbye(SessionArgs),
    /// End somebody's session, with a reason. The seat is free at once.
    ///
    /// The reason is one of browser-closed, holder-away, holder-asked, needed-elsewhere, unauthorised, other;
    /// your own words are the --note.
    Release(Release),
    /// Who holds, or held, each seat: since when, and when they were last seen. Recorded as a look at names.
    Who {
        /// The account's name.
        account: String,
        /// As of this instant, which must have come; now if left out.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        #[command(flatten)]
        naming: Naming,
    },
    /// Why a user was refused, in words to read out on the telephone.
    Why {
        /// The account's name.
        account: String,
        /// The user's name.
        user: String,
        /// The last denial at or before this instant; the last of all if left out.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        #[command(flatten)]
        naming: Naming,
    },
    /// What happened in an account, in words, with the position of each fact in the ledger.
    Trail {
        /// The account's name.
        account: String,
        /// Only what concerns this user.
        #[arg(long)]
        user: Option<String>,
        #[command(flatten)]
        range: Range,
        #[command(flatten)]
        naming: Naming,
    },
    /// Who looked at names, and who changed what by hand, when and why. For an auditor; users are numbers.
    Access {
        /// Only this account.
        #[arg(long)]
        account: Option<String>,
        #[command(flatten)]
        range: Range,
    },
    /// How much the licences were used: peak, logins, denials, hours at capacity.
    Usage {
        /// The account's name.
        account: String,
        #[command(flatten)]
        range: Range,
    },
    /// The month's licence fees of an account, itemised. Not a VAT invoice.
    Statement {
        /// The account's name.
        account: String,
        /// The month, in the account's zone.
        #[arg(long, value_name = "YYYY-MM")]
        month: String,
    },
    /// Make a month's statements final: of one account, or of all.
    ///
    /// From then on the statement is what it was, byte for byte; what comes to be known later is an adjustment
    /// in the next month. Closing a closed month changes nothing. If there is a key, the log is sealed.
    Close(Close),
    /// Write a month's statements as files: for the books, the payment run, a spreadsheet, paper.
    Export(Export),
    /// Commercial reports over months: licence movement, changes, revenue, who needs more, who needs fewer.
    Report(Report),
    /// Hold all statements against the log, from its first event on; exit code 5 if anything differs.
    Reconcile {
        /// The account's name; all if left out.
        account: Option<String>,
    },
    /// The month so far, its forecast, and what a change of licences would cost.
    Preview(Preview),
    /// Bring another system's history into a new account.
    #[command(subcommand)]
    Import(Import),
    /// The raw history, one line of notation per event, in the order of the ledger.
    Log {
        /// Start at this position.
        #[arg(long, value_name = "POSITION", default_value_t = 0)]
        from: u64,
        /// Only this account.
        #[arg(long)]
        account: Option<String>,
        #[command(flatten)]
        naming: Naming,
    },
    /// Forget what was kept for as long as the policies say.
    #[command(subcommand)]
    Retention(Retention),
    /// See how the machine's clock stands against the ledger, and confirm it if it was set back.
    #[command(subcommand)]
    Clock(Clock),
    /// Check the whole ledger: every byte, the tree, the chains and the rules, and the names it is bound to.
    ///
    /// With PACK, check an evidence pack instead, without any ledger or network. With --against, hold the
    /// ledger against a seal that was kept elsewhere: the same, grown honestly, rolled back or rewritten.
    Verify(Verify),
    /// Make and change the key that seals are signed with.
    #[command(subcommand)]
    Key(Key),
    /// Seal the log as it stands: a signed statement of its size and Merkle root. Keep it elsewhere.
    Seal {
        /// Ask the witnesses of this C2SP tlog-policy file, at the addresses it gives, to cosign.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Be a witness: cosign the seals of other people's ledgers, as long as they only grow.
    ///
    /// Not for the one who runs the ledger: its customers or auditors run it, on a machine of their own. In
    /// --dir it keeps its key and the last seal it signed of each ledger; both must never be lost or set back.
    Witness(Witness),
    /// List the seals that were made.
    Seals,
    /// Write an evidence pack of an account's history, for somebody who does not trust us.
    ///
    /// It holds the account's commits byte for byte, the proofs that they stand in the sealed log, and the
    /// facts of the monthly statements. That it was taken is recorded.
    Evidence(Evidence),
    /// From what a line of a statement follows: days, counts, and the commits behind them.
    Explain {
        /// The account's name.
        account: String,
        /// The month, in the account's zone.
        #[arg(long, value_name = "YYYY-MM")]
        month: String,
        /// The line, counted from 1; all if left out.
        #[arg(long)]
        line: Option<usize>,
    },
    /// What came of a commit: each statement line, session and denial that it had part in.
    Trace {
        /// Its position in the log.
        position: u64,
        #[command(flatten)]
        naming: Naming,
    },
    /// Save what can be saved of a damaged ledger into a new directory, and say exactly what is lost.
    ///
    /// The damaged directory (--data) stays as it is. What is saved is the longest beginning of the history
    /// that passes verification; its Merkle root is the one the old ledger had at that size.
    Repair {
        /// The new directory; missing or empty.
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
        /// Write the commits that can be read but not saved into this new file, in notation.
        #[arg(long, value_name = "FILE")]
        lost: Option<PathBuf>,
    },
    /// Write a backup of the log, the names and the seals into DEST, or add to the one that is there.
    ///
    /// Only what is new is written, but for the names, which are written whole: who was forgotten since is
    /// forgotten there too. The signing key is not in it: keep a copy of seals/key elsewhere.
    Backup {
        /// A directory that is missing, empty or an earlier backup of this ledger. With --server it is left
        /// out: a running server writes into the folder of its settings (backup_dir).
        dest: Option<PathBuf>,
    },
    /// Make a new ledger in --data, which must be missing or empty, from a backup.
    ///
    /// Every commit is verified, and every seal in the backup is held against the result.
    Restore {
        /// The backup.
        from: PathBuf,
    },
    /// Measure this machine, each figure beside what its disk and processor can do at best.
    Bench(Bench),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[derive(Clone, Copy, Subcommand, Debug)]
pub(crate) enum Clock {
    /// What the clock says, when the ledger was written to last, and whether the two agree.
    Show,
    /// The clock is right as it stands, although the ledger was written to at a later time. Recorded.
    ///
    /// For when the clock had run ahead. In accounts that were written to meanwhile, time stands still until
    /// the clock has caught up; all others go on at the right time.
    Confirm,
}

#[derive(Args, Debug)]
pub(crate) struct Range {
    /// From this instant; from the beginning if left out.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Up to, not including, this instant; if left out, `trail` goes to the last fact and `usage` to now.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Import {
    /// A CSV with the columns user, requested_at, granted_at, ended_at, seats; plain or gzip.
    ///
    /// The order of columns and rows is free, other columns are ignored. A session of n seats becomes n
    /// sessions. The file is imported whole or not at all; importing it again changes nothing.
    Csv {
        /// The file.
        file: PathBuf,
        /// The account to make for it.
        #[arg(long, value_name = "NAME")]
        account: String,
        /// Licences the account had: a number, or `auto` for the peak of the history.
        #[arg(long, value_name = "N|auto", default_value = "auto")]
        licences: String,
        /// IANA time zone in which the account's days and months are counted.
        #[arg(long, value_name = "ZONE", default_value = "Europe/London")]
        time_zone: String,
    },
}
