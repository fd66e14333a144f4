//! A letter: what is sent, how it is signed, and when it is sent again.
//!
//! ```text
//! POST /hook
//! webhook-id: msg_5f3a9c01d2e4b687_41
//! webhook-timestamp: 1777881600
//! webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=
//!
//! {"position":41,...}
//! ```
//!
//! Signed as Standard Webhooks says: HMAC-SHA256 of `id.timestamp.body` with the secret's bytes. The time is
//! that of the attempt, so that an old letter caught by somebody cannot be sent once more later; the id stays.
//!
//! A refused letter is sent again after 5 s, 30 s, 2 min, 10 min, 30 min, and from then on every hour, each
//! longer by up to a fifth that follows from id and attempt. The last attempt is a day after the receiver began
//! to refuse, or after the commit was recorded if that was later; then it is a dead letter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{HMAC_SHA256, Key, sign};
use std::io;

/// How long a letter is sent again, in microseconds.
pub(crate) const DAY: u64 = 86_400_000_000;
/// Seconds until the next attempt, after the first, second, ...; the last of them from then on.
const AGAIN_S: [u64; 6] = [5, 30, 120, 600, 1_800, 3_600];
/// How a secret begins.
const PREFIX: &str = "whsec_";

/// A secret to sign with: `whsec_` and 256 random bits.
pub(crate) fn new_secret() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The header `webhook-signature`.
pub(crate) fn signature(secret: &str, id: &str, timestamp: u64, body: &str) -> String {
    // A secret that is no base64 was written into the file by hand; it signs as the text that it is.
    let text = secret.strip_prefix(PREFIX).unwrap_or(secret);
    let bytes = STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec());
    let content = format!("{id}.{timestamp}.{body}");
    let tag = sign(&Key::new(HMAC_SHA256, &bytes), content.as_bytes());
    format!("v1,{}", STANDARD.encode(tag.as_ref()))
}

/// When a letter that was refused at `now` for the `attempts`th time is sent again; `None`: never.
/// `since` is when its day began. All in microseconds since 1970.
pub(crate) fn next_attempt(id: &str, attempts: u32, since: u64, now: u64) -> Option<u64> {
    let last = since.saturating_add(DAY);
    if now >= last {
        return None;
    }
    let made = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = AGAIN_S.get(made).or(AGAIN_S.last()).map_or(0, |wait| wait * 1_000_000);
    let drawn = blake3::hash(format!("{id}.{attempts}").as_bytes());
    let [first, second, ..] = *drawn.as_bytes();
    let longer = (wait / 5).saturating_mul(u64::from(u16::from_be_bytes([first, second]))) >> 16;
    Some(now.saturating_add(wait).saturating_add(longer).min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specifications_libraries() {
        // The vector of the reference libraries' own tests.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signed = signature(secret, id, 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_letter_is_sent_again_for_a_day_and_the_last_time_at_its_end() {
        let (mut now, mut waits, mut attempts) = (7, Vec::new(), 1);
        while let Some(next) = next_attempt("msg_a_1", attempts, 7, now) {
            waits.push((next - now) / 1_000_000);
            (now, attempts) = (next, attempts + 1);
        }
        assert_eq!(now, 7 + DAY, "the last attempt");
        assert!((5..=6).contains(&waits[0]) && (30..=36).contains(&waits[1]), "{waits:?}");
        assert!((3_600..=4_320).contains(&waits[6]), "{waits:?}");
        assert!((25..32).contains(&waits.len()), "{waits:?}");
        assert_ne!(next_attempt("msg_a_1", 6, 0, 0), next_attempt("msg_a_2", 6, 0, 0));
        assert_eq!(next_attempt("msg_a_1", 6, 0, 0), next_attempt("msg_a_1", 6, 0, 0));
    }
}
