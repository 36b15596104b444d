//! Writing off what is open of an item.

use uuid::Uuid;

use super::clearing::{Loaded, load};
use super::posting::Written;
use super::rates::Rates;
use super::{Ledger, event};
use crate::ctx::Ctx;
use crate::domain::books::{Cause, NewDocument, Payment, content_hash, made_here};
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::event::EventType;
use crate::domain::item::DocumentKind;
use crate::domain::ledger::Document;
use crate::domain::ledger::command::WriteOffItem;
use crate::domain::names::{ITEMS, child_name};
use crate::store::{Call, WriteTx};

impl Ledger {
    /// Writes off an open debit item, or a part of it.
    pub async fn write_off(
        &self,
        ctx: &Ctx,
        request_id: &str,
        command: WriteOffItem,
    ) -> Result<Document> {
        let call = Call::new("ReceivableService.WriteOffItem", request_id, command.item.id);
        let written = self.store.mutate(ctx, call, command, write_off).await?;
        self.written(ctx, &written.into_inner()).await
    }
}

async fn write_off(tx: &mut WriteTx, _: &Ctx, command: &WriteOffItem) -> Result<Written> {
    let day = command.posting_date.unwrap_or(tx.clock().business_date());
    let id = command.item.id;
    let Loaded { account, mut books, .. } =
        load(tx, &command.item.account, &[id], &[], day).await?;
    let tracked = books.item(id).ok_or_else(|| Error::internal("an item was lost"))?;
    let item = tracked.item.clone();
    if item.account_id != account {
        return Err(Error::not_found("item", child_name(&account, ITEMS, id)));
    }
    if !item.is_debit() {
        return Err(Error::precondition(
            Reason::ClearingSameSide,
            item.name(),
            "only what is owed can be written off",
        ));
    }
    if day < item.posting_date {
        return Err(Precondition::new(
            Reason::ClearingTooEarly,
            item.name(),
            format!("cannot be written off on {day}, before it was posted"),
        )
        .with("earliest", item.posting_date)
        .into());
    }
    let open = tracked.available(day);
    if let Some(amount) = command.amount.filter(|m| m.currency != item.currency) {
        return Err(Error::invalid(
            "amount",
            Reason::CurrencyMismatch,
            format!("must be in {}, not {}", item.currency.code(), amount.currency.code()),
        ));
    }
    let amount = command.amount.map_or(open, |m| m.minor);
    if amount <= 0 || amount > open {
        return Err(Precondition::new(
            Reason::ClearingExceedsOpen,
            item.name(),
            format!("more would be written off than is open from {day} on"),
        )
        .with("item", item.name())
        .with("date", day)
        .with("open", open)
        .into());
    }
    let document = Uuid::now_v7();
    let reason = command.reason.as_str();
    let draft = made_here(document, DocumentKind::WriteOff, &item, amount, day, reason);
    let hash = content_hash(&draft)?;
    let credits =
        books.post(NewDocument { id: document, draft, content_hash: hash, returns: None })?;
    let payments: Vec<Payment> = credits
        .into_iter()
        .map(|credit| Payment { credit, debit: id, amount: Some(amount), credit_amount: None })
        .collect();
    let cause = Cause { document, ..Cause::PERSON };
    books.clear(cause, day, &payments, &Rates::none())?;
    let changes = books.take_changes()?;
    tx.write_changes(changes).await?;
    let posted = [(account.clone(), document)];
    tx.publish(event::documents(EventType::DocumentsPosted, &posted)).await?;
    Ok(Written {
        account_id: account,
        document_id: document,
        as_of: day.max(tx.clock().business_date()),
        known_at: tx.recorded_at().await?,
    })
}
