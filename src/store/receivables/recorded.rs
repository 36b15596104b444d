//! Recorded times: the first of the ledger, the last of an account.

use crate::domain::error::Result;
use crate::store::{Store, sql};

impl Store {
    /// The recorded time of the first entry, in microseconds; `None` while there is none.
    pub async fn first_recorded(&self) -> Result<Option<i64>> {
        let first = sql::scalar::<Option<i64>>(
            &self.reader(),
            "SELECT MIN(recorded_us) AS v FROM entry",
            vec![],
        )
        .await?;
        Ok(first.flatten())
    }

    /// The last recorded time of an account that exists, in microseconds; 0 for none.
    pub async fn head_of(&self, account_id: &str) -> Result<Option<i64>> {
        sql::scalar(
            &self.reader(),
            "SELECT COALESCE(h.head_us, 0) AS v FROM account a \
             LEFT JOIN account_head h ON h.account_id = a.id WHERE a.id = $1",
            vec![account_id.into()],
        )
        .await
    }
}
