//! The form by which a seat is released, with a reason. It lies over the board until it is sent or put away.

use crate::frame::{Frame, Place};
use crate::href::session_path;
use crate::wording::{name, time};
use maud::{Markup, html};
use reporting::Board;
use reporting::who::{SeatRow, SeatState};
use seats::words::duration;
use seats::{Micros, ReleaseReason, SessionId};

/// The button that opens the form of a session.
pub(crate) fn button(row: &SeatRow, session: u64) -> Markup {
    html! {
        button.small type="button" popovertarget=(format!("release-{session}")) {
            "Release" span.unseen { " seat " (row.seat) " of " (name(&row.user)) }
        }
    }
}

/// The form of a session.
pub(crate) fn form(
    row: &SeatRow,
    session: u64,
    board: &Board,
    place: &Place,
    frame: &Frame,
) -> Markup {
    let id = format!("release-{session}");
    let today = place.zone.date_of(frame.now);
    let floor = Micros::from_secs(board.release_floor_s);
    let young = row.since.is_some_and(|since| frame.now < since.0 + floor);
    html! {
        div.over.panel id=(id) popover aria-labelledby=(format!("{id}-title")) {
            h2 id=(format!("{id}-title")) { "Release seat " (row.seat) }
            p {
                (name(&row.user))
                @if let Some(site) = &row.site { " (" (name(site)) ")" }
                @if let Some(since) = row.since { ", since " (time(since, place.zone, today)) }
                @if let Some(seen) = row.last_seen { ", last sign of life " (time(seen, place.zone, today)) }
                "."
            }
            @if row.state == SeatState::Live {
                p.warning {
                    "The holder is live. Who is thrown out may lose what was not saved, and is told the reason."
                }
            }
            form method="post" action=(session_path(place.account, SessionId(session))) {
                (frame.token())
                label for=(format!("{id}-reason")) { "Reason" }
                select id=(format!("{id}-reason")) name="reason" required {
                    option value="" { "Choose …" }
                    @for reason in ReleaseReason::all() {
                        option value=(reason.word()) { (reason.word()) }
                    }
                }
                label for=(format!("{id}-note")) {
                    "Note" @if !board.note_needed { " " small { "(may be left out)" } }
                }
                textarea id=(format!("{id}-note")) name="note" rows="2" maxlength="1000"
                    required[board.note_needed] aria-describedby=(format!("{id}-hint")) {}
                p.hint id=(format!("{id}-hint")) { "It stays in the account's history. Do not write the user's name." }
                @if young {
                    label.check {
                        input type="checkbox" name="forced" value="true" required;
                        " Release it although the session began less than "
                        (duration(board.release_floor_s.into())) " ago"
                    }
                }
                div.buttons {
                    button.danger type="submit" { "Release seat " (row.seat) }
                    button.plain type="button" popovertarget=(id) popovertargetaction="hide" { "Keep it" }
                }
            }
        }
    }
}
