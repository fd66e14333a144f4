//! Who is at the command line, and why: `--as` and `--reason`.

use admission::Request;
use ledger::{Actor, Role};
use seats::Timestamp;

/// Who asks. Every commit that a command makes says so.
#[derive(Clone, Default, Debug)]
pub(crate) struct Caller {
    /// `None`: whoever usually gives the command.
    pub(crate) actor: Option<Actor>,
    /// Why, for the directory.
    pub(crate) reason: Option<String>,
    /// Where the clock stands, if it is played; `None`: the machine's clock.
    pub(crate) clock: Option<Timestamp>,
}

impl Caller {
    /// The actor; `usual` is the role of whoever usually gives the command.
    pub(crate) fn actor(&self, usual: Role) -> Actor {
        self.actor.unwrap_or(Actor { role: usual, id: 0 })
    }

    /// The request with why it is asked, if that was said.
    pub(crate) fn because(&self, request: Request) -> Request {
        match &self.reason {
            Some(reason) => request.because(reason),
            None => request,
        }
    }
}

const ROLES: [(&str, Role); 6] = [
    ("app", Role::App),
    ("support", Role::Support),
    ("finance", Role::Finance),
    ("auditor", Role::Auditor),
    ("admin", Role::Admin),
    ("customer", Role::Customer),
];

/// Reads `support` or `support:3`.
pub(crate) fn read_actor(text: &str) -> Result<Actor, String> {
    let (role, number) = text.split_once(':').unwrap_or((text, "0"));
    let found = ROLES.iter().find(|(name, _)| *name == role);
    let names: Vec<&str> = ROLES.iter().map(|(name, _)| *name).collect();
    let (_, role) = found.ok_or_else(|| format!("{role:?} is not one of {}", names.join(", ")))?;
    let id =
        number.parse().map_err(|_| format!("{number:?} is not a number; such as support:3"))?;
    Ok(Actor { role: *role, id })
}
