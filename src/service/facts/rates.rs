//! SetExchangeRates.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::{Facts, event};
use crate::ctx::Ctx;
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::rates::Quote;
use crate::domain::receivables::command::SetRates;
use crate::store::{Call, WriteTx};

impl Facts {
    /// Records exchange rates; answers how many.
    ///
    /// # Errors
    /// `FIELD_INVALID` for a rate that is not positive or of a currency to itself,
    /// `DUPLICATE_ELEMENT` for a second rate of one type, day and pair.
    pub async fn set_rates(&self, ctx: &Ctx, request_id: &str, c: SetRates) -> Result<usize> {
        check(&c.rates)?;
        let call = Call::new("ReceivableService.SetExchangeRates", request_id, "exchangeRates");
        Ok(self.store.mutate(ctx, call, c, set).await?.into_inner())
    }
}

async fn set(tx: &mut WriteTx, _: &Ctx, c: &SetRates) -> Result<usize> {
    tx.add_rates(&c.rates).await?;
    tx.set_without_rate_due().await?;
    tx.publish(vec![event::rates_set(c.rates.len())]).await?;
    Ok(c.rates.len())
}

fn check(rates: &[Quote]) -> Result<()> {
    let mut violations = Violations::new();
    let mut seen = HashSet::new();
    for (i, quote) in rates.iter().enumerate() {
        if quote.from == quote.to {
            let description = format!("{} is worth itself", quote.to);
            violations.add(format!("rates[{i}].to_currency"), Reason::FieldInvalid, description);
        }
        if quote.rate <= Decimal::ZERO {
            violations.add(format!("rates[{i}].rate"), Reason::FieldInvalid, "must be positive");
        }
        if !seen.insert((&quote.rate_type, quote.date, quote.from, quote.to)) {
            let description = "has the type, day and currencies of an earlier one";
            violations.add(format!("rates[{i}]"), Reason::DuplicateElement, description);
        }
    }
    violations.finish()
}
