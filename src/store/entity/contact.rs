//! People at customers. Their keys in other systems are in [`super::contact_ref`].

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::domain::contact::address::Address;
use crate::domain::contact::occasion::Occasion;
use crate::domain::contact::{Contact, ContactState, Official, Preference};
use crate::domain::error::Result;
use crate::domain::external_ref::ExternalRef;
use crate::domain::personal::Personal;
use crate::store::columns::{from_json, to_json};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub display_name: Personal,
    pub latin_name: Personal,
    /// A [`Card`] as JSON.
    pub card: Personal,
    pub official: Option<Official>,
    pub labels: String,
    pub state: ContactState,
    pub create_us: i64,
    pub update_us: i64,
    pub delete_us: Option<i64>,
    pub version: i64,
    pub erase_us: Option<i64>,
    /// As whom he counts; `None`: as himself.
    pub merged_into: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What is personal of a contact beside the names: text here, since personal text writes itself as
/// null everywhere else.
#[derive(Serialize, Deserialize)]
pub struct Card {
    former_names: Vec<String>,
    phones: Vec<CardAddress>,
    emails: Vec<CardAddress>,
    handles: Vec<CardAddress>,
    preferences: Vec<CardPreference>,
    /// Cards that were written before there were any have none.
    #[serde(default)]
    occasions: Vec<Occasion>,
}

#[derive(Serialize, Deserialize)]
struct CardAddress {
    value: String,
    kind: String,
    valid_to: Option<NaiveDate>,
}

#[derive(Serialize, Deserialize)]
struct CardPreference {
    key: String,
    value: String,
    source: String,
    consent: bool,
    expire_date: Option<NaiveDate>,
}

fn addresses(of: Vec<Address>) -> Vec<CardAddress> {
    let address = |Address { value, kind, valid_to }| CardAddress {
        value: Personal::into_exposed(value),
        kind,
        valid_to,
    };
    of.into_iter().map(address).collect()
}

fn read_addresses(of: Vec<CardAddress>) -> Vec<Address> {
    let address = |CardAddress { value, kind, valid_to }: CardAddress| Address {
        value: value.into(),
        kind,
        valid_to,
    };
    of.into_iter().map(address).collect()
}

impl From<Preference> for CardPreference {
    fn from(preference: Preference) -> Self {
        let Preference { key, value, source, consent, expire_date } = preference;
        let (value, source) = (value.into_exposed(), source.into_exposed());
        Self { key, value, source, consent, expire_date }
    }
}

impl From<CardPreference> for Preference {
    fn from(preference: CardPreference) -> Self {
        let CardPreference { key, value, source, consent, expire_date } = preference;
        Self { key, value: value.into(), source: source.into(), consent, expire_date }
    }
}

impl Model {
    pub fn of(contact: &Contact) -> Result<Self> {
        let Contact {
            id,
            display_name,
            latin_name,
            former_names,
            phones,
            emails,
            handles,
            external_refs: _,
            preferences,
            occasions,
            official,
            labels,
            state,
            create_us,
            update_us,
            delete_us,
            erase_us,
            merged_into,
            version,
        } = contact.clone();
        let card = Card {
            former_names: former_names.into_iter().map(Personal::into_exposed).collect(),
            phones: addresses(phones),
            emails: addresses(emails),
            handles: addresses(handles),
            preferences: preferences.into_iter().map(CardPreference::from).collect(),
            occasions,
        };
        Ok(Self {
            id,
            display_name,
            latin_name,
            card: to_json("card", &card)?.into(),
            official,
            labels: to_json("labels", &labels)?,
            state,
            create_us,
            update_us,
            delete_us,
            erase_us,
            merged_into,
            version,
        })
    }

    /// The contact with these keys in other systems.
    ///
    /// # Errors
    /// INTERNAL if the JSON cannot be read.
    pub fn into_contact(self, external_refs: Vec<ExternalRef>) -> Result<Contact> {
        let Self {
            id,
            display_name,
            latin_name,
            card,
            official,
            labels,
            state,
            create_us,
            update_us,
            delete_us,
            version,
            erase_us,
            merged_into,
        } = self;
        let Card { former_names, phones, emails, handles, preferences, occasions } =
            from_json("card", card.expose())?;
        Ok(Contact {
            id,
            display_name,
            latin_name,
            former_names: former_names.into_iter().map(Personal::from).collect(),
            phones: read_addresses(phones),
            emails: read_addresses(emails),
            handles: read_addresses(handles),
            external_refs,
            preferences: preferences.into_iter().map(Preference::from).collect(),
            occasions,
            official,
            labels: from_json("labels", &labels)?,
            state,
            create_us,
            update_us,
            delete_us,
            erase_us,
            merged_into,
            version,
        })
    }
}
