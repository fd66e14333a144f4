//! A pack as a zip file: written the same every time, read within bounds whatever it is.

use crate::layout;
use crate::pack::{BYTES_MAX, COMMITS, MANIFEST, MEMBERS_MAX, OTHER_BYTES_MAX, bad};
use crate::verdict::{Bad, Code};
use flate2::bufread::DeflateDecoder;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Writes the members, and the manifest of them, in order of name.
pub(crate) fn write(
    to: impl Write + Seek,
    mut members: BTreeMap<String, Vec<u8>>,
) -> io::Result<()> {
    members.insert(MANIFEST.to_owned(), manifest(&members).into_bytes());
    let mut zip = ZipWriter::new(to);
    // The writer's default date never changes, so the same members give the same bytes.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in &members {
        zip.start_file(name.as_str(), options).map_err(io::Error::other)?;
        zip.write_all(content)?;
    }
    zip.finish().map_err(io::Error::other)?.flush()
}

/// Reads all members.
pub(crate) fn read(
    mut from: impl Read + Seek,
) -> io::Result<Result<BTreeMap<String, Vec<u8>>, Bad>> {
    let Some(count) = members_said(&mut from)? else {
        return Ok(Err(bad("it is not a zip file, or has too many members".to_owned())));
    };
    if !layout::is_plain(&mut from)? {
        let why =
            "it is no plain zip file: members, directory and end, with nothing between or added";
        return Ok(Err(bad(why.to_owned())));
    }
    from.seek(SeekFrom::Start(0))?;
    let mut archive = match ZipArchive::new(from) {
        Ok(archive) => archive,
        Err(error) => return Ok(Err(bad(format!("it is not a zip file: {error}")))),
    };
    if archive.len() != count {
        return Ok(Err(bad("a member stands twice in it".to_owned())));
    }
    let mut members = BTreeMap::new();
    let (mut left, mut left_for_others) = (BYTES_MAX, OTHER_BYTES_MAX);
    for index in 0..count {
        let mut member = match archive.by_index(index) {
            Ok(member) => member,
            Err(error) => return Ok(Err(bad(format!("a member cannot be read: {error}")))),
        };
        let name = match member.name() {
            Ok(name) => name.into_owned(),
            Err(error) => return Ok(Err(bad(format!("a member has no name: {error}")))),
        };
        let mut content = Vec::new();
        let room = if name == COMMITS { left } else { left.min(left_for_others) };
        if let Err(error) = (&mut member).take(room.saturating_add(1)).read_to_end(&mut content) {
            return Ok(Err(bad(format!("{name:?} cannot be read: {error}"))));
        }
        let length = content.len() as u64;
        if length <= room && length != member.size() {
            return Ok(Err(bad(format!("{name:?} has another size than it says"))));
        }
        if length > room {
            return Ok(Err(bad("it unpacks to more than a pack may hold".to_owned())));
        }
        let (packed, stored) =
            (member.compressed_size(), member.compression() == CompressionMethod::Stored);
        drop(member);
        if !stored && !ends_with_its_bytes(&mut archive, index, packed) {
            return Ok(Err(bad(format!("{name:?} has more bytes than are unpacked"))));
        }
        left -= length;
        left_for_others -= if name == COMMITS { 0 } else { length };
        if members.insert(name.clone(), content).is_some() {
            return Ok(Err(bad(format!("{name:?} stands twice in it"))));
        }
    }
    Ok(Ok(members))
}

/// Whether nothing stands behind what is unpacked, within the packed bytes of a member that was read.
fn ends_with_its_bytes<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    index: usize,
    packed: u64,
) -> bool {
    let Ok(raw) = archive.by_index_raw(index) else { return false };
    let mut inflate = DeflateDecoder::new(BufReader::new(raw));
    io::copy(&mut inflate, &mut io::sink()).is_ok() && inflate.total_in() == packed
}

/// How many members the end of the file says there are; `None` if it is no zip file, or they are too many.
/// Looked at before anything else, because whoever reads the list of members makes room for all of them.
fn members_said(from: &mut (impl Read + Seek)) -> io::Result<Option<usize>> {
    const END: [u8; 4] = *b"PK\x05\x06";
    const END_BYTES: u64 = 22;
    const COMMENT_MAX: u64 = 1 << 16;
    let length = from.seek(SeekFrom::End(0))?;
    if length > BYTES_MAX {
        return Ok(None);
    }
    let tail = length.min(END_BYTES + COMMENT_MAX);
    from.seek(SeekFrom::Start(length - tail))?;
    let mut bytes = Vec::new();
    from.by_ref().take(tail).read_to_end(&mut bytes)?;
    from.seek(SeekFrom::Start(0))?;
    let end = bytes.windows(END_BYTES as usize).rev().find(|window| window.starts_with(&END));
    let count = end.and_then(|end| end.get(10..12)).and_then(|count| count.first_chunk::<2>());
    let count = count.map(|count| usize::from(u16::from_le_bytes(*count)));
    Ok(count.filter(|count| *count <= MEMBERS_MAX))
}

/// The manifest of all other members.
pub(crate) fn manifest(members: &BTreeMap<String, Vec<u8>>) -> String {
    let others = members.iter().filter(|(name, _)| *name != MANIFEST);
    others.map(|(name, content)| format!("{}  {name}\n", sha256(content))).collect()
}

/// Whether the manifest is that of the other members.
pub(crate) fn check_manifest(members: &BTreeMap<String, Vec<u8>>) -> Result<(), Bad> {
    let said = members.get(MANIFEST).map_or(&[][..], Vec::as_slice);
    let found = manifest(members);
    if said == found.as_bytes() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(said);
    let differs = found.lines().find(|line| !said.lines().any(|other| other == *line));
    let name = differs.and_then(|line| line.split("  ").nth(1)).unwrap_or(MANIFEST);
    Err(Bad::new(Code::Manifest, format!("{name} is not what the manifest lists")))
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
