//! ListOpenItems and ExportOpenItems.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::Receivables;
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::ledger::{OpenItem, Scope};
use crate::domain::page::Page;
use crate::domain::receivables::Dispute;
use crate::domain::receivables::query::{DueKey, ExportKey, OpenItemsQuery, PageAt};
use crate::store::receivables::{At, OpenItemsRead, Whose};

impl Receivables {
    /// What is open, oldest due first.
    ///
    /// # Errors
    /// KNOWN_AT_NOT_SETTLED, RESOURCE_NOT_FOUND.
    pub async fn open_items(
        &self,
        ctx: &Ctx,
        query: OpenItemsQuery<DueKey>,
    ) -> Result<PageAt<OpenItem, DueKey>> {
        let (read, known_from) = self.items_read(ctx, "parent", &query).await?;
        let items = self.store.items_by_due(&read, query.page.after).await?;
        let page = query.page.cut(items, |item| (item.due_date, item.id));
        Ok(PageAt { known_from, ..self.page(ctx, read.at, page).await? })
    }

    /// What is open, by account, due date and item.
    ///
    /// # Errors
    /// As [`Receivables::open_items`].
    pub async fn export_page(
        &self,
        ctx: &Ctx,
        query: OpenItemsQuery<ExportKey>,
    ) -> Result<PageAt<OpenItem, ExportKey>> {
        let (read, known_from) = self.items_read(ctx, "account", &query).await?;
        let items = self.items_after(&read, query.page.after.as_ref()).await?;
        let page = query.page.cut(items, |item| (item.account_id.clone(), item.due_date, item.id));
        Ok(PageAt { known_from, ..self.page(ctx, read.at, page).await? })
    }

    async fn items_read<K>(
        &self,
        ctx: &Ctx,
        field: &str,
        query: &OpenItemsQuery<K>,
    ) -> Result<(OpenItemsRead, Option<NaiveDate>)> {
        let ((whose, known_from), at) = match &query.scope {
            Scope::Account(name) => {
                let (id, at) = self.account_at(ctx, field, name, query.point).await?;
                ((Whose::Account(id), None), at)
            }
            Scope::Group(_) | Scope::Book => {
                let at = self.settled_at(ctx, query.point).await?;
                (self.whose(ctx, field, &query.scope, at).await?, at)
            }
        };
        let read = OpenItemsRead {
            whose,
            narrow: query.narrow.clone(),
            at,
            overdue_only: query.overdue_only,
            limit: query.page.to_read(),
        };
        Ok((read, known_from))
    }

    /// What follows in the order of an export: of the account that the page before ended in, along its
    /// own items, then of the accounts behind it.
    async fn items_after(
        &self,
        read: &OpenItemsRead,
        after: Option<&ExportKey>,
    ) -> Result<Vec<OpenItem>> {
        let due = after.map(|(_, due, id)| (*due, *id));
        let last = after.map_or("", |(account, ..)| account);
        let others = match &read.whose {
            Whose::Account(_) => return self.store.items_by_due(read, due).await,
            Whose::Accounts(ids) => {
                let others = ids.iter().filter(|id| id.as_str() > last);
                Some(others.cloned().collect::<Vec<_>>())
            }
            Whose::Book => None,
        };
        let is_asked = match &read.whose {
            Whose::Accounts(ids) => ids.iter().any(|id| id == last),
            _ => !last.is_empty(),
        };
        let mut items = Vec::new();
        if is_asked {
            let of = OpenItemsRead { whose: Whose::Account(last.to_owned()), ..read.clone() };
            items = self.store.items_by_due(&of, due).await?;
        }
        let missing = read.limit - items.len() as u64;
        match others {
            _ if missing == 0 => {}
            Some(others) if others.is_empty() => {}
            Some(others) => {
                let whose = Whose::Accounts(others);
                let of = OpenItemsRead { whose, limit: missing, ..read.clone() };
                items.extend(self.store.items_by_account(&of).await?);
            }
            None => self.add_of_book(read, last.to_owned(), &mut items).await?,
        }
        Ok(items)
    }

    /// Adds what follows behind an account of the book: from as many accounts at a time as are likely to
    /// fill the page, so that what is sorted follows the page and not the book.
    async fn add_of_book(
        &self,
        read: &OpenItemsRead,
        mut last: String,
        items: &mut Vec<OpenItem>,
    ) -> Result<()> {
        while (items.len() as u64) < read.limit {
            let missing = read.limit - items.len() as u64;
            let accounts = self.store.accounts_after(&last, missing).await?;
            match accounts.last() {
                None => break,
                Some(id) => last.clone_from(id),
            }
            let whose = Whose::Accounts(accounts);
            let of = OpenItemsRead { whose, limit: missing, ..read.clone() };
            items.extend(self.store.items_by_account(&of).await?);
        }
        Ok(())
    }

    async fn page<K>(
        &self,
        ctx: &Ctx,
        at: At,
        mut page: Page<OpenItem, K>,
    ) -> Result<PageAt<OpenItem, K>> {
        self.fill_disputes(&mut page.items, at).await?;
        Ok(PageAt { page, point: self.echo(ctx, at).await?, known_from: None })
    }

    /// Fills in what is disputed of items.
    pub(super) async fn fill_disputes(&self, items: &mut [OpenItem], at: At) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let mut accounts: Vec<&str> = items.iter().map(|item| item.account_id.as_str()).collect();
        accounts.dedup();
        let ids: Vec<Uuid> = items.iter().map(|item| item.id).collect();
        let disputes = self.store.disputes_of(&accounts, &ids, at).await?;
        mark_disputed(items, &disputes);
        Ok(())
    }
}

/// What is disputed of an item is never more than is open of it.
pub(super) fn mark_disputed<'a>(
    items: &mut [OpenItem],
    disputes: impl IntoIterator<Item = &'a Dispute>,
) {
    let mut by_item: HashMap<Uuid, Vec<&Dispute>> = HashMap::new();
    for dispute in disputes {
        by_item.entry(dispute.item_id).or_default().push(dispute);
    }
    for item in items {
        if let Some(disputes) = by_item.get(&item.id) {
            let sum: i64 = disputes.iter().map(|dispute| dispute.amount).sum();
            item.disputed = sum.min(item.open).max(0);
            item.disputes = disputes.iter().map(|dispute| dispute.id).collect();
        }
    }
}
