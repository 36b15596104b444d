//! To the wire.

use chrono::{Datelike as _, NaiveDate};
use prost_types::Timestamp;
use rust_decimal::Decimal;

use super::closed_set::{both_ways, one_way};
use crate::domain::dates::NO_DATE;
use crate::domain::error::{Error, Result};
use crate::domain::import::ImportFault;
use crate::domain::ledger::LedgerPoint;
use crate::domain::money::{self, Currency, Money};
use crate::domain::point;
use crate::domain::rates::{RatePath, UsedRate};
use crate::domain::severity::Severity;
use crate::domain::team::accountable::Step;
use crate::pb;

one_way! {
    accountable_step: Step = AccountableStep {
        Owner, Backup, AncestorOwner, ReportingLine, DefaultOwner
    }
}

both_ways! {
    read_severity, severity: Severity = FindingSeverity { Amber, Red }
}

pub fn money(minor: i64, currency: Currency) -> pb::Money {
    let (units, nanos) = Money { minor, currency }.units_nanos();
    pb::Money { currency_code: currency.code().to_owned(), units, nanos }
}

/// A sum of amounts, in minor units.
///
/// # Errors
/// INTERNAL beyond 64 bits.
pub fn total(minor: i128, currency: Currency) -> Result<pb::Money> {
    Ok(self::money(money::to_minor(minor)?, currency))
}

pub fn import_fault(ImportFault { reason, field, description }: ImportFault) -> pb::ImportFault {
    pb::ImportFault { reason: reason.as_str().to_owned(), field, description }
}

pub fn date(date: NaiveDate) -> pb::Date {
    // Months and days are at most 12 and 31.
    pb::Date { year: date.year(), month: date.month() as i32, day: date.day() as i32 }
}

/// `None` for [`NO_DATE`].
pub fn known_date(date: NaiveDate) -> Option<pb::Date> {
    (date != NO_DATE).then(|| self::date(date))
}

/// An instant that somebody named, as it was named.
pub fn timestamp(micros: i64) -> Timestamp {
    // Less than a second, so it fits.
    let nanos = (micros.rem_euclid(1_000_000) * 1_000) as i32;
    Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

/// A recorded time, as the point from which on it is known: it may be sent back as `known_at`.
pub fn recorded(micros: i64) -> Timestamp {
    timestamp(point::told(micros))
}

pub fn decimal(number: Decimal) -> pb::Decimal {
    pb::Decimal { value: number.to_string() }
}

pub fn point(at: LedgerPoint) -> pb::LedgerPoint {
    let LedgerPoint { as_of, known_at, projected, known } = at;
    let knowledge = if known { pb::Knowledge::Known } else { pb::Knowledge::Unknown };
    pb::LedgerPoint {
        as_of: Some(date(as_of)),
        known_at: Some(timestamp(known_at)),
        projected,
        knowledge: knowledge.into(),
    }
}

/// A rate that a figure was converted with. Which currency a rate went through is not told
/// apart: the path says that there was one.
pub fn used_rate(from: Currency, to: Currency, rate: UsedRate) -> pb::UsedRate {
    let UsedRate { rate, date, path, rate_type, through: _ } = rate;
    let path = match path {
        RatePath::Direct => pb::RatePath::Direct,
        RatePath::Inverse => pb::RatePath::Inverse,
        RatePath::ThroughBase => pb::RatePath::ThroughBase,
    };
    pb::UsedRate {
        from_currency: from.code().to_owned(),
        to_currency: to.code().to_owned(),
        rate: Some(decimal(rate)),
        rate_date: Some(self::date(date)),
        rate_type,
        path: path.into(),
    }
}

/// A number of days, or of things.
///
/// # Errors
/// INTERNAL beyond 32 bits: no calendar and no list of ours is that long.
pub fn count<N: TryInto<i32> + Copy + std::fmt::Display>(n: N) -> Result<i32> {
    n.try_into().map_err(|_| Error::internal(format!("the count {n} exceeds 32 bits")))
}
