//! The tables of a plan file: tiers, discounts, overdraft, VAT.

use super::file::{DiscountFile, File, OverdraftFile, OverdraftMode, Text, VatFile, VatMode};
use super::place::Place;
use super::{Discount, Off, OverdraftFee, PlanError, TIERS_MAX, Tier, Vat};
use crate::money::read_share;
use toml::Spanned;

impl Place<'_> {
    pub(super) fn tiers(
        &self,
        file: &File,
        amount: impl Fn(&str, &Text) -> Result<i64, PlanError>,
    ) -> Result<Vec<Tier>, PlanError> {
        let Some(first) = file.tiers.first() else {
            if let Some(mode) = &file.tier_mode {
                return Err(self.at(mode, "tier_mode: there are no [[tiers]]".to_owned()));
            }
            let Some(fee) = &file.monthly_fee else {
                let reason = "monthly_fee is missing; write it, or [[tiers]]";
                return Err(self.wrong(0, reason.to_owned()));
            };
            return Ok(vec![Tier { first: 1, last: None, fee: amount("monthly_fee", fee)? }]);
        };
        if file.monthly_fee.is_some() {
            return Err(
                self.at(first, "tiers: there is a monthly_fee already; leave out one".into())
            );
        }
        if let Some(one) = file.tiers.get(TIERS_MAX) {
            return Err(self.at(one, format!("tiers: there are more than {TIERS_MAX}")));
        }
        let mut tiers: Vec<Tier> = Vec::new();
        let mut before: Option<u32> = Some(0);
        for tier in &file.tiers {
            let Some(above) = before else {
                let reason = "tiers: only the last may be without up_to";
                return Err(self.at(tier, reason.to_owned()));
            };
            let fee = amount("monthly_fee", &tier.get_ref().monthly_fee)?;
            let last = tier.get_ref().up_to.as_ref().map(|up_to| *up_to.get_ref());
            if let Some(up_to) =
                tier.get_ref().up_to.as_ref().filter(|up_to| *up_to.get_ref() <= above)
            {
                let reason = format!(
                    "up_to: {} is not above {above}, so that the tiers would overlap",
                    up_to.get_ref()
                );
                return Err(self.at(up_to, reason));
            }
            tiers.push(Tier { first: above.saturating_add(1), last, fee });
            before = last;
        }
        match (before, file.tiers.last()) {
            (Some(_), Some(last)) => {
                let reason =
                    "tiers: the last must be without up_to, so that every licence has a fee";
                Err(self.at(last, reason.to_owned()))
            }
            _ => Ok(tiers),
        }
    }

    pub(super) fn discount(
        &self,
        discount: &DiscountFile,
        offset: usize,
        amount: impl Fn(&str, &Text) -> Result<i64, PlanError>,
    ) -> Result<Discount, PlanError> {
        let off = match (&discount.percent, &discount.amount) {
            (Some(percent), None) => match read_share(&percent.get_ref().0) {
                Ok(0) => return Err(self.at(percent, "percent: 0 takes nothing off".to_owned())),
                Ok(share) => Off::Share(share),
                Err(why) => return Err(self.at(percent, format!("percent: {why}"))),
            },
            (None, Some(text)) => Off::Amount(amount("amount", text)?),
            _ => {
                let reason = "discounts: write either percent or amount";
                return Err(self.wrong(offset, reason.to_owned()));
            }
        };
        let from = discount.from.as_ref().map(|from| self.first_of_a_month("from", from));
        let (name, from) = (self.text("name", &discount.name)?, from.transpose()?);
        let until = self.last_of_a_month("until", &discount.until)?;
        if from.is_some_and(|from| until < from) {
            return Err(self.at(&discount.until, "until: it lies before from".to_owned()));
        }
        Ok(Discount { name, off, from, until })
    }

    pub(super) fn overdraft(
        &self,
        overdraft: &OverdraftFile,
        file: &File,
        tiers: &[Tier],
        amount: impl Fn(&str, &Text) -> Result<i64, PlanError>,
    ) -> Result<OverdraftFee, PlanError> {
        let mode = overdraft.mode.get_ref().0;
        let needless = |key: &str, text: &Option<Text>, mode: &str| match text {
            Some(text) => Err(self.at(text, format!("{key} goes with mode = \"{mode}\" only"))),
            None => Ok(()),
        };
        if !matches!(mode, OverdraftMode::PerSeatDay) {
            needless("day_rate", &overdraft.day_rate, "per_seat_day")?;
        }
        if !matches!(mode, OverdraftMode::MonthlyPeak) {
            needless("peak_rate", &overdraft.peak_rate, "monthly_peak")?;
        }
        let missing = |key: &str| Err(self.at(&overdraft.mode, format!("{key} is missing")));
        match (mode, &overdraft.day_rate, &overdraft.peak_rate, tiers) {
            (OverdraftMode::Deny, ..) => Ok(OverdraftFee::Deny),
            (OverdraftMode::ReportOnly, ..) => Ok(OverdraftFee::ReportOnly),
            (OverdraftMode::PerSeatDay, None, ..) => missing("day_rate"),
            (OverdraftMode::PerSeatDay, Some(rate), ..) => {
                Ok(OverdraftFee::PerSeatDay(amount("day_rate", rate)?))
            }
            (OverdraftMode::MonthlyPeak, _, Some(rate), _) => {
                Ok(OverdraftFee::MonthlyPeak(amount("peak_rate", rate)?))
            }
            (OverdraftMode::MonthlyPeak, _, None, [only]) if file.tiers.is_empty() => {
                Ok(OverdraftFee::MonthlyPeak(only.fee))
            }
            (OverdraftMode::MonthlyPeak, _, None, _) => missing("peak_rate"),
        }
    }

    pub(super) fn vat(&self, spanned: &Spanned<VatFile>) -> Result<Option<Vat>, PlanError> {
        let vat = spanned.get_ref();
        match (vat.mode, &vat.code, &vat.rate) {
            (VatMode::None, ..) => Ok(None),
            (VatMode::Compute, Some(code), Some(rate)) => {
                let text = &rate.get_ref().0;
                let share =
                    read_share(text).map_err(|why| self.at(rate, format!("rate: {why}")))?;
                Ok(Some(Vat { code: self.text("code", code)?, rate: text.clone(), share }))
            }
            (VatMode::Compute, ..) => {
                Err(self.at(spanned, "vat: mode = \"compute\" needs code and rate".to_owned()))
            }
        }
    }
}
