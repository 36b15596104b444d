//! What documents ask to be cleared and what is not done yet.

use super::item::key;
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::domain::clearing::{WaitingClearing, WaitingKey, WaitingReason};
use crate::domain::names::{DOCUMENTS, child_name};
use crate::domain::page::Page;
use crate::pb;

pub fn waiting_clearings(
    page: Page<WaitingClearing, WaitingKey>,
    request: &PageRequest,
) -> pb::ListWaitingClearingsResponse {
    let (waiting_clearings, next_page_token) = request.answer(page, waiting_clearing);
    pb::ListWaitingClearingsResponse { waiting_clearings, next_page_token }
}

fn waiting_clearing(waiting: WaitingClearing) -> pb::WaitingClearing {
    let WaitingClearing {
        id: _,
        account_id,
        document,
        key: of_credit,
        target,
        open,
        reason,
        import_id,
        place: _,
    } = waiting;
    let (reason, detail) = match reason {
        WaitingReason::TargetMissing => (pb::WaitingReason::TargetMissing, String::new()),
        WaitingReason::TargetReversed => (pb::WaitingReason::TargetReversed, String::new()),
        WaitingReason::NothingOpen => (pb::WaitingReason::NothingOpen, String::new()),
        WaitingReason::FinishPending => (pb::WaitingReason::FinishPending, String::new()),
        WaitingReason::Refused(why) => (pb::WaitingReason::Refused, why),
    };
    let (target, amount) = target.map(|target| (target.key, target.amount)).unzip();
    let amount = amount.flatten();
    pb::WaitingClearing {
        document: child_name(&account_id, DOCUMENTS, document),
        key: Some(key(of_credit)),
        target: target.map(key),
        amount: amount.map(|amount| write::money(amount.minor, amount.currency)),
        open: Some(write::money(open.minor, open.currency)),
        reason: reason.into(),
        detail,
        import_id,
    }
}
