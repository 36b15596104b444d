//! The documents behind reasons about overdue items, and what paying them off takes.

use crate::domain::credit::decide::Changes;
use crate::domain::credit::decision::{Decision, Reason, ReasonCode, Remedy, RemedyAction};
use crate::domain::credit::rules::Wanted;
use crate::domain::error::Result;
use crate::domain::money::{Currency, told};
use crate::domain::names::{DOCUMENTS, account_name, child_name};
use crate::store::credit::{OverdueEvidence, OverdueQuery};
use crate::store::{Store, WriteTx};

/// Documents shown with a reason.
const DOCUMENTS_MAX: usize = 5;

/// Completes the reasons of a batch.
pub(super) async fn look_up(tx: &WriteTx, changes: &mut Changes) -> Result<()> {
    let wanted = std::mem::take(&mut changes.wanted);
    let queries: Vec<OverdueQuery> =
        wanted.iter().flat_map(|(_, wanted)| queries(wanted)).collect();
    let mut found = tx.overdue_evidence(&queries, DOCUMENTS_MAX as i64).await?.into_iter();
    for (id, wanted) in &wanted {
        let found = of(wanted, &mut found);
        if let Some(decision) = changes.decisions.iter_mut().find(|decision| decision.id == *id) {
            complete(&mut decision.reasons, wanted, &found);
        }
    }
    Ok(())
}

/// Completes the reasons of answers, all with one query.
pub(super) async fn look_up_for(
    store: &Store,
    answers: Vec<(&mut [Reason], &[Wanted])>,
) -> Result<()> {
    let queries: Vec<OverdueQuery> =
        answers.iter().flat_map(|(_, wanted)| wanted.iter().flat_map(queries)).collect();
    if queries.is_empty() {
        return Ok(());
    }
    let mut found = store.overdue_evidence(&queries, DOCUMENTS_MAX as i64).await?.into_iter();
    for (reasons, wanted) in answers {
        for wanted in wanted {
            complete(reasons, wanted, &of(wanted, &mut found));
        }
    }
    Ok(())
}

/// As [`look_up_for`], for a decision that is not stored.
pub(super) async fn look_up_decision(
    store: &Store,
    decision: &mut Decision,
    wanted: &[Wanted],
) -> Result<()> {
    look_up_for(store, vec![(&mut decision.reasons, wanted)]).await
}

/// One for each account of the items.
fn queries(wanted: &Wanted) -> impl Iterator<Item = OverdueQuery> {
    let Wanted { due_before, today, .. } = *wanted;
    let query = move |account_id: &String| OverdueQuery {
        account_id: account_id.clone(),
        due_before,
        today,
    };
    wanted.accounts.iter().map(query)
}

/// What was found of each account, of what was found for all in the order of [`queries`].
fn of<'a>(
    wanted: &'a Wanted,
    found: &mut impl Iterator<Item = OverdueEvidence>,
) -> Vec<(&'a str, OverdueEvidence)> {
    wanted.accounts.iter().map(String::as_str).zip(found).collect()
}

fn complete(reasons: &mut [Reason], wanted: &Wanted, found: &[(&str, OverdueEvidence)]) {
    let Some(reason) = reasons.get_mut(wanted.reason) else { return };
    let counts = |company: &str| wanted.companies.as_ref().is_none_or(|set| set.contains(company));
    let oldest = found.iter().flat_map(|(account, found)| {
        found.oldest.iter().map(move |(company, due, document)| (due, *account, company, document))
    });
    let mut oldest: Vec<_> = oldest.filter(|(_, _, company, _)| counts(company)).collect();
    // Those of each account come in order; a stable sort keeps it for one day.
    oldest.sort_by_key(|(due, ..)| **due);
    for (_, account, _, document) in oldest {
        let name = child_name(account, DOCUMENTS, *document);
        if reason.documents.len() < DOCUMENTS_MAX && !reason.documents.contains(&name) {
            reason.documents.push(name);
        }
    }
    if reason.code != ReasonCode::OverdueDays {
        return;
    }
    let payable = found
        .iter()
        .flat_map(|(account, found)| found.sums.iter().map(move |payable| (*account, payable)));
    let payable = payable.filter(|(_, payable)| counts(&payable.company_code));
    if payable.clone().any(|(_, payable)| payable.paid_ahead) {
        // A payment of a later day covers it already, so no payment of today would end it.
        return;
    }
    let mut sums: Vec<((&str, Currency), i128)> = Vec::new();
    for (account, payable) in payable {
        let key = (account, payable.currency);
        match sums.iter_mut().find(|(of, _)| *of == key) {
            Some((_, sum)) => *sum += payable.amount,
            None => sums.push((key, payable.amount)),
        }
    }
    // All of them together, or none: one that no payment reaches leaves the others without use.
    let pay: Option<Vec<Remedy>> = sums
        .into_iter()
        .map(|((account, currency), minor)| {
            let amount = Some(told(minor, currency)?);
            let (action, subject) = (RemedyAction::PayOverdue, account_name(account));
            Some(Remedy { action, amount, subject })
        })
        .collect();
    reason.remedies.splice(0..0, pay.unwrap_or_default());
}
