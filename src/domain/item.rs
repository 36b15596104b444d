//! Documents and the open items they leave: which kinds there are, and which column an item
//! of theirs belongs to.

use chrono::NaiveDate;

use super::stored::stored_enum;
use super::terms::{Instalment, InstalmentKind};

stored_enum! {
    /// What a document is in the ledger.
    pub enum DocumentKind {
        Invoice => "INVOICE",
        DebitNote => "DEBIT_NOTE",
        CreditNote => "CREDIT_NOTE",
        /// Money in; an advance if it names an order.
        Receipt => "RECEIPT",
        /// Money paid back.
        Refund => "REFUND",
        /// A receivable set against what we owe the same party.
        SetOff => "SET_OFF",
        /// A difference accepted, for an [`AdjustmentReason`].
        Adjustment => "ADJUSTMENT",
        WriteOff => "WRITE_OFF",
        /// Money in on what was written off.
        Recovery => "RECOVERY",
        /// Migrated from an older system; never trains payment behavior.
        OpeningBalance => "OPENING_BALANCE",
    }
}

stored_enum! {
    /// Which way an amount counts: a debit is owed to us, a credit takes off what is owed.
    pub enum Side {
        Debit => "DEBIT",
        Credit => "CREDIT",
    }
}

stored_enum! {
    /// Why a difference was accepted.
    pub enum AdjustmentReason {
        CashDiscount => "CASH_DISCOUNT",
        SmallDifference => "SMALL_DIFFERENCE",
        BankCharge => "BANK_CHARGE",
        Withholding => "WITHHOLDING",
        Deduction => "DEDUCTION",
    }
}

stored_enum! {
    /// What an open item is, for aging and exposure.
    pub enum ItemClass {
        Ordinary => "ORDINARY",
        /// Held back by the customer until a release day.
        Retention => "RETENTION",
        /// Its due date waits for an event: owed, and never overdue.
        DuePending => "DUE_PENDING",
        /// A receipt that has not been cleared.
        UnappliedCash => "UNAPPLIED_CASH",
        /// A receipt that belongs to an order, and to nothing else.
        OrderAdvance => "ORDER_ADVANCE",
        /// A credit that is not money: a credit note, a set-off.
        OpenCredit => "OPEN_CREDIT",
        /// A draft taken in place of payment.
        Bill => "BILL",
    }
}

impl Side {
    /// `1` for a debit, `-1` for a credit: amounts are kept signed, debits positive.
    pub const fn sign(self) -> i64 {
        match self {
            Self::Debit => 1,
            Self::Credit => -1,
        }
    }

    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Debit => Self::Credit,
            Self::Credit => Self::Debit,
        }
    }
}

impl DocumentKind {
    /// The side of a document that does not say; the only one unless [`Self::may_choose_side`].
    pub const fn default_side(self) -> Side {
        match self {
            Self::Invoice | Self::DebitNote | Self::Refund | Self::OpeningBalance => Side::Debit,
            Self::CreditNote
            | Self::Receipt
            | Self::SetOff
            | Self::Adjustment
            | Self::WriteOff
            | Self::Recovery => Side::Credit,
        }
    }

    /// Whether a document of this kind may stand on either side.
    pub const fn may_choose_side(self) -> bool {
        matches!(self, Self::Adjustment | Self::OpeningBalance)
    }
}

impl ItemClass {
    /// The class of the item that one instalment of a document leaves.
    pub fn of(
        kind: DocumentKind,
        side: Side,
        has_order_ref: bool,
        instalment: &Instalment,
    ) -> Self {
        match (side, kind) {
            (Side::Debit, _) => match (instalment.kind, instalment.due_date) {
                (InstalmentKind::Retention, _) => Self::Retention,
                (InstalmentKind::Normal, None) => Self::DuePending,
                (InstalmentKind::Normal, Some(_)) => Self::Ordinary,
            },
            // Money that names an order is that order's: counted as free cash as well, it
            // would lower an exposure twice.
            (Side::Credit, DocumentKind::Receipt) if has_order_ref => Self::OrderAdvance,
            (Side::Credit, DocumentKind::Receipt | DocumentKind::Recovery) => Self::UnappliedCash,
            (Side::Credit, _) => Self::OpenCredit,
        }
    }

    /// What an item of this class and due date counts as on a day: a retention is an ordinary
    /// item from the day of its release on.
    #[must_use]
    pub fn on(self, due_date: NaiveDate, day: NaiveDate) -> Self {
        match self {
            Self::Retention if due_date <= day => Self::Ordinary,
            class => class,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dates::NO_DATE;

    fn class(kind: DocumentKind, side: Side, order: bool) -> ItemClass {
        let instalment = Instalment {
            kind: InstalmentKind::Normal,
            due_date: Some(NO_DATE),
            amount_minor: 100,
            release_condition: None,
        };
        ItemClass::of(kind, side, order, &instalment)
    }

    fn debit(kind: InstalmentKind, due_date: Option<chrono::NaiveDate>) -> ItemClass {
        let instalment = Instalment { kind, due_date, amount_minor: 100, release_condition: None };
        ItemClass::of(DocumentKind::Invoice, Side::Debit, true, &instalment)
    }

    #[test]
    fn only_adjustments_and_opening_balances_choose_their_side() {
        let choosers: Vec<_> =
            DocumentKind::ALL.iter().copied().filter(|kind| kind.may_choose_side()).collect();
        assert_eq!(choosers, [DocumentKind::Adjustment, DocumentKind::OpeningBalance]);
    }

    #[test]
    fn what_is_owed_to_us_is_a_debit_and_what_takes_it_off_a_credit() {
        use DocumentKind as K;
        for kind in [K::Invoice, K::DebitNote, K::Refund, K::OpeningBalance] {
            assert_eq!(kind.default_side(), Side::Debit, "{kind}");
        }
        let credits = [K::CreditNote, K::Receipt, K::SetOff, K::Adjustment, K::WriteOff];
        for kind in credits.into_iter().chain([K::Recovery]) {
            assert_eq!(kind.default_side(), Side::Credit, "{kind}");
        }
    }

    #[test]
    fn a_debit_is_classed_by_its_instalment() {
        assert_eq!(debit(InstalmentKind::Normal, Some(NO_DATE)), ItemClass::Ordinary);
        assert_eq!(debit(InstalmentKind::Normal, None), ItemClass::DuePending);
        assert_eq!(debit(InstalmentKind::Retention, None), ItemClass::Retention);
        assert_eq!(debit(InstalmentKind::Retention, Some(NO_DATE)), ItemClass::Retention);
    }

    #[test]
    fn only_money_in_is_unapplied_cash_and_only_a_receipt_belongs_to_an_order() {
        use DocumentKind as K;
        assert_eq!(class(K::Receipt, Side::Credit, false), ItemClass::UnappliedCash);
        assert_eq!(class(K::Receipt, Side::Credit, true), ItemClass::OrderAdvance);
        assert_eq!(class(K::Recovery, Side::Credit, true), ItemClass::UnappliedCash);
        for kind in [K::CreditNote, K::SetOff, K::Adjustment, K::WriteOff, K::OpeningBalance] {
            assert_eq!(class(kind, Side::Credit, true), ItemClass::OpenCredit, "{kind}");
        }
    }
}
