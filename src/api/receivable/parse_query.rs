//! Questions to queries. A page after the first is asked for at the point of the first, which
//! its token has.

use crate::api::convert::read::{self, missing};
use crate::api::list::{Fingerprint, Page, PageToken, order_by};
use crate::domain::aging::{Basis, Edges};
use crate::domain::dates::BusinessDayConvention;
use crate::domain::error::{Result, Violations};
use crate::domain::ledger::{PointQuery, Scope};
use crate::domain::money::Currency;
use crate::domain::names::{self, AccountRef};
use crate::domain::receivables::query::{
    DocumentName, DocumentsQuery, OpenItemsQuery, RiskListQuery, StatementQuery,
};
use crate::domain::receivables::{AgingQuery, RiskOrder, RiskView};
use crate::domain::text;
use crate::pb;

use super::parse_command::all;
use super::parse_fact::check_order;
use super::parse_terms::at_most;
use super::{enums, parse_key};

const MAX_ACCOUNTS: usize = 500;
const MAX_ORDER_REF_CHARS: usize = 64;
/// Open items in one message of an export.
pub const EXPORT_PAGE_SIZE: usize = 500;

/// GetReceivablesRisk and its batch.
#[derive(Debug)]
pub struct RiskQuestion {
    pub accounts: Vec<AccountRef>,
    pub point: PointQuery,
    pub display: Option<Currency>,
    pub view: RiskView,
}

/// An export, from its beginning or from where a token says.
#[derive(Debug)]
pub struct Export {
    pub query: OpenItemsQuery,
    /// What the tokens of this export are bound to.
    pub fingerprint: Fingerprint,
    /// The token came with the last message: nothing is left.
    pub finished: bool,
}

pub fn document(request: pb::GetDocumentRequest) -> Result<(DocumentName, PointQuery)> {
    let pb::GetDocumentRequest { name, key, as_of, known_at } = request;
    let mut violations = Violations::new();
    let name = parse_key::document_name(&name, key, &mut violations);
    let point = read::point(as_of, known_at, &mut violations);
    Ok((all(violations, name)?, point))
}

pub fn documents(request: pb::ListDocumentsRequest) -> Result<(DocumentsQuery, Page)> {
    let mut violations = Violations::new();
    let page = Page::parse(&request, &mut violations);
    let pb::ListDocumentsRequest {
        parent,
        page_size: _,
        page_token: _,
        kind,
        company_code,
        order_ref,
        from_date,
        to_date,
        order_by: order,
    } = request;
    let account = violations.keep(read::account("parent", &parent));
    let kind = violations.keep(read::optional_enum("kind", kind, enums::read_kind)).flatten();
    let company_code = read::company_filter(company_code, &mut violations);
    violations.keep(text::check("order_ref", &order_ref, 0, MAX_ORDER_REF_CHARS));
    let from = violations.keep(read::optional_date("from_date", from_date)).flatten();
    let to = violations.keep(read::optional_date("to_date", to_date)).flatten();
    check_order("to_date", from, to, &mut violations);
    let order = violations.keep(order_by(&order, &[("posting_date", ())]));
    let account = all(violations, account)?;
    let query = DocumentsQuery {
        account,
        kind,
        company_code,
        order_ref: (!order_ref.is_empty()).then_some(order_ref),
        from,
        to,
        descending: order.is_some_and(|o| o.descending),
        page_size: page.size,
        after: after(&page),
    };
    Ok((query, page))
}

pub fn open_items(request: pb::ListOpenItemsRequest) -> Result<(OpenItemsQuery, Page)> {
    let mut violations = Violations::new();
    let page = Page::parse(&request, &mut violations);
    let pb::ListOpenItemsRequest {
        parent,
        include_group,
        page_size: _,
        page_token: _,
        as_of,
        known_at,
        company_code,
        currency_code,
        overdue_only,
    } = request;
    let account = violations.keep(read::account("parent", &parent));
    let point = read::point(as_of, known_at, &mut violations);
    let narrow = read::narrow(company_code, &currency_code, &mut violations);
    let account = all(violations, account)?;
    let query = OpenItemsQuery {
        scope: scope(Some(account), include_group),
        point: pinned(page.token.as_ref(), point),
        narrow,
        overdue_only,
        page_size: page.size,
        after: after(&page),
    };
    Ok((query, page))
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

pub fn list_risk(request: pb::ListReceivablesRiskRequest) -> Result<(RiskListQuery, Page)> {
    let mut violations = Violations::new();
    let page = Page::parse(&request, &mut violations);
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
    let currency = all(violations, currency)?;
    let query = RiskListQuery {
        point: pinned(page.token.as_ref(), point),
        company_code,
        currency,
        order: order.unwrap_or(RiskOrder::Overdue),
        page_size: page.size,
        after: after(&page),
    };
    Ok((query, page))
}

pub fn export(request: pb::ExportOpenItemsRequest) -> Result<Export> {
    let mut request = request;
    let token = std::mem::take(&mut request.resume_token);
    let fingerprint = Fingerprint::of("ExportOpenItems", &request);
    let pb::ExportOpenItemsRequest {
        account,
        include_group,
        as_of,
        known_at,
        company_code,
        currency_code,
        resume_token: _,
    } = request;
    let mut violations = Violations::new();
    let account = account_or_all(&account, &mut violations);
    let point = read::point(as_of, known_at, &mut violations);
    let narrow = read::narrow(company_code, &currency_code, &mut violations);
    let token = violations.keep(PageToken::decode("resume_token", &token, &fingerprint)).flatten();
    let account = all(violations, account)?;
    let query = OpenItemsQuery {
        scope: scope(account, include_group),
        point: pinned(token.as_ref(), point),
        narrow,
        overdue_only: false,
        page_size: EXPORT_PAGE_SIZE,
        after: token.as_ref().map(|t| t.key.clone()),
    };
    Ok(Export { query, fingerprint, finished: token.is_some_and(|t| t.key.is_empty()) })
}

pub fn statement(request: pb::GetStatementRequest) -> Result<(StatementQuery, Page)> {
    let mut violations = Violations::new();
    let page = Page::parse(&request, &mut violations);
    let pb::GetStatementRequest {
        account,
        from_date,
        to_date,
        known_at,
        company_code,
        currency_code,
        page_size: _,
        page_token: _,
    } = request;
    let account = violations.keep(read::account("account", &account));
    let from = violations.keep(read::date("from_date", from_date));
    let to = violations.keep(read::date("to_date", to_date));
    check_order("to_date", from, to, &mut violations);
    let known_at = violations.keep(read::micros("known_at", known_at)).flatten();
    let narrow = read::narrow(company_code, &currency_code, &mut violations);
    let ((account, from), to) = all(violations, account.zip(from).zip(to))?;
    let query = StatementQuery {
        account,
        from,
        to,
        known_at: pinned(page.token.as_ref(), PointQuery { as_of: None, known_at }).known_at,
        narrow,
        page_size: page.size,
        after: after(&page),
    };
    Ok((query, page))
}

/// `Some(None)` is the whole book.
fn account_or_all(name: &str, violations: &mut Violations) -> Option<Option<AccountRef>> {
    if name.is_empty() {
        violations.push(missing("account"));
        return None;
    }
    violations.keep(names::parse_account_or_all("account", name))
}

/// The whole book has every group in it.
fn scope(account: Option<AccountRef>, include_group: bool) -> Scope<AccountRef> {
    match (account, include_group) {
        (None, _) => Scope::Book,
        (Some(account), true) => Scope::Group(account),
        (Some(account), false) => Scope::Account(account),
    }
}

/// The point of the page before, else the one asked for.
fn pinned(token: Option<&PageToken>, asked: PointQuery) -> PointQuery {
    token.map_or(asked, |t| PointQuery { as_of: t.as_of, known_at: t.known_at })
}

fn after(page: &Page) -> Option<Vec<String>> {
    page.token.as_ref().map(|token| token.key.clone())
}
