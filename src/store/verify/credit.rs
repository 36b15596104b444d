//! What counts against limits, and the reservations that take it: against the entries, the tree
//! of accounts as it is now, and the rules of [`crate::domain::credit::reservation`].

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};
use uuid::Uuid;

use super::{Check, EXAMPLES_MAX, Query, id};
use crate::ctx::Clock;
use crate::domain::credit::component::Component;
use crate::domain::credit::decide::FoundKey;
use crate::domain::credit::reservation::{Advance, Now, Reservation};
use crate::domain::error::Result;
use crate::domain::item::ItemClass;
use crate::store::credit::{
    COUNTS_AT_ONCE, KnownReservation, reservation_histories, reservations_page,
};

/// Reservations looked at together.
const BATCH: u64 = 1_000;

pub(super) fn queries(engine: DbBackend, today: NaiveDate) -> [Query; 5] {
    let document = id(engine, "l.document_id");
    [
        Query::new(
            "each account stands where its links of today say",
            "SELECT COUNT(*) AS v FROM account",
            "SELECT 'account ' || a.id || ': under ' || a.parent_id || ', by its links under ' || \
               COALESCE(l.parent_id, '') AS example \
             FROM account a LEFT JOIN account_link l ON l.account_id = a.id \
               AND l.effective_date <= $1 AND NOT EXISTS (SELECT 1 FROM account_link n \
                 WHERE n.account_id = l.account_id AND n.effective_date <= $1 \
                 AND (n.effective_date > l.effective_date OR \
                   (n.effective_date = l.effective_date AND n.recorded_us > l.recorded_us))) \
             WHERE a.parent_id <> COALESCE(l.parent_id, '')",
        )
        .with(today),
        Query::new(
            "what counts against limits = entries and orders of each account and those below it",
            "SELECT COUNT(*) AS v FROM credit_exposure",
            exposure(),
        )
        .with(today),
        Query::new(
            "each order is as far invoiced as the documents that invoice it",
            "SELECT COUNT(*) AS v FROM credit_reservation",
            "SELECT 'order ' || o.source_system || ' ' || o.company_code || ' ' || o.order_ref || ' of ' || o.account_id || \
               ': invoiced ' || o.invoiced_live || ', at the most ' || o.invoiced || \
               ', documents ' || COALESCE(s.total, 0) AS example \
             FROM credit_reservation o LEFT JOIN \
               (SELECT reservation_id, SUM(amount) AS total, SUM(took) AS took \
                FROM credit_reservation_document GROUP BY reservation_id) s \
               ON s.reservation_id = o.id \
             WHERE o.invoiced_live <> COALESCE(s.total, 0) OR o.invoiced < o.invoiced_live \
               OR o.invoiced < COALESCE(s.took, 0)",
        ),
        Query::new(
            "each document that invoices an order counts, in its account and currency",
            "SELECT COUNT(*) AS v FROM credit_reservation_document",
            format!(
                "SELECT 'document ' || {document} || ' of order ' || COALESCE(o.order_ref, '') \
                   AS example \
                 FROM credit_reservation_document l \
                 LEFT JOIN credit_reservation o ON o.id = l.reservation_id \
                 LEFT JOIN document d ON d.id = l.document_id \
                 LEFT JOIN document_end e ON e.document_id = l.document_id \
                 WHERE o.id IS NULL OR d.id IS NULL OR COALESCE(e.state, 'REVERSED') <> 'REVERSED' \
                   OR d.account_id <> o.account_id OR d.currency <> o.currency \
                   OR CASE WHEN e.document_id IS NULL THEN d.gross ELSE 0 END <> l.amount \
                   OR d.side <> 'DEBIT'"
            ),
        ),
        Query::new(
            "each order belongs to the group of its account",
            "SELECT COUNT(*) AS v FROM credit_reservation",
            "SELECT 'order ' || o.source_system || ' ' || o.company_code || ' ' || o.order_ref || ' of ' || o.account_id || \
               ': group ' || o.root_id || ', account ' || COALESCE(h.root_id, '') AS example \
             FROM credit_reservation o LEFT JOIN account_head h ON h.account_id = o.account_id \
             WHERE o.root_id <> COALESCE(h.root_id, '')",
        ),
    ]
}

/// What is left of the projection after what it should be is taken off: in all, and by today
/// (`$1`).
fn exposure() -> String {
    let component = components();
    let advance = ItemClass::OrderAdvance;
    let counted = [
        ("counted_order", Component::Orders),
        ("counted_delivered", Component::Delivered),
        ("counted_advance", Component::OrderAdvances),
    ]
    .map(|(column, component)| {
        format!(
            "UNION ALL SELECT account_id, currency, company_code, '{component}', {column}, \
             {column} FROM credit_reservation"
        )
    })
    .join(" ");
    format!(
        "WITH RECURSIVE above(account_id, ancestor_id, step) AS ( \
           SELECT id, id, 0 FROM account UNION ALL \
           SELECT u.account_id, a.parent_id, u.step + 1 FROM above u \
           JOIN account a ON a.id = u.ancestor_id WHERE a.parent_id <> '' AND u.step < 64), \
         own AS (SELECT i.account_id, i.currency, i.company_code, {component} AS component, \
             SUM(e.amount) AS total, \
             SUM(CASE WHEN {COUNTS_AT_ONCE} OR e.effective_date <= $1 \
               THEN e.amount ELSE 0 END) AS counting \
           FROM entry e JOIN item i ON i.id = e.item_id WHERE i.class <> '{advance}' \
           GROUP BY i.account_id, i.currency, i.company_code, {component} {counted}), \
         both_sides AS (SELECT u.ancestor_id AS account_id, o.currency, o.company_code, \
             o.component, o.total, o.counting, 0 AS stored, 0 AS stored_counting \
           FROM own o JOIN above u ON u.account_id = o.account_id \
           UNION ALL SELECT account_id, currency, company_code, component, 0, 0, amount, \
             CASE WHEN effective_date <= $1 THEN amount ELSE 0 END FROM credit_exposure) \
         SELECT account_id || ' ' || currency || ' ' || company_code || ' ' || component || ': ' \
           || SUM(stored_counting) || ' counts of ' || SUM(stored) || ', entries and orders ' \
           || SUM(counting) || ' of ' || SUM(total) AS example FROM both_sides \
         GROUP BY account_id, currency, company_code, component \
         HAVING SUM(total) <> SUM(stored) OR SUM(counting) <> SUM(stored_counting)"
    )
}

/// The component of an item, by its class.
fn components() -> String {
    let arms = ItemClass::ALL.iter().filter_map(|class| {
        let component = Component::of(*class)?;
        Some(format!("WHEN '{class}' THEN '{component}' "))
    });
    format!("CASE i.class {}ELSE '' END", arms.collect::<String>())
}

/// Every reservation, by the rules: what it counts, and what the ledger says of it.
pub(super) async fn reservations(conn: &DatabaseTransaction, clock: &Clock) -> Result<Check> {
    let now = Now { us: clock.now_micros(), today: clock.business_date() };
    let mut check = Check {
        name: "each order counts what its amounts and the ledger say",
        checked: 0,
        differences: 0,
        examples: Vec::new(),
    };
    let mut after = Uuid::nil();
    loop {
        let known = reservations_page(conn, after, BATCH).await?;
        let Some(last) = known.last() else { break };
        after = last.reservation.id;
        check_batch(conn, &mut check, &known, now).await?;
    }
    Ok(check)
}

async fn check_batch(
    conn: &impl ConnectionTrait,
    check: &mut Check,
    known: &[KnownReservation],
    now: Now,
) -> Result<()> {
    let keys: Vec<FoundKey> = known.iter().map(|known| FoundKey::of(&known.reservation)).collect();
    let mut histories = reservation_histories(conn, &keys, now.today).await?;
    for (KnownReservation { reservation, next_change_us, .. }, key) in known.iter().zip(&keys) {
        check.checked += 1;
        let history = histories.remove(key).unwrap_or_default();
        let counted = reservation.counted(now);
        let mut faults = Vec::new();
        if reservation.stored != counted && *next_change_us > now.us {
            faults.push(format!("counts {:?}, should be {counted:?}", reservation.stored));
        }
        if sums(&reservation.advance, now) != sums(&history.advance, now) {
            let (counting, total) = sums(&reservation.advance, now);
            let (paid, in_all) = sums(&history.advance, now);
            faults.push(format!(
                "{counting} counts of {total} paid ahead, receipts {paid} of {in_all}"
            ));
        }
        if !history.documents.is_empty() {
            faults.push(format!("{} documents name and don't invoice it", history.documents.len()));
        }
        note(check, reservation, &faults);
    }
    Ok(())
}

/// What counts by now, and what will in all.
fn sums(advance: &Advance, now: Now) -> (i64, i64) {
    (advance.on(now.today), advance.on(NaiveDate::MAX))
}

fn note(check: &mut Check, reservation: &Reservation, faults: &[String]) {
    if faults.is_empty() {
        return;
    }
    check.differences += 1;
    if check.examples.len() < EXAMPLES_MAX as usize {
        let Reservation { system, company_code, order_ref, account_id, .. } = reservation;
        let faults = faults.join("; ");
        check
            .examples
            .push(format!("order {system} {company_code} {order_ref} of {account_id}: {faults}"));
    }
}
