//! The records that are found, as they are told. Another kind is read here too.

use std::collections::HashMap;

use uuid::Uuid;

use crate::domain::account::Account;
use crate::domain::contact::merge::MergedRecord;
use crate::domain::contact::{Contact, ContactState};
use crate::domain::directory::rank::Ranked;
use crate::domain::directory::{Hit, Key, Kind, Match, Named, Subject, keys};
use crate::domain::error::{Error, Result};
use crate::domain::member::Member;
use crate::domain::personal::Personal;
use crate::domain::position::Position;
use crate::service::resolve;
use crate::store::ReadTx;

/// A record, with what it is found by.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub subject: Subject,
    display_name: Personal,
    /// Of an account, where it is registered; empty if that is not known.
    pub region_code: String,
    pub keys: Vec<Told>,
}

/// A key, and what the record has for it.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub key: Key,
    text: Personal,
    system: String,
}

impl Record {
    fn of_account(account: Account) -> Self {
        Self {
            subject: Subject::account(&account.id),
            keys: told(keys::of_account(&account)),
            display_name: account.display_name.into(),
            region_code: account.region_code,
        }
    }

    fn of_member(member: Member) -> Self {
        Self {
            subject: Subject::member(&member.id),
            keys: told(keys::of_member(&member)),
            display_name: member.display_name,
            region_code: String::new(),
        }
    }

    /// Who has no name of his own script goes by that in Latin letters.
    fn of_contact(contact: Contact) -> Self {
        Self {
            subject: Subject::contact(&contact.id),
            keys: told(keys::of_contact(&contact)),
            display_name: match contact.display_name.is_empty() {
                true => contact.latin_name,
                false => contact.display_name,
            },
            region_code: String::new(),
        }
    }

    /// As [`Record::of_account`], with what those that count as it are found by.
    fn of_customer(account: Account, losers: Vec<Account>) -> Self {
        let mut record = Self::of_account(account);
        for loser in &losers {
            record.keys.extend(told(keys::of_account(loser)));
        }
        record
    }

    /// With what the records that count as this one are found by.
    fn with(mut self, merged: Vec<MergedRecord>) -> Self {
        for MergedRecord { contact, .. } in merged {
            self.keys.extend(told(keys::of_contact(&contact)));
        }
        self
    }

    /// What a position is called is said of a seat, not of who sits there.
    fn of_position(position: Position) -> Self {
        Self {
            subject: Subject::position(&position.account_id, position.id),
            keys: told(keys::of_position(&position)),
            display_name: position.called().into(),
            region_code: String::new(),
        }
    }

    /// As it was found.
    pub fn hit(&self, ranked: Ranked) -> Hit {
        let score_bp = ranked.score_bp();
        let found = |(key, similarity_bp): (Key, i32)| {
            let Told { text, system, .. } = self.keys.iter().find(|told| told.key == key)?;
            let (value, system) = (text.clone(), system.clone());
            Some(Match { kind: key.kind, value, system, similarity_bp })
        };
        Hit {
            subject: ranked.subject,
            display_name: self.display_name.clone(),
            matches: ranked.matches.into_iter().filter_map(found).collect(),
            score_bp,
            masked: false,
        }
    }
}

fn told(keys: Vec<keys::Told<'_>>) -> Vec<Told> {
    let owned = |keys::Told { key, text, system }: keys::Told<'_>| Told {
        key,
        text: text.into(),
        system: system.to_owned(),
    };
    keys.into_iter().map(owned).collect()
}

/// The records of these subjects.
pub(super) async fn all(tx: &ReadTx, subjects: &[&Subject]) -> Result<Vec<Record>> {
    let ids = |kind: Kind| -> Vec<&str> {
        subjects.iter().filter(|of| of.kind == kind).map(|of| of.id.as_str()).collect()
    };
    let mut records = Vec::new();
    for kind in Kind::ALL {
        let ids = ids(*kind);
        match kind {
            _ if ids.is_empty() => {}
            Kind::Account => {
                let found = with_losers(tx, &ids).await?.into_iter();
                records.extend(found.map(|(one, losers)| Record::of_customer(one, losers)));
            }
            Kind::Member => {
                let found = tx.members_among(&ids).await?;
                records.extend(found.into_iter().map(Record::of_member));
            }
            Kind::Contact => {
                let found = tx.contacts_among(&ids).await?;
                let mut merged = tx.merged_contacts(&ids).await?;
                // Records that count as one who is deleted lead to nobody.
                for contact in found.into_iter().filter(|one| one.state == ContactState::Active) {
                    let others = merged.remove(&contact.id).unwrap_or_default();
                    records.push(Record::of_contact(contact).with(others));
                }
            }
            Kind::Position => {
                let of_kind = subjects.iter().filter(|of| of.kind == Kind::Position);
                let ids: Vec<Uuid> = of_kind.filter_map(|of| of.position_id()).collect();
                let found = tx.positions_among(&ids).await?;
                records.extend(found.into_iter().map(Record::of_position));
            }
        }
    }
    Ok(records)
}

/// These accounts, each with those that count as it.
async fn with_losers(tx: &ReadTx, ids: &[&str]) -> Result<Vec<(Account, Vec<Account>)>> {
    let found = tx.accounts(ids).await?;
    let customers = tx.customers(&ids.iter().copied().collect(), i64::MAX).await?;
    let losers: Vec<&str> = customers.losers().map(|(id, _)| id).collect();
    let losers = match losers.is_empty() {
        true => HashMap::new(),
        false => tx.accounts(&losers).await?,
    };
    let with = |account: Account| {
        let its = customers.losers_of(&account.id).filter_map(|id| losers.get(id).cloned());
        let its = its.collect();
        (account, its)
    };
    Ok(found.into_values().map(with).collect())
}

/// The record that a caller names, a deleted account too.
///
/// # Errors
/// NotFound.
pub(super) async fn named(tx: &ReadTx, named: &Named) -> Result<Record> {
    match named {
        Named::Account(name) => {
            let names = [name.clone()];
            let found = resolve::all(&names, tx.find_accounts(&names).await?)?;
            let meant = found.values().map(|known| known.merged_into.as_ref().unwrap_or(&known.id));
            let ids: Vec<&str> = meant.map(String::as_str).collect();
            let found = with_losers(tx, &ids).await?.pop();
            let (account, losers) =
                found.ok_or_else(|| Error::internal(format!("{name} is gone")))?;
            Ok(Record::of_customer(Account { delete_us: None, ..account }, losers))
        }
        Named::Member(name) => {
            let missing = || Error::not_found("member", name.to_string());
            let id = tx.find_member(name).await?.ok_or_else(missing)?;
            Ok(Record::of_member(tx.member(&id).await?.ok_or_else(missing)?))
        }
        Named::Contact(name) => {
            let missing = || Error::not_found("contact", name.to_string());
            let id = tx.find_contact(name).await?.ok_or_else(missing)?;
            let contact = tx.contact(&id).await?.ok_or_else(missing)?;
            let others = tx.merged_contacts(&[&*id]).await?.remove(&id).unwrap_or_default();
            let record = Record::of_contact(Contact { state: ContactState::Active, ..contact });
            Ok(record.with(others))
        }
    }
}
