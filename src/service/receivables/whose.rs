//! From the accounts a request names to those a statement reads.

use chrono::NaiveDate;

use super::Receivables;
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::group::Kin;
use crate::domain::ledger::Scope;
use crate::domain::names::AccountRef;
use crate::service::resolve;
use crate::store::receivables::{At, Whose};

impl Receivables {
    /// The id of an account. An id that a request gives is not looked up here: the statement
    /// that reads the account finds out whether it exists.
    pub(super) async fn id_of(&self, field: &str, name: &AccountRef) -> Result<String> {
        match name {
            AccountRef::Id(id) => Ok(id.clone()),
            AccountRef::External { .. } => Ok(resolve::one(&self.store, field, name).await?.id),
        }
    }

    /// The accounts in scope at a point; groups as they were on that day, with the first day on
    /// which all of a group is known, if that is a later one.
    pub(super) async fn whose(
        &self,
        ctx: &Ctx,
        field: &str,
        scope: &Scope<AccountRef>,
        at: At,
    ) -> Result<(Whose, Option<NaiveDate>)> {
        match scope {
            Scope::Book => Ok((Whose::Book, None)),
            Scope::Account(name) => {
                Ok((Whose::Account(resolve::one(&self.store, field, name).await?.id), None))
            }
            Scope::Group(name) => {
                let root = resolve::one(&self.store, field, name).await?.id;
                let at = ctx.clock.group_at(at.as_of, at.known_at);
                let Kin { accounts, known_from } = self
                    .store
                    .read(ctx, move |tx| Box::pin(async move { tx.group_members(&root, at).await }))
                    .await?;
                Ok((Whose::Accounts(accounts), known_from))
            }
        }
    }
}
