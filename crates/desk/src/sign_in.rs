//! Signing in with a token.

use crate::frame::{Frame, Sheet};
use crate::href::SIGN_IN;
use maud::html;

/// The form in which somebody signs in. What was wrong with the last attempt stands in the frame's notice.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SignInPage {
    /// The page that was asked for, shown after signing in: a path of this desk, or empty.
    pub next: String,
    /// Another way to sign in: its name and address.
    pub elsewhere: Option<(String, String)>,
}

impl SignInPage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let content = html! {
            div.narrow {
                h1 { "Sign in" }
                form.panel method="post" action=(SIGN_IN) {
                    (frame.token())
                    input type="hidden" name="next" value=(self.next);
                    label for="token" { "Token" }
                    input #token type="password" name="token" autocomplete="current-password"
                        autocapitalize="off" spellcheck="false" required autofocus
                        aria-describedby="token-hint";
                    p.hint #token-hint {
                        "Whoever runs the server made it for you, and it was shown once. If it is lost, ask for a new one."
                    }
                    button type="submit" { "Sign in" }
                }
                @if let Some((name, address)) = &self.elsewhere {
                    p { a.button href=(address) { "Sign in with " (name) } }
                }
            }
        };
        frame.around(&Sheet { title: "Sign in", place: None, content })
    }
}
