//! What can be done now so that a user gets in, the best first.
//!
//! Follows the rules' own order: may account and user log in at all, is there a seat, whose could be had.

use crate::civil::Zone;
use crate::names::Names;
use crate::refused::reserved;
use crate::shown::{counted, length};
use seats::account::Session;
use seats::room::{Room, Seeker, reclaimable, room};
use seats::words::duration;
use seats::{
    Account, Micros, Reclaim, SameUser, SeatNo, SiteId, Standing, Timestamp, UserId, UserPolicy,
    UserStanding,
};

/// What can be done so that `user`, logging in from `site`, gets a seat of `account` as it is at `at`.
pub(crate) fn advice(
    account: &Account,
    user: UserId,
    site: Option<SiteId>,
    names: &Names<'_>,
    zone: Zone,
    at: Timestamp,
) -> Vec<String> {
    let adviser = Adviser { account, seeker: Seeker { user, site, at }, names, zone, at };
    if let Some(own) = account.sessions_of(user).next() {
        return vec![adviser.logged_in(user, own)];
    }
    match adviser.barred(user) {
        Some(advice) => vec![advice],
        None => adviser.in_line(user).into_iter().chain(adviser.seats()).collect(),
    }
}

struct Adviser<'a> {
    account: &'a Account,
    seeker: Seeker,
    names: &'a Names<'a>,
    zone: Zone,
    at: Timestamp,
}

impl Adviser<'_> {
    fn logged_in(&self, user: UserId, own: &Session) -> String {
        let (name, since) = (self.names.shown(user), self.time(own.since));
        let here = format!("{name} is logged in now, on {} since {since}", own.seat);
        match self.account.policy().same_user {
            SameUser::TakeOver => {
                format!("Nothing: {here}; logging in elsewhere moves that session there.")
            }
            SameUser::Share => format!("Nothing: {here}; another login shares the seat."),
            SameUser::Separate => {
                format!("Nothing: {here}; another login needs a seat of its own.")
            }
            SameUser::Deny => {
                format!("{here}; to log in elsewhere, log out there, or release {}.", own.seat)
            }
        }
    }

    /// What somebody in line has to do.
    fn in_line(&self, user: UserId) -> Option<String> {
        let asked = self.account.line().find(|asked| asked.user == user)?;
        let (waits, name) = (asked.waits?, self.names.shown(user));
        Some(match waits.offer {
            Some(offer) => {
                let until = self.time(offer.until);
                format!("{} is offered to {name} until {until}: take it there.", offer.seat)
            }
            None => {
                let (place, since) =
                    (self.account.place(asked.request).unwrap_or(0), self.time(waits.since));
                format!("{name} is in line since {since}, place {place}, and need only wait there.")
            }
        })
    }

    /// What must be done before any seat helps.
    fn barred(&self, user: UserId) -> Option<String> {
        let (account, name) = (self.account, self.names.shown(user));
        match account.standing() {
            Standing::Open => {}
            Standing::Suspended => {
                return Some(
                    "Reinstate the account: while it is suspended nobody new gets in.".to_owned(),
                );
            }
            Standing::Closed | Standing::Unopened => {
                return Some("The account is closed; another account has to be opened.".to_owned());
            }
        }
        match account.user(user).map(|user| user.standing) {
            Some(UserStanding::Suspended) => Some(format!("Reinstate {name}, who is suspended.")),
            Some(UserStanding::Forgotten) => {
                Some(format!("Add the person as a new user: {name} was erased and stays so."))
            }
            None | Some(UserStanding::Stranger)
                if account.policy().users == UserPolicy::Registered =>
            {
                Some(format!("Add {name} as a user: the account admits registered users only."))
            }
            _ => None,
        }
    }

    fn seats(&self) -> Vec<String> {
        let (account, at) = (self.account, self.at);
        let policy = account.policy();
        let (licences, limit) = (account.licences().at(at), account.limit(at));
        let here = room(account, &self.seeker, limit, &[]);
        if here == Room::Free {
            return vec!["Log in again: a seat is free now.".to_owned()];
        }
        let mut advice = Vec::new();
        if policy.reclaim != Reclaim::Never
            && let Some(seats) = reclaimable(account, &self.seeker, limit)
        {
            let whose = seats.first().map_or_else(String::new, |seat| self.silent_on(*seat));
            advice.push(format!(
                "Log in again: a seat is taken for it from a silent holder: {whose}."
            ));
            return advice;
        }
        let over = account.taken(at).saturating_sub(limit);
        if over > 0 {
            let (seats, taken) =
                (counted(u64::from(over).saturating_add(1), "seat"), account.taken(at));
            advice.push(format!(
                "{seats} must be given up first: {taken} are taken and {limit} may be."
            ));
        }
        if here == Room::Reserved {
            let sites = reserved(account, self.seeker.site, self.names, self.seeker.at);
            advice.push(format!("Log in from a site that seats are reserved for: {sites}."));
            advice.push("Reserve fewer seats.".to_owned());
        }
        advice.extend(self.silent());
        advice.extend(self.by_itself());
        advice.extend(self.live());
        let (more, licence) = match over {
            0 => ("another".to_owned(), "licence"),
            over => (over.saturating_add(1).to_string() + " more", "licences"),
        };
        advice.push(format!("Buy {more} {licence}; {} in force.", are(licences)));
        advice
    }

    /// Whether the user gets in if a seat is given up, or is one step nearer to it.
    fn helps(&self, seat: SeatNo) -> bool {
        let limit = self.account.limit(self.at);
        let alone = room(self.account, &self.seeker, limit, &[seat]);
        alone == Room::Free || self.account.taken(self.at) > limit
    }

    /// Silent holders, whom the policy protects.
    fn silent(&self) -> Vec<String> {
        let seats = self.account.dormant_seats();
        let seats = seats.iter().map(|(_, seat)| *seat).filter(|seat| self.helps(*seat));
        let mut advice: Vec<String> =
            seats.map(|seat| format!("Release {seat}: {}.", self.silent_on(seat))).collect();
        if !advice.is_empty() && self.account.policy().reclaim == Reclaim::Never {
            advice.push(
                "Let silent holders' seats be taken when somebody needs them (reclaim on-demand)."
                    .to_owned(),
            );
        }
        advice
    }

    /// What only has to be waited for.
    fn by_itself(&self) -> Vec<String> {
        let (account, at) = (self.account, self.at);
        let mut advice = Vec::new();
        let kept = account.lingering(at).min_by_key(|linger| linger.until);
        advice.extend(kept.map(|kept| {
            let (until, user) = (self.time(kept.until), self.names.shown(kept.user));
            format!("Wait until {until}: then {}, kept for {user}, is free.", kept.seat)
        }));
        let helpful = account.sessions().filter(|session| self.helps(session.seat));
        if let (Some(longest), Some(first)) =
            (account.policy().max_session_s, helpful.min_by_key(|session| session.since))
        {
            let over = self.time(first.since + Micros::from_secs(longest));
            let user = self.names.shown(first.user);
            advice.push(format!(
                "Wait until {over}: then {user}'s session on {} ends by itself.",
                first.seat
            ));
        }
        let licences = account.licences();
        let announced =
            licences.changes().iter().find(|(from, to)| *from > at && *to > licences.at(at));
        advice.extend(announced.map(|(from, to)| {
            let licences = counted(u64::from(*to), "licence");
            format!("Wait until {}: from then there are {licences}.", self.time(*from))
        }));
        advice
    }

    /// Those who are there.
    fn live(&self) -> Vec<String> {
        let policy = self.account.policy();
        let live = self.account.sessions().filter(|session| session.dormant.is_none());
        let live = live.filter(|session| self.helps(session.seat));
        let live: Vec<String> =
            live.map(|held| format!("{} ({})", self.names.shown(held.user), held.seat)).collect();
        if live.is_empty() {
            return Vec::new();
        }
        let live = live.join(", ");
        let mut advice = vec![format!("Ask one of those logged in to log out: {live}.")];
        match (policy.lease_s, policy.reclaim) {
            (None, _) => advice.push("Release the seat of one who is not there any more.".to_owned()),
            (Some(lease), Reclaim::OnDemand | Reclaim::AtOnce) => advice.push(format!(
                "If one of them has closed the browser, try again {} after their last sign of life.",
                duration(lease.into())
            )),
            (Some(_), Reclaim::Never) => {}
        }
        advice
    }

    /// `Bob has been silent since 17:58, for 15 h`.
    fn silent_on(&self, seat: SeatNo) -> String {
        let silent = self.account.sessions_on(seat).filter_map(|session| {
            let (seen, name) = (session.dormant?.last_seen, self.names.shown(session.user));
            let silent = length(self.at.since(seen));
            Some(format!("{name} has been silent since {}, for {silent}", self.time(seen)))
        });
        silent.collect::<Vec<_>>().join("; ")
    }

    fn time(&self, at: Timestamp) -> String {
        self.zone.say(at, self.zone.date_of(self.at))
    }
}

/// `1 is`, `3 are`.
fn are(licences: u32) -> String {
    if licences == 1 { "1 is".to_owned() } else { format!("{licences} are") }
}
