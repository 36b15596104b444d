//! The closed sets of the contract and the domain's, value by value: a new one on either side
//! does not compile until it is placed here. `None` is UNSPECIFIED.

use crate::api::convert::closed_set::both_ways;
use crate::domain::aging::Basis;
use crate::domain::dates::BusinessDayConvention;
use crate::domain::document::{NoticeCode, PostOutcome};
use crate::domain::error::{Error, Result};
use crate::domain::import::ImportOutcome;
use crate::domain::item::{AdjustmentReason, DocumentKind, ItemClass, Side};
use crate::domain::names::CanonicalForm;
use crate::domain::promise::PromiseState;
use crate::domain::receivables::{DisputeOutcome, Movement, RiskOrder, RiskView};
use crate::domain::terms::{Baseline, InstalmentKind};
use crate::pb;

both_ways! {
    read_kind, write_kind: DocumentKind = DocumentKind {
        Invoice, DebitNote, CreditNote, Receipt, Refund, SetOff, Adjustment, WriteOff, Recovery,
        OpeningBalance,
    }
    read_side, write_side: Side = Side { Debit, Credit }
    read_adjustment, write_adjustment: AdjustmentReason = AdjustmentReason {
        CashDiscount, SmallDifference, BankCharge, Withholding, Deduction,
    }
    read_instalment_kind, write_instalment_kind: InstalmentKind = InstalmentKind {
        Normal, Retention,
    }
    read_baseline, write_baseline: Baseline = TermsBaseline {
        Document, Delivery, TaxInvoiceReceipt, Acceptance, Statement,
    }
    read_outcome, write_outcome: DisputeOutcome = DisputeOutcome { Accepted, Rejected, Withdrawn }
    read_basis, write_basis: Basis = AgingBasis { DueDate, DocumentDate, PostingDate }
    read_convention, write_convention: BusinessDayConvention = BusinessDayConvention {
        None, Following,
    }
}

pub fn read_view(value: pb::RiskView) -> Option<RiskView> {
    match value {
        pb::RiskView::Unspecified => None,
        pb::RiskView::Basic => Some(RiskView::Basic),
        pb::RiskView::Full => Some(RiskView::Full),
    }
}

pub fn read_order(value: pb::RiskOrder) -> Option<RiskOrder> {
    match value {
        pb::RiskOrder::Unspecified => None,
        pb::RiskOrder::Overdue => Some(RiskOrder::Overdue),
        pb::RiskOrder::Balance => Some(RiskOrder::Balance),
        pb::RiskOrder::WorstOverdueDays => Some(RiskOrder::WorstOverdueDays),
    }
}

pub fn read_form(value: pb::CanonicalForm) -> Option<CanonicalForm> {
    match value {
        pb::CanonicalForm::Unspecified => None,
        pb::CanonicalForm::Exact => Some(CanonicalForm::Exact),
        pb::CanonicalForm::Numeric => Some(CanonicalForm::Numeric),
    }
}

pub fn write_post_outcome(value: PostOutcome) -> pb::PostOutcome {
    match value {
        PostOutcome::Posted => pb::PostOutcome::Posted,
        PostOutcome::AlreadyPosted => pb::PostOutcome::AlreadyPosted,
        PostOutcome::Revised => pb::PostOutcome::Revised,
        PostOutcome::Superseded => pb::PostOutcome::Superseded,
        PostOutcome::AlreadyReversed => pb::PostOutcome::AlreadyReversed,
        PostOutcome::Refused => pb::PostOutcome::Refused,
    }
}

pub fn write_import_outcome(value: ImportOutcome) -> pb::ImportOutcome {
    match value {
        ImportOutcome::Posted => pb::ImportOutcome::Posted,
        ImportOutcome::Revised => pb::ImportOutcome::Revised,
        ImportOutcome::Unchanged => pb::ImportOutcome::Unchanged,
        ImportOutcome::Refused => pb::ImportOutcome::Refused,
        ImportOutcome::Settled => pb::ImportOutcome::Settled,
        ImportOutcome::Reopened => pb::ImportOutcome::Reopened,
    }
}

pub fn write_notice(value: NoticeCode) -> pb::NoticeCode {
    match value {
        NoticeCode::DueBeforeDocument => pb::NoticeCode::DueBeforeDocument,
    }
}

/// # Errors
/// INTERNAL for a bill: the contract has no such class, as no document leaves one yet.
pub fn write_class(value: ItemClass) -> Result<pb::ItemClass> {
    match value {
        ItemClass::Ordinary => Ok(pb::ItemClass::Ordinary),
        ItemClass::Retention => Ok(pb::ItemClass::Retention),
        ItemClass::DuePending => Ok(pb::ItemClass::DuePending),
        ItemClass::UnappliedCash => Ok(pb::ItemClass::UnappliedCash),
        ItemClass::OrderAdvance => Ok(pb::ItemClass::OrderAdvance),
        ItemClass::OpenCredit => Ok(pb::ItemClass::OpenCredit),
        ItemClass::Bill => Err(Error::internal("a bill, which the contract does not know")),
    }
}

pub fn write_promise_state(value: PromiseState) -> pb::PromiseState {
    match value {
        PromiseState::Open => pb::PromiseState::Open,
        PromiseState::Kept => pb::PromiseState::Kept,
        PromiseState::PartiallyKept => pb::PromiseState::PartiallyKept,
        PromiseState::Broken => pb::PromiseState::Broken,
        PromiseState::Withdrawn => pb::PromiseState::Withdrawn,
        PromiseState::Lapsed => pb::PromiseState::Lapsed,
    }
}

pub fn write_movement(value: Movement) -> pb::MovementKind {
    match value {
        Movement::Posting => pb::MovementKind::Posting,
        Movement::Reversal => pb::MovementKind::Reversal,
        Movement::Clearing => pb::MovementKind::Clearing,
        Movement::Reset => pb::MovementKind::Reset,
        Movement::Recovery => pb::MovementKind::Recovery,
    }
}
