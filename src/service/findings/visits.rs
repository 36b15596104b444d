//! The findings about what was held at accounts, of many of them at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use crate::domain::customers::Customers;
use crate::domain::error::Result;
use crate::domain::finding::visits::{VISITS_PER_WEEK, VisitFacts};
use crate::domain::finding::{Code, Finding, State, Turn};
use crate::domain::tier::policy::Class;
use crate::domain::tier::ruling::{Recorded, Ruling};
use crate::store::ReadTx;

/// What the rules read of accounts; `None`: what was recorded by then is not known.
#[derive(Default)]
pub(super) struct Visits(Option<HashMap<String, VisitFacts>>);

impl Visits {
    /// As of a day, as recorded by now.
    pub async fn read(
        tx: &ReadTx,
        ids: &BTreeSet<&str>,
        customers: &Customers,
        day: NaiveDate,
        known_us: i64,
    ) -> Result<Self> {
        match known_us {
            i64::MAX => Ok(Self(Some(tx.visit_facts(ids, customers, day).await?))),
            _ => Ok(Self(None)),
        }
    }

    /// How many hooks of an account are over for which nobody met, and after which nobody met anybody
    /// there; `None`: not known.
    pub fn hooks_expired(&self, id: &str) -> Option<usize> {
        self.0.as_ref().map(|known| known.get(id).map_or(0, |facts| facts.hooks.len()))
    }

    /// How it is with a rule about visits on the day they were read of.
    pub fn finding(&self, id: &str, code: Code, tiers: &Recorded, day: NaiveDate) -> Finding {
        let Some(known) = &self.0 else {
            let (from_date, state) = (NaiveDate::MIN, State::Unknown);
            let unknown = Turn { from_date, state, severity: None, evidence: vec![] };
            return Finding::on(id, code, vec![unknown], day);
        };
        let none = VisitFacts::default();
        let facts = known.get(id).unwrap_or(&none);
        let turns = match code {
            Code::HookExpired => facts.hook_expired(),
            _ => facts.over_contact(visits_per_week(tiers, id, day), day),
        };
        Finding::on(id, code, turns, day)
    }
}

fn visits_per_week(tiers: &Recorded, id: &str, day: NaiveDate) -> i32 {
    let service = tiers.account(id).service_policy(day);
    let cadence = service.and_then(|of| of.policy.cadence);
    cadence.map_or(VISITS_PER_WEEK, |of| of.visits_per_week)
}

/// How many visits in a week are the most for each class, by its code.
pub(super) fn most_of_classes(ruling: &Ruling, day: NaiveDate) -> BTreeMap<String, i32> {
    let version = ruling.version_on(day);
    let classes = version.map(|version| version.terms.classes.as_slice()).unwrap_or_default();
    let most = |class: &Class| Some((class.code.clone(), class.service.cadence?.visits_per_week));
    classes.iter().filter_map(most).collect()
}
