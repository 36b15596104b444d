//! Documents as posted, and their ends as known at a point.

use chrono::NaiveDate;
use sea_orm::{EntityTrait, FromQueryResult};
use uuid::Uuid;

use super::At;
use super::params::Params;
use crate::domain::document::{DocumentKey, EndState};
use crate::domain::error::Result;
use crate::domain::item::AdjustmentReason;
use crate::domain::ledger::{Document, DocumentEnd};
use crate::domain::page::Page;
use crate::domain::personal::Personal;
use crate::domain::receivables::query::{DocumentsQuery, PostingKey};
use crate::store::entity::{document, document_key};
use crate::store::{Store, rows, sql};

/// A document and its end, if it had ended by then.
fn select() -> String {
    format!(
        "SELECT {}, x.state AS end_state, x.effective_date AS end_date, x.reason AS end_reason \
         FROM document d LEFT JOIN document_end x ON x.document_id = d.id \
           AND x.effective_date <= $1 AND x.recorded_us <= $2 WHERE d.recorded_us <= $2",
        rows::columns::<document::Entity>("d")
    )
}

impl Store {
    /// The document of an account, as known then; without items and clearings.
    pub async fn document(&self, account_id: &str, id: Uuid, at: At) -> Result<Option<Document>> {
        let row: Option<Row> = sql::one(
            &self.reader(),
            format!("{} AND d.id = $3 AND d.account_id = $4", select()),
            vec![at.as_of.into(), at.known_at.into(), id.into(), account_id.into()],
        )
        .await?;
        row.map(Row::into_domain).transpose()
    }

    /// Whether a cash discount was taken on a document by then: an adjustment for one settled a
    /// part of it, and still does.
    pub async fn discount_taken(&self, document: Uuid, at: At) -> Result<bool> {
        let settled = |own: &str, other: &str| {
            format!(
                "SELECT o.document_id FROM item i JOIN allocation a ON a.{own} = i.id \
                 JOIN clearing c ON c.id = a.clearing_id AND c.apply_date <= $1 \
                   AND c.recorded_us <= $2 \
                 JOIN item o ON o.id = a.{other} AND o.kind = 'ADJUSTMENT' \
                 WHERE i.document_id = $3 AND NOT EXISTS (SELECT 1 FROM allocation_reset x \
                   WHERE x.clearing_id = a.clearing_id AND x.position = a.position \
                   AND x.effective_date <= $1 AND x.recorded_us <= $2)"
            )
        };
        let text = format!(
            "SELECT {} FROM document d WHERE d.id IN ({} UNION {})",
            rows::columns::<document::Entity>("d"),
            settled("debit_item", "credit_item"),
            settled("credit_item", "debit_item"),
        );
        let values = vec![at.as_of.into(), at.known_at.into(), document.into()];
        let found: Vec<document::Model> = sql::all(&self.reader(), text, values).await?;
        for adjustment in found {
            if adjustment.into_draft()?.adjustment_reason == Some(AdjustmentReason::CashDiscount) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The account of a document key and the version that counts now, if there ever was one.
    pub async fn document_key(&self, key: &DocumentKey) -> Result<Option<(String, Uuid)>> {
        let DocumentKey { source_system, company_code, fiscal_year, document_no, line_no } =
            key.clone();
        let key = (source_system, company_code, fiscal_year, document_no, line_no);
        let row = rows::one(&self.reader(), document_key::Entity::find_by_id(key)).await?;
        Ok(row.map(|row| (row.account_id, row.document_id)))
    }

    /// The version of a key that was the last one then. Looks through the documents of the
    /// account: for points before the version that counts now.
    pub async fn earlier_version(
        &self,
        account_id: &str,
        key: &DocumentKey,
        at: At,
    ) -> Result<Option<Document>> {
        let mut values = vec![at.as_of.into(), at.known_at.into(), account_id.into()];
        values.extend(key_values(key));
        let row: Option<Row> = sql::one(
            &self.reader(),
            format!(
                "{} AND d.account_id = $3 AND d.source_system = $4 AND d.company_code = $5 \
                 AND d.fiscal_year = $6 AND d.document_no = $7 AND d.line_no = $8 \
                 ORDER BY d.recorded_us DESC, d.source_version DESC LIMIT 1",
                select()
            ),
            values,
        )
        .await?;
        row.map(Row::into_domain).transpose()
    }

    /// A page of the documents of an account, by posting date.
    pub async fn documents(
        &self,
        account_id: &str,
        query: &DocumentsQuery,
        at: At,
    ) -> Result<Page<Document, PostingKey>> {
        let DocumentsQuery {
            account: _,
            kind,
            company_code,
            order_ref,
            from,
            to,
            descending,
            page,
        } = query;
        let mut params = Params::default();
        // In this order: the text that begins the statement names them.
        params.bind(at.as_of);
        params.bind(at.known_at);
        let mut text = format!("{} AND d.account_id = {}", select(), params.bind(account_id));
        let mut filter = |test: &str, value: Option<sea_orm::Value>| {
            if let Some(value) = value {
                text += &format!(" AND d.{test} {}", params.bind(value));
            }
        };
        filter("kind =", kind.map(|kind| kind.as_str().into()));
        filter("company_code =", company_code.as_deref().map(Into::into));
        filter("order_ref =", order_ref.as_deref().map(Into::into));
        filter("posting_date >=", from.map(Into::into));
        filter("posting_date <=", to.map(Into::into));
        if order_ref.is_some() {
            // In the words of the index of documents that name an order, which PostgreSQL goes along.
            text += " AND d.order_ref <> ''";
        }
        let (beyond, direction) = if *descending { ("<", " DESC") } else { (">", "") };
        if let Some((date, id)) = page.after {
            let (date, id) = (params.bind(date), params.bind(id));
            text += &format!(" AND (d.posting_date, d.id) {beyond} ({date}, {id})");
        }
        let limit = params.bind(page.to_read() as i64);
        text += &format!(" ORDER BY d.posting_date{direction}, d.id{direction} LIMIT {limit}");
        let rows: Vec<Row> = sql::all(&self.reader(), text, params.into_values()).await?;
        let read = rows.into_iter().map(Row::into_domain).collect::<Result<_>>()?;
        Ok(page.cut(read, |document: &Document| (document.draft.posting_date, document.id)))
    }
}

fn key_values(key: &DocumentKey) -> Vec<sea_orm::Value> {
    let DocumentKey { source_system, company_code, fiscal_year, document_no, line_no } = key;
    vec![
        source_system.as_str().into(),
        company_code.as_str().into(),
        (*fiscal_year).into(),
        document_no.as_str().into(),
        line_no.as_str().into(),
    ]
}

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    document: document::Model,
    end_state: Option<EndState>,
    end_date: Option<NaiveDate>,
    end_reason: Option<Personal>,
}

impl Row {
    fn into_domain(self) -> Result<Document> {
        let Self { document, end_state, end_date, end_reason } = self;
        let end = match (end_state, end_date, end_reason) {
            (Some(state), Some(effective_date), Some(reason)) => {
                Some(DocumentEnd { state, effective_date, reason })
            }
            _ => None,
        };
        Ok(Document {
            id: document.id,
            account_id: document.account_id.clone(),
            recorded_us: document.recorded_us,
            draft: document.into_draft()?,
            end,
            items: Vec::new(),
            clearings: Vec::new(),
            discount_taken: false,
        })
    }
}
