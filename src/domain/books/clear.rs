//! Settling credits against debits, and taking a settlement back.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    ActiveAllocation, AllocationId, AllocationRow, Books, Cause, EntryKind, Item, NewClearing,
    Reset,
};
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::item::DocumentKind;
use crate::domain::money::{Currency, convert, to_minor};
use crate::domain::rates::UsedRate;

/// One credit against one debit, as asked for.
#[derive(Debug, Clone)]
pub struct Payment {
    pub credit: Uuid,
    pub debit: Uuid,
    /// In the debit's currency; `None` is as much as both sides have open.
    pub amount: Option<i64>,
    /// In the credit's currency, where the bank's own conversion is known.
    pub credit_amount: Option<i64>,
}

/// Finds the rate from one currency to another on a day; `None` is `RATE_MISSING`.
pub trait RateSource {
    fn rate(&self, from: Currency, to: Currency, day: NaiveDate) -> Option<UsedRate>;
}

impl<F: Fn(Currency, Currency, NaiveDate) -> Option<UsedRate>> RateSource for F {
    fn rate(&self, from: Currency, to: Currency, day: NaiveDate) -> Option<UsedRate> {
        self(from, to, day)
    }
}

impl Books {
    /// Settles the payments from `apply_date` on as one clearing. Payments that find nothing
    /// open are left out; `None` if nothing was settled at all.
    ///
    /// # Errors
    /// `CLEARING_SAME_SIDE`, `CLEARING_ACROSS_ACCOUNTS`, `CLEARING_TOO_EARLY`,
    /// `CLEARING_EXCEEDS_OPEN`, `RATE_MISSING`, `PERIOD_CLOSED`.
    pub fn clear(
        &mut self,
        cause: Cause,
        apply_date: NaiveDate,
        payments: &[Payment],
        rates: &impl RateSource,
    ) -> Result<Option<Uuid>> {
        let clearing = Uuid::now_v7();
        let mut allocations: Vec<AllocationRow> = Vec::with_capacity(payments.len());
        let mut account_id = String::new();
        for payment in payments {
            self.check_pair(payment, apply_date)?;
            let Some(row) = self.size(payment, apply_date, rates)? else { continue };
            if allocations.is_empty() {
                account_id.clone_from(&self.tracked(row.credit_item)?.item.account_id);
            }
            let position = position(allocations.len());
            let id = AllocationId { clearing, position };
            self.settle(cause.document, id, apply_date, &row)?;
            allocations.push(row);
        }
        if allocations.is_empty() {
            return Ok(None);
        }
        self.changes.clearings.push(NewClearing {
            id: clearing,
            account_id,
            cause,
            apply_date,
            allocations,
        });
        Ok(Some(clearing))
    }

    /// Makes a clearing as it is.
    pub fn place(&mut self, clearing: NewClearing) -> Result<()> {
        for allocation in clearing.active() {
            let ActiveAllocation { id, cause, apply_date, row, .. } = allocation;
            self.settle(cause.document, id, apply_date, &row)?;
        }
        self.changes.clearings.push(clearing);
        Ok(())
    }

    /// The allocations of a clearing that this change made.
    pub fn made(&self, clearing: Uuid) -> &[AllocationRow] {
        let made = self.changes.clearings.iter().find(|made| made.id == clearing);
        made.map_or(&[], |made| &made.allocations)
    }

    /// Compares what was cleared in this change with what was cleared before: those of the
    /// allocations that came out the same, and the clearings that are left without them.
    pub fn compare(
        &self,
        before: &[ActiveAllocation],
    ) -> (HashSet<AllocationId>, Vec<NewClearing>) {
        let of = |request: Uuid, day: NaiveDate, row: &AllocationRow| {
            (request, day, row.credit_item, row.debit_item, row.amount, row.credit_amount)
        };
        let mut same: HashMap<_, Vec<AllocationId>> = HashMap::new();
        for old in before {
            let key = of(old.cause.request, old.apply_date, &old.row);
            same.entry(key).or_default().push(old.id);
        }
        let mut kept = HashSet::new();
        let mut made = Vec::new();
        for clearing in &self.changes.clearings {
            let mut rest = clearing.clone();
            rest.allocations.retain(|row| {
                let key = of(clearing.cause.request, clearing.apply_date, row);
                let old = same.get_mut(&key).and_then(Vec::pop);
                kept.extend(old);
                old.is_none()
            });
            if !rest.allocations.is_empty() {
                made.push(rest);
            }
        }
        (kept, made)
    }

    pub(super) fn settle(
        &mut self,
        cause: Uuid,
        id: AllocationId,
        day: NaiveDate,
        row: &AllocationRow,
    ) -> Result<()> {
        self.enter(row.debit_item, cause, id, EntryKind::Clear, day, -row.amount)?;
        self.enter(row.credit_item, cause, id, EntryKind::Clear, day, row.credit_amount)
    }

    fn check_pair(&self, payment: &Payment, apply_date: NaiveDate) -> Result<()> {
        let credit = &self.tracked(payment.credit)?.item;
        let debit = &self.tracked(payment.debit)?.item;
        if credit.is_debit() || !debit.is_debit() {
            let wrong = if credit.is_debit() { credit } else { debit };
            return Err(Error::precondition(
                Reason::ClearingSameSide,
                wrong.name(),
                "a clearing sets a credit against a debit",
            ));
        }
        let are_one = self.sets.were_one(&credit.account_id, &debit.account_id);
        if !are_one || credit.company_code != debit.company_code {
            return Err(Error::precondition(
                Reason::ClearingAcrossAccounts,
                debit.name(),
                "both sides must belong to one account and one company; post a set-off or a \
                 transfer as a pair of documents",
            ));
        }
        let earliest = credit.posting_date.max(debit.posting_date);
        if apply_date < earliest {
            return Err(Precondition::new(
                Reason::ClearingTooEarly,
                if earliest == debit.posting_date { debit.name() } else { credit.name() },
                format!("cannot take effect on {apply_date}, before both documents"),
            )
            .with("earliest", earliest)
            .into());
        }
        Ok(())
    }

    /// How much of each side a payment settles.
    fn size(
        &self,
        payment: &Payment,
        day: NaiveDate,
        rates: &impl RateSource,
    ) -> Result<Option<AllocationRow>> {
        let (credit, debit) = (self.tracked(payment.credit)?, self.tracked(payment.debit)?);
        let (has, owes) = (credit.available(day), debit.available(day));
        let (amount, credit_amount, rate) = if credit.item.currency == debit.item.currency {
            if payment.credit_amount.is_some_and(|c| payment.amount.is_some_and(|a| a != c)) {
                return Err(Error::invalid(
                    "credit_amount",
                    Reason::CurrencyMismatch,
                    "must equal amount where both sides have one currency",
                ));
            }
            let amount = payment.amount.or(payment.credit_amount).unwrap_or(has.min(owes));
            (amount, amount, None)
        } else {
            exchange(payment, &credit.item, &debit.item, has, owes, day, rates)?
        };
        if amount > owes {
            return Err(exceeds(&debit.item, owes, amount, day));
        }
        if credit_amount > has {
            return Err(exceeds(&credit.item, has, credit_amount, day));
        }
        Ok((amount > 0 && credit_amount > 0).then_some(AllocationRow {
            credit_item: credit.item.id,
            debit_item: debit.item.id,
            amount,
            credit_amount,
            rate,
        }))
    }

    /// Settles one document with a credit: its parts oldest due first, from the later of the
    /// two posting dates on.
    pub fn clear_document(
        &mut self,
        request: Uuid,
        credit: Uuid,
        debits: &[Uuid],
        amount: Option<i64>,
        rates: &impl RateSource,
    ) -> Result<Option<Uuid>> {
        let item = &self.tracked(credit)?.item;
        let (document, mut day) = (item.document, item.posting_date);
        for debit in debits {
            day = day.max(self.tracked(*debit)?.item.posting_date);
        }
        day = self.first_open_day(credit, debits, day)?;
        let payments = match amount {
            None => debits.iter().map(|d| payment(credit, *d, None)).collect(),
            Some(amount) => self.spread(credit, debits, amount, day)?,
        };
        self.clear(Cause { document, request }, day, &payments, rates)
    }

    /// The first day from `day` on from which both sides have something open: later than `day`
    /// where what one of them settled before was taken back with a later date.
    fn first_open_day(&self, credit: Uuid, debits: &[Uuid], day: NaiveDate) -> Result<NaiveDate> {
        let credit = self.tracked(credit)?;
        let debits: Vec<_> = debits.iter().map(|id| self.tracked(*id)).collect::<Result<_>>()?;
        let is_open = |on: NaiveDate| {
            credit.available(on) > 0 && debits.iter().any(|debit| debit.available(on) > 0)
        };
        if is_open(day) {
            return Ok(day);
        }
        let days: BTreeSet<NaiveDate> =
            debits.iter().chain([&credit]).flat_map(|tracked| tracked.days_after(day)).collect();
        Ok(days.into_iter().find(|on| is_open(*on)).unwrap_or(day))
    }

    fn spread(
        &self,
        credit: Uuid,
        debits: &[Uuid],
        amount: i64,
        day: NaiveDate,
    ) -> Result<Vec<Payment>> {
        let mut left = amount;
        let mut payments = Vec::new();
        for debit in debits {
            let part = left.min(self.tracked(*debit)?.available(day));
            if part > 0 {
                payments.push(payment(credit, *debit, Some(part)));
                left -= part;
            }
        }
        match (left, debits.last()) {
            (0, _) => Ok(payments),
            (_, Some(last)) => {
                let item = &self.tracked(*last)?.item;
                Err(exceeds(item, amount - left, amount, day))
            }
            (_, None) => Ok(payments),
        }
    }

    /// Takes an allocation back from `effective` on, or from its own day if that is later.
    ///
    /// # Errors
    /// `DOCUMENT_SETTLED_BY_RECOVERY`, `PERIOD_CLOSED`.
    pub fn reset(
        &mut self,
        allocation: &ActiveAllocation,
        effective: NaiveDate,
        reason: &str,
    ) -> Result<()> {
        self.refuse_under_recovery(&allocation.row)?;
        let day = effective.max(allocation.apply_date);
        self.take_back(allocation, day, 1)?;
        self.note_reset(allocation.id, day, reason);
        Ok(())
    }

    /// Takes out an allocation that was reset before on the days it still counted on.
    pub(super) fn undo_lapsed(
        &mut self,
        allocation: &ActiveAllocation,
        until: NaiveDate,
        reason: &str,
    ) -> Result<()> {
        self.take_back(allocation, allocation.apply_date, 1)?;
        self.take_back(allocation, until, -1)?;
        self.note_reset(allocation.id, allocation.apply_date, reason);
        Ok(())
    }

    fn take_back(&mut self, of: &ActiveAllocation, day: NaiveDate, sign: i64) -> Result<()> {
        let ActiveAllocation { id, cause, row, .. } = of;
        let (amount, credit_amount) = (sign * row.amount, sign * row.credit_amount);
        self.enter(row.debit_item, cause.document, *id, EntryKind::Reset, day, amount)?;
        self.enter(row.credit_item, cause.document, *id, EntryKind::Reset, day, -credit_amount)
    }

    fn note_reset(&mut self, allocation: AllocationId, effective: NaiveDate, reason: &str) {
        self.changes.resets.push(Reset { allocation, effective, reason: reason.into() });
    }

    /// What ties a write-off to its debit stays while a recovery rests on it: without it more
    /// would be open than was ever owed.
    fn refuse_under_recovery(&self, row: &AllocationRow) -> Result<()> {
        let (credit, debit) = (self.tracked(row.credit_item)?, self.tracked(row.debit_item)?);
        if credit.item.kind == DocumentKind::WriteOff && debit.reopened > 0 {
            return Err(rests_on(&debit.item));
        }
        Ok(())
    }

    /// Money on what was written off: reopens that part of the debits and clears it, so that
    /// the balance does not change. `written_off` is what write-offs took off each debit.
    pub fn recover(
        &mut self,
        request: Uuid,
        credit: Uuid,
        debits: &[(Uuid, i64)],
        rates: &impl RateSource,
    ) -> Result<Option<Uuid>> {
        let tracked = self.tracked(credit)?;
        let (document, mut day) = (tracked.item.document, tracked.item.posting_date);
        let mut left = -tracked.item.amount;
        for (debit, _) in debits {
            day = day.max(self.tracked(*debit)?.item.posting_date);
        }
        let mut payments = Vec::new();
        for (debit, written_off) in debits {
            let target = self.tracked(*debit)?;
            if target.item.currency != self.tracked(credit)?.item.currency {
                return Err(Error::precondition(
                    Reason::RateMissing,
                    target.item.name(),
                    "a recovery is in the currency of what was written off",
                ));
            }
            let part = left.min(written_off - target.reopened);
            if part > 0 {
                let none = AllocationId::NONE;
                self.enter(*debit, document, none, EntryKind::Reopen, day, part)?;
                if let Some(target) = self.items.get_mut(debit) {
                    target.reopened += part;
                }
                payments.push(payment(credit, *debit, Some(part)));
                left -= part;
            }
        }
        if left > 0 {
            let total: i64 = debits.iter().map(|(_, w)| w).sum();
            return Err(Precondition::new(
                Reason::RecoveryExceedsWriteOff,
                self.tracked(credit)?.item.name(),
                "more would be recovered than was written off and not yet recovered",
            )
            .with("written_off", total)
            .into());
        }
        self.clear(Cause { document, request }, day, &payments, rates)
    }
}

/// The position of the next of so many allocations.
pub(super) fn position(allocations: usize) -> i32 {
    i32::try_from(allocations).unwrap_or(i32::MAX)
}

/// The refusal to take away what a recovery rests on.
pub(super) fn rests_on(item: &Item) -> Error {
    Error::precondition(
        Reason::DocumentSettledByRecovery,
        item.name(),
        "a recovery rests on this; reverse the recovery first",
    )
}

fn payment(credit: Uuid, debit: Uuid, amount: Option<i64>) -> Payment {
    Payment { credit, debit, amount, credit_amount: None }
}

/// Sizes a payment between two currencies: (off the debit, off the credit, the rate).
fn exchange(
    payment: &Payment,
    credit: &Item,
    debit: &Item,
    has: i64,
    owes: i64,
    day: NaiveDate,
    rates: &impl RateSource,
) -> Result<(i64, i64, Option<UsedRate>)> {
    if let (Some(amount), Some(credit_amount)) = (payment.amount, payment.credit_amount) {
        let rate = rates.rate(debit.currency, credit.currency, day);
        return Ok((amount, credit_amount, rate));
    }
    let rate = rates.rate(debit.currency, credit.currency, day).ok_or_else(|| -> Error {
        Precondition::new(
            Reason::RateMissing,
            debit.name(),
            "no exchange rate of the day; record one, or name both amounts",
        )
        .with("from_currency", debit.currency.code())
        .with("to_currency", credit.currency.code())
        .with("date", day)
        .into()
    })?;
    let price = |amount: i64| -> Result<i64> {
        to_minor(convert(i128::from(amount), debit.currency, credit.currency, rate.rate)?)
    };
    if let Some(amount) = payment.amount {
        return Ok((amount, price(amount)?, Some(rate)));
    }
    let back = |credit_amount: i64| -> Result<i64> {
        let inverse = rates.rate(credit.currency, debit.currency, day).map(|r| r.rate);
        let inverse = inverse
            .or_else(|| rust_decimal::Decimal::ONE.checked_div(rate.rate))
            .ok_or_else(|| Error::internal("an exchange rate is zero"))?;
        to_minor(convert(i128::from(credit_amount), credit.currency, debit.currency, inverse)?)
    };
    if let Some(credit_amount) = payment.credit_amount {
        return Ok((back(credit_amount)?, credit_amount, Some(rate)));
    }
    // The side that runs out first decides, and runs out to the last minor unit.
    let whole = price(owes)?;
    if whole <= has {
        Ok((owes, whole, Some(rate)))
    } else {
        Ok((back(has)?.min(owes), has, Some(rate)))
    }
}

fn exceeds(item: &Item, open: i64, wanted: i64, day: NaiveDate) -> Error {
    Precondition::new(
        Reason::ClearingExceedsOpen,
        item.name(),
        format!("more would be settled than is open from {day} on"),
    )
    .with("item", item.name())
    .with("date", day)
    .with("open", open)
    .with("would_be", i128::from(open) - i128::from(wanted))
    .into()
}
