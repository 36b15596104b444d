//! Whose a document is where its payer was merged: what belongs to what is recorded stays with it, and
//! everything else is that of the account that the payer counts as.

use std::collections::{BTreeSet, HashMap};

use super::KnownKey;
use crate::domain::document::{DocumentKey, Draft};
use crate::domain::item::Side;
use crate::domain::merge_sets::MergeSets;
use crate::domain::names::OrderKey;

/// What is recorded of what drafts name.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Of their own keys, and of the documents that they ask to be cleared.
    pub keys: HashMap<DocumentKey, KnownKey>,
    /// The account for which each order is reserved, and since when.
    pub orders: HashMap<OrderKey, (String, i64)>,
}

/// The account that a draft is posted to. A key that is known stays with its account, so that the same
/// content again is nothing new, and a correction corrects it. An order that is reserved is invoiced and
/// paid where it is reserved, so that nothing counts twice. What settles documents of one account alone
/// is posted there; one that is not known is taken for one of the account that the payer counts as. What
/// came when a merge was undone is that of its own account. Of accounts that were never merged, none of
/// this is asked.
pub fn home(draft: &Draft<String>, sets: &MergeSets, recorded: &Recorded) -> String {
    let Recorded { keys, orders } = recorded;
    let payer = draft.payer.as_str();
    let was_one = |account: &&String| sets.were_one(payer, account);
    if let Some(account) = keys.get(&draft.key).map(|known| &known.account_id).filter(was_one) {
        return account.clone();
    }
    let order = (!draft.order_ref.is_empty()).then(|| draft.key.order(&draft.order_ref));
    let is_one = |account: &str, us: i64| sets.are_one(payer, account, us);
    let reserved = order.and_then(|order| orders.get(&order));
    if let Some((account, _)) = reserved.filter(|(account, us)| is_one(account, *us)) {
        return account.clone();
    }
    if draft.side == Side::Credit {
        let place = |known: &KnownKey| match is_one(&known.account_id, known.recorded_us) {
            true => known.account_id.clone(),
            false => sets.counts_as(payer).to_owned(),
        };
        let targets = draft.clears.targets.iter().map(|target| keys.get(&target.key));
        let unknown = || sets.counts_as(payer).to_owned();
        let settles: BTreeSet<String> =
            targets.map(|known| known.map_or_else(unknown, place)).collect();
        if let (1, Some(account)) = (settles.len(), settles.first()) {
            return account.clone();
        }
    }
    sets.counts_as(payer).to_owned()
}
