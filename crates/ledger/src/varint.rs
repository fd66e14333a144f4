//! Whole numbers as bincode writes them, so that the whole format has one kind of number.
//!
//! ```text
//!  0..=250          one byte, the number itself
//!  251..=0xFFFF     0xFB, two bytes, little end first
//!  ..=0xFFFF_FFFF   0xFC, four bytes
//!  above            0xFD, eight bytes
//! ```
//!
//! Only the shortest spelling is valid here.

/// Appends `number`.
pub(crate) fn put(number: u64, bytes: &mut Vec<u8>) {
    if number < 251 {
        bytes.push(number as u8);
    } else if let Ok(number) = u16::try_from(number) {
        bytes.push(251);
        bytes.extend_from_slice(&number.to_le_bytes());
    } else if let Ok(number) = u32::try_from(number) {
        bytes.push(252);
        bytes.extend_from_slice(&number.to_le_bytes());
    } else {
        bytes.push(253);
        bytes.extend_from_slice(&number.to_le_bytes());
    }
}

/// How many bytes [`put`] appends.
#[inline]
pub(crate) fn length(number: u64) -> usize {
    match number {
        0..=250 => 1,
        251..=0xFFFF => 3,
        0x1_0000..=0xFFFF_FFFF => 5,
        _ => 9,
    }
}

/// Takes a number from the front of `bytes`; `None` if they end early or the spelling is not the shortest.
#[inline]
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first()?;
    let (number, rest) = match first {
        0..=250 => (u64::from(*first), rest),
        251 => {
            let (number, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_le_bytes(*number)), rest)
        }
        252 => {
            let (number, rest) = rest.split_first_chunk()?;
            (u64::from(u32::from_le_bytes(*number)), rest)
        }
        253 => {
            let (number, rest) = rest.split_first_chunk()?;
            (u64::from_le_bytes(*number), rest)
        }
        _ => return None,
    };
    if length(number) != bytes.len() - rest.len() {
        return None;
    }
    *bytes = rest;
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_written_as_bincode_writes_them(number in any::<u64>(), shift in 0u32..64) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            put(number, &mut bytes);
            prop_assert_eq!(&bytes, &bincode::encode_to_vec(number, bincode::config::standard()).unwrap());
            prop_assert_eq!(bytes.len(), length(number));
            let mut rest = bytes.as_slice();
            prop_assert_eq!(take(&mut rest), Some(number));
            prop_assert!(rest.is_empty());
        }
    }

    #[test]
    fn a_longer_spelling_or_an_early_end_is_refused() {
        for bytes in [
            &[][..],
            &[251, 5, 0],
            &[251, 5],
            &[252, 0, 0, 0, 0],
            &[253, 255, 255, 0, 0, 0, 0, 0, 0],
            &[254],
        ] {
            let mut rest = bytes;
            assert_eq!(take(&mut rest), None, "{bytes:?}");
        }
    }
}
