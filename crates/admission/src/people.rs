//! Names become numbers, and newcomers go into the directory.
//!
//! Numbers are dense within an account, so a newcomer gets the account's next one. An entry that was left by
//! a commit that never came (a crash in between, a rejection) is replaced by the next newcomer's. Entries
//! are synced before the commits that refer to them are appended (see `outbox`).

mod noting;

use crate::civil;
use crate::error::Error;
use crate::request::{By, LoginRequest, NewAccount, Release, Request};
use crate::waiting;
use ledger::book::{Entry, Kind, Subject};
use ledger::{BookError, Ledger};
use seats::{
    Account, AccountId, Command, Commitment, DeviceId, Effective, LogIn, Rejection, SiteId,
    Standing, Timestamp, UserId, UserStanding,
};
use std::borrow::Cow;
use std::mem;

/// A number that stands for a name nobody has, in a login that was made before under other names.
const NOBODY: u32 = 0;

pub(crate) struct People {
    ledger: Ledger,
    /// The number the next new account gets.
    next_account: u64,
    /// Entries were made for the group being filled.
    unsynced: bool,
}

/// A request in the words of the rules.
pub(crate) struct Prepared<'a> {
    pub(crate) command: Cow<'a, Command>,
    /// Whom it is about.
    pub(crate) user: Option<UserId>,
    pub(crate) site: Option<SiteId>,
    /// Why it is asked.
    pub(crate) reason: Option<Commitment>,
    /// Entries that were made for it; erased again if it is rejected.
    entered: Vec<Subject>,
}

impl People {
    pub(crate) fn new(ledger: &Ledger) -> Result<People, BookError> {
        let entered = ledger.book().highest(AccountId::SYSTEM, Kind::Account)?;
        let recorded = ledger.accounts().last().map_or(0, |account| account.0);
        let next_account = entered.max(recorded).saturating_add(1);
        Ok(People { ledger: ledger.clone(), next_account, unsynced: false })
    }

    /// The number of an account to be opened, and whether it is new.
    pub(crate) fn account(&mut self, new: &NewAccount) -> Result<(AccountId, bool), Error> {
        if let Some(account) = self.ledger.book().account_named(&new.name)? {
            return Ok((account, false));
        }
        // An embedding program may have entered an account by itself, to open it with a command of the rules.
        let mut account = AccountId(self.next_account);
        while self.is_given(account)? {
            account = AccountId(account.0.saturating_add(1));
        }
        self.enter(Subject::account(account), &new.name)?;
        self.next_account = account.0.saturating_add(1);
        Ok((account, true))
    }

    /// Whether the number of an account stands for one already, in the log or in the directory.
    fn is_given(&self, account: AccountId) -> Result<bool, Error> {
        let entry = self.ledger.book().entry(Subject::account(account))?;
        Ok(entry != Entry::Unknown || self.ledger.account_head(account)?.is_some())
    }

    /// Refuses to open an account by a command of the rules under a number that the directory has not given
    /// to it: the next account would get the same one.
    fn entered_before(&self, account: &Account, command: &Command) -> Result<(), Error> {
        let Command::Open { profile, .. } = command else { return Ok(()) };
        if account.standing() != Standing::Unopened {
            return Ok(());
        }
        match self.ledger.book().entry(Subject::account(account.id()))? {
            Entry::Known(entry) if entry.commitment == *profile => Ok(()),
            _ => Err(Error::Rejected(Rejection::NumberTaken("the account's number"))),
        }
    }

    /// Puts a request into the words of the rules. `repeated`: its id was answered before, so nobody new is
    /// entered for it.
    pub(crate) fn prepare<'a>(
        &mut self,
        account: &Account,
        request: &'a Request,
        repeated: bool,
        now: Timestamp,
    ) -> Result<Prepared<'a>, Error> {
        if !repeated {
            usable(account, request)?;
        }
        let (mut entered, (request, why)) = (Vec::new(), request.parts());
        let why = why.filter(|_| !repeated);
        let prepared = self.in_words(account, request, repeated, now, &mut entered);
        let prepared = prepared.and_then(|prepared| {
            self.nameless(account, request, why)?;
            let Some(why) = why else { return Ok(prepared) };
            let (subject, note) = self.note(account.id(), why)?;
            entered.push(subject);
            Ok(Prepared { reason: Some(note), ..prepared })
        });
        match prepared {
            Ok(prepared) => Ok(Prepared { entered, ..prepared }),
            Err(error) => {
                self.erase(&entered);
                Err(error)
            }
        }
    }

    /// The request as a command. Whom it enters in the directory is noted in `entered`, also if it fails.
    fn in_words<'a>(
        &mut self,
        account: &Account,
        request: &'a Request,
        repeated: bool,
        now: Timestamp,
        entered: &mut Vec<Subject>,
    ) -> Result<Prepared<'a>, Error> {
        let (mut whom, mut from) = (None, None);
        let command = match request {
            Request::Open(new) => self.open(account, new, now, entered)?,
            Request::LogIn(login) | Request::AskHandOver { login, .. } => {
                let login = self.log_in(account, login, repeated, entered)?;
                (whom, from) = (Some(login.user), login.site);
                request.of_login(login)
            }
            Request::Release(release) => self.release(account, release, entered)?,
            Request::AddUser { name, .. } => {
                let (user, profile) = match self.user(account, name)? {
                    Some(user) => (user, self.commitment(Subject::user(account.id(), user))?),
                    None => self.new_user(account, name, entered)?,
                };
                whom = Some(user);
                Command::AddUser { user, profile }
            }
            Request::AddSite { name, .. } => {
                if self.site(account, name)?.is_some() {
                    return Err(Error::NameTaken { kind: "site", name: name.clone() });
                }
                let site = account.next_site();
                let subject = Subject::site(account.id(), site);
                entered.push(subject);
                let profile = self.enter(subject, name)?;
                from = Some(site);
                Command::AddSite { site, profile }
            }
            Request::AssignPlan { plan, effective, .. } => {
                let plan = self.keep_plan(plan)?;
                Command::AssignPlan {
                    plan,
                    effective: effective.unwrap_or(civil::from_now(account, now)),
                }
            }
            Request::SetLicences { to, effective, .. } => Command::SetLicences {
                to: *to,
                effective: effective.unwrap_or(civil::from_now(account, now)),
            },
            Request::ForgetUser { user, .. } => {
                whom = Some(*user);
                Command::ForgetUser { user: *user, stranger: self.stranger(account, *user)? }
            }
            Request::ForgetDevices { devices, .. } => {
                Command::ForgetDevices { devices: devices.clone() }
            }
            Request::Because { request, .. } => {
                return self.in_words(account, request, repeated, now, entered);
            }
            Request::Command { command, .. } => {
                self.entered_before(account, command)?;
                let (user, site) = waiting::about(account, command);
                let (command, entered) = (Cow::Borrowed(command), Vec::new());
                return Ok(Prepared { command, user, site, reason: None, entered });
            }
        };
        let (command, entered) = (Cow::Owned(command), Vec::new());
        Ok(Prepared { command, user: whom, site: from, reason: None, entered })
    }

    /// Erases what was entered for a request that was rejected.
    pub(crate) fn take_back(&mut self, prepared: &Prepared<'_>) {
        self.erase(&prepared.entered);
    }

    fn erase(&self, entered: &[Subject]) {
        for subject in entered {
            // If it stays, the next newcomer replaces it.
            let _ = self.ledger.book().forget(*subject);
        }
    }

    /// Whether entries were made since this was last asked. They must be on disk before the commits that
    /// refer to them are appended.
    pub(crate) fn take_unsynced(&mut self) -> bool {
        mem::take(&mut self.unsynced)
    }

    fn open(
        &mut self,
        account: &Account,
        new: &NewAccount,
        now: Timestamp,
        entered: &mut Vec<Subject>,
    ) -> Result<Command, Error> {
        let subject = Subject::account(account.id());
        if account.standing() == Standing::Unopened {
            entered.push(subject); // If it is not opened, nobody shall find it by its name.
        }
        let profile = match self.ledger.book().entry(subject)? {
            Entry::Known(profile) => profile.commitment,
            // Somebody asked for the same name, found the number, and was rejected.
            Entry::Forgotten | Entry::Unknown => self.enter(subject, &new.name)?,
        };
        let plan = new.plan.as_ref().map(|plan| self.keep_plan(plan)).transpose()?;
        let today = Effective { instant: now, date: civil::day(&new.zone, now) };
        Ok(Command::Open {
            zone: new.zone.clone(),
            profile,
            licences: new.licences,
            settings: new.settings.clone(),
            plan,
            effective: new.effective.unwrap_or(today),
        })
    }

    fn log_in(
        &mut self,
        account: &Account,
        login: &LoginRequest,
        repeated: bool,
        entered: &mut Vec<Subject>,
    ) -> Result<LogIn, Error> {
        // The site first: without it nobody is entered.
        let site = match &login.site {
            None => None,
            Some(By::Id(site)) => Some(*site),
            Some(By::Name(name)) => {
                let unknown = || Error::UnknownSite { name: name.clone() };
                Some(self.site(account, name)?.ok_or_else(unknown)?)
            }
        };
        let (user, newcomer) = match &login.user {
            By::Id(user) => (*user, None),
            By::Name(name) => match self.user(account, name)? {
                Some(user) => (user, self.stranger(account, user)?),
                None if repeated => (UserId(NOBODY), None),
                None => {
                    let (user, profile) = self.new_user(account, name, entered)?;
                    (user, Some(profile))
                }
            },
        };
        let (device, new_device) = match &login.device {
            None => (None, None),
            Some(name) => match self.device(account, name)? {
                Some(device) => (Some(device), None),
                None if repeated => (Some(DeviceId(NOBODY)), None),
                None => {
                    let device = account.next_device();
                    let subject = Subject::device(account.id(), device);
                    entered.push(subject);
                    let profile = self.enter(subject, name)?;
                    (Some(device), Some(profile))
                }
            },
        };
        Ok(LogIn { request: login.request, user, newcomer, site, device, new_device })
    }

    fn release(
        &mut self,
        account: &Account,
        release: &Release,
        entered: &mut Vec<Subject>,
    ) -> Result<Command, Error> {
        let held = account.session(release.session).is_some();
        let note = match release.note.as_ref().filter(|_| held) {
            None => None,
            Some(note) => {
                let (subject, note) = self.note(account.id(), note)?;
                entered.push(subject);
                Some(note)
            }
        };
        let Release { session, reason, forced, .. } = *release;
        Ok(Command::Release { session, reason, note, forced })
    }

    /// The number of a user the account has met, stranger or not.
    fn user(&self, account: &Account, name: &str) -> Result<Option<UserId>, Error> {
        let number = self.number_of(account, Kind::User, name)?.map(UserId);
        Ok(number.filter(|user| account.user(*user).is_some()))
    }

    fn site(&self, account: &Account, name: &str) -> Result<Option<SiteId>, Error> {
        let number = self.number_of(account, Kind::Site, name)?;
        let site = number.and_then(|number| u16::try_from(number).ok()).map(SiteId);
        Ok(site.filter(|site| account.has_site(*site)))
    }

    fn device(&self, account: &Account, name: &str) -> Result<Option<DeviceId>, Error> {
        let number = self.number_of(account, Kind::Device, name)?.map(DeviceId);
        Ok(number.filter(|device| account.has_device(*device)))
    }

    fn number_of(&self, account: &Account, kind: Kind, name: &str) -> Result<Option<u32>, Error> {
        let number = self.ledger.book().number_of(account.id(), kind, name)?;
        Ok(number.and_then(|number| u32::try_from(number).ok()))
    }

    fn new_user(
        &mut self,
        account: &Account,
        name: &str,
        entered: &mut Vec<Subject>,
    ) -> Result<(UserId, Commitment), Error> {
        let user = account.next_user();
        let subject = Subject::user(account.id(), user);
        entered.push(subject);
        Ok((user, self.enter(subject, name)?))
    }

    /// The entry of a user who has asked before and was never added.
    fn stranger(&self, account: &Account, user: UserId) -> Result<Option<Commitment>, Error> {
        let standing = account.user(user).map(|user| user.standing);
        let stranger = standing == Some(UserStanding::Stranger);
        stranger.then(|| self.commitment(Subject::user(account.id(), user))).transpose()
    }

    fn commitment(&self, subject: Subject) -> Result<Commitment, Error> {
        match self.ledger.book().entry(subject)? {
            Entry::Known(profile) => Ok(profile.commitment),
            Entry::Forgotten | Entry::Unknown => {
                let reason = format!("the directory has no entry for {subject:?}");
                Err(Error::Unreadable { reason })
            }
        }
    }

    fn keep_plan(&mut self, plan: &str) -> Result<seats::Digest, Error> {
        self.unsynced = true;
        Ok(self.ledger.book().keep_plan(plan.as_bytes())?)
    }

    fn enter(&mut self, subject: Subject, text: &str) -> Result<Commitment, Error> {
        self.unsynced = true;
        // Blanks around a name are the keyboard's, not the person's.
        Ok(self.ledger.book().enrol(subject, text.trim())?)
    }
}

/// Rejects what the rules would reject whoever asks, before anybody is entered in the directory for it, and
/// numbers that nobody was given, which would leave a gap.
fn usable(account: &Account, request: &Request) -> Result<(), Error> {
    let (request, _) = request.parts();
    if matches!(request, Request::Open(_) | Request::Command { command: Command::Open { .. }, .. })
    {
        return Ok(());
    }
    match account.standing() {
        Standing::Unopened => return Err(Error::UnknownAccount),
        _ if account.is_importing() => return Err(Error::Rejected(Rejection::Importing)),
        Standing::Closed
            if matches!(request, Request::AddUser { .. } | Request::AddSite { .. }) =>
        {
            return Err(Error::Rejected(Rejection::AccountClosed));
        }
        _ => {}
    }
    let met = |user: UserId| account.user(user).is_some();
    let next = |user: UserId| user == account.next_user();
    let user = match request {
        Request::LogIn(LoginRequest { user: By::Id(user), .. })
        | Request::AskHandOver { login: LoginRequest { user: By::Id(user), .. }, .. }
            if !met(*user) =>
        {
            *user
        }
        Request::Command { command: Command::LogIn(LogIn { user, .. }), .. }
        | Request::Command {
            command: Command::AskHandOver { login: LogIn { user, .. }, .. },
            ..
        }
        | Request::Command { command: Command::AddUser { user, .. }, .. }
            if !met(*user) && !next(*user) =>
        {
            *user
        }
        _ => return Ok(()),
    };
    Err(Error::Rejected(Rejection::UnknownUser(user)))
}
