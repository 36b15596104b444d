//! A document as it comes in, to the draft the services take.
//!
//! Everything that is wrong with it is told at once, by paths within the document. What a
//! field must look like is said here; what fields mean together is the domain's
//! ([`Draft::violations`]). Output-only fields are ignored: a client may send what it read.

use crate::api::convert::read;
use crate::api::convert::request::at_most;
use crate::domain::document::{
    BaselineDates, ClearingInstruction, ClearingTarget, DocumentKey, Draft, MAX_TARGETS,
};
use crate::domain::error::{Error, Reason, Violation, Violations};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::domain::text;
use crate::pb;

use super::{enums, parse_key, parse_terms};

const MAX_REF_CHARS: usize = 64;
const MAX_NOTE_CHARS: usize = 500;

/// Reads one document; the paths of the violations are within the document.
///
/// # Errors
/// Every violation, never an empty list.
pub fn draft(document: pb::Document) -> Result<Draft<AccountRef>, Vec<Violation>> {
    let mut violations = Violations::new();
    let draft = shape(document, &mut violations);
    let mut found = list(violations);
    match draft {
        Some(draft) => {
            // What could not be read stands as empty in the draft: a rule that only this empty
            // value breaks is not reported.
            let shape_faults = found.len();
            for violation in draft.violations("") {
                let consequence =
                    found[..shape_faults].iter().any(|f| overlap(&f.field, &violation.field));
                if !consequence {
                    found.push(violation);
                }
            }
            if found.is_empty() { Ok(draft) } else { Err(found) }
        }
        None => Err(found),
    }
}

fn list(violations: Violations) -> Vec<Violation> {
    match violations.finish() {
        Ok(()) => Vec::new(),
        Err(Error::Invalid(list)) => list,
        Err(other) => vec![Violation::new("", other.reason(), other.to_string())],
    }
}

/// The draft as far as it can be read; `None` only after a violation.
fn shape(document: pb::Document, violations: &mut Violations) -> Option<Draft<AccountRef>> {
    let pb::Document {
        key,
        source_version,
        kind,
        side,
        payer,
        sold_to,
        bill_to,
        document_date,
        posting_date,
        gross,
        net,
        tax,
        instalments,
        terms,
        baseline_dates,
        clears,
        adjustment_reason,
        order_ref,
        contract_ref,
        project_ref,
        note,
        name: _,
        items: _,
        clearings: _,
        state: _,
        record_time: _,
        reverse_date: _,
        reverse_reason: _,
        discount_available: _,
    } = document;

    let key = parse_key::key("key", key, violations);
    check_version(source_version, violations);
    let kind = violations.keep(read::required_enum("kind", kind, enums::read_kind));
    let side = self::side(side, kind, violations);
    let payer = violations.keep(read::account("payer", &payer));
    let sold_to = optional_account("sold_to", &sold_to, violations);
    let bill_to = optional_account("bill_to", &bill_to, violations);
    let document_date = violations.keep(read::date("document_date", document_date));
    let posting_date = read::optional_date("posting_date", posting_date);
    let posting_date = violations.keep(posting_date).flatten().or(document_date);
    let gross = violations.keep(read::money("gross", gross.as_ref()));
    let currency = gross.map(|g| g.currency);
    let [net, tax] = net_and_tax(net.as_ref(), tax.as_ref(), currency, violations);
    let instalments = parse_terms::instalments(instalments, currency, violations);
    let terms = terms.map(|terms| parse_terms::terms("terms", terms, violations));
    if terms.is_some() && side == Some(Side::Credit) && kind != Some(DocumentKind::CreditNote) {
        let what = "are for debits, and for the discount of a credit note";
        violations.add("terms", Reason::FieldInvalid, what);
    }
    let baseline_dates = baseline_dates
        .map_or(BaselineDates::default(), |d| parse_terms::baseline_dates(d, violations));
    let clears = clears
        .map_or(ClearingInstruction::default(), |c| clearing_instruction(c, &key, violations));
    let reason = adjustment_reason;
    let reason = read::optional_enum("adjustment_reason", reason, enums::read_adjustment);
    let adjustment_reason = violations.keep(reason).flatten();
    for (field, reference) in
        [("order_ref", &order_ref), ("contract_ref", &contract_ref), ("project_ref", &project_ref)]
    {
        violations.keep(text::check_key(field, reference, 0, MAX_REF_CHARS));
    }
    violations.keep(text::check_multiline("note", &note, 0, MAX_NOTE_CHARS));

    let gross = gross?;
    Some(Draft {
        key,
        source_version,
        kind: kind?,
        side: side?,
        payer: payer?,
        sold_to,
        bill_to,
        document_date: document_date?,
        posting_date: posting_date?,
        currency: gross.currency,
        gross: gross.minor,
        net,
        tax,
        instalments,
        terms,
        baseline_dates,
        clears,
        adjustment_reason,
        order_ref,
        contract_ref,
        project_ref,
        note: note.into(),
    })
}

fn check_version(version: i64, violations: &mut Violations) {
    if version < 0 {
        violations.add("source_version", Reason::FieldInvalid, "must not be negative");
    }
}

/// The side given, else the kind's.
fn side(side: i32, kind: Option<DocumentKind>, violations: &mut Violations) -> Option<Side> {
    let given = violations.keep(read::optional_enum("side", side, enums::read_side));
    given.flatten().or(kind.map(DocumentKind::default_side))
}

fn optional_account(field: &str, name: &str, violations: &mut Violations) -> Option<AccountRef> {
    if name.is_empty() {
        return None;
    }
    violations.keep(read::account(field, name))
}

/// Both, or neither if one cannot be read: half of them would not add up to the gross.
fn net_and_tax(
    net: Option<&pb::Money>,
    tax: Option<&pb::Money>,
    currency: Option<Currency>,
    violations: &mut Violations,
) -> [Option<i64>; 2] {
    let read_net = parse_terms::amount_in("net", net, currency, violations);
    let read_tax = parse_terms::amount_in("tax", tax, currency, violations);
    if read_net.is_some() == net.is_some() && read_tax.is_some() == tax.is_some() {
        [read_net, read_tax]
    } else {
        [None, None]
    }
}

fn clearing_instruction(
    clears: pb::ClearingInstruction,
    naming: &DocumentKey,
    violations: &mut Violations,
) -> ClearingInstruction {
    let pb::ClearingInstruction { targets, oldest_first } = clears;
    let field = "clears.targets";
    if !at_most(MAX_TARGETS, targets.len(), field, violations) {
        return ClearingInstruction { targets: Vec::new(), oldest_first };
    }
    let read = |(i, target): (usize, pb::ClearingTarget)| {
        let pb::ClearingTarget { key, amount } = target;
        let (key_field, amount_field) =
            (format!("{field}[{i}].key"), format!("{field}[{i}].amount"));
        ClearingTarget {
            key: parse_key::target_key(&key_field, key, naming, violations),
            amount: violations.keep(read::optional_money(&amount_field, amount.as_ref())).flatten(),
        }
    };
    ClearingInstruction {
        targets: targets.into_iter().enumerate().map(read).collect(),
        oldest_first,
    }
}

/// Whether one path is the other or leads to it.
fn overlap(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
