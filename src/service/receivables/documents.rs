//! GetDocument and ListDocuments.

use uuid::Uuid;

use super::Receivables;
use crate::ctx::Ctx;
use crate::domain::document::DocumentKey;
use crate::domain::error::{Error, Result};
use crate::domain::ledger::{Document, PointQuery};
use crate::domain::names::{AccountRef, DOCUMENTS};
use crate::domain::receivables::query::{DocumentName, DocumentsQuery, PageAt, PostingKey};
use crate::domain::text::quote;
use crate::store::receivables::At;

impl Receivables {
    /// A document with what is open of it and the clearings it took part in. By its key it is
    /// the version that was the last one then.
    ///
    /// # Errors
    /// RESOURCE_NOT_FOUND, KNOWN_AT_NOT_SETTLED.
    pub async fn document(
        &self,
        ctx: &Ctx,
        name: DocumentName,
        point: PointQuery,
    ) -> Result<Document> {
        let (document, at) = match &name {
            DocumentName::Name(name) => {
                let (account, at) = self.account_at(ctx, "name", &name.account, point).await?;
                let document = self.store.document(&account, name.id, at).await?;
                let missing = || Error::not_found("document", name.resource_name(DOCUMENTS));
                (document.ok_or_else(missing)?, at)
            }
            DocumentName::Key(key) => self.by_key(ctx, key, point).await?,
        };
        let mut items = self.store.items_of(document.id, at).await?;
        self.fill_disputes(&mut items, at).await?;
        let clearings = self.store.clearings_of_document(document.id, at).await?;
        let discount_taken =
            document.offers_discount() && self.store.discount_taken(document.id, at).await?;
        let mut document = Document { items, clearings, discount_taken, ..document };
        self.hide_parties(ctx, std::slice::from_mut(&mut document)).await?;
        Ok(document)
    }

    /// Leaves out whom documents were sold and billed to where the caller does not see it.
    async fn hide_parties(&self, ctx: &Ctx, documents: &mut [Document]) -> Result<()> {
        if ctx.rows.is_all() {
            return Ok(());
        }
        let drafts = documents.iter().map(|document| &document.draft);
        let named = drafts.flat_map(|draft| draft.sold_to.iter().chain(&draft.bill_to));
        let named: Vec<String> = named.cloned().collect();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move { tx.seen(named.iter().map(String::as_str)).await })
        });
        let seen = read.await?;
        for Document { draft, .. } in documents {
            draft.sold_to = draft.sold_to.take().filter(|id| seen.has(id));
            draft.bill_to = draft.bill_to.take().filter(|id| seen.has(id));
        }
        Ok(())
    }

    /// What was found, if its account is one that the caller sees; nothing is asked about as well, so that it
    /// takes as long.
    async fn seen(
        &self,
        ctx: &Ctx,
        found: Option<(String, Uuid)>,
    ) -> Result<Option<(String, Uuid)>> {
        if ctx.rows.is_all() {
            return Ok(found);
        }
        let account = found.as_ref().map(|(account, _)| account.clone());
        let account = AccountRef::Id(account.unwrap_or_default());
        let known = self.store.find_accounts(ctx, std::slice::from_ref(&account)).await?;
        Ok(found.filter(|_| known.contains_key(&account)))
    }

    async fn by_key(
        &self,
        ctx: &Ctx,
        key: &DocumentKey,
        point: PointQuery,
    ) -> Result<(Document, At)> {
        let missing = || Error::not_found("document", quote(&key.document_no));
        let found = self.store.document_key(key).await?;
        let (account, id) = self.seen(ctx, found).await?.ok_or_else(missing)?;
        let owner = AccountRef::Id(account.clone());
        let (_, at) = self.account_at(ctx, "key", &owner, point).await?;
        if let Some(document) = self.store.document(&account, id, at).await? {
            return Ok((document, at));
        }
        let earlier = self.store.earlier_version(&account, key, at).await?;
        Ok((earlier.ok_or_else(missing)?, at))
    }

    /// The documents of an account by posting date, those that no longer count too; without
    /// items and clearings.
    ///
    /// # Errors
    /// RESOURCE_NOT_FOUND.
    pub async fn documents(
        &self,
        ctx: &Ctx,
        query: DocumentsQuery,
    ) -> Result<PageAt<Document, PostingKey>> {
        let now = PointQuery::default();
        let (account_id, at) = self.account_at(ctx, "parent", &query.account, now).await?;
        let mut page = self.store.documents(&account_id, &query, at).await?;
        self.hide_parties(ctx, &mut page.items).await?;
        Ok(PageAt { page, point: self.echo(ctx, at).await?, known_from: None })
    }
}
