//! What decisions look at: accounts with those above them, what counts against their limits,
//! and the rules. Decisions made together are made one after the other on this.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;

use super::component::Component;
use super::hold::{Hold, HoldScope};
use super::limit::{Limit, governing};
use super::policy::Policy;
use super::reservation::{Now, Reservation};
use super::security::{Eligible, Security};
use crate::domain::coverage::finance::Signal;
use crate::domain::error::Result;
use crate::domain::group;
use crate::domain::money::{self, Currency, Money};
use crate::domain::rates::{RateTable, SPOT, UsedRate};
use crate::domain::tier::service::ClassTerms;

/// Exchange rates of one day.
#[derive(Debug, Clone)]
pub struct Rates {
    pub table: RateTable,
    pub day: NaiveDate,
    pub base: Option<Currency>,
    pub age_days_max: i64,
}

impl Rates {
    pub fn rate(&self, from: Currency, to: Currency) -> Option<UsedRate> {
        self.table.lookup(from, to, self.day, SPOT, self.base, self.age_days_max)
    }
}

/// An account, with what counts against its limits: its own and of everything below it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    pub is_blocked: bool,
    pub is_deleted: bool,
    /// The account that it counts as; `None`: itself.
    pub merged_into: Option<String>,
    pub root_id: String,
    pub exposure: Vec<ExposureCell>,
    pub limits: Vec<Limit>,
    /// Those not released, with those of accounts that count as the same one.
    pub holds: Vec<Hold>,
    /// Items past their due date and grace, its own and those of accounts that count as the same one.
    pub overdue: Vec<OverdueCell>,
}

/// An amount that counts, in minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposureCell {
    pub currency: Currency,
    pub company_code: String,
    pub component: Component,
    pub amount: i128,
}

impl ExposureCell {
    fn key(&self) -> (Currency, &str, Component) {
        (self.currency, &self.company_code, self.component)
    }
}

/// Overdue items of one company and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueCell {
    pub account_id: String,
    pub company_code: String,
    pub currency: Currency,
    pub amount: i128,
    pub oldest_due: NaiveDate,
}

/// A security with what it may cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secured {
    pub security: Security,
    pub eligible: Vec<Eligible>,
    /// The oldest due date of what the account has open and overdue; `None` without.
    pub oldest_due: Option<NaiveDate>,
}

/// Everything that decisions about some accounts rest on.
#[derive(Debug, Clone)]
pub struct Standing {
    pub now: Now,
    pub policy: Policy,
    pub rates: Rates,
    pub nodes: HashMap<String, Arc<Node>>,
    /// What the classes applied to accounts that decisions are about say of payment.
    pub class_terms: HashMap<String, ClassTerms>,
    /// The people of accounts that decisions are about, where somebody is known and the policy looks at
    /// them.
    pub signals: HashMap<String, Signal>,
    /// The account above each account that has one.
    pub parents: HashMap<String, String>,
    pub secured: Vec<Secured>,
}

/// A currency pair without a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoRate {
    pub from: Currency,
    pub to: Currency,
}

/// What counts against the limits of an account in a segment, by currency.
#[derive(Debug, Clone, Default)]
pub struct Counting {
    sums: BTreeMap<Currency, i128>,
    /// Cover is negative and has no component.
    parts: BTreeMap<(Option<Component>, Currency), i128>,
    /// Cover that cannot be told.
    missing: Option<NoRate>,
}

/// An exposure in one currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Of all that can be converted.
    pub total: i128,
    /// Cover is negative and has no component.
    pub parts: BTreeMap<Option<Component>, i128>,
    /// What cannot be converted.
    pub missing: BTreeSet<NoRate>,
    /// What cannot be converted might also lower the total.
    pub may_be_less: bool,
}

impl Counting {
    pub fn currencies(&self) -> impl Iterator<Item = Currency> + '_ {
        self.parts.keys().map(|(_, currency)| *currency)
    }
}

impl Exposure {
    /// The total, if all of it can be told.
    pub fn known(&self) -> Option<i128> {
        self.missing.is_empty().then_some(self.total)
    }
}

impl Standing {
    /// The account and those above it, nearest first.
    pub fn chain<'a>(&'a self, account: &'a str) -> Vec<&'a str> {
        let above = group::ancestors(account, |id| self.parents.get(id).cloned());
        let known = above.iter().filter_map(|id| self.nodes.get_key_value(id));
        std::iter::once(account).chain(known.map(|(id, _)| id.as_str())).collect()
    }

    /// What a reservation begins or ceases to count, for its account and each one above it.
    pub fn add(&mut self, reservation: &Reservation, moves: &[(Component, i64)]) {
        let above = group::ancestors(&reservation.account_id, |id| self.parents.get(id).cloned());
        for id in std::iter::once(reservation.account_id.clone()).chain(above) {
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            let node = Arc::make_mut(node);
            for (component, amount) in moves {
                node.add(reservation, *component, *amount);
            }
        }
    }

    /// What counts of each account, as it would be read.
    pub fn settle(&mut self) {
        for node in self.nodes.values_mut().filter(|node| !node.is_settled()) {
            Arc::make_mut(node).settle();
        }
    }

    /// As which an account counts.
    pub fn counts_as<'a>(&'a self, account: &'a str) -> &'a str {
        let survivor = self.nodes.get(account).and_then(|node| node.merged_into.as_deref());
        survivor.unwrap_or(account)
    }

    /// The limit that governs an account and segment today.
    pub fn limit(&self, account: &str, segment: &str) -> Option<&Limit> {
        let limits = &self.nodes.get(account)?.limits;
        governing(limits.iter().filter(|limit| limit.terms.segment == segment), self.now.today)
    }

    /// When the last limit of an account and segment was recorded, whether it governs or not.
    pub fn version(&self, account: &str, segment: &str) -> i64 {
        let limits = self.nodes.get(account).into_iter().flat_map(|node| &node.limits);
        let of_segment = limits.filter(|limit| limit.terms.segment == segment);
        of_segment.map(|limit| limit.recorded_us).max().unwrap_or_default()
    }

    /// Segments in which one of the accounts has a limit that binds a company; the one of all
    /// companies first.
    pub fn segments(&self, chain: &[&str], company: &str) -> BTreeSet<&str> {
        let limits = chain.iter().filter_map(|id| self.nodes.get(*id)).flat_map(|n| &n.limits);
        limits
            .map(|limit| limit.terms.segment.as_str())
            .filter(|segment| self.policy.includes(segment, company))
            .collect()
    }

    /// The holds that stop an account: its own, and those of groups it belongs to.
    pub fn holds(&self, chain: &[&str]) -> Vec<&Hold> {
        let holds = chain.iter().enumerate().filter_map(|(i, id)| Some((i, self.nodes.get(*id)?)));
        // One of an account that was merged is told there and of the account that it counts as.
        let mut told = BTreeSet::new();
        holds
            .flat_map(|(i, node)| node.holds.iter().map(move |hold| (i, hold)))
            .filter(|(i, hold)| *i == 0 || hold.scope == HoldScope::Group)
            .map(|(_, hold)| hold)
            .filter(|hold| told.insert(hold.id))
            .collect()
    }

    /// What counts against the limits of an account in a segment.
    pub fn counting(&self, account: &str, segment: &str) -> Result<Counting> {
        let mut counting = Counting::default();
        for cell in self.nodes.get(account).into_iter().flat_map(|node| &node.exposure) {
            if !self.policy.includes(segment, &cell.company_code) {
                continue;
            }
            let amount = cell.amount;
            *counting.parts.entry((Some(cell.component), cell.currency)).or_default() += amount;
            if self.policy.counts(cell.component) {
                *counting.sums.entry(cell.currency).or_default() += amount;
            }
        }
        match self.covers(account, segment)? {
            Ok(covers) => {
                for (security, cover) in covers {
                    let currency = security.terms.cover_limit.currency;
                    *counting.sums.entry(currency).or_default() -= cover;
                    *counting.parts.entry((None, currency)).or_default() -= cover;
                }
            }
            Err(missing) => counting.missing = Some(missing),
        }
        Ok(counting)
    }

    /// The exposure in `to` with so much more. Converted by currency and rounded once for each.
    pub fn exposure(
        &self,
        counting: &Counting,
        to: Currency,
        (currency, extra): (Currency, i64),
    ) -> Result<Exposure> {
        let mut exposure = Exposure {
            missing: counting.missing.into_iter().collect(),
            may_be_less: counting.missing.is_some(),
            ..Exposure::default()
        };
        let mut sums = counting.sums.clone();
        *sums.entry(currency).or_default() += i128::from(extra);
        for (currency, sum) in sums {
            match self.convert(currency, to, sum)? {
                Ok(amount) => exposure.total += amount,
                Err(missing) => {
                    exposure.missing.insert(missing);
                    exposure.may_be_less |= sum < 0;
                }
            }
        }
        for (&(component, currency), &sum) in &counting.parts {
            // A part of a currency that nets to zero needs no rate: it is shown where it can be.
            if let Ok(amount) = self.convert(currency, to, sum)? {
                *exposure.parts.entry(component).or_default() += amount;
            }
        }
        Ok(exposure)
    }

    /// The most of a currency that may count in addition for the exposure to stay within a
    /// limit, negative above it; `None` if it cannot be told.
    pub fn room(
        &self,
        counting: &Counting,
        limit: Money,
        currency: Currency,
    ) -> Result<Option<i128>> {
        if counting.missing.is_some() {
            return Ok(None);
        }
        let mut left = i128::from(limit.minor);
        for (&other, &sum) in counting.sums.iter().filter(|(other, _)| **other != currency) {
            match self.convert(other, limit.currency, sum)? {
                Ok(amount) => left -= amount,
                Err(_) => return Ok(None),
            }
        }
        let most = match self.rates.rate(currency, limit.currency) {
            _ if currency == limit.currency => left,
            Some(used) => money::most_converting(left, currency, limit.currency, used.rate),
            None => return Ok(None),
        };
        Ok(Some(most - counting.sums.get(&currency).copied().unwrap_or_default()))
    }

    /// Each security of an account and everything below it, with what it covers of a segment,
    /// in its own currency. Of what several securities of one account could cover, the later
    /// ones cover only what the earlier ones left: nothing is covered twice.
    pub fn covers(
        &self,
        account: &str,
        segment: &str,
    ) -> Result<std::result::Result<Vec<(&Security, i128)>, NoRate>> {
        let mut covers: Vec<(&Security, i128)> = Vec::new();
        for secured in &self.secured {
            let security = &secured.security;
            if !self.chain(&security.account_id).contains(&account) {
                continue;
            }
            let mut left = match self.eligible(secured, segment)? {
                Ok(eligible) => eligible,
                Err(missing) => return Ok(Err(missing)),
            };
            let to = security.terms.cover_limit.currency;
            for (other, cover) in covers.iter().filter(|(s, _)| s.account_id == security.account_id)
            {
                match self.convert(other.terms.cover_limit.currency, to, *cover)? {
                    Ok(covered) => left -= covered,
                    Err(missing) => return Ok(Err(missing)),
                }
            }
            covers.push((security, security.terms.cover(left)));
        }
        Ok(Ok(covers))
    }

    /// What a security may cover of a segment, in its own currency.
    pub fn eligible(
        &self,
        secured: &Secured,
        segment: &str,
    ) -> Result<std::result::Result<i128, NoRate>> {
        let to = secured.security.terms.cover_limit.currency;
        let mut sum = 0;
        for eligible in &secured.eligible {
            if self.policy.includes(segment, &eligible.company_code) {
                match self.convert(eligible.currency, to, eligible.open)? {
                    Ok(amount) => sum += amount,
                    Err(missing) => return Ok(Err(missing)),
                }
            }
        }
        Ok(Ok(sum))
    }

    /// Rounds once, half to even. Nothing needs no rate.
    pub fn convert(
        &self,
        from: Currency,
        to: Currency,
        minor: i128,
    ) -> Result<std::result::Result<i128, NoRate>> {
        if minor == 0 || from == to {
            return Ok(Ok(minor));
        }
        match self.rates.rate(from, to) {
            None => Ok(Err(NoRate { from, to })),
            Some(used) => money::convert(minor, from, to, used.rate).map(Ok),
        }
    }

    /// Currencies of everything that might have to be converted.
    pub fn currencies(&self) -> BTreeSet<Currency> {
        let of_node = |node: &Arc<Node>| {
            let exposure = node.exposure.iter().map(|cell| cell.currency);
            let limits = node.limits.iter().filter_map(|l| Some(l.terms.amount?.currency));
            let overdue = node.overdue.iter().map(|cell| cell.currency);
            let terms =
                node.limits.iter().filter_map(|l| Some(l.terms.overdue_amount_max?.currency));
            exposure.chain(limits).chain(overdue).chain(terms).collect::<Vec<_>>()
        };
        let secured = self.secured.iter().flat_map(|secured| {
            let eligible = secured.eligible.iter().map(|e| e.currency);
            eligible.chain([secured.security.terms.cover_limit.currency])
        });
        let classes = self.class_terms.values().filter_map(|of| of.terms.overdue_amount_max);
        let policy = self.policy.overdue_amount_max.into_iter().chain(classes);
        let policy = policy.map(|max| max.currency);
        self.nodes.values().flat_map(of_node).chain(secured).chain(policy).collect()
    }
}

impl Node {
    fn is_settled(&self) -> bool {
        self.exposure.iter().all(|cell| cell.amount != 0)
            && self.exposure.is_sorted_by(|one, other| one.key() < other.key())
    }

    /// What counts, in a fixed order and without what came to nothing.
    pub fn settle(&mut self) {
        self.exposure.retain(|cell| cell.amount != 0);
        self.exposure.sort_by(|one, other| one.key().cmp(&other.key()));
    }

    fn add(&mut self, reservation: &Reservation, component: Component, amount: i64) {
        if amount == 0 {
            return;
        }
        let same = |cell: &&mut ExposureCell| {
            cell.component == component
                && cell.currency == reservation.currency
                && cell.company_code == reservation.company_code
        };
        match self.exposure.iter_mut().find(same) {
            Some(cell) => cell.amount += i128::from(amount),
            None => self.exposure.push(ExposureCell {
                currency: reservation.currency,
                company_code: reservation.company_code.clone(),
                component,
                amount: amount.into(),
            }),
        }
    }
}
