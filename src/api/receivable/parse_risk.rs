//! Questions about aging and risk, to queries. Every violation of a request is told at once.

use std::cmp::Reverse;

use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{all, at_most};
use crate::api::list::{KeyPart, PageKey, PageRequest};
use crate::domain::aging::{Basis, Edges};
use crate::domain::dates::BusinessDayConvention;
use crate::domain::error::{Result, Violations};
use crate::domain::ledger::PointQuery;
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::domain::receivables::query::{RiskKey, RiskListQuery};
use crate::domain::receivables::{AgingQuery, RiskOrder, RiskView};
use crate::pb;

use super::enums;
use super::parse_query::{account_or_all, scope};

const MAX_ACCOUNTS: usize = 500;

/// GetReceivablesRisk and its batch.
#[derive(Debug)]
pub struct RiskQuestion {
    pub accounts: Vec<AccountRef>,
    pub point: PointQuery,
    pub display: Option<Currency>,
    pub view: RiskView,
}

pub fn aging(request: pb::GetAgingRequest) -> Result<AgingQuery> {
    let pb::GetAgingRequest {
        account,
        include_group,
        as_of,
        known_at,
        company_code,
        currency_code,
        basis,
        edges,
        business_day_convention: convention,
        display_currency,
    } = request;
    let mut violations = Violations::new();
    let account = account_or_all(&account, &mut violations);
    let point = read::point(as_of, known_at, &mut violations);
    let narrow = read::narrow(company_code, &currency_code, &mut violations);
    let basis = violations.keep(read::optional_enum("basis", basis, enums::read_basis)).flatten();
    let edges = if edges.is_empty() { Ok(Edges::default()) } else { Edges::new("edges", &edges) };
    let edges = violations.keep(edges);
    let field = "business_day_convention";
    let convention = read::optional_enum(field, convention, enums::read_convention);
    let convention = violations.keep(convention).flatten();
    let display_currency =
        violations.keep(read::optional_currency("display_currency", &display_currency)).flatten();
    let (account, edges) = all(violations, account.zip(edges))?;
    Ok(AgingQuery {
        scope: scope(account, include_group),
        point,
        narrow,
        basis: basis.unwrap_or(Basis::DueDate),
        edges,
        convention: convention.unwrap_or(BusinessDayConvention::None),
        display_currency,
    })
}

pub fn risk(request: pb::GetReceivablesRiskRequest) -> Result<RiskQuestion> {
    let pb::GetReceivablesRiskRequest { account, as_of, known_at, display_currency, view } =
        request;
    let mut violations = Violations::new();
    let account = violations.keep(read::account("account", &account));
    let point = read::point(as_of, known_at, &mut violations);
    let (display, view) = risk_form(&display_currency, view, &mut violations);
    let account = all(violations, account)?;
    Ok(RiskQuestion { accounts: vec![account], point, display, view })
}

pub fn batch_risk(request: pb::BatchGetReceivablesRiskRequest) -> Result<RiskQuestion> {
    let pb::BatchGetReceivablesRiskRequest { accounts, as_of, known_at, display_currency, view } =
        request;
    let mut violations = Violations::new();
    if accounts.is_empty() {
        violations.push(missing("accounts"));
    }
    let accounts: Vec<_> = if at_most(MAX_ACCOUNTS, accounts.len(), "accounts", &mut violations) {
        let read = |(i, name): (usize, &String)| {
            violations.keep(read::account(&format!("accounts[{i}]"), name))
        };
        accounts.iter().enumerate().filter_map(read).collect()
    } else {
        Vec::new()
    };
    let point = read::point(as_of, known_at, &mut violations);
    let (display, view) = risk_form(&display_currency, view, &mut violations);
    violations.finish()?;
    Ok(RiskQuestion { accounts, point, display, view })
}

fn risk_form(
    display_currency: &str,
    view: i32,
    violations: &mut Violations,
) -> (Option<Currency>, RiskView) {
    let display = read::optional_currency("display_currency", display_currency);
    let view = read::optional_enum("view", view, enums::read_view);
    let view = violations.keep(view).flatten().unwrap_or(RiskView::Full);
    (violations.keep(display).flatten(), view)
}

pub fn list_risk(request: pb::ListReceivablesRiskRequest) -> Result<(RiskListQuery, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(&request, &mut violations);
    let pb::ListReceivablesRiskRequest {
        page_size: _,
        page_token: _,
        as_of,
        known_at,
        currency_code,
        company_code,
        order,
    } = request;
    let point = read::point(as_of, known_at, &mut violations);
    let currency = if currency_code.is_empty() {
        Err(missing("currency_code"))
    } else {
        read::currency("currency_code", &currency_code)
    };
    let currency = violations.keep(currency);
    let company_code = read::company_filter(company_code, &mut violations);
    let order = violations.keep(read::optional_enum("order", order, enums::read_order)).flatten();
    let of = page.of(&mut violations);
    let currency = all(violations, currency)?;
    let query = RiskListQuery {
        point: page.pinned(point),
        company_code,
        currency,
        order: order.unwrap_or(RiskOrder::Overdue),
        page: of,
    };
    Ok((query, page))
}

impl PageKey for RiskKey {
    type Order = ();

    fn write(self) -> Vec<String> {
        vec![self.value.0.to_part(), self.account_id]
    }

    fn read(key: &[String], (): ()) -> Option<Self> {
        let [value, account_id] = key else { return None };
        Some(Self { value: Reverse(i128::of_part(value)?), account_id: account_id.clone() })
    }
}
