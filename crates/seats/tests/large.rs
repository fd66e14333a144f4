//! What ends thousands of sessions at once is recorded in several commits; a crash may keep the first of them.

use seats::cut::{ENDS_MAX, EVENT_BYTES_MAX, event_bytes};
use seats::{
    Account, AccountId, Command, Commitment, Effective, Event, Laws, Live, Liveness, LogIn,
    Outcome, Reclaim, Rejection, RequestId, SameUser, Setting, Standing, Timestamp, UserId,
    UserStanding,
};

const PROFILE: Commitment = Commitment([0; 32]);
const MANY: u32 = 2_500;

type Commit = (Timestamp, Vec<Event>);

/// An account, the laws that watch it, and what it would be if it were folded from its commits.
#[derive(Clone)]
struct Watched {
    live: Live,
    folded: Account,
    laws: Laws,
    asked: u32,
}

fn second(s: u64) -> Timestamp {
    Timestamp::from_secs(s)
}

fn effective(s: u64) -> Effective {
    Effective { instant: second(s), date: None }
}

impl Watched {
    fn open(licences: u32, settings: &[Setting]) -> Watched {
        let account = Account::new(AccountId(1));
        let mut watched = Watched {
            live: Live::new(account.clone(), Liveness::default()),
            folded: account,
            laws: Laws::new(AccountId(1)),
            asked: 0,
        };
        let (zone, settings) = ("Europe/London".into(), settings.to_vec());
        let effective = effective(0);
        let open =
            Command::Open { zone, profile: PROFILE, licences, settings, plan: None, effective };
        watched.take(0, &open);
        watched
    }

    fn login(&mut self, user: u32) -> Command {
        self.asked += 1;
        let request = RequestId(u128::from(self.asked).to_be_bytes());
        let (user, newcomer) = (UserId(user), Some(PROFILE));
        let (site, device, new_device) = (None, None, None);
        Command::LogIn(LogIn { request, user, newcomer, site, device, new_device })
    }

    /// Makes sessions, of one user or of as many.
    fn fill(&mut self, sessions: u32, one_user: bool) {
        for n in 1..=sessions {
            let login = self.login(if one_user { 1 } else { n });
            self.take(1, &login);
        }
        assert_eq!(self.live.account().sessions().len(), sessions as usize);
    }

    /// Takes a command; checks every commit by itself, and gives those that it came to.
    fn take(&mut self, at: u64, command: &Command) -> Vec<Commit> {
        let taken = self.live.take(command, None, second(at));
        assert_eq!(taken.answer.as_ref().err(), None, "{command:?}");
        let mut commits: Vec<Commit> =
            taken.due.into_iter().map(|due| (due.at, due.events)).collect();
        commits.extend(taken.ahead.into_iter().map(|ends| (taken.at, ends)));
        commits.extend((!taken.events.is_empty()).then_some((taken.at, taken.events)));
        commits.iter().for_each(|commit| self.record(commit));
        assert_eq!(&self.folded, self.live.account());
        commits
    }

    fn record(&mut self, (at, events): &Commit) {
        let bytes = event_bytes(events);
        assert!(bytes <= EVENT_BYTES_MAX, "{bytes} bytes in one commit");
        assert_eq!(self.laws.check(*at, events), Ok(()));
        self.folded.apply(*at, events);
    }

    /// What is left of it after a crash that kept the first of these commits.
    fn crashed(&self, commits: &[Commit], kept: usize) -> Watched {
        let mut found = self.clone();
        commits.iter().take(kept).for_each(|commit| found.record(commit));
        found.live = Live::new(found.folded.clone(), Liveness::default());
        found
    }
}

/// Sizes of the commits that `command` comes to in `before`; whatever a crash keeps of them, asking again
/// comes to the same account.
fn check(before: &Watched, command: &Command, at: u64, sizes: &[usize]) -> Account {
    let mut whole = before.clone();
    let commits = whole.take(at, command);
    let actual: Vec<_> = commits.iter().map(|(_, events)| events.len()).collect();
    assert_eq!(actual, sizes);
    for kept in 0..commits.len() {
        let mut found = before.crashed(&commits, kept);
        let (held, limit) = (found.folded.held(), found.folded.limit(second(at)));
        assert!(held <= before.folded.held(), "{held} of {limit}");
        found.take(at + 1, command);
        let (again, once) = (found.live.account(), whole.live.account());
        let held = |account: &Account| -> Vec<_> {
            account.sessions().map(|s| (s.id, s.user, s.seat, s.overdraft)).collect()
        };
        assert_eq!(held(again), held(once), "after {kept} commits");
        assert_eq!(again.standing(), once.standing());
    }
    whole.live.account().clone()
}

#[test]
fn an_account_of_thousands_is_closed() {
    let mut before = Watched::open(MANY, &[Setting::Lease(None)]);
    before.fill(MANY, false);
    let closed = check(&before, &Command::Close, 9, &[1000, 1000, 501]);
    assert_eq!((closed.standing(), closed.held()), (Standing::Closed, 0));
}

#[test]
fn a_user_with_thousands_of_sessions_is_suspended() {
    let mut before =
        Watched::open(MANY, &[Setting::Lease(None), Setting::SameUser(SameUser::Separate)]);
    before.fill(MANY, true);
    let user = UserId(1);
    let account = check(&before, &Command::SuspendUser { user }, 9, &[1000, 1000, 501]);
    assert_eq!(account.user(user).unwrap().standing, UserStanding::Suspended);
    assert_eq!(account.held(), 0);
}

#[test]
fn thousands_fall_silent_and_are_freed_at_the_same_instant() {
    let mut account = Watched::open(MANY, &[]);
    account.fill(MANY, false);
    let at_once = Command::ChangePolicy { settings: vec![Setting::Reclaim(Reclaim::AtOnce)] };
    check(&account, &at_once, 500, &[1000, 1000, 500, 1]);
    account.take(500, &at_once);
    let site = Command::AddSite { site: seats::SiteId(1), profile: PROFILE };
    let mut freed = account.clone();
    let commits = freed.take(501, &site);
    let sizes: Vec<_> =
        commits.iter().map(|(at, events)| (at.0 / 1_000_000, events.len())).collect();
    assert_eq!(sizes, [(500, 1000), (500, 1000), (500, 500), (501, 1)]);
    assert_eq!(freed.live.account().held(), 0);
    // Who finds only some of it recorded finds the rest due at the same instant.
    let mut found = account.crashed(&commits, 1);
    assert_eq!(found.take(700, &site)[..2], commits[1..3]);
}

#[test]
fn one_grant_that_needs_thousands_of_ghosts() {
    let mut before = Watched::open(MANY, &[]);
    before.fill(MANY, false);
    let decrease = Command::SetLicences { to: 200, effective: effective(400) };
    before.take(400, &decrease); // Everybody has fallen silent by now.
    let login = before.login(MANY + 1);
    // 2,301 ghosts give way, for 199 who stay and the one who comes.
    let account = check(&before, &login, 500, &[1000, 1000, 301 + 3]);
    assert_eq!(account.held(), 200);
    // Somebody else may come first after a crash that kept some of it, and is not locked out.
    let mut whole = before.clone();
    let commits = whole.take(500, &login);
    let mut found = before.crashed(&commits, 2);
    let other = found.login(MANY + 2);
    let taken = found.live.take(&other, None, second(501));
    let seats::Answer::Login { outcome, .. } = taken.answer.unwrap() else { panic!() };
    assert!(matches!(outcome, Outcome::Granted { .. }), "{outcome:?}");
}

#[test]
fn a_seat_shared_by_thousands_is_taken_over() {
    let share = [Setting::SameUser(SameUser::Share), Setting::Lease(None), Setting::Overdraft(1)];
    let mut before = Watched::open(1, &share);
    let other = before.login(2);
    before.take(1, &other);
    for _ in 0..MANY {
        let login = before.login(1);
        before.take(1, &login); // On a seat above the licences.
    }
    let policy = vec![Setting::SameUser(SameUser::TakeOver)];
    before.take(2, &Command::ChangePolicy { settings: policy });
    let login = before.login(1);
    let account = check(&before, &login, 9, &[1000, 1000, 500 + 2]);
    let left = account.sessions().last().unwrap();
    assert_eq!((account.held(), left.overdraft), (2, true));
}

#[test]
fn a_mark_of_overdraft_lost_in_a_crash_breaks_no_law() {
    let share = [Setting::SameUser(SameUser::Share), Setting::Lease(None), Setting::Overdraft(1)];
    let mut before = Watched::open(1, &share);
    let other = before.login(2);
    before.take(1, &other);
    let login = before.login(1);
    before.take(1, &login); // Marked, and alone so.
    before.take(2, &Command::SetLicences { to: 2, effective: effective(2) });
    for _ in 0..ENDS_MAX {
        let login = before.login(1);
        before.take(2, &login);
    }
    before.take(3, &Command::SetLicences { to: 1, effective: effective(3) });
    let policy = vec![Setting::SameUser(SameUser::TakeOver)];
    before.take(3, &Command::ChangePolicy { settings: policy });
    let login = before.login(1);
    let mut whole = before.clone();
    let commits = whole.take(9, &login);
    assert_eq!(commits.len(), 2);
    // The session that was marked ended in the commit that was kept.
    let mut found = before.crashed(&commits, 1);
    found.take(10, &login);
    assert_eq!(found.live.account().held(), 2);
}

#[test]
fn a_command_that_no_commit_holds_is_refused_and_changes_nothing() {
    let mut account = Watched::open(1, &[]);
    let before = account.live.account().clone();
    let settings = vec![Setting::Overdraft(7); EVENT_BYTES_MAX];
    let refused = account.live.take(&Command::ChangePolicy { settings }, None, second(1));
    assert!(matches!(refused.answer, Err(Rejection::TooLarge { .. })), "{:?}", refused.answer);
    assert!(refused.events.is_empty() && refused.ahead.is_empty());
    assert_eq!(account.live.account(), &before);
    let login = account.login(1);
    account.take(2, &login);
}
