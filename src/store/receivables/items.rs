//! Open items with the documents they belong to: a row of it, and pages of them.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::moves::Template;
use super::params::{Params, Slice};
use super::{At, Whose};
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::domain::item::{DocumentKind, ItemClass};
use crate::domain::ledger::{Narrow, OpenItem};
use crate::domain::money::Currency;
use crate::domain::receivables::query::DueKey;
use crate::store::{Store, sql};

/// Which items of whom.
#[derive(Debug, Clone)]
pub struct OpenItemsRead {
    pub whose: Whose,
    pub narrow: Narrow,
    pub at: At,
    /// Only what ages and is past its due date.
    pub overdue_only: bool,
    pub limit: u64,
}

impl Store {
    /// Open items after a position, oldest due first. Disputes are not filled in.
    pub async fn items_by_due(
        &self,
        read: &OpenItemsRead,
        after: Option<DueKey>,
    ) -> Result<Vec<OpenItem>> {
        let bind = |params: &mut Params| {
            after.map(|(due, id)| format!("({}, {})", params.bind(due), params.bind(id)))
        };
        page(&self.reader(), read, &["due_date", "id"], bind).await
    }

    /// The first open items by account, due date and item. Disputes are not filled in.
    pub async fn items_by_account(&self, read: &OpenItemsRead) -> Result<Vec<OpenItem>> {
        page(&self.reader(), read, &["account_id", "due_date", "id"], |_| None).await
    }

    /// All items of a document, settled ones too, in their order.
    pub async fn items_of(&self, document: Uuid, at: At) -> Result<Vec<OpenItem>> {
        let mut params = Params::default();
        let (as_of, known_at) = (params.bind(at.as_of), params.bind(at.known_at));
        let document = params.bind(document);
        let text = format!(
            "SELECT {columns} FROM item i JOIN document d ON d.id = i.document_id \
             LEFT JOIN (SELECT e.item_id, SUM(e.amount) AS amount, \
               SUM(CASE WHEN e.recorded_us <= {known_at} THEN e.amount ELSE 0 END) AS ahead \
               FROM item s JOIN entry e ON e.item_id = s.id WHERE s.document_id = {document} \
               AND (e.effective_date > {as_of} OR e.recorded_us > {known_at}) \
               GROUP BY e.item_id) l ON l.item_id = i.id \
             WHERE i.document_id = {document} ORDER BY i.position",
            columns = columns("i.open - COALESCE(l.amount, 0)", "-COALESCE(l.ahead, 0)"),
        );
        let rows: Vec<ItemRow> = sql::all(&self.reader(), text, params.into_values()).await?;
        Ok(rows.into_iter().map(ItemRow::into_domain).collect())
    }

    /// The accounts after `after` until they have so many items open now; at most 500. None at the end
    /// of the book.
    pub async fn accounts_after(&self, after: &str, items: u64) -> Result<Vec<String>> {
        #[derive(FromQueryResult)]
        struct Row {
            id: String,
            items: i64,
        }
        let rows: Vec<Row> = sql::all(
            &self.reader(),
            "SELECT h.account_id AS id, CAST(COALESCE((SELECT SUM(d.items) FROM account_due d \
             WHERE d.account_id = h.account_id), 0) AS BIGINT) AS items FROM account_head h \
             WHERE h.account_id > $1 ORDER BY h.account_id LIMIT 500",
            vec![after.into()],
        )
        .await?;
        let enough = i64::try_from(items).unwrap_or(i64::MAX);
        let mut sum = 0;
        let taken = rows.into_iter().take_while(|row| {
            let more = sum < enough;
            sum += row.items;
            more
        });
        Ok(taken.map(|row| row.id).collect())
    }
}

/// Items without late entries come along the index of open items, which holds all that is
/// needed of them; the others are put right first. Both are cut before they meet.
async fn page(
    conn: &impl ConnectionTrait,
    read: &OpenItemsRead,
    order: &[&str],
    after: impl FnOnce(&mut Params) -> Option<String>,
) -> Result<Vec<OpenItem>> {
    let mut params = Params::default();
    let slice = Slice::bind(conn, &mut params, &read.whose, &read.narrow);
    let template = Template::bind(&mut params, &slice, read.at);
    let limit = params.bind(read.limit as i64);
    let of = |table: &str| {
        order.iter().map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ")
    };
    let place = of("i");
    let after = match after(&mut params) {
        Some(position) => format!(" AND ({place}) > {position}"),
        None => String::new(),
    };
    let overdue = match read.overdue_only {
        true => format!(
            " AND i.class IN ('ORDINARY', 'RETENTION') AND i.due_date < {}",
            template.as_of()
        ),
        false => String::new(),
    };
    let text = format!(
        "WITH late AS MATERIALIZED ({late}) SELECT {columns} FROM (\
         SELECT * FROM (SELECT {place}, 0 AS late, 0 AS expected FROM item i \
           WHERE {whose} AND i.open <> 0 AND i.id NOT IN (SELECT item_id FROM late)\
           {narrow}{overdue}{after} ORDER BY {place} LIMIT {limit}) a \
         UNION ALL \
         SELECT * FROM (SELECT {place}, l.amount AS late, -l.ahead AS expected \
           FROM late l CROSS JOIN item i WHERE i.id = l.item_id AND i.open <> l.amount\
           {narrow}{overdue}{after} ORDER BY {place} LIMIT {limit}) b\
         ) p JOIN item i ON i.id = p.id JOIN document d ON d.id = i.document_id \
         ORDER BY {order} LIMIT {limit}",
        order = of("p"),
        late = template.late(),
        columns = columns("i.open - p.late", "p.expected"),
        whose = slice.account("i.account_id"),
        narrow = slice.narrow("i"),
    );
    let rows: Vec<ItemRow> = sql::all(conn, text, params.into_values()).await?;
    Ok(rows.into_iter().map(ItemRow::into_domain).collect())
}

/// The columns of an item `i` and its document `d`.
pub(super) fn columns(open: &str, expected: &str) -> String {
    format!(
        "i.id, i.account_id, i.document_id, d.source_system, i.company_code, d.fiscal_year, \
         d.document_no, d.line_no, i.kind, i.class, i.document_date, i.posting_date, i.due_date, \
         i.currency, i.amount, CAST({open} AS BIGINT) AS open, \
         CAST({expected} AS BIGINT) AS expected, d.order_ref, i.release_condition"
    )
}

#[derive(FromQueryResult)]
pub(super) struct ItemRow {
    pub id: Uuid,
    pub account_id: String,
    pub document_id: Uuid,
    pub source_system: String,
    pub company_code: String,
    pub fiscal_year: i32,
    pub document_no: String,
    pub line_no: String,
    pub kind: DocumentKind,
    pub class: ItemClass,
    pub document_date: NaiveDate,
    pub posting_date: NaiveDate,
    pub due_date: NaiveDate,
    pub currency: Currency,
    pub amount: i64,
    pub open: i64,
    pub expected: i64,
    pub order_ref: String,
    pub release_condition: String,
}

impl ItemRow {
    pub fn into_domain(self) -> OpenItem {
        let Self {
            id,
            account_id,
            document_id,
            source_system,
            company_code,
            fiscal_year,
            document_no,
            line_no,
            kind,
            class,
            document_date,
            posting_date,
            due_date,
            currency,
            amount,
            open,
            expected,
            order_ref,
            release_condition,
        } = self;
        OpenItem {
            id,
            account_id,
            document_id,
            key: DocumentKey { source_system, company_code, fiscal_year, document_no, line_no },
            kind,
            class,
            document_date,
            posting_date,
            due_date,
            currency,
            amount,
            open,
            expected,
            disputed: 0,
            disputes: Vec::new(),
            order_ref,
            release_condition,
        }
    }
}
