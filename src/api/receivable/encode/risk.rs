//! Receivables risk.

use chrono::NaiveDate;

use super::{aging, fact, item};
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::domain::aging::{Basis, Edges};
use crate::domain::coverage::finance::{FinanceContact, Missing};
use crate::domain::days_to_pay::DaysToPay;
use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::domain::names::{DOCUMENTS, account_name, child_name, member_name};
use crate::domain::receivables::query::{PageAt, RiskPage};
use crate::domain::receivables::{AccountRisk, ConvertedRisk, CurrencyRisk, LastReceipt, Risk};
use crate::domain::team::accountable::Accountable;
use crate::pb;

/// Everything that is known of an account's risk.
///
/// # Errors
/// INTERNAL if a figure does not fit the wire.
pub fn risk(risk: Risk) -> Result<pb::ReceivablesRisk> {
    let Risk { account_id, point, currencies, converted, finance_contact } = risk;
    let currency = |currency| currency_risk(&account_id, currency, point.as_of);
    let currencies = currencies.into_iter().map(currency).collect::<Result<_>>()?;
    Ok(pb::ReceivablesRisk {
        account: account_name(&account_id),
        point: Some(write::point(point)),
        currencies,
        converted: converted.map(self::converted).transpose()?,
        finance_contact: finance_contact.map(self::finance_contact),
    })
}

fn finance_contact(told: FinanceContact) -> pb::FinanceContact {
    use pb::FinanceContactState as State;
    let of = |state: State| pb::FinanceContact { state: state.into(), ..Default::default() };
    match told {
        FinanceContact::Unknown => of(State::Unknown),
        FinanceContact::Live => of(State::Live),
        FinanceContact::Missing(Missing { since, subject, evidence }) => pb::FinanceContact {
            since_date: Some(write::date(since)),
            subject,
            evidence,
            ..of(State::Missing)
        },
    }
}

/// The figures of the basic view. The others were not looked for: they are left out, as a zero
/// would say that there is nothing.
///
/// # Errors
/// As [`risk`].
pub fn basic_risk(risk: Risk) -> Result<pb::ReceivablesRisk> {
    let mut full = self::risk(risk)?;
    for currency in &mut full.currencies {
        currency.disputed = None;
        currency.promised = None;
        currency.last_receipt = None;
        currency.days_to_pay = None;
        currency.portfolio_share_bp = None;
        currency.worst_items.clear();
        currency.worst_disputes.clear();
        currency.promises.clear();
    }
    if let Some(converted) = &mut full.converted {
        converted.disputed = None;
        converted.promised = None;
    }
    Ok(full)
}

fn currency_risk(
    account_id: &str,
    risk: CurrencyRisk,
    as_of: NaiveDate,
) -> Result<pb::CurrencyRisk> {
    let CurrencyRisk {
        currency,
        aging,
        worst_overdue_days,
        disputed,
        promised,
        expected,
        last_receipt,
        days_to_pay,
        portfolio_share_bp,
        worst_items,
        worst_disputes,
        promises,
    } = risk;
    let total = |minor| write::total(minor, currency).map(Some);
    Ok(pb::CurrencyRisk {
        currency_code: currency.code().to_owned(),
        balance: total(aging.balance())?,
        overdue: total(aging.overdue())?,
        aging: Some(aging::columns(currency, &aging, Basis::DueDate, &Edges::default())?),
        worst_overdue_days: write::count(worst_overdue_days)?,
        disputed: total(disputed)?,
        promised: total(promised)?,
        expected: total(expected)?,
        last_receipt: last_receipt.map(|r| self::last_receipt(account_id, currency, r)),
        days_to_pay: days_to_pay.map(self::days_to_pay).transpose()?,
        portfolio_share_bp,
        worst_items: item::all(worst_items, as_of)?,
        worst_disputes: worst_disputes.into_iter().map(fact::dispute).collect(),
        promises: promises.into_iter().map(fact::promise).collect(),
    })
}

fn last_receipt(account_id: &str, currency: Currency, receipt: LastReceipt) -> pb::ReceiptInfo {
    let LastReceipt { document_id, date, amount } = receipt;
    pb::ReceiptInfo {
        document: child_name(account_id, DOCUMENTS, document_id),
        date: Some(write::date(date)),
        amount: Some(write::money(amount, currency)),
    }
}

fn days_to_pay(days: DaysToPay) -> Result<pb::DaysToPay> {
    let DaysToPay { count, mean, amount_weighted, median } = days;
    Ok(pb::DaysToPay {
        payments: write::count(count)?,
        mean: Some(write::decimal(mean)),
        amount_weighted: Some(write::decimal(amount_weighted)),
        median: Some(write::decimal(median)),
    })
}

fn converted(risk: ConvertedRisk) -> Result<pb::ConvertedRisk> {
    let ConvertedRisk { currency, balance, overdue, disputed, promised, expected, rates } = risk;
    let total = |minor| write::total(minor, currency).map(Some);
    Ok(pb::ConvertedRisk {
        currency_code: currency.code().to_owned(),
        balance: total(balance)?,
        overdue: total(overdue)?,
        disputed: total(disputed)?,
        promised: total(promised)?,
        expected: total(expected)?,
        rates: rates.into_iter().map(|(from, to, r)| write::used_rate(from, to, r)).collect(),
    })
}

/// A page of the worst accounts, in the currency they are compared in.
///
/// # Errors
/// As [`risk`].
pub fn risk_page(
    answer: RiskPage,
    accountable: Vec<Accountable>,
    currency: Currency,
    request: &PageRequest,
) -> Result<pb::ListReceivablesRiskResponse> {
    let RiskPage { page: PageAt { page, point, known_from: _ }, rates } = answer;
    let mut accountable = accountable.into_iter();
    let each = |each| account_risk(each, accountable.next(), currency);
    let (accounts, next_page_token) = request.answer_at(page, point, each)?;
    Ok(pb::ListReceivablesRiskResponse {
        accounts,
        next_page_token,
        point: Some(write::point(point)),
        rates: rates.into_iter().map(|(from, to, r)| write::used_rate(from, to, r)).collect(),
    })
}

fn account_risk(
    risk: AccountRisk,
    accountable: Option<Accountable>,
    currency: Currency,
) -> Result<pb::AccountRisk> {
    let AccountRisk { account_id, display_name, worst_overdue_days, aging } = risk;
    let Some(Accountable { member_id, step }) = accountable else {
        return Err(Error::internal(format!("nobody is accountable for {account_id}")));
    };
    Ok(pb::AccountRisk {
        account: account_name(&account_id),
        display_name,
        balance: Some(write::total(aging.balance(), currency)?),
        overdue: Some(write::total(aging.overdue(), currency)?),
        worst_overdue_days: write::count(worst_overdue_days)?,
        aging: Some(aging::columns(currency, &aging, Basis::DueDate, &Edges::default())?),
        accountable: member_name(&member_id),
        accountable_step: write::accountable_step(step).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::aging::{Aging, Column};
    use crate::domain::ledger::LedgerPoint;

    fn owed() -> Risk {
        let mut aging = Aging::new(&Edges::default());
        aging.add(Column::Bucket(1), 50_000, 1);
        aging.add(Column::NotDue, 30_000, 1);
        aging.add(Column::UnappliedCash, -70_000, 1);
        let currency = CurrencyRisk {
            currency: Currency::parse("USD").unwrap(),
            aging,
            worst_overdue_days: 45,
            disputed: 100,
            promised: 200,
            expected: 300,
            last_receipt: None,
            days_to_pay: None,
            portfolio_share_bp: Some(7),
            worst_items: Vec::new(),
            worst_disputes: Vec::new(),
            promises: Vec::new(),
        };
        let as_of = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        let point = LedgerPoint { as_of, known_at: 1, projected: false, known: true };
        let currencies = vec![currency];
        let account_id = "acme".into();
        Risk { account_id, point, currencies, converted: None, finance_contact: None }
    }

    fn units(money: Option<&pb::Money>) -> Option<i64> {
        money.map(|m| m.units)
    }

    #[test]
    fn unapplied_cash_lowers_the_balance_and_never_what_is_overdue() {
        let encoded = risk(owed()).unwrap();
        let currency = &encoded.currencies[0];
        assert_eq!(encoded.account, "accounts/acme");
        assert_eq!(units(currency.balance.as_ref()), Some(100));
        assert_eq!(units(currency.overdue.as_ref()), Some(500));
        assert_eq!((currency.worst_overdue_days, units(currency.disputed.as_ref())), (45, Some(1)));
    }

    #[test]
    fn the_basic_view_leaves_out_what_was_not_looked_for() {
        let encoded = basic_risk(owed()).unwrap();
        let currency = &encoded.currencies[0];
        assert_eq!(units(currency.expected.as_ref()), Some(3));
        assert_eq!((&currency.disputed, &currency.promised), (&None, &None));
        assert_eq!(currency.portfolio_share_bp, None);
    }

    #[test]
    fn a_sum_beyond_64_bits_is_an_error() {
        let mut huge = owed();
        huge.currencies[0].aging.not_due = i128::from(i64::MAX) + 70_000;
        assert!(risk(huge).is_err());
    }
}
