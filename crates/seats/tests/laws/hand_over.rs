//! The laws of hand-overs: who asks, who answers, who gets the seat.

use crate::line::{offer, queue};
use crate::*;
use seats::{HandOverEnd, HandOverId};

fn asks(handover: u32, request: u8, seat: u32, until_s: u64) -> Event {
    let (handover, request) = (HandOverId(handover), RequestId([request; 16]));
    let (seat, until) = (SeatNo(seat), Timestamp::from_secs(until_s));
    Event::HandOverAsked { handover, request, seat, until }
}

fn over(handover: u32, how: HandOverEnd) -> Event {
    Event::HandOverEnded { handover: HandOverId(handover), how }
}

fn give(session: u64) -> Event {
    expire(session, ExpiryCause::HandedOver)
}

fn take(request: u8, session: u64, seat: u32) -> Event {
    let (session, seat) = (SessionId(session), SeatNo(seat));
    let request = Some(RequestId([request; 16]));
    Event::SeatGranted { request, session, seat, overdraft: false }
}

/// Carol is in line, and asks for the first seat.
fn then(events: &[Event]) -> Vec<Event> {
    [&[ask(3, CAROL), queue(2, 1), asks(1, 3, 1, 1_060)], events].concat()
}

#[test]
fn who_is_in_line_asks_who_holds_a_seat() {
    lawfully(&then(&[]));
    let first = HandOverId(1);
    check(&[asks(1, 3, 1, 1_060)], Breach::NotInLine);
    check(&[ask(3, CAROL), asks(1, 3, 1, 1_060)], Breach::NotInLine);
    let queued = |events: &[Event]| [&[ask(3, CAROL), queue(2, 1)], events].concat();
    check(&queued(&[asks(2, 3, 1, 1_060)]), Breach::HandOver(HandOverId(2)));
    check(&queued(&[asks(0, 3, 1, 1_060)]), Breach::HandOver(HandOverId(0)));
    check(&queued(&[asks(1, 3, 3, 1_060)]), Breach::HandOver(first)); // Nobody holds it.
    let own = [ask(3, ALICE), queue(2, 1), asks(1, 3, 1, 1_060)];
    check(&own, Breach::AskedTwice(first));
}

#[test]
fn one_at_a_time_for_an_asker_and_for_a_seat() {
    let second = HandOverId(2);
    check(&then(&[asks(2, 3, 2, 1_060)]), Breach::AskedTwice(second));
    let dave = [ask(4, UserId(4)), queue(2, 1), asks(2, 4, 1, 1_060)];
    check(&then(&dave), Breach::AskedTwice(second));
    let declined = [over(1, HandOverEnd::Declined), asks(2, 3, 2, 1_060)];
    lawfully(&then(&declined));
    check(
        &then(&[&declined[..1], &[asks(1, 3, 2, 1_060)]].concat()),
        Breach::HandOver(HandOverId(1)),
    );
}

#[test]
fn what_was_asked_is_answered_once_and_while_both_are_there() {
    let (first, declined) = (HandOverId(1), over(1, HandOverEnd::Declined));
    check(std::slice::from_ref(&declined), Breach::HandOver(first));
    lawfully(&then(std::slice::from_ref(&declined)));
    check(&then(&[declined.clone(), declined.clone()]), Breach::HandOver(first));
    let left = Event::LeftQueue { request: RequestId([3; 16]), how: Leaving::GaveUp };
    let out = logout(1, EndedBy::User, None);
    for gone in [left, out] {
        for how in [HandOverEnd::Declined, HandOverEnd::Consented, HandOverEnd::Silent] {
            check(&then(&[gone.clone(), over(1, how)]), Breach::HandOver(first));
        }
        lawfully(&then(&[gone, over(1, HandOverEnd::Withdrawn)]));
    }
    // Somebody else sits there now.
    let another = [logout(1, EndedBy::User, None), ask(4, UserId(4)), grant(3, 1), declined];
    check(&then(&another), Breach::HandOver(first));
}

#[test]
fn a_seat_is_handed_over_to_who_asked_in_the_same_commit() {
    let consented = over(1, HandOverEnd::Consented);
    let handed = [consented.clone(), give(1), take(3, 3, 1)];
    lawfully(&then(&handed));
    check(&then(&handed[..2]), Breach::HandedToNobody(SeatNo(1)));
    check(&then(&handed[..1]), Breach::HandedToNobody(SeatNo(1)));
    check(&then(&handed[1..]), Breach::NotHandedOver(SessionId(1)));
    check(&then(&[give(1)]), Breach::NotHandedOver(SessionId(1)));
    check(&then(&[consented.clone(), give(2)]), Breach::NotHandedOver(SessionId(2)));
    // The holder is still on it.
    let (seat, user, holder) = (SeatNo(1), CAROL, ALICE);
    check(&then(&[consented.clone(), take(3, 3, 1)]), Breach::SeatHeld { seat, user, holder });
    // To nobody in between, nor another seat.
    let between = [consented.clone(), give(1), ask(4, UserId(4)), grant(3, 1)];
    check(&then(&between), Breach::HandedToNobody(SeatNo(1)));
    let (session, seat) = (SessionId(3), SeatNo(3));
    check(
        &then(&[consented.clone(), give(1), take(3, 3, 3)]),
        Breach::NotOffered { session, seat },
    );
    // One seat after the other.
    let two = [ask(4, UserId(4)), queue(2, 1), asks(2, 4, 2, 1_060), consented];
    let both = [&two[..], &[over(2, HandOverEnd::Consented)]].concat();
    check(&then(&both), Breach::HandedToNobody(SeatNo(1)));
    let in_turn = [give(1), take(3, 3, 1), over(2, HandOverEnd::Consented), give(2), take(4, 4, 2)];
    lawfully(&then(&[&two[..], &in_turn].concat()));
    // Nothing else is taken by it, and no seat above the licences.
    let fewer = [licences(2, 1), over(1, HandOverEnd::Consented), give(1), take(3, 3, 1)];
    let (session, seat) = (SessionId(3), SeatNo(1));
    let unmarked = Breach::OverdraftUnmarked { session, seat, licences: 1 };
    check(&then(&fewer), unmarked);
}

#[test]
fn silence_answers_when_the_time_is_over() {
    let until = Timestamp::from_secs(1_001);
    let silent = [over(1, HandOverEnd::Silent), give(1), take(3, 3, 1)];
    let queued = |until_s| [ask(3, CAROL), queue(2, 1), asks(1, 3, 1, until_s)];
    lawfully(&[&queued(1_000)[..], &silent].concat());
    check(&[&queued(1_001)[..], &silent].concat(), Breach::AnsweredEarly { until });
}

#[test]
fn a_seat_offered_elsewhere_hinders_no_hand_over() {
    let offered = [offer(3, 3, 1_060), over(1, HandOverEnd::Consented), give(1)];
    // Whoever is offered a seat and is handed another leaves the offer.
    lawfully(&then(&[&offered[..], &[take(3, 3, 1)]].concat()));
}
