//! Findings to and from the wire. All faults of a request are named at once.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::api::account::directory::write_key;
use crate::api::convert::closed_set::{both_ways, one_way};
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{Identified, all, at_most, check_reason};
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::finding::found::{
    Attention, Counts, Duplicate, ListFindings, Listed, Snooze, SnoozeFinding, Told,
};
use crate::domain::finding::stake::{Exposure, Lost, Stake};
use crate::domain::finding::{Code, Finding, Scope, State};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{
    self, AccountRef, MemberRef, POSITIONS, account_name, child_name, contact_name, member_name,
};
use crate::domain::portfolio::rhythm::Rhythm;
use crate::pb;

/// Each code once is all there is to ask for.
const CODES_MAX: usize = Code::ALL.len();

both_ways! {
    read_code, write_code: Code = FindingCode {
        CalendarEnds, Concentration, EffortOverBudget, OwnerMissing, SponsorMissing, VacancyOverdue,
        NoLiveFinanceContact, CoverageGap, SingleThreaded, TopHeavy, KeyPersonDependency,
        TieUnderReview, HookExpired, OverContact, DuplicateSuspected, LapseRisk, ModeMismatch,
        OnHold, AccountBlocked, LimitExceeded, GroupLimitExceeded, OverdueAmount, OverdueDays,
        LimitExpired, NoLimit, RateMissing, Utilization
    }
    read_state, write_state: State = FindingState { Yes, No, Unknown }
}

/// What comes first in a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Severity,
    AtStake,
}

fn read_order(order: pb::FindingOrder) -> Option<Order> {
    match order {
        pb::FindingOrder::Unspecified => None,
        pb::FindingOrder::Severity => Some(Order::Severity),
        pb::FindingOrder::AtStake => Some(Order::AtStake),
    }
}

one_way! {
    write_attention: Attention = Attention { None, Look, Act }
}

pub fn list(
    request: &pb::ListFindingsRequest,
) -> Result<(ListFindings<AccountRef, MemberRef>, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListFindingsRequest { parent, owner, codes, severity, states, as_of, order, .. } =
        request;
    let account = if parent.is_empty() {
        Err(missing("parent"))
    } else {
        names::parse_account_or_all("parent", parent)
    };
    let account = violations.keep(account);
    let owner = violations.keep(read::optional_member("owner", owner)).flatten();
    let codes = each("codes", codes, read_code, &mut violations);
    let mut states = each("states", states, read_state, &mut violations);
    if states.is_empty() {
        states.push(State::Yes);
    }
    let severity =
        violations.keep(read::optional_enum("severity", *severity, write::read_severity));
    let as_of = violations.keep(read::optional_date("as_of", *as_of)).flatten();
    match account {
        Some(None) => check_of_all(&codes, &states, &mut violations),
        Some(Some(_)) if owner.is_some() => {
            let what = "only goes with accounts/-";
            violations.add("owner", Reason::FieldInvalid, what);
        }
        _ => {}
    }
    let order = violations.keep(read::optional_enum("order", *order, read_order)).flatten();
    let by_stake = stake_currency(request, order.unwrap_or_default(), &mut violations);
    let of = page.of(&mut violations);
    let account = all(violations, account)?;
    let show_snoozed = request.show_snoozed;
    let severity = severity.flatten();
    let list = ListFindings {
        account,
        owner,
        codes,
        severity,
        states,
        as_of,
        show_snoozed,
        by_stake,
        page: of,
    };
    Ok((list, page))
}

/// The currency in which stakes are compared, where they give the order.
fn stake_currency(
    request: &pb::ListFindingsRequest,
    order: Order,
    violations: &mut Violations,
) -> Option<Currency> {
    let code = &request.currency_code;
    let currency = violations.keep(read::optional_currency("currency_code", code)).flatten();
    match order {
        Order::AtStake => {
            if request.owner.is_empty() {
                violations.push(missing("owner"));
            }
            if code.is_empty() {
                violations.push(missing("currency_code"));
            }
            currency
        }
        Order::Severity => {
            if !code.is_empty() {
                let what = "amounts are only compared in the order AT_STAKE";
                violations.add("currency_code", Reason::FieldInvalid, what);
            }
            None
        }
    }
}

/// What is not found by a statement over the book is not answered for it.
fn check_of_all(codes: &[Code], states: &[State], violations: &mut Violations) {
    for (i, code) in codes.iter().enumerate() {
        if code.scope() == Scope::Asked {
            let what = format!("{code} is computed for one account: name it as parent");
            violations.add(format!("codes[{i}]"), Reason::FieldInvalid, what);
        }
    }
    if let Some(i) = states.iter().position(|state| *state == State::No) {
        let what = "what is not so is told of one account: name it as parent";
        violations.add(format!("states[{i}]"), Reason::FieldInvalid, what);
    }
}

fn each<W: TryFrom<i32>, D>(
    field: &str,
    values: &[i32],
    known: impl Fn(W) -> Option<D> + Copy,
    violations: &mut Violations,
) -> Vec<D> {
    if !at_most(CODES_MAX, values.len(), field, violations) {
        return Vec::new();
    }
    let read = values.iter().enumerate().filter_map(|(i, value)| {
        let value = read::required_enum(&format!("{field}[{i}]"), *value, known);
        violations.keep(value)
    });
    read.collect()
}

pub fn snooze(request: pb::SnoozeFindingRequest) -> Result<Identified<SnoozeFinding<AccountRef>>> {
    let pb::SnoozeFindingRequest { account, code, until_date, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = if account.is_empty() {
        Err(missing("account"))
    } else {
        names::parse_account_or_all("account", &account)
    };
    let account = violations.keep(account);
    let code = violations.keep(read::required_enum("code", code, read_code));
    let until = violations.keep(read::date("until_date", until_date));
    check_reason(&reason, &mut violations);
    if let (Some(account), Some(code)) = (&account, code) {
        violations.keep(check_subject(account.is_none(), code));
    }
    let ((account, code), until) = all(violations, account.zip(code).zip(until))?;
    Ok((request_id, SnoozeFinding { account, code, until, reason }))
}

fn check_subject(is_book: bool, code: Code) -> Result<(), Violation> {
    let what = match (is_book, code.scope() == Scope::Book) {
        (true, false) => "is found of accounts: name one",
        (false, true) => "is found of the book: name accounts/-",
        _ => return Ok(()),
    };
    Err(Violation::new("account", Reason::FieldInvalid, format!("{code} {what}")))
}

pub fn page(listed: Listed, request: &PageRequest) -> pb::ListFindingsResponse {
    let Listed { page, stakes, exposure } = listed;
    let (findings, next_page_token) = request.answer(page, finding);
    let told: BTreeSet<&str> = findings.iter().map(|one| one.account.as_str()).collect();
    let is_told = |one: &pb::AccountStake| told.contains(one.account.as_str());
    let stakes = stakes.into_iter().map(stake).filter(is_told).collect();
    pb::ListFindingsResponse {
        findings,
        next_page_token,
        stakes,
        exposure: exposure.map(self::exposure),
    }
}

fn stake(stake: Stake) -> pb::AccountStake {
    let Stake {
        account_id,
        open,
        overdue,
        reserved,
        converted: _,
        class,
        accountable,
        lost: of_lost,
    } = stake;
    let amounts = |of: Vec<Money>| -> Vec<pb::Money> {
        of.into_iter().map(|of| write::money(of.minor, of.currency)).collect()
    };
    let lost = |Lost { position_id, since, contact_left, interim }: Lost| pb::LostContact {
        position: child_name(&account_id, POSITIONS, position_id),
        since_date: Some(write::date(since)),
        contact_left: contact_name(&contact_left),
        interim: member_name(&interim),
    };
    pb::AccountStake {
        tier: class.unwrap_or_default(),
        accountable: member_name(&accountable),
        lost_contacts: of_lost.into_iter().map(lost).collect(),
        account: account_name(&account_id),
        open: amounts(open),
        overdue: amounts(overdue),
        reserved: amounts(reserved),
    }
}

fn exposure(exposure: Exposure) -> pb::FindingExposure {
    let Exposure { currency, total, blind, blind_bp } = exposure;
    pb::FindingExposure {
        total: Some(write::money(total, currency)),
        blind: Some(write::money(blind, currency)),
        blind_bp,
    }
}

pub fn finding(finding: Finding) -> pb::Finding {
    let Finding { account_id, code, state, severity, since, until, evidence, duplicates, snooze } =
        finding;
    pb::Finding {
        account: account_name(&account_id),
        code: write_code(code).into(),
        state: write_state(state).into(),
        severity: severity.map(write::severity).unwrap_or_default().into(),
        since_date: since.map(write::date),
        until_date: until.map(write::date),
        evidence,
        snooze: snooze.map(self::snoozed),
        duplicates: duplicates.into_iter().map(duplicate).collect(),
    }
}

fn duplicate(Duplicate { account_id, shared }: Duplicate) -> pb::SuspectedDuplicate {
    pb::SuspectedDuplicate {
        account: account_name(&account_id),
        matched_on: shared.into_iter().map(|kind| write_key(kind).into()).collect(),
    }
}

pub fn snoozed(snooze: Snooze) -> pb::FindingSnooze {
    let account = snooze.subject();
    let Snooze { account_id: _, code, from_date, until, reason, snoozed_by, recorded_us } = snooze;
    pb::FindingSnooze {
        account,
        code: write_code(code).into(),
        from_date: Some(write::date(from_date)),
        until_date: Some(write::date(until)),
        reason: reason.into_exposed(),
        snoozed_by,
        create_time: Some(write::recorded(recorded_us)),
    }
}

/// In which rhythm an account is invoiced, as of a day.
pub fn rhythm(rhythm: Rhythm, day: NaiveDate) -> Result<pb::PurchaseRhythm> {
    Ok(pb::PurchaseRhythm {
        last_invoice_date: Some(write::date(rhythm.last_day)),
        gaps: write::count(rhythm.gaps)?,
        median_gap_days: rhythm.median_days().map(write::decimal),
        ratio: rhythm.ratio(day).map(write::decimal),
        lapse_date: rhythm.lapses_on().map(write::date),
    })
}

/// The findings of an account, in its status.
pub struct Status {
    pub attention: pb::Attention,
    pub findings: Vec<pb::Finding>,
    pub counts: pb::FindingCounts,
}

pub fn told(told: Told) -> Result<Status> {
    let Told { attention, worst, counts: Counts { red, amber, snoozed, unknown } } = told;
    let counts = pb::FindingCounts {
        red: write::count(red)?,
        amber: write::count(amber)?,
        snoozed: write::count(snoozed)?,
        unknown: write::count(unknown)?,
    };
    let findings = worst.into_iter().map(finding).collect();
    Ok(Status { attention: write_attention(attention), findings, counts })
}
