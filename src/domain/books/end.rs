//! Taking a document out: reversed by hand, or superseded by a higher version.

use chrono::NaiveDate;
use uuid::Uuid;

use super::clear::{Payment, RateSource};
use super::{ActiveClearing, Books, Ending, EntryKind, KnownKey};
use crate::domain::document::EndState;
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::item::DocumentKind;
use crate::domain::names;

/// The document to take out, with what is known of it.
#[derive(Debug)]
pub struct Outgoing<'a> {
    pub key: &'a KnownKey,
    /// Its items, loaded from its posting date on.
    pub items: &'a [Uuid],
    /// The clearings its items take part in, the other sides' items loaded as well.
    pub clearings: &'a [ActiveClearing],
    /// For a recovery: what it reopened, and from when.
    pub reopened: &'a [(Uuid, NaiveDate, i64)],
}

impl Books {
    /// Takes a document out from `effective` on; its clearings are reset with it.
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
        for clearing in out.clearings {
            self.reset(clearing, effective, reason)?;
        }
        self.take_out(out, effective, EndState::Reversed, reason)?;
        self.changes.keys.push(KnownKey { reversed: true, ..out.key.clone() });
        Ok(())
    }

    /// Takes the old version out on its posting date. What was cleared is reset on its own
    /// day; [`Books::move_over`] puts it on the new version.
    pub fn supersede(&mut self, out: &Outgoing) -> Result<()> {
        self.refuse_recovered(out)?;
        for clearing in out.clearings {
            self.reset(clearing, clearing.apply_date, "superseded by a higher version")?;
        }
        self.take_out(out, out.key.posting_date, EndState::Superseded, "")
    }

    /// Puts on the new version of a document what was cleared with the old one: oldest due
    /// first, never before the new posting date; a surplus stays with the credit.
    pub fn move_over(
        &mut self,
        clearings: &[ActiveClearing],
        old: &[Uuid],
        new: &[Uuid],
        rates: &impl RateSource,
    ) -> Result<()> {
        let mut clearings: Vec<&ActiveClearing> = clearings.iter().collect();
        clearings.sort_by_key(|c| (c.apply_date, c.id));
        for clearing in clearings {
            for row in &clearing.allocations {
                let old_is_debit = old.contains(&row.debit_item);
                let mut left = row.amount;
                let mut left_credit = row.credit_amount;
                for part in new {
                    let (credit, debit) = match old_is_debit {
                        true => (row.credit_item, *part),
                        false => (*part, row.debit_item),
                    };
                    let (c, d) = (self.tracked(credit)?, self.tracked(debit)?);
                    let day = clearing.apply_date.max(c.item.posting_date).max(d.item.posting_date);
                    let amount = left.min(d.available(day));
                    let credit_amount = match row.rate {
                        None => amount.min(c.available(day)),
                        Some(_) => share(amount, left, left_credit).min(c.available(day)),
                    };
                    let amount = if row.rate.is_none() { credit_amount } else { amount };
                    if amount <= 0 || credit_amount <= 0 {
                        continue;
                    }
                    let payment = Payment {
                        credit,
                        debit,
                        amount: Some(amount),
                        credit_amount: Some(credit_amount),
                    };
                    self.clear(clearing.document, day, &[payment], rates)?;
                    left -= amount;
                    left_credit -= credit_amount;
                }
            }
        }
        Ok(())
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
            let nil = Uuid::nil();
            self.enter(*item, document, nil, EntryKind::Reverse, effective, -amount)?;
        }
        for (item, since, amount) in out.reopened {
            let day = effective.max(*since);
            let nil = Uuid::nil();
            self.enter(*item, document, nil, EntryKind::ReopenReverse, day, -amount)?;
        }
        self.changes.endings.push(Ending {
            document,
            account_id: out.key.account_id.clone(),
            state,
            effective,
            reason: reason.to_owned(),
        });
        Ok(())
    }

    /// A written-off document that money came for, and the write-off itself, stay until the
    /// recovery is reversed: it rests on them.
    fn refuse_recovered(&self, out: &Outgoing) -> Result<()> {
        let others = out.clearings.iter().flat_map(|c| &c.allocations).map(|row| row.debit_item);
        let own_recovery = |id: Uuid| out.reopened.iter().any(|(item, ..)| *item == id);
        for id in out.items.iter().copied().chain(others) {
            let tracked = self.tracked(id)?;
            let stays = out.items.contains(&id) || out.key.kind == DocumentKind::WriteOff;
            if tracked.reopened > 0 && stays && !own_recovery(id) {
                return Err(Error::precondition(
                    Reason::DocumentSettledByRecovery,
                    tracked.item.name(),
                    "a recovery rests on this; reverse the recovery first",
                ));
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
