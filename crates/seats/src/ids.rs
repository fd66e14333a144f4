//! Names as numbers.
//!
//! The log holds no personal data: who user 7 of account 3 is stands in the directory, which can forget.
//! Users, sites, devices, sessions and seats are numbered from 1 within their account, densely, in the
//! order in which they first appear; so the numbers say nothing but that order, and encode in a byte or two.

use bincode::{Decode, Encode};
use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($repr:ty), $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
        pub struct $name(pub $repr);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

number!(
    /// A customer of the vendor. 0 is the system account, which holds facts of the service itself.
    AccountId(u64), "account-"
);
number!(
    /// One of an account's licence pools (products). 0 is the default pool; no other is used yet.
    PoolId(u16), "pool-"
);
number!(
    /// A person who may log in; numbered from 1 within the account.
    UserId(u32), "user-"
);
number!(
    /// A practice or branch of an account; numbered from 1 within the account.
    SiteId(u16), "site-"
);
number!(
    /// A computer or browser a user logs in from; numbered from 1 within the account.
    DeviceId(u32), "device-"
);
number!(
    /// One user's holding of one seat, from grant to end; numbered from 1 within the account and never
    /// used again. The number is also the seat's *epoch*: a session that lost its seat can never act on it
    /// again, because every later holder has a higher number.
    SessionId(u64), "session-"
);
number!(
    /// One asking of a holder for a seat; numbered from 1 within the account.
    HandOverId(u32), "hand-over-"
);
number!(
    /// One of the places to sit, numbered from 1; the lowest free one is granted.
    SeatNo(u32), "seat "
);

impl AccountId {
    /// The reserved account of the service itself: starts, stops, clock steps, key rotation.
    pub const SYSTEM: AccountId = AccountId(0);
}

impl PoolId {
    /// The unnamed pool that every account has.
    pub const DEFAULT: PoolId = PoolId(0);
}

/// What makes a login attempt repeatable: the same id asks the same question again.
///
/// Scoped to the account and remembered for ever. The caller sends a random UUID, whose 16 bytes these are;
/// any other text is hashed to 16 bytes before it comes here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct RequestId(pub [u8; 16]);

/// 32 bytes of BLAKE3: a plan file, an imported file, a commit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads 64 lower-case hexadecimal digits, as it is shown. `None` for anything else.
    pub fn from_hex(digits: &str) -> Option<Digest> {
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return None;
        }
        let mut digest = [0; 32];
        for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
            *byte = value(*high)? << 4 | value(*low)?;
        }
        Some(Digest(digest))
    }
}

/// `BLAKE3(salt ‖ profile)`: binds a directory entry to the log without revealing it.
///
/// When the salt and the profile are deleted, nothing can be learned from this number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Commitment(pub [u8; 32]);

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

macro_rules! hexadecimal {
    ($($name:ident),*) => { $(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { hex(&self.0, f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "("))?;
                hex(&self.0, f)?;
                write!(f, ")")
            }
        }
    )* };
}
hexadecimal!(RequestId, Digest, Commitment);
