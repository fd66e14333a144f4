//! A page that cannot be shown, and what to do about it.

use crate::frame::{Frame, Sheet};
use crate::href::FRONT;
use maud::html;

/// Why a page cannot be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailurePage {
    /// The status of the answer, such as 404.
    pub status: u16,
    /// What is wrong, in few words.
    pub title: String,
    /// What is wrong, in whole sentences.
    pub detail: String,
    /// The same for programs, and for whoever asks us about it.
    pub code: String,
    /// Where to go on: words and address.
    pub ways: Vec<(String, String)>,
}

impl FailurePage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let content = html! {
            div.narrow {
                h1 { (self.title) }
                p.lead { (self.detail) }
                ul {
                    @for (words, address) in &self.ways { li { a href=(address) { bdi { (words) } } } }
                    @if frame.signed_in_as.is_some() { li { a href=(FRONT) { "All accounts" } } }
                }
                p.hint { "Status " (self.status) ", code " code { (self.code) } "." }
            }
        };
        frame.around(&Sheet { title: &self.title, place: None, content })
    }
}
