//! Accounts that may be the same one.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::found::Duplicate;
use super::{Code, Finding, State, Turn};
use crate::domain::directory::KeyKind;
use crate::domain::names::account_name;
use crate::domain::severity::Severity;

/// Others that are told of an account.
pub const DUPLICATES_MAX: usize = 10;

/// What two accounts that may be one have in common.
pub const SHARED: [KeyKind; 2] = [KeyKind::TaxId, KeyKind::Name];

/// Those of the pairs of another account and a kind of key that it has in common with one: who has more in
/// common first.
pub fn duplicates(pairs: impl IntoIterator<Item = (String, KeyKind)>) -> Vec<Duplicate> {
    let mut of_account: BTreeMap<String, Vec<KeyKind>> = BTreeMap::new();
    for (account_id, kind) in pairs {
        let shared = of_account.entry(account_id).or_default();
        if !shared.contains(&kind) {
            shared.push(kind);
        }
    }
    let place = |kind: &KeyKind| SHARED.iter().position(|one| one == kind);
    let mut all: Vec<Duplicate> = of_account
        .into_iter()
        .map(|(account_id, mut shared)| {
            shared.sort_by_key(place);
            Duplicate { account_id, shared }
        })
        .collect();
    all.sort_by_key(|one| (std::cmp::Reverse(one.shared.len()), one.shared.first().map(place)));
    all.truncate(DUPLICATES_MAX);
    all
}

/// How it is with an account on a day; `None`: not known of it.
pub fn suspected(account_id: &str, day: NaiveDate, known: Option<Vec<Duplicate>>) -> Finding {
    let (state, others) = match known {
        None => (State::Unknown, Vec::new()),
        Some(others) if others.is_empty() => (State::No, others),
        Some(others) => (State::Yes, others),
    };
    let turn = Turn {
        from_date: NaiveDate::MIN,
        state,
        severity: (state == State::Yes).then_some(Severity::Amber),
        evidence: others.iter().map(|one| account_name(&one.account_id)).collect(),
    };
    let found = Finding::on(account_id, Code::DuplicateSuspected, vec![turn], day);
    Finding { duplicates: others, ..found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_more_in_common_is_told_first_and_a_number_before_a_name() {
        let pair = |id: &str, kind| (id.to_owned(), kind);
        let told = duplicates([
            pair("a", KeyKind::Name),
            pair("b", KeyKind::TaxId),
            pair("c", KeyKind::Name),
            pair("c", KeyKind::TaxId),
            pair("c", KeyKind::Name),
        ]);
        let ids: Vec<&str> = told.iter().map(|one| one.account_id.as_str()).collect();
        assert_eq!(ids, ["c", "b", "a"]);
        assert_eq!(told[0].shared, SHARED);
        let many = (0..99).map(|n| pair(&format!("{n}"), KeyKind::Name));
        assert_eq!(duplicates(many).len(), DUPLICATES_MAX);
    }

    #[test]
    fn of_what_is_not_known_nothing_is_told() {
        let state = |known| suspected("a", NaiveDate::MIN, known).state;
        assert_eq!(state(None), State::Unknown);
        assert_eq!(state(Some(vec![])), State::No);
        let other = Duplicate { account_id: "b".into(), shared: vec![KeyKind::Name] };
        let found = suspected("a", NaiveDate::MIN, Some(vec![other]));
        assert_eq!((found.state, found.severity), (State::Yes, Some(Severity::Amber)));
        assert_eq!(found.evidence, ["accounts/b"]);
    }
}
