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
    /// The id of an account. An id that a request gives is looked up only for a caller who does not see
    /// all accounts: the statement that reads the account finds out whether it exists.
    pub(super) async fn id_of(&self, ctx: &Ctx, field: &str, name: &AccountRef) -> Result<String> {
        match name {
            AccountRef::Id(id) if ctx.rows.is_all() => Ok(id.clone()),
            AccountRef::Id(_) | AccountRef::External { .. } => {
                Ok(resolve::one(ctx, &self.store, field, name).await?.id)
            }
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
            Scope::Book => {
                ctx.check_all_accounts("the whole book")?;
                Ok((Whose::Book, None))
            }
            Scope::Account(name) => {
                Ok((Whose::Account(resolve::one(ctx, &self.store, field, name).await?.id), None))
            }
            Scope::Group(name) => {
                let root = resolve::one(ctx, &self.store, field, name).await?.id;
                let at = ctx.clock.group_at(at.as_of, at.known_at);
                let whose = ctx.clone();
                let read = self.store.read(ctx, move |tx| {
                    Box::pin(async move {
                        let kin = tx.group_members(&root, at).await?;
                        let seen = tx.seen(kin.accounts.iter().map(String::as_str)).await?;
                        match kin.accounts.iter().all(|id| seen.has(id)) {
                            true => Ok(kin),
                            false => Err(whose.restricted("the group")),
                        }
                    })
                });
                let Kin { accounts, known_from } = read.await?;
                Ok((Whose::Accounts(accounts), known_from))
            }
        }
    }
}
