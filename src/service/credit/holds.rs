//! Holds: PlaceCreditHold, ReleaseCreditHold and ListCreditHolds.

use uuid::Uuid;

use super::{Credit, entry, rule_event};
use crate::ctx::Ctx;
use crate::domain::credit::command::{ListOf, PlaceHold, ReleaseHold};
use crate::domain::credit::hold::{self, Hold, HoldVerb, Release};
use crate::domain::error::{Error, Result};
use crate::domain::machine::advance;
use crate::domain::names::{CREDIT_HOLDS, child_name};
use crate::domain::page::Page;
use crate::store::{Call, Entered, Outcome, WriteTx};

impl Credit {
    /// Stops the orders of an account or of its group until the hold is released.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `ACCOUNT_DELETED`.
    pub async fn place_hold(&self, ctx: &Ctx, request_id: &str, c: PlaceHold) -> Result<Hold> {
        let call = Call::new("CreditService.PlaceCreditHold", request_id, &c.account);
        self.with_text(self.store.mutate(ctx, call, c, place).await?).await
    }

    /// Ends a hold.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `STATE_WRONG` if it was released before.
    pub async fn release_hold(&self, ctx: &Ctx, request_id: &str, c: ReleaseHold) -> Result<Hold> {
        let name = c.hold.resource_name(CREDIT_HOLDS);
        let call = Call::new("CreditService.ReleaseCreditHold", request_id, name);
        self.with_text(self.store.mutate(ctx, call, c, release).await?).await
    }

    /// What people wrote about a hold is in its row alone.
    async fn with_text(&self, answer: Outcome<Hold>) -> Result<Hold> {
        match answer {
            Outcome::Done(hold) => Ok(hold),
            Outcome::Replayed(hold) => self.store.credit_hold_with_text(hold).await,
        }
    }

    /// A page of the holds of an account, the latest first.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn holds(&self, ctx: &Ctx, of: ListOf, show_released: bool) -> Result<Page<Hold>> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let account_id = entry::listed(tx, of.account).await?;
                    tx.credit_holds(&account_id, show_released, of.page).await
                })
            })
            .await
    }
}

async fn place(tx: &mut WriteTx, ctx: &Ctx, c: &PlaceHold) -> Result<Hold> {
    let Entered { account_id, recorded_us } = entry::enter_live(tx, &c.account).await?;
    let hold = Hold {
        id: Uuid::now_v7(),
        account_id,
        scope: c.scope,
        reason: c.reason.clone().into(),
        placed_by: ctx.principal.to_string(),
        recorded_us,
        release: None,
    };
    tx.add_credit_hold(&hold).await?;
    tx.publish(vec![rule_event::hold_placed(&hold)]).await?;
    Ok(hold)
}

async fn release(tx: &mut WriteTx, ctx: &Ctx, c: &ReleaseHold) -> Result<Hold> {
    let Entered { account_id, recorded_us } = tx.enter_account(&c.hold.account).await?;
    let name = child_name(&account_id, CREDIT_HOLDS, c.hold.id);
    let found = tx.credit_hold(&account_id, c.hold.id).await?;
    let mut hold = found.ok_or_else(|| Error::not_found("creditHold", &name))?;
    advance(hold::STATES, &name, hold.state(), HoldVerb::Release)?;
    let release =
        Release { us: recorded_us, by: ctx.principal.to_string(), reason: c.reason.clone().into() };
    tx.release_credit_hold(hold.id, &release).await?;
    hold.release = Some(release);
    tx.publish(vec![rule_event::hold_released(&hold)]).await?;
    Ok(hold)
}
