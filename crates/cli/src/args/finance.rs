//! Arguments of finance's commands.

use clap::{Args, Subcommand};
use std::path::PathBuf;

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

#[derive(Args, Debug)]
pub(crate) struct Export {
    #[command(subcommand)]
    pub(crate) kind: ExportKind,
    /// The month, in the accounts' zones.
    #[arg(long, global = true, value_name = "YYYY-MM")]
    pub(crate) month: Option<String>,
    /// Only this account; all if left out.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// Codes, names and references of your books, see docs/exports.md.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Also months that are not closed; every file says so.
    #[arg(long, global = true)]
    pub(crate) draft: bool,
    /// The directory to write into.
    #[arg(long, short, global = true, value_name = "DIR", default_value = ".")]
    pub(crate) output: PathBuf,
}

#[derive(Subcommand, Debug)]
pub(crate) enum ExportKind {
    /// All charges as CSV, the other files' common origin.
    Charges,
    /// Sales invoices for Xero, by the template that you downloaded there.
    Xero {
        /// Xero's sales invoice template.
        #[arg(long, value_name = "FILE")]
        template: PathBuf,
    },
    /// Audit-trail transactions for Sage 50.
    Sage,
    /// Payments for GoCardless: its template, filled in.
    Gocardless {
        /// The template for bulk payments, downloaded from GoCardless.
        #[arg(long, value_name = "FILE")]
        template: PathBuf,
        /// When to collect; as soon as possible if left out.
        #[arg(long, value_name = "DATE")]
        collect_on: Option<String>,
    },
    /// Data for the advance notices of a Direct Debit.
    Notices {
        /// Bank holidays, one ISO date a line.
        #[arg(long, value_name = "FILE")]
        holidays: PathBuf,
        /// The day on which notice is given.
        #[arg(long, value_name = "DATE")]
        notice_date: String,
    },
    /// A workbook to read and print.
    Xlsx {
        /// The seat timeline with names, which is recorded as a look.
        #[arg(long)]
        names: bool,
    },
    /// A statement for the customer, one file for each account; print it, or print it to PDF.
    Html,
}
