//! What is to be done for an account because of what it is and of the day: new customers are asked how
//! it goes, and some classes are greeted.

use super::Draft;
use crate::domain::dates::days_before;
use crate::domain::festival::{Greeting, NOTICE_DAYS};
use crate::domain::names::{DOCUMENTS, account_name, child_name};
use crate::domain::work::care::{self, Stretch};
use crate::domain::work::facts::{AccountFacts, Deadlines};
use crate::domain::work::{Action, Urgency};

pub(super) fn cares(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    let Some(paid) = facts.first_paid.as_ref().filter(|of| !of.is_imported) else {
        return Vec::new();
    };
    let step = care::open(paid.day, facts.last_touch, facts.on);
    let draft = |Stretch { first: start, due }: Stretch| Draft {
        subject: account_name(&facts.account_id),
        member_id: None,
        why: format!("The first invoice was paid on {}; how it goes is asked by {due}.", paid.day),
        start,
        due,
        urgency: Urgency::between(start, due, facts.on),
        own: vec![],
        action: Action::Meet,
        contact_id: facts.closest_contact.clone(),
        evidence: vec![child_name(&facts.account_id, DOCUMENTS, paid.document_id)],
    };
    step.map(draft).into_iter().collect()
}

pub(super) fn occasions(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    let is_open = |of: &&Greeting| {
        let begun = days_before(of.day, NOTICE_DAYS);
        let days = begun..=of.day;
        let is_met = facts.last_touch.is_some_and(|last| last >= begun);
        !is_met && !facts.gift_days.iter().any(|given| days.contains(given))
    };
    let draft = |Greeting { day, codes }: &Greeting| {
        let start = days_before(*day, NOTICE_DAYS);
        Draft {
            subject: account_name(&facts.account_id),
            member_id: None,
            why: format!("{} is on {day}.", codes.join(", ")),
            start,
            due: *day,
            urgency: Urgency::between(start, *day, facts.on),
            own: vec![],
            action: Action::Greet,
            contact_id: facts.closest_contact.clone(),
            evidence: vec![],
        }
    };
    facts.occasions.iter().filter(is_open).map(draft).collect()
}
