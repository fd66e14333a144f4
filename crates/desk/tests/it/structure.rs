//! What holds of every page: it can be read by a machine, by keyboard and by ear, it brings no style and no
//! script of its own, and nobody's name becomes markup.

use crate::clinic::{Clinic, ledger, views};
use crate::markup::{Element, elements};
use crate::stage::{HOSTILE, Stage};
use desk::{BoardPage, CSS, Frame, Place, TrailPage, WhyPage};
use proptest::prelude::*;
use reporting::civil::read_date;
use reporting::{Present, Reports};
use seats::{Reclaim, Setting};
use std::collections::{BTreeMap, BTreeSet};

fn each(check: impl Fn(&str, &[Element])) {
    for (name, html) in Stage::set().pages() {
        assert!(html.starts_with("<!DOCTYPE html><html lang=\"en-GB\">"), "{name}");
        check(&name, &elements(&html));
    }
}

#[test]
fn a_page_has_one_of_everything_that_there_is_one_of() {
    each(|name, page| {
        for one in ["html", "head", "title", "body", "main", "h1"] {
            let found = page.iter().filter(|element| element.name == one).count();
            // An SVG has titles too.
            let expected = if one == "title" { found.max(1) } else { 1 };
            assert_eq!(found, expected, "{name}: {one}");
        }
        let ids: Vec<&str> = page.iter().filter(|e| e.has("id")).map(|e| e.get("id")).collect();
        let different: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), different.len(), "{name}: an id stands twice in {ids:?}");
        let skip = page.iter().find(|element| element.is("skip")).unwrap();
        assert_eq!(skip.get("href"), "#main", "{name}");
        let mut level = 0;
        for heading in page.iter().filter(|e| e.name.len() == 2 && e.name.starts_with('h')) {
            let Ok(next) = heading.name[1..].parse::<u32>() else { continue };
            assert!(next <= level + 1, "{name}: {:?} skips a level", heading.text);
            level = next;
        }
    });
}

#[test]
fn what_is_referred_to_is_there() {
    each(|name, page| {
        let ids: BTreeSet<&str> = page.iter().map(|element| element.get("id")).collect();
        for element in page {
            let refers = [
                "for",
                "list",
                "aria-labelledby",
                "aria-describedby",
                "popovertarget",
                "data-copy",
            ];
            for attribute in refers.iter().filter(|attribute| element.has(attribute)) {
                for id in element.get(attribute).split(' ') {
                    assert!(ids.contains(id), "{name}: {attribute} names {id:?}");
                }
            }
            if let Some(id) = element.get("href").strip_prefix('#') {
                assert!(ids.contains(id), "{name}: a link to #{id}");
            }
        }
    });
}

#[test]
fn what_is_filled_in_has_a_label_and_what_is_sent_has_its_token() {
    each(|name, page| {
        let labelled: BTreeSet<&str> =
            page.iter().filter(|e| e.name == "label").map(|e| e.get("for")).collect();
        for element in page {
            let asks = ["input", "select", "textarea"].contains(&element.name.as_str());
            if asks && element.get("type") != "hidden" {
                let inside = element.within.iter().any(|place| page[*place].name == "label");
                let label = labelled.contains(element.get("id")) && element.has("id");
                assert!(inside || label, "{name}: {:?} has no label", element.attributes);
            }
            if element.name == "button" || element.name == "a" {
                assert!(!element.text.trim().is_empty(), "{name}: {:?}", element.attributes);
            }
        }
        for (place, form) in page.iter().enumerate().filter(|(_, e)| e.name == "form") {
            let tokens =
                page.iter().filter(|e| e.within.contains(&place) && e.get("name") == "csrf");
            let expected = usize::from(form.get("method") == "post");
            assert_eq!(tokens.count(), expected, "{name}: {}", form.get("action"));
            assert!(form.get("action").starts_with("/desk"), "{name}: {:?}", form.attributes);
        }
    });
}

#[test]
fn tables_and_pictures_can_be_listened_to() {
    each(|name, page| {
        for (place, element) in page.iter().enumerate() {
            let within = |inner: &&Element| inner.within.contains(&place);
            match element.name.as_str() {
                "th" => {
                    assert!(["col", "row"].contains(&element.get("scope")), "{name}: {element:?}")
                }
                "table" => {
                    let captions = page.iter().filter(within).filter(|e| e.name == "caption");
                    assert_eq!(captions.count(), 1, "{name}: a table without a caption");
                }
                "svg" if element.get("aria-hidden") != "true" => {
                    assert_eq!(element.get("role"), "img", "{name}");
                    for part in ["title", "desc"] {
                        let told = page.iter().filter(within).find(|e| e.name == part).unwrap();
                        let by = element.get("aria-labelledby");
                        assert!(by.split(' ').any(|id| id == told.get("id")), "{name}: {by}");
                        assert!(!told.text.trim().is_empty(), "{name}: {part}");
                    }
                }
                _ => {}
            }
        }
    });
}

/// The policy of the desk admits neither inline styles nor inline scripts nor anybody else's files.
fn keeps_to_the_policy(name: &str, page: &[Element]) {
    for element in page {
        assert_ne!(element.name, "style", "{name}");
        assert!(!element.has("style"), "{name}: {:?}", element.attributes);
        for attribute in element.attributes.keys() {
            assert!(!attribute.starts_with("on"), "{name}: {attribute} of {}", element.name);
        }
        if element.name == "script" {
            assert_eq!(element.get("src"), "/desk/desk.js", "{name}");
            assert_eq!(element.text, "", "{name}: an inline script");
        }
        for address in ["href", "src", "action"].map(|attribute| element.get(attribute)) {
            let ours = address.starts_with("/desk") || address.starts_with('#');
            assert!(address.is_empty() || ours, "{name}: {address}");
        }
    }
}

#[test]
fn no_style_no_script_no_stranger() {
    each(keeps_to_the_policy);
}

#[test]
fn every_class_is_one_of_the_style_sheets() {
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    for (name, html) in Stage::set().pages() {
        for element in elements(&html) {
            let classes = element.get("class").split(' ').filter(|class| !class.is_empty());
            used.extend(classes.map(|class| (class.to_owned(), name.clone())));
        }
    }
    // These are told apart by what stands beside them, or only by their place.
    let plain = [
        "day",
        "search",
        "session",
        "refusals",
        "trail",
        "board",
        "what",
        "seats-in-use",
        "tables",
        "line-up",
    ];
    let unknown: Vec<_> = used
        .iter()
        .filter(|(class, _)| !plain.contains(&class.as_str()))
        .filter(|(class, _)| {
            let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-');
            let dotted = format!(".{class}");
            !CSS.match_indices(&dotted).any(|(at, _)| ends(&CSS[at + dotted.len()..]))
        })
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// A clinic whose account, site and users have such a name, seen on the pages that show names.
fn named(name: &str) -> Vec<String> {
    let ledger = ledger();
    let settings = [Setting::Reclaim(Reclaim::Never)];
    let mut clinic =
        Clinic::open(&ledger, 1, name, "Europe/London", "2026-03-27 09:00", 1, &settings, None);
    clinic.site(name);
    clinic.login_from(name, Some(name));
    clinic.at("2026-03-27 10:00").login_from("Carol", Some(name));
    let other = format!("2 {name}");
    clinic.at("2026-03-27 10:02").login_from(&other, Some(name));
    let (views, now) = (views(&ledger), clinic.now());
    let reports = Reports::new(&views, "test");
    let place = Place { account: clinic.account, name: name.to_owned(), zone: clinic.zone };
    let frame = Frame {
        title: "Seatledger".to_owned(),
        signed_in_as: Some(name.to_owned()),
        role: "support".to_owned(),
        csrf: "c".to_owned(),
        now,
        live: None,
        notice: None,
    };
    let liveness = Some(clinic.liveness());
    let board = reports.board(clinic.account, now, liveness).unwrap();
    let day = reports.day(clinic.account, read_date("2026-03-27").unwrap(), now, liveness).unwrap();
    let present = Present { at: now, liveness };
    let why = reports.why(clinic.account, clinic.user(&other), None, present).unwrap();
    let trail = reports.paged_trail(clinic.account, None, None, None, 1).unwrap();
    let (from, to) = (name.to_owned(), name.to_owned());
    vec![
        BoardPage { place: place.clone(), board, may_release: true }.page(&frame),
        WhyPage { place: place.clone(), why: Some(why), day }.page(&frame),
        TrailPage { place, trail, from, to }.page(&frame),
    ]
}

fn is_only_text(name: &str) {
    for html in named(name) {
        let page = elements(&html);
        keeps_to_the_policy(name, &page);
        let names = page.iter().filter(|element| element.name == "bdi");
        let shown = names.filter(|element| element.text.contains(name.trim())).count();
        assert!(shown >= 2, "{name:?} is shown as it is");
    }
}

#[test]
fn hostile_names_are_only_text() {
    is_only_text(HOSTILE);
    is_only_text("\" onmouseover=\"alert(1)");
    is_only_text("'><img src=x onerror=alert(1)>");
    is_only_text("</title><svg onload=alert(1)>");
    is_only_text("&lt;already&gt; &amp; escaped");
    is_only_text("\u{202e}drawkcab");
    is_only_text("מרפאת הכרמל");
    is_only_text("Wolfeschlegelsteinhausenbergerdorff ".repeat(6)[..200].trim_end());
    is_only_text(&"ß".repeat(100));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_name_is_only_text(name in "[<>&\"'=/a-z \u{5d0}\u{202e}{}();-]{1,40}") {
        prop_assume!(!name.trim().is_empty());
        is_only_text(name.trim());
    }
}
