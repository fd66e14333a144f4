//! An account's board: every seat, what the next login would meet, and who was refused lately.

use crate::frame::{Frame, Place, Sheet, Tab};
use crate::wording::{badge, name, provenance, state, time};
use crate::{href, release};
use maud::{Markup, html};
use reporting::Board;
use reporting::board::Outlook;
use reporting::civil::show_date;
use reporting::denials::{Came, EpisodeRow};
use reporting::shown::{counted, length};
use reporting::who::{SeatRow, SeatState};
use seats::{CivilDate, UserId};

/// An account's board.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoardPage {
    /// The account.
    pub place: Place,
    /// What it shows.
    pub board: Board,
    /// Whether whoever is signed in may release seats.
    pub may_release: bool,
}

/// How many held seats are listed.
const HELD_MAX: usize = 500;
/// How many free seats, and how many episodes of refusals, are listed.
const LISTED_MAX: usize = 50;

impl BoardPage {
    /// The page.
    pub fn page(&self, frame: &Frame) -> String {
        let (board, place) = (&self.board, &self.place);
        let content = html! {
            h1.unseen { "Board of " (name(&place.name)) }
            (ask(place, &board.denials.rows))
            div #live {
                (self.outlook())
                section aria-labelledby="seats" {
                    h2 #seats { "Seats" }
                    (self.seats(frame))
                }
                @if !board.line.is_empty() {
                    section aria-labelledby="line" {
                        h2 #line { "In line" }
                        (self.line(frame))
                    }
                }
                section aria-labelledby="refused" {
                    h2 #refused { "Refused in the last seven days" }
                    (self.refused(frame))
                }
                @if self.may_release {
                    @for row in board.who.seats.iter().take(HELD_MAX) {
                        @if let Some(session) = row.session {
                            (release::form(row, session, board, place, frame))
                        }
                    }
                }
                (provenance(&board.who.provenance))
            }
        };
        frame.around(&Sheet { title: "Board", place: Some((place, Tab::Board)), content })
    }

    /// How full it is, and what the next login would meet.
    fn outlook(&self) -> Markup {
        let (who, board) = (&self.board.who, &self.board);
        let licences = counted(who.licences.into(), "licence");
        let (class, shape, word) = match board.outlook {
            Outlook::Free => ("free", "○", "room"),
            Outlook::Reclaimable => ("dormant", "◍", "silent holder gives way"),
            Outlook::Reserved => ("full", "■", "reserved"),
            Outlook::Line => ("full", "■", "in line"),
            Outlook::Full => ("full", "■", "full"),
            Outlook::Barred => ("barred", "✕", who.standing),
        };
        html! {
            div.outlook.(class) {
                p.figure { strong { (who.taken) } " of " (licences) " taken" }
                p {
                    (badge(class, shape, word)) " " (board.outlook_in_words)
                    @if who.overdraft > 0 {
                        " " (counted(who.overdraft.into(), "seat")) " may be held above the licences, as overdraft."
                    }
                }
                @if !board.reserved.is_empty() {
                    p.reserved {
                        "Reserved: "
                        @for (number, row) in board.reserved.iter().enumerate() {
                            @if number > 0 { "; " }
                            (counted(row.seats.into(), "seat")) " for " (name(&row.site)) ", "
                            (counted(row.sessions, "session")) " from there now"
                        }
                        "."
                    }
                }
            }
        }
    }

    fn seats(&self, frame: &Frame) -> Markup {
        let (board, rows) = (&self.board, &self.board.who.seats);
        let several = board.free.len() > LISTED_MAX;
        let hidden = rows.len().saturating_sub(HELD_MAX) as u64;
        html! {
            @if rows.is_empty() && (several || board.free.is_empty()) {
                p { "Nobody is logged in." }
            } @else {
                table.list.board {
                    caption.unseen { "Seats and who holds them" }
                    thead {
                        tr {
                            th scope="col" { "Seat" }
                            th scope="col" { "Holder" }
                            th scope="col" { "State" }
                            th.wide scope="col" { "Since" }
                            th.wide scope="col" { "Last sign of life" }
                            @if self.may_release { th scope="col" { span.unseen { "Release" } } }
                        }
                    }
                    tbody {
                        @for row in rows.iter().take(HELD_MAX) { (self.seat(row, frame)) }
                        @if !several { @for seat in &board.free { (self.free_seat(*seat)) } }
                    }
                }
            }
            @if hidden > 0 { p { "And " (counted(hidden, "further session")) ", not listed here; ask for its user above." } }
            @if several { p { "Nobody holds the other seats." } }
        }
    }

    fn seat(&self, row: &SeatRow, frame: &Frame) -> Markup {
        let zone = self.place.zone;
        let today = zone.date_of(frame.now);
        let since = row.since.map(|since| time(since, zone, today));
        let seen = row.last_seen.map(|seen| time(seen, zone, today));
        html! {
            tr id=(format!("seat-{}", row.seat)) {
                th.seat scope="row" { (row.seat) }
                td {
                    a href=(href::trail(self.place.account, UserId(row.user_id))) { (name(&row.user)) }
                    @if let Some(site) = &row.site { " " small { (name(site)) } }
                    @if row.overdraft { " " (badge("overdraft", "＋", "overdraft")) }
                }
                td {
                    (state(row.state)) " " (said(row, frame, zone, today))
                    @for asked in self.board.asked_for.iter().filter(|asked| asked.seat == row.seat) {
                        small.asked {
                            (name(&asked.by)) " has asked for this seat; answer due " (time(asked.until, zone, today))
                        }
                    }
                    @if let Some(since) = &since { small.narrow-only { "logged in since " (since) } }
                }
                td.wide { @if let Some(since) = &since { (since) } }
                td.wide {
                    @match (&seen, row.session) {
                        (Some(seen), _) => (seen),
                        (None, Some(_)) => "not recorded",
                        (None, None) => "",
                    }
                }
                @if self.may_release {
                    td.act { @if let Some(session) = row.session { (release::button(row, session)) } }
                }
            }
        }
    }

    fn free_seat(&self, seat: u32) -> Markup {
        html! {
            tr.empty id=(format!("seat-{seat}")) {
                th.seat scope="row" { (seat) }
                td { "nobody" }
                td { (badge("free", "○", "free")) }
                td.wide {}
                td.wide {}
                @if self.may_release { td {} }
            }
        }
    }

    /// Who waits for a seat, the next one first.
    fn line(&self, frame: &Frame) -> Markup {
        let (line, zone) = (&self.board.line, self.place.zone);
        let today = zone.date_of(frame.now);
        let more = line.len().saturating_sub(LISTED_MAX) as u64;
        html! {
            ol.line-up {
                @for row in line.iter().take(LISTED_MAX) {
                    li {
                        (name(&row.user)) ", since " (time(row.since, zone, today))
                        @if let (Some(seat), Some(until)) = (row.offered, row.until) {
                            ": seat " (seat) " is offered until " (time(until, zone, today))
                        }
                    }
                }
            }
            @if more > 0 { p { "And " (more) " more." } }
        }
    }

    /// Who was refused lately, the last first.
    fn refused(&self, frame: &Frame) -> Markup {
        let rows = &self.board.denials.rows;
        let more = rows.len().saturating_sub(LISTED_MAX) as u64;
        html! {
            @if rows.is_empty() {
                p { "Nobody." }
            } @else {
                table.list.refusals {
                    caption.unseen { "Refused logins, the last first" }
                    thead {
                        tr {
                            th scope="col" { "User" }
                            th scope="col" { "When" }
                            th scope="col" { "Why" }
                            th.wide scope="col" { "What became of it" }
                        }
                    }
                    tbody { @for row in rows.iter().rev().take(LISTED_MAX) { (self.refusal(row, frame)) } }
                }
                @if more > 0 { p { "And " (counted(more, "earlier episode")) "; see the trail." } }
            }
        }
    }

    fn refusal(&self, row: &EpisodeRow, frame: &Frame) -> Markup {
        let zone = self.place.zone;
        let today = zone.date_of(frame.now);
        let day = show_date(zone.date_of(row.last.0));
        let why = href::why(self.place.account, Some(UserId(row.user_id)), Some(&day));
        html! {
            tr {
                th scope="row" {
                    (name(&row.user))
                    @if let Some(site) = &row.site { " " small { (name(site)) } }
                }
                td {
                    (time(row.first, zone, today))
                    @if row.attempts > 1 { small { (row.attempts) " times, to " (time(row.last, zone, zone.date_of(row.first.0))) } }
                }
                td {
                    (row.reason_in_words)
                    small.narrow-only { (self.became(row)) }
                    " " a href=(why) { "Why?" span.unseen { " was " (name(&row.user)) " refused" } }
                }
                td.wide { (self.became(row)) }
            }
        }
    }

    /// What became of a refused user: whoever is still in line is not sent away.
    fn became(&self, row: &EpisodeRow) -> String {
        let place = self.board.line.iter().position(|waits| waits.user_id == row.user_id);
        match place.filter(|_| row.outcome == Came::Open) {
            Some(before) => format!("in line, place {}", before.saturating_add(1)),
            None => row.came_in_words(self.place.zone),
        }
    }
}

/// Where somebody asks for one user.
fn ask(place: &Place, refused: &[EpisodeRow]) -> Markup {
    let mut users: Vec<&str> = refused.iter().rev().map(|row| row.user.as_str()).collect();
    let mut seen = std::collections::BTreeSet::new();
    users.retain(|user| seen.insert(*user));
    html! {
        form.search role="search" method="get" action=(href::why(place.account, None, None)) {
            label for="user" { "Who cannot log in?" }
            input #user type="text" name="user" list="users" autocomplete="off" required
                aria-describedby="user-hint";
            datalist #users { @for user in users.iter().take(LISTED_MAX) { option value=(user) {} } }
            button type="submit" { "Why?" }
            span.unseen #user-hint { "The user's name as the directory has it, or a number such as user-7" }
        }
    }
}

/// Since when, in words.
fn said(row: &SeatRow, frame: &Frame, zone: reporting::civil::Zone, today: CivilDate) -> Markup {
    match (row.state, row.state_since_or_until, row.last_seen) {
        (SeatState::Dormant, _, Some(seen)) => {
            html! { small { "silent for " (length(frame.now.since(seen.0))) } }
        }
        (SeatState::Lingering | SeatState::Offered, Some(until), _) => {
            html! { small { "kept until " (time(until, zone, today)) } }
        }
        _ => html! {},
    }
}
