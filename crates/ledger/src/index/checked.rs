//! Small files that check themselves.
//!
//! ```text
//!  +-------------+---------+---------------------------+
//!  | 8 bytes     | content | BLAKE3 of all before it   |
//!  | what it is  |         | 32 bytes                  |
//!  +-------------+---------+---------------------------+
//! ```
//!
//! Written under another name, synced and renamed, so that a file is there whole or not at all. A file that
//! does not check counts as missing.

use crate::whole;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

const DIGEST_BYTES: usize = 32;

/// Writes a file. `kind` tells what it is.
pub(super) fn write(path: &Path, kind: &[u8; 8], content: &[u8]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(kind.len() + content.len() + DIGEST_BYTES);
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(content);
    let digest = blake3::hash(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    whole::write(path, whole::OPEN, |file| file.write_all(&bytes))
}

/// Reads a file's content; `None` if it is missing, damaged or of another kind.
pub(super) fn read(path: &Path, kind: &[u8; 8]) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some((checked, digest)) = bytes.split_last_chunk::<DIGEST_BYTES>() else {
        return Ok(None);
    };
    if blake3::hash(checked).as_bytes() != digest || !checked.starts_with(kind) {
        return Ok(None);
    }
    bytes.truncate(checked.len());
    bytes.drain(..kind.len());
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_changed_counts_as_missing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("some");
        assert_eq!(read(&path, b"seat-xyz").unwrap(), None);
        write(&path, b"seat-xyz", b"content").unwrap();
        assert_eq!(read(&path, b"seat-xyz").unwrap(), Some(b"content".to_vec()));
        assert_eq!(read(&path, b"seat-abc").unwrap(), None);
        let whole = fs::read(&path).unwrap();
        for byte in 0..whole.len() {
            let mut changed = whole.clone();
            changed[byte] ^= 4;
            fs::write(&path, &changed).unwrap();
            assert_eq!(read(&path, b"seat-xyz").unwrap(), None, "byte {byte}");
            fs::write(&path, &whole[..byte]).unwrap();
            assert_eq!(read(&path, b"seat-xyz").unwrap(), None, "length {byte}");
        }
    }
}
