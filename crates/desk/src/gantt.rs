//! The seats of one day as a picture: who held which, when its holder was silent, and who was refused.
//!
//! ```text
//!            00   01   02  ...                    09   10
//!  refused                                        ✕
//!  seat 1    //// Bob, dormant //////////////////////////
//!  seat 2                                      Alice ____
//! ```
//! Time runs along the line in proportion, so that a day of 23 or 25 hours fills it too; the hours stand where
//! they strike. Silence is hatched, a refusal is a cross and a login put in line a clock: none is told by colour alone. Sessions that
//! share a seat lie below one another. The same stands in a table beside it ([`days`](crate::days)).

use crate::svg::{Axis, Tenths};
use crate::wording::duration;
use maud::{Markup, html};
use reporting::civil::Zone;
use reporting::day::Day;
use reporting::denials::DenialRow;
use reporting::sessions::SessionRow;
use reporting::shown::counted;
use seats::{Timestamp, UserId};

/// The picture of a day.
pub(crate) struct Gantt<'a> {
    /// The day.
    pub(crate) day: &'a Day,
    /// The zone that its hours are of.
    pub(crate) zone: Zone,
    /// Whose sessions and refusals stand out.
    pub(crate) user: Option<UserId>,
}

const LEFT: u64 = 64;
const WIDTH: u64 = 936;
const HOURS: u64 = 22;
const REFUSED: u64 = 30;
const BAR: u64 = 24;
const GAP: u64 = 6;
/// How many seats are drawn.
const SEATS_MAX: usize = 60;
/// Refusals nearer to one another share a cross.
const CROSS: Tenths = Tenths::units(12);
/// About how wide a letter is.
const LETTER: u64 = 8;

/// A seat and its sessions, those that overlap in different rows.
struct Lane<'a> {
    seat: u32,
    rows: Vec<Vec<&'a SessionRow>>,
    top: u64,
}

impl Lane<'_> {
    fn height(&self) -> u64 {
        (self.rows.len().max(1) as u64).saturating_mul(BAR).saturating_add(GAP)
    }
}

impl Gantt<'_> {
    /// The picture, with a title and a description for those who do not see it.
    pub(crate) fn markup(&self) -> Markup {
        let (lanes, bottom) = self.lanes();
        let height = bottom.saturating_add(4);
        let (day, left) = (self.day, self.day.seats.saturating_sub(lanes.len() as u32));
        html! {
            svg.gantt viewBox={ "0 0 1004 " (height) } role="img" aria-labelledby="gantt-title gantt-desc" {
                title #gantt-title { "Seats on " (day.in_words) }
                desc #gantt-desc { (self.description()) }
                defs { (hatch()) }
                (self.hours(bottom))
                text.label x="0" y=(HOURS + 20) { "refused" }
                (self.to_come(bottom))
                @for lane in &lanes { (self.lane(lane)) }
                (self.crosses(bottom))
            }
            @if left > 0 { p.hint { (counted(left.into(), "further seat")) " not drawn; the table has every session." } }
        }
    }

    /// How long the day was, if not 24 hours: `23 h`, `24 h 30 min`.
    pub(crate) fn odd_length(&self) -> Option<String> {
        let seconds = self.day.to.0.since(self.day.from.0).secs();
        (seconds != 24 * 3600).then(|| duration(seconds))
    }

    fn axis(&self) -> Axis {
        let (from, to) = (self.day.from.0, self.day.to.0);
        Axis { left: Tenths::units(LEFT), width: Tenths::units(WIDTH), from, to }
    }

    fn description(&self) -> String {
        let day = self.day;
        let (sessions, seats) = (day.sessions.len() as u64, u64::from(day.seats));
        let mut said = format!("{} on {}, ", counted(sessions, "session"), counted(seats, "seat"));
        said += &counted(day.refused, "refused login");
        if let Some(length) = self.odd_length() {
            said += &format!("; the clocks were changed, and the day had {length}");
        }
        said + ". The table below says the same."
    }

    /// The seats to draw, and where the last one ends.
    fn lanes(&self) -> (Vec<Lane<'_>>, u64) {
        let all = self.day.seats as usize <= SEATS_MAX;
        let used = |seat: &u32| self.day.sessions.iter().any(|row| row.seat == *seat);
        let seats = (1..=self.day.seats).filter(|seat| all || used(seat)).take(SEATS_MAX);
        let (mut lanes, mut top) = (Vec::new(), HOURS.saturating_add(REFUSED));
        for seat in seats {
            let mut rows: Vec<Vec<&SessionRow>> = Vec::new();
            for session in self.day.sessions.iter().filter(|row| row.seat == seat) {
                let fits = |row: &&mut Vec<&SessionRow>| {
                    row.last()
                        .is_some_and(|last| last.ended.is_some_and(|end| end <= session.granted))
                };
                match rows.iter_mut().find(fits) {
                    Some(row) => row.push(session),
                    None => rows.push(vec![session]),
                }
            }
            let lane = Lane { seat, rows, top };
            top = top.saturating_add(lane.height());
            lanes.push(lane);
        }
        (lanes, top)
    }

    fn hours(&self, bottom: u64) -> Markup {
        let axis = self.axis();
        html! {
            @for stroke in &self.day.hours {
                @let x = axis.x(stroke.at.0);
                line.hour x1=(x) x2=(x) y1=(HOURS - 4) y2=(bottom) {}
                text.tick x=(x.plus(Tenths::units(2))) y="13" { (format!("{:02}", stroke.hour)) }
            }
        }
    }

    fn lane(&self, lane: &Lane<'_>) -> Markup {
        let middle = lane.top.saturating_add(BAR / 2).saturating_add(5);
        html! {
            rect.lane x=(LEFT) y=(lane.top) width=(WIDTH) height=(lane.height() - GAP) {}
            text.label x="0" y=(middle) { "seat " (lane.seat) }
            @for (place, row) in lane.rows.iter().enumerate() {
                @let top = lane.top.saturating_add((place as u64).saturating_mul(BAR));
                @for (at, session) in row.iter().enumerate() {
                    (self.session(session, row.get(at.saturating_add(1)).copied(), top))
                }
            }
        }
    }

    /// One session: a bar for each stretch, and its holder's name in it or, if there is more room, behind it.
    fn session(&self, session: &SessionRow, next: Option<&SessionRow>, top: u64) -> Markup {
        let axis = self.axis();
        let (from, to) = span(session, self.day);
        let (left, right) = (axis.x(from), axis.x(to));
        let own = self.user.is_some_and(|user| user.0 == session.user_id);
        let free = next.map_or(axis.x(self.day.to.0), |next| axis.x(next.granted.0)).minus(right);
        let label = label(&session.user, left, right, free);
        html! {
            g.session.own[own] {
                title { (self.told(session)) }
                @for stretch in stretches(session, self.day) {
                    @let x = axis.x(stretch.from);
                    @let width = axis.x(stretch.to).minus(x).max(Tenths::units(2));
                    @if stretch.dormant {
                        rect.bar.dormant x=(x) y=(top + 1) width=(width) height=(BAR - 2) fill="url(#hatch)" {}
                    } @else {
                        rect.bar.live x=(x) y=(top + 1) width=(width) height=(BAR - 2) {}
                    }
                }
                @if let Some((x, label)) = label {
                    text.holder x=(x) y=(top + BAR / 2 + 5) { (isolated(&label)) }
                }
            }
        }
    }

    /// One session in words.
    fn told(&self, session: &SessionRow) -> String {
        let day = self.zone.date_of(self.day.from.0);
        let say = |at: Timestamp| self.zone.say(at, day);
        let mut said = format!("{}, since {}", isolated(&session.user), say(session.granted.0));
        for silence in &session.silences {
            said += &format!("; silent from {}", say(silence.last_seen.0));
            if let Some(until) = silence.until {
                said += &format!(" to {}", say(until.0));
            }
        }
        match (&session.ended, &session.ended_in_words) {
            (Some(at), Some(how)) => said += &format!("; {how} at {}", say(at.0)),
            _ => said += "; still held",
        }
        said
    }

    /// Refusals: a cross in the first line, and a thread through all seats.
    fn crosses(&self, bottom: u64) -> Markup {
        let (axis, y) = (self.axis(), HOURS + REFUSED / 2);
        let mut near: Vec<(Tenths, Vec<&DenialRow>)> = Vec::new();
        for denial in &self.day.denials {
            let x = axis.x(denial.at.0);
            match near.last_mut() {
                Some((first, some)) if x.minus(*first) < CROSS => some.push(denial),
                _ => near.push((x, vec![denial])),
            }
        }
        html! {
            @for (x, denials) in &near {
                @let waits = denials.iter().all(|row| row.queued);
                @let own = denials.iter().any(|row| self.user.is_some_and(|user| user.0 == row.user_id));
                g.cross.own[own].waits[waits] {
                    title { (self.refused(denials)) }
                    line.thread x1=(x) x2=(x) y1=(y + 8) y2=(bottom) {}
                    circle cx=(x) cy=(y) r="9" {}
                    @if waits {
                        path d={ "M" (x) " " (y - 6) "v6l4 3" } {}
                    } @else {
                        path d={ "M" (x.minus(Tenths::units(4))) " " (y - 4) "l8 8m0 -8l-8 8" } {}
                    }
                    @if denials.len() > 1 {
                        text.times x=(x.plus(Tenths::units(11))) y=(y + 4) { "×" (denials.len()) }
                    }
                }
            }
        }
    }

    fn refused(&self, denials: &[&DenialRow]) -> String {
        let day = self.zone.date_of(self.day.from.0);
        let line = |row: &&DenialRow| {
            let (at, user) = (self.zone.say(row.at.0, day), isolated(&row.user));
            let what = if row.queued { "was put in line" } else { "was refused" };
            format!("{at} {user} {what}: {}", row.reason_in_words)
        };
        denials.iter().take(20).map(line).collect::<Vec<_>>().join("\n")
    }

    /// What is left of the day, if it is not over.
    fn to_come(&self, bottom: u64) -> Markup {
        let (axis, now) = (self.axis(), self.day.known_until.0);
        let x = axis.x(now);
        let height = bottom.saturating_sub(HOURS).saturating_sub(GAP);
        html! {
            @if now < self.day.to.0 {
                rect.to-come x=(x) y=(HOURS) width=(axis.x(self.day.to.0).minus(x)) height=(height) {}
                line.now x1=(x) x2=(x) y1=(HOURS - 4) y2=(bottom) {}
            }
        }
    }
}

/// A stretch of a session within the day.
pub(crate) struct Stretch {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) dormant: bool,
}

/// The part of a session that lies within the day.
pub(crate) fn span(session: &SessionRow, day: &Day) -> (Timestamp, Timestamp) {
    let end = session.ended.map_or(day.known_until.0, |ended| ended.0);
    (session.granted.0.max(day.from.0), end.min(day.known_until.0))
}

/// Live and dormant stretches of a session within the day, in order of time.
pub(crate) fn stretches(session: &SessionRow, day: &Day) -> Vec<Stretch> {
    let (mut from, to) = span(session, day);
    let mut stretches = Vec::new();
    for silence in &session.silences {
        let since = silence.since.0.clamp(from, to.max(from));
        let until = silence.until.map_or(to, |until| until.0).clamp(since, to.max(since));
        if from < since {
            stretches.push(Stretch { from, to: since, dormant: false });
        }
        if since < until {
            stretches.push(Stretch { from: since, to: until, dormant: true });
        }
        from = until;
    }
    if from < to || stretches.is_empty() {
        stretches.push(Stretch { from, to, dormant: false });
    }
    stretches
}

/// Where a name goes, and as much of it as there is room for: in its bar from `left` to `right`, or behind it
/// where nothing stands for `free`. `None` if that would be too little to know it by.
fn label(name: &str, left: Tenths, right: Tenths, free: Tenths) -> Option<(Tenths, String)> {
    let margin = Tenths::units(5);
    let letters = |width: Tenths| {
        let room = width.minus(margin).minus(margin).0 / Tenths::units(LETTER).0;
        usize::try_from(room).unwrap_or(usize::MAX)
    };
    let (inside, behind) = (letters(right.minus(left)), letters(free));
    let length = name.chars().count();
    let (x, room) = match length {
        length if length <= inside => return Some((left.plus(margin), name.to_owned())),
        length if length <= behind => return Some((right.plus(margin), name.to_owned())),
        _ if inside >= behind => (left, inside),
        _ => (right, behind),
    };
    let start: String = name.chars().take(room.saturating_sub(1)).collect();
    (start.chars().count() >= 2).then(|| (x.plus(margin), format!("{}…", start.trim_end())))
}

/// A name whose direction of writing stays its own, where there is no element for it.
fn isolated(name: &str) -> String {
    format!("\u{2068}{name}\u{2069}")
}

fn hatch() -> Markup {
    html! {
        pattern #hatch width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
            rect.hatch-ground width="7" height="7" {}
            rect.hatch-line width="3" height="7" {}
        }
    }
}

/// What the shapes mean.
pub(crate) fn legend() -> Markup {
    html! {
        ul.legend {
            li { svg viewBox="0 0 28 16" aria-hidden="true" { rect.bar.live x="1" y="1" width="26" height="14" {} } " live" }
            li {
                svg viewBox="0 0 28 16" aria-hidden="true" {
                    rect.bar.dormant x="1" y="1" width="26" height="14" fill="url(#hatch)" {}
                }
                " dormant: the holder has gone silent"
            }
            li {
                svg viewBox="0 0 20 20" aria-hidden="true" {
                    g.cross { circle cx="10" cy="10" r="9" {} path d="M6 6l8 8m0 -8l-8 8" {} }
                }
                " refused login"
            }
            li {
                svg viewBox="0 0 20 20" aria-hidden="true" {
                    g.cross.waits { circle cx="10" cy="10" r="9" {} path d="M10 4v6l4 3" {} }
                }
                " login put in line"
            }
        }
    }
}
