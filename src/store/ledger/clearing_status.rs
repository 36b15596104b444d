//! What source systems say of whether their documents are cleared.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::keys::key_order;
use super::requests::{NAMED, OURS, REQUESTS};
use crate::domain::books::KnownStatus;
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::store::entity::clearing_status::{Entity, Model};
use crate::store::entity::document_key::key_set;
use crate::store::{WriteTx, rows, sql};

/// That a status `s` is that of key `k`.
const OF_KEY: &str = "s.source_system = k.source_system AND s.company_code = k.company_code \
    AND s.fiscal_year = k.fiscal_year AND s.document_no = k.document_no AND s.line_no = k.line_no";

/// The systems and companies of which an import named a document.
const LISTED: &str = "(SELECT DISTINCT source_system, company_code FROM clearing_status \
    WHERE listed_by = $1 AND listed_by <> '')";

#[derive(FromQueryResult)]
struct Company {
    company_code: String,
}

#[derive(FromQueryResult)]
struct Key {
    source_system: String,
    company_code: String,
    fiscal_year: i32,
    document_no: String,
    line_no: String,
}

#[derive(FromQueryResult)]
struct Named {
    id: Uuid,
    #[sea_orm(nested)]
    key: Key,
}

impl From<Key> for DocumentKey {
    fn from(row: Key) -> Self {
        let Key { source_system, company_code, fiscal_year, document_no, line_no } = row;
        Self { source_system, company_code, fiscal_year, document_no, line_no }
    }
}

impl WriteTx {
    /// What was said of these documents; those nothing was said of are missing.
    pub async fn clearing_statuses<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a DocumentKey>,
    ) -> Result<HashMap<DocumentKey, KnownStatus>> {
        let keys = key_set(keys);
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let backend = self.conn.get_database_backend();
        let rest = format!("{} JOIN clearing_status s ON {OF_KEY}", keys.table(backend, "k", 1));
        let found = self.statuses(&rest, keys.into_values(backend)).await?;
        Ok(found.into_iter().map(|status| (status.key.clone(), status)).collect())
    }

    /// Notes what was said last; what was said as of a later day stays.
    pub async fn save_statuses(&self, statuses: Vec<KnownStatus>) -> Result<()> {
        let models = statuses.into_iter().map(Model::from).collect();
        rows::upsert(&self.conn, models, "clearing_status.as_of <= excluded.as_of").await?;
        Ok(())
    }

    /// What a finish does: what its import said, and what imports said that were opened before it
    /// and did not come to their own.
    pub async fn due_statuses(
        &self,
        import: &str,
        opened_us: i64,
        limit: u64,
    ) -> Result<Vec<KnownStatus>> {
        let rest = format!(
            "clearing_status s WHERE s.due AND (s.import_id = $1 OR s.import_id IN \
               (SELECT r.id FROM import_run r WHERE NOT r.finished AND r.recorded_us < $2)) \
             ORDER BY {} LIMIT $3",
            key_order("s")
        );
        let values = vec![import.into(), opened_us.into(), limited(limit)];
        self.statuses(&rest, values).await
    }

    /// Documents that were settled because of their status, and are named by what a finish is to
    /// try: with each the request that does, behind one by id.
    pub async fn statuses_in_the_way(
        &self,
        import: &str,
        opened_us: i64,
        after: Uuid,
        limit: u64,
    ) -> Result<Vec<(Uuid, DocumentKey)>> {
        let named = NAMED.replace("k.", "s.");
        let text = format!(
            "SELECT p.id, s.source_system, s.company_code, s.fiscal_year, s.document_no, s.line_no \
             FROM {REQUESTS} JOIN clearing_status s ON {named} \
             WHERE {OURS} AND NOT p.oldest_first AND s.settled_by <> $3 AND p.id > $4 \
             ORDER BY p.id LIMIT $5"
        );
        let nobody = Uuid::nil();
        let values =
            vec![import.into(), opened_us.into(), nobody.into(), after.into(), limited(limit)];
        let found: Vec<Named> = sql::all(&self.conn, text, values).await?;
        Ok(found.into_iter().map(|row| (row.id, row.key.into())).collect())
    }

    /// Those of these documents of which something is open.
    pub async fn open_among<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a DocumentKey>,
    ) -> Result<HashSet<DocumentKey>> {
        let keys = key_set(keys);
        if keys.is_empty() {
            return Ok(HashSet::new());
        }
        let backend = self.conn.get_database_backend();
        let text = format!(
            "SELECT DISTINCT k.source_system, k.company_code, k.fiscal_year, k.document_no, k.line_no \
             FROM {} JOIN document_key k ON k.source_system = w.source_system \
               AND k.company_code = w.company_code AND k.fiscal_year = w.fiscal_year \
               AND k.document_no = w.document_no AND k.line_no = w.line_no AND NOT k.reversed \
             JOIN item i ON i.document_id = k.document_id AND i.open <> 0",
            keys.table(backend, "w", 1)
        );
        let found: Vec<Key> = sql::all(&self.conn, text, keys.into_values(backend)).await?;
        Ok(found.into_iter().map(DocumentKey::from).collect())
    }

    /// What is open in the books on a day, and is not named by an import that lists all that is:
    /// of the systems and companies that it names something of, unless a later list said more.
    pub async fn left_out_of_list(
        &self,
        import: &str,
        as_of: NaiveDate,
        limit: u64,
    ) -> Result<Vec<DocumentKey>> {
        let text = format!(
            "SELECT DISTINCT k.source_system, k.company_code, k.fiscal_year, k.document_no, k.line_no \
             FROM {LISTED} w JOIN document_key k ON k.source_system = w.source_system \
               AND k.company_code = w.company_code AND NOT k.reversed \
             JOIN item i ON i.document_id = k.document_id AND i.open <> 0 AND i.posting_date <= $2 \
             LEFT JOIN clearing_status s ON {OF_KEY} \
             WHERE s.document_no IS NULL OR (s.listed_by <> $1 AND s.as_of <= $2) LIMIT $3"
        );
        let found: Vec<Key> =
            sql::all(&self.conn, text, vec![import.into(), as_of.into(), limited(limit)]).await?;
        Ok(found.into_iter().map(DocumentKey::from).collect())
    }

    /// Company codes of the systems that an import names something of, in which something is open
    /// on a day, and of which it names nothing.
    pub async fn companies_not_listed(
        &self,
        import: &str,
        as_of: NaiveDate,
    ) -> Result<Vec<String>> {
        let text = format!(
            "SELECT DISTINCT k.company_code FROM document_key k \
             JOIN item i ON i.document_id = k.document_id AND i.open <> 0 AND i.posting_date <= $2 \
             WHERE NOT k.reversed AND k.source_system IN (SELECT source_system FROM {LISTED} a) \
             AND NOT EXISTS (SELECT 1 FROM {LISTED} w WHERE w.source_system = k.source_system \
               AND w.company_code = k.company_code) ORDER BY k.company_code"
        );
        let found: Vec<Company> =
            sql::all(&self.conn, text, vec![import.into(), as_of.into()]).await?;
        Ok(found.into_iter().map(|row| row.company_code).collect())
    }

    /// How much an import said that could not be done.
    pub async fn faulty_statuses_count(&self, import: &str) -> Result<i64> {
        let text = "SELECT COUNT(*) AS v FROM clearing_status WHERE import_id = $1 AND fault <> ''";
        Ok(sql::scalar(&self.conn, text, vec![import.into()]).await?.unwrap_or(0))
    }

    /// What an import said that could not be done.
    pub async fn faulty_statuses(&self, import: &str, limit: u64) -> Result<Vec<KnownStatus>> {
        let rest = format!(
            "clearing_status s WHERE s.import_id = $1 AND s.fault <> '' ORDER BY {} LIMIT $2",
            key_order("s")
        );
        self.statuses(&rest, vec![import.into(), limited(limit)]).await
    }

    async fn statuses(&self, rest: &str, values: Vec<Value>) -> Result<Vec<KnownStatus>> {
        let text = format!("SELECT {} FROM {rest}", rows::columns::<Entity>("s"));
        let found: Vec<Model> = sql::all(&self.conn, text, values).await?;
        Ok(found.into_iter().map(KnownStatus::from).collect())
    }
}

fn limited(limit: u64) -> Value {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}
