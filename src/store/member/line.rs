//! Reporting lines: who stands above a member, and how many levels below.

use std::collections::HashMap;

use sea_orm::FromQueryResult;

use crate::domain::error::Result;
use crate::domain::member::LEVELS_MAX;
use crate::store::{WriteTx, sql};

impl WriteTx {
    /// The managers of a member and of everybody above, by id.
    pub async fn managers_above(&self, member_id: &str) -> Result<HashMap<String, String>> {
        #[derive(FromQueryResult)]
        struct Row {
            id: String,
            manager_id: String,
        }
        // Bounded, so that it ends on damaged data as well; a line is never this deep.
        let text = "WITH RECURSIVE above(id, manager_id, step) AS ( \
               SELECT id, manager_id, 0 FROM member WHERE id = $1 UNION ALL \
               SELECT m.id, m.manager_id, a.step + 1 FROM above a JOIN member m \
               ON m.id = a.manager_id WHERE a.step < 64) \
             SELECT id, manager_id FROM above WHERE manager_id IS NOT NULL";
        let rows: Vec<Row> = sql::all(&self.conn, text, vec![member_id.into()]).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.manager_id)).collect())
    }

    /// How many levels a member brings along: 1 if nobody reports to him. Counted as far as it
    /// matters.
    pub async fn member_levels(&self, member_id: &str) -> Result<usize> {
        let text = "WITH RECURSIVE below(id, step) AS (SELECT id, 0 FROM member WHERE id = $1 UNION ALL \
             SELECT m.id, b.step + 1 FROM below b JOIN member m ON m.manager_id = b.id \
             WHERE b.step < 64) \
             SELECT CAST(MAX(step) AS BIGINT) AS v FROM below";
        let deepest = sql::scalar::<i64>(&self.conn, text, vec![member_id.into()]).await?;
        Ok(usize::try_from(deepest.unwrap_or_default()).unwrap_or(LEVELS_MAX) + 1)
    }
}
