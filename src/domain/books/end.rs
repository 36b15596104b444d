//! Taking a document out: reversed by hand, or superseded by a higher version.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::clear::{position, rests_on};
use super::{
    ActiveAllocation, AllocationId, AllocationRow, Books, Ending, EntryKind, KnownKey, NewClearing,
};
use crate::domain::document::EndState;
use crate::domain::error::{Precondition, Reason, Result};
use crate::domain::item::DocumentKind;
use crate::domain::names;

/// A version of a document, with its items.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    pub document: Uuid,
    /// Oldest due first.
    pub items: &'a [Uuid],
}

/// The document to take out, with what is known of it.
#[derive(Debug)]
pub struct Outgoing<'a> {
    pub key: &'a KnownKey,
    /// Its items, loaded from its posting date on.
    pub items: &'a [Uuid],
    /// The allocations of its items, the other sides' items loaded as well.
    pub allocations: &'a [ActiveAllocation],
    /// Those that were reset before, with the day: they still count on the days until then.
    pub lapsed: &'a [(ActiveAllocation, NaiveDate)],
    /// For a recovery: what it reopened, and from when.
    pub reopened: &'a [(Uuid, NaiveDate, i64)],
}

impl Books {
    /// Takes a document out from `effective` on; its allocations are reset with it, and no
    /// others.
    ///
    /// # Errors
    /// `EFFECTIVE_TOO_EARLY`, `DOCUMENT_SETTLED_BY_RECOVERY`, `PERIOD_CLOSED`.
    pub fn reverse(&mut self, out: &Outgoing, effective: NaiveDate, reason: &str) -> Result<()> {
        if effective < out.key.posting_date {
            return Err(Precondition::new(
                Reason::EffectiveTooEarly,
                names::child_name(&out.key.account_id, names::DOCUMENTS, out.key.document),
                format!("cannot be reversed on {effective}, before its posting date"),
            )
            .with("earliest", out.key.posting_date)
            .into());
        }
        self.refuse_recovered(out)?;
        for allocation in out.allocations {
            self.reset(allocation, effective, reason)?;
        }
        self.take_out(out, effective, EndState::Reversed, reason)?;
        self.changes.keys.push(KnownKey { reversed: true, ..out.key.clone() });
        Ok(())
    }

    /// Takes the old version out on its posting date. What was cleared is reset on its own
    /// day, and [`Books::move_over`] puts it on the new version; what had been reset already
    /// no longer counts on any day.
    pub fn supersede(&mut self, out: &Outgoing) -> Result<()> {
        const REASON: &str = "superseded by a higher version";
        self.refuse_recovered(out)?;
        for allocation in out.allocations {
            self.reset(allocation, allocation.apply_date, REASON)?;
        }
        for (allocation, until) in out.lapsed {
            self.undo_lapsed(allocation, *until, REASON)?;
        }
        self.take_out(out, out.key.posting_date, EndState::Superseded, "")
    }

    /// Puts on the new version of a document what others set against the old one: oldest due
    /// first, never before the new posting date; a surplus stays with the credit. Between
    /// currencies both amounts shrink alike and keep the rate they were settled at.
    pub fn move_over(
        &mut self,
        allocations: &[&ActiveAllocation],
        old: Version,
        new: Version,
    ) -> Result<()> {
        let mut allocations = allocations.to_vec();
        allocations.sort_by_key(|allocation| (allocation.apply_date, allocation.id));
        // What one clearing settled on one day is one clearing again.
        let mut moved: BTreeMap<(Uuid, NaiveDate), NewClearing> = BTreeMap::new();
        for allocation in allocations {
            let old_is_debit = old.items.contains(&allocation.row.debit_item);
            let mut left = allocation.row.clone();
            for part in new.items {
                match old_is_debit {
                    true => left.debit_item = *part,
                    false => left.credit_item = *part,
                }
                let Some((day, fits)) = self.place_of(&left, allocation)? else { continue };
                let clearing = moved.entry((allocation.id.clearing, day));
                let clearing = clearing.or_insert_with(|| NewClearing {
                    id: Uuid::now_v7(),
                    account_id: allocation.account_id.clone(),
                    cause: allocation.cause,
                    apply_date: day,
                    allocations: Vec::new(),
                });
                let at = position(clearing.allocations.len());
                let id = AllocationId { clearing: clearing.id, position: at };
                self.settle(allocation.cause.document, id, day, &fits)?;
                left.amount -= fits.amount;
                left.credit_amount -= fits.credit_amount;
                clearing.allocations.push(fits);
            }
        }
        self.changes.clearings.extend(moved.into_values());
        Ok(())
    }

    /// What a document asked takes effect with the later of the two documents, also if one of
    /// them came to lie earlier; what a person cleared keeps its day.
    fn place_of(
        &self,
        row: &AllocationRow,
        of: &ActiveAllocation,
    ) -> Result<Option<(NaiveDate, AllocationRow)>> {
        if !of.cause.document.is_nil()
            && let Some(placed) = self.fit(row, NaiveDate::MIN)?
        {
            return Ok(Some(placed));
        }
        self.fit(row, of.apply_date)
    }

    /// As much of an allocation as its items have open, and from when on.
    fn fit(
        &self,
        row: &AllocationRow,
        apply_date: NaiveDate,
    ) -> Result<Option<(NaiveDate, AllocationRow)>> {
        let (credit, debit) = (self.tracked(row.credit_item)?, self.tracked(row.debit_item)?);
        if credit.item.is_debit() || !debit.item.is_debit() {
            // The new version stands on the other side.
            return Ok(None);
        }
        let day = apply_date.max(credit.item.posting_date).max(debit.item.posting_date);
        let (has, owes) = (credit.available(day), debit.available(day));
        let (mut amount, mut credit_amount) = (row.amount.min(owes), row.credit_amount.min(has));
        if credit.item.currency == debit.item.currency {
            amount = amount.min(credit_amount);
            credit_amount = amount;
        } else {
            credit_amount = credit_amount.min(share(amount, row.amount, row.credit_amount));
            amount = amount.min(share(credit_amount, row.credit_amount, row.amount));
        }
        let fits = AllocationRow { amount, credit_amount, ..row.clone() };
        Ok((amount > 0 && credit_amount > 0).then_some((day, fits)))
    }

    fn take_out(
        &mut self,
        out: &Outgoing,
        effective: NaiveDate,
        state: EndState,
        reason: &str,
    ) -> Result<()> {
        let document = out.key.document;
        for item in out.items {
            let amount = self.tracked(*item)?.item.amount;
            let none = AllocationId::NONE;
            self.enter(*item, document, none, EntryKind::Reverse, effective, -amount)?;
        }
        for (item, since, amount) in out.reopened {
            let day = effective.max(*since);
            let none = AllocationId::NONE;
            self.enter(*item, document, none, EntryKind::ReopenReverse, day, -amount)?;
        }
        self.changes.endings.push(Ending {
            document,
            account_id: out.key.account_id.clone(),
            state,
            effective,
            reason: reason.into(),
        });
        Ok(())
    }

    /// A written-off document that money came for, and the write-off itself, stay until the
    /// recovery is reversed: it rests on them.
    fn refuse_recovered(&self, out: &Outgoing) -> Result<()> {
        let others = out.allocations.iter().map(|allocation| allocation.row.debit_item);
        let own_recovery = |id: Uuid| out.reopened.iter().any(|(item, ..)| *item == id);
        for id in out.items.iter().copied().chain(others) {
            let tracked = self.tracked(id)?;
            let stays = out.items.contains(&id) || out.key.kind == DocumentKind::WriteOff;
            if tracked.reopened > 0 && stays && !own_recovery(id) {
                return Err(rests_on(&tracked.item));
            }
        }
        Ok(())
    }
}

/// `amount / whole` of `total`, rounded half to even; all of it for the whole.
fn share(amount: i64, whole: i64, total: i64) -> i64 {
    if amount >= whole {
        return total;
    }
    let part = crate::domain::rounding::div_half_even(
        i128::from(amount) * i128::from(total),
        i128::from(whole),
    );
    i64::try_from(part).unwrap_or(total)
}
