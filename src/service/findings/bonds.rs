//! How far accounts have come with us, of many of them at once, and what is found of that.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::Point;
use crate::domain::bond::evidence::Evidence;
use crate::domain::bond::{Bond, BondLevel, FirstPaid, LOOK_BACK_DAYS, Relationship};
use crate::domain::coverage::measure::Acquaintance;
use crate::domain::dates::days_before;
use crate::domain::error::Result;
use crate::domain::finding::Finding;
use crate::domain::finding::people;
use crate::domain::tier::ruling::Recorded;
use crate::service::contacts::{Span, evidence};
use crate::store::ReadTx;

/// What the bonds of accounts follow from, as of a day.
pub(super) struct Bonds {
    evidence: HashMap<String, Evidence>,
    paid: HashMap<String, FirstPaid>,
}

impl Bonds {
    pub async fn read(tx: &ReadTx, ids: &BTreeSet<&str>, at: Point) -> Result<Self> {
        let Point { day, known_us } = at;
        let span = Span { from: days_before(day, LOOK_BACK_DAYS), through: day, known_us };
        let evidence = evidence(tx, ids, span).await?;
        Ok(Self { evidence, paid: tx.first_paid(ids, day, known_us).await? })
    }

    /// How we stand with an account on the day that they were read of; `is_embedded`: somebody of ours
    /// works there.
    pub fn relationship(
        &self,
        id: &str,
        people: Option<Acquaintance>,
        is_embedded: bool,
        day: NaiveDate,
    ) -> Option<Relationship> {
        let people = people?;
        let nothing = Evidence::default();
        let known = self.evidence.get(id).unwrap_or(&nothing);
        let on = known.on(day, days_before(day, LOOK_BACK_DAYS));
        let level =
            BondLevel::of(on.of_type.trades(), people.coverage.familiar_functions, is_embedded);
        let first_paid = self.paid.get(id).map(|paid| paid.day);
        Some(Relationship { people, bond: Bond { on, level, first_paid } })
    }
}

/// MODE_MISMATCH of an account on a day.
pub(super) fn mode_mismatch(
    id: &str,
    relationship: Option<&Relationship>,
    tiers: &Recorded,
    day: NaiveDate,
) -> Option<Finding> {
    let service = tiers.account(id).service_policy(day);
    let is_top = service.is_some_and(|of| {
        let top = of.version.terms.classes.first();
        top.is_some_and(|class| class.code == of.class)
    });
    let level = relationship.map(|of| of.bond.level)?;
    Some(people::mode_mismatch(id, is_top && level == BondLevel::Financial))
}
