//! Holds: PlaceCreditHold, ReleaseCreditHold and ListCreditHolds.
//!
//! The recorded answer of a call carries no text that people wrote: it stays in the hold alone,
//! and is put back into the answer from there.

use uuid::Uuid;

use super::{Credit, entry, rule_event};
use crate::ctx::Ctx;
use crate::domain::credit::command::{ListOf, PlaceHold, ReleaseHold};
use crate::domain::credit::hold::{Hold, Release};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::names::{CREDIT_HOLDS, child_name};
use crate::store::facts::Entered;
use crate::store::{Call, WriteTx};

impl Credit {
    /// Stops the orders of an account or of its group until the hold is released.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `ACCOUNT_DELETED`.
    pub async fn place_hold(&self, ctx: &Ctx, request_id: &str, c: PlaceHold) -> Result<Hold> {
        let call = Call {
            method: "CreditService.PlaceCreditHold",
            request_id,
            command: &c,
            resource: c.account.to_string(),
        };
        let (command, by) = (c.clone(), ctx.principal.clone());
        let placed = self
            .store
            .mutate(ctx, call, move |tx| {
                let (c, by) = (command.clone(), by.clone());
                Box::pin(async move { place(tx, c, &by).await })
            })
            .await?;
        self.with_text(placed).await
    }

    /// Ends a hold.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `HOLD_RELEASED` if it was released before.
    pub async fn release_hold(&self, ctx: &Ctx, request_id: &str, c: ReleaseHold) -> Result<Hold> {
        let call = Call {
            method: "CreditService.ReleaseCreditHold",
            request_id,
            command: &c,
            resource: c.hold.resource_name(CREDIT_HOLDS),
        };
        let (command, by) = (c.clone(), ctx.principal.clone());
        let released = self
            .store
            .mutate(ctx, call, move |tx| {
                let (c, by) = (command.clone(), by.clone());
                Box::pin(async move { release(tx, c, &by).await })
            })
            .await?;
        self.with_text(released).await
    }

    async fn with_text(&self, mut hold: Hold) -> Result<Hold> {
        let (reason, release_reason) = self.store.credit_hold_text(hold.id).await?;
        hold.reason = reason;
        if let Some(release) = &mut hold.release {
            release.reason = release_reason;
        }
        Ok(hold)
    }

    /// A page of the holds of an account, the latest first, and the id to go on from if there
    /// are more.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn holds(
        &self,
        ctx: &Ctx,
        of: ListOf,
        show_released: bool,
    ) -> Result<(Vec<Hold>, Option<Uuid>)> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let ListOf { account, size, after } = of;
                    let account_id = entry::listed(tx, account).await?;
                    let read = tx.credit_holds(&account_id, show_released, after, size + 1).await?;
                    Ok(entry::page(read, size, |hold| hold.id))
                })
            })
            .await
    }
}

async fn place(tx: &mut WriteTx, c: PlaceHold, by: &str) -> Result<Hold> {
    let PlaceHold { account, scope, reason } = c;
    let Entered { account_id, recorded_us } = entry::enter_live(tx, &account).await?;
    let mut hold = Hold {
        id: Uuid::now_v7(),
        account_id,
        scope,
        reason,
        placed_by: by.to_owned(),
        recorded_us,
        release: None,
    };
    tx.add_credit_hold(&hold).await?;
    tx.publish(vec![rule_event::hold_placed(&hold)]).await?;
    hold.reason.clear();
    Ok(hold)
}

async fn release(tx: &mut WriteTx, c: ReleaseHold, by: &str) -> Result<Hold> {
    let ReleaseHold { hold: name, reason } = c;
    let Entered { account_id, recorded_us } = tx.enter_account(&name.account).await?;
    let full_name = child_name(&account_id, CREDIT_HOLDS, name.id);
    let found = tx.credit_hold(&account_id, name.id).await?;
    let mut hold = found.ok_or_else(|| Error::not_found("creditHold", &full_name))?;
    if hold.release.is_some() {
        let description = "was released before";
        return Err(Error::precondition(Reason::HoldReleased, full_name, description));
    }
    let mut release = Release { us: recorded_us, by: by.to_owned(), reason };
    tx.release_credit_hold(hold.id, &release).await?;
    tx.publish(vec![rule_event::hold_released(&hold)]).await?;
    release.reason.clear();
    hold.reason.clear();
    hold.release = Some(release);
    Ok(hold)
}
