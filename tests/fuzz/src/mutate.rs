//! Bending bytes without knowing what they say.

use crate::dice::Dice;

/// Bends an input in one to four places; the others of the corpus lend parts. At most `most` bytes come out.
pub fn bend(dice: &mut Dice, corpus: &[Vec<u8>], input: &[u8], most: usize) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=dice.below(4) {
        let other = dice.pick(corpus).map_or(&[][..], Vec::as_slice);
        bend_once(dice, other, &mut bytes);
    }
    bytes.truncate(most);
    bytes
}

fn bend_once(dice: &mut Dice, other: &[u8], bytes: &mut Vec<u8>) {
    let range = dice.range(bytes.len());
    match dice.below(13) {
        0 | 1 => {
            let bit = 1 << dice.below(8);
            change(dice, bytes, |byte| byte ^ bit);
        }
        2 => {
            let value = dice.any() as u8;
            change(dice, bytes, |_| value);
        }
        3 => {
            let step = if dice.once_in(2) { 1 } else { u8::MAX };
            change(dice, bytes, |byte| byte.wrapping_add(step));
        }
        4 => {
            let new: Vec<u8> = (0..=dice.below(8)).map(|_| dice.any() as u8).collect();
            bytes.splice(range.start..range.start, new);
        }
        5 => drop(bytes.drain(range)),
        6 => {
            let part = bytes.get(range.clone()).unwrap_or_default().to_vec();
            let times = if dice.once_in(8) { 1 + dice.below(200) } else { 1 };
            bytes.splice(range.end..range.end, part.repeat(times));
        }
        7 => {
            let lent = other.get(dice.range(other.len())).unwrap_or_default().to_vec();
            bytes.splice(range, lent);
        }
        8 => {
            // The beginning of one, the end of the other.
            let from = dice.below(other.len() + 1);
            bytes.truncate(range.start);
            bytes.extend_from_slice(other.get(from..).unwrap_or_default());
        }
        9 if dice.once_in(3) => bytes.truncate(range.start),
        9 | 10 => {
            let number = number(dice);
            let end = range.start + if dice.once_in(2) { 0 } else { number.len() };
            let end = end.min(bytes.len());
            bytes.splice(range.start..end, number);
        }
        11 => decimal(dice, bytes),
        _ => line(dice, bytes),
    }
}

fn change(dice: &mut Dice, bytes: &mut [u8], change: impl FnOnce(u8) -> u8) {
    let place = dice.below(bytes.len());
    if let Some(byte) = bytes.get_mut(place) {
        *byte = change(*byte);
    }
}

/// A number as bincode, a frame or a zip file writes it, not always in the shortest way.
fn number(dice: &mut Dice) -> Vec<u8> {
    let edge = dice.edge();
    match dice.below(7) {
        0 if edge <= 250 => vec![edge as u8],
        0 | 1 => [&[251], (edge as u16).to_le_bytes().as_slice()].concat(),
        2 => [&[252], (edge as u32).to_le_bytes().as_slice()].concat(),
        3 => [&[253], edge.to_le_bytes().as_slice()].concat(),
        4 => edge.to_be_bytes().to_vec(),
        5 => (edge as u32).to_be_bytes().to_vec(),
        _ => (edge as u32).to_le_bytes().to_vec(),
    }
}

/// Another number where digits stand.
fn decimal(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let from = dice.below(bytes.len());
    let digits = |byte: &u8| byte.is_ascii_digit();
    let Some(start) = bytes.iter().skip(from).position(digits) else { return };
    let start = from + start;
    let length = bytes.iter().skip(start).take_while(|byte| digits(byte)).count();
    let edge = dice.edge();
    let text = match dice.below(6) {
        0 => format!("0{edge}"),
        1 => format!("-{edge}"),
        2 => format!("{}", u128::from(edge) * 1_000_000),
        _ => edge.to_string(),
    };
    bytes.splice(start..start + length, text.into_bytes());
}

/// Takes a line out, or puts it somewhere else, or there as well.
fn line(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let place = dice.below(lines.len());
    let line = if dice.once_in(3) {
        lines.get(place).cloned().unwrap_or_default()
    } else {
        lines.remove(place)
    };
    if !dice.once_in(3) {
        let to = dice.below(lines.len() + 1);
        lines.insert(to, line);
    }
    *bytes = lines.join(&b'\n');
}
