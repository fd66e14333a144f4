//! The price plans that accounts are assigned, each read once.

use crate::plan::Plan;
use seats::Digest;
use std::collections::BTreeMap;
use std::sync::Arc;

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
