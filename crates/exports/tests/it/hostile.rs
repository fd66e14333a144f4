//! Files of others that are anything at all: they are read or refused, and nothing falls over.

use crate::books::{SETTINGS, sample, settings};
use exports::ExportSettings;
use exports::gocardless::gocardless;
use exports::working_days::Holidays;
use exports::xero::XeroTemplate;
use proptest::prelude::*;
use reporting::Statement;
use seats::CivilDate;
use std::sync::LazyLock;

static JUNE: LazyLock<Vec<Statement>> =
    LazyLock::new(|| crate::books::statements(&sample(), "2026-06"));

/// Cells of a template, some of them right.
fn cell() -> impl Strategy<Value = String> {
    let known = [
        "mandate.id",
        "payment.amount",
        "payment.currency",
        "GBP",
        "MD0001",
        "",
        "*ContactName",
        "\"",
        "\u{feff}",
    ];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), ".{0,6}"]
}

proptest! {
    #[test]
    fn templates(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = XeroTemplate::read(&bytes);
        prop_assert!(gocardless(&JUNE, &bytes, &settings(), None).is_err());
    }

    #[test]
    fn templates_of_cells(rows in prop::collection::vec(prop::collection::vec(cell(), 4), 1..5)) {
        let rows: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
        let template = format!("mandate.id,payment.amount,payment.currency,x\n{}", rows.join("\n"));
        let _ = XeroTemplate::read(rows.join("\n").as_bytes());
        // Whatever is filled in is what is due, once.
        if let Ok(made) = gocardless(&JUNE, template.as_bytes(), &settings(), None) {
            prop_assert!(made.total_minor == 0 || made.total_minor == 72_120);
        }
    }

    #[test]
    fn settings_with_a_piece_cut_out(from in 0usize..900, length in 0usize..60) {
        let kept: String = SETTINGS.chars().enumerate()
            .filter(|(place, _)| !(from..from + length).contains(place)).map(|(_, c)| c).collect();
        let _ = ExportSettings::read(&kept);
    }

    #[test]
    fn holidays(text in ".{0,40}", day in any::<i32>(), days in 0u32..30) {
        if let Ok(holidays) = Holidays::read(&text) {
            let _ = holidays.after(CivilDate(day), days);
        }
    }
}
