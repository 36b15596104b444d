//! Posting and reversing documents.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::affected::affected;
use super::blocked::Blocked;
use super::context::{Effects, Posted, Posting};
use super::post::new_documents;
use super::revise::others;
use super::settle::{self, Tried};
use super::{Ledger, account, event, fault, merged};
use crate::ctx::Ctx;
use crate::domain::books::{ActiveAllocation, Books, ClearingRequest, Outgoing, RequestState};
use crate::domain::document::{Draft, PostResult};
use crate::domain::error::{Error, Precondition, Reason, Result, Violation};
use crate::domain::event::EventType;
use crate::domain::ledger::command::{PostDocuments, ReverseDocument};
use crate::domain::ledger::{Document, PointQuery};
use crate::domain::merge_sets::MergeSets;
use crate::domain::names::{self, AccountRef, ChildName, child_name};
use crate::domain::point;
use crate::domain::receivables::query::DocumentName;
use crate::service::resolve::{all as resolve_all, check_locked, sets_of, with_times};
use crate::service::{Configured, Settings};
use crate::store::account::KnownAccount;
use crate::store::{Call, WriteTx};

/// A document as of the moment a call left it: what its answer shows, now and at each repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    pub account_id: String,
    pub document_id: Uuid,
    pub as_of: NaiveDate,
    pub known_at: i64,
}

impl Ledger {
    /// Posts documents, all or none, and applies what they ask to be cleared.
    pub async fn post(
        &self,
        ctx: &Ctx,
        request_id: &str,
        command: PostDocuments,
    ) -> Result<Vec<PostResult>> {
        let call = Call::new("ReceivableService.PostDocuments", request_id, "documents");
        let command = self.settings.configure(command);
        Ok(self.store.mutate(ctx, call, command, post_all).await?.into_inner())
    }

    /// Takes a document out from a day on, with its clearings.
    pub async fn reverse(
        &self,
        ctx: &Ctx,
        request_id: &str,
        command: ReverseDocument,
    ) -> Result<Document> {
        let call = Call::new("ReceivableService.ReverseDocument", request_id, command.document.id);
        let written = self.store.mutate(ctx, call, command, reverse).await?;
        self.written(ctx, &written.into_inner()).await
    }

    /// A document as a call left it: the same at each repeat of the call, whatever came since.
    pub(super) async fn written(&self, ctx: &Ctx, written: &Written) -> Result<Document> {
        let name = ChildName {
            account: AccountRef::Id(written.account_id.clone()),
            id: written.document_id,
        };
        let point = PointQuery {
            as_of: Some(written.as_of),
            known_at: Some(point::told(written.known_at)),
        };
        self.receivables.document(ctx, DocumentName::Name(name), point).await
    }
}

/// Finds the accounts that drafts name, creating those that may be created.
pub(super) async fn resolve(
    tx: &mut WriteTx,
    refs: &[AccountRef],
    create: Option<&HashMap<AccountRef, String>>,
    form: Option<names::CanonicalForm>,
) -> Result<HashMap<AccountRef, KnownAccount>> {
    let found = tx.find_accounts(refs).await?;
    with_missing(tx, refs, found, create, form).await
}

/// The accounts found, and those that may be created.
pub(super) async fn with_missing(
    tx: &mut WriteTx,
    refs: &[AccountRef],
    mut found: HashMap<AccountRef, KnownAccount>,
    create: Option<&HashMap<AccountRef, String>>,
    form: Option<names::CanonicalForm>,
) -> Result<HashMap<AccountRef, KnownAccount>> {
    if let Some(display_names) = create {
        let missing: Vec<AccountRef> = refs
            .iter()
            .filter(|r| matches!(r, AccountRef::External { .. }) && !found.contains_key(r))
            .cloned()
            .collect();
        if !missing.is_empty() {
            found.extend(tx.create_missing_accounts(&missing, display_names, form).await?);
        }
    }
    Ok(found)
}

/// Every account a draft names, once.
pub(super) fn named_accounts<'a>(
    drafts: impl IntoIterator<Item = &'a Draft<AccountRef>>,
) -> Vec<AccountRef> {
    let mut refs: Vec<AccountRef> = drafts
        .into_iter()
        .flat_map(|d| std::iter::once(&d.payer).chain(d.sold_to.as_ref()).chain(d.bill_to.as_ref()))
        .cloned()
        .collect();
    refs.sort_unstable();
    refs.dedup();
    refs
}

/// What a posting goes by, read under the locks of the payers.
pub(super) struct Locked {
    pub accounts: HashMap<String, KnownAccount>,
    /// Last closed day by company.
    pub closed: HashMap<String, NaiveDate>,
    pub blocked: Blocked,
    /// What the payers were ever merged with.
    pub sets: MergeSets,
}

/// Locks the payers, with all that they were ever merged with, and other accounts with them; and gives
/// each draft the account that it belongs to as its payer. `found`: the accounts as they were named.
///
/// # Errors
/// CONCURRENT_CHANGE.
pub(super) async fn lock(
    tx: &mut WriteTx,
    drafts: &mut [Draft<String>],
    others: BTreeSet<String>,
    found: &HashMap<AccountRef, KnownAccount>,
) -> Result<Locked> {
    let payers: BTreeSet<String> = drafts.iter().map(|d| d.payer.clone()).collect();
    // Most books have no merges, and ask nothing more.
    let before = match found.values().any(|account| account.merge_set.is_some()) {
        true => tx.merge_sets_of(&payers).await?,
        false => Vec::new(),
    };
    let locked = sets_of(&before).with(&payers);
    let all: Vec<String> = locked.union(&others).cloned().collect();
    tx.lock_accounts(&all).await?;
    let refs: Vec<AccountRef> = payers.iter().cloned().map(AccountRef::Id).collect();
    let accounts = tx.find_accounts(&refs).await?;
    let mut accounts: HashMap<String, KnownAccount> =
        accounts.into_values().map(|a| (a.id.clone(), a)).collect();
    let together = match accounts.values().any(|account| account.merge_set.is_some()) {
        true => tx.merge_sets_of(&payers).await?,
        false => Vec::new(),
    };
    let sets = with_times(tx, &together).await?;
    check_locked(&sets, &locked)?;
    merged::send_home(tx, &sets, drafts).await?;
    accounts.extend(together.into_iter().map(|account| (account.id.clone(), account)));
    let companies = drafts.iter().map(|d| d.key.company_code.clone());
    let closed = tx.closed_periods(companies).await?;
    let blocked = Blocked::of(tx, drafts, &accounts).await?;
    Ok(Locked { accounts, closed, blocked, sets })
}

async fn post_all(
    tx: &mut WriteTx,
    _: &Ctx,
    c: &Configured<PostDocuments>,
) -> Result<Vec<PostResult>> {
    let Configured { command, settings } = c;
    let refs = named_accounts(&command.documents);
    let nameless = HashMap::new();
    let create = command.create_missing_accounts.then_some(&nameless);
    let found = resolve(tx, &refs, create, None).await?;
    resolve_all(&refs, found.clone())?;
    let mut drafts: Vec<Draft<String>> = command
        .documents
        .iter()
        .cloned()
        .map(|d| d.map_accounts(|name| found.get(&name).map_or_else(String::new, |a| a.id.clone())))
        .collect();
    let locked = lock(tx, &mut drafts, BTreeSet::new(), &found).await?;
    let Locked { accounts, closed, blocked, sets } = locked;
    let mut posting = Posting {
        tx: &mut *tx,
        closed,
        accounts,
        blocked,
        import_id: "",
        oldest_first: false,
        is_list: false,
        effects: Effects::default(),
    };
    let posted = posting.post(drafts).await?;
    let effects = std::mem::take(&mut posting.effects);
    refuse(&posted)?;
    let mut results: Vec<Posted> = posted.into_iter().collect::<Result<_>>()?;
    settle(tx, settings, &sets, &effects, &mut results).await?;

    let changed: Vec<(String, Uuid)> = new_documents(&results)
        .map(|(result, _)| (result.account_id.clone(), result.document_id))
        .collect();
    tx.publish(event::documents(EventType::DocumentsPosted, &changed)).await?;
    Ok(results.into_iter().map(|p| p.result).collect())
}

/// All or none: the faults of every document at once, each with the path of its document.
fn refuse(posted: &[Result<Posted>]) -> Result<()> {
    let faults: Vec<(usize, &Error)> = posted
        .iter()
        .enumerate()
        .filter_map(|(i, result)| result.as_ref().err().map(|error| (i, error)))
        .collect();
    let Some((_, first)) = faults.first() else { return Ok(()) };
    let at = |i: usize, field: &str| match field {
        "" => format!("documents[{i}]"),
        _ => format!("documents[{i}].{field}"),
    };
    Err(match first {
        Error::FailedPrecondition(_) => Error::FailedPrecondition(
            faults
                .iter()
                .filter_map(|(i, error)| match error {
                    Error::FailedPrecondition(list) => Some((*i, list)),
                    _ => None,
                })
                .flat_map(|(i, list)| {
                    list.iter()
                        .map(move |p| p.clone().at(at(i, p.field.as_deref().unwrap_or_default())))
                })
                .collect(),
        ),
        Error::Invalid(_) => Error::Invalid(
            faults
                .iter()
                .filter_map(|(i, error)| match error {
                    Error::Invalid(list) => Some((*i, list)),
                    _ => None,
                })
                .flat_map(|(i, list)| {
                    list.iter().map(move |v| Violation { field: at(i, &v.field), ..v.clone() })
                })
                .collect(),
        ),
        Error::AlreadyExists { reason, resource, description } => Error::AlreadyExists {
            reason: *reason,
            resource: resource.clone(),
            description: format!("documents[{}]: {description}", faults[0].0),
        },
        other => Error::internal(format!("a document was refused: {other}")),
    })
}

/// Does what the new documents ask to be cleared, and what others ask that may go through now.
async fn settle(
    tx: &mut WriteTx,
    settings: &Settings,
    sets: &MergeSets,
    effects: &Effects,
    posted: &mut [Posted],
) -> Result<()> {
    let owners: HashMap<Uuid, usize> = posted
        .iter()
        .enumerate()
        .filter(|(_, posted)| posted.is_new())
        .map(|(i, posted)| (posted.result.document_id, i))
        .collect();
    let affected = affected(tx, sets, effects, &*posted).await?;
    let imported: Vec<ClearingRequest> =
        affected.values().filter(|request| request.is_imported()).cloned().collect();
    let lost: HashSet<Uuid> = effects.credits.iter().copied().collect();
    let is_open = |request: &ClearingRequest| {
        request.state != RequestState::Settled || lost.contains(&request.document)
    };
    let requests = affected.into_values().filter(is_open).collect();
    let mut failed = Vec::new();
    for (request, tried) in settle::settle(tx, settings, sets, requests, false).await? {
        match (tried, owners.get(&request.document).copied()) {
            (Tried::Applied(made), Some(i)) => posted[i].result.clearings.extend(made),
            (Tried::Missing, Some(i)) => {
                if settle::is_recovery(tx, &request).await? {
                    return Err(settle::recovery_without_target(&request));
                }
                posted[i].result.waiting_for.extend(request.target.map(|target| target.key));
            }
            (Tried::Failed(error), Some(i)) => return Err(settle::named(error, &request, i)),
            (Tried::Failed(error), None) => failed.push((request.id, fault::encode(error))),
            (Tried::Applied(_) | Tried::Missing, None) => {}
        }
    }
    tx.fail_requests(&failed).await?;
    // The next finish settles them as if these documents had come with their import.
    let known = tx.known_targets(&imported).await?;
    tx.set_due(&imported, &known).await
}

async fn reverse(tx: &mut WriteTx, _: &Ctx, command: &ReverseDocument) -> Result<Written> {
    let today = tx.clock().business_date();
    let effective = command.effective_date.unwrap_or(today);
    let account = account(tx, &command.document.account).await?;
    let name = child_name(&account.id, names::DOCUMENTS, command.document.id);
    merged::lock(tx, &BTreeSet::from([account.id.clone()])).await?;
    let missing = || Error::not_found("document", name.clone());
    let owner = tx.drafts(&[command.document.id]).await?.remove(&command.document.id);
    if owner.is_none_or(|draft| draft.payer != account.id) {
        return Err(missing());
    }
    let key = tx.key_of(command.document.id).await?.filter(|k| !k.reversed);
    let key = key.ok_or_else(|| {
        Error::from(Precondition::new(
            Reason::DocumentReversed,
            name.clone(),
            "the document no longer counts",
        ))
    })?;
    let closed = tx.closed_periods([key.key.company_code.clone()]).await?;
    let floor = key.posting_date;
    let mut books = Books::new(closed);
    books.load(tx.items_of(&[key.document], floor).await?);
    let items = books.items_of(key.document);
    let allocations = tx.allocations_of(&items).await?;
    let reopened = tx.reopened_by(key.document).await?;
    let mut touched = others(&allocations, &items);
    touched.extend(reopened.iter().map(|(item, ..)| *item));
    books.load(tx.items(&touched, floor.min(effective)).await?);
    // What was reset before stays reset: only a revision takes them out from the first
    // day on.
    let out = Outgoing {
        key: &key,
        items: &items,
        allocations: &allocations,
        lapsed: &[],
        reopened: &reopened,
    };
    books.reverse(&out, effective, &command.reason)?;
    release_requests(tx, &mut books, key.document, &allocations).await?;
    let changes = books.take_changes()?;
    tx.write_changes(changes).await?;
    let reversed = [(account.id.clone(), key.document)];
    tx.publish(event::documents(EventType::DocumentReversed, &reversed)).await?;
    Ok(Written {
        account_id: account.id,
        document_id: key.document,
        as_of: effective.max(today),
        known_at: tx.recorded_at().await?,
    })
}

/// A document that no longer counts asks for nothing; what others settled with it waits for it
/// to come back, and for what else they may settle.
async fn release_requests(
    tx: &WriteTx,
    books: &mut Books,
    document: Uuid,
    allocations: &[ActiveAllocation],
) -> Result<()> {
    for request in tx.requests_of(&[document]).await? {
        books.drop_request(request.id);
    }
    let causes: BTreeSet<Uuid> = allocations.iter().map(|a| a.cause.request).collect();
    let causes: Vec<Uuid> = causes.into_iter().filter(|id| !id.is_nil()).collect();
    for request in tx.requests_by_id(&causes).await? {
        if request.document != document && request.state == RequestState::Settled {
            books.note_request(request.id, RequestState::Waiting);
        }
    }
    // What waits for the debits that are open again is tried by the next finish.
    let freed = allocations.iter().filter_map(|a| books.item(a.row.debit_item));
    let freed: Vec<Uuid> = freed.map(|debit| debit.item.document).collect();
    tx.set_waiting_due(&freed).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored_files::assert_reads;

    #[test]
    fn kept_answers_are_read_whole() {
        for method in ["ReverseDocument", "WriteOffItem"] {
            assert_reads::<Written>(&format!("idempotency.answer/ReceivableService.{method}"));
        }
    }
}
