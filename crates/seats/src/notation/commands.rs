//! What is asked, in words.

use super::{Notation, seats_bought, start};
use crate::account::Account;
use crate::command::{Command, LogIn};
use crate::ids::SessionId;
use crate::time::Timestamp;

impl Notation<'_> {
    /// A command as it is asked at `at`: `login alice at north`. `account`: as it is then, if known.
    pub fn command(&self, at: Timestamp, command: &Command, account: Option<&Account>) -> String {
        let whose = |session: &SessionId| self.whose(*session, account);
        match command {
            Command::Open { zone, licences, settings, plan, effective, .. } => {
                let mut asked = vec![format!("open account in {zone}"), seats_bought(*licences)];
                asked.extend(settings.iter().map(|setting| self.setting(setting)));
                asked.extend(plan.map(|plan| format!("plan {}", start(&plan.0))));
                asked.join(", ") + &self.from(*effective, at)
            }
            Command::SetLicences { to, effective } => {
                format!("set licences {to}{}", self.from(*effective, at))
            }
            Command::ChangePolicy { settings } => self.set(settings),
            Command::AssignPlan { plan, effective } => {
                format!("assign plan {}{}", start(&plan.0), self.from(*effective, at))
            }
            Command::AddSite { site, .. } => format!("add site {}", self.site(*site)),
            Command::AddUser { user, .. } => format!("add user {}", self.user(*user)),
            Command::SuspendUser { user } => format!("suspend {}", self.user(*user)),
            Command::ReinstateUser { user } => format!("reinstate {}", self.user(*user)),
            Command::ForgetUser { user, .. } => format!("forget {}", self.user(*user)),
            Command::ForgetDevices { devices } => {
                let devices: Vec<_> = devices.iter().map(|device| self.device(*device)).collect();
                format!("forget {}", devices.join(", "))
            }
            Command::LogIn(LogIn { user, site, device, .. }) => self.login(*user, *site, *device),
            Command::TakeOffer { request } => {
                format!("take offer {}", self.whom(*request, account))
            }
            Command::AskHandOver { login: LogIn { user, site, device, .. }, seat } => {
                let seat = seat.map_or_else(|| "a seat".to_owned(), |seat| seat.to_string());
                format!("ask for {seat} {}", self.asker(*user, *site, *device))
            }
            Command::AnswerHandOver { session, consent, .. } => {
                let answer = if *consent { "consent" } else { "decline" };
                format!("{answer} {}", whose(session))
            }
            Command::LeaveQueue { request } => {
                format!("leave line {}", self.whom(*request, account))
            }
            Command::LogOut { session } => format!("logout {}", whose(session)),
            Command::Heartbeat { session, active: true } => format!("activity {}", whose(session)),
            Command::Heartbeat { session, active: false } => {
                format!("heartbeat {}", whose(session))
            }
            Command::Goodbye { session } => format!("goodbye {}", whose(session)),
            Command::Release { session, reason, forced, .. } => {
                let forced = if *forced { ", forced" } else { "" };
                format!("release {}: {}{forced}", whose(session), reason.word())
            }
            Command::ClosePeriod(closing) => format!("close {}", closing.period()),
            Command::TakeEvidence { from, to, .. } => {
                format!("take evidence of {} to {}", (self.time)(*from), (self.time)(*to))
            }
            Command::NoteOffline { user, from, to, .. } => self.offline(*user, *from, *to),
            Command::Suspend => "suspend account".to_owned(),
            Command::Reinstate => "reinstate account".to_owned(),
            Command::Close => "close account".to_owned(),
        }
    }
}
