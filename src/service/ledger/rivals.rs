//! What imports brought settles as if all of it had come at once, in one import. So a request
//! that comes late takes back what later ones took before it came: here are found those it may
//! take from, and whoever they may take from in turn.
//!
//! What calls settled on arrival, what people cleared, and what lies in closed periods stays.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::books::{ActiveAllocation, ClearingRequest, KnownKey, Place, RequestState};
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::domain::merge_sets::MergeSets;
use crate::store::WriteTx;

/// Requests that are tried together.
#[derive(Debug, Clone, Default)]
pub(super) struct Component {
    pub requests: Vec<ClearingRequest>,
    /// What is known of the documents they name.
    pub keys: HashMap<DocumentKey, KnownKey>,
    /// Allocations that are made anew with them.
    pub removable: Vec<ActiveAllocation>,
    /// Allocations of the requests that stay.
    pub fixed: Vec<ActiveAllocation>,
}

impl Component {
    pub async fn of(
        tx: &WriteTx,
        sets: &MergeSets,
        requests: Vec<ClearingRequest>,
        displace: bool,
    ) -> Result<Self> {
        let keys = tx.known_targets(&requests).await?;
        let allocations = allocations(tx, &requests, &keys).await?;
        let contested = match displace {
            true => contested(tx, &requests, &keys, &allocations).await?,
            false => BTreeSet::new(),
        };
        if contested.is_empty() {
            return Ok(Self { requests, keys, removable: Vec::new(), fixed: allocations });
        }
        let (rivals, mut others): (Vec<_>, Vec<_>) =
            requests.into_iter().partition(|request| contested.contains(&request.account_id));
        let mut requests = expand(tx, sets, rivals).await?;
        requests.append(&mut others);
        let keys = tx.known_targets(&requests).await?;
        let allocations = self::allocations(tx, &requests, &keys).await?;
        let companies: HashMap<Uuid, &String> =
            requests.iter().map(|r| (r.id, &r.key.company_code)).collect();
        let closed = tx.closed_periods(companies.values().copied().cloned()).await?;
        let imported: BTreeSet<Uuid> =
            requests.iter().filter(|r| r.is_imported()).map(|r| r.id).collect();
        let is_removable = |allocation: &ActiveAllocation| {
            let request = &allocation.cause.request;
            let day = companies.get(request).and_then(|company| closed.get(*company));
            imported.contains(request) && day.is_none_or(|closed| allocation.apply_date > *closed)
        };
        let (removable, fixed) = allocations.into_iter().partition(is_removable);
        Ok(Self { requests, keys, removable, fixed })
    }
}

fn credits(requests: &[ClearingRequest]) -> Vec<Uuid> {
    requests.iter().map(|request| request.document).collect()
}

/// The allocations of the credits that ask and of the documents they name.
async fn allocations(
    tx: &WriteTx,
    requests: &[ClearingRequest],
    keys: &HashMap<DocumentKey, KnownKey>,
) -> Result<Vec<ActiveAllocation>> {
    let targets = keys.values().map(|known| known.document);
    let documents: BTreeSet<Uuid> = credits(requests).into_iter().chain(targets).collect();
    tx.allocations_of_documents(&documents.into_iter().collect::<Vec<_>>()).await
}

/// The accounts in which what was allocated before may have to make room for a request.
async fn contested(
    tx: &WriteTx,
    requests: &[ClearingRequest],
    keys: &HashMap<DocumentKey, KnownKey>,
    allocations: &[ActiveAllocation],
) -> Result<BTreeSet<String>> {
    let causes: BTreeSet<Uuid> = allocations.iter().map(|a| a.cause.request).collect();
    let causes: Vec<Uuid> = causes.into_iter().filter(|id| !id.is_nil()).collect();
    let mut contested = BTreeSet::new();
    let imported = || requests.iter().filter(|request| request.is_imported());
    let first = first_places(imported(), keys);
    let rivals = tx.requests_by_id(&causes).await?;
    contested.extend(coming_later(tx, rivals, &first).await?);
    // What settles the oldest due may take from whatever was settled later, and not only from
    // those it shares a document with.
    let first = first_places(imported().filter(|request| request.target.is_none()), keys);
    let days: Vec<(&str, NaiveDate)> = first
        .iter()
        .filter(|(account, _)| !contested.contains(**account))
        .map(|(account, (day, ..))| (*account, *day))
        .collect();
    let rivals = tx.settled_since(&days).await?;
    contested.extend(coming_later(tx, rivals, &first).await?);
    Ok(contested)
}

/// The first place of the requests of each account.
fn first_places<'a>(
    requests: impl Iterator<Item = &'a ClearingRequest>,
    keys: &HashMap<DocumentKey, KnownKey>,
) -> HashMap<&'a str, Place> {
    let mut first: HashMap<&str, Place> = HashMap::new();
    for request in requests {
        let place = request.place(keys);
        let first = first.entry(&request.account_id).or_insert_with(|| place.clone());
        *first = place.min(first.clone());
    }
    first
}

/// The accounts of those that imports brought and that do not come before the first of their
/// account.
async fn coming_later(
    tx: &WriteTx,
    mut rivals: Vec<ClearingRequest>,
    first: &HashMap<&str, Place>,
) -> Result<BTreeSet<String>> {
    rivals.retain(|rival| rival.is_imported() && first.contains_key(rival.account_id.as_str()));
    let keys = tx.known_targets(&rivals).await?;
    let comes_later = |rival: &ClearingRequest| rival.place(&keys) >= first[&*rival.account_id];
    rivals.retain(comes_later);
    Ok(rivals.into_iter().map(|rival| rival.account_id).collect())
}

/// The requests with all that share a document with them, and with those again. A request that
/// settles the oldest due may share any document of its account.
async fn expand(
    tx: &WriteTx,
    sets: &MergeSets,
    requests: Vec<ClearingRequest>,
) -> Result<Vec<ClearingRequest>> {
    let mut found: BTreeMap<Uuid, ClearingRequest> = BTreeMap::new();
    let mut whole: BTreeSet<String> = BTreeSet::new();
    // Only these accounts are locked, and those that they were ever merged with; nothing is ever settled
    // across others.
    let locked = sets.with(&requests.iter().map(|r| r.account_id.clone()).collect());
    let mut next = requests;
    while !next.is_empty() {
        let keys = tx.known_targets(&next).await?;
        let targets = keys.values().map(|known| known.document);
        let mut documents: BTreeSet<Uuid> = credits(&next).into_iter().chain(targets).collect();
        let mut reached = Vec::new();
        let accounts: BTreeSet<String> =
            next.iter().filter(|r| r.target.is_none()).map(|r| r.account_id.clone()).collect();
        let new: Vec<&str> = accounts.difference(&whole).map(String::as_str).collect();
        reached.extend(tx.requests_of_accounts(&new).await?);
        whole.extend(accounts);
        for request in next {
            found.insert(request.id, request);
        }
        let listed: Vec<Uuid> = documents.iter().copied().collect();
        let allocations = tx.allocations_of_documents(&listed).await?;
        let causes: BTreeSet<Uuid> = allocations.iter().map(|a| a.cause.request).collect();
        let causes: Vec<Uuid> = causes.into_iter().filter(|id| !id.is_nil()).collect();
        documents.extend(allocations.iter().map(|a| a.cause.document));
        let listed: Vec<Uuid> = documents.into_iter().collect();
        reached.extend(tx.requests_by_id(&causes).await?);
        reached.extend(tx.requests_of(&listed).await?);
        reached.extend(tx.requests_naming(&listed).await?);
        let mut new: BTreeMap<Uuid, ClearingRequest> = BTreeMap::new();
        for request in reached {
            let counts = request.is_imported()
                && request.state != RequestState::Withdrawn
                && locked.contains(&request.account_id);
            if counts && !found.contains_key(&request.id) {
                new.insert(request.id, request);
            }
        }
        next = new.into_values().collect();
    }
    Ok(found.into_values().collect())
}
