//! Reading `exports.toml`, so that every mistake is named with its line.

use super::{
    Branding, Codes, Customer, ExportSettings, GoCardlessSettings, Named, NoticeSettings,
    SageSettings, SettingsError, Unit, XeroSettings,
};
use reporting::money::Currency;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use toml::Spanned;

type Text = Spanned<String>;

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    due_days: Option<Spanned<u32>>,
    currency: Option<Text>,
    #[serde(default)]
    xero: XeroFile,
    #[serde(default)]
    sage: SageFile,
    #[serde(default)]
    gocardless: GoCardlessFile,
    #[serde(default)]
    notices: NoticesFile,
    #[serde(default)]
    branding: BrandingFile,
    #[serde(default)]
    customers: Vec<Spanned<CustomerFile>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodesFile {
    default: Option<Text>,
    monthly: Option<Text>,
    discount: Option<Text>,
    setup: Option<Text>,
    refund: Option<Text>,
    overdraft: Option<Text>,
    adjustment: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct XeroFile {
    #[serde(default)]
    account_codes: CodesFile,
    #[serde(default)]
    tax_types: BTreeMap<String, Text>,
    no_vat: Option<Text>,
    branding_theme: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SageFile {
    #[serde(default)]
    nominal_codes: CodesFile,
    #[serde(default)]
    tax_codes: BTreeMap<String, Text>,
    no_vat: Option<Text>,
    department: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GoCardlessFile {
    unit: Option<UnitFile>,
    match_by: Option<Text>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum UnitFile {
    Pounds,
    Pence,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticesFile {
    service_user: Option<Text>,
    contact: Option<Text>,
    frequency: Option<Text>,
    working_days: Option<Spanned<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct BrandingFile {
    name: Option<Text>,
    #[serde(default)]
    address: Vec<Text>,
    contact: Option<Text>,
    colour: Option<Text>,
    payment: Option<Text>,
    footer: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomerFile {
    account: NamedFile,
    contact: Option<Text>,
    email: Option<Text>,
    reference: Option<Text>,
    sage_account: Option<Text>,
    gocardless: Option<Text>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "account: write its number, or its name in quotes")]
enum NamedFile {
    Number(u64),
    Name(String),
}

/// The text of the file, to say where something stands.
struct Place<'a>(&'a str);

pub(super) fn read(text: &str) -> Result<ExportSettings, SettingsError> {
    let place = Place(text);
    let file: File = toml::from_str(text).map_err(|error| {
        place.wrong(error.span().map_or(0, |span| span.start), error.message().trim().to_owned())
    })?;
    let currency = match &file.currency {
        None => Currency::parse("GBP"),
        Some(code) => Currency::parse(code.get_ref()),
    };
    let currency = currency.ok_or_else(|| {
        let (offset, code) =
            file.currency.as_ref().map_or((0, ""), |code| (code.span().start, code.get_ref()));
        place.wrong(
            offset,
            format!("currency: {code:?} is no currency of ISO 4217; write it like \"GBP\""),
        )
    })?;
    Ok(ExportSettings {
        due_days: place.optional("due_days", &file.due_days, 0..=366)?,
        currency,
        xero: XeroSettings {
            account_codes: place.codes(&file.xero.account_codes, "account_codes", 10)?,
            tax_types: place.map("tax_types", &file.xero.tax_types, usize::MAX)?,
            no_vat: place.text("no_vat", &file.xero.no_vat)?,
            branding_theme: place.text("branding_theme", &file.xero.branding_theme)?,
        },
        sage: SageSettings {
            nominal_codes: place.codes(&file.sage.nominal_codes, "nominal_codes", 8)?,
            tax_codes: place.map("tax_codes", &file.sage.tax_codes, 3)?,
            no_vat: place.code("no_vat", &file.sage.no_vat, 3)?,
            department: place.code("department", &file.sage.department, 3)?.unwrap_or("0".into()),
        },
        gocardless: GoCardlessSettings {
            unit: file.gocardless.unit.map(|unit| match unit {
                UnitFile::Pounds => Unit::Pounds,
                UnitFile::Pence => Unit::Pence,
            }),
            match_by: place.text("match_by", &file.gocardless.match_by)?,
        },
        notices: NoticeSettings {
            service_user: place.text("service_user", &file.notices.service_user)?,
            contact: place.text("contact", &file.notices.contact)?,
            frequency: place
                .text("frequency", &file.notices.frequency)?
                .unwrap_or("monthly".into()),
            working_days: place.number("working_days", &file.notices.working_days, 10, 1..=60)?,
        },
        branding: place.branding(&file.branding)?,
        customers: place.customers(&file.customers)?,
    })
}

impl Place<'_> {
    fn wrong(&self, offset: usize, reason: String) -> SettingsError {
        let before = self.0.as_bytes().iter().take(offset);
        let line = before.filter(|byte| **byte == b'\n').count().saturating_add(1);
        SettingsError { line, reason }
    }

    fn number(
        &self,
        key: &str,
        number: &Option<Spanned<u32>>,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> Result<u32, SettingsError> {
        self.optional(key, number, range).map(|said| said.unwrap_or(default))
    }

    fn optional(
        &self,
        key: &str,
        number: &Option<Spanned<u32>>,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, SettingsError> {
        let Some(said) = number else { return Ok(None) };
        if range.contains(said.get_ref()) {
            return Ok(Some(*said.get_ref()));
        }
        let (number, first, last) = (said.get_ref(), range.start(), range.end());
        Err(self.wrong(said.span().start, format!("{key}: {number} is not from {first} to {last}")))
    }

    /// Text that is not empty, on one line.
    fn line(&self, key: &str, text: &Text) -> Result<String, SettingsError> {
        let said = text.get_ref().trim();
        let why = match said {
            "" => "it is empty; leave the key out instead",
            _ if said.chars().any(char::is_control) => "it has a line break or control character",
            _ => return Ok(said.to_owned()),
        };
        Err(self.wrong(text.span().start, format!("{key}: {:?}: {why}", text.get_ref())))
    }

    fn text(&self, key: &str, text: &Option<Text>) -> Result<Option<String>, SettingsError> {
        text.as_ref().map(|text| self.line(key, text)).transpose()
    }

    /// Letters and digits, not more than so many.
    fn short(&self, key: &str, text: &Text, max: usize) -> Result<String, SettingsError> {
        let said = self.line(key, text)?;
        let fits = said.len() <= max && said.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then_some(said).ok_or_else(|| {
            let said = text.get_ref();
            let reason = format!("{key}: {said:?} is not up to {max} letters and digits");
            self.wrong(text.span().start, reason)
        })
    }

    fn code(
        &self,
        key: &str,
        text: &Option<Text>,
        max: usize,
    ) -> Result<Option<String>, SettingsError> {
        text.as_ref().map(|text| self.short(key, text, max)).transpose()
    }

    fn codes(&self, file: &CodesFile, key: &str, max: usize) -> Result<Codes, SettingsError> {
        let said = [
            ("default", &file.default),
            ("monthly", &file.monthly),
            ("discount", &file.discount),
            ("setup", &file.setup),
            ("refund", &file.refund),
            ("overdraft", &file.overdraft),
            ("adjustment", &file.adjustment),
        ];
        let mut by_charge = BTreeMap::new();
        for (charge, code) in said {
            if let Some(code) = self.code(&format!("{key}.{charge}"), code, max)? {
                by_charge.insert(charge.to_owned(), code);
            }
        }
        Ok(Codes { by_charge })
    }

    /// What the plan's VAT codes are called elsewhere.
    fn map(
        &self,
        key: &str,
        file: &BTreeMap<String, Text>,
        max: usize,
    ) -> Result<BTreeMap<String, String>, SettingsError> {
        let entry = |(code, text): (&String, &Text)| {
            let key = format!("{key}.{code:?}");
            let read =
                if max == usize::MAX { self.line(&key, text) } else { self.short(&key, text, max) };
            read.map(|text| (code.clone(), text))
        };
        file.iter().map(entry).collect()
    }

    fn branding(&self, file: &BrandingFile) -> Result<Branding, SettingsError> {
        let hexadecimal = |text: &&Text| {
            let digits = text.get_ref().strip_prefix('#');
            digits.is_some_and(|d| d.len() == 6 && d.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        if let Some(colour) = file.colour.as_ref().filter(|colour| !hexadecimal(colour)) {
            let reason =
                format!("colour: {:?} is no colour; write it like \"#1f4e5f\"", colour.get_ref());
            return Err(self.wrong(colour.span().start, reason));
        }
        let address = file.address.iter().map(|line| self.line("address", line));
        Ok(Branding {
            name: self.text("name", &file.name)?.unwrap_or_default(),
            address: address.collect::<Result<_, _>>()?,
            contact: self.text("contact", &file.contact)?,
            colour: file.colour.as_ref().map_or("#1f4e5f".to_owned(), |c| c.get_ref().clone()),
            payment: self.text("payment", &file.payment)?,
            footer: self.text("footer", &file.footer)?,
        })
    }

    fn customers(
        &self,
        files: &[Spanned<CustomerFile>],
    ) -> Result<BTreeMap<Named, Customer>, SettingsError> {
        let mut customers = BTreeMap::new();
        for spanned in files {
            let file = spanned.get_ref();
            let (account, shown) = match &file.account {
                NamedFile::Number(number) => (Named::Number(*number), number.to_string()),
                NamedFile::Name(name) => (Named::Name(name.clone()), format!("{name:?}")),
            };
            let customer = Customer {
                contact: self.text("contact", &file.contact)?,
                email: self.text("email", &file.email)?,
                reference: self.text("reference", &file.reference)?,
                sage_account: self.code("sage_account", &file.sage_account, 8)?,
                gocardless: self.text("gocardless", &file.gocardless)?,
            };
            if customers.insert(account, customer).is_some() {
                let reason =
                    format!("customers: account {shown} stands there twice; leave one out");
                return Err(self.wrong(spanned.span().start, reason));
            }
        }
        Ok(customers)
    }
}
