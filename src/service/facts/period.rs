//! ClosePeriod.

use chrono::NaiveDate;

use super::{Facts, event};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::receivables::command::ClosePeriod;
use crate::store::{Call, WriteTx};

impl Facts {
    /// Closes the books of a company through a day, for good; answers company and day.
    ///
    /// # Errors
    /// `DATE_INVALID` for a day after the business date, `PERIOD_ALREADY_CLOSED` if the books
    /// are closed through that day or a later one.
    pub async fn close_period(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: ClosePeriod,
    ) -> Result<(String, NaiveDate)> {
        let company = event::company(&c.company_code);
        let call = Call::new("ReceivableService.ClosePeriod", request_id, company);
        Ok(self.store.mutate(ctx, call, c, close).await?.into_inner())
    }
}

async fn close(tx: &mut WriteTx, ctx: &Ctx, c: &ClosePeriod) -> Result<(String, NaiveDate)> {
    let ClosePeriod { company_code, through_date } = c.clone();
    let today = ctx.business_date();
    if through_date > today {
        return Err(in_the_future(through_date, today));
    }
    if let Some(closed) = tx.closed_period_to_extend(&company_code).await?
        && closed >= through_date
    {
        let description = format!("the books are closed through {closed} already");
        return Err(Precondition::new(
            Reason::PeriodAlreadyClosed,
            event::company(&company_code),
            description,
        )
        .at("through_date")
        .with("company_code", &company_code)
        .with("closed_through", closed)
        .into());
    }
    tx.close_period(&company_code, through_date).await?;
    tx.publish(vec![event::period_closed(&company_code, through_date)]).await?;
    Ok((company_code, through_date))
}

/// A day that is not over cannot be final.
fn in_the_future(date: NaiveDate, today: NaiveDate) -> Error {
    let description = format!("{date} lies after the business date {today}");
    Error::invalid("through_date", Reason::DateInvalid, description)
}
