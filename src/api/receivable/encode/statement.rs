//! Statements of account.

use chrono::NaiveDate;

use super::item;
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::api::receivable::enums;
use crate::domain::error::Result;
use crate::domain::names::{DOCUMENTS, account_name, child_name};
use crate::domain::receivables::{Statement, StatementBalance, StatementLine};
use crate::pb;

/// One page of the statement over the days `[from, to]`.
pub fn statement(
    statement: Statement,
    [from, to]: [NaiveDate; 2],
    request: &PageRequest,
) -> Result<pb::GetStatementResponse> {
    let Statement { account_id, point, balances, lines } = statement;
    let (lines, next_page_token) = request.answer_at(lines, point, |l| line(&account_id, l))?;
    Ok(pb::GetStatementResponse {
        account: account_name(&account_id),
        from_date: Some(write::date(from)),
        to_date: Some(write::date(to)),
        point: Some(write::point(point)),
        balances: balances.iter().map(balance).collect::<Result<_>>()?,
        lines,
        next_page_token,
    })
}

fn balance(balance: &StatementBalance) -> Result<pb::StatementBalance> {
    let StatementBalance { currency, opening, debits, credits } = *balance;
    let total = |minor| write::total(minor, currency).map(Some);
    Ok(pb::StatementBalance {
        currency_code: currency.code().to_owned(),
        opening_balance: total(opening)?,
        debits: total(debits)?,
        credits: total(credits)?,
        closing_balance: total(balance.closing())?,
    })
}

fn line(account_id: &str, line: StatementLine) -> Result<pb::StatementLine> {
    let StatementLine { date, document_id, key, kind, movement, currency, amount, balance } = line;
    Ok(pb::StatementLine {
        date: Some(write::date(date)),
        document: child_name(account_id, DOCUMENTS, document_id),
        key: Some(item::key(key)),
        kind: enums::write_kind(kind).into(),
        movement: enums::write_movement(movement).into(),
        amount: Some(write::money(amount, currency)),
        balance: Some(write::total(balance, currency)?),
    })
}
