//! What is to be done for an account because of what it is and of the day: new customers are asked how
//! it goes, and some classes are greeted.

use chrono::NaiveDate;

use super::Draft;
use crate::domain::bond::FirstPaid;
use crate::domain::dates::days_before;
use crate::domain::festival::{Greeting, NOTICE_DAYS};
use crate::domain::names::{DOCUMENTS, account_name, child_name, contact_name};
use crate::domain::work::care::{self, Stretch};
use crate::domain::work::facts::{AccountFacts, Deadlines};
use crate::domain::work::{Action, Urgency};

pub(super) fn cares(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    let is_asked = |of: &&FirstPaid| !of.is_imported && !facts.is_loser;
    let Some(paid) = facts.first_paid.as_ref().filter(is_asked) else {
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
        evidence: vec![child_name(&paid.account_id, DOCUMENTS, paid.document_id)],
    };
    step.map(draft).into_iter().collect()
}

pub(super) fn occasions(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    let draft = |of: &Greeting, subject: String, contact_id: Option<String>| {
        let start = begins(of);
        Draft {
            subject,
            member_id: None,
            why: format!("{} is on {}.", of.codes.join(", "), of.day),
            start,
            due: of.day,
            urgency: Urgency::between(start, of.day, facts.on),
            own: vec![],
            action: Action::Greet,
            contact_id,
            evidence: vec![],
        }
    };
    let is_open = |of: &Greeting, last_touch: Option<NaiveDate>, gift_days: &[NaiveDate]| {
        let days = begins(of)..=of.day;
        let is_met = last_touch.is_some_and(|last| last >= begins(of));
        !is_met && !gift_days.iter().any(|given| days.contains(given))
    };
    let classes = facts.occasions.iter().filter(|_| !facts.is_loser);
    let of_class = classes
        .filter(|of| is_open(of, facts.last_touch, &facts.gift_days))
        .map(|of| draft(of, account_name(&facts.account_id), facts.closest_contact.clone()));
    let people = facts.greeted.iter();
    let people = people.filter(|one| is_open(&one.greeting, one.last_touch, &one.gift_days));
    let of_people = people.map(|one| {
        draft(&one.greeting, contact_name(&one.contact_id), Some(one.contact_id.clone()))
    });
    of_class.chain(of_people).collect()
}

/// The first day on which somebody sees to it.
fn begins(of: &Greeting) -> NaiveDate {
    days_before(of.day, NOTICE_DAYS)
}
