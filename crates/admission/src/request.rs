//! What can be asked of admission, in the words of the outside: names as well as numbers.
//!
//! Each request becomes one [`Command`] of the rules. Names are looked up in the directory; a newcomer's
//! name is written there, and synced, before the commit that refers to it.

use crate::civil;
use crate::error::Error;
use crate::forgetting::DEVICES_MAX;
use crate::names::{check_name, check_note, check_reason};
use seats::decide::LICENCES_MAX;
use seats::{
    AccountId, Command, DeviceId, Effective, LogIn, Rejection, ReleaseReason, RequestId, SeatNo,
    SessionId, Setting, SiteId, UserId,
};

/// The most settings that one command changes.
pub const SETTINGS_MAX: usize = 500;

/// A user or a site, by number or by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum By<Id> {
    /// By its number in the account.
    Id(Id),
    /// By its name in the directory; 1 to 200 bytes, no control characters.
    Name(String),
}

impl<Id> From<&str> for By<Id> {
    fn from(name: &str) -> By<Id> {
        By::Name(name.to_owned())
    }
}

impl<Id> From<String> for By<Id> {
    fn from(name: String) -> By<Id> {
        By::Name(name)
    }
}

impl From<UserId> for By<UserId> {
    fn from(user: UserId) -> By<UserId> {
        By::Id(user)
    }
}

impl From<SiteId> for By<SiteId> {
    fn from(site: SiteId) -> By<SiteId> {
        By::Id(site)
    }
}

/// A new account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAccount {
    /// Its name, unlike any other account's.
    pub name: String,
    /// IANA time zone its civil days are counted in, such as `Europe/London`.
    pub zone: String,
    /// Licences bought, 1 or more.
    pub licences: u32,
    /// Where the policy differs from the default.
    pub settings: Vec<Setting>,
    /// The text of the price plan, if one is assigned from the start.
    pub plan: Option<String>,
    /// When licences and plan count from; `None`: now, on today's civil day in the zone.
    pub effective: Option<Effective>,
}

impl NewAccount {
    /// An account with the default policy and no plan.
    pub fn new(name: impl Into<String>, zone: impl Into<String>, licences: u32) -> NewAccount {
        NewAccount {
            name: name.into(),
            zone: zone.into(),
            licences,
            settings: Vec::new(),
            plan: None,
            effective: None,
        }
    }
}

/// A user asks for a seat.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoginRequest {
    /// Of which account.
    pub account: AccountId,
    /// Who asks. A name the account has not met is a newcomer.
    pub user: By<UserId>,
    /// From which site; it must have been added.
    pub site: Option<By<SiteId>>,
    /// The name of the device, such as the one the browser was given; one not met before is added.
    pub device: Option<String>,
    /// This attempt's own id, see [`request_id`](crate::request_id). Asking again with it gives the first
    /// answer, for ever; every new attempt needs a new one.
    pub request: RequestId,
}

/// A support agent, or the customer's own manager, ends somebody's session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Release {
    /// Of which account.
    pub account: AccountId,
    /// Which session.
    pub session: SessionId,
    /// Why.
    pub reason: ReleaseReason,
    /// The agent's words, for the directory; up to 2,000 bytes.
    pub note: Option<String>,
    /// Even within the account's release floor.
    pub forced: bool,
}

/// Anything that can be asked. The methods of [`Admission`](crate::Admission) make these; a
/// [`Batch`](crate::Batch) takes them as they are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// Open an account.
    Open(NewAccount),
    /// Ask for a seat.
    LogIn(LoginRequest),
    /// Ask the holder of a seat for it: see [`Admission::ask_hand_over`](crate::Admission::ask_hand_over).
    AskHandOver {
        /// The asker's login: a new one, or one in line.
        login: LoginRequest,
        /// Which seat; `None`: that of the holder who did nothing for longest.
        seat: Option<SeatNo>,
    },
    /// End somebody's session.
    Release(Release),
    /// Register a user.
    AddUser {
        /// Of which account.
        account: AccountId,
        /// The user's name.
        name: String,
    },
    /// Make a site known.
    AddSite {
        /// Of which account.
        account: AccountId,
        /// The site's name.
        name: String,
    },
    /// Assign a price plan.
    AssignPlan {
        /// To which account.
        account: AccountId,
        /// The plan's text.
        plan: String,
        /// From when; `None`: now.
        effective: Option<Effective>,
    },
    /// Buy licences or give some back.
    SetLicences {
        /// Of which account.
        account: AccountId,
        /// How many there are to be.
        to: u32,
        /// From when; `None`: now.
        effective: Option<Effective>,
    },
    /// Erase who a user is, for good. Takes a reason.
    ForgetUser {
        /// Of which account.
        account: AccountId,
        /// Who.
        user: UserId,
    },
    /// Erase what devices are, for good. Takes a reason.
    ForgetDevices {
        /// Of which account.
        account: AccountId,
        /// Which, each once; up to [`DEVICES_MAX`](crate::DEVICES_MAX).
        devices: Vec<DeviceId>,
    },
    /// Any of these, with why; see [`Request::because`].
    Because {
        /// What is asked.
        request: Box<Request>,
        /// Why.
        reason: String,
    },
    /// A command of the rules as it is. Directory entries it refers to must exist and be synced; that of an
    /// account to be opened too.
    Command {
        /// Of which account.
        account: AccountId,
        /// What.
        command: Command,
    },
}

impl Request {
    /// The same, with why it is asked: up to 2,000 bytes, for the directory; bound by the commit. No names
    /// belong in it.
    pub fn because(self, reason: impl Into<String>) -> Request {
        let request = match self {
            Request::Because { request, .. } => request,
            request => Box::new(request),
        };
        Request::Because { request, reason: reason.into() }
    }

    /// What is asked, and why if that is said.
    pub(crate) fn parts(&self) -> (&Request, Option<&str>) {
        match self {
            Request::Because { request, reason } => (request.parts().0, Some(reason)),
            request => (request, None),
        }
    }

    /// The id of the login it asks for.
    pub(crate) fn login(&self) -> Option<RequestId> {
        match self.parts().0 {
            Request::LogIn(login) | Request::AskHandOver { login, .. } => Some(login.request),
            Request::Command { command, .. } => command.login().map(|login| login.request),
            _ => None,
        }
    }

    /// It as a command, its login in the words of the rules.
    pub(crate) fn of_login(&self, login: LogIn) -> Command {
        match self {
            Request::AskHandOver { seat, .. } => Command::AskHandOver { login, seat: *seat },
            _ => Command::LogIn(login),
        }
    }

    /// The account it is about; the system account, to which nobody has access, for one yet to be opened.
    pub(crate) fn account(&self) -> AccountId {
        match self {
            Request::Open(_) => AccountId::SYSTEM,
            Request::LogIn(LoginRequest { account, .. })
            | Request::AskHandOver { login: LoginRequest { account, .. }, .. }
            | Request::Release(Release { account, .. })
            | Request::AddUser { account, .. }
            | Request::AddSite { account, .. }
            | Request::AssignPlan { account, .. }
            | Request::SetLicences { account, .. }
            | Request::ForgetUser { account, .. }
            | Request::ForgetDevices { account, .. }
            | Request::Command { account, .. } => *account,
            Request::Because { request, .. } => request.account(),
        }
    }

    /// Checks what can be checked without knowing the account.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Request::Open(new) => {
                check_name("account", &new.name)?;
                if !civil::is_zone(&new.zone) {
                    return Err(Error::BadZone { zone: new.zone.clone() });
                }
                let to = new.licences;
                if !(1..=LICENCES_MAX).contains(&to) {
                    return Err(Error::Rejected(Rejection::BadLicences { to }));
                }
                check_settings(&new.settings)?;
            }
            Request::LogIn(login) | Request::AskHandOver { login, .. } => {
                if let By::Name(user) = &login.user {
                    check_name("user", user)?;
                }
                if let Some(By::Name(site)) = &login.site {
                    check_name("site", site)?;
                }
                if let Some(device) = &login.device {
                    check_name("device", device)?;
                }
            }
            Request::Release(Release { note: Some(note), .. }) => check_note(note)?,
            Request::AddUser { name, .. } => check_name("user", name)?,
            Request::AddSite { name, .. } => check_name("site", name)?,
            Request::Command { command: Command::ChangePolicy { settings }, .. }
            | Request::Command { command: Command::Open { settings, .. }, .. } => {
                check_settings(settings)?;
            }
            Request::ForgetDevices { devices, .. } if devices.len() > DEVICES_MAX => {
                let (number, max) = (devices.len(), DEVICES_MAX);
                return Err(Error::TooMany { field: "devices", number, max });
            }
            Request::Because { request, reason } => {
                check_reason(reason)?;
                request.check()?;
            }
            Request::ForgetUser { .. }
            | Request::ForgetDevices { .. }
            | Request::Release(_)
            | Request::AssignPlan { .. }
            | Request::SetLicences { .. }
            | Request::Command { .. } => {}
        }
        Ok(())
    }
}

/// One commit must hold them.
fn check_settings(settings: &[Setting]) -> Result<(), Error> {
    let number = settings.len();
    if number > SETTINGS_MAX {
        return Err(Error::TooMany { field: "settings", number, max: SETTINGS_MAX });
    }
    Ok(())
}
