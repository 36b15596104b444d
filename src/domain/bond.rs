//! What type an account is (definition 4.10): whether anybody there trusts somebody of ours, and
//! whether it buys. Both are functions of evidence and of a day, and nobody writes them, so that what is
//! recorded late tells the past as if it had come in order.

pub mod evidence;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::coverage::measure::Acquaintance;
use super::customers::Customers;
use super::names::{AccountRef, account_name};
use super::page::PageOf;
use super::stored::stored_enum;

/// What was invoiced in so many days, the day asked about included, is trade.
pub const TRADE_DAYS: u32 = 365;
/// How far back it is looked at since when an account is what it is.
pub const LOOK_BACK_DAYS: u32 = 730;
/// The most days that a log is told of, and how many where nobody says.
pub const LOG_DAYS_MAX: i64 = 3_653;
pub const LOG_DAYS: u32 = 1_095;
/// Functions of theirs with somebody familiar from which on a bond is social.
const FAMILIAR_FUNCTIONS: usize = 3;

stored_enum! {
    /// What an account is to us.
    pub enum AccountType {
        /// Neither trust nor trade.
        Outsider => "OUTSIDER",
        /// Trust without trade.
        Friend => "FRIEND",
        /// Trade without trust.
        Supplier => "SUPPLIER",
        Partner => "PARTNER",
    }
}

impl AccountType {
    pub fn of(trusts: bool, trades: bool) -> Self {
        match (trusts, trades) {
            (false, false) => Self::Outsider,
            (true, false) => Self::Friend,
            (false, true) => Self::Supplier,
            (true, true) => Self::Partner,
        }
    }

    pub fn trades(self) -> bool {
        matches!(self, Self::Supplier | Self::Partner)
    }

    fn trusts(self) -> bool {
        matches!(self, Self::Friend | Self::Partner)
    }
}

stored_enum! {
    /// How an account is bound to us, the least first.
    pub enum BondLevel {
        None => "NONE",
        /// It buys.
        Financial => "FINANCIAL",
        /// It buys, and we are known in several functions.
        Social => "SOCIAL",
    }
}

impl BondLevel {
    /// Of an account that trades or not, where people in so many functions are familiar with one of
    /// ours, or somebody of ours works. A need that was matched and delivered belongs beside these, and
    /// structural evidence makes the level above, from when on it is recorded.
    pub fn of(trades: bool, familiar_functions: usize, is_embedded: bool) -> Self {
        match (trades, is_embedded || familiar_functions >= FAMILIAR_FUNCTIONS) {
            (false, _) => Self::None,
            (true, false) => Self::Financial,
            (true, true) => Self::Social,
        }
    }
}

stored_enum! {
    /// Why the type of an account changed.
    pub enum ChangeReason {
        TradeBegan => "TRADE_BEGAN",
        TradeLapsed => "TRADE_LAPSED",
        TrustGained => "TRUST_GAINED",
        TrustLost => "TRUST_LOST",
    }
}

/// That the type of an account changed on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeChange {
    pub day: NaiveDate,
    pub before: AccountType,
    pub after: AccountType,
    /// Of ours and of theirs between whom trust began or ended.
    pub pairs: BTreeSet<(String, String)>,
    /// The posting days of what came into the trade of a year or fell out of it.
    pub posted: BTreeSet<NaiveDate>,
}

impl TypeChange {
    pub fn reasons(&self) -> Vec<ChangeReason> {
        let trade = (self.before.trades(), self.after.trades());
        let trust = (self.before.trusts(), self.after.trusts());
        let trade = match trade {
            (false, true) => Some(ChangeReason::TradeBegan),
            (true, false) => Some(ChangeReason::TradeLapsed),
            _ => None,
        };
        let trust = match trust {
            (false, true) => Some(ChangeReason::TrustGained),
            (true, false) => Some(ChangeReason::TrustLost),
            _ => None,
        };
        trade.into_iter().chain(trust).collect()
    }
}

/// What an account is on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeOn {
    pub of_type: AccountType,
    /// `None`: for longer than is looked back.
    pub since: Option<NaiveDate>,
}

/// How far an account has come with us on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bond {
    pub on: TypeOn,
    pub level: BondLevel,
    /// When its first invoice was paid; `None`: not by then.
    pub first_paid: Option<NaiveDate>,
}

/// How we stand with an account and its people, in its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relationship {
    pub people: Acquaintance,
    pub bond: Bond,
}

/// When an account paid its first invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstPaid {
    /// At which account.
    pub account_id: String,
    pub day: NaiveDate,
    /// Id of the document.
    pub document_id: uuid::Uuid,
    /// It was a customer before we recorded it: it has an opening balance.
    pub is_imported: bool,
}

impl FirstPaid {
    /// When customers did, told of the account that survived beside those that count as it: whoever was a
    /// customer before at one of them was one.
    pub fn of_customers(
        mut paid: HashMap<String, Self>,
        customers: &Customers,
    ) -> HashMap<String, Self> {
        for (loser, survivor) in customers.losers() {
            let Some(its) = paid.get(loser).cloned() else { continue };
            let first = match paid.remove(survivor) {
                None => its,
                Some(own) => {
                    let is_imported = own.is_imported || its.is_imported;
                    let first = if its.day < own.day { its } else { own };
                    Self { is_imported, ..first }
                }
            };
            paid.insert(survivor.to_owned(), first);
        }
        paid
    }
}

/// ListAccountTypeChanges.
#[derive(Debug, Clone)]
pub struct ListTypeChanges {
    pub account: AccountRef,
    /// `None`: [`LOG_DAYS`] before the last day.
    pub from: Option<NaiveDate>,
    /// `None` is the business date.
    pub to: Option<NaiveDate>,
    pub page: PageOf<NaiveDate>,
}

/// A change with the account it is of and the names that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeChangeTold {
    pub account_id: String,
    pub change: TypeChange,
    /// Resource names.
    pub evidence: Vec<String>,
}

impl TypeChangeTold {
    pub fn account(&self) -> String {
        account_name(&self.account_id)
    }
}
