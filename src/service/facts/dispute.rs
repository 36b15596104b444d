//! OpenDispute and ResolveDispute.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Facts, event};
use crate::ctx::Ctx;
use crate::domain::dispute::{self, DisputeVerb, disputable};
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::item::Side;
use crate::domain::machine::advance;
use crate::domain::money::Money;
use crate::domain::names::{DISPUTES, ITEMS, child_name};
use crate::domain::receivables::Dispute;
use crate::domain::receivables::command::{OpenDispute, ResolveDispute};
use crate::domain::timeline::fact;
use crate::store::facts::DisputedItem;
use crate::store::{Call, Entered, Outcome, WriteTx};

impl Facts {
    /// Records that a customer disputes an open debit item, or a part of it.
    ///
    /// # Errors
    /// `CLEARING_SAME_SIDE` if the item is a credit, `DISPUTE_EXCEEDS_OPEN`,
    /// `CURRENCY_MISMATCH`, `AMOUNT_OUT_OF_RANGE`, `RESOURCE_NOT_FOUND`.
    pub async fn open_dispute(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: OpenDispute,
    ) -> Result<Dispute> {
        let call =
            Call::new("ReceivableService.OpenDispute", request_id, c.item.resource_name(ITEMS));
        self.with_note(self.store.mutate(ctx, call, c, open).await?).await
    }

    /// Ends a dispute.
    ///
    /// # Errors
    /// `STATE_WRONG` if it has ended, `EFFECTIVE_TOO_EARLY`, `RESOURCE_NOT_FOUND`.
    pub async fn resolve_dispute(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: ResolveDispute,
    ) -> Result<Dispute> {
        let call = Call::new(
            "ReceivableService.ResolveDispute",
            request_id,
            c.dispute.resource_name(DISPUTES),
        );
        self.with_note(self.store.mutate(ctx, call, c, resolve).await?).await
    }

    /// The note is in the row of the dispute alone.
    async fn with_note(&self, answer: Outcome<Dispute>) -> Result<Dispute> {
        match answer {
            Outcome::Done(dispute) => Ok(dispute),
            Outcome::Replayed(dispute) => {
                let note = self.store.dispute_note(dispute.id).await?;
                Ok(Dispute { note, ..dispute })
            }
        }
    }
}

async fn open(tx: &mut WriteTx, ctx: &Ctx, c: &OpenDispute) -> Result<Dispute> {
    let today = ctx.business_date();
    let Entered { account_id, recorded_us } = tx.enter_account(&c.item.account).await?;
    let open_date = c.open_date.unwrap_or(today);
    let name = child_name(&account_id, ITEMS, c.item.id);
    let item = tx
        .item_to_dispute(&account_id, c.item.id, open_date)
        .await?
        .ok_or_else(|| Error::not_found("item", &name))?;
    let amount = amount_to_dispute(&name, &item, c.amount, open_date)?;
    let dispute = Dispute {
        id: Uuid::now_v7(),
        account_id,
        item_id: c.item.id,
        currency: item.currency,
        amount,
        reason_code: c.reason_code.clone(),
        note: c.note.clone().into(),
        open_date,
        resolved: None,
        recorded_us,
    };
    tx.add_dispute(&dispute).await?;
    let opened = event::dispute_opened(&dispute);
    tx.publish(vec![opened.telling([fact::disputed(&dispute, &ctx.principal)])]).await?;
    Ok(dispute)
}

fn amount_to_dispute(
    name: &str,
    item: &DisputedItem,
    asked: Option<Money>,
    from: NaiveDate,
) -> Result<i64> {
    if item.side == Side::Credit {
        let precondition =
            Precondition::new(Reason::ClearingSameSide, name, "is a credit; only debits can be");
        return Err(precondition.at("item").into());
    }
    let currency = item.currency;
    if let Some(asked) = asked {
        if asked.currency != currency {
            let description = format!("the item is in {currency}, not in {}", asked.currency);
            return Err(Error::invalid("amount", Reason::CurrencyMismatch, description));
        }
        if asked.minor <= 0 {
            return Err(Error::invalid("amount", Reason::AmountOutOfRange, "must be positive"));
        }
    }
    let free = disputable(item.open, &item.future, &item.others, from);
    let amount = asked.map_or(free, |asked| asked.minor);
    if amount == 0 || amount > free {
        let open = Money { minor: free, currency };
        let description = format!("{open} of it is open and not disputed from {from} on");
        return Err(Precondition::new(Reason::DisputeExceedsOpen, name, description)
            .at("amount")
            .with("open", open)
            .into());
    }
    Ok(amount)
}

async fn resolve(tx: &mut WriteTx, ctx: &Ctx, c: &ResolveDispute) -> Result<Dispute> {
    let today = ctx.business_date();
    let Entered { account_id, recorded_us } = tx.enter_account(&c.dispute.account).await?;
    let name = child_name(&account_id, DISPUTES, c.dispute.id);
    let mut dispute = tx
        .dispute(&account_id, c.dispute.id)
        .await?
        .ok_or_else(|| Error::not_found("dispute", &name))?;
    advance(dispute::STATES, &name, dispute.state(), DisputeVerb::Resolve)?;
    let date = c.resolve_date.unwrap_or(today);
    if date < dispute.open_date {
        let description = format!("{date} lies before {}, its first day", dispute.open_date);
        return Err(Precondition::new(Reason::EffectiveTooEarly, name, description)
            .at("resolve_date")
            .with("earliest", dispute.open_date)
            .into());
    }
    tx.end_dispute(dispute.id, c.outcome, date, recorded_us).await?;
    dispute.resolved = Some((date, c.outcome));
    let resolved = event::dispute_resolved(&dispute);
    tx.publish(vec![resolved.telling(fact::resolved(&dispute, &ctx.principal))]).await?;
    Ok(dispute)
}
