//! Access tokens: who may call, in which role, for which accounts.
//!
//! A token is `sl_` and its number, `_`, and 256 random bits. It is shown once; what is kept is its BLAKE3
//! hash, which is enough for random bits (nothing can be guessed from it). The file is written whole or not
//! at all, and read again when another process has changed it, so that a token can be made and revoked while
//! the server runs.
//!
//! A token's number is the number of the actor: every commit that comes of a call says `support:3`.

mod deeds;
mod duties;
mod roles;

pub(crate) use deeds::Deed;
use deeds::Deeds;
pub use duties::Duties;
pub use roles::{Act, TokenRole};

use crate::problem::Problem;
use ledger::{Actor, Role, whole};
use seats::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// Whoever makes a token where nobody says who it is.
const SERVICE: Actor = Actor { role: Role::Service, id: 0 };

/// A token as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Token {
    /// Its number, from 1.
    pub number: u32,
    /// What it is for.
    pub role: TokenRole,
    /// The accounts it is good for, by name; `None`: all.
    pub accounts: Option<Vec<String>>,
    /// Whose it is, in the words of whoever made it.
    pub label: String,
    /// BLAKE3 of the secret, in hexadecimal.
    hash: String,
    /// Who it stands for, if somebody signs in with it at a provider: a hash. Such a token has no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// When it was made, µs since 1970.
    pub made_at: u64,
    /// From when on it is no longer good; `None`: it does not expire.
    pub expires_at: Option<u64>,
    /// When it was revoked; `None`: it was not.
    pub revoked_at: Option<u64>,
    /// What was done to it: by whom, and whether that is in the log.
    #[serde(default)]
    deeds: Deeds,
}

impl Token {
    /// The actor that stands in the commits of its calls.
    pub fn actor(&self) -> Actor {
        Actor { role: self.role.of_actor(), id: self.number }
    }

    /// Whether it is good for an account of this name.
    pub fn covers(&self, account: &str) -> bool {
        self.accounts.as_ref().is_none_or(|names| names.iter().any(|name| name == account))
    }

    fn is_good(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|until| now.0 < until)
    }
}

/// What a new token is to be.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is for.
    pub role: TokenRole,
    /// The accounts it is good for; `None`: all.
    pub accounts: Option<Vec<String>>,
    /// Whose it is.
    pub label: String,
    /// From when on it is no longer good.
    pub expires_at: Option<Timestamp>,
}

/// The tokens of a ledger.
pub struct Access {
    path: PathBuf,
    known: RwLock<Known>,
    writing: Mutex<()>,
}

/// What changes when a file is written in the place of another: its inode, its time, its length.
type State = (u64, i64, i64, u64);

#[derive(Default)]
struct Known {
    tokens: Vec<Token>,
    /// The state of the file that they were read from.
    read: Option<State>,
}

impl Access {
    /// The tokens kept in `dir`, the `access` directory of a ledger's; made if it is missing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open(dir: &Path) -> io::Result<Access> {
        fs::create_dir_all(dir)?;
        let path = dir.join("tokens.json");
        let access = Access { path, known: RwLock::default(), writing: Mutex::new(()) };
        access.refresh()?;
        Ok(access)
    }

    /// All tokens, good or not, by number; as they were read last if the file cannot be read now.
    pub fn tokens(&self) -> Vec<Token> {
        let _ = self.refresh();
        self.known.read().unwrap_or_else(PoisonError::into_inner).tokens.clone()
    }

    /// Makes a token, durably. Its text is given back, and kept nowhere.
    ///
    /// # Errors
    /// When it cannot be written, or there is no randomness.
    pub fn make(&self, new: NewToken, now: Timestamp) -> io::Result<(Token, String)> {
        self.make_by(new, SERVICE, now)
    }

    /// The same, with who does it, for the log.
    ///
    /// # Errors
    /// As [`Access::make`].
    pub fn make_by(&self, new: NewToken, by: Actor, now: Timestamp) -> io::Result<(Token, String)> {
        let _alone = self.alone()?;
        self.refresh()?;
        let mut tokens = self.tokens();
        let secret = secret()?;
        let last = tokens.iter().map(|token| token.number).max().unwrap_or(0);
        let token = Token {
            number: last.saturating_add(1),
            role: new.role,
            accounts: new.accounts,
            label: new.label,
            hash: hash(&secret),
            subject: None,
            made_at: now.0,
            expires_at: new.expires_at.map(|at| at.0),
            revoked_at: None,
            deeds: Deeds::made_by(by),
        };
        let text = format!("sl_{}_{secret}", token.number);
        tokens.push(token.clone());
        self.write(tokens)?;
        Ok((token, text))
    }

    /// The token of somebody who signs in at a provider: made the first time, with a number for good, and of the
    /// role that the provider's claims give now. `None`: it was revoked.
    pub(crate) fn person(
        &self,
        subject: &str,
        is: NewToken,
        now: Timestamp,
    ) -> io::Result<Option<Token>> {
        let _alone = self.alone()?;
        self.refresh()?;
        let mut tokens = self.tokens();
        let last = tokens.iter().map(|token| token.number).max().unwrap_or(0);
        let known = tokens.iter_mut().find(|token| token.subject.as_deref() == Some(subject));
        let NewToken { role, accounts, label, expires_at } = is;
        let token = match known {
            Some(token) if token.revoked_at.is_some() => return Ok(None),
            Some(token) => {
                let before = token.clone();
                (token.role, token.accounts, token.label) = (role, accounts, label);
                if *token == before {
                    return Ok(Some(before));
                }
                token.clone()
            }
            None => {
                let token = Token {
                    number: last.saturating_add(1),
                    role,
                    accounts,
                    label,
                    hash: String::new(), // No secret has it.
                    subject: Some(subject.to_owned()),
                    made_at: now.0,
                    expires_at: expires_at.map(|at| at.0),
                    revoked_at: None,
                    deeds: Deeds::made_by(SERVICE),
                };
                tokens.push(token.clone());
                token
            }
        };
        self.write(tokens)?;
        Ok(Some(token))
    }

    /// Revokes a token, durably. Whether there is one of that number.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn revoke(&self, number: u32, now: Timestamp) -> io::Result<bool> {
        self.revoke_by(number, SERVICE, now)
    }

    /// The same, with who does it, for the log.
    ///
    /// # Errors
    /// As [`Access::revoke`].
    pub fn revoke_by(&self, number: u32, by: Actor, now: Timestamp) -> io::Result<bool> {
        let _alone = self.alone()?;
        self.refresh()?;
        let mut tokens = self.tokens();
        let Some(token) = tokens.iter_mut().find(|token| token.number == number) else {
            return Ok(false);
        };
        if token.revoked_at.is_none() {
            token.revoked_at = Some(now.0);
            token.deeds.revoked_by(by);
        }
        self.write(tokens)?;
        Ok(true)
    }

    /// The token of that number, if it is good.
    pub(crate) fn good(&self, number: u32, now: Timestamp) -> Option<Token> {
        self.tokens().into_iter().find(|token| token.number == number && token.is_good(now))
    }

    /// The token that a text is, if it is a good one.
    ///
    /// # Errors
    /// `bad_token`, without saying what is wrong with it.
    pub fn check(&self, text: &str, now: Timestamp) -> Result<Token, Problem> {
        let bad = || Problem::new("bad_token", "the access token is unknown, expired or revoked");
        let parts = text.strip_prefix("sl_").and_then(|rest| rest.split_once('_'));
        let (number, secret) = parts.ok_or_else(bad)?;
        let number: u32 = number.parse().map_err(|_| bad())?;
        if let Err(error) = self.refresh() {
            return Err(Problem::new("unexpected", format!("access tokens: {error}")));
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let token = known.tokens.iter().find(|token| token.number == number);
        let token = token.filter(|token| token.is_good(now)).ok_or_else(bad)?;
        // Comparing hashes: how long that takes says nothing of the secret.
        if token.hash == hash(secret) { Ok(token.clone()) } else { Err(bad()) }
    }

    /// What was done and is not in the log yet.
    pub(crate) fn unrecorded(&self) -> Vec<Deed> {
        self.tokens().iter().flat_map(Deed::unrecorded).collect()
    }

    /// Notes that it is in the log.
    pub(crate) fn recorded(&self, deed: &Deed) -> io::Result<()> {
        let _alone = self.alone()?;
        self.refresh()?;
        let mut tokens = self.tokens();
        let found = tokens.iter_mut().find(|token| token.number == deed.token.number);
        found.into_iter().for_each(|token| token.deeds.recorded(deed));
        self.write(tokens)
    }

    /// The right to change the file: of the threads of this process, and of processes.
    fn alone(&self) -> io::Result<(MutexGuard<'_, ()>, File)> {
        let alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut options = File::options();
        let lock = options.create(true).truncate(false).write(true).mode(whole::SECRET);
        let lock = lock.open(self.path.with_extension("lock"))?;
        lock.lock()?;
        Ok((alone, lock))
    }

    /// Reads the file if it has changed.
    fn refresh(&self) -> io::Result<()> {
        let state = match fs::metadata(&self.path) {
            Ok(meta) => Some((meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if self.known.read().unwrap_or_else(PoisonError::into_inner).read == state {
            return Ok(());
        }
        let tokens = match state {
            None => Vec::new(),
            Some(_) => serde_json::from_slice(&fs::read(&self.path)?)
                .map_err(|error| io::Error::other(format!("{}: {error}", self.path.display())))?,
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { tokens, read: state };
        Ok(())
    }

    fn write(&self, tokens: Vec<Token>) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(&tokens)?;
        whole::write(&self.path, whole::SECRET, |file| file.write_all(&text))?;
        self.refresh()
    }
}

fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

/// 256 random bits in hexadecimal.
pub(crate) fn secret() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn new(role: TokenRole) -> NewToken {
        NewToken { role, accounts: None, label: "test".to_owned(), expires_at: None }
    }

    #[test]
    fn a_token_is_good_until_it_expires_or_is_revoked() {
        let dir = tempfile::tempdir().unwrap();
        let access = Access::open(dir.path()).unwrap();
        let until = Some(Timestamp::from_secs(2_000));
        let expiring = NewToken { expires_at: until, ..new(TokenRole::App) };
        let (token, text) = access.make(expiring, NOW).unwrap();
        assert_eq!(token.number, 1);
        assert_eq!(access.check(&text, NOW).unwrap(), token);
        assert!(access.check(&text, Timestamp::from_secs(2_000)).is_err());
        assert!(access.revoke(1, NOW).unwrap());
        assert!(access.check(&text, NOW).is_err());
        assert!(!access.revoke(2, NOW).unwrap());
    }

    #[test]
    fn what_is_nearly_a_token_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let access = Access::open(dir.path()).unwrap();
        let (_, text) = access.make(new(TokenRole::Admin), NOW).unwrap();
        let mut other = text.clone();
        other.pop();
        for wrong in ["", "sl_1_", "sl_1", "sl_x_00", "sl_99_00", other.as_str(), &text[3..]] {
            assert_eq!(access.check(wrong, NOW).unwrap_err().code(), "bad_token", "{wrong:?}");
        }
    }

    #[test]
    fn the_secret_is_kept_nowhere_and_another_process_sees_what_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, theirs) = (Access::open(dir.path()).unwrap(), Access::open(dir.path()).unwrap());
        let (_, text) = ours.make(new(TokenRole::Support), NOW).unwrap();
        let kept = fs::read_to_string(dir.path().join("tokens.json")).unwrap();
        assert!(!kept.contains(&text[5..]) && !kept.contains(&text), "{kept}");
        assert!(theirs.check(&text, NOW).is_ok());
        assert_eq!(theirs.make(new(TokenRole::App), NOW).unwrap().0.number, 2);
        assert_eq!(ours.tokens().len(), 2);
    }
}
