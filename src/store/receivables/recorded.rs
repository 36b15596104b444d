//! Since when the ledger has entries.

use crate::domain::error::Result;
use crate::store::{Store, sql};

impl Store {
    /// The recorded time of the first entry, in microseconds; `None` while there is none.
    pub async fn first_recorded(&self) -> Result<Option<i64>> {
        let first = sql::scalar::<Option<i64>>(
            &self.reader,
            "SELECT MIN(recorded_us) AS v FROM entry",
            vec![],
        )
        .await?;
        Ok(first.flatten())
    }
}
