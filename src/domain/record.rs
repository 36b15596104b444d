//! What other systems know of our people and their accounts, as an import brings it.

use chrono::NaiveDate;

use super::error::{Error, Reason, Resource};
use super::external_ref::ExternalRef;
use super::import::ImportFault;
use super::member::command::{ManagerChange, MemberChange};
use super::member::{Competencies, Member};
use super::money::Money;
use super::names::{AccountRef, MemberRef};
use super::team::TeamRole;

/// What records may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecordsMode {
    #[default]
    Upsert,
    CreateOnly,
    UpdateOnly,
}

#[derive(Debug, Clone)]
pub enum Record {
    Member(MemberRecord),
    Team(TeamRecord),
}

/// One of our people, with what is said of him.
#[derive(Debug, Clone)]
pub struct MemberRecord {
    pub source_key: ExternalRef,
    /// Of a new one.
    pub id: Option<String>,
    pub change: MemberChange,
    pub manager: Option<ManagerChange>,
}

/// One of our people in a role for an account.
#[derive(Debug, Clone)]
pub struct TeamRecord {
    pub account: AccountRef,
    pub member: MemberRef,
    pub role: TeamRole,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub site: Option<String>,
    pub cost_per_day: Option<Money>,
    pub reason: String,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordOutcome {
    Created,
    Updated,
    Unchanged,
    /// It names what is not there yet.
    Waiting,
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordResult {
    pub outcome: RecordOutcome,
    /// Of the resource; empty if there is none.
    pub name: String,
    pub faults: Vec<ImportFault>,
}

/// What became of a record that had to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordWaited {
    pub sequence: i64,
    pub position: usize,
    pub result: RecordResult,
}

/// What an import did in its stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordsSummary {
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub waited: Vec<RecordWaited>,
}

impl RecordsSummary {
    pub fn count(&mut self, outcome: RecordOutcome) {
        match outcome {
            RecordOutcome::Created => self.created += 1,
            RecordOutcome::Updated => self.updated += 1,
            RecordOutcome::Unchanged => self.unchanged += 1,
            RecordOutcome::Refused => self.refused += 1,
            // Counted once it is known.
            RecordOutcome::Waiting => {}
        }
    }
}

impl MemberRecord {
    /// What it changes of a member who is there: keys are added, and what is not rated keeps its
    /// rating.
    pub fn change_of(&self, member: &Member) -> MemberChange {
        let keys = self.change.external_refs.as_ref().map(|keys| {
            let mut all = member.external_refs.clone();
            all.extend(keys.iter().filter(|key| !member.external_refs.contains(key)).cloned());
            all
        });
        let competencies = self.change.competencies.map(|said| {
            let known = member.competencies;
            Competencies {
                negotiation: said.negotiation.or(known.negotiation),
                product: said.product.or(known.product),
                responsibility: said.responsibility.or(known.responsibility),
                resources: said.resources.or(known.resources),
            }
        });
        MemberChange { external_refs: keys, competencies, ..self.change.clone() }
    }

    /// What a new member is made of.
    pub fn of_new(&self) -> MemberChange {
        let mut keys = vec![self.source_key.clone()];
        let more = self.change.external_refs.iter().flatten();
        keys.extend(more.filter(|key| **key != self.source_key).cloned());
        MemberChange { external_refs: Some(keys), ..self.change.clone() }
    }
}

/// That a record is of something that is there, where it may only create.
pub fn there_already(kind: &'static str, name: String) -> Error {
    let description = format!("{name} is there already, and records may create only");
    Error::AlreadyExists {
        reason: Reason::ResourceAlreadyExists,
        resource: Resource { kind, name },
        description,
    }
}

/// That a record is of something that is not there, where it may only change.
pub fn not_there(field: &str, name: &str) -> Error {
    let what = format!("{name} is not there, and records may change only");
    Error::invalid(field, Reason::ResourceNotFound, what)
}
