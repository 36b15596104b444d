//! Movements of an account: what moved its balance, a document and day at a time.

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::Whose;
use super::params::{Params, Slice};
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::domain::item::DocumentKind;
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::domain::page::{Page, PageOf};
use crate::domain::receivables::{Movement, MovementKey};
use crate::store::{Store, sql};

/// The movements of which account, on which days, as known when.
#[derive(Debug, Clone)]
pub struct MovementsRead {
    pub account_id: String,
    pub narrow: Narrow,
    /// First day, included.
    pub from: NaiveDate,
    /// Last day, included.
    pub to: NaiveDate,
    /// Microseconds since the epoch.
    pub known_at: i64,
}

/// What a document did to the balance on a day, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementLine {
    pub currency: Currency,
    pub date: NaiveDate,
    pub recorded_us: i64,
    pub document_id: Uuid,
    pub movement: Movement,
    pub key: DocumentKey,
    pub kind: DocumentKind,
    pub amount: i64,
    /// The sum of the movements in this currency from the first day up to this one.
    pub running: i64,
}

impl MovementLine {
    fn place(&self) -> MovementKey {
        let Self { currency, date, recorded_us, document_id, movement, .. } = *self;
        MovementKey { currency, date, recorded_us, document_id, movement }
    }
}

/// The movements of one currency in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementTotals {
    pub currency: Currency,
    pub debits: i64,
    /// Negative.
    pub credits: i64,
}

impl Store {
    /// A page of the movements, by currency, day and recorded time.
    pub async fn movements(
        &self,
        read: &MovementsRead,
        page: &PageOf<MovementKey>,
    ) -> Result<Page<MovementLine, MovementKey>> {
        let mut params = Params::default();
        let lines = self.lines(&mut params, read);
        let after = match &page.after {
            None => String::new(),
            Some(key) => format!(
                " WHERE (s.currency, s.date, s.recorded_us, s.document_id, s.movement) \
                 > ({}, {}, {}, {}, {})",
                params.bind(key.currency),
                params.bind(key.date),
                params.bind(key.recorded_us),
                params.bind(key.document_id),
                params.bind(key.movement),
            ),
        };
        let limit = params.bind(page.to_read() as i64);
        let text = format!(
            "WITH {lines} SELECT s.currency, s.date, s.recorded_us, s.document_id, s.movement, \
             d.source_system, d.company_code, d.fiscal_year, d.document_no, d.line_no, d.kind, \
             CAST(s.amount AS BIGINT) AS amount, CAST(s.running AS BIGINT) AS running \
             FROM (SELECT l.*, SUM(l.amount) OVER (PARTITION BY l.currency \
               ORDER BY l.date, l.recorded_us, l.document_id, l.movement \
               ROWS UNBOUNDED PRECEDING) AS running FROM lines l) s \
             JOIN document d ON d.id = s.document_id{after} \
             ORDER BY s.currency, s.date, s.recorded_us, s.document_id, s.movement LIMIT {limit}"
        );
        let rows: Vec<Row> = sql::all(&self.reader(), text, params.into_values()).await?;
        Ok(page.cut(rows.into_iter().map(Row::into_line).collect(), MovementLine::place))
    }

    /// What all the movements come to, by currency code.
    pub async fn movement_totals(&self, read: &MovementsRead) -> Result<Vec<MovementTotals>> {
        let mut params = Params::default();
        let lines = self.lines(&mut params, read);
        let text = format!(
            "WITH {lines} SELECT currency, \
             CAST(SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END) AS BIGINT) AS debits, \
             CAST(SUM(CASE WHEN amount < 0 THEN amount ELSE 0 END) AS BIGINT) AS credits \
             FROM lines GROUP BY currency ORDER BY currency"
        );
        let rows: Vec<TotalsRow> = sql::all(&self.reader(), text, params.into_values()).await?;
        Ok(rows.into_iter().map(TotalsRow::into_totals).collect())
    }

    /// `lines`: entries by document and day. A clearing within one currency takes off one item
    /// what it takes off another and moves no balance; one across currencies moves two.
    fn lines(&self, params: &mut Params, read: &MovementsRead) -> String {
        let MovementsRead { account_id, narrow, from, to, known_at } = read;
        let whose = Whose::Account(account_id.clone());
        let slice = Slice::bind(&self.reader(), params, &whose, narrow);
        let (from, to) = (params.bind(*from), params.bind(*to));
        let known_at = params.bind(*known_at);
        format!(
            "moves AS (SELECT i.currency, e.effective_date AS date, e.recorded_us, i.document_id, \
               CASE e.kind WHEN 'POST' THEN 'POSTING' WHEN 'REVERSE' THEN 'REVERSAL' \
                 WHEN 'CLEAR' THEN 'CLEARING' WHEN 'RESET' THEN 'RESET' ELSE 'RECOVERY' END \
               AS movement, e.amount \
               FROM entry e JOIN item i ON i.id = e.item_id \
               WHERE {account} AND e.effective_date >= {from} AND e.effective_date <= {to} \
               AND +e.recorded_us <= {known_at}{narrow} \
               AND (e.kind NOT IN ('CLEAR', 'RESET') OR EXISTS (SELECT 1 FROM allocation a \
                 WHERE a.clearing_id = e.clearing_id AND a.rate <> ''))), \
             lines AS (SELECT currency, date, recorded_us, document_id, movement, \
               SUM(amount) AS amount FROM moves \
               GROUP BY currency, date, recorded_us, document_id, movement \
               HAVING SUM(amount) <> 0)",
            account = slice.account("e.account_id"),
            narrow = slice.narrow("i"),
        )
    }
}

#[derive(FromQueryResult)]
struct Row {
    currency: Currency,
    date: NaiveDate,
    recorded_us: i64,
    document_id: Uuid,
    movement: Movement,
    source_system: String,
    company_code: String,
    fiscal_year: i32,
    document_no: String,
    line_no: String,
    kind: DocumentKind,
    amount: i64,
    running: i64,
}

impl Row {
    fn into_line(self) -> MovementLine {
        let Self {
            currency,
            date,
            recorded_us,
            document_id,
            movement,
            source_system,
            company_code,
            fiscal_year,
            document_no,
            line_no,
            kind,
            amount,
            running,
        } = self;
        MovementLine {
            currency,
            date,
            recorded_us,
            document_id,
            movement,
            key: DocumentKey { source_system, company_code, fiscal_year, document_no, line_no },
            kind,
            amount,
            running,
        }
    }
}

#[derive(FromQueryResult)]
struct TotalsRow {
    currency: Currency,
    debits: i64,
    credits: i64,
}

impl TotalsRow {
    fn into_totals(self) -> MovementTotals {
        let Self { currency, debits, credits } = self;
        MovementTotals { currency, debits, credits }
    }
}
