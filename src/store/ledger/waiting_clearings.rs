//! Clearings that wait: for the finish of their import, or for the document they name.

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::keys::{key_order, key_rows};
use crate::domain::document::{ClearingTarget, DocumentKey};
use crate::domain::error::{Error, Result};
use crate::domain::money::{Currency, Money};
use crate::store::WriteTx;
use crate::store::sql::{self, Cell, Kind, Rows};

/// A clearing that waits, with what is known of its target.
#[derive(Debug, Clone)]
pub struct WaitingClearing {
    pub id: Uuid,
    pub account_id: String,
    /// The credit that asked for it.
    pub document: Uuid,
    /// Its key.
    pub key: DocumentKey,
    pub position: i32,
    /// Posting date of the credit.
    pub effective: NaiveDate,
    /// `None`: settle the oldest due first.
    pub target: Option<ClearingTarget>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    account_id: String,
    document_id: Uuid,
    effective_date: NaiveDate,
    source_system: String,
    company_code: String,
    fiscal_year: i32,
    document_no: String,
    line_no: String,
    position: i32,
    oldest_first: bool,
    target_source_system: String,
    target_company_code: String,
    target_fiscal_year: i32,
    target_document_no: String,
    target_line_no: String,
    amount: i64,
    currency: String,
}

const COLUMNS: &str = "p.id, p.account_id, p.document_id, p.effective_date, \
    c.source_system, c.company_code, c.fiscal_year, c.document_no, c.line_no, p.position, p.oldest_first, \
    p.target_source_system, p.target_company_code, \
    p.target_fiscal_year, p.target_document_no, p.target_line_no, p.amount, p.currency";

/// With the credit that asked.
const WAITING: &str = "waiting_clearing p JOIN document c ON c.id = p.document_id";

const TARGET: &str = "k.source_system = p.target_source_system \
    AND k.company_code = p.target_company_code AND k.fiscal_year = p.target_fiscal_year \
    AND k.document_no = p.target_document_no AND k.line_no = p.target_line_no AND NOT k.reversed";

impl WriteTx {
    /// Clearings of finished work that wait for one of these documents.
    pub async fn waiting_for<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a DocumentKey>,
    ) -> Result<Vec<WaitingClearing>> {
        let keys = key_rows(keys);
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = sql::all(
            &self.conn,
            format!(
                "SELECT {COLUMNS} FROM {} \
                 JOIN waiting_clearing p ON p.target_document_no = w.document_no \
                 AND p.target_source_system = w.source_system \
                 AND p.target_company_code = w.company_code \
                 AND p.target_fiscal_year = w.fiscal_year AND p.target_line_no = w.line_no \
                 JOIN document c ON c.id = p.document_id \
                 WHERE p.import_id = '' AND NOT p.oldest_first AND p.fault = ''",
                keys.table(&self.conn, "w", 1)
            ),
            keys.values(&self.conn),
        )
        .await?;
        rows.into_iter().map(Row::waiting).collect()
    }

    /// The next clearings of an import that can be tried: in the order of account, effective
    /// day and key. Those whose target is missing are passed over.
    pub async fn due_clearings(&self, import: &str, limit: i64) -> Result<Vec<WaitingClearing>> {
        let rows: Vec<Row> = sql::all(
            &self.conn,
            format!(
                "SELECT {COLUMNS} FROM {WAITING} LEFT JOIN document_key k ON {TARGET} \
                 LEFT JOIN document d ON d.id = k.document_id \
                 WHERE p.import_id = $1 AND p.fault = '' AND (p.oldest_first OR d.id IS NOT NULL) \
                 ORDER BY p.account_id, \
                   CASE WHEN d.posting_date > p.effective_date THEN d.posting_date \
                        ELSE p.effective_date END, \
                   {key}, p.position LIMIT $2",
                key = key_order(&self.conn, "c"),
            ),
            vec![import.into(), limit.into()],
        )
        .await?;
        rows.into_iter().map(Row::waiting).collect()
    }

    /// How many clearings of an import can still be tried.
    pub async fn clearings_waiting(&self, import: &str) -> Result<i64> {
        let waiting = sql::scalar::<i64>(
            &self.conn,
            format!(
                "SELECT COUNT(*) AS v FROM waiting_clearing p LEFT JOIN document_key k ON {TARGET} \
                 WHERE p.import_id = $1 AND p.fault = '' \
                 AND (p.oldest_first OR k.document_no IS NOT NULL)"
            ),
            vec![import.into()],
        )
        .await?;
        Ok(waiting.unwrap_or(0))
    }

    /// Targets of an import that are still missing, at most `limit`.
    pub async fn missing_targets(&self, import: &str, limit: i64) -> Result<Vec<DocumentKey>> {
        let rows: Vec<Row> = sql::all(
            &self.conn,
            format!(
                "SELECT {COLUMNS} FROM {WAITING} WHERE p.import_id = $1 AND p.fault = '' \
                 AND NOT p.oldest_first ORDER BY p.target_document_no, p.id LIMIT $2"
            ),
            vec![import.into(), limit.into()],
        )
        .await?;
        let mut keys: Vec<DocumentKey> = rows.into_iter().map(|row| row.target_key()).collect();
        keys.dedup();
        Ok(keys)
    }

    /// Clearings of an import that could not be applied: credit, target, fault as stored.
    pub async fn clearing_faults(
        &self,
        import: &str,
        limit: i64,
    ) -> Result<Vec<(String, Uuid, DocumentKey, String)>> {
        #[derive(FromQueryResult)]
        struct Fault {
            #[sea_orm(nested)]
            row: Row,
            fault: String,
        }
        let rows: Vec<Fault> = sql::all(
            &self.conn,
            format!(
                "SELECT {COLUMNS}, p.fault FROM {WAITING} WHERE p.import_id = $1 AND p.fault <> '' \
                 ORDER BY p.account_id, p.id LIMIT $2"
            ),
            vec![import.into(), limit.into()],
        )
        .await?;
        Ok(rows
            .into_iter()
            .map(|Fault { row, fault }| {
                // Of one that settles the oldest first, the key is empty.
                let key = row.target_key();
                (row.account_id, row.document_id, key, fault)
            })
            .collect())
    }

    /// Notes why clearings could not be applied; they are not tried again by this import.
    pub async fn fail_clearings(&self, faults: &[(Uuid, String)]) -> Result<()> {
        if faults.is_empty() {
            return Ok(());
        }
        let mut rows = Rows::new(&[("id", Kind::Uuid), ("fault", Kind::Text)]);
        for (id, fault) in faults {
            rows.push([Cell::from(*id), fault.into()]);
        }
        sql::execute(
            &self.conn,
            format!(
                "UPDATE waiting_clearing SET fault = r.fault FROM {} \
                 WHERE waiting_clearing.id = r.id",
                rows.table(&self.conn, "r", 1)
            ),
            rows.values(&self.conn),
        )
        .await?;
        Ok(())
    }

    /// Lets clearings that wait for one of these documents wait for the finish of the import
    /// that posted it.
    pub async fn adopt_waiting<'a>(
        &self,
        import: &str,
        keys: impl IntoIterator<Item = &'a DocumentKey>,
    ) -> Result<()> {
        let keys = key_rows(keys);
        if keys.is_empty() {
            return Ok(());
        }
        let mut values = vec![import.into()];
        values.extend(keys.values(&self.conn));
        sql::execute(
            &self.conn,
            format!(
                "UPDATE waiting_clearing SET import_id = $1 \
                 WHERE id IN (SELECT p.id FROM {} \
                 JOIN waiting_clearing p ON p.target_document_no = w.document_no \
                 AND p.target_source_system = w.source_system \
                 AND p.target_company_code = w.company_code \
                 AND p.target_fiscal_year = w.fiscal_year AND p.target_line_no = w.line_no \
                 WHERE p.import_id = '' AND NOT p.oldest_first AND p.fault = '')",
                keys.table(&self.conn, "w", 2)
            ),
            values,
        )
        .await?;
        Ok(())
    }

    /// The accounts of which clearings wait for the finish of an import.
    pub async fn accounts_waiting(&self, import: &str) -> Result<Vec<String>> {
        #[derive(FromQueryResult)]
        struct Account {
            account_id: String,
        }
        let accounts: Vec<Account> = sql::all(
            &self.conn,
            "SELECT DISTINCT account_id FROM waiting_clearing WHERE import_id = $1 AND fault = ''",
            vec![import.into()],
        )
        .await?;
        Ok(accounts.into_iter().map(|account| account.account_id).collect())
    }

    /// Ends the wait for the finish: from now on what still waits, waits for its document.
    pub async fn release_waiting_clearings(&self, import: &str) -> Result<()> {
        sql::execute(
            &self.conn,
            "UPDATE waiting_clearing SET import_id = '' WHERE import_id = $1 AND fault = ''",
            vec![import.into()],
        )
        .await?;
        Ok(())
    }

    /// What waits on account of this credit document: the targets, with their ids.
    pub async fn waiting_clearings_of(&self, document: Uuid) -> Result<Vec<WaitingClearing>> {
        let rows: Vec<Row> = sql::all(
            &self.conn,
            format!("SELECT {COLUMNS} FROM {WAITING} WHERE p.document_id = $1"),
            vec![document.into()],
        )
        .await?;
        rows.into_iter().map(Row::waiting).collect()
    }
}

impl Row {
    fn target_key(&self) -> DocumentKey {
        DocumentKey {
            source_system: self.target_source_system.clone(),
            company_code: self.target_company_code.clone(),
            fiscal_year: self.target_fiscal_year,
            document_no: self.target_document_no.clone(),
            line_no: self.target_line_no.clone(),
        }
    }

    fn waiting(self) -> Result<WaitingClearing> {
        let amount = match self.currency.as_str() {
            "" => None,
            code => {
                let currency = Currency::parse(code).ok_or_else(|| {
                    Error::internal(format!("a waiting clearing is in the currency {code}"))
                })?;
                Some(Money { minor: self.amount, currency })
            }
        };
        let target =
            (!self.oldest_first).then(|| ClearingTarget { key: self.target_key(), amount });
        Ok(WaitingClearing {
            id: self.id,
            account_id: self.account_id,
            document: self.document_id,
            key: DocumentKey {
                source_system: self.source_system,
                company_code: self.company_code,
                fiscal_year: self.fiscal_year,
                document_no: self.document_no,
                line_no: self.line_no,
            },
            position: self.position,
            effective: self.effective_date,
            target,
        })
    }
}
