//! The trail: an account's history in words, newest first, page by page.

use crate::frame::{Frame, Place, Sheet, Tab};
use crate::href::{account_path, with_query};
use crate::wording::{exact, provenance, turning};
use maud::{Markup, html};
use reporting::PagedTrail;
use reporting::shown::counted;
use reporting::trail::TrailRow;
use seats::UserId;

/// A page of the trail. The filters are shown as they were written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrailPage {
    /// The account.
    pub place: Place,
    /// What it shows.
    pub trail: PagedTrail,
    /// From when, as written; empty: as far back as the report goes.
    pub from: String,
    /// Up to when, as written; empty: up to now.
    pub to: String,
}

impl TrailPage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let (trail, zone) = (&self.trail, self.place.zone);
        let content = html! {
            h1 { "Trail" @if let Some(user) = &trail.user { " of " bdi { (user) } } }
            (self.filters())
            div #live {
                p.lead {
                    (counted(trail.commits as u64, "commit")) " from " (exact(trail.from, zone))
                    " to " (exact(trail.to, zone)) ", newest first."
                }
                @if !trail.rows.is_empty() { (self.table()) }
                (self.turning())
                (provenance(&trail.provenance))
            }
        };
        frame.around(&Sheet { title: "Trail", place: Some((&self.place, Tab::Trail)), content })
    }

    fn path(&self) -> String {
        format!("{}/trail", account_path(self.place.account))
    }

    fn filters(&self) -> Markup {
        html! {
            form.filters role="search" method="get" action=(self.path()) {
                div {
                    label for="from" { "From" }
                    input #from type="text" name="from" value=(self.from) placeholder="2026-03-28 09:00"
                        autocomplete="off" aria-describedby="times";
                }
                div {
                    label for="to" { "To" }
                    input #to type="text" name="to" value=(self.to) placeholder="now"
                        autocomplete="off" aria-describedby="times";
                }
                div {
                    label for="user" { "User" }
                    input #user type="text" name="user" value=[self.trail.user.as_deref()] placeholder="all"
                        autocomplete="off";
                }
                button type="submit" { "Show" }
                p.hint #times { "A day (2026-03-28) or a time of " (self.place.zone.name()) " (2026-03-28 09:00)." }
            }
        }
    }

    fn table(&self) -> Markup {
        html! {
            table.list.trail {
                caption.unseen { "Commits of the account, newest first" }
                thead {
                    tr {
                        th scope="col" { "When" }
                        th scope="col" { "What" }
                        th scope="col" { "By" }
                        th.wide scope="col" { "Position" }
                    }
                }
                tbody { @for row in &self.trail.rows { (self.row(row)) } }
            }
        }
    }

    fn row(&self, row: &TrailRow) -> Markup {
        let zone = self.place.zone;
        html! {
            tr id=(format!("position-{}", row.position)) {
                td.when {
                    (exact(row.at, zone))
                    @if let Some(recorded) = row.recorded_at { small { "recorded " (exact(recorded, zone)) } }
                }
                td.what {
                    bdi { (row.what) }
                    @if let Some(note) = &row.note { p.note { span.unseen { "Note: " } bdi { (note) } } }
                }
                td { (row.by) }
                td.wide.count { (row.position) }
            }
        }
    }

    fn turning(&self) -> Markup {
        let (page, pages) = (self.trail.page, self.trail.pages);
        let user = self.trail.user_id.map(|user| UserId(user).to_string());
        let link = |to: usize| {
            let (from, until, to) = (self.from.as_str(), self.to.as_str(), to.to_string());
            let fields = [
                ("from", Some(from)),
                ("to", Some(until)),
                ("user", user.as_deref()),
                ("page", Some(to.as_str())),
            ];
            with_query(&self.path(), &fields)
        };
        turning((page, pages), ("Newer", "Older"), link)
    }
}
