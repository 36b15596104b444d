//! One chunk of an import: its documents are posted, and what it says of clearings is noted.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::listed::{self, Listed};
use super::statuses;
use crate::domain::books::{ClearingRequest, RequestState};
use crate::domain::document::{DocumentKey, Draft, PostOutcome};
use crate::domain::error::{Error, Reason, Result, Violation};
use crate::domain::event::EventType;
use crate::domain::import::{
    ClearingStatus, ImportChunk, ImportHeader, ImportOutcome, ImportResult,
};
use crate::domain::item::Side;
use crate::domain::merge_sets::MergeSets;
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::service::ledger::affected::maybe_out_of_place;
use crate::service::ledger::context::{Effects, Posted, Posting};
use crate::service::ledger::fault::faults;
use crate::service::ledger::{event, posting};
use crate::store::account::KnownAccount;
use crate::store::{ImportRun, WriteTx};

/// A document of a chunk, as far as it can be counted.
type Counted = (Currency, Side, i64);

/// Posts a chunk and counts what came of it. What is wrong with single documents is in the
/// results.
pub(super) async fn post(
    tx: &mut WriteTx,
    header: &ImportHeader,
    run: &mut ImportRun,
    chunk: ImportChunk,
) -> Result<Vec<ImportResult>> {
    let good = || chunk.documents.iter().filter_map(|d| d.as_ref().ok());
    let refs = posting::named_accounts(good());
    let found = tx.find_accounts(&refs).await?;
    let known = account_ids(&found);
    let create = header.create_missing_accounts.then_some(&chunk.display_names);
    let found = posting::with_missing(tx, &refs, found, create, header.canonical_form).await?;
    let new = account_ids(&found).difference(&known).count();
    run.done.accounts_created += i64::try_from(new).unwrap_or(i64::MAX);

    let ImportChunk { sequence, documents, statuses, .. } = chunk;
    let counted: Vec<Option<Counted>> = documents.iter().map(counted).collect();
    let (mut drafts, results) = named(documents, &found);

    let locked = lock(tx, &mut drafts, &statuses, &found).await?;
    let posting::Locked { accounts, closed, blocked, sets } = locked;
    // What a list says is open is compared with the books under the locks.
    let (drafts, mut results) = match run.complete {
        true => fill(results, listed::as_documents(tx, run, drafts).await?),
        false => (drafts, results),
    };
    let keys: Vec<DocumentKey> = drafts.iter().map(|draft| draft.key.clone()).collect();
    let import_id = header.import_id.as_str();
    let oldest_first = run.oldest_first;
    let effects = Effects::default();
    let is_list = run.complete;
    let mut posting = Posting {
        tx: &mut *tx,
        closed,
        accounts,
        blocked,
        import_id,
        oldest_first,
        is_list,
        effects,
    };
    let posted = posting.post(drafts).await?;
    let effects = std::mem::take(&mut posting.effects);
    leave_due(tx, import_id, &sets, &effects, &posted).await?;
    let changed: HashSet<DocumentKey> = posted
        .iter()
        .zip(keys)
        .filter(|(posted, _)| posted.as_ref().is_ok_and(Posted::is_new))
        .map(|(_, key)| key)
        .collect();
    statuses::note(tx, run, statuses, &changed).await?;
    let mut posted = posted.into_iter().map(result);
    results.iter_mut().filter(|told| told.is_none()).for_each(|told| *told = posted.next());
    let results: Vec<ImportResult> = results
        .into_iter()
        .collect::<Option<_>>()
        .ok_or_else(|| Error::internal("a document was passed over"))?;

    count(run, sequence, &results, &counted);
    let changed: Vec<(String, Uuid)> = results
        .iter()
        .filter(|r| matches!(r.outcome, PostOutcome::Posted | PostOutcome::Revised))
        .filter_map(|r| r.document.clone())
        .collect();
    tx.publish(event::documents(EventType::DocumentsPosted, &changed)).await?;
    Ok(results)
}

/// Locks the payers, together with the accounts of documents that the chunk only says something of.
async fn lock(
    tx: &mut WriteTx,
    drafts: &mut [Draft<String>],
    statuses: &[ClearingStatus],
    found: &HashMap<AccountRef, KnownAccount>,
) -> Result<posting::Locked> {
    let said = tx.known_keys(statuses.iter().map(|status| &status.key)).await?;
    let said = said.into_values().map(|known| known.account_id).collect();
    posting::lock(tx, drafts, said, found).await
}

fn counted(document: &Result<Draft<AccountRef>, Vec<Violation>>) -> Option<Counted> {
    document.as_ref().ok().map(|draft| (draft.currency, draft.side, draft.gross))
}

/// The documents whose accounts are known, and in the places of the others that they are refused.
fn named(
    documents: Vec<Result<Draft<AccountRef>, Vec<Violation>>>,
    found: &HashMap<AccountRef, KnownAccount>,
) -> (Vec<Draft<String>>, Vec<Option<ImportResult>>) {
    let mut drafts = Vec::new();
    let mut results = Vec::with_capacity(documents.len());
    for document in documents {
        results.push(match document {
            Err(violations) => Some(refused(Error::Invalid(violations))),
            Ok(draft) => match unknown_account(&draft, found) {
                Some(violation) => Some(refused(violation.into())),
                None => {
                    drafts.push(draft.map_accounts(|name| {
                        found.get(&name).map_or_else(String::new, |a| a.id.clone())
                    }));
                    None
                }
            },
        });
    }
    (drafts, results)
}

/// Puts what is told of documents at once into their places; answers those that are to be posted.
fn fill(
    mut results: Vec<Option<ImportResult>>,
    listed: Vec<Listed>,
) -> (Vec<Draft<String>>, Vec<Option<ImportResult>>) {
    let mut drafts = Vec::new();
    for (told, listed) in results.iter_mut().filter(|told| told.is_none()).zip(listed) {
        match listed {
            Listed::Post(draft) => drafts.push(*draft),
            Listed::Told(posted) => *told = Some(result(posted)),
        }
    }
    (drafts, results)
}

/// What these documents let through is done at the finish, with everything else.
async fn leave_due(
    tx: &WriteTx,
    import_id: &str,
    sets: &MergeSets,
    effects: &Effects,
    posted: &[Result<Posted>],
) -> Result<()> {
    let posted: Vec<&Posted> = posted.iter().filter_map(|posted| posted.as_ref().ok()).collect();
    let found = maybe_out_of_place(tx, sets, effects, posted.iter().copied()).await?;
    let mut due: Vec<ClearingRequest> = found.into_values().collect();
    let known = tx.known_targets(&due).await?;
    due.retain(|r| r.state != RequestState::Due || r.apply != r.day(&known));
    tx.set_due(&due, &known).await?;
    let again: Vec<Uuid> = posted
        .iter()
        .filter(|posted| posted.result.outcome == PostOutcome::AlreadyPosted)
        .map(|posted| posted.result.document_id)
        .collect();
    tx.adopt_requests(import_id, &again).await
}

/// The accounts behind names; several names may be one account.
fn account_ids(found: &HashMap<AccountRef, KnownAccount>) -> BTreeSet<String> {
    found.values().map(|account| account.id.clone()).collect()
}

fn unknown_account(
    draft: &Draft<AccountRef>,
    found: &HashMap<AccountRef, KnownAccount>,
) -> Option<Violation> {
    let named = [
        ("payer", Some(&draft.payer)),
        ("sold_to", draft.sold_to.as_ref()),
        ("bill_to", draft.bill_to.as_ref()),
    ];
    named.into_iter().find_map(|(field, name)| {
        let name = name.filter(|name| !found.contains_key(name))?;
        Some(Violation::new(field, Reason::ResourceNotFound, format!("{name} does not exist")))
    })
}

fn result(posted: Result<Posted>) -> ImportResult {
    match posted {
        Ok(posted) => ImportResult {
            outcome: posted.result.outcome,
            document: Some((posted.result.account_id, posted.result.document_id)),
            faults: Vec::new(),
            notices: posted.result.notices,
        },
        Err(error) => refused(error),
    }
}

fn refused(error: Error) -> ImportResult {
    let (faults, notices) = (faults(error), Vec::new());
    ImportResult { outcome: PostOutcome::Refused, document: None, faults, notices }
}

/// Counts once: a chunk that is sent again was counted when it was acknowledged.
fn count(
    run: &mut ImportRun,
    sequence: i64,
    results: &[ImportResult],
    counted: &[Option<Counted>],
) {
    if sequence <= run.sequence {
        return;
    }
    run.sequence = sequence;
    for (result, counted) in results.iter().zip(counted) {
        let outcome = ImportOutcome::from(result.outcome);
        match outcome {
            ImportOutcome::Posted => run.done.posted += 1,
            ImportOutcome::Revised => run.done.revised += 1,
            ImportOutcome::Refused => run.done.refused += 1,
            _ => run.done.unchanged += 1,
        }
        if let Some((currency, side, amount)) = *counted {
            run.done.totals.add(outcome, currency, side, amount);
        }
    }
}
