//! Price plans, kept by the digest by which the log names them. A plan is never changed, only assigned anew.

use super::pages::Table;
use super::{Book, BookError, VALUE_BYTES_MAX};
use seats::Digest;

impl Book {
    /// Keeps a plan file and gives its BLAKE3. Keeping it again changes nothing.
    pub fn keep_plan(&self, file: &[u8]) -> Result<Digest, BookError> {
        if file.len() > VALUE_BYTES_MAX {
            return Err(BookError::TooLong { what: "the plan", bytes: file.len() });
        }
        let digest = Digest(*blake3::hash(file).as_bytes());
        self.pages.set(Table::Plans, &digest.0, Some(file))?;
        Ok(digest)
    }

    /// The plan file with this BLAKE3, which is checked.
    pub fn plan(&self, digest: Digest) -> Result<Option<Vec<u8>>, BookError> {
        let Some(file) = self.pages.get(Table::Plans, &digest.0)? else {
            return Ok(None);
        };
        if blake3::hash(&file).as_bytes() != &digest.0 {
            return Err(BookError::Damaged(format!("the plan {digest} is not what was kept")));
        }
        Ok(Some(file))
    }
}
