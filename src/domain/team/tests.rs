mod model;

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use self::model::{Act, Model};
use super::accountable::{Accountable, Person, Step, accountable};
use super::eligible::{Candidate, OwnerRequirement, Suggestion, Unmet, sponsor_unmet};
use super::status::{Gap, status};
use super::*;
use crate::domain::member::{Competencies, UNASSIGNED};

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n.into())
}

fn owned(from: u32, recorded_us: i64, id: &str) -> ChangePoint<Option<String>> {
    ChangePoint { from_date: day(from), recorded_us, value: Some(id.into()) }
}

fn people(of: &[(&str, bool, &str)]) -> HashMap<String, Person> {
    let person = |(id, active, manager): &(&str, bool, &str)| {
        let manager_id = (!manager.is_empty()).then(|| (*manager).to_owned());
        ((*id).to_owned(), Person { active: *active, manager_id })
    };
    of.iter().map(person).collect()
}

#[test]
fn each_step_decides_where_nobody_before_it_is_active() {
    let owner = |id: &str| TeamOn {
        owner: Some(id.into()),
        last_owner: Some(id.into()),
        ..TeamOn::default()
    };
    let team = TeamOn { backups: vec!["li".into(), "zhao".into()], ..owner("wang") };
    let above = [TeamOn::default(), owner("chen"), owner("root")];
    let mut people = people(&[
        ("wang", true, "boss"),
        ("li", true, ""),
        ("zhao", true, ""),
        ("chen", true, ""),
        ("root", true, ""),
        ("boss", false, "director"),
        ("director", true, ""),
        ("unassigned", true, ""),
    ]);
    let steps = [
        ("wang", Step::Owner),
        ("li", Step::Backup),
        ("zhao", Step::Backup),
        ("chen", Step::AncestorOwner),
        ("root", Step::AncestorOwner),
        ("director", Step::ReportingLine),
        ("unassigned", Step::DefaultOwner),
    ];
    for (id, step) in steps {
        let answer = accountable(&team, &above, &people, "unassigned");
        assert_eq!(answer, Accountable { member_id: id.into(), step });
        people.get_mut(id).unwrap().active = false;
    }
    let missing: Vec<_> = Step::ALL.iter().map(|step| step.owner_missing()).collect();
    assert_eq!(missing, [false, false, true, true, true]);
}

#[test]
fn a2_one_owner_at_a_time_and_the_team_of_any_past_day() {
    let days = Interval { first_day: day(5), last_day: Some(day(14)), recorded_us: 2, end: None };
    let other = |id: &str, role| Assignment {
        member_id: id.into(),
        role,
        days: days.clone(),
        embedded: false,
    };
    let others = vec![
        other("li", TeamRole::Backup),
        other("boss", TeamRole::ExecutiveSponsor),
        other("zhou", TeamRole::Finance),
    ];
    let ended = ChangePoint { from_date: day(20), recorded_us: 4, value: None };
    let team = Team { owners: vec![owned(0, 1, "wang"), owned(10, 3, "chen"), ended], others };
    let said = |n, known| {
        let mut on = team.on(day(n), known);
        (on.owner, on.last_owner, on.backups.len(), on.sponsors.pop(), on.finance.pop())
    };
    let id = |id: &str| Some(id.to_owned());
    assert_eq!(said(4, 9), (id("wang"), id("wang"), 0, None, None));
    assert_eq!(said(9, 9), (id("wang"), id("wang"), 1, id("boss"), id("zhou")));
    assert_eq!(said(10, 9), (id("chen"), id("chen"), 1, id("boss"), id("zhou")));
    assert_eq!(said(10, 2), (id("wang"), id("wang"), 1, id("boss"), id("zhou")));
    assert_eq!(said(20, 9), (None, id("chen"), 0, None, None));
}

#[test]
fn a3_a_missing_owner_and_a_missing_sponsor_are_told() {
    let all = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let team = TeamOn {
        owner: Some("wang".into()),
        last_owner: Some("wang".into()),
        backups: all(&["li", "zhao"]),
        sponsors: all(&["ceo", "cfo"]),
        finance: vec![],
        embedded: vec![],
    };
    let people = |active: [bool; 5]| {
        let ids = ["wang", "li", "zhao", "ceo", "cfo"];
        people(&[0, 1, 2, 3, 4].map(|n| (ids[n], active[n], "")))
    };
    let told = |active, required| status(&team, &[], &people(active), "unassigned", required);
    let whole = told([true; 5], true);
    assert_eq!((whole.accountable.step, &*whole.gaps), (Step::Owner, &[][..]));
    assert_eq!(
        (whole.backup, whole.sponsor, whole.finance),
        (Some("li".into()), Some("ceo".into()), None)
    );
    let second = told([false, false, true, false, true], true);
    assert_eq!((second.accountable.step, &*second.gaps), (Step::Backup, &[][..]));
    assert_eq!((second.backup, second.sponsor), (Some("zhao".into()), Some("cfo".into())));
    let nobody = told([false; 5], true);
    assert_eq!(nobody.gaps, [Gap::OwnerMissing, Gap::SponsorMissing]);
    assert_eq!((nobody.owner, nobody.backup), (Some("wang".into()), Some("li".into())));
    assert_eq!(told([false; 5], false).gaps, [Gap::OwnerMissing]);
}

fn candidate(rating: i32, owned: u32, manager: &str) -> Candidate {
    let all = Some(rating);
    Candidate {
        person: Person { active: true, manager_id: Some(manager.into()) },
        competencies: Competencies {
            negotiation: all,
            product: all,
            responsibility: all,
            resources: all,
        },
        executive: false,
        owned,
        sponsored: 0,
    }
}

#[test]
fn a1_the_owner_is_a_strong_all_rounder_or_the_boss_takes_it() {
    let requirement = OwnerRequirement { rating_min: 4, accounts_max: Some(8) };
    let mut rep = candidate(4, 7, "manager");
    assert_eq!(requirement.unmet(&rep), []);
    rep.owned = 8;
    assert_eq!(requirement.unmet(&rep), [Unmet::Load]);
    rep.competencies = Competencies { product: Some(3), resources: None, ..rep.competencies };
    rep.person.active = false;
    let all = [Unmet::Inactive, Unmet::Product, Unmet::Resources, Unmet::Load];
    assert_eq!(requirement.unmet(&rep), all);

    let mut line = HashMap::from([
        ("rep".to_owned(), rep),
        ("manager".to_owned(), candidate(3, 0, "director")),
        ("director".to_owned(), candidate(5, 2, "ceo")),
        ("ceo".to_owned(), candidate(1, 0, "")),
    ]);
    let says = |id: &str, eligible| Some(Suggestion { member_id: id.into(), eligible });
    assert_eq!(requirement.suggest("rep", &line), says("director", true));
    line.get_mut("director").unwrap().owned = 8;
    assert_eq!(requirement.suggest("rep", &line), says("ceo", false));
    line.get_mut("ceo").unwrap().person.active = false;
    assert_eq!(requirement.suggest("rep", &line), says("director", false));
    assert_eq!(requirement.suggest("ceo", &line), None);
    line.insert(UNASSIGNED.to_owned(), candidate(5, 0, ""));
    assert_eq!(requirement.suggest("ceo", &line), None, "who stands for nobody takes nothing");
}

#[test]
fn a1_the_strongest_is_suggested_and_where_nobody_may_the_boss_takes_it() {
    let requirement = OwnerRequirement { rating_min: 3, accounts_max: Some(8) };
    let strong = |negotiation| {
        let mut one = candidate(4, 1, "boss");
        one.competencies.negotiation = Some(negotiation);
        one
    };
    let mut all = HashMap::from([
        ("boss".to_owned(), candidate(2, 0, "")),
        ("weak".to_owned(), candidate(1, 0, "boss")),
        ("even".to_owned(), strong(4)),
        ("uneven".to_owned(), Candidate { owned: 0, ..strong(3) }),
        ("unassigned".to_owned(), candidate(5, 0, "")),
    ]);
    let says = |id: &str, eligible| Some(Suggestion { member_id: id.into(), eligible });
    assert_eq!(requirement.check("even", &all), Ok(()));
    let refused = requirement.check("boss", &all).expect_err("others may");
    assert_eq!(refused.suggestion, says("even", true));
    let refused = requirement.check("weak", &all).expect_err("others may");
    assert_eq!((refused.unmet.len(), refused.suggestion), (4, says("even", true)));
    all.remove("unassigned");
    all.retain(|id, _| !id.ends_with("even"));
    let refused = requirement.check("weak", &all).expect_err("the boss takes it");
    assert_eq!(refused.suggestion, says("boss", false));
    assert_eq!(requirement.check("boss", &all), Ok(()));
    assert!(requirement.check("nobody", &all).is_err());
}

#[test]
fn a3_a_sixth_sponsorship_over_a_cap_of_five_is_refused() {
    let boss = |sponsored| Candidate { executive: true, sponsored, ..candidate(1, 0, "") };
    assert_eq!(sponsor_unmet(&boss(4), 5), []);
    assert_eq!(sponsor_unmet(&boss(5), 5), [Unmet::Load]);
    let rep = Candidate { executive: false, ..boss(5) };
    assert_eq!(sponsor_unmet(&rep, 5), [Unmet::NotExecutive, Unmet::Load]);
}

proptest! {
    #[test]
    fn whoever_is_accountable_is_whom_the_recorded_facts_name(
        acts in prop::collection::vec(Act::any(), 0..40),
        known in 0i64..45,
    ) {
        let mut model = Model::new();
        for (act, us) in acts.into_iter().zip(1i64..) {
            model.record(act, us);
        }
        for account in 0..model::ACCOUNTS {
            for n in 0..model::DAYS {
                prop_assert_eq!(
                    model.answered(account, n, known),
                    model.expected(account, n, known),
                    "account {} on day {} as known at {}", account, n, known
                );
            }
        }
    }
}
