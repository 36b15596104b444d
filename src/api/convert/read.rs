//! From the wire.

use std::fmt::Display;

use chrono::NaiveDate;
use prost_types::Timestamp;
use rust_decimal::Decimal;

use crate::domain::currency::withdrawn;
use crate::domain::dates;
use crate::domain::error::{Reason, Violation, Violations};
use crate::domain::ledger::{Narrow, PointQuery};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{self, AccountRef, ContactRef, MemberRef};
use crate::domain::text;
use crate::pb;

/// Most characters of a company code.
pub const MAX_COMPANY_CODE_CHARS: usize = 16;
/// Most characters of an order's number, in documents and in credit.
pub const MAX_ORDER_REF_CHARS: usize = 64;
/// Most characters of a `request_id`.
const MAX_REQUEST_ID_CHARS: usize = 64;
/// More characters than any number needs that a decimal holds.
const MAX_DECIMAL_CHARS: usize = 40;
/// 9999-12-31T23:59:59Z, the last second a timestamp may name.
const MAX_TIMESTAMP_SECONDS: i64 = 253_402_300_799;
/// 0001-01-01T00:00:00Z, the first one.
const MIN_TIMESTAMP_SECONDS: i64 = -62_135_596_800;

type Read<T> = Result<T, Violation>;

/// `part` of `parent`, as a client writes it.
pub fn within(parent: &str, part: impl Display) -> String {
    if parent.is_empty() { part.to_string() } else { format!("{parent}.{part}") }
}

/// The same violations as seen from the request that has the thing at `parent`.
pub fn prefixed(violations: Vec<Violation>, parent: &str) -> impl Iterator<Item = Violation> {
    violations
        .into_iter()
        .map(move |violation| Violation { field: within(parent, &violation.field), ..violation })
}

pub fn missing(field: &str) -> Violation {
    Violation::new(field, Reason::FieldRequired, "is required")
}

/// The `request_id` of a call that moves money.
///
/// # Errors
/// REQUEST_ID_REQUIRED, FIELD_TOO_LONG, TEXT_INVALID.
pub fn request_id(id: &str) -> Read<()> {
    if id.is_empty() {
        let description = "is required: one id for each thing to be done, best a UUID";
        return Err(Violation::new("request_id", Reason::RequestIdRequired, description));
    }
    text::check_key("request_id", id, 1, MAX_REQUEST_ID_CHARS)
}

/// The `request_id` of a call that may go without one.
///
/// # Errors
/// FIELD_TOO_LONG, TEXT_INVALID.
pub fn optional_request_id(id: &str) -> Read<()> {
    text::check_key("request_id", id, 0, MAX_REQUEST_ID_CHARS)
}

/// # Errors
/// CURRENCY_UNKNOWN unless it is the code of a currency that is or was.
pub fn currency(field: &str, code: &str) -> Read<Currency> {
    Currency::parse(code).ok_or_else(|| unknown_currency(field, code))
}

fn unknown_currency(field: &str, code: &str) -> Violation {
    let description = format!("{} is not a code of ISO 4217", text::quote(code));
    Violation::new(field, Reason::CurrencyUnknown, description)
}

/// A currency that may be left out.
///
/// # Errors
/// As [`currency`].
pub fn optional_currency(field: &str, code: &str) -> Read<Option<Currency>> {
    if code.is_empty() { Ok(None) } else { currency(field, code).map(Some) }
}

/// # Errors
/// FIELD_REQUIRED, CURRENCY_UNKNOWN, or as [`Money::from_units_nanos`].
pub fn money(field: &str, money: Option<&pb::Money>) -> Read<Money> {
    optional_money(field, money)?.ok_or_else(|| missing(field))
}

/// # Errors
/// As [`money`], but for FIELD_REQUIRED.
pub fn optional_money(field: &str, money: Option<&pb::Money>) -> Read<Option<Money>> {
    let Some(pb::Money { currency_code, units, nanos }) = money else { return Ok(None) };
    let currency = Currency::parse(currency_code)
        .ok_or_else(|| unknown_currency(&within(field, "currency_code"), currency_code))?;
    Money::from_units_nanos(field, currency, *units, *nanos).map(Some)
}

/// A balance, which may be larger than a single amount.
///
/// # Errors
/// As [`money`].
pub fn total(field: &str, money: Option<&pb::Money>) -> Read<Money> {
    let Some(pb::Money { currency_code, units, nanos }) = money else { return Err(missing(field)) };
    let currency = currency(&within(field, "currency_code"), currency_code)?;
    Money::total_from_units_nanos(field, currency, *units, *nanos)
}

/// A limit, which may be left out and be larger than a single amount; in a currency that is in
/// use, and not negative.
///
/// # Errors
/// As [`money`], but for FIELD_REQUIRED; CURRENCY_WITHDRAWN.
pub fn optional_limit(field: &str, money: Option<&pb::Money>) -> Read<Option<Money>> {
    if money.is_none() {
        return Ok(None);
    }
    let limit = in_use(field, total(field, money)?)?;
    not_negative(field, limit).map(Some)
}

/// What is agreed on from now on is in a currency that is in use.
fn in_use(field: &str, money: Money) -> Read<Money> {
    match money.currency.last_day() {
        None => Ok(money),
        Some(day) => Err(withdrawn(&within(field, "currency_code"), money.currency, day)),
    }
}

/// Money of the ledger that may be left out and must be positive if it is not: in any currency
/// that items are in.
///
/// # Errors
/// As [`optional_money`], and AMOUNT_OUT_OF_RANGE.
pub fn optional_settled(field: &str, money: Option<&pb::Money>) -> Read<Option<Money>> {
    optional_money(field, money)?.map(|money| above_zero(field, money)).transpose()
}

fn above_zero(field: &str, money: Money) -> Read<Money> {
    match money.minor {
        ..=0 => Err(Violation::new(field, Reason::AmountOutOfRange, "must be positive")),
        _ => Ok(money),
    }
}

fn not_negative(field: &str, money: Money) -> Read<Money> {
    match money.minor {
        ..0 => Err(Violation::new(field, Reason::AmountOutOfRange, "must not be negative")),
        _ => Ok(money),
    }
}

/// Money that may be left out; if it is not, it must be positive, and in a currency that is in
/// use.
///
/// # Errors
/// As [`optional_money`], AMOUNT_OUT_OF_RANGE, and CURRENCY_WITHDRAWN.
pub fn optional_positive(field: &str, money: Option<&pb::Money>) -> Read<Option<Money>> {
    match optional_money(field, money)?.map(|money| in_use(field, money)).transpose()? {
        Some(Money { minor: ..=0, .. }) => {
            Err(Violation::new(field, Reason::AmountOutOfRange, "must be positive"))
        }
        amount => Ok(amount),
    }
}

/// Money that must be positive.
///
/// # Errors
/// As [`money`], and AMOUNT_OUT_OF_RANGE.
pub fn positive(field: &str, money: Option<&pb::Money>) -> Read<Money> {
    optional_positive(field, money)?.ok_or_else(|| missing(field))
}

/// Money that may be left out and must not be negative if it is not.
///
/// # Errors
/// As [`optional_money`], and AMOUNT_OUT_OF_RANGE.
pub fn optional_not_negative(field: &str, money: Option<&pb::Money>) -> Read<Option<Money>> {
    match optional_money(field, money)?.map(|money| in_use(field, money)).transpose()? {
        Some(Money { minor: ..0, .. }) => {
            Err(Violation::new(field, Reason::AmountOutOfRange, "must not be negative"))
        }
        amount => Ok(amount),
    }
}

/// # Errors
/// FIELD_REQUIRED, DATE_INVALID.
pub fn date(field: &str, date: Option<pb::Date>) -> Read<NaiveDate> {
    optional_date(field, date)?.ok_or_else(|| missing(field))
}

/// # Errors
/// DATE_INVALID.
pub fn optional_date(field: &str, date: Option<pb::Date>) -> Read<Option<NaiveDate>> {
    date.map(|pb::Date { year, month, day }| dates::from_parts(field, year, month, day)).transpose()
}

/// Microseconds since the epoch; what is finer is cut off, as nothing is recorded finer.
///
/// # Errors
/// DATE_INVALID if it is no instant of the years 1 to 9999.
pub fn micros(field: &str, timestamp: Option<Timestamp>) -> Read<Option<i64>> {
    let Some(Timestamp { seconds, nanos }) = timestamp else { return Ok(None) };
    let seconds_ok = (MIN_TIMESTAMP_SECONDS..=MAX_TIMESTAMP_SECONDS).contains(&seconds);
    if !seconds_ok || !(0..1_000_000_000).contains(&nanos) {
        let description = "must be an instant of the years 1 to 9999, nanos from 0 to 999,999,999";
        return Err(Violation::new(field, Reason::DateInvalid, description));
    }
    Ok(Some(seconds * 1_000_000 + i64::from(nanos / 1_000)))
}

/// A number in ASCII digits with an optional sign and decimal point, no exponent.
///
/// # Errors
/// FIELD_REQUIRED; FIELD_INVALID for any other form, or if it has more than `max_scale`
/// decimals that are not zero, or more digits than a decimal holds.
pub fn decimal(field: &str, number: Option<&pb::Decimal>, max_scale: u32) -> Read<Decimal> {
    let value = number.map(|n| n.value.as_str()).unwrap_or_default();
    if value.is_empty() {
        return Err(missing(field));
    }
    let refuse = |what: &str| {
        Violation::new(field, Reason::FieldInvalid, format!("{} {what}", text::quote(value)))
    };
    if value.len() > MAX_DECIMAL_CHARS || !is_plain_number(value) {
        return Err(refuse("is not a number of ASCII digits like 1.0845"));
    }
    let number = Decimal::from_str_exact(value)
        .map_err(|_| refuse("has more digits than can be kept"))?
        .normalize();
    if number.scale() > max_scale {
        return Err(refuse(&format!("has more than {max_scale} decimals")));
    }
    Ok(number)
}

fn is_plain_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

/// The name of an account that has to be given.
///
/// # Errors
/// FIELD_REQUIRED, RESOURCE_NAME_INVALID.
pub fn account(field: &str, name: &str) -> Read<AccountRef> {
    if name.is_empty() { Err(missing(field)) } else { names::parse_account(field, name) }
}

/// The name of a member that has to be given.
///
/// # Errors
/// FIELD_REQUIRED, RESOURCE_NAME_INVALID.
pub fn member(field: &str, name: &str) -> Read<MemberRef> {
    optional_member(field, name)?.ok_or_else(|| missing(field))
}

/// The name of a member that may be left out.
///
/// # Errors
/// RESOURCE_NAME_INVALID.
pub fn optional_member(field: &str, name: &str) -> Read<Option<MemberRef>> {
    if name.is_empty() { Ok(None) } else { names::parse_member(field, name).map(Some) }
}

/// The name of a contact that has to be given.
///
/// # Errors
/// FIELD_REQUIRED, RESOURCE_NAME_INVALID.
pub fn contact(field: &str, name: &str) -> Read<ContactRef> {
    if name.is_empty() { Err(missing(field)) } else { names::parse_contact(field, name) }
}

/// The name of a contact that may be left out.
///
/// # Errors
/// RESOURCE_NAME_INVALID.
pub fn optional_contact(field: &str, name: &str) -> Read<Option<ContactRef>> {
    if name.is_empty() { Ok(None) } else { contact(field, name).map(Some) }
}

/// A value of a closed set that has to be given: `known` is empty for UNSPECIFIED.
///
/// # Errors
/// ENUM_INVALID if it is unspecified, or unknown to this version.
pub fn required_enum<W: TryFrom<i32>, D>(
    field: &str,
    value: i32,
    known: impl FnOnce(W) -> Option<D>,
) -> Read<D> {
    optional_enum(field, value, known)?.ok_or_else(|| {
        Violation::new(field, Reason::EnumInvalid, "is required: unspecified is not a value")
    })
}

/// A value of a closed set that may be left unspecified.
///
/// # Errors
/// ENUM_INVALID if it is unknown to this version.
pub fn optional_enum<W: TryFrom<i32>, D>(
    field: &str,
    value: i32,
    known: impl FnOnce(W) -> Option<D>,
) -> Read<Option<D>> {
    W::try_from(value).map(known).map_err(|_| {
        let description = format!("{value} is not a value of this version");
        Violation::new(field, Reason::EnumInvalid, description)
    })
}

/// The point asked for in `as_of` and `known_at`; faults go to `violations`.
pub fn point(
    as_of: Option<pb::Date>,
    known_at: Option<Timestamp>,
    violations: &mut Violations,
) -> PointQuery {
    PointQuery {
        as_of: violations.keep(optional_date("as_of", as_of)).flatten(),
        known_at: violations.keep(micros("known_at", known_at)).flatten(),
    }
}

/// The restriction in `company_code` and `currency_code`; faults go to `violations`.
pub fn narrow(company_code: String, currency_code: &str, violations: &mut Violations) -> Narrow {
    Narrow {
        company_code: company_filter(company_code, violations),
        currency: violations.keep(optional_currency("currency_code", currency_code)).flatten(),
    }
}

/// The company that a list is restricted to; faults go to `violations`.
pub fn company_filter(company_code: String, violations: &mut Violations) -> Option<String> {
    violations.keep(company("company_code", &company_code));
    (!company_code.is_empty()).then_some(company_code)
}

/// # Errors
/// FIELD_TOO_LONG, TEXT_INVALID.
pub fn company(field: &str, code: &str) -> Read<()> {
    text::check_key(field, code, 0, MAX_COMPANY_CODE_CHARS)
}
