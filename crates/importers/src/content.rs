//! The bytes of a file: unpacked if they are gzip, hashed as they pass, and never without a bound.
//!
//! Whether a file is gzip is told by its first two bytes (`1f 8b`), not by its name. The hash is that of
//! the unpacked bytes, so a file and its gzip are the same history. A byte order mark is left out. A line
//! feed is added at the end, so that a reader of lines sees every line ended. A reader that does not say [`Content::record_read`] within
//! [`RECORD_BYTES_MAX`] is fed no more: a small gzip of one endless line cannot fill the memory.

use flate2::read::MultiGzDecoder;
use seats::Digest;
use std::io::{self, Chain, Cursor, Read};
use thiserror::Error;

/// The longest record (line, with what its quotation marks enclose) that is read, in bytes.
pub(crate) const RECORD_BYTES_MAX: u64 = 64 * 1024;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A record is longer than [`RECORD_BYTES_MAX`]. Look for a quotation mark that is never closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the record is longer than {RECORD_BYTES_MAX} bytes; is a quotation mark never closed?")]
pub(crate) struct RecordTooLong;

/// A gzip stops before its end: it was cut off on its way here. Fetch the file again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the gzip stops before its end; the file was cut off, fetch it again")]
pub(crate) struct GzipCutOff;

type Packed<R> = Chain<Cursor<Vec<u8>>, R>;

/// The unpacked bytes of a file.
pub(crate) struct Content<R: Read> {
    bytes: Bytes<R>,
    /// The first bytes, looked at already and not handed on yet.
    start: Cursor<Vec<u8>>,
    hash: blake3::Hasher,
    since_record: u64,
    at_end: bool,
    drained: bool,
}

enum Bytes<R: Read> {
    Plain(Packed<R>),
    Gzip(Box<MultiGzDecoder<Packed<R>>>),
}

impl<R: Read> Content<R> {
    /// Looks at the first bytes to tell gzip from plain.
    pub(crate) fn new(mut file: R) -> io::Result<Content<R>> {
        let mut magic = Vec::with_capacity(GZIP.len());
        file.by_ref().take(GZIP.len() as u64).read_to_end(&mut magic)?;
        let gzip = magic == GZIP;
        let packed = Cursor::new(magic).chain(file);
        let mut bytes = if gzip {
            Bytes::Gzip(Box::new(MultiGzDecoder::new(packed)))
        } else {
            Bytes::Plain(packed)
        };
        let mut start = Vec::with_capacity(BYTE_ORDER_MARK.len());
        bytes.by_ref().take(BYTE_ORDER_MARK.len() as u64).read_to_end(&mut start)?;
        let mut hash = blake3::Hasher::new();
        if start == BYTE_ORDER_MARK {
            hash.update(&start);
            start.clear();
        }
        let start = Cursor::new(start);
        Ok(Content { bytes, start, hash, since_record: 0, at_end: false, drained: false })
    }

    /// The reader has come to the end of a record.
    pub(crate) fn record_read(&mut self) {
        self.since_record = 0;
    }

    /// The reader has been told that nothing is left. A record that ends here was not ended by a line feed.
    pub(crate) fn is_drained(&self) -> bool {
        self.drained
    }

    /// BLAKE3 of what was read so far, without the line feed added at the end.
    pub(crate) fn digest(&self) -> Digest {
        Digest(*self.hash.finalize().as_bytes())
    }
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_record > RECORD_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, RecordTooLong));
        }
        let mut read = self.start.read(buffer)?;
        if read == 0 {
            read = self.bytes.read(buffer)?;
        }
        if read == 0 && !self.at_end && !buffer.is_empty() {
            self.at_end = true;
            buffer.fill(b'\n');
            return Ok(1);
        }
        self.drained = read == 0 && !buffer.is_empty();
        self.hash.update(buffer.get(..read).unwrap_or_default());
        self.since_record = self.since_record.saturating_add(read as u64);
        Ok(read)
    }
}

impl<R: Read> Read for Bytes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::Plain(bytes) => bytes.read(buffer),
            Bytes::Gzip(bytes) => bytes.read(buffer).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), GzipCutOff),
                _ => error,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn read(file: &[u8]) -> io::Result<(Vec<u8>, Digest)> {
        let mut content = Content::new(file)?;
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        Ok((bytes, content.digest()))
    }

    #[test]
    fn a_file_and_its_gzip_are_the_same() {
        for text in ["", "u", "user,seats\nann,1\n", "no end"] {
            let hash = Digest(*blake3::hash(text.as_bytes()).as_bytes());
            let ended = format!("{text}\n").into_bytes();
            assert_eq!(read(text.as_bytes()).unwrap(), (ended.clone(), hash));
            assert_eq!(read(&gzip(text.as_bytes())).unwrap(), (ended, hash));
        }
        let marked = "\u{feff}ann".as_bytes();
        let hash = Digest(*blake3::hash(marked).as_bytes());
        assert_eq!(read(marked).unwrap(), (b"ann\n".to_vec(), hash), "marked, and hashed with it");
        let two = [gzip(b"ann,1\n"), gzip(b"ben,2\n")].concat();
        assert_eq!(read(&two).unwrap().0, b"ann,1\nben,2\n\n", "every member of a gzip is read");
    }

    #[test]
    fn a_gzip_that_was_cut_off_says_so_wherever_it_was_cut() {
        let whole = gzip(&b"ann,1996-09-30T12:10:27Z\n".repeat(100));
        for length in GZIP.len()..whole.len() {
            let error = read(&whole[..length]).unwrap_err();
            assert!(error.get_ref().unwrap().is::<GzipCutOff>(), "cut at {length}: {error}");
        }
        let mut damaged = whole.clone();
        let last = damaged.len() - 8; // The checksum of the content.
        damaged[last] ^= 1;
        assert!(read(&damaged).is_err());
    }

    #[test]
    fn an_endless_record_is_not_read_to_its_end() {
        let bomb = gzip(&vec![b'a'; 10_000_000]);
        let error = read(&bomb).unwrap_err();
        assert!(error.get_ref().unwrap().is::<RecordTooLong>(), "{error}");
    }
}
