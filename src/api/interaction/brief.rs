//! What to know before what is planned, to the wire.

use super::commitment::{commitment, promise};
use super::encode::interaction;
use super::gift;
use crate::api::convert::coverage::{cell, peer};
use crate::api::convert::write;
use crate::api::credit;
use crate::ctx::Ctx;
use crate::domain::commitment::Commitment;
use crate::domain::error::Result;
use crate::domain::interaction::{Attendee, Interaction};
use crate::domain::names::{DISPUTES, child_name, contact_name};
use crate::domain::promise::PromiseState;
use crate::domain::work::facts::Overdue;
use crate::pb;
use crate::service::briefs::{Brief, BriefAttendee};

/// Most of each kind of what is open that a brief tells.
const TOLD_MAX: usize = 50;

pub fn encode(brief: Brief, ctx: &Ctx) -> Result<pb::VisitBrief> {
    let Brief { on, plan, attendees, hooks, ours, theirs, owed, credit, coverage, gifts } = brief;
    let account_id = coverage.account_id.as_str();
    let mut promises = owed.promises;
    promises.retain(|one| one.state == PromiseState::Open);
    promises.sort_by_key(|one| (one.pay_by_date, one.id));
    let mut disputes: Vec<_> = owed.disputes.into_iter().map(|one| one.dispute).collect();
    disputes.sort_by_key(|one| (one.open_date, one.id));
    let overdue = |of: Overdue| pb::BriefOverdue {
        amount: Some(write::money(of.minor, of.currency)),
        worst_days: i32::try_from(of.worst_days).unwrap_or(i32::MAX),
    };
    // What is due last: old words that nobody kept are in ListCommitments.
    let latest = |words: Vec<Commitment>| -> Vec<pb::Commitment> {
        let skipped = words.len().saturating_sub(TOLD_MAX);
        words.into_iter().skip(skipped).map(|one| commitment(one, on)).collect()
    };
    Ok(pb::VisitBrief {
        commitments_ours_count: write::count(ours.len())?,
        commitments_theirs_count: write::count(theirs.len())?,
        hooks_open_count: write::count(hooks.len())?,
        promises_due_count: write::count(promises.len())?,
        disputes_open_count: write::count(disputes.len())?,
        as_of: Some(write::date(on)),
        interaction: Some(interaction(plan, ctx)),
        attendees: attendees.into_iter().map(attendee).collect(),
        hooks_open: hooks.into_iter().take(TOLD_MAX).filter_map(hook).collect(),
        commitments_ours: latest(ours),
        commitments_theirs: latest(theirs),
        promises_due: promises.into_iter().take(TOLD_MAX).map(promise).collect(),
        overdue: owed.overdue.into_iter().map(overdue).collect(),
        disputes_open: disputes
            .iter()
            .take(TOLD_MAX)
            .map(|one| child_name(account_id, DISPUTES, one.id))
            .collect(),
        credit: Some(credit::encode::profile(credit)),
        gift_headroom: gift::told(gifts).contacts,
        coverage_gaps: coverage.gaps().into_iter().map(|gap| cell(gap.clone())).collect(),
    })
}

fn attendee(of: BriefAttendee) -> pb::BriefAttendee {
    let BriefAttendee { attendee, display_name, position, best, satisfaction } = of;
    let Attendee { contact_id, confirmed, .. } = attendee;
    pb::BriefAttendee {
        contact: contact_name(&contact_id),
        display_name: display_name.into_exposed(),
        position: position.map(|of| of.name()).unwrap_or_default(),
        best_tie: best.map(peer),
        satisfaction,
        confirmed,
    }
}

fn hook(of: Interaction) -> Option<pb::BriefHook> {
    let interaction = of.name();
    let hook = of.next_hook?;
    Some(pb::BriefHook {
        interaction,
        topic: hook.topic.into_exposed(),
        by: Some(write::date(hook.by)),
        contact: hook.contact_id.map(|id| contact_name(&id)).unwrap_or_default(),
    })
}
