//! Why a user was refused: the answer in plain words, what can be done, and the day's seats as a picture.

use crate::frame::{Frame, Place, Sheet, Tab};
use crate::gantt::{Gantt, legend};
use crate::href;
use crate::wording::{name, provenance, sideways};
use maud::{Markup, html};
use reporting::civil::show_date;
use reporting::{Day, Why};
use seats::UserId;

/// Why a user was refused, and what the day looked like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WhyPage {
    /// The account.
    pub place: Place,
    /// The answer; `None`: nobody in particular was asked about.
    pub why: Option<Why>,
    /// The day.
    pub day: Day,
}

impl WhyPage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let user = self.why.as_ref().map(|why| UserId(why.user_id));
        let gantt = Gantt { day: &self.day, zone: self.place.zone, user };
        let content = html! {
            (self.ask())
            h1 {
                @match &self.why {
                    Some(why) if self.waited(why) => { "Why did " (name(&why.user)) " have to wait in line?" },
                    Some(why) if why.refusal.is_some() => { "Why was " (name(&why.user)) " refused?" },
                    Some(why) => { "Was " (name(&why.user)) " refused?" },
                    None => { "Who held the seats?" },
                }
            }
            @if let Some(why) = &self.why { (self.answer(why)) }
            section aria-labelledby="day" {
                h2 #day { (self.day.in_words) }
                (self.turning(user))
                @if let Some(length) = gantt.odd_length() {
                    p.hint { "The clocks were changed: this day had " (length) "." }
                }
                (sideways("Seats over the day", gantt.markup()))
                (legend())
                (gantt.tables())
            }
            (provenance(self.why.as_ref().map_or(&self.day.provenance, |why| &why.provenance)))
        };
        let title = if self.why.is_some() { "Why?" } else { "Seats of a day" };
        frame.around(&Sheet { title, place: Some((&self.place, Tab::Why)), content })
    }

    /// Whether the login was put in line, and not sent away; told of logins on the day below.
    fn waited(&self, why: &Why) -> bool {
        let position = why.refusal.as_ref().map(|refusal| refusal.position);
        self.day.denials.iter().any(|row| row.queued && Some(row.position) == position)
    }

    /// What happened and what can be done.
    fn answer(&self, why: &Why) -> Markup {
        let mut said = why.explanation.iter();
        let first = said.next();
        html! {
            div.answer {
                section.panel aria-labelledby="happened" {
                    h2 #happened { "What happened" }
                    @if let Some(first) = first { p.lead { bdi { (first) } } }
                    (sentences(said.as_slice()))
                    (self.elsewhere(why))
                    @if let Some(refusal) = &why.refusal {
                        p.hint { "Commit " (refusal.version) " of the account, position " (refusal.position) " of the log." }
                    }
                }
                @if !why.advice.is_empty() {
                    section.panel aria-labelledby="advice" {
                        h2 #advice { "What can be done now" }
                        ul { @for advice in &why.advice { li { bdi { (advice) } } } }
                        p { a.button href=(href::account_path(self.place.account)) { "Open the board" } }
                    }
                }
            }
        }
    }

    /// That the refusal was on another day than the one below.
    fn elsewhere(&self, why: &Why) -> Markup {
        let at = why.refusal.as_ref().map(|refusal| refusal.at.0);
        let other = at.filter(|at| *at < self.day.from.0 || *at >= self.day.to.0);
        html! {
            @if let Some(at) = other {
                @let date = show_date(self.place.zone.date_of(at));
                p.warning {
                    "On " (self.day.in_words) " " (name(&why.user)) " was not refused; this is the last time before. "
                    a href=(href::why(self.place.account, Some(UserId(why.user_id)), Some(&date))) { "Show that day" }
                }
            }
        }
    }

    fn turning(&self, user: Option<UserId>) -> Markup {
        let link = |day: &str| href::why(self.place.account, user, Some(day));
        html! {
            nav.turning aria-label="Days" {
                @if let Some(day) = &self.day.previous { a href=(link(day)) rel="prev" { "← The day before" } }
                @if let Some(day) = &self.day.next { a href=(link(day)) rel="next" { "The day after →" } }
            }
        }
    }

    fn ask(&self) -> Markup {
        let account = self.place.account;
        let mut users: Vec<&str> = self.day.denials.iter().map(|row| row.user.as_str()).collect();
        users.extend(self.day.sessions.iter().map(|row| row.user.as_str()));
        let mut seen = std::collections::BTreeSet::new();
        users.retain(|user| seen.insert(*user));
        let asked = self.why.as_ref().map(|why| why.user.as_str());
        html! {
            form.filters role="search" method="get" action=(href::why(account, None, None)) {
                div {
                    label for="user" { "User" }
                    input #user type="text" name="user" value=[asked] list="users" autocomplete="off";
                    datalist #users { @for user in users.iter().take(50) { option value=(user) {} } }
                }
                div {
                    label for="on" { "Day" }
                    input #on type="date" name="day" value=(self.day.date);
                }
                button type="submit" { "Why?" }
            }
        }
    }
}

/// Sentences as paragraphs; those that begin with blanks are the entries of a list.
fn sentences(said: &[String]) -> Markup {
    html! {
        @for part in said.chunk_by(|one, other| one.starts_with(' ') == other.starts_with(' ')) {
            @if part.first().is_some_and(|first| first.starts_with(' ')) {
                ul.holders { @for line in part { li { bdi { (line.trim()) } } } }
            } @else {
                @for line in part { p { bdi { (line) } } }
            }
        }
    }
}
