//! What is asked of interactions, and what a caller says of one.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Channel, ChecklistItem, Direction, InteractionKey, InteractionState, Response};
use crate::domain::commitment::{CommitmentTerms, SettleCommitment};
use crate::domain::error::{Reason, Violations};
use crate::domain::external_ref::ExternalRef;
use crate::domain::gift::GiftTerms;
use crate::domain::money::Money;
use crate::domain::names::{AccountRef, ChildName, ContactRef, MemberRef};
use crate::domain::page::PageOf;

/// One of theirs as a caller says it.
#[derive(Debug, Clone, Serialize)]
pub struct AttendeeTerms {
    pub contact: ContactRef,
    pub satisfaction: Option<i32>,
    pub confirmed: bool,
}

/// How long one of ours worked on it, as a caller says it.
#[derive(Debug, Clone, Serialize)]
pub struct EffortTerms {
    pub member: MemberRef,
    pub minutes: i32,
}

/// A hook as a caller says it.
#[derive(Debug, Clone, Serialize)]
pub struct HookTerms {
    pub topic: String,
    pub by: NaiveDate,
    pub contact: Option<ContactRef>,
}

/// An interaction as a caller says it.
#[derive(Debug, Clone, Serialize)]
pub struct InteractionTerms {
    pub channel: Channel,
    pub direction: Direction,
    pub two_way: bool,
    pub start_us: i64,
    pub end_us: Option<i64>,
    pub ours: Vec<MemberRef>,
    pub efforts: Vec<EffortTerms>,
    pub theirs: Vec<AttendeeTerms>,
    pub purpose: String,
    pub notes: String,
    /// The notes are for whoever wrote them.
    pub private: bool,
    pub campaign: Option<String>,
    pub response: Option<Response>,
    pub cost: Option<Money>,
    pub next_hook: Option<HookTerms>,
    pub uses_hook: Option<ChildName>,
    pub checklist: Vec<ChecklistItem>,
    pub source_key: Option<ExternalRef>,
}

impl InteractionTerms {
    /// All of theirs who are named in it.
    pub fn contacts(&self) -> impl Iterator<Item = &ContactRef> {
        let hook = self.next_hook.iter().filter_map(|hook| hook.contact.as_ref());
        self.theirs.iter().map(|one| &one.contact).chain(hook)
    }

    /// Notes what only something held has: nobody was satisfied yet, and nothing was left.
    pub fn check_plan(&self, violations: &mut Violations) {
        let what = "is said when it was held";
        for (at, _) in self.theirs.iter().enumerate().filter(|(_, one)| one.satisfaction.is_some())
        {
            let field = format!("interaction.theirs[{at}].satisfaction");
            violations.add(field, Reason::FieldInvalid, what);
        }
        for (field, is_said) in [
            ("interaction.next_hook", self.next_hook.is_some()),
            ("interaction.response", self.response.is_some()),
            ("interaction.cost", self.cost.is_some()),
            ("interaction.efforts", !self.efforts.is_empty()),
        ] {
            if is_said {
                violations.add(field, Reason::FieldInvalid, what);
            }
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct PlanInteraction {
    pub account: AccountRef,
    pub terms: InteractionTerms,
}

#[derive(Debug, Clone, Serialize)]
pub struct RecordInteraction {
    pub account: AccountRef,
    pub terms: InteractionTerms,
    pub plan: Option<Fulfilled>,
    /// What was promised in it.
    pub made: Vec<CommitmentTerms>,
    /// What it settled.
    pub settled: Vec<SettleCommitment>,
    /// What was given in it.
    pub gifts: Vec<GiftTerms>,
    pub next_plan: Option<InteractionTerms>,
}

/// The plan that was held.
#[derive(Debug, Clone, Serialize)]
pub struct Fulfilled {
    pub plan: ChildName,
    /// The version that was read; `None`: whichever is the last.
    pub version: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct CancelInteraction {
    pub interaction: ChildName,
    pub reason: String,
    /// The version that was read; `None`: whichever is the last.
    pub version: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct AmendInteraction {
    pub interaction: ChildName,
    /// All of it, as it should have been recorded.
    pub terms: InteractionTerms,
    /// The version that was read; `None`: whichever is the last.
    pub version: Option<i64>,
    pub reason: String,
}

/// An interaction as it is, or as an earlier version of it was.
#[derive(Debug, Clone)]
pub struct GetInteraction {
    pub interaction: ChildName,
    /// `None`: the last.
    pub version: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct ListInteractions {
    /// `None`: of all accounts.
    pub account: Option<AccountRef>,
    pub contact: Option<ContactRef>,
    pub member: Option<MemberRef>,
    pub state: Option<InteractionState>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub page: PageOf<InteractionKey>,
}
