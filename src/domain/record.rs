//! What other systems know of our people, of accounts and of the people there, as an import brings it.

pub mod history;
mod merge;
pub mod profile;
pub mod seat;
pub mod source_key;

use super::error::{Error, Reason, Resource};
use super::external_ref::ExternalRef;
use super::import::ImportFault;
use super::names::{AccountRef, ContactRef, MemberRef};
use super::stored::stored_enum;
use history::{CommitmentRecord, GiftRecord, InteractionRecord, TieRecord};
use profile::{AccountRecord, ContactRecord, MemberRecord, TeamRecord};
use seat::{IncumbencyRecord, PositionRecord, PositionRef, SeatRef};

/// Candidates that are told of a record that may be there already.
pub const DUPLICATES_MAX: usize = 10;

/// What records may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecordsMode {
    #[default]
    Upsert,
    CreateOnly,
    UpdateOnly,
}

/// How an import of records is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordsHeader {
    pub mode: RecordsMode,
    /// Nothing is written.
    pub validate_only: bool,
}

stored_enum! {
    /// What has no key of another system of its own, so that it is kept beside it.
    pub enum KeyedKind {
        Position => "POSITION",
        Commitment => "COMMITMENT",
        Gift => "GIFT",
    }
}

#[derive(Debug, Clone)]
pub enum Record {
    Account(Box<AccountRecord>),
    Member(Box<MemberRecord>),
    Team(TeamRecord),
    Contact(Box<ContactRecord>),
    Position(Box<PositionRecord>),
    Incumbency(Box<IncumbencyRecord>),
    Tie(TieRecord),
    Interaction(Box<InteractionRecord>),
    Commitment(Box<CommitmentRecord>),
    Gift(Box<GiftRecord>),
}

impl Record {
    /// The names by which other records may mean what it brings; by the first it is known again.
    pub fn brings(&self) -> Vec<String> {
        let account = |key: &ExternalRef| AccountRef::External {
            system: key.system.clone(),
            id: key.id.clone(),
        };
        let member = |key: &ExternalRef| MemberRef::External {
            system: key.system.clone(),
            id: key.id.clone(),
        };
        let contact = |key: &ExternalRef| ContactRef::External {
            system: key.system.clone(),
            id: key.id.clone(),
        };
        match self {
            Self::Account(of) => {
                let more = of.change.external_refs.iter().flatten();
                let keys = std::iter::once(&of.source_key).chain(more).map(account);
                let id = of.id.clone().map(AccountRef::Id);
                keys.chain(id).map(|name| name.to_string()).collect()
            }
            Self::Member(of) => {
                let more = of.change.external_refs.iter().flatten();
                let keys = std::iter::once(&of.source_key).chain(more).map(member);
                let id = of.id.clone().map(MemberRef::Id);
                keys.chain(id).map(|name| name.to_string()).collect()
            }
            Self::Contact(of) => {
                let more = of.change.external_refs.iter().flatten();
                let keys = std::iter::once(&of.source_key).chain(more).map(contact);
                keys.map(|name| name.to_string()).collect()
            }
            Self::Position(of) => of.brings(),
            Self::Interaction(of) => vec![keyed_name("interactions", &of.source_key)],
            Self::Commitment(of) => vec![keyed_name("commitments", &of.source_key)],
            Self::Gift(of) => vec![keyed_name("gifts", &of.source_key)],
            Self::Team(_) | Self::Incumbency(_) | Self::Tie(_) => Vec::new(),
        }
    }
}

impl Record {
    /// The title by which it names a position, and at which account.
    pub fn titled(&self) -> Option<(&AccountRef, &str)> {
        match self {
            Self::Position(of) => match &of.reports_to {
                Some(PositionRef::Title(title)) => Some((&of.account, title)),
                _ => None,
            },
            Self::Incumbency(of) => match &of.seat {
                SeatRef::Known(PositionRef::Title(title)) => Some((&of.account, title)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The title of a position that it may bring, and at which account.
    pub fn brings_title(&self) -> Option<(&AccountRef, &str)> {
        match self {
            Self::Position(of) => Some((&of.account, of.change.title.as_deref()?)),
            Self::Incumbency(of) => match &of.seat {
                SeatRef::Described(change) => Some((&of.account, change.title.as_deref()?)),
                SeatRef::Known(_) => None,
            },
            _ => None,
        }
    }
}

/// How something is told that only its key says.
pub fn keyed_name(collection: &str, key: &ExternalRef) -> String {
    format!("{collection}/{}~{}", key.system, key.id)
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
    /// Names of what it may be the same as.
    pub duplicates: Vec<String>,
}

/// What a record made, or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub outcome: RecordOutcome,
    pub name: String,
    /// Names of what it may be the same as.
    pub duplicates: Vec<String>,
}

impl Placed {
    pub fn created(name: String) -> Self {
        Self { outcome: RecordOutcome::Created, name, duplicates: Vec::new() }
    }

    /// Of something that is there.
    pub fn kept(name: String, is_changed: bool) -> Self {
        let outcome = if is_changed { RecordOutcome::Updated } else { RecordOutcome::Unchanged };
        Self { outcome, name, duplicates: Vec::new() }
    }
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
    /// What names something that this import would have brought.
    pub untried: i64,
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

/// That what is recorded once and never edited is another by its record.
pub fn differs(field: &str, known: &str) -> Error {
    let what = format!("is another in {known}, which is not edited");
    Error::invalid(field, Reason::FieldInvalid, what)
}

impl RecordsMode {
    /// Refuses what may not be done with something that is there or is not.
    ///
    /// # Errors
    /// `RESOURCE_ALREADY_EXISTS`, `RESOURCE_NOT_FOUND` at `field`.
    pub fn check(
        self,
        kind: &'static str,
        field: &str,
        name: &str,
        is_there: bool,
    ) -> Result<(), Error> {
        match (self, is_there) {
            (Self::CreateOnly, true) => Err(there_already(kind, name.to_owned())),
            (Self::UpdateOnly, false) => Err(not_there(field, name)),
            _ => Ok(()),
        }
    }
}
