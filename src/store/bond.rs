//! What the type of an account follows from: the days on which people met, what ours promised, what was
//! invoiced, and when the first invoice was paid.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use uuid::Uuid;

use super::contact::same::folded;
use super::entity::edge_day;
use super::people::days_made_anew;
use super::rows::Set;
use super::{ReadTx, rows, sql};
use crate::domain::bond::FirstPaid;
use crate::domain::bond::evidence::{Promised, Traded};
use crate::domain::commitment::Settlement;
use crate::domain::currency::Currency;
use crate::domain::edge::{Pair, TouchDay};
use crate::domain::error::Result;

/// Documents told of one posting date.
const DOCUMENTS_MAX: i64 = 10;
/// What trade is made of.
const TRADE: &str = "('INVOICE', 'DEBIT_NOTE', 'CREDIT_NOTE')";

/// The first payment of an account that left nothing open of an invoice which is still paid on the day
/// `$1`, as known at `$2`: what `column` says of it. A bounced payment is none, and neither is a credit
/// note or a write-off alone.
fn first_paid(column: &str, account: &str) -> String {
    let open = |by: &str| {
        format!(
            "(SELECT SUM(f.amount) FROM item j CROSS JOIN entry f WHERE j.document_id = i.document_id \
               AND f.item_id = j.id AND f.effective_date <= {by} AND f.recorded_us <= $2)"
        )
    };
    format!(
        "(SELECT {column} FROM entry e CROSS JOIN item i \
          WHERE e.account_id = {account} AND e.kind = 'CLEAR' AND e.amount < 0 \
            AND e.effective_date <= $1 AND +e.recorded_us <= $2 AND i.id = e.item_id \
            AND i.kind IN ('INVOICE', 'OPENING_BALANCE') \
            AND NOT EXISTS (SELECT 1 FROM document_end x WHERE x.document_id = i.document_id \
              AND x.effective_date <= $1 AND x.recorded_us <= $2) \
            AND {then} = 0 AND {now} = 0 \
            AND EXISTS (SELECT 1 FROM item j CROSS JOIN entry p CROSS JOIN allocation a \
                CROSS JOIN item r \
              WHERE j.document_id = i.document_id AND p.item_id = j.id AND p.kind = 'CLEAR' \
                AND p.amount < 0 AND p.effective_date <= e.effective_date \
                AND p.recorded_us <= $2 AND a.clearing_id = p.clearing_id \
                AND a.position = p.allocation AND r.id = a.credit_item AND r.kind = 'RECEIPT' \
                AND NOT EXISTS (SELECT 1 FROM allocation_reset z \
                  WHERE z.clearing_id = p.clearing_id AND z.position = p.allocation \
                    AND z.effective_date <= $1 AND z.recorded_us <= $2)) \
          ORDER BY e.effective_date, e.recorded_us, e.position LIMIT 1)",
        then = open("e.effective_date"),
        now = open("$1"),
    )
}

/// The accounts of `whose` that paid an invoice, with which and when, and whether they had an opening
/// balance by then. Materialized: what is asked of an account is asked once.
fn paid_first(whose: &str) -> String {
    format!(
        "WITH w AS MATERIALIZED (SELECT a.id AS account_id, {day} AS day, \
             {document} AS document_id FROM account a WHERE {whose}) \
         SELECT w.account_id, w.day, w.document_id, EXISTS (SELECT 1 FROM document o \
             WHERE o.account_id = w.account_id AND o.posting_date <= w.day \
               AND o.kind = 'OPENING_BALANCE' AND o.recorded_us <= $2 \
               AND NOT EXISTS (SELECT 1 FROM document_end x WHERE x.document_id = o.id \
                 AND x.recorded_us <= $2)) AS imported \
         FROM w WHERE w.day IS NOT NULL",
        day = first_paid("e.effective_date", "a.id"),
        document = first_paid("i.document_id", "a.id"),
    )
}

#[derive(FromQueryResult)]
struct Paid {
    account_id: String,
    day: NaiveDate,
    document_id: Uuid,
    imported: bool,
}

impl Paid {
    fn into_parts(self) -> (String, FirstPaid) {
        let Self { account_id, day, document_id, imported: is_imported } = self;
        (account_id.clone(), FirstPaid { account_id, day, document_id, is_imported })
    }
}

impl ReadTx {
    /// When these accounts paid their first invoice by a day, as known at an instant in microseconds
    /// since the epoch; those that did not are missing.
    pub async fn first_paid(
        &self,
        account_ids: &BTreeSet<&str>,
        day: NaiveDate,
        known_us: i64,
    ) -> Result<HashMap<String, FirstPaid>> {
        let backend = self.conn.get_database_backend();
        let these = Set::one(account_ids.iter().copied());
        let text = paid_first(&format!("a.id IN {}", these.subquery(backend, 3)));
        let mut values = vec![day.into(), known_us.into()];
        values.extend(these.into_values(backend));
        let rows: Vec<Paid> = sql::all(&self.conn, text, values).await?;
        Ok(rows.into_iter().map(Paid::into_parts).collect())
    }

    /// Hands over every account that paid its first invoice after one day and by another, and did not
    /// have an opening balance by then.
    pub async fn each_first_paid(
        &self,
        after: NaiveDate,
        by: NaiveDate,
        mut take: impl FnMut(String, NaiveDate) + Send,
    ) -> Result<()> {
        let text = format!(
            "SELECT p.account_id, p.day, p.document_id, p.imported FROM ({}) p \
             WHERE p.day > $3 AND NOT p.imported",
            paid_first("a.delete_us = 0")
        );
        let paid = |paid: Paid| {
            take(paid.account_id, paid.day);
            Ok(())
        };
        let values = vec![by.into(), i64::MAX.into(), after.into()];
        sql::each(&self.conn, text, values, paid).await
    }

    /// What each of ours and each of theirs did together at these accounts by a day, day by day, as
    /// recorded by an instant in microseconds since the epoch.
    pub async fn touch_days(
        &self,
        account_ids: &BTreeSet<&str>,
        by: NaiveDate,
        known_us: i64,
    ) -> Result<BTreeMap<Pair, Vec<TouchDay>>> {
        if known_us != i64::MAX {
            let whose = Some((account_ids, None));
            let days = days_made_anew(&self.conn, whose, by, known_us).await?;
            return Ok(days
                .into_iter()
                .map(|(of, days)| (of, days.into_values().collect()))
                .collect());
        }
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, edge_day::Column::AccountId, account_ids.iter().copied());
        let all = edge_day::Entity::find().filter(these).filter(edge_day::Column::Day.lte(by));
        let mut days: BTreeMap<Pair, Vec<TouchDay>> = BTreeMap::new();
        for (pair, day) in
            rows::all(&self.conn, all).await?.into_iter().map(edge_day::Model::into_parts)
        {
            days.entry(pair).or_default().push(day);
        }
        Ok(days)
    }

    /// What each of ours promised to each of theirs at these accounts, as recorded by an instant in
    /// microseconds since the epoch.
    pub async fn promised(
        &self,
        account_ids: &BTreeSet<&str>,
        known_us: i64,
    ) -> Result<Vec<(Pair, Promised)>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            member_id: String,
            contact_id: String,
            due_date: NaiveDate,
            settlement: Option<Settlement>,
            settle_date: Option<NaiveDate>,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(account_ids.iter().copied());
        // What was not known to be settled was not settled.
        let known = "k.settled_us IS NOT NULL AND k.settled_us <= $1";
        let text = format!(
            "SELECT k.account_id, k.member_id, k.contact_id, k.due_date, \
               CASE WHEN {known} THEN k.settlement END AS settlement, \
               CASE WHEN {known} THEN k.settle_date END AS settle_date \
             FROM commitment k WHERE k.account_id IN {} AND k.side = 'OURS' \
               AND k.recorded_us <= $1",
            these.subquery(backend, 2)
        );
        let mut values = vec![known_us.into()];
        values.extend(these.into_values(backend));
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let promised = |row: Row| {
            let Row { account_id, member_id, contact_id, due_date, settlement, settle_date } = row;
            let kept = settlement.map(|settlement| settlement == Settlement::Kept);
            let promised = Promised { due: due_date, settled: settle_date.zip(kept) };
            (Pair { account_id, member_id, contact_id }, promised)
        };
        let (pairs, promised): (Vec<Pair>, Vec<Promised>) = rows.into_iter().map(promised).unzip();
        Ok(folded(&self.conn, pairs).await?.into_iter().zip(promised).collect())
    }

    /// What these accounts were invoiced after one day and by another, less credit notes, by posting
    /// date and by when it ceased to count, as recorded by an instant in microseconds since the epoch.
    pub async fn traded(
        &self,
        account_ids: &BTreeSet<&str>,
        [after, by]: [NaiveDate; 2],
        known_us: i64,
    ) -> Result<Vec<(String, Traded)>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            currency: Currency,
            posting_date: NaiveDate,
            ended: Option<NaiveDate>,
            high: i64,
            low: i64,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(account_ids.iter().copied());
        let [high, low] = sql::wide_sum("u.amount");
        let text = format!(
            "SELECT u.account_id, u.currency, u.posting_date, u.ended, {high} AS high, {low} AS low \
             FROM (SELECT d.account_id, d.currency, d.posting_date, x.effective_date AS ended, \
                 CASE WHEN d.kind = 'CREDIT_NOTE' THEN -1 ELSE 1 END \
                   * COALESCE({net}, d.gross) AS amount \
               FROM document d LEFT JOIN document_end x ON x.document_id = d.id \
                 AND x.recorded_us <= $3 \
               WHERE d.account_id IN {these} AND d.posting_date > $1 AND d.posting_date <= $2 \
                 AND d.recorded_us <= $3 AND d.kind IN {TRADE}) u \
             GROUP BY u.account_id, u.currency, u.posting_date, u.ended",
            net = sql::net_of_document(backend),
            these = these.subquery(backend, 4),
        );
        let mut values = vec![after.into(), by.into(), known_us.into()];
        values.extend(these.into_values(backend));
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let traded = |Row { account_id, currency, posting_date, ended, high, low }| {
            let amount = sql::widened(high, low);
            (account_id, Traded { posting_date, ended, currency, amount })
        };
        Ok(rows.into_iter().map(traded).collect())
    }

    /// What trade with an account is made of on these posting dates, at most 10 documents of each, by
    /// posting date.
    pub async fn trade_documents(
        &self,
        account_id: &str,
        posted: &BTreeSet<NaiveDate>,
    ) -> Result<BTreeMap<NaiveDate, Vec<Uuid>>> {
        #[derive(FromQueryResult)]
        struct Row {
            id: Uuid,
            posting_date: NaiveDate,
        }
        let backend = self.conn.get_database_backend();
        let days = Set::one(posted.iter().copied());
        let text = format!(
            "SELECT r.id, r.posting_date FROM (SELECT d.id, d.posting_date, \
                 ROW_NUMBER() OVER (PARTITION BY d.posting_date ORDER BY d.id) AS place \
               FROM document d WHERE d.account_id = $1 AND d.kind IN {TRADE} \
                 AND d.posting_date IN {} AND NOT EXISTS (SELECT 1 FROM document_end x \
                   WHERE x.document_id = d.id AND x.effective_date <= d.posting_date)) r \
             WHERE r.place <= $2 ORDER BY r.posting_date, r.id",
            days.subquery(backend, 3)
        );
        let mut values = vec![account_id.into(), DOCUMENTS_MAX.into()];
        values.extend(days.into_values(backend));
        let mut documents: BTreeMap<NaiveDate, Vec<Uuid>> = BTreeMap::new();
        for Row { id, posting_date } in sql::all(&self.conn, text, values).await? {
            documents.entry(posting_date).or_default().push(id);
        }
        Ok(documents)
    }
}
