//! What documents ask to be cleared and what is not done yet.

use super::Receivables;
use crate::ctx::Ctx;
use crate::domain::clearing::{WaitingClearing, WaitingKey};
use crate::domain::error::Result;
use crate::domain::names::AccountRef;
use crate::domain::page::{Page, PageOf};
use crate::service::resolve;

impl Receivables {
    /// A page of what waits; `None` is the whole book.
    ///
    /// # Errors
    /// RESOURCE_NOT_FOUND.
    pub async fn waiting_clearings(
        &self,
        ctx: &Ctx,
        account: Option<AccountRef>,
        page: PageOf<WaitingKey>,
    ) -> Result<Page<WaitingClearing, WaitingKey>> {
        let account = match &account {
            None => {
                ctx.check_all_accounts("the whole book")?;
                None
            }
            Some(name) => Some(resolve::one(ctx, &self.store, "parent", name).await?.id),
        };
        self.store.waiting_clearings(account.as_deref(), &page).await
    }
}
