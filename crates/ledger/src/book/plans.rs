//! Price plans and the statements of closed months, kept by the digest by which the log names them. Neither is
//! ever changed.

use super::pages::Table;
use super::{Book, BookError, VALUE_BYTES_MAX};
use seats::Digest;

impl Book {
    /// Keeps a plan file and gives its BLAKE3. Keeping it again changes nothing.
    pub fn keep_plan(&self, file: &[u8]) -> Result<Digest, BookError> {
        self.keep(Table::Plans, "the plan", file)
    }

    /// The plan file with this BLAKE3, which is checked.
    pub fn plan(&self, digest: Digest) -> Result<Option<Vec<u8>>, BookError> {
        self.kept(Table::Plans, "plan", digest)
    }

    /// All plan files that were kept, in order of their BLAKE3: also those that were given and never assigned.
    pub fn plans(&self) -> Result<Vec<(Digest, Vec<u8>)>, BookError> {
        let rows = self.pages.rows(Table::Plans, &[])?.into_iter();
        let read = |(key, file): (Vec<u8>, Vec<u8>)| {
            let damaged = || BookError::Damaged("the key of a plan is no digest".to_owned());
            Ok((Digest(key.try_into().map_err(|_| damaged())?), file))
        };
        rows.map(read).collect()
    }

    /// Keeps the statement of a month and gives its BLAKE3. Keeping it again changes nothing.
    pub fn keep_statement(&self, statement: &[u8]) -> Result<Digest, BookError> {
        self.keep(Table::Statements, "the statement", statement)
    }

    /// The statement with this BLAKE3, which is checked.
    pub fn statement(&self, digest: Digest) -> Result<Option<Vec<u8>>, BookError> {
        self.kept(Table::Statements, "statement", digest)
    }

    fn keep(&self, table: Table, what: &'static str, file: &[u8]) -> Result<Digest, BookError> {
        if file.len() > VALUE_BYTES_MAX {
            return Err(BookError::TooLong { what, bytes: file.len() });
        }
        let digest = Digest(*blake3::hash(file).as_bytes());
        self.pages.set(table, &digest.0, Some(file))?;
        Ok(digest)
    }

    fn kept(&self, table: Table, what: &str, digest: Digest) -> Result<Option<Vec<u8>>, BookError> {
        let Some(file) = self.pages.get(table, &digest.0)? else {
            return Ok(None);
        };
        if blake3::hash(&file).as_bytes() != &digest.0 {
            return Err(BookError::Damaged(format!("the {what} {digest} is not what was kept")));
        }
        Ok(Some(file))
    }
}
