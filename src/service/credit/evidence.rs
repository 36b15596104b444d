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
    let mut queries = Vec::new();
    for (id, wanted) in &wanted {
        if let Some(decision) = changes.decisions.iter().find(|decision| decision.id == *id) {
            queries.push(query(&decision.account_id, wanted));
        }
    }
    let found = tx.overdue_evidence(&queries, DOCUMENTS_MAX as i64).await?;
    for ((id, wanted), found) in wanted.iter().zip(found) {
        if let Some(decision) = changes.decisions.iter_mut().find(|decision| decision.id == *id) {
            complete(&decision.account_id, &mut decision.reasons, wanted, &found);
        }
    }
    Ok(())
}

/// Completes the reasons of answers about accounts, all with one query.
pub(super) async fn look_up_for(
    store: &Store,
    answers: Vec<(&str, &mut [Reason], &[Wanted])>,
) -> Result<()> {
    let queries: Vec<OverdueQuery> = answers
        .iter()
        .flat_map(|(account, _, wanted)| wanted.iter().map(|wanted| query(account, wanted)))
        .collect();
    if queries.is_empty() {
        return Ok(());
    }
    let mut found = store.overdue_evidence(&queries, DOCUMENTS_MAX as i64).await?.into_iter();
    for (account, reasons, wanted) in answers {
        for (wanted, found) in wanted.iter().zip(&mut found) {
            complete(account, reasons, wanted, &found);
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
    look_up_for(store, vec![(&decision.account_id, &mut decision.reasons, wanted)]).await
}

fn query(account: &str, wanted: &Wanted) -> OverdueQuery {
    let Wanted { reason: _, due_before, today, companies: _ } = *wanted;
    OverdueQuery { account_id: account.to_owned(), due_before, today }
}

fn complete(account: &str, reasons: &mut [Reason], wanted: &Wanted, found: &OverdueEvidence) {
    let Some(reason) = reasons.get_mut(wanted.reason) else { return };
    let counts = |company: &str| wanted.companies.as_ref().is_none_or(|set| set.contains(company));
    for (company, _, document) in &found.oldest {
        let name = child_name(account, DOCUMENTS, *document);
        let room = reason.documents.len() < DOCUMENTS_MAX;
        if counts(company) && room && !reason.documents.contains(&name) {
            reason.documents.push(name);
        }
    }
    if reason.code != ReasonCode::OverdueDays {
        return;
    }
    let payable = found.sums.iter().filter(|payable| counts(&payable.company_code));
    if payable.clone().any(|payable| payable.paid_ahead) {
        // A payment of a later day covers it already, so no payment of today would end it.
        return;
    }
    let mut sums: Vec<(Currency, i128)> = Vec::new();
    for payable in payable {
        match sums.iter_mut().find(|(of, _)| *of == payable.currency) {
            Some((_, sum)) => *sum += payable.amount,
            None => sums.push((payable.currency, payable.amount)),
        }
    }
    // All of them together, or none: one that no payment reaches leaves the others without use.
    let pay: Option<Vec<Remedy>> = sums
        .into_iter()
        .map(|(currency, minor)| {
            let amount = Some(told(minor, currency)?);
            let (action, subject) = (RemedyAction::PayOverdue, account_name(account));
            Some(Remedy { action, amount, subject })
        })
        .collect();
    reason.remedies.splice(0..0, pay.unwrap_or_default());
}
