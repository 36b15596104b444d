//! Finding accounts and people by what one remembers of them: the keys they are found by, how names
//! are compared, and which of what was found comes first.
//!
//! Another kind of record is found by an entry of [`Kind`], its keys in [`keys`], and a place in
//! the store where it is read.

pub mod forms;
pub mod grams;
pub mod keys;
pub mod normal;
pub mod rank;
mod traditional;

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::names::{
    AccountRef, ContactRef, MemberRef, POSITIONS, account_name, contact_name, member_name,
};
use super::personal::Personal;
use super::stored::stored_enum;

pub const TEXT_CHARS_MAX: usize = 200;
/// Records that are told if the caller does not say how many.
pub const HITS_DEFAULT: usize = 10;
/// Records that are told at most.
pub const HITS_MAX: usize = 50;
/// Records of a kind that are held against a question at most, by their keys and by their names.
pub const CANDIDATES_MAX: usize = 100;

stored_enum! {
    /// What is found.
    pub enum Kind {
        Account => "ACCOUNT",
        Member => "MEMBER",
        Contact => "CONTACT",
        Position => "POSITION",
    }
}

impl Kind {
    /// The scope without which its records are told without what is personal.
    pub const fn personal_scope(self) -> Option<&'static str> {
        match self {
            Self::Account => None,
            Self::Member => Some("people.read"),
            Self::Contact => Some("contacts.personal"),
            Self::Position => Some("contacts.read"),
        }
    }

    /// The numbers of its subjects: from the first to the last.
    pub fn numbers(self) -> (i64, i64) {
        let place = match self {
            Self::Account => 1_i64,
            Self::Member => 2,
            Self::Contact => 3,
            Self::Position => 4,
        };
        (place << NUMBER_BITS, (place << NUMBER_BITS) | NUMBER_MASK)
    }
}

/// Bits of a number that tell one subject of a kind from another.
const NUMBER_BITS: u32 = 58;
const NUMBER_MASK: i64 = (1 << NUMBER_BITS) - 1;

/// A record that is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    pub kind: Kind,
    pub id: String,
}

impl Subject {
    pub fn account(id: &str) -> Self {
        Self { kind: Kind::Account, id: id.to_owned() }
    }

    pub fn member(id: &str) -> Self {
        Self { kind: Kind::Member, id: id.to_owned() }
    }

    pub fn contact(id: &str) -> Self {
        Self { kind: Kind::Contact, id: id.to_owned() }
    }

    pub fn position(account_id: &str, id: Uuid) -> Self {
        let id = format!("{account_id}/{POSITIONS}/{id}");
        Self { kind: Kind::Position, id }
    }

    /// The id of a position; `None` of anything else.
    pub fn position_id(&self) -> Option<Uuid> {
        let (_, id) = self.id.rsplit_once('/').filter(|_| self.kind == Kind::Position)?;
        Uuid::try_parse(id).ok()
    }

    /// The name of the resource.
    pub fn name(&self) -> String {
        match self.kind {
            Kind::Account | Kind::Position => account_name(&self.id),
            Kind::Member => member_name(&self.id),
            Kind::Contact => contact_name(&self.id),
        }
    }

    /// What stands for it where a text would be long. Two subjects may have the same one: whoever
    /// goes by it looks at the subject afterwards.
    pub fn number(&self) -> i64 {
        let digest = Sha256::digest(&self.id);
        let hash = digest.iter().take(8).fold(0_u64, |hash, byte| (hash << 8) | u64::from(*byte));
        self.kind.numbers().0 | (hash as i64 & NUMBER_MASK)
    }
}

stored_enum! {
    /// What a record is found by.
    pub enum KeyKind {
        Name => "NAME",
        FormerName => "FORMER_NAME",
        TaxId => "TAX_ID",
        ExternalRef => "EXTERNAL_REF",
        Handle => "HANDLE",
        Email => "EMAIL",
        /// What a position does.
        Function => "FUNCTION",
        /// The last digits of a phone number: that number written at home, or another.
        PhoneEnd => "PHONE_END",
        Phone => "PHONE",
    }
}

impl KeyKind {
    /// Whether what resembles it is found too.
    pub const fn is_name(self) -> bool {
        matches!(self, Self::Name | Self::FormerName)
    }
}

/// A key of a record, in its normal form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub kind: KeyKind,
    pub value: String,
}

/// The records that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Whatever this is the name, or a part of the name, or the number of.
    Text(String),
    /// Those that may be the same as this one.
    Like(Named),
}

/// A record as a caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    Account(AccountRef),
    Member(MemberRef),
    Contact(ContactRef),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    pub question: Question,
    /// None of them is all of them.
    pub kinds: BTreeSet<Kind>,
    pub hits_max: usize,
}

/// What of a record was found by the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    pub kind: KeyKind,
    /// As the record has it.
    pub value: Personal,
    /// Of an external reference.
    pub system: String,
    /// How much it resembles what was asked for, in basis points.
    pub similarity_bp: i32,
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub subject: Subject,
    pub display_name: Personal,
    pub matches: Vec<Match>,
    /// That of the best match.
    pub score_bp: i32,
    /// The caller may not read what is personal of it.
    pub masked: bool,
}

impl Hit {
    /// Without what is personal.
    pub fn masked(self) -> Self {
        let bare = |found: Match| Match { value: Personal::default(), ..found };
        Self {
            display_name: Personal::default(),
            matches: self.matches.into_iter().map(bare).collect(),
            masked: true,
            ..self
        }
    }
}

/// What a search found, the best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// More was alike than was looked at: the question is too short.
    pub cut: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_kind_are_among_its_own_and_no_others() {
        for id in ["a", "acme", "0190a5c4-0000-7000-8000-000000000000"] {
            let position = Subject::position(id, Uuid::nil());
            assert_eq!(position.position_id(), Some(Uuid::nil()));
            assert_eq!(position.name(), format!("accounts/{id}/positions/{}", Uuid::nil()));
            let others = [Subject::account(id), Subject::member(id), Subject::contact(id)];
            for subject in others.into_iter().chain([position]) {
                for kind in Kind::ALL {
                    let (first, last) = kind.numbers();
                    let within = (first..=last).contains(&subject.number());
                    assert_eq!(within, *kind == subject.kind);
                }
            }
        }
    }
}
