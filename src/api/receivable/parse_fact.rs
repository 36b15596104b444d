//! Requests about the facts beside the ledger, to commands: each with its `request_id`.
//! Every violation of a request is told at once.

use std::collections::HashSet;

use rust_decimal::Decimal;
use uuid::Uuid;

use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{Identified, all, at_most, check_order, child};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::{AccountRef, DISPUTES, ITEMS, PROMISES};
use crate::domain::rates::Quote;
use crate::domain::receivables::command::{
    ClosePeriod, OpenDispute, RecordPromise, ResolveDispute, SetControlTotal, SetRates,
    WithdrawPromise,
};
use crate::domain::text;
use crate::pb;

use super::enums;
use super::parse_command::items;

const MAX_REASON_CODE_CHARS: usize = 64;
const MAX_NOTE_CHARS: usize = 1_000;
const MAX_PROMISED_BY_CHARS: usize = 200;
const MAX_PROMISE_ITEMS: usize = 100;
const MAX_GRACE_DAYS: i32 = 30;
const MAX_RATES: usize = 500;
/// Rates are within these bounds, so that whatever one of them converts can be told.
const MIN_RATE: Decimal = Decimal::from_parts(1, 0, 0, false, 9);
const MAX_RATE: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
const MAX_RATE_DIGITS: usize = 12;
/// The smallest rate with all its digits.
const MAX_RATE_SCALE: u32 = 20;
const MAX_RATE_TYPE_CHARS: usize = 16;
/// The rate type of those who name none.
const DEFAULT_RATE_TYPE: &str = "SPOT";

pub fn close_period(request: pb::ClosePeriodRequest) -> Result<Identified<ClosePeriod>> {
    let pb::ClosePeriodRequest { company_code, through_date, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    violations.keep(read::company("company_code", &company_code));
    let date = violations.keep(read::date("through_date", through_date));
    let through_date = all(violations, date)?;
    Ok((request_id, ClosePeriod { company_code, through_date }))
}

pub fn open_dispute(request: pb::OpenDisputeRequest) -> Result<Identified<OpenDispute>> {
    let pb::OpenDisputeRequest { item, amount, reason_code, note, open_date, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let item = violations.keep(child("item", &item, ITEMS));
    let amount = violations.keep(read::optional_settled("amount", amount.as_ref())).flatten();
    violations.keep(text::check_key("reason_code", &reason_code, 1, MAX_REASON_CODE_CHARS));
    violations.keep(text::check_multiline("note", &note, 0, MAX_NOTE_CHARS));
    let open_date = violations.keep(read::optional_date("open_date", open_date)).flatten();
    let item = all(violations, item)?;
    Ok((request_id, OpenDispute { item, amount, reason_code, note, open_date }))
}

pub fn resolve_dispute(request: pb::ResolveDisputeRequest) -> Result<Identified<ResolveDispute>> {
    let pb::ResolveDisputeRequest { name, outcome, resolve_date, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let dispute = violations.keep(child("name", &name, DISPUTES));
    let outcome = read::required_enum("outcome", outcome, enums::read_outcome);
    let outcome = violations.keep(outcome);
    let date = violations.keep(read::optional_date("resolve_date", resolve_date)).flatten();
    let (dispute, outcome) = all(violations, dispute.zip(outcome))?;
    Ok((request_id, ResolveDispute { dispute, outcome, resolve_date: date }))
}

pub fn record_promise(request: pb::RecordPromiseToPayRequest) -> Result<Identified<RecordPromise>> {
    let pb::RecordPromiseToPayRequest {
        account,
        items,
        amount,
        promise_date,
        pay_by_date,
        grace_days,
        contact,
        promised_by,
        request_id,
    } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    let items = promise_items(account.as_ref(), &items, &mut violations);
    let amount = read::optional_settled("amount", amount.as_ref());
    let amount = amount.and_then(|amount| amount.ok_or_else(|| read::missing("amount")));
    let amount = violations.keep(amount);
    let date = read::optional_date("promise_date", promise_date);
    let promise_date = violations.keep(date).flatten();
    let pay_by_date = violations.keep(read::date("pay_by_date", pay_by_date));
    check_order("pay_by_date", promise_date, pay_by_date, &mut violations);
    if !(0..=MAX_GRACE_DAYS).contains(&grace_days) {
        let what = format!("must be 0 to {MAX_GRACE_DAYS}");
        violations.add("grace_days", Reason::FieldInvalid, what);
    }
    let contact = violations.keep(read::optional_contact("contact", &contact)).flatten();
    violations.keep(text::check("promised_by", &promised_by, 0, MAX_PROMISED_BY_CHARS));
    if contact.is_some() && !promised_by.is_empty() {
        let what = "is who promised where that is no contact: give one of the two";
        violations.add("promised_by", Reason::FieldInvalid, what);
    }
    let kept = account.zip(amount).zip(pay_by_date);
    let ((account, amount), pay_by_date) = all(violations, kept)?;
    let command = RecordPromise {
        account,
        items,
        amount,
        promise_date,
        pay_by_date,
        grace_days,
        contact,
        promised_by,
    };
    Ok((request_id, command))
}

/// At least one; none whose name says that it is another account's.
fn promise_items(
    account: Option<&AccountRef>,
    names: &[String],
    violations: &mut Violations,
) -> Vec<Uuid> {
    if names.is_empty() {
        violations.push(missing("items"));
    }
    let items = items("items", names, MAX_PROMISE_ITEMS, violations);
    for (field, item) in &items {
        if let (Some(AccountRef::Id(own)), AccountRef::Id(other)) = (account, &item.account)
            && own != other
        {
            violations.add(field, Reason::FieldInvalid, "is an item of another account");
        }
    }
    items.into_iter().map(|(_, item)| item.id).collect()
}

pub fn withdraw_promise(
    request: pb::WithdrawPromiseToPayRequest,
) -> Result<Identified<WithdrawPromise>> {
    let pb::WithdrawPromiseToPayRequest { name, withdraw_date, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let promise = violations.keep(child("name", &name, PROMISES));
    let date = violations.keep(read::optional_date("withdraw_date", withdraw_date)).flatten();
    let promise = all(violations, promise)?;
    Ok((request_id, WithdrawPromise { promise, withdraw_date: date }))
}

pub fn set_rates(request: pb::SetExchangeRatesRequest) -> Result<Identified<SetRates>> {
    let pb::SetExchangeRatesRequest { rates, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    if rates.is_empty() {
        violations.push(missing("rates"));
    }
    let mut quotes: Vec<Quote> = Vec::new();
    if at_most(MAX_RATES, rates.len(), "rates", &mut violations) {
        let mut seen = HashSet::with_capacity(rates.len());
        for (i, rate) in rates.into_iter().enumerate() {
            let field = format!("rates[{i}]");
            let Some(quote) = quote(&field, rate, &mut violations) else { continue };
            // The last one recorded wins, and of two recorded at once none is the last.
            if seen.insert((quote.from, quote.to, quote.date, quote.rate_type.clone())) {
                quotes.push(quote);
            } else {
                let what = "repeats the currencies, day and type of another rate";
                violations.add(field, Reason::DuplicateElement, what);
            }
        }
    }
    violations.finish()?;
    Ok((request_id, SetRates { rates: quotes }))
}

fn quote(field: &str, rate: pb::ExchangeRate, violations: &mut Violations) -> Option<Quote> {
    let pb::ExchangeRate { from_currency, to_currency, date, rate, rate_type } = rate;
    let at = |part: &str| read::within(field, part);
    let from = violations.keep(read::currency(&at("from_currency"), &from_currency));
    let to = violations.keep(read::currency(&at("to_currency"), &to_currency));
    if from.is_some() && from == to {
        violations.add(at("to_currency"), Reason::FieldInvalid, "must be another currency");
    }
    let date = violations.keep(read::date(&at("date"), date));
    let rate = violations.keep(positive_rate(&at("rate"), rate.as_ref()));
    let rate_type = violations.keep(self::rate_type(&at("rate_type"), rate_type));
    Some(Quote { from: from?, to: to?, date: date?, rate: rate?, rate_type: rate_type? })
}

fn positive_rate(field: &str, rate: Option<&pb::Decimal>) -> Result<Decimal, Violation> {
    let rate = read::decimal(field, rate, MAX_RATE_SCALE)?;
    let refuse = |what: &str| Err(Violation::new(field, Reason::FieldInvalid, what));
    if rate <= Decimal::ZERO {
        return refuse("must be positive");
    }
    if rate < MIN_RATE || rate > MAX_RATE {
        return refuse("must be 10^-9 to 10^9");
    }
    if significant_digits(rate) > MAX_RATE_DIGITS {
        return refuse("must have at most 12 significant digits");
    }
    Ok(rate)
}

/// Digits from the first that is not zero to the last that is not.
fn significant_digits(rate: Decimal) -> usize {
    rate.mantissa().unsigned_abs().to_string().trim_end_matches('0').len()
}

fn rate_type(field: &str, rate_type: String) -> Result<String, Violation> {
    if rate_type.is_empty() {
        return Ok(DEFAULT_RATE_TYPE.to_owned());
    }
    text::check_key(field, &rate_type, 1, MAX_RATE_TYPE_CHARS)?;
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    if rate_type.bytes().all(plain) {
        Ok(rate_type)
    } else {
        let what = format!("{} must be of A–Z 0–9 _ only", text::quote(&rate_type));
        Err(Violation::new(field, Reason::FieldInvalid, what))
    }
}

pub fn set_control_total(
    request: pb::SetControlTotalRequest,
) -> Result<Identified<SetControlTotal>> {
    let pb::SetControlTotalRequest { company_code, date, amount, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    violations.keep(read::company("company_code", &company_code));
    let date = violations.keep(read::date("date", date));
    let amount = violations.keep(read::total("amount", amount.as_ref()));
    let (date, amount) = all(violations, date.zip(amount))?;
    Ok((request_id, SetControlTotal { company_code, date, amount }))
}
