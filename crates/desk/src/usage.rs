//! What an account uses of what it bought: key figures, the busy hours of the week, the peak of each day.

use crate::frame::{Frame, Place, Sheet, Tab};
use crate::href::{account_path, with_query};
use crate::wording::{duration, provenance, sideways, time};
use crate::{grid, peaks};
use maud::{Markup, html};
use reporting::shown::counted;
use reporting::{Heat, UsageReport};

/// What the grid of the week shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Show {
    /// Seats held on average.
    #[default]
    Average,
    /// The most seats held at once.
    Peak,
    /// Time with no seat left under the licences.
    Full,
    /// Refused logins.
    Refused,
}

impl Show {
    const ALL: [(Show, &'static str); 4] = [
        (Show::Average, "Average"),
        (Show::Peak, "Peak"),
        (Show::Full, "At capacity"),
        (Show::Refused, "Refused"),
    ];

    /// What that word stands for; the average for any other.
    pub fn from_word(word: &str) -> Show {
        Show::ALL
            .into_iter()
            .map(|(show, _)| show)
            .find(|show| show.word() == word)
            .unwrap_or_default()
    }

    /// Its word in an address; empty for the average.
    pub fn word(self) -> &'static str {
        match self {
            Show::Average => "",
            Show::Peak => "peak",
            Show::Full => "capacity",
            Show::Refused => "refused",
        }
    }
}

/// What an account uses of what it bought. Both reports are of the same range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsagePage {
    /// The account.
    pub place: Place,
    /// Key figures.
    pub usage: UsageReport,
    /// Hours and days.
    pub heat: Heat,
    /// How many weeks that is.
    pub weeks: u32,
    /// What the grid shows.
    pub show: Show,
}

/// The ranges that are offered, in weeks.
const RANGES: [(u32, &str); 3] = [(4, "4 weeks"), (13, "3 months"), (52, "1 year")];

impl UsagePage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let content = html! {
            h1 { "Usage" }
            nav.choices aria-label="Range" {
                @for (weeks, words) in RANGES {
                    a href=(self.link(weeks, self.show)) aria-current=[(weeks == self.weeks).then_some("true")] { (words) }
                }
            }
            (self.figures(frame))
            section aria-labelledby="peaks" {
                h2 #peaks { "Peak of each day" }
                (sideways("Picture of the peaks", peaks::picture(&self.heat)))
                ul.legend {
                    li { span.swatch.column aria-hidden="true" {} " most seats held at once" }
                    li { span.swatch.full aria-hidden="true" {} " the same, with no seat left" }
                    li { span.swatch.licences aria-hidden="true" {} " licences" }
                    li { span.cross aria-hidden="true" { "✕" } " somebody was refused" }
                }
                (peaks::table(&self.heat))
            }
            section aria-labelledby="week" {
                h2 #week { "The week" }
                nav.choices aria-label="What the grid shows" {
                    @for (show, words) in Show::ALL {
                        a href={ (self.link(self.weeks, show)) "#week" } aria-current=[(show == self.show).then_some("true")] { (words) }
                    }
                }
                (grid::grid(&self.heat, self.show))
            }
            (provenance(&self.heat.provenance))
        };
        frame.around(&Sheet { title: "Usage", place: Some((&self.place, Tab::Usage)), content })
    }

    fn link(&self, weeks: u32, show: Show) -> String {
        let weeks = weeks.to_string();
        let path = format!("{}/usage", account_path(self.place.account));
        with_query(&path, &[("weeks", Some(&weeks)), ("show", Some(show.word()))])
    }

    fn figures(&self, frame: &Frame) -> Markup {
        let (usage, zone) = (&self.usage, self.place.zone);
        let today = zone.date_of(frame.now);
        html! {
            dl.figures {
                div {
                    dt { "Peak" }
                    dd {
                        (usage.peak_seats) " of " (counted(usage.licences.into(), "licence"))
                        @if let Some(at) = usage.peak_seats_at { small { "first " (time(at, zone, today)) } }
                    }
                }
                div { dt { "At capacity" } dd { (duration(usage.at_capacity_seconds)) small { "with no seat left" } } }
                div {
                    dt { "Refused" }
                    dd { (counted(usage.denials, "login")) small { "in " (counted(usage.denial_episodes, "episode")) } }
                }
                div {
                    dt { "Sessions" }
                    dd { (usage.sessions) small { "of " (counted(usage.users, "user")) } }
                }
                div {
                    dt { "Seats held" }
                    dd {
                        (duration(usage.seat_seconds))
                        small { (duration(usage.dormant_seat_seconds)) " of it with the holder silent" }
                    }
                }
                div {
                    dt { "Seats given back" }
                    dd { (usage.reclaimed) " reclaimed" small { (usage.released) " released by hand" } }
                }
            }
        }
    }
}
