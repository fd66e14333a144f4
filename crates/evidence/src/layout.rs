//! A zip file without any of its freedoms, so that every reader sees the same members and nothing else hides.
//!
//! ```text
//!  header, name, packed bytes    of the first member, at 0
//!  header, name, packed bytes    of the next, at once behind it
//!  directory                     the same names in the same order
//!  end                           22 bytes, the last of the file
//! ```
//!
//! No comments, extra fields, data descriptors, zip64, gaps; a header agrees with the directory.

use std::io::{self, Read, Seek, SeekFrom};

const END_BYTES: u64 = 22;
const ENTRY_BYTES: usize = 46;
const HEADER_BYTES: usize = 30;
/// More than the directory of a pack can take: 4,096 members with names of at most 74 bytes.
const DIRECTORY_MAX: u64 = 1 << 20;
/// How hard was packed, and that names are UTF-8: all that flags may say.
const FLAGS: u64 = 0x0806;

/// Whether the file is laid out like that.
pub(crate) fn is_plain(from: &mut (impl Read + Seek)) -> io::Result<bool> {
    let length = from.seek(SeekFrom::End(0))?;
    let Some(end_at) = length.checked_sub(END_BYTES) else { return Ok(false) };
    let Some(end) = bytes(from, end_at, END_BYTES)? else { return Ok(false) };
    let fields = (number(&end, 10, 2), number(&end, 12, 4), number(&end, 16, 4));
    let (Some(count), Some(size), Some(start)) = fields else { return Ok(false) };
    let disks = [4, 6].iter().all(|at| number(&end, *at, 2) == Some(0));
    let whole = end.starts_with(b"PK\x05\x06")
        && disks
        && number(&end, 8, 2) == Some(count)
        && number(&end, 20, 2) == Some(0)
        && start + size == end_at;
    if !whole || size > DIRECTORY_MAX {
        return Ok(false);
    }
    let Some(directory) = bytes(from, start, size)? else { return Ok(false) };
    let (mut rest, mut next) = (directory.as_slice(), 0);
    for _ in 0..count {
        let Some((entry, after)) = entry(rest) else { return Ok(false) };
        let length = (HEADER_BYTES + entry.name.len()) as u64;
        let Some(header) = bytes(from, next, length)? else { return Ok(false) };
        if entry.header != next || !agrees(&header, &entry) {
            return Ok(false);
        }
        next += length + entry.packed;
        rest = after;
    }
    Ok(rest.is_empty() && next == start)
}

/// What the directory says of a member.
struct Entry<'a> {
    method: u64,
    packed: u64,
    header: u64,
    name: &'a [u8],
}

fn entry(directory: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (fixed, rest) = directory.split_at_checked(ENTRY_BYTES)?;
    let field = |at, length| number(fixed, at, length);
    let (name, rest) = rest.split_at_checked(usize::try_from(field(28, 2)?).ok()?)?;
    // Extra field, comment and disk.
    let none = field(30, 2)? == 0 && field(32, 2)? == 0 && field(34, 2)? == 0;
    let plain = fixed.starts_with(b"PK\x01\x02") && none && field(8, 2)? & !FLAGS == 0;
    let entry = Entry { method: field(10, 2)?, packed: field(20, 4)?, header: field(42, 4)?, name };
    plain.then_some((entry, rest))
}

/// Whether a member's own header, with its name, says what the directory says.
fn agrees(header: &[u8], entry: &Entry<'_>) -> bool {
    header.starts_with(b"PK\x03\x04")
        && number(header, 6, 2).is_some_and(|flags| flags & !FLAGS == 0)
        && number(header, 8, 2) == Some(entry.method)
        && number(header, 26, 2) == Some(entry.name.len() as u64)
        && number(header, 28, 2) == Some(0)
        && header.ends_with(entry.name)
}

/// A number of that many bytes, little end first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let digits = bytes.get(at..at.checked_add(length)?)?;
    Some(digits.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Bytes of the file; `None` if it ends before.
fn bytes(from: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<Option<Vec<u8>>> {
    from.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    from.by_ref().take(length).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 == length).then_some(bytes))
}
