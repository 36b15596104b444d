//! Disputes and promises follow their items from version to version of a document.

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::domain::error::Result;
use crate::store::rows::Set;
use crate::store::{WriteTx, sql};

impl WriteTx {
    /// What is said about the old items is said about the new ones from now on. What was said
    /// of a part that the new version does not have any more goes to its last part.
    pub async fn facts_follow(&self, old: &[Uuid], new: &[Uuid]) -> Result<()> {
        let Some(last) = new.last() else { return Ok(()) };
        let backend = self.conn.get_database_backend();
        for (table, fact) in [("dispute_item", "dispute_id"), ("promise_item", "promise_id")] {
            let pairs = Set::new()
                .named("before", old.iter().copied())
                .named("after", (0..old.len()).map(|at| *new.get(at).unwrap_or(last)));
            let text = format!(
                "INSERT INTO {table} ({fact}, item_id) SELECT DISTINCT m.{fact}, w.after \
                 FROM {} JOIN {table} m ON m.item_id = w.before WHERE TRUE \
                 ON CONFLICT DO NOTHING",
                pairs.table(backend, "w", 1)
            );
            sql::execute(&self.conn, text, pairs.into_values(backend)).await?;
        }
        Ok(())
    }
}
