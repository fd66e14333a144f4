//! Asking a witness to cosign a seal.

use crate::SIZE_TYPE;
use crate::request::Request;
use ledger::note::{Note, Signature, VerifierKey};
use ledger::seal::Seal;
use ledger::{Ledger, ProveError};
use std::time::Duration;
use ureq::http::StatusCode;
use ureq::http::header::CONTENT_TYPE;

/// How long a witness may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Why a witness did not cosign.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It could not be reached, or answered with something else than HTTP. Try again later.
    #[error("the witness at {url} cannot be reached: {why}")]
    Unreachable {
        /// Where it was asked.
        url: String,
        /// What came of it.
        why: String,
    },
    /// It refused. Its words say why: 404, it does not watch this ledger; 403, it has another key of it; 409 or
    /// 422, it has seen another history.
    #[error("the witness at {url} refuses, {status}: {said}")]
    Refused {
        /// Where it was asked.
        url: String,
        /// The status.
        status: u16,
        /// Its words.
        said: String,
    },
    /// Its answer is not its cosignature: it is another witness than the policy says, or none.
    #[error("the witness at {url} answers with no cosignature of {name}")]
    NotCosigned {
        /// Where it was asked.
        url: String,
        /// The key that was expected.
        name: String,
    },
    /// The proof that it asks for cannot be made: it has seen a longer log than this one, or this one cannot
    /// be read.
    #[error("the witness at {url} has seen {old} commits: {source}")]
    Proof {
        /// Where it was asked.
        url: String,
        /// What it has seen.
        old: u64,
        /// Why there is no proof.
        source: ProveError,
    },
}

/// Asks the witness at `url`, whose key is known, to cosign a seal of the ledger.
///
/// # Errors
/// When it does not. The seal is none the worse.
pub fn ask(
    ledger: &Ledger,
    note: &Note,
    url: &str,
    key: &VerifierKey,
) -> Result<Signature, AskError> {
    let size = Seal::parse(note.text()).map_or(0, |seal| seal.head.size);
    // Nobody keeps book of what a witness has seen: it says so itself when it is asked for too much.
    let mut old = 0;
    for last in [false, true] {
        let path = ledger.prove_consistency(old, size);
        let path = path.map_err(|source| AskError::Proof { url: url.to_owned(), old, source })?;
        let request = Request { old, path, note: note.clone() };
        let (status, kind, said) = post(url, &request.to_string())?;
        let seen = said.trim_end().parse::<u64>().ok();
        match (status, seen) {
            (StatusCode::OK, _) => return cosignature(note, url, key, &said),
            (StatusCode::CONFLICT, Some(seen)) if !last && kind == SIZE_TYPE => old = seen,
            _ => {
                let (url, said) = (url.to_owned(), said.trim_end().to_owned());
                return Err(AskError::Refused { url, status: status.as_u16(), said });
            }
        }
    }
    Err(AskError::NotCosigned { url: url.to_owned(), name: key.name().to_owned() })
}

fn post(url: &str, body: &str) -> Result<(StatusCode, String, String), AskError> {
    let failed =
        |error: ureq::Error| AskError::Unreachable { url: url.to_owned(), why: error.to_string() };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(TIMEOUT))
        .build()
        .into();
    let to = format!("{}/add-checkpoint", url.trim_end_matches('/'));
    let mut answer = agent.post(&to).send(body).map_err(failed)?;
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
    Ok((answer.status(), kind, text.map_err(failed)?))
}

/// The witness's signature among the lines of its answer, if it holds.
fn cosignature(
    note: &Note,
    url: &str,
    key: &VerifierKey,
    said: &str,
) -> Result<Signature, AskError> {
    for line in said.lines().filter_map(|line| Signature::parse(line).ok()) {
        let Ok(mut alone) = Note::new(note.text()) else { break };
        alone.add(line.clone());
        if alone.verify(std::slice::from_ref(key)).is_ok() {
            return Ok(line);
        }
    }
    Err(AskError::NotCosigned { url: url.to_owned(), name: key.name().to_owned() })
}
