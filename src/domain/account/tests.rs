use std::collections::BTreeMap;

use super::lifecycle::Ties;
use super::*;
use crate::domain::error::{Error, Reason, Result, Violation, Violations};

const FREE: Ties = Ties { open_items: 0, live_children: 0, reservations: 0 };

fn account() -> Account {
    Account::named_only("acme".into(), "Acme".into())
}

fn reason(result: Result<()>) -> Option<Reason> {
    result.err().map(|e| e.reason())
}

fn violations(check: impl FnOnce(&mut Violations)) -> Vec<Violation> {
    let mut violations = Violations::new();
    check(&mut violations);
    match violations.finish() {
        Err(Error::Invalid(list)) => list,
        _ => vec![],
    }
}

#[test]
fn a_block_ends_by_unblocking_only() {
    let mut account = account();
    assert_eq!(reason(account.unblock()), Some(Reason::StateWrong));
    assert_eq!(reason(account.block("fraud".into())), None);
    assert_eq!(account.state(), AccountState::Blocked);
    assert_eq!(reason(account.block("again".into())), Some(Reason::StateWrong));
    assert_eq!(account.block_reason.expose(), "fraud");
    assert_eq!(reason(account.unblock()), None);
    assert_eq!((account.state(), account.block_reason.expose()), (AccountState::Active, ""));
}

#[test]
fn an_account_comes_back_blocked_if_it_was() {
    let mut account = account();
    account.block("fraud".into()).unwrap();
    account.delete(FREE, 7).unwrap();
    assert_eq!((account.state(), account.delete_us), (AccountState::Deleted, Some(7)));
    assert_eq!(reason(account.delete(FREE, 8)), Some(Reason::StateWrong));
    assert_eq!(reason(account.block("x".into())), Some(Reason::StateWrong));
    assert_eq!(reason(account.unblock()), Some(Reason::StateWrong));
    account.undelete().unwrap();
    assert_eq!(account.state(), AccountState::Blocked);
    assert_eq!(reason(account.undelete()), Some(Reason::StateWrong));
}

#[test]
fn every_obstacle_to_deleting_is_named_at_once() {
    let ties = Ties { open_items: 3, live_children: 2, reservations: 1 };
    let refused = account().delete(ties, 7).unwrap_err();
    let Error::FailedPrecondition(list) = refused else { panic!("{refused}") };
    let reasons: Vec<_> = list.iter().map(|p| p.reason).collect();
    assert_eq!(
        reasons,
        [Reason::AccountHasOpenItems, Reason::AccountHasChildren, Reason::AccountHasReservations]
    );
    assert_eq!(list[0].metadata["open_items"], "3");
    assert_eq!(list[2].metadata["reservations"], "1");
}

#[test]
fn a_stale_version_is_refused() {
    assert_eq!(reason(account().check_version(1)), None);
    assert_eq!(reason(account().check_version(2)), Some(Reason::EtagMismatch));
}

#[test]
fn labels_are_bounded_in_number_and_length() {
    let one = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    for (key, value, faults) in
        [("k", "", 0), ("", "v", 1), (&"k".repeat(64), "v", 1), ("k", &"v".repeat(201), 1)]
    {
        let found = violations(|v| validate::labels("labels", &one(key, value), v));
        assert_eq!(found.len(), faults, "{key:?}");
    }
    let many = (0..33).map(|n| (n.to_string(), String::new())).collect();
    let found = violations(|v| validate::labels("labels", &many, v));
    assert_eq!(found[0].reason, Reason::TooManyElements);
}

#[test]
fn names_may_be_chinese_and_as_long_as_documented() {
    assert!(validate::display_name("n", &"客".repeat(200)).is_ok());
    assert!(validate::display_name("n", &"客".repeat(201)).is_err());
    assert!(validate::display_name("n", "").is_err());
    assert!(validate::legal_name("n", "").is_ok());
    assert_eq!(display_key("ÄBC 广州 Ltd"), "Äbc 广州 ltd");
}
