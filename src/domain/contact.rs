//! People at customers: who they are, how they are reached, and what may become of them. Where they
//! sit is in [`super::position`].

pub mod address;
pub mod command;
pub mod erasure;
pub mod merge;
pub mod occasion;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::account::profile::PartyKind;
use super::error::{Error, Result};
use super::external_ref::ExternalRef;
use super::machine::{Transition, advance};
use super::names::{AccountRef, contact_name};
use super::page::PageOf;
use super::personal::Personal;
use super::stored::stored_enum;
use super::version;
use address::Address;
use occasion::Occasion;

pub const NAME_CHARS_MAX: usize = 200;
pub const FORMER_NAMES_MAX: usize = 50;
pub const PREFERENCES_MAX: usize = 50;
pub const PREFERENCE_KEY_CHARS_MAX: usize = 63;
pub const PREFERENCE_VALUE_CHARS_MAX: usize = 500;
pub const PREFERENCE_SOURCE_CHARS_MAX: usize = 200;

stored_enum! {
    #[derive(Default)]
    pub enum ContactState {
        #[default]
        Active => "ACTIVE",
        /// Recorded in error.
        Deleted => "DELETED",
        /// Nothing personal is kept of him any more.
        Erased => "ERASED",
        /// It counts as another record of him.
        Merged => "MERGED",
    }
}

stored_enum! {
    pub enum ContactVerb {
        Change => "CHANGE",
        Delete => "DELETE",
        Undelete => "UNDELETE",
        Leave => "LEAVE",
        Erase => "ERASE",
        Absorb => "ABSORB",
        Merge => "MERGE",
        UndoMerge => "UNDO_MERGE",
    }
}

/// What may become of a contact.
pub const STATES: &[Transition<ContactState, ContactVerb>] = &[
    Transition {
        verb: ContactVerb::Change,
        from: &[ContactState::Active],
        to: ContactState::Active,
    },
    Transition {
        verb: ContactVerb::Delete,
        from: &[ContactState::Active],
        to: ContactState::Deleted,
    },
    Transition {
        verb: ContactVerb::Undelete,
        from: &[ContactState::Deleted],
        to: ContactState::Active,
    },
    Transition {
        verb: ContactVerb::Erase,
        from: &[
            ContactState::Active,
            ContactState::Deleted,
            ContactState::Erased,
            ContactState::Merged,
        ],
        to: ContactState::Erased,
    },
    Transition {
        verb: ContactVerb::Absorb,
        from: &[ContactState::Active],
        to: ContactState::Active,
    },
    Transition {
        verb: ContactVerb::Merge,
        from: &[ContactState::Active],
        to: ContactState::Merged,
    },
    Transition {
        verb: ContactVerb::UndoMerge,
        from: &[ContactState::Merged],
        to: ContactState::Active,
    },
];

/// Whoever leaves a position stays what he is.
const LEAVES: &[ContactState] = &[ContactState::Active, ContactState::Erased];

stored_enum! {
    /// Whether what may be given to a contact is what may be given to officials.
    pub enum Official {
        Official => "OFFICIAL",
        Private => "PRIVATE",
    }
}

/// Something a contact likes or wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preference {
    pub key: String,
    pub value: Personal,
    pub source: Personal,
    /// He agreed to its being kept.
    pub consent: bool,
    /// First day on which it is told no more.
    pub expire_date: Option<NaiveDate>,
}

impl Preference {
    fn has_expired(&self, day: NaiveDate) -> bool {
        self.expire_date.is_some_and(|end| end <= day)
    }
}

/// A person at a customer. Instants are microseconds since the epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub id: String,
    pub display_name: Personal,
    pub latin_name: Personal,
    pub former_names: Vec<Personal>,
    pub phones: Vec<Address>,
    pub emails: Vec<Address>,
    pub handles: Vec<Address>,
    pub external_refs: Vec<ExternalRef>,
    pub preferences: Vec<Preference>,
    /// Personal as a whole: no answer that is kept has them.
    #[serde(skip)]
    pub occasions: Vec<Occasion>,
    /// `None`: as the account says that he works for.
    pub official: Option<Official>,
    pub labels: BTreeMap<String, String>,
    pub state: ContactState,
    pub create_us: i64,
    pub update_us: i64,
    pub delete_us: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erase_us: Option<i64>,
    /// Id of the contact as whom it counts; also of one that was erased with him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    pub version: i64,
}

impl Contact {
    /// A new contact of whom nothing is known.
    pub fn new(id: String, now_us: i64) -> Self {
        Self { id, create_us: now_us, update_us: now_us, version: 1, ..Self::default() }
    }

    pub fn name(&self) -> String {
        contact_name(&self.id)
    }

    /// What he is called, in his own letters where those are known.
    pub fn called(&self) -> &Personal {
        if self.display_name.is_empty() { &self.latin_name } else { &self.display_name }
    }

    /// Whether there is anything to call him by: who is known by a phone alone is a person too.
    pub fn is_somebody(&self) -> bool {
        let named = !self.display_name.is_empty() || !self.latin_name.is_empty();
        let reached = [&self.phones, &self.emails, &self.handles];
        named || reached.iter().any(|addresses| !addresses.is_empty())
    }

    /// Whether he is an official, as is said of him, or else as any of those says that he works for.
    pub fn is_official(&self, employers: impl IntoIterator<Item = Option<PartyKind>>) -> bool {
        match self.official {
            Some(said) => said == Official::Official,
            None => employers.into_iter().flatten().any(PartyKind::has_officials),
        }
    }

    /// Refuses a version that was read before somebody else changed the contact.
    ///
    /// # Errors
    /// ETAG_MISMATCH.
    pub fn check_version(&self, read: i64) -> Result<()> {
        version::check("contact", self.name(), self.version, read)
    }

    /// Checks that he may leave a position: who was erased may, so that another can take it.
    ///
    /// # Errors
    /// STATE_WRONG.
    pub fn check_leaves(&self) -> Result<()> {
        let leaves = [Transition { verb: ContactVerb::Leave, from: LEAVES, to: self.state }];
        advance(&leaves, &self.name(), self.state, ContactVerb::Leave).map(drop)
    }

    /// Takes away everything that is personal, for ever; of one who is erased what was written since.
    ///
    /// # Errors
    /// Internal if there is a state without this way out.
    pub fn erase(&mut self, us: i64) -> Result<()> {
        let state = advance(STATES, &self.name(), self.state, ContactVerb::Erase)?;
        let Self { id, official, create_us, update_us, delete_us, merged_into, version, .. } =
            std::mem::take(self);
        let erase_us = Some(us);
        *self = Self {
            id,
            official,
            state,
            create_us,
            update_us,
            delete_us,
            erase_us,
            merged_into,
            version,
            ..Self::default()
        };
        Ok(())
    }

    /// # Errors
    /// STATE_WRONG of one who is deleted or erased; CONCURRENT_CHANGE of one who counts as another, whom
    /// no name leads to but one that was looked up before.
    pub fn check_active(&self) -> Result<()> {
        if self.state == ContactState::Merged {
            return Err(merge::merged_meanwhile(self));
        }
        advance(STATES, &self.name(), self.state, ContactVerb::Change).map(drop)
    }

    /// Checks that others may come to count as this one.
    ///
    /// # Errors
    /// STATE_WRONG.
    pub fn check_absorbs(&self) -> Result<()> {
        advance(STATES, &self.name(), self.state, ContactVerb::Absorb).map(drop)
    }

    /// Has it count as another one.
    ///
    /// # Errors
    /// STATE_WRONG.
    pub fn merge(&mut self, into: &str) -> Result<()> {
        self.state = advance(STATES, &self.name(), self.state, ContactVerb::Merge)?;
        self.merged_into = Some(into.to_owned());
        Ok(())
    }

    /// Has it count as itself again; answers as whom it counted.
    ///
    /// # Errors
    /// STATE_WRONG.
    pub fn undo_merge(&mut self) -> Result<String> {
        self.state = advance(STATES, &self.name(), self.state, ContactVerb::UndoMerge)?;
        let gone = format!("{} is merged into nobody", self.name());
        self.merged_into.take().ok_or_else(|| Error::internal(gone))
    }

    /// # Errors
    /// STATE_WRONG.
    pub fn delete(&mut self, us: i64) -> Result<()> {
        self.state = advance(STATES, &self.name(), self.state, ContactVerb::Delete)?;
        self.delete_us = Some(us);
        Ok(())
    }

    /// # Errors
    /// STATE_WRONG.
    pub fn undelete(&mut self) -> Result<()> {
        self.state = advance(STATES, &self.name(), self.state, ContactVerb::Undelete)?;
        self.delete_us = None;
        Ok(())
    }

    /// With what is personal as `now` has it: what an earlier call answered has none.
    #[must_use]
    pub fn with_text_of(self, now: Self) -> Self {
        let Self { display_name, latin_name, former_names, phones, emails, handles, .. } = now;
        let (preferences, occasions) = (now.preferences, now.occasions);
        Self {
            display_name,
            latin_name,
            former_names,
            phones,
            emails,
            handles,
            preferences,
            occasions,
            ..self
        }
    }

    /// The preferences that are told on a day.
    pub fn preferences_on(&self, day: NaiveDate) -> impl Iterator<Item = &Preference> {
        self.preferences.iter().filter(move |one| !one.has_expired(day))
    }

    /// Takes away the preferences that are told no more on a day, and answers how many these are.
    pub fn purge(&mut self, day: NaiveDate) -> u64 {
        let before = self.preferences.len();
        self.preferences.retain(|one| !one.has_expired(day));
        (before - self.preferences.len()) as u64
    }
}

/// A contact with the positions that he has, as (account, position) pairs of ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub contact: Contact,
    /// Names of positions.
    pub positions: Vec<String>,
    /// Records that count as him; in no answer that is kept.
    #[serde(skip)]
    pub merged: Vec<merge::MergedRecord>,
}

/// A page of contacts as asked for, in the order of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactList {
    /// Those only who have a position there today.
    pub account: Option<AccountRef>,
    /// Each of these, key and value.
    pub labels: Vec<(String, String)>,
    pub show_deleted: bool,
    pub page: PageOf<String>,
}
