//! The account's policy asks why, before anybody is shown names.

use crate::frame::{Frame, Sheet};
use crate::href::{FRONT, REASON};
use maud::html;

/// The form in which somebody says why names are to be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReasonPage {
    /// The account's name.
    pub account: String,
    /// The page that was asked for: a path of this desk.
    pub next: String,
}

impl ReasonPage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let content = html! {
            div.narrow {
                h1 { "Say why you look" }
                p.lead {
                    bdi { (self.account) }
                    " wants a reason from whoever is shown its users' names. What you write is recorded with your sign-in; an auditor can read it."
                }
                form.panel method="post" action=(REASON) {
                    (frame.token())
                    input type="hidden" name="next" value=(self.next);
                    label for="reason" { "Reason" }
                    input #reason name="reason" type="text" maxlength="1000" required autofocus
                        autocomplete="off" aria-describedby="reason-hint";
                    p.hint #reason-hint { "For example the number of the ticket. Do not write the user's name." }
                    button type="submit" { "Show the page" }
                    " " a href=(FRONT) { "Back to all accounts" }
                }
            }
        };
        frame.around(&Sheet { title: "Say why you look", place: None, content })
    }
}
