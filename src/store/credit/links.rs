//! Which documents invoice which reservation. A row stands while its document counts, so that a
//! document invoices at most one reservation at a time.

use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::store::WriteTx;
use crate::store::sql::{self, Cell, Kind, Rows};

/// A document that invoices a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub document: Uuid,
    pub reservation: Uuid,
    /// What it invoices, minor units.
    pub amount: i64,
}

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
        document_id: Uuid,
        reservation_id: Uuid,
        amount: i64,
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
    let set = sql::set(Kind::Uuid, documents.iter().copied());
    let rows: Vec<Row> = sql::all(
        conn,
        format!(
            "SELECT l.document_id, l.reservation_id, l.amount, d.source_system, d.company_code, \
               d.fiscal_year, d.document_no, d.line_no, d.order_ref \
             FROM credit_reservation_document l JOIN document d ON d.id = l.document_id \
             WHERE l.document_id IN {}",
            set.subquery(conn, 1)
        ),
        set.values(conn),
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| KnownLink {
            link: Link {
                document: row.document_id,
                reservation: row.reservation_id,
                amount: row.amount,
            },
            key: DocumentKey {
                source_system: row.source_system,
                company_code: row.company_code,
                fiscal_year: row.fiscal_year,
                document_no: row.document_no,
                line_no: row.line_no,
            },
            order_ref: row.order_ref,
        })
        .collect())
}

pub(super) async fn insert_links(conn: &impl ConnectionTrait, links: &[Link]) -> Result<()> {
    let mut rows = Rows::new(&[
        ("document_id", Kind::Uuid),
        ("reservation_id", Kind::Uuid),
        ("amount", Kind::Int),
    ]);
    for Link { document, reservation, amount } in links {
        rows.push([Cell::from(*document), (*reservation).into(), (*amount).into()]);
    }
    sql::insert(conn, "credit_reservation_document", rows, "").await?;
    Ok(())
}

/// Takes the links of documents away that no longer count.
pub(super) async fn remove_links(
    conn: &impl ConnectionTrait,
    documents: impl IntoIterator<Item = Uuid>,
) -> Result<()> {
    let set = sql::set(Kind::Uuid, documents);
    if set.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "DELETE FROM credit_reservation_document WHERE document_id IN {}",
        set.subquery(conn, 1)
    );
    sql::execute(conn, sql, set.values(conn)).await?;
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
