//! What is counted for those who watch, in the text format of Prometheus.
//!
//! Counters are of what was recorded since the server started, read from the log itself: a grant that is
//! counted is on disk. Nothing here names a person or an account.

use crate::occupied::Totals;
use admission::{Counts, SYNC_CLASSES_US};
use seats::{DenialReason, Event, HandOverEnd, Micros};
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Upper ends of the classes of answer times, in microseconds.
const CLASSES_US: [u64; 12] =
    [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];
const REASONS: [(DenialReason, &str); 7] = [
    (DenialReason::AllSeatsHeld, "all_seats_held"),
    (DenialReason::SeatsReserved, "seats_reserved"),
    (DenialReason::AlreadyLoggedIn, "already_logged_in"),
    (DenialReason::NotRegistered, "not_registered"),
    (DenialReason::UserSuspended, "user_suspended"),
    (DenialReason::AccountSuspended, "account_suspended"),
    (DenialReason::AccountClosed, "account_closed"),
];

/// The log, as far as it is counted here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Log {
    /// Commits in it.
    pub(crate) commits: u64,
    /// How long ago the first commit was recorded that the views have not saved; 0 if they have all.
    pub(crate) oldest_unsaved: Micros,
}

#[derive(Default)]
pub(crate) struct Metrics {
    logins: AtomicU64,
    grants: AtomicU64,
    denials: [AtomicU64; REASONS.len()],
    queued: AtomicU64,
    hand_overs_asked: AtomicU64,
    handed_over: AtomicU64,
    logged_out: AtomicU64,
    expired: AtomicU64,
    /// Commits that the views have saved; the whole log where none are saved.
    projected: AtomicU64,
    /// Of answered requests: by class of time, the number and the sum.
    classes: [AtomicU64; CLASSES_US.len()],
    answered: AtomicU64,
    answer_us: AtomicU64,
    /// Of answered requests, by hundred of status.
    statuses: [AtomicU64; 5],
    streams: AtomicI64,
}

impl Metrics {
    /// Counts what a commit says.
    pub(crate) fn count(&self, events: &[Event]) {
        let one = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        for event in events {
            match event {
                Event::LoginRequested { .. } => drop(one(&self.logins)),
                Event::SeatGranted { .. } => drop(one(&self.grants)),
                Event::SeatDenied { reason, .. } => {
                    let known = REASONS.iter().position(|(known, _)| known == reason);
                    if let Some(counter) = known.and_then(|known| self.denials.get(known)) {
                        one(counter);
                    }
                }
                Event::Queued { .. } => drop(one(&self.queued)),
                Event::HandOverAsked { .. } => drop(one(&self.hand_overs_asked)),
                Event::HandOverEnded {
                    how: HandOverEnd::Consented | HandOverEnd::Silent, ..
                } => drop(one(&self.handed_over)),
                Event::LoggedOut { .. } => drop(one(&self.logged_out)),
                Event::Expired { .. } => drop(one(&self.expired)),
                _ => {}
            }
        }
    }

    /// The views have saved so many commits of the log.
    pub(crate) fn set_projected(&self, commits: u64) {
        self.projected.store(commits, Ordering::Relaxed);
    }

    /// How many commits the views have saved.
    pub(crate) fn projected(&self) -> u64 {
        self.projected.load(Ordering::Relaxed)
    }

    /// Streams of events that are open, more or less.
    pub(crate) fn add_streams(&self, streams: i64) {
        self.streams.fetch_add(streams, Ordering::Relaxed);
    }

    /// A request was answered after so many microseconds.
    pub(crate) fn answered(&self, status: u16, us: u64) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.answer_us.fetch_add(us, Ordering::Relaxed);
        let class = CLASSES_US.iter().position(|end| us <= *end);
        if let Some(counter) = class.and_then(|class| self.classes.get(class)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let hundred = usize::from(status / 100).saturating_sub(1);
        if let Some(counter) = self.statuses.get(hundred) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All of it as text.
    pub(crate) fn text(&self, counts: &Counts, totals: &Totals, log: Log) -> String {
        let mut text = String::new();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, String)]| {
            // Writing to a string cannot fail.
            let _ =
                writeln!(text, "# HELP seatledger_{name} {help}\n# TYPE seatledger_{name} {kind}");
            for (labels, value) in samples {
                let _ = writeln!(text, "seatledger_{name}{labels} {value}");
            }
        };
        let plain = |value: String| [(String::new(), value)];
        let counter = |counter: &AtomicU64| plain(read(counter).to_string());
        family("logins_total", "counter", "Logins asked for.", &counter(&self.logins));
        family("grants_total", "counter", "Logins granted.", &counter(&self.grants));
        let denials: Vec<(String, String)> = REASONS
            .iter()
            .zip(&self.denials)
            .map(|((_, word), denied)| (format!("{{reason=\"{word}\"}}"), read(denied).to_string()))
            .collect();
        family("denials_total", "counter", "Logins refused, by reason.", &denials);
        let queued = counter(&self.queued);
        family("queued_total", "counter", "Logins that were put in line.", &queued);
        let asked = counter(&self.hand_overs_asked);
        family("hand_overs_asked_total", "counter", "Holders asked for their seat.", &asked);
        let handed = counter(&self.handed_over);
        family(
            "handed_over_total",
            "counter",
            "Seats handed over, by consent or silence.",
            &handed,
        );
        family("log_outs_total", "counter", "Sessions ended by hand.", &counter(&self.logged_out));
        family("expiries_total", "counter", "Sessions ended by rule.", &counter(&self.expired));
        for (name, help, figure) in [
            ("accounts", "Accounts that are not closed.", totals.accounts),
            ("full_accounts", "Accounts with no licence left for a further session.", totals.full),
            ("licences", "Licences in force, of all accounts.", totals.licences),
            ("sessions", "Sessions that hold a seat.", totals.sessions),
            ("queued_logins", "Logins that wait in line for a seat.", totals.in_line),
        ] {
            family(name, "gauge", help, &plain(figure.to_string()));
        }
        let waiting = plain(counts.waiting.to_string());
        family("waiting_requests", "gauge", "Requests accepted and not yet answered.", &waiting);
        family("commits_total", "counter", "Commits appended.", &plain(counts.commits.to_string()));
        family(
            "syncs_total",
            "counter",
            "Syncs of the log to disk.",
            &plain(counts.syncs.to_string()),
        );
        let times = counts.sync_times;
        let syncs = histogram(&SYNC_CLASSES_US, &times.classes, (counts.syncs, times.sum_us));
        let help = "Time of a sync of the log to disk, in seconds.";
        family("sync_duration_seconds", "histogram", help, &syncs);
        family("log_commits", "gauge", "Commits in the log.", &plain(log.commits.to_string()));
        let lag = plain(log.commits.saturating_sub(self.projected()).to_string());
        let help = "Commits that the saved views are behind.";
        family("views_lag_commits", "gauge", help, &lag);
        let help = "Age of the oldest commit that is not in the saved views, in seconds.";
        family("views_lag_seconds", "gauge", help, &plain(seconds(log.oldest_unsaved.0)));
        let streams = self.streams.load(Ordering::Relaxed).max(0);
        family(
            "event_streams",
            "gauge",
            "Streams of events that are open.",
            &plain(streams.to_string()),
        );
        let statuses: Vec<(String, String)> = (1..=5)
            .zip(&self.statuses)
            .map(|(hundred, count)| (format!("{{class=\"{hundred}xx\"}}"), read(count).to_string()))
            .collect();
        family(
            "http_responses_total",
            "counter",
            "Requests answered, by class of status.",
            &statuses,
        );
        let classes = self.classes.each_ref().map(read);
        // Counted one after the other: a request may be in its class and not yet in the sum.
        let all = read(&self.answered).max(classes.iter().sum());
        let classes = histogram(&CLASSES_US, &classes, (all, read(&self.answer_us)));
        let help = "Time to answer a request, in seconds, syncs included.";
        family("http_request_duration_seconds", "histogram", help, &classes);
        text
    }
}

/// The samples of a histogram: of each class how many took no longer than its end.
fn histogram(ends_us: &[u64], classes: &[u64], (all, sum_us): (u64, u64)) -> Vec<(String, String)> {
    let mut below = 0_u64;
    let mut samples = Vec::with_capacity(ends_us.len() + 3);
    for (end, count) in ends_us.iter().zip(classes) {
        below = below.saturating_add(*count);
        samples.push((format!("_bucket{{le=\"{}\"}}", seconds(*end)), below.to_string()));
    }
    samples.push(("_bucket{le=\"+Inf\"}".to_owned(), all.to_string()));
    samples.push(("_sum".to_owned(), seconds(sum_us)));
    samples.push(("_count".to_owned(), all.to_string()));
    samples
}

/// Microseconds as decimal seconds.
fn seconds(us: u64) -> String {
    let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use admission::SyncTimes;
    use seats::HandOverId;

    #[test]
    fn the_text_counts_what_was_recorded() {
        let metrics = Metrics::default();
        let reason = DenialReason::AllSeatsHeld;
        metrics.count(&[Event::SeatDenied { request: None, reason, held: 2, dormant: 0 }]);
        let asked =
            |id| Event::HandOverEnded { handover: HandOverId(id), how: HandOverEnd::Silent };
        let declined = Event::HandOverEnded { handover: HandOverId(3), how: HandOverEnd::Declined };
        metrics.count(&[asked(1), asked(2), declined]);
        metrics.answered(201, 700);
        metrics.answered(409, 60_000_000);
        metrics.set_projected(5);
        let mut sync_times = SyncTimes { sum_us: 3_100_000, ..SyncTimes::default() };
        (sync_times.classes[1], sync_times.classes[3]) = (2, 1);
        let counts = Counts { waiting: 1, commits: 2, groups: 3, syncs: 4, sync_times };
        let totals = Totals { accounts: 7, full: 1, licences: 20, sessions: 12, in_line: 3 };
        let log = Log { commits: 9, oldest_unsaved: Micros(1_500_000) };
        let text = metrics.text(&counts, &totals, log);
        for line in [
            "seatledger_denials_total{reason=\"all_seats_held\"} 1",
            "seatledger_handed_over_total 2",
            "seatledger_hand_overs_asked_total 0",
            "seatledger_http_request_duration_seconds_bucket{le=\"0.0005\"} 0",
            "seatledger_http_request_duration_seconds_bucket{le=\"0.001\"} 1",
            "seatledger_http_request_duration_seconds_bucket{le=\"+Inf\"} 2",
            "seatledger_http_request_duration_seconds_sum 60.0007",
            "seatledger_http_responses_total{class=\"4xx\"} 1",
            "seatledger_syncs_total 4",
            "seatledger_sync_duration_seconds_bucket{le=\"0.0001\"} 0",
            "seatledger_sync_duration_seconds_bucket{le=\"0.001\"} 3",
            "seatledger_sync_duration_seconds_bucket{le=\"+Inf\"} 4",
            "seatledger_sync_duration_seconds_sum 3.1",
            "seatledger_sync_duration_seconds_count 4",
            "seatledger_accounts 7",
            "seatledger_full_accounts 1",
            "seatledger_licences 20",
            "seatledger_sessions 12",
            "seatledger_queued_logins 3",
            "seatledger_views_lag_commits 4",
            "seatledger_views_lag_seconds 1.5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
