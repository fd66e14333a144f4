//! What of a policy may be chosen: bounds of the settings, which the laws do not know.

use crate::account::Account;
use crate::decide::{LICENCES_MAX, Rejection};
use crate::hand_over::HAND_OVER_S;
use crate::policy::Setting;

const TOO_MANY: &str = "more than 1000000 seats";

/// The settings, if each may be chosen.
///
/// # Errors
/// A [`Rejection`] that names the first that may not, and why.
pub(crate) fn checked(settings: &[Setting], account: &Account) -> Result<Vec<Setting>, Rejection> {
    for setting in settings {
        let zero = match setting {
            Setting::Lease(Some(0)) => Some("lease"),
            Setting::IdleAfter(Some(0)) => Some("idle-after"),
            Setting::MaxSession(Some(0)) => Some("max-session"),
            Setting::Offer(0) => Some("offer"),
            Setting::WaitLease(0) => Some("wait-lease"),
            _ => None,
        };
        if let Some(setting) = zero {
            return Err(Rejection::BadSetting { setting, why: "0 s is too short; 1 s or more" });
        }
        match setting {
            Setting::Overdraft(seats) if *seats > LICENCES_MAX => {
                return Err(Rejection::BadSetting { setting: "overdraft", why: TOO_MANY });
            }
            Setting::Reserved(_, seats) if *seats > LICENCES_MAX => {
                return Err(Rejection::BadSetting { setting: "reserved", why: TOO_MANY });
            }
            Setting::HandOver(Some(time)) if !HAND_OVER_S.contains(time) => {
                let why = "the time to answer is 10 s at least, so that the question is seen, and 1 h at most";
                return Err(Rejection::BadSetting { setting: "hand-over", why });
            }
            Setting::KeepDevices(Some(0)) => {
                let why = "0 d is too short; 1 d or more";
                return Err(Rejection::BadSetting { setting: "keep-devices", why });
            }
            Setting::Reserved(site, _) if !account.has_site(*site) => {
                return Err(Rejection::UnknownSite(*site));
            }
            _ => {}
        }
    }
    Ok(settings.to_vec())
}
