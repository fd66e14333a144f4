//! That statements were handed out as files: which, of what, and by what they are known again.
//!
//! The rules decide nothing here. What leaves for the books or a payment run is an act like any other, so that an
//! auditor can say which file it was, and hold a file against the record.

use crate::ids::{AccountId, Digest};
use bincode::{Decode, Encode};

/// What files are for. Stored for ever: the order is the encoding, and a kind is only ever added after the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum ExportKind {
    /// All charges as CSV.
    Charges,
    /// Sales invoices for Xero.
    Xero,
    /// Audit-trail transactions for Sage 50.
    Sage,
    /// Payments for GoCardless.
    Gocardless,
    /// Data for advance notices of a Direct Debit.
    Notices,
    /// A workbook.
    Xlsx,
    /// Statements for the customers.
    Html,
}

/// Files of one kind that were handed out together.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Exported {
    /// What they are for.
    pub kind: ExportKind,
    /// The year of the month that they are of.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The accounts that were asked for; `None`: all.
    pub accounts: Option<Vec<AccountId>>,
    /// How many statements they were made from.
    pub statements: u32,
    /// BLAKE3 of the files' BLAKE3 digests, 32 bytes each, one after the other in the order of the files' names.
    pub digest: Digest,
    /// Some of the statements can still change, and the files say so.
    pub draft: bool,
}

impl ExportKind {
    /// All of them.
    pub const ALL: [ExportKind; 7] = [
        ExportKind::Charges,
        ExportKind::Xero,
        ExportKind::Sage,
        ExportKind::Gocardless,
        ExportKind::Notices,
        ExportKind::Xlsx,
        ExportKind::Html,
    ];

    /// As it is written, on the command line too.
    pub fn word(self) -> &'static str {
        match self {
            ExportKind::Charges => "charges",
            ExportKind::Xero => "xero",
            ExportKind::Sage => "sage",
            ExportKind::Gocardless => "gocardless",
            ExportKind::Notices => "notices",
            ExportKind::Xlsx => "xlsx",
            ExportKind::Html => "html",
        }
    }

    /// The kind that is written so.
    pub fn from_word(word: &str) -> Option<ExportKind> {
        ExportKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl Exported {
    /// The month, as `2026-05`.
    pub fn period(&self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }
}
