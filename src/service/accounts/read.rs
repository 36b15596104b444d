//! Reading accounts.

use super::Accounts;
use crate::ctx::Ctx;
use crate::domain::account::{Account, AccountFilter, AccountKey, AccountList};
use crate::domain::error::{Error, Result};
use crate::domain::names::AccountRef;
use crate::domain::page::Page;
use crate::service::resolve;

impl Accounts {
    /// One account, deleted or not.
    ///
    /// # Errors
    /// NotFound.
    pub async fn get(&self, ctx: &Ctx, name: AccountRef) -> Result<Account> {
        let accounts = self.batch_get(ctx, vec![name]).await?;
        accounts.into_iter().next().ok_or_else(|| Error::internal("one name, no account"))
    }

    /// Accounts in the order of their names, all or none; the same name twice, twice.
    ///
    /// # Errors
    /// NotFound with every missing name.
    pub async fn batch_get(&self, ctx: &Ctx, names: Vec<AccountRef>) -> Result<Vec<Account>> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let found = resolve::all(&names, tx.find_accounts(&names).await?)?;
                    let ids: Vec<&str> = found.values().map(|known| known.id.as_str()).collect();
                    let accounts = tx.accounts(&ids).await?;
                    let account = |name: &AccountRef| {
                        let id = &found.get(name)?.id;
                        accounts.get(id).cloned()
                    };
                    let gone = || Error::internal("an account found is gone in one picture");
                    names.iter().map(|name| account(name).ok_or_else(gone)).collect()
                })
            })
            .await
    }

    /// A page of accounts.
    ///
    /// # Errors
    /// NotFound for the parent of the filter.
    pub async fn list(&self, ctx: &Ctx, list: AccountList) -> Result<Page<Account, AccountKey>> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let AccountList { filter, order, descending, page } = list;
                    let parent = match filter.parent {
                        None => None,
                        Some(name) => {
                            let names = [name];
                            let found = resolve::all(&names, tx.find_accounts(&names).await?)?;
                            found.into_values().next().map(|known| known.id)
                        }
                    };
                    let filter = AccountFilter {
                        parent,
                        state: filter.state,
                        display_name_prefix: filter.display_name_prefix,
                        region_code: filter.region_code,
                        sales_region: filter.sales_region,
                        labels: filter.labels,
                        show_deleted: filter.show_deleted,
                    };
                    let list = AccountList { filter, order, descending, page };
                    tx.list_accounts(&list).await
                })
            })
            .await
    }
}
