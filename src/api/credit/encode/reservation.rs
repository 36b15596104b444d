//! Reservations on the wire.

use crate::api::convert::write;
use crate::api::credit::enums;
use crate::api::list::PageRequest;
use crate::domain::credit::reservation::{NEVER, Now, Reservation};
use crate::domain::names::OrderKey;
use crate::domain::names::{CREDIT_DECISIONS, CREDIT_RESERVATIONS, child_name};
use crate::domain::page::Page;
use crate::pb;

/// A reservation as it stands at that moment.
pub fn reservation(reservation: Reservation, now: Now) -> pb::CreditReservation {
    let (stage, counted) = (reservation.stage(now), reservation.counted(now).total());
    let advance = reservation.advance.on(now.today);
    let Reservation {
        id,
        account_id,
        system,
        order_ref,
        company_code,
        currency,
        // Told by the stage.
        state: _,
        amount,
        delivered,
        invoiced,
        invoiced_live: _,
        advance: _,
        expire_us,
        grant,
        decision,
        cancel_reason,
        // What it counts now is counted anew.
        stored: _,
        create_us,
        update_us,
    } = reservation;
    let money = |minor| Some(write::money(minor, currency));
    let instant = |us: i64| (us != NEVER).then(|| write::timestamp(us));
    pb::CreditReservation {
        name: child_name(&account_id, CREDIT_RESERVATIONS, id),
        order: Some(pb::OrderKey { source_system: system, order_ref }),
        company_code,
        stage: enums::write_stage(stage).into(),
        amount: money(amount),
        delivered: money(delivered),
        invoiced: money(invoiced),
        advance: money(advance),
        counted_amount: money(counted),
        expire_time: instant(expire_us),
        granted_amount: grant.and_then(|grant| money(grant.amount)),
        granted_until: grant.and_then(|grant| instant(grant.until_us)),
        decision: child_name(&account_id, CREDIT_DECISIONS, decision),
        cancel_reason: cancel_reason.into_exposed(),
        create_time: Some(write::recorded(create_us)),
        update_time: Some(write::recorded(update_us)),
    }
}

pub fn reservations(
    page: Page<(Reservation, Now)>,
    request: &PageRequest,
) -> pb::ListReservationsResponse {
    let (reservations, next_page_token) =
        request.answer(page, |(each, now)| reservation(each, now));
    pb::ListReservationsResponse { reservations, next_page_token }
}

/// The company is told beside it.
pub(super) fn key(OrderKey { system, company_code: _, order_ref }: OrderKey) -> pb::OrderKey {
    pb::OrderKey { source_system: system, order_ref }
}
