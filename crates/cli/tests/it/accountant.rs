//! Closing and reconciling as an accountant reads them: amounts with their currency, to the right, under words.

use crate::place::Place;

/// The clinic of the demo, whose first months are over; 101.61, 265.50, and 140.00 from then on.
fn clinic() -> Place {
    let place = Place::new();
    place.ok("demo");
    place
}

#[test]
fn a_closed_month_is_told_in_amounts() {
    let place = clinic();
    let refused = place.run("close --month 2026-04");
    let table = String::from_utf8(refused.stdout).unwrap();
    assert!(table.contains("March 2026 is not closed yet"), "{table}");
    assert!(table.ends_with("\n2026-04: 0 closed, 0 closed before, 1 open\n"), "{table}");

    place.ok("close --month 2026-03");
    let closed = [
        " Account        Status  Currency     Net  To pay  Credit carried on  Why not",
        &"-".repeat(77),
        " harley-street  closed  GBP       265.50  265.50               0.00",
        "",
        "2026-04: 1 closed, 0 closed before, 0 open; GBP 265.50 net, GBP 265.50 to pay",
        "",
    ];
    let closed = closed.join("\n");
    assert_eq!(place.ok("close --month 2026-04"), closed);
    let json = place.json("close --month 2026-04");
    assert_eq!(json["accounts"][0]["status"], "closed before");
    assert_eq!(json["totals"][0]["due"], "265.50");
}

#[test]
fn reconciling_says_charged_and_recomputed_in_the_same_currency() {
    let place = clinic();
    place.ok("close --month 2026-03");
    let all = place.ok("reconcile");
    let (table, verdict) = all.split_once("\n\n").unwrap();
    let mut lines = table.lines();
    let heading =
        " Account        Months  Currency  Charged  From the first event  Difference  Agrees";
    assert_eq!(lines.next(), Some(heading));
    let (row, columns) = (lines.nth(1).unwrap(), ["harley-street", "GBP", "0.00", "yes"]);
    assert!(columns.iter().all(|cell| row.contains(cell)), "{row}");
    assert_eq!(row.find("0.00  yes"), heading.find("Agrees").map(|at| at - 6), "to the right");
    assert_eq!(verdict, "All statements agree with the log from its first event on.\n");
    let one = place.ok("reconcile harley-street");
    assert!(one.contains("2026-03  closed  GBP        101.61            0.00"), "{one}");
    assert!(one.contains("closed_months 1, charged GBP ") && !one.contains("minor"), "{one}");
    let json = place.json("reconcile");
    assert_eq!(json["accounts"][0]["stated_minor"], json["accounts"][0]["recomputed_minor"]);
    assert_eq!(json["accounts"][0]["currency"], "GBP");
}

/// No table for people counts in pence.
#[test]
fn what_was_closed_is_told_in_amounts_wherever_commits_are_listed() {
    let place = clinic();
    place.ok("close --month 2026-03");
    place.ok("close --month 2026-04");
    place.ok("account set-licences harley-street 1 --from 2026-04-01");
    let closed = "2026-04 closed: net GBP 265.50, due GBP 265.50, carried GBP 0.00";
    for line in ["trail harley-street", "log", "explain harley-street --month 2026-05 --line 2"] {
        let said = place.ok(line);
        assert!(said.contains(closed) && !said.contains("minor"), "{line}: {said}");
    }
    let preview = place.ok("preview harley-street --add 1");
    assert!(preview.contains(" this month and GBP "), "{preview}");
}

/// The template as GoCardless gives it out; what is told beside it is what to look at before it is sent.
#[test]
fn a_gocardless_template_is_filled_in_and_the_total_told() {
    let place = clinic();
    place.ok("close --month 2026-03");
    place.ok("close --month 2026-04");
    let put = |name: &str, text: &str| std::fs::write(place.home.path().join(name), text).unwrap();
    let head = "mandate.id,customer.id,customer.given_name,customer.family_name,customer.company_name,\
                customer.email,payment.amount*,payment.currency,payment.description,payment.charge_date,\
                payment.metadata.YOUR_CUSTOM_FIELD\r\n";
    let other = "MD000124,CU2,Bo,Ray,Other,b@example.com,,GBP,,,\r\n";
    let row = |filled: &str| {
        format!("{head}MD000123,CU1,Ann,Lee,Harley Street,a@example.com,{filled}\r\n{other}")
    };
    put("bulk.csv", &row(",GBP,,,"));
    let settings = |unit: &str, payer: &str| {
        format!(
            "[gocardless]\n{unit}match_by = \"mandate.id\"\n[[customers]]\naccount = 1\ngocardless = \"{payer}\"\n"
        )
    };
    let command = "export gocardless --month 2026-04 --template bulk.csv --settings exports.toml";
    put("exports.toml", &settings("", "MD000123"));
    place.fails(command, 4, &["gocardless.unit is missing", "pence"]);
    put("exports.toml", &settings("unit = \"pounds\"\n", "MD000123"));
    let run = place.run(&format!("{command} -o books --collect-on 2036-12-15"));
    let talk = String::from_utf8(run.stderr).unwrap();
    assert!(
        talk.contains("1 payment, GBP 265.50 in all\nMD000124: nothing is collected from it\n"),
        "{talk}"
    );
    assert_eq!(String::from_utf8(run.stdout).unwrap(), "gocardless-2026-04.csv\n");
    let file =
        std::fs::read_to_string(place.home.path().join("books/gocardless-2026-04.csv")).unwrap();
    assert_eq!(file, row("265.50,GBP,\"Statement 26040001, April 2026\",2036-12-15,"));
    // Whoever is due and has no row is told, and not collected.
    put("exports.toml", &settings("unit = \"pence\"\n", "MD000999"));
    let run = place.run(&format!("{command} -o other"));
    let talk = String::from_utf8(run.stderr).unwrap();
    assert!(
        talk.contains("harley-street is due, and the template has no row for \"MD000999\""),
        "{talk}"
    );
    let wrong = place.run(
        "export gocardless --month 2026-04 --template bulk.csv --settings exports.toml --draft",
    );
    assert!(wrong.status.success(), "a closed month is none");
    place.fails(&command.replace("2026-04", "2026-05"), 4, &["moves money, so there is no draft"]);
}

#[test]
fn an_adjustment_is_told_as_the_month_was_charged_and_as_it_comes_to_now() {
    let place = clinic();
    place.ok("close --month 2026-03");
    place.ok("close --month 2026-04");
    place.ok("account set-licences harley-street 5 --from 2026-04-10");
    // Nothing of 9 days is otherwise; 12 days of 4 become 5: 12 x 35.00 / 30, and a second set-up.
    let told = place.ok("explain harley-street --month 2026-05 --line 2");
    let expected = [
        "April 2026                                                 Charged     Now",
        "--------------------------------------------------------------------------",
        "Licences, monthly fee: 35.00 x 99 licence-days / 30 days    115.50",
        "Set-up of licences added on 2026-04-22                      150.00",
        "Licences, monthly fee: 35.00 x 132 licence-days / 30 days           154.00",
        "Set-up of licences added on 2026-04-10                              300.00",
        "Together                                                    265.50  454.00",
    ];
    assert!(told.contains("Line 2, adjustment: 1 x 188.50 = 188.50"), "{told}");
    assert!(told.contains(&expected.join("\n")), "{told}");
    // Closed and adjusted once more: what was adjusted before is charged.
    place.ok("close --month 2026-05");
    place.ok("account set-licences harley-street 4 --from 2026-04-10");
    let lines = place.json("explain harley-street --month 2026-06");
    let adjusted = &lines["lines"][1]["adjusted"];
    let same = serde_json::json!({
        "what": "Licences, monthly fee: 35.00 x 99 licence-days / 30 days",
        "charged": "115.50", "now": null,
    });
    assert_eq!(
        (&adjusted["charged"], &adjusted["rows"][0]),
        (&"454.00".into(), &same),
        "{adjusted}"
    );
    let earlier = adjusted["rows"].as_array().unwrap().last().unwrap();
    assert_eq!(earlier["charged"], "188.50");
}
