//! ListOpenItems and ExportOpenItems.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Receivables, bad_key, cut, date_key, id_key};
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::ledger::{OpenItem, Scope};
use crate::domain::receivables::Dispute;
use crate::domain::receivables::query::{OpenItemsQuery, Page};
use crate::store::receivables::{At, OpenItemsRead, Whose};

impl Receivables {
    /// What is open, oldest due first.
    ///
    /// # Errors
    /// PAGE_TOKEN_INVALID, KNOWN_AT_NOT_SETTLED, RESOURCE_NOT_FOUND.
    pub async fn open_items(&self, ctx: &Ctx, query: OpenItemsQuery) -> Result<Page<OpenItem>> {
        let after = match query.after.as_deref() {
            None => None,
            Some([due, id]) => Some((date_key(due)?, id_key(id)?)),
            Some(_) => return Err(bad_key()),
        };
        let read = self.items_read(ctx, "parent", &query).await?;
        let items = self.store.items_by_due(&read, after).await?;
        let key = |item: &OpenItem| vec![item.due_date.to_string(), item.id.to_string()];
        self.page(ctx, read.at, items, query.page_size, key).await
    }

    /// What is open, by account and item.
    ///
    /// # Errors
    /// As [`Receivables::open_items`].
    pub async fn export_page(&self, ctx: &Ctx, query: OpenItemsQuery) -> Result<Page<OpenItem>> {
        let after = match query.after.as_deref() {
            None => None,
            Some([account, id]) => Some((account.as_str(), id_key(id)?)),
            Some(_) => return Err(bad_key()),
        };
        let read = self.items_read(ctx, "account", &query).await?;
        let items = match read.whose {
            Whose::Book => self.book_items(&read, after).await?,
            Whose::Account(_) | Whose::Accounts(_) => {
                self.store.items_by_account(&read, after).await?
            }
        };
        let key = |item: &OpenItem| vec![item.account_id.clone(), item.id.to_string()];
        self.page(ctx, read.at, items, query.page_size, key).await
    }

    async fn items_read(
        &self,
        ctx: &Ctx,
        field: &str,
        query: &OpenItemsQuery,
    ) -> Result<OpenItemsRead> {
        let (whose, at) = match &query.scope {
            Scope::Account(name) => {
                let (id, at) = self.account_at(ctx, field, name, query.point).await?;
                (Whose::Account(id), at)
            }
            Scope::Group(_) | Scope::Book => {
                let at = self.settled_at(ctx, query.point).await?;
                (self.whose(ctx, field, &query.scope, at).await?, at)
            }
        };
        Ok(OpenItemsRead {
            whose,
            narrow: query.narrow.clone(),
            at,
            overdue_only: query.overdue_only,
            // One more tells whether anything comes after the page.
            limit: query.page_size + 1,
        })
    }

    /// A page of the book: from as many accounts at a time as are likely to fill it, so that
    /// what is sorted follows the page and not the book.
    async fn book_items(
        &self,
        read: &OpenItemsRead,
        after: Option<(&str, Uuid)>,
    ) -> Result<Vec<OpenItem>> {
        let mut items: Vec<OpenItem> = Vec::new();
        let mut from = after.map_or((String::new(), false), |(id, _)| (id.to_owned(), true));
        loop {
            let missing = read.limit - items.len();
            let accounts = self.store.accounts_after(&from.0, from.1, missing).await?;
            let Some(last) = accounts.last().cloned() else { return Ok(items) };
            let whose = Whose::Accounts(accounts);
            let of = OpenItemsRead { whose, limit: missing, ..read.clone() };
            items.extend(self.store.items_by_account(&of, after).await?);
            if items.len() >= read.limit {
                return Ok(items);
            }
            from = (last, false);
        }
    }

    async fn page(
        &self,
        ctx: &Ctx,
        at: At,
        items: Vec<OpenItem>,
        size: usize,
        key: impl Fn(&OpenItem) -> Vec<String>,
    ) -> Result<Page<OpenItem>> {
        let (mut rows, next) = cut(items, size, key);
        self.fill_disputes(&mut rows, at).await?;
        Ok(Page { rows, next, point: self.echo(ctx, at).await? })
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
