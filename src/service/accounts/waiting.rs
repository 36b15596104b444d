//! What waits at accounts, told with their status.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::bond::Relationship;
use crate::domain::cadence::{NextTouch, covering};
use crate::domain::commitment::{CommitmentSide, CommitmentState};
use crate::domain::error::Result;
use crate::domain::interaction::{Interaction, InteractionState};
use crate::domain::tier::ruling::AccountTier;
use crate::service::findings::Point;
use crate::store::ReadTx;

/// How much of each kind waits at an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub commitments_overdue: usize,
    pub hooks_expired: usize,
    pub vacancies: usize,
    pub handovers: usize,
    pub gifts: usize,
    pub tie_reviews: usize,
}

/// What was read of an account.
#[derive(Debug, Default)]
pub(super) struct There {
    commitments_overdue: usize,
    handovers: usize,
    gifts: usize,
    /// Plans with the customer that are not over, in the order of days.
    plans: Vec<Interaction>,
}

impl Waiting {
    /// `None` where some of it is not known.
    pub(super) fn of(
        there: &There,
        relationship: &Relationship,
        hooks_expired: Option<usize>,
    ) -> Option<Self> {
        Some(Self {
            commitments_overdue: there.commitments_overdue,
            hooks_expired: hooks_expired?,
            vacancies: relationship.people.vacancies,
            handovers: there.handovers,
            gifts: there.gifts,
            tie_reviews: relationship.people.tie_reviews?,
        })
    }
}

/// When an account of a class that is seen every so many days is to be seen next, and what is planned
/// for it.
pub(super) fn covered(
    tier: &AccountTier,
    last_touch: Option<NaiveDate>,
    there: Option<&There>,
) -> Option<NextTouch> {
    let cadence = tier.service.as_ref()?.cadence?;
    let due = cadence.due(last_touch, tier.decided.as_ref()?.since());
    let plan = there.and_then(|there| covering(&there.plans, due));
    Some(NextTouch { due, covered_by: plan.map(Interaction::name) })
}

/// What is there of accounts that are not deleted on the business date or a day to come, by account;
/// nothing of a day or an instant that is past, of which it is not kept what waited.
pub(super) async fn there(
    tx: &ReadTx,
    ctx: &Ctx,
    accounts: &[Account],
    at: Point,
) -> Result<HashMap<String, There>> {
    if at.known_us != i64::MAX || at.day < ctx.business_date() {
        return Ok(HashMap::new());
    }
    let day = at.day;
    let live = accounts.iter().filter(|account| account.delete_us.is_none());
    let these: BTreeSet<&str> = live.map(|account| account.id.as_str()).collect();
    let mut there: HashMap<String, There> =
        these.iter().map(|id| ((*id).to_owned(), There::default())).collect();
    for one in tx.unsettled(&these, CommitmentSide::Ours).await? {
        let is_overdue = one.state_on(day) == CommitmentState::Broken;
        let of = there.entry(one.account_id).or_default();
        of.commitments_overdue += usize::from(is_overdue);
    }
    for one in tx.handovers_under_way(&these).await? {
        there.entry(one.account_id).or_default().handovers += 1;
    }
    for one in tx.gifts_waiting(&these).await? {
        there.entry(one.account_id).or_default().gifts += 1;
    }
    let customers = tx.customers(&these, i64::MAX).await?.on(day);
    for one in tx.plans(&customers.all_of(&these)).await? {
        if one.state_on(day) == InteractionState::Planned {
            for id in customers.same_as(&one.account_id) {
                if let Some(there) = there.get_mut(id) {
                    there.plans.push(one.clone());
                }
            }
        }
    }
    Ok(there)
}
