//! Files as they come: what is read, and what is refused by line number with the reason and the value.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that finds something else fails, as it should"
)]

use flate2::{Compression, write::GzEncoder};
use importers::{History, Licences, Parameters, Plan, csv};
use proptest::prelude::*;
use seats::Timestamp;
use std::io::Write;

/// 1996-12-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_secs(849_398_400);
const HEADER: &str = "user,requested_at,granted_at,ended_at,seats";

fn read(file: &[u8]) -> Result<History, csv::ReadError> {
    csv::read(file, NOW, &mut |_| {})
}

/// The rows as `line user seats wait length`, times in microseconds; or the refusal.
fn said(file: &[u8]) -> Vec<String> {
    match read(file) {
        Ok(history) => history
            .rows
            .iter()
            .map(|row| {
                let user = &history.users[row.user as usize];
                let (wait, length) =
                    (row.granted.since(row.requested).0, row.ended.since(row.granted).0);
                format!("{} {user} {} {wait} {length}", row.line, row.seats)
            })
            .collect(),
        Err(refusal) => refusal.to_string().lines().map(String::from).collect(),
    }
}

fn check(file: impl AsRef<[u8]>, expected: &[&str]) {
    let file = file.as_ref();
    let start = file.get(..1000).unwrap_or(file);
    assert_eq!(said(file), expected, "\n{}", String::from_utf8_lossy(start));
}

/// A file of one row under the usual header, which is refused as expected.
fn check_row(row: &str, expected: &str) {
    let told = ["1 row cannot be right; nothing was imported", &format!("  line 2: {expected}")];
    check(format!("{HEADER}\n{row}\n"), &told);
}

/// A row whose field of this column is replaced.
fn row_with(column: &str, value: &str) -> String {
    let ann = ["ann", "1996-11-01T08:00:00Z", "1996-11-01T08:00:00Z", "1996-11-01T09:00:00Z", "1"];
    let fields = HEADER.split(',').zip(ann).map(|(name, field)| match name == column {
        true => value,
        false => field,
    });
    fields.collect::<Vec<_>>().join(",")
}

#[test]
fn columns_stand_in_any_order_and_others_are_ignored() {
    let expected = ["2 ann 2 60000000 3540000000"];
    let times = "1996-11-01T08:00:00Z,1996-11-01T08:01:00Z,1996-11-01T09:00:00Z";
    check(format!("{HEADER}\nann,{times},2\n"), &expected);
    check(format!("{HEADER}\r\nann,{times},2\r\n"), &expected);
    check(format!("{HEADER}\nann,{times},2"), &expected);
    check(format!("\u{feff}{HEADER}\n\"ann\",{times},\"2\"\r\n"), &expected);
    check(
        "host,SEATS, Ended_At ,user,granted_at,requested_at,host\n\
         h\u{e9},2,1996-11-01T09:00:00Z,ann,1996-11-01T08:01:00Z,1996-11-01T08:00:00Z,x\n",
        &expected,
    );
    check(
        "user,requested_at,granted_at,ended_at,seats,host\n\
         ann,1996-11-01T09:00:00+01:00,1996-11-01T03:01:00-05:00,1996-11-01T09:00:00.000000z,2,\n",
        &expected,
    );
    let mut latin = format!("{HEADER},host\nann,{times},2,").into_bytes();
    latin.extend(b"\xe9\n"); // Not UTF-8, but in a column that nobody reads.
    check(latin, &expected);
}

#[test]
fn lines_are_counted_through_empty_ones_and_quotation_marks() {
    let row = row_with("seats", "1");
    let read = "ann 1 0 3600000000";
    for end in ["\n", "\r\n"] {
        let file = [HEADER, "", &row, "", "", &row, ""].join(end);
        check(&file, &[&format!("3 {read}"), &format!("6 {read}")]);
        let file = format!("{HEADER},note{end}{row},\"two{end}lines\"{end}{row}");
        let told = "  line 4: it has 5 fields where the header has 6";
        check(&file, &["1 row cannot be right; nothing was imported", told]);
    }
}

#[test]
fn a_row_that_cannot_be_right_is_refused_with_its_reason() {
    let long = "x".repeat(201);
    let time = "is not an RFC 3339 time such as 1996-09-30T12:10:27Z";
    let seats = "is not a whole number between 1 and 1000000";
    for (column, value, expected) in [
        ("user", "", "user: \"\" is no name"),
        ("user", "\u{a0} ", "user: \"\\u{a0} \" is no name"),
        ("user", "a\tn", "user: \"a\\tn\" holds a control character"),
        ("user", "ann\r", "user: \"ann\\r\" holds a control character"),
        ("user", "\"a\nn\"", "user: \"a\\nn\" holds a control character"),
        ("user", &long, &format!("user: \"{}\"... is longer than 200 bytes", "x".repeat(60))),
        ("requested_at", "", &format!("requested_at: \"\" {time}")),
        ("requested_at", "yesterday", &format!("requested_at: \"yesterday\" {time}")),
        ("granted_at", "1996-11-31T08:00:00Z", "granted_at: \"1996-11-31T08:00:00Z\" is not an"),
        ("ended_at", "1996-11-01T09:00:00", &format!("ended_at: \"1996-11-01T09:00:00\" {time}")),
        (
            "requested_at",
            "1969-12-31T23:59:59Z",
            "requested_at: \"1969-12-31T23:59:59Z\" is before",
        ),
        (
            "requested_at",
            "1996-11-01T08:00:01Z",
            "granted_at: 1996-11-01T08:00:00Z is before requested_at 1996-11-01T08:00:01Z",
        ),
        (
            "ended_at",
            "1996-11-01T07:59:59.999999Z",
            "ended_at: 1996-11-01T07:59:59.999999Z is before granted_at 1996-11-01T08:00:00Z",
        ),
        (
            "ended_at",
            "1996-12-01T00:00:00.000001Z",
            "ended_at: 1996-12-01T00:00:00.000001Z is later than now, 1996-12-01T00:00:00Z",
        ),
        ("seats", "0", &format!("seats: 0 {seats}")),
        ("seats", "", &format!("seats: \"\" {seats}")),
        ("seats", "-1", &format!("seats: \"-1\" {seats}")),
        ("seats", "+1", &format!("seats: \"+1\" {seats}")),
        ("seats", "1.0", &format!("seats: \"1.0\" {seats}")),
        ("seats", "1000001", &format!("seats: 1000001 {seats}")),
        ("seats", "99999999999", &format!("seats: \"99999999999\" {seats}")),
        ("seats", "1,2", "it has 6 fields where the header has 5"),
    ] {
        let row = row_with(column, value);
        let told = said(format!("{HEADER}\n{row}\n").as_bytes());
        let begins = format!("  line 2: {expected}");
        assert!(told.len() == 2 && told[1].starts_with(&begins), "{column} {value:?}: {told:?}");
    }
    check_row("ann,\"two\nlines", "a quotation mark is never closed");
    check_row("ann", "it has 1 field where the header has 5");
    check_row("\"ann,never closed", "a quotation mark is never closed");
    let mut latin = format!("{HEADER}\n").into_bytes();
    latin.extend(b"Ren\xe9,1996-11-01T08:00:00Z,1996-11-01T08:00:00Z,1996-11-01T09:00:00Z,1\n");
    let told = "  line 2: user: \"Ren\u{fffd}\" is not UTF-8";
    check(latin, &["1 row cannot be right; nothing was imported", told]);
}

#[test]
fn what_is_just_right_is_taken() {
    let long = "x".repeat(200);
    for (column, value) in [
        ("user", long.as_str()),
        ("user", "Łucja 'O\u{301}"),
        ("requested_at", "1970-01-01T00:00:00Z"),
        ("ended_at", "1996-12-01T00:00:00Z"),
        ("ended_at", "1996-11-01T08:00:00Z"),
        ("seats", "1000000"),
        ("seats", "007"),
    ] {
        let file = format!("{HEADER}\n{}\n", row_with(column, value));
        assert!(read(file.as_bytes()).is_ok(), "{column} {value:?}: {:?}", said(file.as_bytes()));
    }
}

#[test]
fn a_name_is_one_users_however_it_is_written() {
    let row = |user| row_with("user", user);
    let file = [HEADER, &row("Ann"), &row("ben"), &row(" ANN "), &row("Bén")].join("\n");
    let history = read(file.as_bytes()).unwrap();
    assert_eq!(history.users, ["Ann", "ben", "Bén"]);
    let users: Vec<_> = history.rows.iter().map(|row| row.user).collect();
    assert_eq!(users, [0, 1, 0, 2]);
}

#[test]
fn a_long_file_is_read_to_its_end() {
    let row = row_with("seats", "1");
    let file = format!("{HEADER}\n{}", format!("{row}\n").repeat(10_000));
    let history = read(file.as_bytes()).unwrap();
    assert_eq!((history.rows.len(), history.sessions), (10_000, 10_000));
    assert_eq!(history.rows.last().unwrap().line, 10_001);
}

#[test]
fn a_gzip_that_was_cut_off_is_refused() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let file = format!("{HEADER}\n{}", format!("{}\n", row_with("seats", "1")).repeat(100));
    gzip.write_all(file.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    assert!(read(&gzip).is_ok());
    let refused = read(&gzip[..gzip.len() - 9]).unwrap_err().to_string();
    assert!(refused.starts_with("beyond line "), "{refused}");
    assert!(
        refused.ends_with("stops before its end; the file was cut off, fetch it again"),
        "{refused}"
    );
}

#[test]
fn the_first_twenty_bad_rows_are_named_and_all_are_counted() {
    let good = row_with("seats", "1");
    let bad = row_with("seats", "0");
    let file = format!("{HEADER}\n{good}\n{}", format!("{bad}\n").repeat(23));
    let told = said(file.as_bytes());
    assert_eq!(told.len(), 22);
    assert_eq!(told[0], "23 rows cannot be right; nothing was imported");
    assert!(told[1].starts_with("  line 3: seats") && told[20].starts_with("  line 22: seats"));
    assert_eq!(told[21], "  and 3 more");
}

#[test]
fn a_file_that_is_no_history_is_refused() {
    let missing = |column: &str, found: &str| {
        format!("line 1: there is no column {column}; the header reads {found}")
    };
    check("", &[&missing("user", "nothing")]);
    check("\n\n", &[&missing("user", "nothing")]);
    check(HEADER, &["the file holds no rows besides its header"]);
    let semicolons = HEADER.replace(',', ";");
    check(&semicolons, &[&missing("user", &format!("{semicolons:?}"))]);
    let short = "user,requested_at,granted_at,ended_at";
    check(short, &[&missing("seats", &format!("{short:?}"))]);
    check(format!("{HEADER},User"), &["line 1: there are two columns user"]);
    check(
        b"\xff\xfeu\0s\0e\0r\0",
        &["line 1: the header is not UTF-8 (\"\u{fffd}\u{fffd}u\\0s\\0e\\0r\\0\"); \
           export the file as CSV in UTF-8"],
    );
    let endless = format!("{HEADER}\n{}", "a".repeat(200_000));
    check(
        endless,
        &["the record that begins beyond line 1: the record is longer than 65536 bytes; \
           is a quotation mark never closed?"],
    );
    let row = row_with("seats", "1000000");
    let told =
        "line 22: more than 20000000 sessions of one seat each; split the history by customer";
    check(format!("{HEADER}\n{}", format!("{row}\n").repeat(22)), &[told]);
}

/// Whatever is read can be planned, and whatever is not is refused in words.
fn read_and_plan(file: &[u8]) {
    match read(file) {
        Ok(history) => {
            let (account, zone) = (String::from("clinic"), String::from("UTC"));
            let parameters = Parameters { account, zone, licences: Licences::Auto };
            let plan = Plan::new(history, csv::FORMAT, &parameters, &mut |_| {});
            plan.expect("what is sound has a lawful plan");
        }
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_and_plan(&bytes);
        read_and_plan(&[&[0x1f, 0x8b], bytes.as_slice()].concat());
        read_and_plan(&[HEADER.as_bytes(), b"\n", bytes.as_slice()].concat());
    }

    #[test]
    fn a_damaged_file_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in any::<prop::sample::Index>(),
        gzip in any::<bool>(),
    ) {
        let rows = [("seats", "2"), ("user", "ben"), ("ended_at", "1996-11-01T08:00:00Z")];
        let rows = rows.map(|(column, value)| row_with(column, value)).join("\n");
        let mut file = format!("{HEADER}\n{rows}\n").into_bytes();
        if gzip {
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            packed.write_all(&file)?;
            file = packed.finish()?;
        }
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        file.truncate(length.index(file.len() + 1));
        read_and_plan(&file);
    }
}
