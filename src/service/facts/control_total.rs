//! SetControlTotal.

use super::{Facts, event};
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::ledger::LedgerPoint;
use crate::domain::receivables::ControlTotalCheck;
use crate::domain::receivables::command::SetControlTotal;
use crate::store::{Call, WriteTx};

impl Facts {
    /// Records a balance of the general ledger; answers it beside the balance of this ledger
    /// at the point of the answer.
    pub async fn set_control_total(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: SetControlTotal,
    ) -> Result<ControlTotalCheck> {
        let call = Call::new(
            "ReceivableService.SetControlTotal",
            request_id,
            event::company(&c.company_code),
        );
        // What this server wrote before is in the balance, though its millisecond is not over.
        self.store.settled().await?;
        Ok(self.store.mutate(ctx, call, c, record).await?.into_inner())
    }
}

async fn record(tx: &mut WriteTx, ctx: &Ctx, c: &SetControlTotal) -> Result<ControlTotalCheck> {
    let SetControlTotal { company_code, date, amount } = c.clone();
    let currency = amount.currency;
    let book = tx.book_balance(&company_code, currency.code(), date).await?;
    tx.add_control_total(&company_code, date, amount).await?;
    tx.publish(vec![event::control_total_set(&company_code, date, amount)]).await?;
    Ok(ControlTotalCheck {
        company_code,
        date,
        currency,
        control_total: amount.minor,
        ledger_balance: book.balance,
        point: LedgerPoint {
            as_of: date,
            known_at: book.known_at,
            projected: date > ctx.business_date(),
            known: book.known,
        },
    })
}
