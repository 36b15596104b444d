//! What documents ask to be cleared: finding what is to be tried, and what waits.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set as To;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, QueryFilter,
    QueryOrder, QuerySelect, Value,
};
use uuid::Uuid;

use crate::domain::books::{ClearingRequest, KnownKey, RequestState};
use crate::domain::document::DocumentKey;
use crate::domain::error::{Reason, Result};
use crate::store::entity::clearing_request::{ActiveModel, Column, Entity, Model};
use crate::store::entity::document;
use crate::store::rows::Set;
use crate::store::{WriteTx, rows, sql};

/// A request, with the key of the credit that asks.
#[derive(FromQueryResult)]
pub(in crate::store) struct Row {
    #[sea_orm(nested)]
    pub request: Model,
    credit_source_system: String,
    credit_company_code: String,
    credit_fiscal_year: i32,
    credit_document_no: String,
    credit_line_no: String,
}

/// The columns of [`Row`], of the tables as `p` and `c`.
pub(in crate::store) fn columns() -> String {
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

/// With the credit that asks.
pub(in crate::store) const REQUESTS: &str =
    "clearing_request p JOIN document c ON c.id = p.document_id";

/// That key `k` is that of the document which request `p` names.
pub(in crate::store) const NAMED: &str = "k.source_system = p.target_source_system \
    AND k.company_code = p.target_company_code AND k.fiscal_year = p.target_fiscal_year \
    AND k.document_no = p.target_document_no AND k.line_no = p.target_line_no";

/// That key `k` is that of document `d`.
pub(super) const IS_KEY: &str = "k.source_system = d.source_system \
    AND k.company_code = d.company_code AND k.fiscal_year = d.fiscal_year \
    AND k.document_no = d.document_no AND k.line_no = d.line_no";

/// That the document counts.
const COUNTS: &str = "NOT p.oldest_first AND NOT k.reversed";

/// What a finish may try: what its import brought, and what was there before it began. What
/// another import brings meanwhile is for its own finish.
pub(super) const OURS: &str = "p.state = 'DUE' AND (p.import_id IN ('', $1) OR p.recorded_us < $2)";

/// A request that is due, by the order in which a finish goes.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct DueRequest {
    pub id: Uuid,
    pub account_id: String,
    apply_date: NaiveDate,
    order_key: Vec<u8>,
}

impl WriteTx {
    /// The requests that `rest` of the statement says, from the `FROM` clause on.
    async fn requests(&self, rest: &str, values: Vec<Value>) -> Result<Vec<ClearingRequest>> {
        let text = format!("SELECT {} FROM {rest}", columns());
        let found: Vec<Row> = sql::all(&self.conn, text, values).await?;
        Ok(found.into_iter().map(Row::request).collect())
    }

    async fn requests_where(&self, column: &str, ids: Set) -> Result<Vec<ClearingRequest>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let backend = self.conn.get_database_backend();
        let rest = format!("{REQUESTS} WHERE p.{column} IN {}", ids.subquery(backend, 1));
        self.requests(&rest, ids.into_values(backend)).await
    }

    /// What these credits ask, whatever became of it.
    pub async fn requests_of(&self, documents: &[Uuid]) -> Result<Vec<ClearingRequest>> {
        self.requests_where("document_id", Set::one(documents.iter().copied())).await
    }

    /// Requests by id; those of documents that no longer count are missing.
    pub async fn requests_by_id(&self, ids: &[Uuid]) -> Result<Vec<ClearingRequest>> {
        self.requests_where("id", Set::one(ids.iter().copied())).await
    }

    /// What credits of these accounts ask, whatever became of it.
    pub async fn requests_of_accounts(&self, accounts: &[&str]) -> Result<Vec<ClearingRequest>> {
        self.requests_where("account_id", Set::one(accounts.iter().copied())).await
    }

    /// Requests that name one of these documents.
    pub async fn requests_naming(&self, documents: &[Uuid]) -> Result<Vec<ClearingRequest>> {
        self.requests_naming_where(documents, "").await
    }

    /// Requests that name one of these documents and are not yet due in the place that it gives
    /// them.
    pub async fn requests_out_of_place(&self, documents: &[Uuid]) -> Result<Vec<ClearingRequest>> {
        const IN_PLACE: &str = "p.state = 'DUE' AND p.apply_date = CASE \
            WHEN k.posting_date > p.effective_date THEN k.posting_date ELSE p.effective_date END";
        let only = format!("WHERE k.account_id = p.account_id AND NOT ({IN_PLACE})");
        self.requests_naming_where(documents, &only).await
    }

    /// `only`: of key `k` and request `p`.
    async fn requests_naming_where(
        &self,
        documents: &[Uuid],
        only: &str,
    ) -> Result<Vec<ClearingRequest>> {
        let ids = Set::one(documents.iter().copied());
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let backend = self.conn.get_database_backend();
        let rest = format!(
            // The keys first, each by the whole of it: of one source system there may be millions.
            "(WITH w AS MATERIALIZED (SELECT k.*, d.posting_date FROM document d \
               JOIN document_key k ON {IS_KEY} AND k.document_id = d.id WHERE d.id IN {}) \
             SELECT * FROM w) k JOIN clearing_request p ON {NAMED} AND {COUNTS} \
             JOIN document c ON c.id = p.document_id {only}",
            ids.subquery(backend, 1)
        );
        self.requests(&rest, ids.into_values(backend)).await
    }

    /// Whether anything settles the oldest due.
    pub async fn has_oldest_first(&self) -> Result<bool> {
        // In the words of its index: the first entry of it, or none.
        let first = "SELECT COUNT(*) AS v FROM (SELECT p.account_id FROM clearing_request p \
            WHERE p.oldest_first ORDER BY p.account_id LIMIT 1) x";
        Ok(sql::scalar(&self.conn, first, vec![]).await?.unwrap_or(0_i64) > 0)
    }

    /// What waits to settle the oldest due of these accounts.
    pub async fn oldest_first_waiting(&self, accounts: &[&str]) -> Result<Vec<ClearingRequest>> {
        let ids = Set::one(accounts.iter().copied());
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let backend = self.conn.get_database_backend();
        let rest = format!(
            "{REQUESTS} WHERE p.oldest_first AND p.state IN ('DUE', 'WAITING') \
             AND p.account_id IN {}",
            ids.subquery(backend, 1)
        );
        self.requests(&rest, ids.into_values(backend)).await
    }

    /// The next requests that a finish tries: in the order of account, effective day and key,
    /// from the first one behind `after` on. Goes along the index of what is due, so that it reads
    /// no more of it than it answers.
    pub async fn due_requests(
        &self,
        import: &str,
        opened_us: i64,
        after: Option<&DueRequest>,
        limit: i64,
    ) -> Result<Vec<DueRequest>> {
        const ORDER: &str = "p.account_id, p.apply_date, p.order_key";
        let mut values = vec![import.into(), opened_us.into()];
        let behind = match after {
            None => String::new(),
            Some(after) => {
                let DueRequest { id: _, account_id, apply_date, order_key } = after.clone();
                values.extend([account_id.into(), apply_date.into(), order_key.into()]);
                format!("AND ({ORDER}) > ($3, $4, $5)")
            }
        };
        // Part of the text: of a bound one PostgreSQL thinks that it reaches a tenth of all.
        let text = format!(
            "SELECT p.id, p.account_id, p.apply_date, p.order_key FROM clearing_request p \
             WHERE {OURS} {behind} ORDER BY {ORDER} LIMIT {limit}"
        );
        sql::all(&self.conn, text, values).await
    }

    /// Of these requests those that are still due to a finish.
    pub async fn still_due(
        &self,
        import: &str,
        opened_us: i64,
        ids: &[Uuid],
    ) -> Result<Vec<ClearingRequest>> {
        let backend = self.conn.get_database_backend();
        let set = Set::one(ids.iter().copied());
        let rest = format!("{REQUESTS} WHERE {OURS} AND p.id IN {}", set.subquery(backend, 3));
        let mut values = vec![import.into(), opened_us.into()];
        values.extend(set.into_values(backend));
        self.requests(&rest, values).await
    }

    /// How many requests a finish has to try.
    pub async fn requests_due(&self, import: &str, opened_us: i64) -> Result<i64> {
        let text = format!("SELECT COUNT(*) AS v FROM clearing_request p WHERE {OURS}");
        let due = sql::scalar(&self.conn, text, vec![import.into(), opened_us.into()]).await?;
        Ok(due.unwrap_or(0))
    }

    /// What settled debits of these accounts that fall due no earlier than these new ones: it
    /// would have settled the new ones first.
    pub async fn oldest_first_overtaken(&self, documents: &[Uuid]) -> Result<Vec<ClearingRequest>> {
        let ids = Set::one(documents.iter().copied());
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let backend = self.conn.get_database_backend();
        let rest = format!(
            "(SELECT i.account_id, MIN(i.due_date) AS due_date FROM item i \
               WHERE i.document_id IN {} AND i.amount > 0 GROUP BY i.account_id) w \
             JOIN clearing_request p ON p.account_id = w.account_id AND p.oldest_first \
               AND p.state = 'SETTLED' AND p.import_id <> '' \
             JOIN document c ON c.id = p.document_id \
             WHERE EXISTS (SELECT 1 FROM item x JOIN allocation a ON a.credit_item = x.id \
               JOIN item d ON d.id = a.debit_item \
               WHERE x.document_id = p.document_id AND d.due_date >= w.due_date)",
            ids.subquery(backend, 1)
        );
        self.requests(&rest, ids.into_values(backend)).await
    }

    /// Requests that imports brought and that settled something of these accounts from a day of
    /// each on, as far as it is not reset.
    pub async fn settled_since(
        &self,
        accounts: &[(&str, NaiveDate)],
    ) -> Result<Vec<ClearingRequest>> {
        let set = Set::new()
            .named("account_id", accounts.iter().map(|(account, _)| account))
            .named("since", accounts.iter().map(|(_, day)| *day));
        if set.is_empty() {
            return Ok(Vec::new());
        }
        let backend = self.conn.get_database_backend();
        let rest = format!(
            "{REQUESTS} WHERE p.import_id <> '' AND p.id IN (SELECT s.request_id FROM {} \
               JOIN clearing s ON s.account_id = w.account_id AND s.apply_date >= w.since \
               JOIN allocation a ON a.clearing_id = s.id \
               LEFT JOIN allocation_reset r ON r.clearing_id = a.clearing_id \
                 AND r.position = a.position \
               WHERE r.clearing_id IS NULL)",
            set.table(backend, "w", 1)
        );
        self.requests(&rest, set.into_values(backend)).await
    }

    /// What names a document of its own year that is not there, though there may be one of
    /// another year: of what a finish tries, and of what imports brought before and waits. Behind
    /// a request, by id.
    pub async fn requests_of_missing_year(
        &self,
        import: &str,
        opened_us: i64,
        after: Uuid,
        limit: u64,
    ) -> Result<Vec<ClearingRequest>> {
        let rest = format!(
            "{REQUESTS} LEFT JOIN document_key k ON {NAMED} AND {COUNTS} \
             WHERE (({OURS}) OR (p.state = 'WAITING' AND p.import_id <> '')) \
               AND p.target_fiscal_year <> 0 AND p.target_fiscal_year = c.fiscal_year \
               AND NOT p.oldest_first AND k.document_no IS NULL AND p.id > $3 \
             ORDER BY p.id LIMIT $4"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = vec![import.into(), opened_us.into(), after.into(), limit.into()];
        self.requests(&rest, values).await
    }

    /// They name other documents from now on, and are to be tried.
    pub async fn retarget(
        &self,
        requests: &[ClearingRequest],
        known: &HashMap<DocumentKey, KnownKey>,
    ) -> Result<()> {
        let year = |request: &ClearingRequest| {
            let target = request.target.as_ref();
            target.map_or(0, |target| target.key.fiscal_year)
        };
        let change = |request: &ClearingRequest| ActiveModel {
            id: To(request.id),
            target_fiscal_year: To(year(request)),
            ..Default::default()
        };
        rows::update(&self.conn, requests.iter().map(change).collect()).await?;
        self.set_due(requests, known).await
    }

    /// They are to be tried at the next finish, each in its place by what is known of the
    /// documents they name.
    pub async fn set_due(
        &self,
        requests: &[ClearingRequest],
        known: &HashMap<DocumentKey, KnownKey>,
    ) -> Result<()> {
        let change = |request: &ClearingRequest| ActiveModel {
            id: To(request.id),
            state: To(RequestState::Due),
            apply_date: To(request.day(known)),
            ..Default::default()
        };
        rows::update(&self.conn, requests.iter().map(change).collect()).await?;
        Ok(())
    }

    /// What waits for one of these documents is to be tried at the next finish.
    pub async fn set_waiting_due(&self, documents: &[Uuid]) -> Result<()> {
        let mut waiting = self.requests_naming(documents).await?;
        waiting.retain(|request| request.state == RequestState::Waiting);
        let known = self.known_targets(&waiting).await?;
        self.set_due(&waiting, &known).await
    }

    /// What is known of the documents that requests name.
    pub async fn known_targets(
        &self,
        requests: &[ClearingRequest],
    ) -> Result<HashMap<DocumentKey, KnownKey>> {
        let named = requests.iter().filter_map(|request| request.target.as_ref());
        self.known_keys(named.map(|target| &target.key)).await
    }

    /// What was refused for the lack of a rate is to be tried at the next finish.
    pub async fn set_without_rate_due(&self) -> Result<()> {
        let these = Column::State
            .eq(RequestState::Waiting)
            .and(Column::Fault.contains(Reason::RateMissing.as_str()));
        let change = ActiveModel { state: To(RequestState::Due), ..Default::default() };
        rows::change(&self.conn, change, these).await?;
        Ok(())
    }

    /// What waits of documents that an import sent again is told by that import.
    pub async fn adopt_requests(&self, import: &str, documents: &[Uuid]) -> Result<()> {
        if documents.is_empty() {
            return Ok(());
        }
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::DocumentId, documents.iter().copied())
            .and(Column::ImportId.ne(""))
            .and(Column::ImportId.ne(import))
            .and(Column::State.is_in([RequestState::Due, RequestState::Waiting]));
        let change = ActiveModel { import_id: To(import.to_owned()), ..Default::default() };
        rows::change(&self.conn, change, these).await?;
        Ok(())
    }

    /// Targets of an import that are still missing, at most `limit`.
    pub async fn missing_targets(&self, import: &str, limit: u64) -> Result<Vec<DocumentKey>> {
        let rest = format!(
            "{REQUESTS} LEFT JOIN document_key k ON {NAMED} AND {COUNTS} \
             WHERE p.import_id = $1 AND p.state = 'WAITING' AND p.fault = '' \
             AND NOT p.oldest_first AND k.document_no IS NULL \
             ORDER BY p.target_document_no, p.id LIMIT $2"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let missing = self.requests(&rest, vec![import.into(), limit.into()]).await?;
        let mut keys: Vec<DocumentKey> =
            missing.into_iter().filter_map(|request| Some(request.target?.key)).collect();
        keys.dedup();
        Ok(keys)
    }

    /// How many documents an import names that are still missing.
    pub async fn missing_targets_count(&self, import: &str) -> Result<i64> {
        let text = format!(
            "SELECT COUNT(*) AS v FROM (SELECT DISTINCT p.target_source_system, \
               p.target_company_code, p.target_fiscal_year, p.target_document_no, p.target_line_no \
             FROM {REQUESTS} LEFT JOIN document_key k ON {NAMED} AND {COUNTS} \
             WHERE p.import_id = $1 AND p.state = 'WAITING' AND p.fault = '' \
             AND NOT p.oldest_first AND k.document_no IS NULL) x"
        );
        Ok(sql::scalar(&self.conn, text, vec![import.into()]).await?.unwrap_or(0))
    }

    /// How many clearings of an import could not be applied.
    pub async fn clearing_faults_count(&self, import: &str) -> Result<i64> {
        let text =
            "SELECT COUNT(*) AS v FROM clearing_request WHERE import_id = $1 AND fault <> ''";
        Ok(sql::scalar(&self.conn, text, vec![import.into()]).await?.unwrap_or(0))
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

    /// Notes why requests could not be done; they are tried again when something they may
    /// settle comes.
    pub async fn fail_requests(&self, faults: &[(Uuid, String)]) -> Result<()> {
        let change = |(id, fault): &(Uuid, String)| ActiveModel {
            id: To(*id),
            state: To(RequestState::Waiting),
            fault: To(fault.clone()),
            ..Default::default()
        };
        rows::update(&self.conn, faults.iter().map(change).collect()).await?;
        Ok(())
    }
}

impl Row {
    pub fn request(self) -> ClearingRequest {
        let Self {
            request,
            credit_source_system,
            credit_company_code,
            credit_fiscal_year,
            credit_document_no,
            credit_line_no,
        } = self;
        ClearingRequest {
            target: request.target(),
            id: request.id,
            account_id: request.account_id,
            document: request.document_id,
            import_id: request.import_id,
            key: DocumentKey {
                source_system: credit_source_system,
                company_code: credit_company_code,
                fiscal_year: credit_fiscal_year,
                document_no: credit_document_no,
                line_no: credit_line_no,
            },
            position: request.position,
            effective: request.effective_date,
            apply: request.apply_date,
            state: request.state,
        }
    }
}
