//! The current seal, and what whoever does not trust us does with it.

use crate::frame::{Frame, Sheet};
use maud::html;

/// The current seal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyPage {
    /// What names this ledger in its seals.
    pub origin: String,
    /// How many commits the seal covers.
    pub size: u64,
    /// The Merkle root over them, in hexadecimal.
    pub root: String,
    /// The seal itself, a signed note as it is to be kept.
    pub note: String,
    /// The key by which it is checked, in one line; `None`: the ledger is not sealed yet.
    pub key: Option<String>,
    /// Who has signed it, by name: the ledger, and its witnesses.
    pub signed_by: Vec<String>,
    /// How many commits there are by now.
    pub commits: u64,
}

impl VerifyPage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let since = self.commits.saturating_sub(self.size);
        let content = html! {
            h1 { "Verify" }
            p.lead {
                "A seal is our signature under the whole history as it is now. Whoever keeps one elsewhere can show at any later time whether anything before it was altered, left out or added."
            }
            @if let Some(key) = &self.key {
                section aria-labelledby="seal" {
                    h2 #seal { "The current seal" }
                    dl.facts {
                        dt { "Origin" } dd { code { (self.origin) } }
                        dt { "Commits" }
                        dd { (self.size) @if since > 0 { small { ", and " (since) " since" } } }
                        dt { "Root" } dd { code { (self.root) } }
                        dt { "Signed by" }
                        dd { @for who in &self.signed_by { span.line { code { (who) } } } }
                    }
                    (copied("note", "The seal: keep this text, every character of it", &self.note))
                    (copied("key", "The key by which it is checked", key))
                }
                section aria-labelledby="how" {
                    h2 #how { "What to do with it" }
                    ol {
                        li { "Copy the seal into a file, " code { "seal.txt" } ", and keep it where we cannot reach it: in your own archive, or with your auditor." }
                        li { "Keep the key in the same place. Get it once by another way than this page, and compare." }
                        li {
                            "Later, hold the ledger against it: "
                            code { "seatledger verify --against seal.txt --key \"" (key) "\"" }
                            ". It says whether the history is the same, has grown honestly, was rolled back or was rewritten, and from where on."
                        }
                        li { "For one account, ask for an evidence pack. It is checked offline, by " code { "seatledger verify" } " or by " code { "verify.py" } ", a program written apart from ours." }
                    }
                }
            } @else {
                p.warning { "This ledger is not sealed yet. Whoever runs it makes a key first: " code { "seatledger key" } "." }
            }
        };
        frame.around(&Sheet { title: "Verify", place: None, content })
    }
}

/// A text to be copied as it stands.
fn copied(id: &str, words: &str, text: &str) -> maud::Markup {
    html! {
        figure.copied {
            figcaption id=(format!("{id}-caption")) { (words) }
            pre id=(id) role="group" tabindex="0" aria-labelledby=(format!("{id}-caption")) { (text) }
            button type="button" data-copy=(id) hidden { "Copy" }
        }
    }
}
