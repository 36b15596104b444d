//! Accounts that are one customer: one counts as another by a pointer. What was posted to it stays its
//! own, in its own books, and it stands under the survivor, so that the group's figures are whole. What
//! comes next is the survivor's.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use super::account::Account;
use super::contact::merge::Undone;
use super::directory::normal;
use super::error::{Error, Precondition, Reason, Result};
use super::merge::{Conflict, MERGED_MAX};
use super::names::{AccountRef, account_name};
use super::personal::Personal;

#[derive(Debug, Clone, Serialize)]
pub struct MergeAccounts {
    pub survivor: AccountRef,
    pub losers: Vec<AccountRef>,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct UndoAccountMerge {
    pub loser: AccountRef,
    pub reason: String,
}

/// That one counted as another, and by whose word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMerge {
    pub id: Uuid,
    pub survivor_id: String,
    pub loser_id: String,
    /// `None`: it stood under the survivor already.
    pub link: Option<MadeLink>,
    /// Microseconds since the epoch.
    pub us: i64,
    pub by: String,
    pub reason: Personal,
    pub undone: Option<Undone>,
}

/// The link by which a merge put the loser under the survivor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeLink {
    pub from: NaiveDate,
    /// Id of the account that it stood under before.
    pub parent_before: Option<String>,
}

impl Account {
    /// Refuses one that counts as another.
    ///
    /// # Errors
    /// STATE_WRONG.
    pub fn check_own(&self) -> Result<()> {
        match &self.merged_into {
            None => Ok(()),
            Some(survivor) => {
                let what = format!(
                    "counts as {}: undo the merge first (UndoMerge)",
                    account_name(survivor)
                );
                Err(state_wrong(self, "MERGED", "ACTIVE,BLOCKED", what).into())
            }
        }
    }

    /// As which it counts.
    ///
    /// # Errors
    /// STATE_WRONG if it counts as itself.
    pub fn check_merged(&self) -> Result<String> {
        let itself =
            || state_wrong(self, &self.state().to_string(), "MERGED", "counts as itself").into();
        self.merged_into.clone().ok_or_else(itself)
    }

    fn check_can_merge(&self) -> Result<()> {
        self.check_live()?;
        self.check_own()
    }
}

fn state_wrong(
    account: &Account,
    state: &str,
    allowed: &str,
    what: impl Into<String>,
) -> Precondition {
    Precondition::new(Reason::StateWrong, account_name(&account.id), what)
        .with("state", state)
        .with("allowed", allowed)
}

/// Refuses a merge of accounts as they are, with how many others count as each.
///
/// # Errors
/// ACCOUNT_DELETED, STATE_WRONG, MERGE_CHAINED, TOO_MANY_ELEMENTS.
pub fn check(
    survivor: &Account,
    losers: &[&Account],
    others: &BTreeMap<String, usize>,
) -> Result<()> {
    survivor.check_can_merge()?;
    for loser in losers {
        loser.check_can_merge()?;
        if let Some(count) = others.get(&loser.id) {
            let what = format!("{count} others count as it: undo these merges first");
            return Err(Error::precondition(Reason::MergeChained, account_name(&loser.id), what));
        }
    }
    let merged = others.get(&survivor.id).copied().unwrap_or_default() + losers.len();
    if merged > MERGED_MAX {
        let what = format!("{merged} would count as one, at most {MERGED_MAX} may");
        return Err(Error::invalid("losers", Reason::TooManyElements, what));
    }
    Ok(())
}

/// What a loser says otherwise than the survivor.
pub fn conflicts(survivor: &Account, loser: &Account) -> Vec<Conflict> {
    let mut fields: Vec<String> = Vec::new();
    let mut note = |field: &str, differs: bool| {
        if differs {
            fields.push(field.to_owned());
        }
    };
    let other_name = |one: &str, other: &str| {
        let (one, other) = (normal::name(one), normal::name(other));
        !one.is_empty() && !other.is_empty() && one != other
    };
    let other = |one: &str, other: &str| !other.is_empty() && one != other;
    note("display_name", other_name(&survivor.display_name, &loser.display_name));
    note("legal_name", other_name(&survivor.legal_name, &loser.legal_name));
    note("region_code", other(&survivor.region_code, &loser.region_code));
    note("tax_id", other(&survivor.tax_id, &loser.tax_id));
    note("related_party", survivor.related_party != loser.related_party);
    note("industry_code", other(&survivor.industry_code, &loser.industry_code));
    note("sales_region", other(&survivor.sales_region, &loser.sales_region));
    let (his, its) = (survivor.party_kind, loser.party_kind);
    note("party_kind", its.is_some() && its != his);
    let (his, its) = (survivor.size_class, loser.size_class);
    note("size_class", its.is_some() && its != his);
    note("state", survivor.blocked != loser.blocked);
    let labels = loser.labels.iter();
    let labels = labels.filter(|(key, value)| survivor.labels.get(*key) != Some(value));
    fields.extend(labels.map(|(key, _)| format!("labels.{key}")));
    let conflict = |field| Conflict { loser_id: loser.id.clone(), field };
    fields.into_iter().map(conflict).collect()
}
