//! Which documents invoice which reservation: at most one at a time. The row of a reversed
//! document invoices nothing, and tells what it took of the order until it comes back.

use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::credit::reservation::Link;
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::store::entity::credit_reservation_document::{Column, Entity, Model};
use crate::store::rows::{self, Set};
use crate::store::{WriteTx, sql};

/// A link with what is known of its document.
pub(super) struct KnownLink {
    pub link: Link,
    pub key: DocumentKey,
    /// The order that the document names: another one, or none, if a commitment named it.
    pub order_ref: String,
}

/// The links of these documents.
pub(super) async fn links_of(
    conn: &impl ConnectionTrait,
    documents: &[Uuid],
) -> Result<Vec<KnownLink>> {
    #[derive(FromQueryResult)]
    struct Row {
        #[sea_orm(nested)]
        link: Model,
        #[sea_orm(nested)]
        document: Key,
    }
    #[derive(FromQueryResult)]
    struct Key {
        source_system: String,
        company_code: String,
        fiscal_year: i32,
        document_no: String,
        line_no: String,
        order_ref: String,
    }
    if documents.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let set = Set::one(documents.iter().copied());
    let text = format!(
        "SELECT {}, d.source_system, d.company_code, d.fiscal_year, d.document_no, d.line_no, \
           d.order_ref \
         FROM credit_reservation_document l JOIN document d ON d.id = l.document_id \
         WHERE l.document_id IN {}",
        rows::columns::<Entity>("l"),
        set.subquery(backend, 1)
    );
    let rows: Vec<Row> = sql::all(conn, text, set.into_values(backend)).await?;
    let known = |Row { link, document }: Row| {
        let Key { source_system, company_code, fiscal_year, document_no, line_no, order_ref } =
            document;
        KnownLink {
            link: link.into(),
            key: DocumentKey { source_system, company_code, fiscal_year, document_no, line_no },
            order_ref,
        }
    };
    Ok(rows.into_iter().map(known).collect())
}

pub(super) async fn insert_links(conn: &impl ConnectionTrait, links: &[Link]) -> Result<()> {
    rows::insert::<Model, _>(conn, links.iter().copied().map(Model::from).collect()).await?;
    Ok(())
}

/// Takes the links of documents away.
pub(super) async fn remove_links(
    conn: &impl ConnectionTrait,
    documents: impl IntoIterator<Item = Uuid>,
) -> Result<()> {
    let set = Set::one(documents);
    if set.is_empty() {
        return Ok(());
    }
    let these = set.among(conn.get_database_backend(), Column::DocumentId);
    rows::delete::<Entity>(conn, these).await?;
    Ok(())
}

impl WriteTx {
    /// The links of these documents; those that invoice no reservation are missing.
    pub async fn reservation_links(&self, documents: &[Uuid]) -> Result<Vec<Link>> {
        let links = links_of(&self.conn, documents).await?;
        Ok(links.into_iter().map(|known| known.link).collect())
    }

    /// Notes that documents, none of which has a link, invoice reservations.
    pub async fn link_documents(&mut self, links: &[Link]) -> Result<()> {
        insert_links(&self.conn, links).await
    }
}
