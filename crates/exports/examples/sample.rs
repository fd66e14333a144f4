//! Every file for the four accounts of the tests' ledger, written into a folder, for programs and eyes to look at;
//! and, in its folder `pages`, statements that are hard to print:
//!
//! ```text
//! cargo run -p exports --example sample -- FOLDER [XERO_TEMPLATE]
//! ```

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a sample that fails is mended"
)]

#[path = "../tests/it/books.rs"]
mod books;

use exports::workbook::{SeatRow, workbook};
use exports::working_days::Holidays;
use exports::xero::{XeroTemplate, xero};
use exports::{ExportFile, ExportSettings, Finality};
use exports::{charges::charges, gocardless::gocardless, notices::notices, page::page, sage::sage};
use reporting::Report;
use reporting::civil::read_date;
use std::path::Path;

const XERO: &str = "*ContactName,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,*Description,*Quantity,\
                    *UnitAmount,*AccountCode,*TaxType,TaxAmount,Currency\r\n";

const GOCARDLESS: &str = "mandate.id,customer.id,customer.given_name,customer.family_name,customer.company_name,\
                          customer.email,payment.amount,payment.currency,payment.description,payment.charge_date,\
                          payment.metadata.statement\r\nMD0001,CU1,Ann,Lee,Riverside,a@example.com,,GBP,,,\r\n\
                          MD0004,CU4,Bo,Ray,Hillside,b@example.com,,GBP,,,\r\n";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("a folder");
    let template = arguments.next().map(|path| std::fs::read(path).expect("the template"));
    let template = template.unwrap_or_else(|| XERO.as_bytes().to_vec());
    let write = |file: &ExportFile| {
        std::fs::write(Path::new(&folder).join(&file.name), &file.bytes).expect("written");
    };
    let (vendor, settings) = (books::sample(), books::settings());
    assert!(books::EVIL.starts_with('='));
    let statements = books::statements(&vendor, "2026-06");
    let closed = Finality::Closed;
    for statement in &statements {
        write(&page(statement, &settings, closed).expect("a page"));
        let name = format!("statement-{}.json", statement.account_number);
        write(&ExportFile { name, bytes: statement.json().into_bytes() });
    }
    write(&charges(&statements, &settings, closed).expect("charges"));
    let template = XeroTemplate::read(&template).expect("a template");
    let invoices = xero(&statements, &template, &settings, closed).expect("invoices");
    invoices.invoices.iter().chain(&invoices.credit_notes).for_each(write);
    write(&sage(&statements, &settings, closed).expect("transactions").file);
    let collected = gocardless(&statements, GOCARDLESS.as_bytes(), &settings, None);
    write(&collected.expect("payments").file);
    let holidays = Holidays::read("2026-05-25\n2026-08-31\n").expect("holidays");
    let day = read_date("2026-07-06").expect("a date");
    write(&notices(&statements, &settings, &holidays, day).expect("notices").file);
    let seat = |seat, holder: &str, from, to: Option<&str>, ended: &str| SeatRow {
        account: 1,
        seat,
        holder: holder.to_owned(),
        from: books::at(from),
        to: to.map(books::at),
        ended: ended.to_owned(),
    };
    let seats = [
        seat(1, "Alice", "2026-05-04 09:00", None, ""),
        seat(2, "=Bob", "2026-06-04 09:00", None, ""),
        seat(3, "Carol", "2026-06-04 09:30", Some("2026-06-06 12:00"), "logged out"),
    ];
    write(&workbook(&statements, &seats, &settings, closed).expect("a workbook"));
    pages(&Path::new(&folder).join("pages"), &settings);
}

/// Statements that are hard to print: long and foreign names, large amounts, other decimals, many lines, a draft.
fn pages(folder: &Path, settings: &ExportSettings) {
    std::fs::create_dir_all(folder).expect("a folder");
    let mut vendor = books::Vendor::new();
    vendor.at("2026-05-01 00:00");
    let long = "The Amalgamated Royal and Ancient Hospitals of Saint Bartholomew, Saint Thomas and Llanfairpwllgwyngyll\
                gogerychwyrndrobwllllantysiliogogogoch NHS Foundation Trust (Outpatients)";
    let plan = |currency: &str, fee: &str, more: &str| {
        format!(
            "plan = \"plan-{currency}\"\ncurrency = \"{currency}\"\neffective_from = \"2026-01-01\"\n\
             monthly_fee = \"{fee}\"\n{more}"
        )
    };
    let vat = "[vat]\nmode = \"compute\"\ncode = \"20% (VAT on Income)\"\nrate = \"20\"\n";
    vendor.open(11, long, 3, 0, &plan("GBP", "35.00", vat));
    vendor.open(
        12,
        "\u{639}\u{64a}\u{627}\u{62f}\u{629} \u{627}\u{644}\u{646}\u{647}\u{636}\u{629} (12)",
        3,
        0,
        &plan("KWD", "12.345", ""),
    );
    vendor.open(
        13,
        "\u{6771}\u{4eac}\u{30af}\u{30ea}\u{30cb}\u{30c3}\u{30af}",
        7,
        0,
        &plan("JPY", "4980", ""),
    );
    vendor.open(14, "Very Large plc", 900, 0, &plan("GBP", "9999999.99", vat));
    vendor.open(15, "Many Changes Ltd", 1, 0, &plan("GBP", "35.00", "setup_fee = \"150.00\"\n"));
    for day in 1..=30 {
        vendor.at(&format!("2026-05-{day:02} 09:00")).licences(
            15,
            2 * day,
            &format!("2026-05-{day:02}"),
        );
        vendor.at(&format!("2026-05-{day:02} 15:00")).licences(
            15,
            2 * day + 1,
            &format!("2026-05-{day:02}"),
        );
    }
    vendor.at("2026-06-03 09:00");
    for number in 11..=15 {
        vendor.close(number, "2026-05");
        let statement = vendor.statement(number, "2026-05");
        let made = page(&statement, settings, Finality::Closed).expect("a page");
        std::fs::write(folder.join(&made.name), &made.bytes).expect("written");
        let name = made.name.replace(".html", ".json");
        std::fs::write(folder.join(name), statement.json()).expect("written");
    }
    let draft = vendor.statement(15, "2026-06");
    let made = page(&draft, settings, Finality::Drafts).expect("a page");
    std::fs::write(folder.join(&made.name), &made.bytes).expect("written");
    std::fs::write(folder.join(made.name.replace(".html", ".json")), draft.json())
        .expect("written");
}
