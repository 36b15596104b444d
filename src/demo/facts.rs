//! Disputes and promises about ordinary invoices.

use super::Fact;
use super::book::Book;
use super::payments::Settlement;
use super::sales::{Invoice, before};
use crate::domain::dates::add_days;
use crate::domain::money::Money;
use crate::domain::receivables::DisputeOutcome;

/// One in so many of the invoices that are open long enough is disputed.
const DISPUTE_EVERY: usize = 12;
/// Days after the due date when we ask what is wrong.
const ASKED_AFTER_DAYS: u32 = 3;
/// Days after the due date when a very late customer promises, and how many it takes.
const PROMISED_AFTER_DAYS: u32 = 25;
const PROMISE_DAYS: u32 = 14;

const REASON_CODES: [&str; 4] = ["PRICE", "QUANTITY", "QUALITY", "PROOF_OF_DELIVERY"];

/// Puts disputes with their ends and promises into the books. Each is recorded on an evening
/// on which its invoice is still wholly open.
pub fn deliver(book: &mut Book, invoices: &[Invoice], settlements: &[Settlement]) {
    let plan = book.plan;
    let mut asked_about = 0;
    for (invoice, settlement) in invoices.iter().zip(settlements) {
        let Some(paid) = settlement.first_payment() else { continue };
        let waits = |day| day <= plan.eve() && plan.evening(day) < paid;
        if settlement.credit.is_some() {
            continue;
        }
        let asked = add_days(invoice.due, ASKED_AFTER_DAYS);
        let waits_for_answer = waits(asked);
        asked_about += usize::from(waits_for_answer);
        if waits_for_answer && asked_about % DISPUTE_EVERY == 0 {
            let key = &invoice.key;
            let reason_code = REASON_CODES[asked_about / DISPUTE_EVERY % REASON_CODES.len()];
            book.fact(asked, Fact::Dispute { invoice: key.clone(), reason_code, open_date: asked });
            let end = before(paid, 1);
            if end <= plan.eve() {
                let outcome = DisputeOutcome::Rejected;
                book.fact(
                    end,
                    Fact::DisputeEnd { invoice: key.clone(), outcome, resolve_date: end },
                );
            }
        }
        let promised = add_days(invoice.due, PROMISED_AFTER_DAYS);
        if settlement.very_late && waits(promised) {
            let promise = Fact::Promise {
                invoice: invoice.key.clone(),
                amount: Money { minor: invoice.gross, currency: invoice.currency },
                promise_date: promised,
                pay_by: add_days(promised, PROMISE_DAYS),
            };
            book.fact(promised, promise);
        }
    }
}
