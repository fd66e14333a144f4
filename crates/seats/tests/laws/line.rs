//! The laws of the line: who waits, what is offered, what is taken.

use crate::*;

pub(crate) fn queue(held: u32, dormant: u32) -> Event {
    Event::Queued { reason: DenialReason::AllSeatsHeld, held, dormant }
}

pub(crate) fn offer(request: u8, seat: u32, until_s: u64) -> Event {
    let (seat, until) = (SeatNo(seat), Timestamp::from_secs(until_s));
    Event::SeatOffered { request: RequestId([request; 16]), seat, until }
}

fn take(request: u8, session: u64, seat: u32, overdraft: bool) -> Event {
    let (session, seat) = (SessionId(session), SeatNo(seat));
    Event::SeatGranted { request: Some(RequestId([request; 16])), session, seat, overdraft }
}

fn leave(request: u8) -> Event {
    Event::LeftQueue { request: RequestId([request; 16]), how: Leaving::AskedAnew }
}

#[test]
fn only_the_last_login_is_put_in_line_and_a_user_once() {
    let queued = [ask(3, CAROL), queue(2, 1)];
    lawfully(&queued);
    check(&[queue(2, 1)], Breach::NoRequest);
    check(&[ask(3, CAROL), deny(2, 1), queue(2, 1)], Breach::NoRequest);
    check(&[ask(3, CAROL), queue(1, 1)], Breach::DenialCounts { said: 1, counted: 2 });
    check(&[&queued[..], &[ask(3, CAROL)]].concat(), Breach::RequestOpen);
    check(&[&queued[..], &[overdraft(3, 3)]].concat(), Breach::NoRequest);
    let anew = [&queued[..], &[ask(4, CAROL), queue(2, 1)]].concat();
    check(&anew, Breach::InLineTwice(CAROL));
    lawfully(&[&anew[..], &[leave(3)]].concat());
    check(&[&anew[..], &[leave(3), leave(3)]].concat(), Breach::NotInLine);
    check(&[leave(3)], Breach::NotInLine);
    check(&[ask(3, CAROL), leave(3)], Breach::NotInLine);
}

#[test]
fn offers_count_as_held() {
    let offered = [ask(3, CAROL), queue(2, 1), offer(3, 3, 1_060)];
    lawfully(&offered);
    lawfully(&[&offered[..], &[take(3, 3, 3, true)]].concat());
    let then = |events: &[Event]| [&offered[..], events].concat();
    let other = |answer: Event| then(&[ask(4, UserId(4)), answer]);
    let (session, seat) = (SessionId(3), SeatNo(4));
    check(&other(overdraft(3, 4)), Breach::Oversubscribed { session, seat, taken: 4, limit: 3 });
    let (seat, user, holder) = (SeatNo(3), UserId(4), CAROL);
    check(&other(overdraft(3, 3)), Breach::SeatHeld { seat, user, holder });
    lawfully(&other(deny(3, 1)));
    check(&other(deny(2, 1)), Breach::DenialCounts { said: 2, counted: 3 });
    // A mark of overdraft counts them too.
    let more = [licences(2, 3), ask(3, CAROL), queue(2, 1), offer(3, 3, 1_060), ask(4, UserId(4))];
    let (session, seat, licences) = (SessionId(3), SeatNo(4), 3);
    let unmarked = Breach::OverdraftUnmarked { session, seat, licences };
    check(&[&more[..], &[grant(3, 4)]].concat(), unmarked);
    lawfully(&[&more[..], &[overdraft(3, 4)]].concat());
    // A second offer finds the first.
    let second = then(&[ask(4, UserId(4)), queue(3, 1), offer(4, 4, 1_060)]);
    let (seat, taken, limit) = (SeatNo(4), 3, 3);
    check(&second, Breach::OfferedAbove { seat, taken, limit });
    let reclaims = [ask(3, CAROL), queue(2, 1), expire(2, ExpiryCause::Reclaimed)];
    check(&reclaims, Breach::Reclaimed(SessionId(2)));
    lawfully(&[&reclaims[..], &[offer(3, 2, 1_060)]].concat());
}

#[test]
fn a_seat_is_offered_to_who_is_in_line_and_taken_once() {
    let queued = [ask(3, CAROL), queue(2, 1)];
    let then = |events: &[Event]| [&queued[..], events].concat();
    check(&[offer(3, 3, 1_060)], Breach::NotInLine);
    check(&[ask(3, CAROL), offer(3, 3, 1_060)], Breach::NotInLine);
    let (seat, user, holder) = (SeatNo(1), CAROL, ALICE);
    check(&then(&[offer(3, 1, 1_060)]), Breach::SeatHeld { seat, user, holder });
    check(&then(&[licences(2, 9), offer(3, 3, 1_060), offer(3, 4, 1_060)]), Breach::Offer);
    check(&then(&[Event::UserSuspended { user }, offer(3, 3, 1_060)]), Breach::UserMayNot(CAROL));
    check(&then(&[Event::AccountSuspended, offer(3, 3, 1_060)]), Breach::Standing("suspended"));
    let (session, seat) = (SessionId(3), SeatNo(3));
    check(&then(&[take(3, 3, 3, true)]), Breach::NotOffered { session, seat });
    let another = [licences(2, 9), offer(3, 4, 1_060), take(3, 3, 3, false)];
    check(&then(&another), Breach::NotOffered { session, seat });
    let taken = [offer(3, 3, 1_060), take(3, 3, 3, true)];
    check(&then(&[&taken[..], &[take(3, 4, 3, true)]].concat()), Breach::NoRequest);
    // One's own seat needs no offer.
    lawfully(&[ask(3, ALICE), queue(2, 1), take(3, 3, 1, false)]);
}

#[test]
fn an_offer_lapses_at_its_end_and_a_withdrawn_one_is_none() {
    let request = RequestId([3; 16]);
    let (lapsed, withdrawn) = (Event::OfferLapsed { request }, Event::OfferWithdrawn { request });
    let queued = [ask(3, CAROL), queue(2, 1)];
    let then = |events: &[Event]| [&queued[..], events].concat();
    check(&then(std::slice::from_ref(&lapsed)), Breach::Offer);
    check(&then(std::slice::from_ref(&withdrawn)), Breach::Offer);
    check(std::slice::from_ref(&withdrawn), Breach::NotInLine);
    let until = Timestamp::from_secs(1_001);
    check(&then(&[offer(3, 3, 1_001), lapsed.clone()]), Breach::LapsedEarly { until });
    let over = [offer(3, 3, 1_000), lapsed];
    lawfully(&then(&[&over[..], &[ask(4, UserId(4)), overdraft(3, 3)]].concat()));
    check(&then(&[&over[..], &[take(3, 3, 3, true)]].concat()), Breach::NoRequest);
    let back = [offer(3, 3, 1_060), withdrawn];
    lawfully(&then(&[&back[..], &[offer(3, 3, 1_060), take(3, 3, 3, true)]].concat()));
    let (session, seat) = (SessionId(3), SeatNo(3));
    check(
        &then(&[&back[..], &[take(3, 3, 3, true)]].concat()),
        Breach::NotOffered { session, seat },
    );
}
