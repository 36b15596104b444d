//! What use cases ask about the rows that their caller sees.

use std::collections::HashSet;

use sea_orm::FromQueryResult;

use super::rows::Set;
use super::visible::Visible;
use super::{ReadTx, Store, WriteTx, sql};
use crate::ctx::Ctx;
use crate::domain::error::Result;

/// Which of some accounts the caller sees.
#[derive(Debug, Clone)]
pub enum Seen {
    All,
    These(HashSet<String>),
}

impl Seen {
    pub fn has(&self, account_id: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(ids) => ids.contains(account_id),
        }
    }
}

impl ReadTx {
    /// Whether the caller sees some rows alone.
    pub fn is_restricted(&self) -> bool {
        self.visible.is_some()
    }

    /// Which of these accounts the caller sees.
    pub async fn seen<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Result<Seen> {
        match &self.visible {
            None => Ok(Seen::All),
            Some(visible) => Ok(Seen::These(visible.accounts_among(&self.conn, ids).await?)),
        }
    }
}

impl WriteTx {
    /// Whether the caller sees some rows alone.
    pub fn is_restricted(&self) -> bool {
        self.visible.is_some()
    }

    /// Whether the caller sees a member.
    pub async fn sees_member(&self, id: &str) -> Result<bool> {
        match &self.visible {
            None => Ok(true),
            Some(visible) => visible.sees_member(&self.conn, id).await,
        }
    }
}

impl Store {
    /// Whether the caller sees all accounts of the groups that these are in.
    pub async fn sees_groups(&self, ctx: &Ctx, ids: &[&str]) -> Result<bool> {
        #[derive(FromQueryResult)]
        struct Row {
            id: String,
        }
        let day = self.clock.business_date();
        let Some(visible) = Visible::of(&self.reader(), ctx, day).await? else { return Ok(true) };
        let backend = self.reader().get_database_backend();
        let these = Set::one(ids.iter().copied());
        let text = format!(
            "WITH RECURSIVE above(id) AS (SELECT a.id FROM account a WHERE a.id IN {} UNION \
               SELECT a.parent_id FROM above u JOIN account a ON a.id = u.id WHERE a.parent_id <> ''), \
             kin(id) AS (SELECT id FROM above UNION \
               SELECT a.id FROM kin k JOIN account a ON a.parent_id = k.id) \
             SELECT id FROM kin",
            these.subquery(backend, 1)
        );
        let kin: Vec<Row> = sql::all(&self.reader(), text, these.into_values(backend)).await?;
        let seen = visible.accounts_among(&self.reader(), kin.iter().map(|row| &*row.id)).await?;
        Ok(kin.len() == seen.len())
    }
}
