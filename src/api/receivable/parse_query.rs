//! Questions about documents and items, to queries. A page after the first is asked for at the point of the first, which
//! its token has. Every violation of a request is told at once.

use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{all, check_order};
use crate::api::list::{KeyPart, PageKey, PageRequest, order_by};
use crate::domain::clearing::WaitingKey;
use crate::domain::error::{Result, Violations};
use crate::domain::ledger::{PointQuery, Scope};
use crate::domain::money::Currency;
use crate::domain::names::{self, AccountRef};
use crate::domain::page::PageOf;
use crate::domain::receivables::query::{
    DocumentName, DocumentsQuery, DueKey, ExportKey, OpenItemsQuery, StatementQuery,
};
use crate::domain::receivables::{Movement, MovementKey};
use crate::domain::text;
use crate::pb;

use super::{enums, parse_key};

pub fn document(request: pb::GetDocumentRequest) -> Result<(DocumentName, PointQuery)> {
    let pb::GetDocumentRequest { name, key, as_of, known_at } = request;
    let mut violations = Violations::new();
    let name = parse_key::document_name(&name, key, &mut violations);
    let point = read::point(as_of, known_at, &mut violations);
    Ok((all(violations, name)?, point))
}

pub fn documents(request: pb::ListDocumentsRequest) -> Result<(DocumentsQuery, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(&request, &mut violations);
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
    violations.keep(text::check_key("order_ref", &order_ref, 0, read::MAX_ORDER_REF_CHARS));
    let from = violations.keep(read::optional_date("from_date", from_date)).flatten();
    let to = violations.keep(read::optional_date("to_date", to_date)).flatten();
    check_order("to_date", from, to, &mut violations);
    let order = violations.keep(order_by(&order, &[("posting_date", ())]));
    let of = page.of(&mut violations);
    let account = all(violations, account)?;
    let query = DocumentsQuery {
        account,
        kind,
        company_code,
        order_ref: (!order_ref.is_empty()).then_some(order_ref),
        from,
        to,
        descending: order.is_some_and(|o| o.descending),
        page: of,
    };
    Ok((query, page))
}

/// `None` is the whole book.
pub fn waiting_clearings(
    request: &pb::ListWaitingClearingsRequest,
) -> Result<(Option<AccountRef>, PageOf<WaitingKey>, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let account = violations.keep(names::parse_account_or_all("parent", &request.parent));
    let of = page.of(&mut violations);
    Ok((all(violations, account)?, of, page))
}

pub fn open_items(
    request: pb::ListOpenItemsRequest,
) -> Result<(OpenItemsQuery<DueKey>, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(&request, &mut violations);
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
    let of = page.of(&mut violations);
    let account = all(violations, account)?;
    let query = OpenItemsQuery {
        scope: scope(Some(account), include_group),
        point: page.pinned(point),
        narrow,
        overdue_only,
        page: of,
    };
    Ok((query, page))
}

pub fn export(
    request: pb::ExportOpenItemsRequest,
) -> Result<(OpenItemsQuery<ExportKey>, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(&request, &mut violations);
    let pb::ExportOpenItemsRequest {
        account,
        include_group,
        as_of,
        known_at,
        company_code,
        currency_code,
        resume_token: _,
    } = request;
    let account = account_or_all(&account, &mut violations);
    let point = read::point(as_of, known_at, &mut violations);
    let narrow = read::narrow(company_code, &currency_code, &mut violations);
    let of = page.of(&mut violations);
    let account = all(violations, account)?;
    let query = OpenItemsQuery {
        scope: scope(account, include_group),
        point: page.pinned(point),
        narrow,
        overdue_only: false,
        page: of,
    };
    Ok((query, page))
}

pub fn statement(request: pb::GetStatementRequest) -> Result<(StatementQuery, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(&request, &mut violations);
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
    let of = page.of(&mut violations);
    let ((account, from), to) = all(violations, account.zip(from).zip(to))?;
    let query = StatementQuery {
        account,
        from,
        to,
        known_at: page.pinned(PointQuery { as_of: None, known_at }).known_at,
        narrow,
        page: of,
    };
    Ok((query, page))
}

/// `Some(None)` is the whole book.
pub fn account_or_all(name: &str, violations: &mut Violations) -> Option<Option<AccountRef>> {
    if name.is_empty() {
        violations.push(missing("account"));
        return None;
    }
    violations.keep(names::parse_account_or_all("account", name))
}

/// The whole book has every group in it.
pub fn scope(account: Option<AccountRef>, include_group: bool) -> Scope<AccountRef> {
    match (account, include_group) {
        (None, _) => Scope::Book,
        (Some(account), true) => Scope::Group(account),
        (Some(account), false) => Scope::Account(account),
    }
}

impl PageKey for MovementKey {
    type Order = ();

    fn write(self) -> Vec<String> {
        let Self { currency, date, recorded_us, document_id, movement } = self;
        let (currency, movement) = (currency.code().to_owned(), movement.as_str().to_owned());
        vec![currency, date.to_part(), recorded_us.to_part(), document_id.to_part(), movement]
    }

    fn read(key: &[String], (): ()) -> Option<Self> {
        let [currency, date, recorded_us, document_id, movement] = key else { return None };
        Some(Self {
            currency: Currency::parse(currency)?,
            date: KeyPart::of_part(date)?,
            recorded_us: KeyPart::of_part(recorded_us)?,
            document_id: KeyPart::of_part(document_id)?,
            movement: Movement::parse(movement)?,
        })
    }
}
