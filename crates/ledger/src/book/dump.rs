//! The whole book as rows, for backups.
//!
//! ```text
//!  row: table u8 | key length u32 | key | value length u32 | value        numbers big end first
//! ```

use super::pages::Table;
use super::{Book, BookError};

/// The tables, in the order of their numbers in a dump.
const TABLES: [Table; 7] = [
    Table::Profiles,
    Table::Names,
    Table::Commitments,
    Table::Plans,
    Table::Liveness,
    Table::Marks,
    Table::Statements,
];

impl Book {
    /// Shows every row that stands in the book, as bytes.
    pub(crate) fn dump<E: From<BookError>>(
        &self,
        mut show: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for (number, table) in (0_u8..).zip(TABLES) {
            for (key, value) in self.pages.rows(table, &[])? {
                let mut row = vec![number];
                for part in [&key, &value] {
                    row.extend_from_slice(&(part.len() as u32).to_be_bytes());
                    row.extend_from_slice(part);
                }
                show(&row)?;
            }
        }
        Ok(())
    }

    /// Takes in the rows of a dump. Not durable before [`Book::sync`].
    pub(crate) fn take_in(&self, mut rows: &[u8]) -> Result<(), BookError> {
        let damaged = || BookError::Damaged("a row of the dump is cut short".to_owned());
        let part = |rows: &mut &[u8]| -> Option<Vec<u8>> {
            let (length, rest) = rows.split_first_chunk()?;
            let (part, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            *rows = rest;
            Some(part.to_vec())
        };
        while let Some((number, rest)) = rows.split_first() {
            rows = rest;
            let table = TABLES.get(usize::from(*number)).ok_or_else(damaged)?;
            let key = part(&mut rows).ok_or_else(damaged)?;
            let value = part(&mut rows).ok_or_else(damaged)?;
            self.pages.set(*table, &key, Some(&value))?;
        }
        Ok(())
    }
}
