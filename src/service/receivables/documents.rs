//! GetDocument and ListDocuments.

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
        Ok(Document { items, clearings, discount_taken, ..document })
    }

    async fn by_key(
        &self,
        ctx: &Ctx,
        key: &DocumentKey,
        point: PointQuery,
    ) -> Result<(Document, At)> {
        let missing = || Error::not_found("document", quote(&key.document_no));
        let (account, id) = self.store.document_key(key).await?.ok_or_else(missing)?;
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
        let page = self.store.documents(&account_id, &query, at).await?;
        Ok(PageAt { page, point: self.echo(ctx, at).await?, known_from: None })
    }
}
