//! Holds placed and released by people.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::domain::credit::hold::{Hold, HoldScope, Release};
use crate::domain::error::{Error, Result};
use crate::store::{ReadTx, Store, WriteTx, sql};

/// The columns of [`Row`], of the table as `h`.
pub(in crate::store) const COLUMNS: &str = "h.id, h.account_id, h.scope, h.reason, h.placed_by, \
    h.recorded_us, h.release_us, h.released_by, h.release_reason";

impl WriteTx {
    pub async fn add_credit_hold(&self, hold: &Hold) -> Result<()> {
        sql::execute(
            &self.conn,
            "INSERT INTO credit_hold (id, account_id, scope, reason, placed_by, recorded_us, \
             release_us, released_by, release_reason) VALUES ($1, $2, $3, $4, $5, $6, 0, '', '')",
            vec![
                hold.id.into(),
                hold.account_id.as_str().into(),
                hold.scope.as_str().into(),
                hold.reason.as_str().into(),
                hold.placed_by.as_str().into(),
                hold.recorded_us.into(),
            ],
        )
        .await?;
        Ok(())
    }

    /// A hold of the account, as it stands.
    pub async fn credit_hold(&self, account_id: &str, id: Uuid) -> Result<Option<Hold>> {
        let row: Option<Row> = sql::one(
            &self.conn,
            format!("SELECT {COLUMNS} FROM credit_hold h WHERE h.id = $1 AND h.account_id = $2"),
            vec![id.into(), account_id.into()],
        )
        .await?;
        row.map(Row::into_domain).transpose()
    }

    pub async fn release_credit_hold(&self, id: Uuid, release: &Release) -> Result<()> {
        sql::execute(
            &self.conn,
            "UPDATE credit_hold SET release_us = $2, released_by = $3, release_reason = $4 \
             WHERE id = $1",
            vec![
                id.into(),
                release.us.into(),
                release.by.as_str().into(),
                release.reason.as_str().into(),
            ],
        )
        .await?;
        Ok(())
    }
}

impl Store {
    /// Why a hold was placed, and why it was released: kept in this one place.
    pub async fn credit_hold_text(&self, id: Uuid) -> Result<(String, String)> {
        #[derive(FromQueryResult)]
        struct Text {
            reason: String,
            release_reason: String,
        }
        let text: Option<Text> = sql::one(
            &self.reader,
            "SELECT reason, release_reason FROM credit_hold WHERE id = $1",
            vec![id.into()],
        )
        .await?;
        let text = text.ok_or_else(|| Error::internal(format!("the hold {id} is gone")))?;
        Ok((text.reason, text.release_reason))
    }
}

impl ReadTx {
    /// At most `count` holds of an account, the latest first, from behind `after` on.
    pub async fn credit_holds(
        &self,
        account_id: &str,
        released_too: bool,
        after: Option<Uuid>,
        count: usize,
    ) -> Result<Vec<Hold>> {
        let mut sql = format!("SELECT {COLUMNS} FROM credit_hold h WHERE h.account_id = $1");
        let mut values = vec![account_id.into(), (count as i64).into()];
        if !released_too {
            sql += " AND h.release_us = 0";
        }
        if let Some(after) = after {
            sql += " AND h.id < $3";
            values.push(after.into());
        }
        sql += " ORDER BY h.id DESC LIMIT $2";
        let rows: Vec<Row> = sql::all(&self.conn, sql, values).await?;
        rows.into_iter().map(Row::into_domain).collect()
    }
}

#[derive(FromQueryResult)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) account_id: String,
    pub(super) scope: String,
    pub(super) reason: String,
    pub(super) placed_by: String,
    pub(super) recorded_us: i64,
    pub(super) release_us: i64,
    pub(super) released_by: String,
    pub(super) release_reason: String,
}

impl Row {
    pub(super) fn into_domain(self) -> Result<Hold> {
        let Self {
            id,
            account_id,
            scope,
            reason,
            placed_by,
            recorded_us,
            release_us,
            released_by,
            release_reason,
        } = self;
        let scope = HoldScope::parse(&scope)
            .ok_or_else(|| Error::internal(format!("stored scope of a hold {scope}")))?;
        let release = Release { us: release_us, by: released_by, reason: release_reason };
        let release = (release_us != 0).then_some(release);
        Ok(Hold { id, account_id, scope, reason, placed_by, recorded_us, release })
    }
}
