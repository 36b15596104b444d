//! An account passes from its owner to another of ours: what passes over with it, and when it has.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{Precondition, Reason, Result};
use super::machine::{Transition, advance};
use super::names::{AccountRef, ChildName, HANDOVERS, MemberRef, child_name, contact_name};
use super::page::PageOf;
use super::personal::Personal;
use super::position::PositionKey;
use super::rounding::div_half_even;
use super::stored::stored_enum;

/// Days after its start by which one is to be completed, where nobody says.
pub const DEADLINE_DAYS: u64 = 30;
/// Most items that are acknowledged in one call.
pub const ACKNOWLEDGED_MAX: usize = 500;
const WHOLE_BP: i128 = 10_000;

stored_enum! {
    pub enum HandoverState {
        Started => "STARTED",
        Accepted => "ACCEPTED",
        Completed => "COMPLETED",
        Canceled => "CANCELED",
    }
}

stored_enum! {
    pub enum HandoverStep {
        Accept => "ACCEPT",
        Acknowledge => "ACKNOWLEDGE",
        Complete => "COMPLETE",
        Cancel => "CANCEL",
    }
}

const STATES: &[Transition<HandoverState, HandoverStep>] = &[
    Transition {
        verb: HandoverStep::Accept,
        from: &[HandoverState::Started],
        to: HandoverState::Accepted,
    },
    Transition {
        verb: HandoverStep::Acknowledge,
        from: &[HandoverState::Accepted],
        to: HandoverState::Accepted,
    },
    Transition {
        verb: HandoverStep::Complete,
        from: &[HandoverState::Accepted],
        to: HandoverState::Completed,
    },
    Transition {
        verb: HandoverStep::Cancel,
        from: &[HandoverState::Started, HandoverState::Accepted],
        to: HandoverState::Canceled,
    },
];

stored_enum! {
    /// What is open at an account, and passes over.
    pub enum ItemKind {
        Commitment => "COMMITMENT",
        PlannedVisit => "PLANNED_VISIT",
        Hook => "HOOK",
        Receivables => "RECEIVABLES",
        Promise => "PROMISE",
        Dispute => "DISPUTE",
        Gift => "GIFT",
    }
}

impl ItemKind {
    /// Whether it names who has to see to it: such things are handed on one by one.
    pub fn names_somebody(self) -> bool {
        matches!(self, Self::Commitment | Self::PlannedVisit)
    }
}

/// An account that passes over. Instants are microseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    pub id: Uuid,
    pub account_id: String,
    /// Ids of members.
    pub from_id: String,
    pub to_id: String,
    pub state: HandoverState,
    pub reason: Personal,
    pub deadline: NaiveDate,
    pub start_date: NaiveDate,
    pub accept_date: Option<NaiveDate>,
    pub end_date: Option<NaiveDate>,
    pub end_reason: Personal,
    pub recorded_by: String,
    pub recorded_us: i64,
    pub update_us: i64,
    pub version: i64,
}

/// Something that was open when a handover was started, and who said that he knows of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carried {
    pub kind: ItemKind,
    /// Resource name.
    pub subject: String,
    pub acknowledged: bool,
}

/// What is open at the account on a day, by kind and name; of what names somebody, only what names
/// the predecessor.
pub type Open = BTreeSet<(ItemKind, String)>;

/// Somebody whom the successor has to meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToMeet {
    pub contact_id: String,
    pub position: PositionKey,
    pub met: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub kind: ItemKind,
    pub subject: String,
    pub settled: bool,
}

impl Item {
    /// Nobody may complete the handover before it is settled.
    pub fn blocks(&self) -> bool {
        self.kind.names_somebody() && !self.settled
    }
}

/// What passes over, and how far it has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    pub contacts: Vec<ToMeet>,
    pub items: Vec<Item>,
}

impl Progress {
    /// Of what was carried and what is open: first what was there at the start, then what names the
    /// predecessor since.
    pub fn of(contacts: Vec<ToMeet>, carried: &[Carried], open: &Open) -> Self {
        let here = |one: &Carried| open.contains(&(one.kind, one.subject.clone()));
        let told = carried.iter().map(|one| Item {
            kind: one.kind,
            subject: one.subject.clone(),
            settled: (one.acknowledged && !one.kind.names_somebody()) || !here(one),
        });
        let mut items: Vec<Item> = told.collect();
        let is_new = |(kind, subject): &&(ItemKind, String)| {
            let is_same = |one: &Carried| one.kind == *kind && one.subject == *subject;
            kind.names_somebody() && !carried.iter().any(is_same)
        };
        items.extend(open.iter().filter(is_new).map(|(kind, subject)| Item {
            kind: *kind,
            subject: subject.clone(),
            settled: false,
        }));
        Self { contacts, items }
    }

    /// How much of it has passed, in basis points (definition 4.28).
    pub fn completeness_bp(&self) -> i32 {
        let met = self.contacts.iter().filter(|one| one.met.is_some()).count();
        let settled = self.items.iter().filter(|one| one.settled).count();
        let whole = self.contacts.len() + self.items.len();
        match whole {
            0 => 10_000,
            _ => {
                let share = div_half_even((met + settled) as i128 * WHOLE_BP, whole as i128);
                i32::try_from(share).unwrap_or(10_000)
            }
        }
    }

    /// What stands in the way of completing a handover.
    pub fn missing(&self, of: &Handover) -> Vec<Precondition> {
        let refuse = |subject: String, what: &str| {
            Precondition::new(Reason::HandoverIncomplete, subject, what)
                .with("handover", of.name())
                .with("completeness_bp", self.completeness_bp())
        };
        let unmet = self.contacts.iter().filter(|one| one.met.is_none()).map(|one| {
            refuse(contact_name(&one.contact_id), "was not met by the successor")
                .with("position", one.position.name())
        });
        let named = self.items.iter().filter(|one| one.blocks());
        let named = named.map(|one| refuse(one.subject.clone(), "names the predecessor still"));
        unmet.chain(named).collect()
    }
}

impl Handover {
    pub fn name(&self) -> String {
        child_name(&self.account_id, HANDOVERS, self.id)
    }

    /// Whether the account is on its way.
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, HandoverState::Started | HandoverState::Accepted)
    }

    /// Takes a step on a day, of which something may have to be said.
    ///
    /// # Errors
    /// STATE_WRONG.
    pub fn advance(&mut self, step: HandoverStep, today: NaiveDate, reason: &str) -> Result<()> {
        self.state = advance(STATES, &self.name(), self.state, step)?;
        match step {
            HandoverStep::Accept => self.accept_date = Some(today),
            HandoverStep::Acknowledge => {}
            HandoverStep::Complete => self.end_date = Some(today),
            HandoverStep::Cancel => {
                self.end_date = Some(today);
                self.end_reason = reason.into();
            }
        }
        Ok(())
    }

    /// That nobody else becomes the owner while it waits for its successor.
    pub fn freezes(&self, field: &str) -> Option<Precondition> {
        let what = "is under way: it is accepted or canceled first";
        let waits = self.state == HandoverState::Started;
        waits.then(|| Precondition::new(Reason::HandoverUnderWay, self.name(), what).at(field))
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct StartHandover {
    pub account: AccountRef,
    pub to: MemberRef,
    pub deadline: Option<NaiveDate>,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct AdvanceHandover {
    pub handover: ChildName,
    pub step: HandoverStep,
    /// Names of the resources that are acknowledged.
    pub acknowledged: Vec<String>,
    pub reason: String,
    /// The version that was read.
    pub version: i64,
}

#[derive(Debug, Clone)]
pub struct ListHandovers {
    /// `None`: of all accounts.
    pub account: Option<AccountRef>,
    pub member: Option<MemberRef>,
    pub state: Option<HandoverState>,
    pub page: PageOf,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, n).unwrap()
    }

    fn handover() -> Handover {
        Handover {
            id: Uuid::nil(),
            account_id: "acme".into(),
            from_id: "wang".into(),
            to_id: "chen".into(),
            state: HandoverState::Accepted,
            reason: Personal::default(),
            deadline: day(30),
            start_date: day(1),
            accept_date: None,
            end_date: None,
            end_reason: Personal::default(),
            recorded_by: "me".into(),
            recorded_us: 0,
            update_us: 0,
            version: 1,
        }
    }

    fn to_meet(met: usize, of: usize) -> Vec<ToMeet> {
        let one = |n: usize| ToMeet {
            contact_id: format!("c{n}"),
            position: PositionKey { id: Uuid::from_u128(n as u128), account_id: "a".into() },
            met: (n < met).then(|| day(2)),
        };
        (0..of).map(one).collect()
    }

    fn carried(kind: ItemKind, subject: &str, acknowledged: bool) -> Carried {
        Carried { kind, subject: subject.into(), acknowledged }
    }

    #[test]
    fn d4_28_four_of_six_contacts_and_all_items_are_81_8_percent_and_refused_by_two_names() {
        let items: Vec<_> =
            (0..5).map(|n| carried(ItemKind::Hook, &format!("h{n}"), true)).collect();
        let progress = Progress::of(to_meet(4, 6), &items, &Open::new());
        assert_eq!(progress.completeness_bp(), 8_182);
        let missing = progress.missing(&handover());
        let names: Vec<_> = missing.iter().map(|one| one.subject.as_str()).collect();
        assert_eq!(names, ["contacts/c4", "contacts/c5"]);
        assert_eq!(missing[0].metadata["completeness_bp"], "8182");
    }

    #[test]
    fn what_is_closed_or_acknowledged_is_settled_and_what_names_him_since_is_there_too() {
        let items = [
            carried(ItemKind::Commitment, "kept", false),
            carried(ItemKind::Commitment, "open", false),
            carried(ItemKind::Hook, "seen", true),
            carried(ItemKind::Hook, "unseen", false),
        ];
        let open: Open = [
            (ItemKind::Commitment, "open"),
            (ItemKind::Commitment, "since"),
            (ItemKind::Hook, "seen"),
            (ItemKind::Hook, "unseen"),
            (ItemKind::Hook, "of the successor"),
        ]
        .map(|(kind, name)| (kind, name.to_owned()))
        .into();
        let progress = Progress::of(vec![], &items, &open);
        let told: Vec<_> =
            progress.items.iter().map(|one| (&*one.subject, one.settled, one.blocks())).collect();
        assert_eq!(
            told,
            [
                ("kept", true, false),
                ("open", false, true),
                ("seen", true, false),
                ("unseen", false, false),
                ("since", false, true),
            ]
        );
        assert_eq!(progress.completeness_bp(), 4_000);
        let missing = progress.missing(&handover());
        let names: Vec<_> = missing.iter().map(|one| one.subject.as_str()).collect();
        assert_eq!(names, ["open", "since"]);
        assert_eq!(Progress::default().completeness_bp(), 10_000);
    }
}
