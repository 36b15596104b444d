//! What of the book of one of ours no other store tells of a set of accounts.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::rows::Set;
use super::{ReadTx, sql};
use crate::domain::error::Result;
use crate::domain::member_book::Hooks;
use crate::domain::timeline;

impl ReadTx {
    /// What became by a day of the hooks that were left at these accounts after another day. One
    /// statement, however many they are.
    pub async fn hooks_of(
        &self,
        account_ids: &[String],
        after: NaiveDate,
        through: NaiveDate,
    ) -> Result<Hooks> {
        #[derive(FromQueryResult)]
        struct Row {
            used: i64,
            expired: i64,
            open: i64,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(account_ids.iter().map(String::as_str));
        // Wherever the business is, nothing of a later day began before this instant.
        let begins = timeline::begins(after) - 86_400_000_000;
        let text = format!(
            "SELECT COUNT(CASE WHEN h.used THEN 1 END) AS used, \
               COUNT(CASE WHEN NOT h.used AND h.hook_by < $2 THEN 1 END) AS expired, \
               COUNT(CASE WHEN NOT h.used AND h.hook_by >= $2 THEN 1 END) AS open \
             FROM (SELECT i.hook_by, EXISTS (SELECT 1 FROM interaction u \
                 WHERE u.uses_hook IS NOT NULL AND u.uses_hook = i.id AND u.stage = 'HELD' \
                   AND u.day <= $2) AS used \
               FROM interaction i WHERE i.account_id IN {these} AND i.start_us >= $3 \
                 AND i.stage = 'HELD' AND i.hook_by IS NOT NULL \
                 AND i.day > $1 AND i.day <= $2) AS h",
            these = these.subquery(backend, 4)
        );
        let mut values = vec![after.into(), through.into(), begins.into()];
        values.extend(these.into_values(backend));
        let row: Option<Row> = sql::one(&self.conn, text, values).await?;
        let hooks = |Row { used, expired, open }| Hooks { used, expired, open };
        Ok(row.map(hooks).unwrap_or_default())
    }
}
