//! What an exposure is made of.

use chrono::NaiveDate;

use crate::domain::item::ItemClass;
use crate::domain::money::Currency;
use crate::domain::stored::stored_enum;

/// The day of amounts that count as soon as they are recorded.
pub const AT_ONCE: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date");

stored_enum! {
    /// A part of an exposure. Amounts are signed: credits and advances are negative.
    pub enum Component {
        /// Open debit items, disputed ones included.
        OpenReceivables => "OPEN_RECEIVABLES",
        /// Drafts taken in place of payment and not honored.
        Bills => "BILLS",
        /// Receipts that are not cleared and name no order.
        UnappliedCash => "UNAPPLIED_CASH",
        /// Credit notes and other credits that are not money.
        OpenCredits => "OPEN_CREDITS",
        /// Ordered, and neither delivered nor invoiced.
        Orders => "ORDERS",
        /// Delivered and not invoiced.
        Delivered => "DELIVERED",
        /// Receipts that name an order, as far as they cover what is reserved for it.
        OrderAdvances => "ORDER_ADVANCES",
    }
}

impl Component {
    /// Where an item counts. Money that names an order is not counted by itself: it lowers
    /// what its order reserves.
    pub const fn of(class: ItemClass) -> Option<Self> {
        match class {
            ItemClass::Ordinary | ItemClass::Retention | ItemClass::DuePending => {
                Some(Self::OpenReceivables)
            }
            ItemClass::Bill => Some(Self::Bills),
            ItemClass::UnappliedCash => Some(Self::UnappliedCash),
            ItemClass::OpenCredit => Some(Self::OpenCredits),
            ItemClass::OrderAdvance => None,
        }
    }
}

/// Key of what counts against limits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExposureKey {
    pub account_id: String,
    pub currency: Currency,
    pub company_code: String,
    pub component: Component,
    /// The day it counts from; [`AT_ONCE`] for what counts as soon as it is recorded.
    pub effective: NaiveDate,
}
