//! What balances alone tell: the figures that taking an order needs.

use crate::domain::error::Result;
use crate::domain::ledger::LedgerPoint;
use crate::domain::money::Currency;
use crate::domain::receivables::{ConvertedRisk, CurrencyRisk, Risk};
use crate::service::receivables::columns::{Figures, Layout, by_currency};
use crate::service::receivables::conversion::Converter;
use crate::store::receivables::AccountPositions;

/// The risk of each account, as far as its balances tell.
pub fn risks(accounts: &[AccountPositions], point: LedgerPoint) -> Vec<Risk> {
    let layout = Layout::standard(point.as_of);
    let risk = |account: &AccountPositions| Risk {
        account_id: account.account_id.clone(),
        point,
        currencies: by_currency(&account.positions, &layout)
            .into_iter()
            .map(|(currency, figures)| currency_risk(currency, figures))
            .collect(),
        converted: None,
        finance_contact: None,
    };
    accounts.iter().map(risk).collect()
}

pub fn currency_risk(currency: Currency, figures: Figures) -> CurrencyRisk {
    let Figures { aging, worst_overdue_days, expected } = figures;
    CurrencyRisk {
        currency,
        aging,
        worst_overdue_days,
        disputed: 0,
        promised: 0,
        expected,
        last_receipt: None,
        days_to_pay: None,
        portfolio_share_bp: None,
        worst_items: Vec::new(),
        worst_disputes: Vec::new(),
        promises: Vec::new(),
    }
}

/// What the one account among them owes.
pub fn currencies(risks: &[Risk]) -> Vec<CurrencyRisk> {
    risks.iter().flat_map(|risk| risk.currencies.clone()).collect()
}

/// The accounts and currencies in which anything is overdue.
pub fn overdue(risks: &[Risk]) -> Vec<(&str, Currency)> {
    let mut overdue = Vec::new();
    for risk in risks {
        let of = risk.currencies.iter().filter(|of| of.worst_overdue_days > 0);
        overdue.extend(of.map(|of| (risk.account_id.as_str(), of.currency)));
    }
    overdue
}

/// Adds the totals in one currency, each rounded on its own.
///
/// # Errors
/// RATE_MISSING.
pub fn convert(risks: &mut [Risk], mut converter: Converter) -> Result<()> {
    for risk in risks {
        let mut sum = ConvertedRisk {
            currency: converter.to(),
            balance: 0,
            overdue: 0,
            disputed: 0,
            promised: 0,
            expected: 0,
            rates: Vec::new(),
        };
        for of in &risk.currencies {
            let mut add = |total: &mut i128, minor| -> Result<()> {
                *total += converter.convert(of.currency, minor)?;
                Ok(())
            };
            add(&mut sum.balance, of.aging.balance())?;
            add(&mut sum.overdue, of.aging.overdue())?;
            add(&mut sum.disputed, of.disputed)?;
            add(&mut sum.promised, of.promised)?;
            add(&mut sum.expected, of.expected)?;
        }
        sum.rates = converter.take_rates();
        risk.converted = Some(sum);
    }
    Ok(())
}
