//! Invoices of which nobody is asked any more.

use chrono::NaiveDate;

use crate::domain::error::Result;
use crate::domain::job::Function;
use crate::domain::names::account_name;
use crate::domain::position::Position;
use crate::domain::position::incumbency::{self, Seating, UncontactedInvoices};
use crate::store::WriteTx;

/// The open invoices of the account of a position of finance that was left, if nobody sits in any
/// such position of the customer on a day.
pub(super) async fn uncontacted(
    tx: &WriteTx,
    left: &Position,
    day: NaiveDate,
) -> Result<Option<UncontactedInvoices>> {
    if left.terms.function != Function::Finance {
        return Ok(None);
    }
    let account_id = left.account_id.as_str();
    let customers = tx.customers(&[account_id].into()).await?.on(day);
    let (mut seatings, mut positions) = (Vec::new(), Vec::new());
    for one in customers.same_as(account_id) {
        seatings.extend(tx.seatings_of_account(one).await?);
        positions.extend(tx.positions_of(one).await?);
    }
    let answers = |position: &Position| {
        let here: Vec<Seating> =
            seatings.iter().filter(|one| one.position_id == position.id).cloned().collect();
        position.terms.function == Function::Finance && incumbency::incumbent(&here, day).is_some()
    };
    if positions.iter().any(answers) {
        return Ok(None);
    }
    tracing::debug!(account = account_name(account_id), "nobody answers for money");
    tx.open_invoices(account_id).await
}
