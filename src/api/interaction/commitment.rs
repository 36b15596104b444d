//! Commitments to and from the wire. All faults of a request are named at once.

use chrono::NaiveDate;

use crate::api::convert::closed_set::both_ways;
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{
    Identified, MAX_REASON_CHARS, all, at_most, check_order, check_reason, child, optional_child,
    parent_or_all,
};
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::ctx::{ACCOUNTS_READ, Ctx};
use crate::domain::commitment::{
    Commitment, CommitmentKey, CommitmentSide, CommitmentState, CommitmentTerms, CreateCommitment,
    Created, DelegateCommitment, EVIDENCE_MAX, Evidence, EvidenceTerms, ListCommitments, Listed,
    NOTE_CHARS_MAX, OPEN_LOAD_MAX, SettleCommitment, Settlement, TEXT_CHARS_MAX, state_of_promise,
};
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::names::{
    COMMITMENTS, INTERACTIONS, PROMISES, child_name, contact_name, member_name,
};
use crate::domain::page::Page;
use crate::domain::personal::Personal;
use crate::domain::receivables::Promise;
use crate::domain::text;
use crate::pb;

both_ways! {
    read_side, write_side: CommitmentSide = CommitmentSide { Ours, Theirs }
    read_state, write_state: CommitmentState = CommitmentState {
        Open, Kept, KeptLate, KeptPartly, Broken, Withdrawn
    }
}

pub fn read_settlement(value: pb::CommitmentSettlement) -> Option<Settlement> {
    match value {
        pb::CommitmentSettlement::Unspecified => None,
        pb::CommitmentSettlement::Kept => Some(Settlement::Kept),
        pb::CommitmentSettlement::Withdrawn => Some(Settlement::Withdrawn),
    }
}

pub fn create(request: pb::CreateCommitmentRequest) -> Result<Identified<CreateCommitment>> {
    let pb::CreateCommitmentRequest { account, commitment, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    if commitment.is_none() {
        violations.push(missing("commitment"));
    }
    let commitment = commitment.unwrap_or_default();
    let interaction =
        optional_child("commitment.interaction", &commitment.interaction, INTERACTIONS);
    let interaction = violations.keep(interaction).flatten();
    let terms = terms(commitment, &mut violations);
    let (account, terms) = all(violations, account.zip(terms))?;
    Ok((request_id, CreateCommitment { account, terms, interaction }))
}

/// What was promised in the interaction with which it is recorded.
pub fn said_in_it(
    commitment: pb::Commitment,
    violations: &mut Violations,
) -> Option<CommitmentTerms> {
    if !commitment.interaction.is_empty() {
        let what = "is the interaction that it is recorded with, and is not given";
        violations.add("commitment.interaction", Reason::FieldInvalid, what);
    }
    terms(commitment, violations)
}

fn terms(commitment: pb::Commitment, violations: &mut Violations) -> Option<CommitmentTerms> {
    let pb::Commitment { side, member, contact, text, amount, made_date, due_date, .. } =
        commitment;
    let side = violations.keep(read::required_enum("commitment.side", side, read_side));
    let member = violations.keep(read::member("commitment.member", &member));
    let contact = violations.keep(read::contact("commitment.contact", &contact));
    violations.keep(text::check_multiline("commitment.text", &text, 1, TEXT_CHARS_MAX));
    let amount = read::optional_positive("commitment.amount", amount.as_ref());
    let amount = violations.keep(amount).flatten();
    let made_date = read::optional_date("commitment.made_date", made_date);
    let made_date = violations.keep(made_date).flatten();
    let due_date = violations.keep(read::date("commitment.due_date", due_date));
    check_order("commitment.due_date", made_date, due_date, violations);
    let (((side, member), contact), due_date) = side.zip(member).zip(contact).zip(due_date)?;
    Some(CommitmentTerms { side, member, contact, text, amount, made_date, due_date })
}

pub fn settle(request: pb::SettleCommitmentRequest) -> Result<Identified<SettleCommitment>> {
    let pb::SettleCommitmentRequest { name, settlement, evidence, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    if settlement == i32::from(pb::CommitmentSettlement::Kept) && evidence.is_empty() {
        violations.push(missing("evidence"));
    }
    let settled = pb::SettledCommitment { name, settlement, evidence, reason };
    let settled = settled_by_it(settled, &mut violations);
    Ok((request_id, all(violations, settled)?))
}

/// What is settled, by an interaction that shows it without more evidence.
pub fn settled_by_it(
    settled: pb::SettledCommitment,
    violations: &mut Violations,
) -> Option<SettleCommitment> {
    let pb::SettledCommitment { name, settlement, evidence, reason } = settled;
    let commitment = violations.keep(child("name", &name, COMMITMENTS));
    let settlement =
        violations.keep(read::required_enum("settlement", settlement, read_settlement));
    let evidence = self::evidence(evidence, settlement, violations);
    match settlement {
        Some(Settlement::Withdrawn) => check_reason(&reason, violations),
        _ => _ = violations.keep(text::check_multiline("reason", &reason, 0, MAX_REASON_CHARS)),
    }
    let (commitment, settlement) = commitment.zip(settlement)?;
    Some(SettleCommitment { commitment, settlement, evidence, reason })
}

/// What shows that something was kept; faults go to `violations`.
pub fn evidence(
    given: Vec<pb::CommitmentEvidence>,
    settlement: Option<Settlement>,
    violations: &mut Violations,
) -> Vec<EvidenceTerms> {
    let field = "evidence";
    if settlement == Some(Settlement::Withdrawn) && !given.is_empty() {
        let what = "shows that it was kept; a withdrawal has a reason";
        violations.add(field, Reason::FieldInvalid, what);
    }
    if !at_most(EVIDENCE_MAX, given.len(), field, violations) {
        return Vec::new();
    }
    let mut kept = Vec::new();
    for (at, pb::CommitmentEvidence { date, interaction, note }) in given.into_iter().enumerate() {
        let within = |part: &str| format!("{field}[{at}].{part}");
        let day = violations.keep(read::date(&within("date"), date));
        let name = optional_child(&within("interaction"), &interaction, INTERACTIONS);
        let shortest = usize::from(interaction.is_empty());
        let note_field = within("note");
        violations.keep(text::check_multiline(&note_field, &note, shortest, NOTE_CHARS_MAX));
        let interaction = violations.keep(name).flatten();
        kept.extend(day.map(|day| EvidenceTerms { day, interaction, note }));
    }
    kept
}

pub fn delegate(request: pb::DelegateCommitmentRequest) -> Result<Identified<DelegateCommitment>> {
    let pb::DelegateCommitmentRequest { name, member, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let commitment = violations.keep(child("name", &name, COMMITMENTS));
    let member = violations.keep(read::member("member", &member));
    let (commitment, member) = all(violations, commitment.zip(member))?;
    Ok((request_id, DelegateCommitment { commitment, member }))
}

pub fn list(request: &pb::ListCommitmentsRequest) -> Result<(ListCommitments, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListCommitmentsRequest { parent, side, state, contact, member, due_before, .. } =
        request;
    let account = violations.keep(parent_or_all(parent)).flatten();
    let side = violations.keep(read::optional_enum("side", *side, read_side)).flatten();
    let state = violations.keep(read::optional_enum("state", *state, read_state)).flatten();
    let contact = match contact.as_str() {
        "" => None,
        name => violations.keep(read::contact("contact", name)),
    };
    let member = violations.keep(read::optional_member("member", member)).flatten();
    let due_before = violations.keep(read::optional_date("due_before", *due_before)).flatten();
    let of = page.of(&mut violations);
    violations.finish()?;
    let list = ListCommitments { account, contact, member, side, state, due_before, page: of };
    Ok((list, page))
}

/// A commitment as it stands on a day.
pub fn commitment(commitment: Commitment, today: NaiveDate) -> pb::Commitment {
    let (name, state) = (commitment.name(), commitment.state_on(today));
    let responsible = commitment.responsible_on(today).map(member_name);
    let Commitment {
        id: _,
        account_id,
        side,
        member_id,
        contact_id,
        text,
        amount,
        made_date,
        due_date,
        interaction_id,
        delegated_to,
        settled,
        recorded_by,
        recorded_us,
    } = commitment;
    let interaction = |id| child_name(&account_id, INTERACTIONS, id);
    let shown = |Evidence { day, interaction_id, note }| pb::CommitmentEvidence {
        date: Some(write::date(day)),
        interaction: interaction_id.map(interaction).unwrap_or_default(),
        note: note.into_exposed(),
    };
    let settle_date = settled.as_ref().map(|settled| write::date(settled.day));
    let (evidence, reason) = settled.map_or_else(
        || (Vec::new(), Personal::default()),
        |settled| (settled.evidence, settled.reason),
    );
    pb::Commitment {
        name,
        side: write_side(side).into(),
        member: member_name(&member_id),
        contact: contact_name(&contact_id),
        text: text.into_exposed(),
        amount: amount.map(|amount| write::money(amount.minor, amount.currency)),
        made_date: Some(write::date(made_date)),
        due_date: Some(write::date(due_date)),
        interaction: interaction_id.map(interaction).unwrap_or_default(),
        state: write_state(state).into(),
        delegated_to: delegated_to.as_deref().map(member_name).unwrap_or_default(),
        responsible: responsible.unwrap_or_default(),
        settle_date,
        evidence: evidence.into_iter().map(shown).collect(),
        settle_reason: reason.into_exposed(),
        recorded_by,
        create_time: Some(write::recorded(recorded_us)),
        masked: false,
        kind: pb::CommitmentKind::Word.into(),
        received: None,
    }
}

/// A promise to pay, as it stands on the day it was judged on.
pub fn promise(promise: Promise) -> pb::Commitment {
    let Promise {
        id,
        account_id,
        items: _,
        currency,
        amount,
        promise_date,
        pay_by_date,
        grace_days: _,
        contact_id,
        promised_by: _,
        received,
        lapsed: _,
        state,
        recorded_us,
    } = promise;
    pb::Commitment {
        name: child_name(&account_id, PROMISES, id),
        kind: pb::CommitmentKind::Payment.into(),
        side: write_side(CommitmentSide::Theirs).into(),
        contact: contact_id.as_deref().map(contact_name).unwrap_or_default(),
        amount: Some(write::money(amount, currency)),
        received: Some(write::money(received, currency)),
        made_date: Some(write::date(promise_date)),
        due_date: Some(write::date(pay_by_date)),
        state: write_state(state_of_promise(state)).into(),
        create_time: Some(write::recorded(recorded_us)),
        ..Default::default()
    }
}

pub fn created(answer: Created, today: NaiveDate) -> Result<pb::CreateCommitmentResponse> {
    let Created { commitment, open } = answer;
    Ok(pb::CreateCommitmentResponse {
        commitment: Some(self::commitment(commitment, today)),
        open_count: write::count(open)?,
        overloaded: open > OPEN_LOAD_MAX,
    })
}

pub fn page(
    answer: Page<Listed, CommitmentKey>,
    request: &PageRequest,
    ctx: &Ctx,
) -> pb::ListCommitmentsResponse {
    let (today, tells_debts) = (ctx.business_date(), ctx.scopes.allows(ACCOUNTS_READ));
    let listed = |one| match one {
        Listed::Commitment(one) => commitment(one, today),
        Listed::Promise(one) if tells_debts => promise(one),
        Listed::Promise(one) => {
            pb::Commitment { amount: None, received: None, masked: true, ..promise(one) }
        }
    };
    let (commitments, next_page_token) = request.answer(answer, listed);
    pb::ListCommitmentsResponse { commitments, next_page_token }
}
