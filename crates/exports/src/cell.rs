//! Text as it stands in a cell of a table that a spreadsheet may open.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and strips a tab, NUL or line
//! break before it looks. So such *text* gets a single quote before it (OWASP ASVS 5.0, 1.2.10). Amounts and counts
//! never pass through here: a negative one begins with `-` and is a number.

/// What a cell of text may not begin with; the last four are what a Japanese keyboard types for the others.
const FORMULA: [char; 12] =
    ['=', '+', '-', '@', '\t', '\0', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Text on one line that no spreadsheet takes for a formula.
pub(crate) fn text(raw: &str) -> String {
    let line = one_line(raw);
    match raw.starts_with(FORMULA) || line.starts_with(FORMULA) {
        true => format!("'{line}"),
        false => line,
    }
}

/// Text without control characters and without blanks at its ends.
pub(crate) fn one_line(raw: &str) -> String {
    let line: String = raw.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// Text of at most so many characters; what is cut ends in three dots.
pub(crate) fn at_most(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

/// Text for a program that reads no Unicode: other characters than ASCII become `?`.
pub(crate) fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
}

/// A day as British programs write it, `31/05/2026`, from `2026-05-31`.
pub(crate) fn british(day: seats::CivilDate) -> String {
    let date = reporting::civil::show_date(day);
    let parts: Vec<&str> = date.splitn(3, '-').collect();
    match parts.as_slice() {
        [year, month, day] => format!("{day}/{month}/{year}"),
        _ => date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_formula() {
        let check = |raw: &str, expected: &str| assert_eq!(text(raw), expected, "{raw:?}");
        check("Riverside Clinic", "Riverside Clinic");
        check("=1+1", "'=1+1");
        check("+44 20", "'+44 20");
        check("-3", "'-3");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'=1");
        check("\0x", "'x");
        check("\r=1", "'=1");
        check("\n1", "'1");
        check("  =1", "'=1");
        check(" \u{7}=1", "'=1");
        check("＝1", "'＝1");
        check("a=1", "a=1");
        check("a\r\nb\0c", "a  b c");
        check("'=1", "'=1");
        check("Ynys Môn, \"Dŵr\"", "Ynys Môn, \"Dŵr\"");
        check("", "");
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(at_most("abcdef", 6), "abcdef");
        assert_eq!(at_most("abcdefg", 6), "abc...");
        assert_eq!(at_most("ŵŵŵŵŵŵŵ", 6), "ŵŵŵ...");
        assert_eq!(ascii("£5 für ŵ"), "?5 f?r ?");
    }

    #[test]
    fn british_days() {
        let day = reporting::civil::read_date("2026-05-31").unwrap();
        assert_eq!(british(day), "31/05/2026");
    }
}
