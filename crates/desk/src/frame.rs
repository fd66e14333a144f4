//! What stands around every page: head, navigation, who is signed in, a notice.

use crate::href::{FINANCE, FRONT, SIGN_OUT, VERIFY, account_path};
use crate::wording::{name, stamp};
use crate::{CSS_PATH, ICON_PATH, SCRIPT_PATH, href};
use maud::{DOCTYPE, Markup, html};
use reporting::civil::{Month, Zone};
use seats::{AccountId, Timestamp};

/// What a page is shown in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// What the desk is called; it stands at the top, and after the page's own title.
    pub title: String,
    /// Who is signed in; `None`: nobody.
    pub signed_in_as: Option<String>,
    /// In which role.
    pub role: String,
    /// What every form sends back, so that no other site can send it.
    pub csrf: String,
    /// What *now* means.
    pub now: Timestamp,
    /// Address of the events (SSE) upon which the page shows what has changed; `None`: it stays as it is.
    pub live: Option<String>,
    /// What came of the last thing that was done.
    pub notice: Option<Notice>,
}

/// What came of something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Whether it was done.
    pub tone: Tone,
    /// In words.
    pub text: String,
}

/// How a notice is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// It was done.
    Done,
    /// It was not done, and why.
    Refused,
}

/// The account that a page is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its number.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// The zone that its times are shown in.
    pub zone: Zone,
}

/// Which of an account's pages it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tab {
    Board,
    Why,
    Trail,
    Usage,
    Statement,
}

/// What a page puts into the frame.
pub(crate) struct Sheet<'a> {
    /// Its title.
    pub(crate) title: &'a str,
    /// The account that it is about, and which of the account's pages it is.
    pub(crate) place: Option<(&'a Place, Tab)>,
    /// What it says.
    pub(crate) content: Markup,
}

impl Frame {
    /// The hidden field of every form.
    pub(crate) fn token(&self) -> Markup {
        html! { input type="hidden" name="csrf" value=(self.csrf); }
    }

    /// The whole page.
    pub(crate) fn around(&self, sheet: &Sheet<'_>) -> String {
        let of = sheet.place.map(|(place, _)| place.name.as_str());
        let markup = html! {
            (DOCTYPE)
            html lang="en-GB" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="same-origin";
                    title {
                        (sheet.title)
                        @if let Some(of) = of { " · " (of) }
                        " · " (self.title)
                    }
                    link rel="stylesheet" href=(CSS_PATH);
                    link rel="icon" type="image/svg+xml" href=(ICON_PATH);
                    script src=(SCRIPT_PATH) defer {}
                }
                body data-live=[self.live.as_deref()] {
                    a.skip href="#main" { "Skip to the content" }
                    (self.top(sheet))
                    main #main tabindex="-1" {
                        @if let Some(notice) = &self.notice { (notice.markup()) }
                        p #changed .notice hidden role="status" {
                            "Something has changed here. "
                            button type="button" { "Show it" }
                        }
                        (sheet.content)
                    }
                }
            }
        };
        markup.into_string()
    }

    fn top(&self, sheet: &Sheet<'_>) -> Markup {
        html! {
            header {
                div.strip {
                    a.brand href=(FRONT) { (self.title) }
                    @if let Some(who) = &self.signed_in_as {
                        nav aria-label="Desk" {
                            a href=(FRONT) aria-current=[(sheet.place.is_none() && sheet.title == "Accounts").then_some("page")] { "Accounts" }
                            a href=(FINANCE) aria-current=[(sheet.title == "Finance").then_some("page")] { "Finance" }
                            a href=(VERIFY) aria-current=[(sheet.title == "Verify").then_some("page")] { "Verify" }
                        }
                        form.who method="post" action=(SIGN_OUT) {
                            (self.token())
                            span { (name(who)) " " small { "(" (self.role) ")" } }
                            button.plain type="submit" { "Sign out" }
                        }
                    }
                }
                @if let Some((place, tab)) = sheet.place { (self.tabs(place, tab)) }
            }
        }
    }

    fn tabs(&self, place: &Place, tab: Tab) -> Markup {
        let board = account_path(place.account);
        let month = Month::of(place.zone.date_of(self.now));
        let month = month.map_or_else(String::new, |month| month.to_string());
        let tabs = [
            (Tab::Board, board.clone(), "Board"),
            (Tab::Why, href::why(place.account, None, None), "Why?"),
            (Tab::Trail, format!("{board}/trail"), "Trail"),
            (Tab::Usage, format!("{board}/usage"), "Usage"),
            (Tab::Statement, format!("{board}/statements/{month}"), "Statement"),
        ];
        html! {
            div.strip {
                span.account-name { (name(&place.name)) }
                nav aria-label="Account" {
                    @for (own, path, word) in &tabs {
                        a href=(path) aria-current=[(*own == tab).then_some("page")] { (word) }
                    }
                }
                span.clock {
                    (stamp(self.now, &place.zone.show(self.now)))
                    " " small { (place.zone.name()) }
                }
            }
        }
    }
}

impl Notice {
    fn markup(&self) -> Markup {
        match self.tone {
            Tone::Done => html! { p.notice.done role="status" { (self.text) } },
            Tone::Refused => html! { p.notice.refused role="alert" { (self.text) } },
        }
    }
}
