//! The customers: their numbers, how these are spelled, terms, and how they pay.

use super::chance::Chance;
use super::{EURO_COMPANY, HOME_COMPANY, SOURCE_SYSTEM, names};
use crate::domain::money::Currency;
use crate::domain::names::{AccountRef, external_account_name};

/// Ranks with a part of their own.
pub const FEATURED: usize = 1;
pub const HOLDING: usize = 2;
/// Went bankrupt: small, and far from the others.
pub const INSOLVENT: usize = 11;

/// Those whose accounts are set up by hand, by rank: id, name, and rank of the parent.
const SET_UP: [(&str, &str, Option<usize>); 7] = [
    ("bluefinch", "Bluefinch Markets", None),
    ("tidewater", "Tidewater Kitchens", None),
    ("harborline", "Harborline Holding", None),
    ("harborline-north", "Harborline North", Some(HOLDING)),
    ("harborline-south", "Harborline South", Some(HOLDING)),
    ("harborline-asia", "港澜食品（亚洲）有限公司", Some(HOLDING)),
    ("harborline-ningbo", "港澜宁波贸易有限公司", Some(5)),
];

/// Days from document to due date, and how many of a hundred customers have them.
const TERMS_DAYS: [u32; 6] = [15, 20, 30, 35, 65, 90];
const TERMS_WEIGHTS: [u32; 6] = [18, 10, 35, 15, 15, 7];
/// Days by which the habits of customers differ.
const HABIT_DEVIATION: i64 = 7;
/// One customer in so many is a customer of the sister company.
const EURO_EVERY: usize = 9;

/// A customer of the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its number in the source system, which spells it with and without leading zeros.
    pub number: u64,
    pub display_name: String,
    pub company_code: &'static str,
    pub currency: Currency,
    pub terms_days: u32,
    /// How many days after the due date it usually pays; negative: before.
    pub habit_days: i64,
    /// Its account, where that is set up by hand; the others come with their documents.
    pub account_id: Option<&'static str>,
    /// The rank of the customer that controls it.
    pub parent: Option<usize>,
}

impl Customer {
    /// The number as people write it.
    pub fn account(&self) -> AccountRef {
        self.spelled(0)
    }

    /// The number with so many leading zeros.
    pub fn spelled(&self, zeros: usize) -> AccountRef {
        let id = format!("{}{}", "0".repeat(zeros), self.number);
        AccountRef::External { system: SOURCE_SYSTEM.into(), id }
    }

    /// The number in one of the spellings that the source system exports.
    pub(super) fn any_spelling(&self, chance: &mut Chance) -> AccountRef {
        self.spelled([0, 4, 2][chance.weighted(&[60, 30, 10])])
    }

    /// The resource name by the number: `accounts/ERP~104711`.
    pub fn name(&self) -> String {
        external_account_name(SOURCE_SYSTEM, &self.number.to_string())
    }
}

/// So many customers, the largest first.
pub fn all(count: usize, chance: &mut Chance) -> Vec<Customer> {
    (0..count).map(|rank| customer(rank, chance)).collect()
}

fn customer(rank: usize, chance: &mut Chance) -> Customer {
    let set_up = SET_UP.get(rank);
    let euro = rank % EURO_EVERY == EURO_EVERY - 1;
    // Drawn in any case: a new hand-made account must not change all that follow.
    let terms_days = TERMS_DAYS[chance.weighted(&TERMS_WEIGHTS)];
    let habit_days = chance.bell(HABIT_DEVIATION);
    Customer {
        number: 100_411 + 37 * rank as u64,
        display_name: set_up.map_or_else(|| names::name(rank), |(_, name, _)| (*name).to_owned()),
        company_code: if euro { EURO_COMPANY } else { HOME_COMPANY },
        currency: if euro { euros() } else { dollars() },
        terms_days,
        // The largest pays as usual: a quarter of all payments are its own.
        habit_days: if rank == 0 { 0 } else { habit_days },
        account_id: set_up.map(|(id, ..)| *id),
        parent: set_up.and_then(|(.., parent)| *parent),
    }
}

pub fn dollars() -> Currency {
    currency("USD")
}

pub fn euros() -> Currency {
    currency("EUR")
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap_or_else(|| unreachable!("{code} is in the table of ISO 4217"))
}
