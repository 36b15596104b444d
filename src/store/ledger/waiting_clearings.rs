//! Clearings that wait: for the finish of their import, or for the document they name.

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set as To;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DerivePartialModel, EntityTrait, FromQueryResult, IdenStatic,
    QueryFilter, QueryOrder, QuerySelect, Value,
};
use uuid::Uuid;

use super::keys::key_order;
use crate::domain::document::{ClearingTarget, DocumentKey};
use crate::domain::error::Result;
use crate::store::entity::document;
use crate::store::entity::document_key::key_set;
use crate::store::entity::waiting_clearing::{ActiveModel, Column, Entity, Model};
use crate::store::{WriteTx, rows, sql};

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

/// A clearing that waits, with the key of the credit that asked.
#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    waiting: Model,
    credit_source_system: String,
    credit_company_code: String,
    credit_fiscal_year: i32,
    credit_document_no: String,
    credit_line_no: String,
}

/// The columns of [`Row`], of the tables as `p` and `c`.
fn columns() -> String {
    let key = [
        document::Column::SourceSystem,
        document::Column::CompanyCode,
        document::Column::FiscalYear,
        document::Column::DocumentNo,
        document::Column::LineNo,
    ];
    let key = key.map(|column| format!("c.{0} AS credit_{0}", column.as_str())).join(", ");
    format!("{}, {key}", rows::columns::<Entity>("p"))
}

/// With the credit that asked.
const WAITING: &str = "waiting_clearing p JOIN document c ON c.id = p.document_id";

/// Those of finished work that wait for a document of the keys `w`.
const FOR_KEYS: &str = "waiting_clearing p ON p.target_document_no = w.document_no \
    AND p.target_source_system = w.source_system AND p.target_company_code = w.company_code \
    AND p.target_fiscal_year = w.fiscal_year AND p.target_line_no = w.line_no \
    AND p.import_id = '' AND NOT p.oldest_first AND p.fault = ''";

const TARGET: &str = "k.source_system = p.target_source_system \
    AND k.company_code = p.target_company_code AND k.fiscal_year = p.target_fiscal_year \
    AND k.document_no = p.target_document_no AND k.line_no = p.target_line_no AND NOT k.reversed";

impl WriteTx {
    /// Clearings of finished work that wait for one of these documents.
    pub async fn waiting_for<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a DocumentKey>,
    ) -> Result<Vec<WaitingClearing>> {
        let keys = key_set(keys);
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let backend = self.conn.get_database_backend();
        let rest = format!(
            "{} JOIN {FOR_KEYS} JOIN document c ON c.id = p.document_id",
            keys.table(backend, "w", 1)
        );
        self.waiting(&rest, keys.into_values(backend)).await
    }

    /// The waiting clearings that `rest` of the statement says, from the `FROM` clause on.
    async fn waiting(&self, rest: &str, values: Vec<Value>) -> Result<Vec<WaitingClearing>> {
        let text = format!("SELECT {} FROM {rest}", columns());
        let found: Vec<Row> = sql::all(&self.conn, text, values).await?;
        Ok(found.into_iter().map(Row::waiting).collect())
    }

    /// The next clearings of an import that can be tried: in the order of account, effective
    /// day and key. Those whose target is missing are passed over.
    pub async fn due_clearings(&self, import: &str, limit: i64) -> Result<Vec<WaitingClearing>> {
        let rest = format!(
            "{WAITING} LEFT JOIN document_key k ON {TARGET} \
             LEFT JOIN document d ON d.id = k.document_id \
             WHERE p.import_id = $1 AND p.fault = '' AND (p.oldest_first OR d.id IS NOT NULL) \
             ORDER BY p.account_id, \
               CASE WHEN d.posting_date > p.effective_date THEN d.posting_date \
                    ELSE p.effective_date END, \
               {key}, p.position LIMIT $2",
            key = key_order(&self.conn, "c"),
        );
        self.waiting(&rest, vec![import.into(), limit.into()]).await
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
    pub async fn missing_targets(&self, import: &str, limit: u64) -> Result<Vec<DocumentKey>> {
        let missing = Entity::find()
            .filter(still_waiting(import))
            .filter(Column::OldestFirst.eq(false))
            .order_by_asc(Column::TargetDocumentNo)
            .order_by_asc(Column::Id)
            .limit(limit);
        let found = rows::all(&self.conn, missing).await?;
        let mut keys: Vec<DocumentKey> = found.iter().map(Model::target_key).collect();
        keys.dedup();
        Ok(keys)
    }

    /// Clearings of an import that could not be applied: account, credit, target (empty for one
    /// that settles the oldest first), fault as stored.
    pub async fn clearing_faults(
        &self,
        import: &str,
        limit: u64,
    ) -> Result<Vec<(String, Uuid, DocumentKey, String)>> {
        let failed = Entity::find()
            .filter(Column::ImportId.eq(import))
            .filter(Column::Fault.ne(""))
            .order_by_asc(Column::AccountId)
            .order_by_asc(Column::Id)
            .limit(limit);
        let found = rows::all(&self.conn, failed).await?;
        let fault = |row: Model| {
            let key = row.target_key();
            (row.account_id, row.document_id, key, row.fault)
        };
        Ok(found.into_iter().map(fault).collect())
    }

    /// Notes why clearings could not be applied; they are not tried again by this import.
    pub async fn fail_clearings(&self, faults: &[(Uuid, String)]) -> Result<()> {
        let change = |(id, fault): &(Uuid, String)| ActiveModel {
            id: To(*id),
            fault: To(fault.clone()),
            ..Default::default()
        };
        rows::update(&self.conn, faults.iter().map(change).collect()).await?;
        Ok(())
    }

    /// Lets clearings that wait for one of these documents wait for the finish of the import
    /// that posted it.
    pub async fn adopt_waiting<'a>(
        &self,
        import: &str,
        keys: impl IntoIterator<Item = &'a DocumentKey>,
    ) -> Result<()> {
        let keys = key_set(keys);
        if keys.is_empty() {
            return Ok(());
        }
        let backend = self.conn.get_database_backend();
        let text = format!(
            "UPDATE waiting_clearing SET import_id = $1 \
             WHERE id IN (SELECT p.id FROM {} JOIN {FOR_KEYS})",
            keys.table(backend, "w", 2)
        );
        let mut values = vec![import.into()];
        values.extend(keys.into_values(backend));
        sql::execute(&self.conn, text, values).await?;
        Ok(())
    }

    /// The accounts of which clearings wait for the finish of an import.
    pub async fn accounts_waiting(&self, import: &str) -> Result<Vec<String>> {
        let accounts = Entity::find().distinct().filter(still_waiting(import));
        let accounts: Vec<Waiting> = rows::parts(&self.conn, accounts).await?;
        Ok(accounts.into_iter().map(|waiting| waiting.account_id).collect())
    }

    /// Ends the wait for the finish: from now on what still waits, waits for its document.
    pub async fn release_waiting_clearings(&self, import: &str) -> Result<()> {
        let change = ActiveModel { import_id: To(String::new()), ..Default::default() };
        rows::change(&self.conn, change, still_waiting(import)).await?;
        Ok(())
    }

    /// What waits on account of this credit document: the targets, with their ids.
    pub async fn waiting_clearings_of(&self, document: Uuid) -> Result<Vec<WaitingClearing>> {
        let rest = format!("{WAITING} WHERE p.document_id = $1");
        self.waiting(&rest, vec![document.into()]).await
    }
}

/// Whose clearing waits.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "Entity")]
struct Waiting {
    account_id: String,
}

/// Those of an import that were neither applied nor found impossible.
fn still_waiting(import: &str) -> Expr {
    Column::ImportId.eq(import).and(Column::Fault.eq(""))
}

impl Row {
    fn waiting(self) -> WaitingClearing {
        let Self {
            waiting,
            credit_source_system,
            credit_company_code,
            credit_fiscal_year,
            credit_document_no,
            credit_line_no,
        } = self;
        WaitingClearing {
            target: waiting.target(),
            id: waiting.id,
            account_id: waiting.account_id,
            document: waiting.document_id,
            key: DocumentKey {
                source_system: credit_source_system,
                company_code: credit_company_code,
                fiscal_year: credit_fiscal_year,
                document_no: credit_document_no,
                line_no: credit_line_no,
            },
            position: waiting.position,
            effective: waiting.effective_date,
        }
    }
}
