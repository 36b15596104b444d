//! SnoozeFinding.

use serde_json::json;

use super::Findings;
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::event::{Event, EventType};
use crate::domain::finding::Code;
use crate::domain::finding::found::{BOOK, Snooze, SnoozeFinding};
use crate::domain::names::{AccountRef, account_name};
use crate::service::resolve;
use crate::store::{Call, Outcome, WriteTx};

impl Findings {
    /// Hides a finding until a day, whether it is so by now or not.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `ACCOUNT_DELETED`, `DATE_INVALID`.
    pub async fn snooze(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: SnoozeFinding<AccountRef>,
    ) -> Result<Snooze> {
        let subject = c.account.as_ref().map_or_else(|| account_name(BOOK), ToString::to_string);
        let call = Call::new("AccountService.SnoozeFinding", request_id, subject);
        let reason = c.reason.clone();
        Ok(match self.store.mutate(ctx, call, c, snooze).await? {
            Outcome::Done(done) => done,
            // The same request gave the same reason.
            Outcome::Replayed(kept) => Snooze { reason: reason.into(), ..kept },
        })
    }
}

async fn snooze(tx: &mut WriteTx, ctx: &Ctx, c: &SnoozeFinding<AccountRef>) -> Result<Snooze> {
    let today = ctx.business_date();
    if c.until < today {
        let what = format!("{} lies before the business date, {today}", c.until);
        return Err(Error::invalid("until_date", Reason::DateInvalid, what));
    }
    let account_id = match &c.account {
        None => {
            ctx.check_all_accounts("the whole book")?;
            BOOK.to_owned()
        }
        Some(name) => {
            let found = tx.find_accounts(std::slice::from_ref(name)).await?;
            let id = resolve::only(name, found)?.id;
            let gone = || Error::internal(format!("{} is gone", account_name(&id)));
            tx.account(&id).await?.ok_or_else(gone)?.check_live()?;
            id
        }
    };
    let snooze = Snooze {
        account_id,
        code: c.code,
        from_date: today,
        until: c.until,
        reason: c.reason.clone().into(),
        snoozed_by: ctx.principal.to_string(),
        recorded_us: tx.recorded_at().await?,
    };
    tx.snooze(&snooze).await?;
    tx.publish(vec![event(&snooze)]).await?;
    Ok(snooze)
}

fn event(snooze: &Snooze) -> Event {
    let Snooze { account_id, code, until, .. } = snooze;
    let data = json!({ "code": Code::as_str(*code), "until": until });
    let of = if account_id == BOOK { "" } else { account_id };
    Event::new(EventType::FindingSnoozed, of, snooze.subject(), data)
}
