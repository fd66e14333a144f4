//! What people may be called, and what makes a request id.
//!
//! A *name* (of an account, user, site or device) is 1 to 200 bytes of UTF-8 without control characters,
//! not all of it blank. A *request id* is any text of 1 to 128 bytes. UUID text stands for the UUID's 16
//! bytes, however it is spelt; any other text for the first 16 bytes of its BLAKE3 hash.

use seats::RequestId;
use thiserror::Error;

/// The longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 200;
/// The longest request id, in bytes.
pub const REQUEST_BYTES_MAX: usize = 128;
/// The longest note to a release, or reason, in bytes.
pub const NOTE_BYTES_MAX: usize = 2_000;

/// Why a text cannot be taken. The caller sends another.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BadText {
    /// Nothing, or nothing but blanks.
    #[error("{field}: it is empty; give 1 to {max} bytes")]
    Empty {
        /// Which field.
        field: &'static str,
        /// The longest it may be, in bytes.
        max: usize,
    },
    /// Too long.
    #[error("{field}: {bytes} bytes are too long; give 1 to {max}")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// How long it is, in bytes.
        bytes: usize,
        /// The longest it may be, in bytes.
        max: usize,
    },
    /// A tab, a line break or another control character.
    #[error("{field}: it holds the control character U+{character:04X}; leave it out")]
    Control {
        /// Which field.
        field: &'static str,
        /// The character's code point.
        character: u32,
    },
    /// The words outlive the one they name. Say it without the name.
    #[error("{field}: it names whom it is about, and it stays; say it without the name")]
    NamesWhom {
        /// Which field.
        field: &'static str,
    },
}

/// Checks a name for the given field.
///
/// # Errors
/// [`BadText`], saying what is wrong with it.
pub fn check_name(field: &'static str, name: &str) -> Result<(), BadText> {
    sized(field, name, NAME_BYTES_MAX)?;
    match name.chars().find(|c| c.is_control()) {
        Some(c) => Err(BadText::Control { field, character: u32::from(c) }),
        None => Ok(()),
    }
}

/// Checks an agent's words about a release; line breaks are fine.
pub(crate) fn check_note(note: &str) -> Result<(), BadText> {
    check_words("note", note)
}

fn check_words(field: &'static str, words: &str) -> Result<(), BadText> {
    sized(field, words, NOTE_BYTES_MAX)?;
    match words.chars().find(|c| c.is_control() && *c != '\n') {
        Some(c) => Err(BadText::Control { field, character: u32::from(c) }),
        None => Ok(()),
    }
}

/// Checks the reason that somebody gives; line breaks are fine.
pub(crate) fn check_reason(reason: &str) -> Result<(), BadText> {
    check_words("reason", reason)
}

/// The request id that a text stands for.
///
/// # Errors
/// [`BadText`] if it is empty or longer than 128 bytes.
pub fn request_id(text: &str) -> Result<RequestId, BadText> {
    sized("request id", text, REQUEST_BYTES_MAX)?;
    if let Ok(uuid) = uuid::Uuid::try_parse(text) {
        return Ok(RequestId(uuid.into_bytes()));
    }
    let mut id = [0; 16];
    blake3::Hasher::new().update(text.as_bytes()).finalize_xof().fill(&mut id);
    Ok(RequestId(id))
}

fn sized(field: &'static str, text: &str, max: usize) -> Result<(), BadText> {
    match text.len() {
        _ if text.trim().is_empty() => Err(BadText::Empty { field, max }),
        bytes if bytes > max => Err(BadText::TooLong { field, bytes, max }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_visible_text() {
        let check = |name: &str, good: bool| {
            assert_eq!(check_name("user", name).is_ok(), good, "{name:?}");
        };
        check("Ana-María O'Neill <ana@example.org>", true);
        check("日本", true);
        check(&"x".repeat(200), true);
        check(&"x".repeat(201), false);
        check("", false);
        check(" \u{3000} ", false);
        check("a\tb", false);
        check("a\nb", false);
        check("a\u{85}b", false);
        let error = check_name("user", "a\u{7}").unwrap_err();
        assert_eq!(error.to_string(), "user: it holds the control character U+0007; leave it out");
        assert!(check_note("two\nlines").is_ok());
        assert!(check_note("bell\u{7}").is_err());
    }

    #[test]
    fn a_uuid_is_its_bytes_and_other_text_its_hash() {
        let bytes = [0x0a, 1, 2, 3, 4, 5, 0x46, 7, 0x88, 9, 10, 11, 12, 13, 14, 0xff];
        for text in ["0a010203-0405-4607-8809-0a0b0c0d0eff", "0A010203-0405-4607-8809-0A0B0C0D0EFF"]
        {
            assert_eq!(request_id(text), Ok(RequestId(bytes)), "{text}");
        }
        let hash = blake3::hash(b"order 66");
        assert_eq!(request_id("order 66").unwrap().0, hash.as_bytes()[..16]);
        assert_ne!(request_id("order 67"), request_id("order 66"));
        assert!(request_id(&"r".repeat(128)).is_ok());
        assert!(request_id(&"r".repeat(129)).is_err());
        assert!(request_id("").is_err());
    }
}
