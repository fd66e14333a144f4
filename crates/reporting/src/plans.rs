//! The price plans that accounts are assigned, each read once; and whether one may be assigned.

use crate::civil::show_date;
use crate::plan::{Plan, PlanError};
use ledger::{BookError, Ledger, Position, ReadError};
use seats::{Digest, Event};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a plan file cannot be assigned.
#[derive(Debug, thiserror::Error)]
pub enum PlanRefused {
    /// It is not accepted. Whoever wrote it mends it at the place named.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Another file of the same name and day was assigned before; which of the two counts could not be told from a
    /// statement. Give it another day or name.
    #[error(
        "the plan {name:?} with effective_from {effective_from} was assigned before, at position {position}, with \
         other content: that file is {assigned}, this one {given} (BLAKE3); give this one a new effective_from or \
         another name"
    )]
    Overlaps {
        /// Its name.
        name: String,
        /// Its first day.
        effective_from: String,
        /// The first commit that assigned the other file.
        position: u64,
        /// The other file.
        assigned: Digest,
        /// This one.
        given: Digest,
    },
    /// The directory cannot be read.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Whether a plan file may be assigned: it is accepted, and no other plan of its name counts from the same day in
/// any account. Files that read to the same plan may differ.
///
/// To be asked before every assignment; whoever assigns in several threads lets one ask and assign at a time.
///
/// # Errors
/// [`PlanRefused`].
pub fn assignable(ledger: &Ledger, file: &str) -> Result<Plan, PlanRefused> {
    let plan = Plan::read(file)?;
    let given = Digest(*blake3::hash(file.as_bytes()).as_bytes());
    for (digest, kept) in ledger.book().plans()? {
        let Some(other) = std::str::from_utf8(&kept).ok().and_then(|kept| Plan::read(kept).ok())
        else {
            continue;
        };
        let overlaps = other.name == plan.name && other.effective_from == plan.effective_from;
        if digest == given || !overlaps || other == plan {
            continue;
        }
        // What was given and refused is kept as well, and is in nobody's way.
        if let Some(position) = assigned(ledger, digest)? {
            let (name, effective_from) = (plan.name, show_date(plan.effective_from));
            let (position, assigned) = (position.0, digest);
            return Err(PlanRefused::Overlaps { name, effective_from, position, assigned, given });
        }
    }
    Ok(plan)
}

/// The first commit that assigned a plan file.
fn assigned(ledger: &Ledger, file: Digest) -> Result<Option<Position>, ReadError> {
    let assigns =
        |event: &Event| matches!(event, Event::PlanAssigned { plan, .. } if *plan == file);
    for record in ledger.scan(Position(0)) {
        let record = record?;
        if record.commit.events.iter().any(assigns) {
            return Ok(Some(record.position));
        }
    }
    Ok(None)
}

/// Plans by the BLAKE3 of their files.
#[derive(Clone, Debug, Default)]
pub struct Plans(BTreeMap<Digest, Result<Arc<Plan>, String>>);

impl Plans {
    /// Takes up a plan file.
    pub fn add(&mut self, digest: Digest, file: &[u8]) {
        let read = || {
            let text = std::str::from_utf8(file).map_err(|error| error.to_string())?;
            if text.starts_with('\u{feff}') {
                return Err("it begins with a byte order mark".to_owned());
            }
            Plan::read(text).map(Arc::new).map_err(|error| error.to_string())
        };
        self.0.entry(digest).or_insert_with(read);
    }

    /// Whether the file was taken up.
    pub fn has(&self, digest: Digest) -> bool {
        self.0.contains_key(&digest)
    }

    /// The plan of that digest.
    ///
    /// # Errors
    /// In words, when its file was not taken up or is not accepted.
    pub fn get(&self, digest: Digest) -> Result<&Arc<Plan>, String> {
        match self.0.get(&digest) {
            None => Err(format!("the plan {digest} is missing")),
            Some(Err(why)) => Err(format!("the plan {digest} is not accepted: {why}")),
            Some(Ok(plan)) => Ok(plan),
        }
    }
}
