//! The one door to what a class means: in which class an account is on a day and who decided it,
//! which version of the policy rules then, and what service follows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::assignment::Assignment;
use super::overrides::TierOverride;
use super::policy::TierPolicy;
use super::service::{ClassTerms, ServicePolicy};
use crate::domain::customers::Customers;
use crate::domain::policy::{Policy, PolicyLog, Terms};

/// What is recorded of the class of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classes {
    /// What runs applied, and people decided about it.
    pub applied: Vec<Assignment>,
    /// What people gave whatever runs apply.
    pub given: Vec<TierOverride>,
}

/// Who decided about the class of an account on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    ByRun(Assignment),
    ByPerson(TierOverride),
}

impl Decided {
    /// The code of the class.
    pub fn class(&self) -> &str {
        match self {
            Self::ByRun(assignment) => &assignment.standing.class,
            Self::ByPerson(given) => &given.class,
        }
    }

    /// From when on it is in the class.
    pub fn since(&self) -> NaiveDate {
        match self {
            Self::ByRun(assignment) => assignment.standing.since,
            Self::ByPerson(given) => given.days.first_day,
        }
    }
}

/// As [`Decided`], of what is recorded.
#[derive(Debug, Clone, Copy)]
enum Deciding<'a> {
    Run(&'a Assignment),
    Person(&'a TierOverride),
}

impl<'a> Deciding<'a> {
    fn class(self) -> &'a str {
        match self {
            Self::Run(assignment) => &assignment.standing.class,
            Self::Person(given) => &given.class,
        }
    }

    fn to_owned(self) -> Decided {
        match self {
            Self::Run(assignment) => Decided::ByRun(assignment.clone()),
            Self::Person(given) => Decided::ByPerson(given.clone()),
        }
    }
}

impl Classes {
    /// What decides on a day as known at an instant: a person before runs.
    fn on(&self, day: NaiveDate, known_us: i64) -> Option<Deciding<'_>> {
        let given = self.given.iter().find(|given| given.days.holds(day, known_us));
        let counts = |one: &&Assignment| one.from_date <= day && one.recorded_us <= known_us;
        let applied = self.applied.iter().filter(counts);
        let last = applied.max_by_key(|one| (one.from_date, one.recorded_us));
        given.map(Deciding::Person).or(last.map(Deciding::Run))
    }

    /// The days on which the class may change.
    fn days(&self, known_us: i64) -> impl Iterator<Item = NaiveDate> + '_ {
        let given = self.given.iter().flat_map(move |given| {
            let last = given.days.last_day_known(known_us);
            [Some(given.days.first_day), last.and_then(|last| last.succ_opt())]
        });
        self.applied.iter().map(|one| one.from_date).chain(given.flatten())
    }
}

/// Which versions say what classes mean, from which day on, as known at one instant: that of the
/// last run that stands and, before any ran, the one in force. So no account is in a class of a run
/// that the version does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruling {
    /// From when on runs are by which version, in the order of days.
    runs: Vec<(NaiveDate, String)>,
    log: PolicyLog,
    known_us: i64,
    versions: BTreeMap<String, Policy<TierPolicy>>,
}

impl Ruling {
    pub fn new(runs: Vec<(NaiveDate, String)>, log: PolicyLog, known_us: i64) -> Self {
        Self { runs, log, known_us, versions: BTreeMap::new() }
    }

    /// The id of the version that rules on a day.
    pub fn id_on(&self, day: NaiveDate) -> &str {
        let run = self.runs.iter().rfind(|(from, _)| *from <= day).map(|(_, id)| id.as_str());
        run.or_else(|| self.log.in_force(day, self.known_us)).unwrap_or(TierPolicy::FIRST)
    }

    /// The version that rules on a day, if it was read.
    pub fn version_on(&self, day: NaiveDate) -> Option<&Policy<TierPolicy>> {
        self.versions.get(self.id_on(day))
    }

    /// The days on which another version may begin to rule.
    fn days(&self) -> impl Iterator<Item = NaiveDate> + '_ {
        let runs = self.runs.iter().map(|(from, _)| *from);
        runs.chain(self.log.0.iter().map(|point| point.from_date))
    }

    /// With the versions that were read.
    #[must_use]
    pub fn with(self, versions: Vec<Policy<TierPolicy>>) -> Self {
        let versions = versions.into_iter().map(|version| (version.id.clone(), version));
        Self { versions: versions.collect(), ..self }
    }
}

/// What is recorded of the classes of some accounts, and what classes mean; by default of none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    classes: HashMap<String, Classes>,
    ruling: Ruling,
    /// As which of them count, whose class is that of the one that survived.
    customers: Customers,
    nothing: Classes,
}

impl Recorded {
    /// `classes` are those of survivors too.
    pub fn new(classes: HashMap<String, Classes>, ruling: Ruling, customers: Customers) -> Self {
        Self { classes, ruling, customers, nothing: Classes::default() }
    }

    /// As told to whoever does not see all that these accounts were compared with.
    pub fn alone(mut self) -> Self {
        let all = self.classes.values_mut().flat_map(|classes| &mut classes.applied);
        all.for_each(|one| one.figures = std::mem::take(&mut one.figures).alone());
        self
    }

    /// The ids of the versions that say what these accounts are in on a day; of all days, for `None`.
    pub fn versions(&self, day: Option<NaiveDate>) -> BTreeSet<&str> {
        let known_us = self.ruling.known_us;
        let ruled: Vec<NaiveDate> = self.ruling.days().collect();
        let mut ids = BTreeSet::new();
        for classes in self.classes.values() {
            let days: BTreeSet<NaiveDate> = match day {
                Some(day) => BTreeSet::from([day]),
                None => classes.days(known_us).chain(ruled.iter().copied()).collect(),
            };
            let ruled = days.into_iter().filter(|day| classes.on(*day, known_us).is_some());
            ids.extend(ruled.map(|day| self.ruling.id_on(day)));
        }
        ids
    }

    /// With the versions that were read.
    #[must_use]
    pub fn with(self, versions: Vec<Policy<TierPolicy>>) -> Self {
        Self { ruling: self.ruling.with(versions), ..self }
    }

    /// What is recorded of one of them.
    pub fn account(&self, id: &str) -> Account<'_> {
        let classes = |id: &str| self.classes.get(id).unwrap_or(&self.nothing);
        let counts = self.customers.counts_as(id);
        let survivor = counts.map(|counts| (counts.from, classes(&counts.survivor_id)));
        Account { classes: classes(id), survivor, ruling: &self.ruling }
    }
}

/// What is recorded of the class of one account, and what classes mean.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    classes: &'a Classes,
    /// What is recorded of the one that it counts as, and from which day on.
    survivor: Option<(NaiveDate, &'a Classes)>,
    ruling: &'a Ruling,
}

impl<'a> Account<'a> {
    pub fn new(classes: &'a Classes, ruling: &'a Ruling) -> Self {
        Self { classes, survivor: None, ruling }
    }

    fn merged_by(&self, day: NaiveDate) -> Option<&'a Classes> {
        self.survivor.filter(|(from, _)| *from <= day).map(|(_, classes)| classes)
    }

    /// What decides about it on a day.
    fn on(&self, day: NaiveDate) -> Option<Deciding<'a>> {
        self.merged_by(day).unwrap_or(self.classes).on(day, self.ruling.known_us)
    }

    /// What rules the service of the account on a day; `None` where no class does.
    pub fn service_policy(&self, day: NaiveDate) -> Option<Service<'a>> {
        let decided = self.on(day)?;
        let version = self.ruling.version_on(day)?;
        let class = decided.class();
        Some(Service { class, version, policy: version.terms.service_policy(class)? })
    }

    /// What runs applied last by a day, if it proposes another class. About one that counts as another
    /// nobody decides.
    pub fn proposal(&self, day: NaiveDate) -> Option<&'a Assignment> {
        if self.merged_by(day).is_some() {
            return None;
        }
        let counts =
            |one: &&Assignment| one.from_date <= day && one.recorded_us <= self.ruling.known_us;
        let applied = self.classes.applied.iter().filter(counts);
        let last = applied.max_by_key(|one| (one.from_date, one.recorded_us));
        last.filter(|one| one.standing.proposed.is_some())
    }

    /// How the account stands on a day, to be told.
    pub fn told(&self, account_id: &str, day: NaiveDate) -> AccountTier {
        let decided = self.on(day).map(Deciding::to_owned);
        let version = decided.as_ref().and_then(|_| self.ruling.version_on(day));
        AccountTier {
            account_id: account_id.to_owned(),
            as_of: day,
            policy: version.map(Policy::name),
            service: self.service_policy(day).map(|service| service.policy.clone()),
            decided,
        }
    }

    /// The days on which what rules the service may change.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + 'a {
        let known_us = self.ruling.known_us;
        let survivor = self.survivor.into_iter();
        let of_survivor =
            survivor.flat_map(move |(from, its)| std::iter::once(from).chain(its.days(known_us)));
        self.classes.days(known_us).chain(of_survivor).chain(self.ruling.days())
    }
}

/// What rules the service of an account on a day.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    /// The code of the class.
    pub class: &'a str,
    pub version: &'a Policy<TierPolicy>,
    /// What the version says of the class.
    pub policy: &'a ServicePolicy,
}

/// What the version that rules says of payment in a class; `None` if it does not have the class.
pub fn class_terms(version: &Policy<TierPolicy>, class: &str) -> Option<ClassTerms> {
    let terms = version.terms.service_policy(class)?.terms;
    Some(ClassTerms { class: class.to_owned(), policy: version.name(), terms })
}

/// In which class an account is on a day, who decided it, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTier {
    pub account_id: String,
    pub as_of: NaiveDate,
    /// `None` if nobody decided.
    pub decided: Option<Decided>,
    /// Resource name of the version that rules; `None` where there is no class.
    pub policy: Option<String>,
    /// `None` where there is no class, or one that means nothing: without trade, or given before
    /// another version ruled.
    pub service: Option<ServicePolicy>,
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::customers::CountsAs;
    use crate::domain::dated::{ChangePoint, End, Interval};
    use crate::domain::policy::Activation;
    use crate::domain::tier::applied::{Cause, Standing};
    use crate::domain::tier::assignment::Figures;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    fn applied(from: u64, recorded_us: i64, class: &str) -> Assignment {
        let class = class.to_owned();
        Assignment {
            id: Uuid::nil(),
            account_id: "a".into(),
            from_date: day(from),
            recorded_us,
            run_id: Uuid::nil(),
            before: None,
            standing: Standing {
                raw: class.clone(),
                class,
                since: day(from),
                below_runs: 0,
                proposed: None,
            },
            cause: Cause::First,
            figures: Figures::default(),
            recorded_by: String::new(),
            reason: None,
        }
    }

    fn given(first: u64, last: u64, recorded_us: i64, class: &str) -> TierOverride {
        let last_day = Some(day(last));
        TierOverride {
            id: Uuid::nil(),
            account_id: "a".into(),
            class: class.into(),
            days: Interval { first_day: day(first), last_day, recorded_us, end: None },
            recorded_by: String::new(),
            reason: "r".into(),
            end_reason: None,
        }
    }

    fn version(id: &str, hours: i32) -> Policy<TierPolicy> {
        let mut terms = TierPolicy::built_in().remove(0).1;
        terms.classes.iter_mut().for_each(|class| class.service.response_hours = Some(hours));
        Policy { id: id.into(), terms, created_by: String::new(), recorded_us: 0 }
    }

    fn ruling(runs: &[(u64, &str)], activated: &[(u64, &str)], known_us: i64) -> Ruling {
        let runs = runs.iter().map(|(from, id)| (day(*from), (*id).to_owned())).collect();
        let point = |(n, (from, id)): (i64, &(u64, &str))| ChangePoint {
            from_date: day(*from),
            recorded_us: n,
            value: Activation { id: (*id).to_owned(), activated_by: String::new() },
        };
        let log = PolicyLog((0..).zip(activated).map(point).collect());
        let versions = ["abc", "v1", "v2"];
        let versions = versions.iter().zip(1..).map(|(id, hours)| version(id, hours)).collect();
        Ruling::new(runs, log, known_us).with(versions)
    }

    #[test]
    fn t5_a_person_decides_before_runs_and_the_version_of_the_last_run_says_what_it_means() {
        let ruling = ruling(&[(10, "v1"), (30, "v2")], &[(5, "v2")], i64::MAX);
        let classes = Classes {
            applied: vec![applied(10, 1, "C"), applied(20, 2, "B"), applied(20, 3, "C")],
            given: vec![given(2, 4, 0, "A"), given(25, 32, 4, "A"), given(40, 41, 5, "GOLD")],
        };
        let account = Account::new(&classes, &ruling);
        let told = |n: u64| {
            let service = account.service_policy(day(n));
            service.map(|of| (of.class, of.version.id.as_str(), of.policy.response_hours))
        };
        assert_eq!(told(1), None, "nobody decided");
        assert_eq!(told(2), Some(("A", "abc", Some(1))), "the one in force before any ran");
        assert_eq!(told(5), None);
        assert_eq!(told(10), Some(("C", "v1", Some(2))));
        assert_eq!(told(20), Some(("C", "v1", Some(2))), "as recorded last");
        assert_eq!(told(25), Some(("A", "v1", Some(2))));
        assert_eq!(told(32), Some(("A", "v2", Some(3))));
        assert_eq!(told(33), Some(("C", "v2", Some(3))));
        assert_eq!(told(40), None, "a class that the version does not have");
        let unknown = account.told("a", day(40));
        assert_eq!(unknown.policy.as_deref(), Some("tierPolicies/v2"));
        assert_eq!(unknown.decided.unwrap().class(), "GOLD");
    }

    #[test]
    fn whoever_counts_as_another_is_in_its_class_from_the_merge_on() {
        let its = |class: &str, from| Classes {
            applied: vec![applied(from, 1, class)],
            ..Classes::default()
        };
        let classes = [("a".to_owned(), its("C", 1)), ("s".to_owned(), its("A", 2))];
        let from = day(5);
        let counts = CountsAs { survivor_id: "s".into(), from };
        let customers = std::iter::once(("a".to_owned(), counts)).collect();
        let recorded = Recorded::new(classes.into(), ruling(&[], &[], i64::MAX), customers);
        let class = |id: &str, n| recorded.account(id).service_policy(day(n)).map(|of| of.class);
        assert_eq!(
            (class("a", 4), class("a", 5), class("s", 4)),
            (Some("C"), Some("A"), Some("A"))
        );
        assert!(recorded.account("a").days().any(|on| on == from));
    }

    #[test]
    fn what_was_recorded_later_is_not_known_before() {
        let mut ended = given(10, 20, 5, "A");
        ended.days.end = Some(End { last_day: day(12), recorded_us: 8 });
        let classes = Classes { applied: vec![applied(10, 2, "C")], given: vec![ended] };
        for (known_us, class) in [(1, None), (4, Some("C")), (5, Some("A")), (8, Some("C"))] {
            let ruling = ruling(&[], &[], known_us);
            let service = Account::new(&classes, &ruling).service_policy(day(15));
            assert_eq!(service.map(|of| of.class), class, "{known_us}");
        }
    }

    proptest! {
        #[test]
        fn the_service_changes_on_the_days_told_alone_and_its_version_is_among_those_named(
            runs in prop::collection::btree_map(0u64..20, 0usize..3, 0..4),
            activated in prop::collection::vec((0u64..20, 0usize..3), 0..4),
            applies in prop::collection::vec((0u64..20, 0usize..3), 0..5),
            gives in prop::collection::btree_map(0u64..20, 0usize..3, 0..4),
        ) {
            let ids = ["abc", "v1", "v2"];
            let codes = ["A", "B", "C"];
            let runs: Vec<_> = runs.into_iter().map(|(from, id)| (from, ids[id])).collect();
            let activated: Vec<_> = activated.into_iter().map(|(from, id)| (from, ids[id])).collect();
            let ruling = ruling(&runs, &activated, i64::MAX);
            let applies = applies.into_iter().zip(0i64..);
            let classes = Classes {
                applied: applies.map(|((from, n), us)| applied(from, us, codes[n])).collect(),
                given: gives.into_iter().map(|(on, n)| given(on, on, 0, codes[n])).collect(),
            };
            let account = Account::new(&classes, &ruling);
            let days: BTreeSet<_> = account.days().collect();
            let recorded = Recorded::new([("a".to_owned(), classes.clone())].into(), ruling.clone(), Customers::default());
            let (all, mut before) = (recorded.versions(None), None);
            for n in 0..25 {
                let service = account.service_policy(day(n));
                let now = service.map(|of| (of.class, of.version.id.as_str()));
                prop_assert!(n == 0 || now == before || days.contains(&day(n)), "on day {}", n);
                let on_day = recorded.versions(Some(day(n)));
                prop_assert_eq!(on_day.into_iter().next(), now.map(|(_, id)| id));
                prop_assert!(now.is_none_or(|(_, id)| all.contains(id)));
                before = now;
            }
        }
    }
}
