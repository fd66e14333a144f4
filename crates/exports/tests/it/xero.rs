//! Xero's sales invoices, by the user's own template.

use crate::books::{sample, settings, statements};
use crate::{minor, rows, text};
use exports::xero::{Column, XeroTemplate, xero};
use exports::{ExportError, ExportSettings, Finality, Why};

/// A template in another order than Xero's, with a column that is not known.
const TEMPLATE: &str = "*InvoiceNumber,*ContactName,*InvoiceDate,*DueDate,*Quantity,*Description,*UnitAmount,\
                        *TaxType,TaxAmount,*AccountCode,Reference,Currency,Colour\r\nexample,row,is,not,looked,at,,,,,,,\r\n";

fn template() -> XeroTemplate {
    XeroTemplate::read(TEMPLATE.as_bytes()).unwrap()
}

#[test]
fn invoices_as_they_are_imported() {
    let statements = statements(&sample(), "2026-06");
    let files = xero(&statements, &template(), &settings(), Finality::Closed).unwrap();
    let [invoices] = files.invoices.as_slice() else { panic!("{:?}", files.invoices) };
    assert_eq!(invoices.name, "xero-invoices-2026-06.csv");
    let expected = "\
*InvoiceNumber,*ContactName,*InvoiceDate,*DueDate,*Quantity,*Description,*UnitAmount,*TaxType,TaxAmount,*AccountCode,Reference,Currency,Colour\r
26060001,Riverside Clinic Ltd,03/07/2026,17/07/2026,1,\"Licences, monthly fee: 35.00 x 123 licence-days / 30 days\",143.50,20% (VAT on Income),28.70,200,RIVER,GBP,\r
26060001,Riverside Clinic Ltd,03/07/2026,17/07/2026,3,Set-up of licences added on 2026-06-10,150.00,20% (VAT on Income),90.00,201,RIVER,GBP,\r
26060001,Riverside Clinic Ltd,03/07/2026,17/07/2026,3,\"Overdraft: seats above the licences, by day\",2.50,20% (VAT on Income),1.50,200,RIVER,GBP,\r
26060002,\"'=HYPERLINK(\"\"http://example.com\"\") & Sons, \"\"Ynys Môn\"\"\",03/07/2026,17/07/2026,3,\"Licences, monthly fee\",35.00,No VAT,,200,A2,GBP,\r
26060002,\"'=HYPERLINK(\"\"http://example.com\"\") & Sons, \"\"Ynys Môn\"\"\",03/07/2026,17/07/2026,1,Discount: =first year,-13.13,No VAT,,200,A2,GBP,\r
";
    assert_eq!(text(invoices), expected);
    let [credit] = files.credit_notes.as_slice() else { panic!("{:?}", files.credit_notes) };
    let total: i64 = rows(credit)
        .iter()
        .map(|row| row["*Quantity"].parse::<i64>().unwrap() * minor(&row["*UnitAmount"]))
        .sum();
    assert_eq!((credit.name.as_str(), total), ("xero-credit-notes-2026-06.csv", -23_612));
    let left_out: Vec<_> = files.left_out.iter().map(|one| (&*one.reference, one.why)).collect();
    assert_eq!(left_out, [("26060003", Why::Zero)]);
    assert!(files.notes[0].contains("\"Colour\" is not known"), "{:?}", files.notes);
    assert!(files.notes[1].contains("Xero makes a new contact"), "{:?}", files.notes);
}

/// Every invoice comes to the statement's gross, tax and all.
#[test]
fn an_invoice_comes_to_the_statements_gross() {
    let mut statement = sample().statement(1, "2026-06");
    // E11: lines whose VAT, each rounded, would be a penny more.
    let nets = [6833, 6833, 5750, 8500];
    let line = statement.lines[0].clone();
    statement.lines = nets
        .iter()
        .map(|net| {
            let mut line = line.clone();
            (line.quantity, line.unit_minor, line.net_minor) = (1, *net, *net);
            line
        })
        .collect();
    let sums = statement.sums.as_mut().unwrap();
    (sums.net_minor, sums.gross_minor, sums.due_minor) = (27_916, 33_499, 33_499);
    sums.vat.as_mut().unwrap().amount_minor = 5_583;
    let files = xero(&[statement], &template(), &settings(), Finality::Closed).unwrap();
    let rows = rows(&files.invoices[0]);
    let taxes: Vec<i64> = rows.iter().map(|row| minor(&row["TaxAmount"])).collect();
    assert_eq!(taxes, [1367, 1366, 1150, 1700]);
    let nets: i64 = rows.iter().map(|row| minor(&row["*UnitAmount"])).sum();
    assert_eq!(nets + taxes.iter().sum::<i64>(), 33_499);
}

#[test]
fn a_file_holds_500_invoices() {
    let one = sample().statement(1, "2026-06");
    let statements: Vec<_> = (1..=1001)
        .map(|number| {
            let mut statement = one.clone();
            statement.account_number = number;
            statement
        })
        .collect();
    let files = xero(&statements, &template(), &settings(), Finality::Closed).unwrap();
    let names: Vec<&str> = files.invoices.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [1, 2, 3].map(|part| format!("xero-invoices-2026-06-{part}-of-3.csv")),
        "three lines of an invoice stay together"
    );
    let counts: Vec<usize> = files.invoices.iter().map(|file| rows(file).len()).collect();
    assert_eq!(counts, [1500, 1500, 3]);
}

#[test]
fn templates_that_are_none() {
    let check = |headings: &str, expected: &str| {
        let error = XeroTemplate::read(headings.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{headings}: {error}");
    };
    check("", "it is empty");
    check("*ContactName,*InvoiceNumber", "no column InvoiceDate, DueDate, Description, Quantity");
    check(&TEMPLATE.replace("*TaxType,", ""), "there is no column TaxType;");
    check(&TEMPLATE.replace("Colour", "*Colour"), "mandatory column *Colour is not known");
    check(&TEMPLATE.replace("Colour", "duedate"), "\"duedate\" stands there twice");
    assert!(XeroTemplate::read(b"\xff\xfe*\0C\0").unwrap_err().to_string().contains("UTF-8"));
    let with_bom = format!("\u{feff}{TEMPLATE}");
    assert!(XeroTemplate::read(with_bom.as_bytes()).unwrap().has(Column::InvoiceNumber));
}

#[test]
fn what_xero_would_not_take_is_refused() {
    let statement = sample().statement(2, "2026-06");
    let check = |settings: &str, template: &str, expected: &str| {
        let settings = ExportSettings::read(settings).unwrap();
        let template = XeroTemplate::read(template.as_bytes()).unwrap();
        let error = xero(std::slice::from_ref(&statement), &template, &settings, Finality::Closed)
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check("", TEMPLATE, "xero.no_vat is missing");
    let no_vat = "[xero]\nno_vat = \"No VAT\"\n";
    check(no_vat, TEMPLATE, "xero.account_codes.monthly is missing");
    let codes = format!("{no_vat}account_codes = {{ monthly = \"200\" }}\n");
    check(&codes, TEMPLATE, "xero.account_codes.discount is missing");
    let euro = format!("currency = \"EUR\"\n{codes}");
    check(&euro, &TEMPLATE.replace("Currency,", ""), "amounts are in GBP, but a template without");
    let long = "x".repeat(256);
    let long = format!("{no_vat}[[customers]]\naccount = 2\ncontact = \"{long}\"\n");
    check(&long, TEMPLATE, "has more than 255 characters; write contact and reference");
}

#[test]
fn a_draft_is_called_one() {
    let open = [sample().statement(1, "2026-07")];
    let closed = xero(&open, &template(), &settings(), Finality::Closed);
    assert!(matches!(closed, Err(ExportError::NotClosed { .. })));
    let files = xero(&open, &template(), &settings(), Finality::Drafts).unwrap();
    let row = &rows(&files.invoices[0])[0];
    assert_eq!(row["*InvoiceNumber"], "26070001-DRAFT");
    assert!(row["*Description"].starts_with("DRAFT: "));
}
