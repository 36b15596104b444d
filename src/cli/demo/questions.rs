//! What the tour asks, in the words of the people who ask it, and what must be answered.

use chrono::{Datelike, Days, NaiveDate};
use serde_json::Value;

use crate::demo::{Company, Customer, HOME_COMPANY, Plan, SOURCE_SYSTEM};
use crate::domain::document::DocumentKey;
use crate::domain::names::external_account_name;

/// A question with the request that asks it.
#[derive(Debug)]
pub struct Question {
    pub heading: &'static str,
    /// `package.Service/Method`
    pub method: &'static str,
    /// As JSON, its fields in the order they are shown.
    pub request: String,
    pub expected: Expected,
    /// What of the answer is beside the point, and how many items of long lists are shown.
    pub folded: &'static [&'static str],
    pub shown: usize,
}

/// What the answer must have at a JSON pointer.
#[derive(Debug)]
pub enum Expected {
    Some(&'static str),
    Is(&'static str, &'static str),
    /// Not what the question before had there.
    Other(&'static str),
    /// A refusal for these reasons, each at a field of its own.
    Refusal(&'static [&'static str]),
}

const RISK: &str = "ballast.v1.ReceivableService/GetReceivablesRisk";
const AGING: &str = "ballast.v1.ReceivableService/GetAging";
const WORST: &str = "ballast.v1.ReceivableService/ListReceivablesRisk";
const OPEN_ITEMS: &str = "ballast.v1.ReceivableService/ListOpenItems";
const STATEMENT: &str = "ballast.v1.ReceivableService/GetStatement";
const DOCUMENT: &str = "ballast.v1.ReceivableService/GetDocument";
const STATUS: &str = "ballast.v1.AccountService/GetAccountStatus";
const WORK: &str = "ballast.v1.AccountService/ListWorkItems";
const TIMELINE: &str = "ballast.v1.AccountService/ListTimeline";
const POST: &str = "ballast.v1.ReceivableService/PostDocuments";
const LIMIT: &str = "ballast.v1.CreditService/SetCreditLimit";
const RESERVE: &str = "ballast.v1.CreditService/ReserveCredit";
const CHECK: &str = "ballast.v1.CreditService/CheckCredit";
const DELIVER: &str = "ballast.v1.CreditService/DeliverReservation";
const PROFILE: &str = "ballast.v1.CreditService/GetCreditProfile";
const BATCH: &str = "ballast.v1.ReceivableService/BatchGetReceivablesRisk";

/// All of them, in the order of the tour.
pub fn all(company: &Company) -> Vec<Question> {
    let mut questions = one_customer(company);
    questions.extend(whole_book(company));
    questions.extend(back_in_time(company));
    questions.extend(papers(company));
    questions.extend(posting(company));
    questions.extend(ordering(company));
    questions
}

fn one_customer(company: &Company) -> Vec<Question> {
    // With the leading zeros of the source system, which do not matter.
    let padded = format!("{:010}", company.featured().number);
    let account = external_account_name(SOURCE_SYSTEM, &padded);
    vec![
        Question {
            heading: "What does this customer owe, and why? (By its number in the ERP.)",
            method: RISK,
            request: format!(r#"{{"account": "{account}", "displayCurrency": "USD"}}"#),
            expected: Expected::Some("/currencies/1/worstDisputes/0/reasonCode"),
            folded: &["point", "key", "lastReceipt", "daysToPay", "rates"],
            shown: 2,
        },
        Question {
            heading: "Which of its items are overdue?",
            method: OPEN_ITEMS,
            request: format!(
                r#"{{"parent": "{}", "overdueOnly": true}}"#,
                company.featured().name()
            ),
            expected: Expected::Some("/items/0/daysOverdue"),
            folded: &["point", "key"],
            shown: 1,
        },
        Question {
            heading: "Whose customer is it, and who stands in? (Its owner has left.)",
            method: STATUS,
            request: format!(r#"{{"name": "{account}"}}"#),
            expected: Expected::Is("/team/accountable", "members/moreau"),
            folded: &["receivables", "credit", "account"],
            shown: 1,
        },
        Question {
            heading: "What does he have to do today, with most at stake first?",
            method: WORK,
            request: r#"{"parent": "accounts/-", "owner": "members/moreau",
                "order": "WORK_ITEM_ORDER_AT_STAKE", "currencyCode": "USD", "pageSize": 3}"#
                .into(),
            expected: Expected::Some("/workItems/0/atStake/0/units"),
            folded: &["evidence", "nextPageToken"],
            shown: 2,
        },
        Question {
            heading: "What happened with this one lately?",
            method: TIMELINE,
            request: r#"{"parent": "accounts/harborline", "pageSize": 4, "withCounts": true}"#
                .into(),
            expected: Expected::Some("/counts/0/entries"),
            folded: &["counts", "nextPageToken"],
            shown: 3,
        },
        Question {
            heading: "Who is this account, to whom does it belong, and what does it owe?",
            method: STATUS,
            request: r#"{"name": "accounts/harborline-ningbo"}"#.into(),
            expected: Expected::Is("/ancestors/1", "accounts/harborline"),
            folded: &["point", "worstItems", "promises", "lastReceipt", "daysToPay"],
            shown: 1,
        },
    ]
}

fn whole_book(company: &Company) -> Vec<Question> {
    let names: Vec<String> = [company.biggest(), company.featured(), company.holding()]
        .map(Customer::name)
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect();
    vec![
        Question {
            heading: "How old is the whole book?",
            method: AGING,
            request: r#"{"account": "accounts/-", "displayCurrency": "USD"}"#.into(),
            expected: Expected::Some("/currencies/1/balance/units"),
            folded: &["point", "currencies"],
            shown: 1,
        },
        Question {
            heading: "Who is worst?",
            method: WORST,
            request: r#"{"currencyCode": "USD", "pageSize": 3}"#.into(),
            expected: Expected::Some("/accounts/2/overdue/units"),
            folded: &["point", "aging", "rates"],
            shown: 3,
        },
        Question {
            heading: "What do these customers owe? (Up to 500 in one call, short form.)",
            method: BATCH,
            request: format!(
                r#"{{"accounts": [{}], "view": "RISK_VIEW_BASIC"}}"#,
                names.join(", ")
            ),
            expected: Expected::Some("/risks/2/currencies/0/balance/units"),
            folded: &["point", "aging"],
            shown: 3,
        },
    ]
}

fn back_in_time(company: &Company) -> Vec<Question> {
    let end = company.plan.quarter_end();
    let group = r#""account": "accounts/harborline", "includeGroup": true"#;
    let balance = "/currencies/0/balance/units";
    vec![
        Question {
            heading: "How old is what a group owes, with all its subsidiaries?",
            method: AGING,
            request: format!("{{{group}}}"),
            expected: Expected::Some(balance),
            folded: &["point"],
            shown: 1,
        },
        Question {
            heading: "What was that at the end of the quarter, as known on that evening?",
            method: AGING,
            request: format!(r#"{{{group}, "asOf": {}, "knownAt": "{end}T23:59:59Z"}}"#, date(end)),
            expected: Expected::Other(balance),
            folded: &["columns"],
            shown: 1,
        },
        Question {
            heading: "And for the same day, as known now? (An invoice has been corrected since.)",
            method: AGING,
            request: format!(r#"{{{group}, "asOf": {}}}"#, date(end)),
            expected: Expected::Other(balance),
            folded: &["columns"],
            shown: 1,
        },
    ]
}

fn papers(company: &Company) -> Vec<Question> {
    let (first, last) = last_month(&company.plan);
    let (from, to) = (date(first), date(last));
    vec![
        Question {
            heading: "What happened on an account last month?",
            method: STATEMENT,
            request: format!(
                r#"{{"account": "{}", "fromDate": {from}, "toDate": {to}}}"#,
                company.featured().name()
            ),
            expected: Expected::Some("/balances/0/closingBalance"),
            folded: &["point", "key"],
            shown: 2,
        },
        Question {
            heading: "What became of this invoice? (By its key in the ERP.)",
            method: DOCUMENT,
            request: format!(r#"{{"key": {}}}"#, key(company.disputed_invoice())),
            expected: Expected::Some("/items/0/disputes/0"),
            folded: &["terms"],
            shown: 1,
        },
    ]
}

fn posting(company: &Company) -> Vec<Question> {
    let today = date(company.plan.today);
    let payer = company.biggest().name();
    let document = |number: &str, day: &str, gross: &str| {
        let key = DocumentKey {
            source_system: SOURCE_SYSTEM.into(),
            company_code: HOME_COMPANY.into(),
            fiscal_year: company.plan.today.year(),
            document_no: number.into(),
            line_no: String::new(),
        };
        format!(
            r#"{{"key": {}, "kind": "DOCUMENT_KIND_INVOICE", "payer": "{payer}",
            "documentDate": {day}, "gross": {gross}, "terms": {{"steps": [{{"addDays": 30}}]}}}}"#,
            self::key(&key)
        )
    };
    let no_day = r#"{"year": 2026, "month": 2, "day": 30}"#;
    let right = r#"{"currencyCode": "USD", "units": "1250", "nanos": 500000000}"#;
    let wrong = r#"{"currencyCode": "USD", "units": "1250", "nanos": 505000000}"#;
    let post = |document: String, id: &str| {
        format!(r#"{{"documents": [{document}], "requestId": "{id}"}}"#)
    };
    vec![
        Question {
            heading: "Post an invoice, net 30.",
            method: POST,
            request: post(document("0099000001", &today, right), "demo-1"),
            expected: Expected::Is("/results/0/outcome", "POST_OUTCOME_POSTED"),
            folded: &[],
            shown: 1,
        },
        Question {
            heading: "Post it again: nothing happens, and the answer says so.",
            method: POST,
            request: post(document("0099000001", &today, right), "demo-2"),
            expected: Expected::Is("/results/0/outcome", "POST_OUTCOME_ALREADY_POSTED"),
            folded: &[],
            shown: 1,
        },
        Question {
            heading: "Post a wrong one: on a day that does not exist, with a third decimal.",
            method: POST,
            request: post(document("0099000002", no_day, wrong), "demo-3"),
            expected: Expected::Refusal(&["DATE_INVALID", "AMOUNT_PRECISION"]),
            folded: &[],
            shown: 1,
        },
    ]
}

fn ordering(company: &Company) -> Vec<Question> {
    let payer = company.biggest().name();
    let usd = |units: u32| format!(r#"{{"currencyCode": "USD", "units": "{units}"}}"#);
    let order = format!(r#"{{"sourceSystem": "{SOURCE_SYSTEM}", "orderRef": "SO-77"}}"#);
    vec![
        Question {
            heading: "Give a customer a credit limit.",
            method: LIMIT,
            request: format!(
                r#"{{"account": "{payer}", "limit": {{"kind": "CREDIT_LIMIT_KIND_AMOUNT",
                "amount": {}, "approver": "Ms Wang", "reason": "yearly review"}},
                "requestId": "demo-4"}}"#,
                usd(1_000_000)
            ),
            expected: Expected::Is("/state", "CREDIT_LIMIT_STATE_ACTIVE"),
            folded: &[],
            shown: 1,
        },
        Question {
            heading: "May this order go out? If so, reserve its amount.",
            method: RESERVE,
            request: format!(
                r#"{{"account": "{payer}", "amount": {}, "order": {order}, "requestId": "demo-5"}}"#,
                usd(50_000)
            ),
            expected: Expected::Is("/verdict", "CREDIT_VERDICT_APPROVED"),
            folded: &["limit"],
            shown: 2,
        },
        Question {
            heading: "And one that is too large? Why not, and what would let it pass?",
            method: CHECK,
            request: format!(r#"{{"account": "{payer}", "amount": {}}}"#, usd(2_000_000)),
            expected: Expected::Is("/reasons/0/code", "CREDIT_REASON_CODE_LIMIT_EXCEEDED"),
            folded: &["limits"],
            shown: 3,
        },
        Question {
            heading: "Half of the goods leave. (The order by its number in the ERP.)",
            method: DELIVER,
            request: format!(
                r#"{{"name": "{payer}/creditReservations/{SOURCE_SYSTEM}~SO-77", "amount": {},
                "requestId": "demo-6"}}"#,
                usd(25_000)
            ),
            expected: Expected::Is("/delivered/units", "25000"),
            folded: &[],
            shown: 1,
        },
        Question {
            heading: "How does it stand with its credit, and what is the exposure made of?",
            method: PROFILE,
            request: format!(r#"{{"account": "{payer}"}}"#),
            expected: Expected::Some("/limits/0/parts/2/amount/units"),
            folded: &["limit"],
            shown: 4,
        },
    ]
}

/// First and last day of the last month that is over.
fn last_month(plan: &Plan) -> (NaiveDate, NaiveDate) {
    let first_of_this = plan.today.with_day(1).unwrap_or(plan.today);
    let last = first_of_this.checked_sub_days(Days::new(1)).unwrap_or(first_of_this);
    (last.with_day(1).unwrap_or(last), last)
}

fn date(day: NaiveDate) -> String {
    let (year, month, day) = (day.year(), day.month(), day.day());
    format!(r#"{{"year": {year}, "month": {month}, "day": {day}}}"#)
}

fn key(key: &DocumentKey) -> String {
    let DocumentKey { source_system, company_code, fiscal_year, document_no, line_no: _ } = key;
    let text = |value: &str| Value::from(value).to_string();
    format!(
        r#"{{"sourceSystem": {}, "companyCode": {}, "fiscalYear": {fiscal_year}, "documentNo": {}}}"#,
        text(source_system),
        text(company_code),
        text(document_no)
    )
}
