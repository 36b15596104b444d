//! Numbers that repeat each year, named without their year: it was taken to be that of the
//! payment. Where there is no such document of that year, and one of the account bears the number
//! in one of the years around, it is that one.

use uuid::Uuid;

use crate::domain::books::{ClearingRequest, KnownKey};
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::service::resolve;
use crate::store::{ImportRun, WriteTx};

/// Requests that are looked at in one transaction.
const REQUESTS_PER_STEP: u64 = 250;
/// Years before that of a payment (after it, below 0) in which what it names is looked for.
const YEARS_AROUND: std::ops::RangeInclusive<i32> = -1..=10;

/// Looks at the next requests behind `after`. Answers whether there was any.
pub(super) async fn find(tx: &WriteTx, run: &ImportRun, after: &mut Uuid) -> Result<bool> {
    let missing =
        tx.requests_of_missing_year(&run.id, run.opened_us, *after, REQUESTS_PER_STEP).await?;
    let Some(last) = missing.last() else { return Ok(false) };
    *after = last.id;
    let around: Vec<DocumentKey> = missing.iter().flat_map(around_keys).collect();
    let known = tx.known_keys(&around).await?;
    let accounts = missing.iter().map(|request| request.account_id.clone()).collect();
    let sets = resolve::merge_sets(tx, &accounts).await?;
    let named = |mut request: ClearingRequest| {
        let is_his = |known: &&KnownKey| {
            !known.reversed && sets.were_one(&known.account_id, &request.account_id)
        };
        let keys = around_keys(&request);
        let found: Vec<&KnownKey> =
            keys.iter().filter_map(|key| known.get(key)).filter(is_his).collect();
        let [one] = found.as_slice() else { return None };
        request.target.as_mut()?.key = one.key.clone();
        Some(request)
    };
    let found: Vec<ClearingRequest> = missing.into_iter().filter_map(named).collect();
    tx.retarget(&found, &known).await?;
    Ok(true)
}

fn around_keys(request: &ClearingRequest) -> Vec<DocumentKey> {
    let target = request.target.iter().map(|target| &target.key);
    target
        .flat_map(|key| {
            let years = YEARS_AROUND.filter(|back| *back != 0);
            years.map(|back| DocumentKey { fiscal_year: key.fiscal_year - back, ..key.clone() })
        })
        .collect()
}
