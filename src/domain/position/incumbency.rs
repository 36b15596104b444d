//! Who sits in a position from which day on, as change points: one at a time by construction. Moving
//! somebody adds points and never changes one, so that whoever sat there on an earlier day still did.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Position;
use crate::domain::dated::{self, ChangePoint};
use crate::domain::error::{Precondition, Reason, Result};
use crate::domain::money::Money;
use crate::domain::names::{POSITIONS, child_name, contact_name};
use crate::domain::naming::NamesContacts;
use crate::domain::personal::Personal;

/// Working days within which somebody of ours should meet who comes next.
pub const RECONNECT_DAYS: u32 = 10;

/// That from a day on a contact sits in a position, or nobody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seating {
    pub id: Uuid,
    pub account_id: String,
    pub position_id: Uuid,
    pub from_date: NaiveDate,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
    /// `None`: nobody.
    pub contact_id: Option<String>,
    pub recorded_by: String,
    pub reason: Personal,
}

/// Who sits in a position on which days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incumbency {
    pub id: Uuid,
    pub account_id: String,
    pub position_id: Uuid,
    pub contact_id: String,
    pub first_day: NaiveDate,
    pub last_day: Option<NaiveDate>,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
    pub recorded_by: String,
    pub reason: Personal,
    /// Why he left it.
    pub leave_reason: Personal,
}

/// Where a page of incumbencies begins: behind this first day and id.
pub type IncumbencyKey = (NaiveDate, Uuid);

impl Incumbency {
    pub fn position_name(&self) -> String {
        child_name(&self.account_id, POSITIONS, self.position_id)
    }

    pub fn holds(&self, day: NaiveDate) -> bool {
        self.first_day <= day && self.last_day.is_none_or(|last| day <= last)
    }

    pub fn key(&self) -> IncumbencyKey {
        (self.first_day, self.id)
    }
}

/// What is recorded of one position, as change points of the recorded seatings.
fn points(seatings: &[Seating]) -> Vec<ChangePoint<&Seating>> {
    let mut points = Vec::with_capacity(seatings.len());
    for one in seatings {
        let Seating { from_date, recorded_us, .. } = *one;
        points.push(ChangePoint { from_date, recorded_us, value: one });
    }
    points
}

/// Who sits in a position on a day, and since when it is so that nobody or he does, of what is
/// recorded of that position.
pub fn on(seatings: &[Seating], day: NaiveDate) -> Option<&Seating> {
    dated::at(&points(seatings), day, i64::MAX).map(|point| point.value)
}

/// The contact who sits in a position on a day.
pub fn incumbent(seatings: &[Seating], day: NaiveDate) -> Option<&str> {
    on(seatings, day).and_then(|one| one.contact_id.as_deref())
}

/// Since when nobody sits in a position that is there on a day; `None` if somebody does.
pub fn vacant_since(
    position: &Position,
    seatings: &[Seating],
    day: NaiveDate,
) -> Option<NaiveDate> {
    if !position.holds(day) {
        return None;
    }
    match on(seatings, day) {
        None => Some(position.first_day),
        Some(one) if one.contact_id.is_none() => Some(one.from_date),
        Some(_) => None,
    }
}

/// Incumbencies as they are told, in the order of first days, of what is recorded of any positions.
/// Who was replaced from his first day on never sat there; who follows himself, since two records of him
/// are one, sits there all the time.
pub fn told(seatings: Vec<Seating>) -> Vec<Incumbency> {
    let mut of_position: BTreeMap<Uuid, Vec<Seating>> = BTreeMap::new();
    for one in seatings {
        of_position.entry(one.position_id).or_default().push(one);
    }
    let mut told = Vec::new();
    for seatings in of_position.values() {
        let points = points(seatings);
        let stretches = dated::stretches(&points, i64::MAX);
        for (at, stretch) in stretches.iter().enumerate() {
            // Nobody sits there from the next stretch on, or somebody else.
            let next = stretches.get(at + 1).map(|next| *next.value);
            let left = next.filter(|next| next.contact_id.is_none());
            let Seating { id, account_id, position_id, contact_id, .. } = (*stretch.value).clone();
            let Some(contact_id) = contact_id else { continue };
            let leave_reason = left.map(|left| left.reason.clone()).unwrap_or_default();
            let before = at.checked_sub(1).and_then(|at| stretches.get(at));
            let stays =
                before.is_some_and(|one| one.value.contact_id.as_ref() == Some(&contact_id));
            if let Some(same) = told.last_mut().filter(|_: &&mut Incumbency| stays) {
                (same.last_day, same.leave_reason) = (stretch.last_day, leave_reason);
                continue;
            }
            told.push(Incumbency {
                id,
                account_id,
                position_id,
                contact_id,
                first_day: stretch.first_day,
                last_day: stretch.last_day,
                recorded_us: stretch.value.recorded_us,
                recorded_by: stretch.value.recorded_by.clone(),
                reason: stretch.value.reason.clone(),
                leave_reason,
            });
        }
    }
    told.sort_by_key(Incumbency::key);
    told
}

/// In which position somebody who has several is met on a day: in the one that he took last; of those that
/// he took on one day in the first by what they are, so that the order in which they were recorded does
/// not matter.
pub fn met_on<'a>(
    his: impl IntoIterator<Item = &'a Incumbency>,
    positions: &[Position],
    day: NaiveDate,
) -> Option<Uuid> {
    let rank = |id: Uuid| {
        let position = positions.iter().find(|position| position.id == id);
        position.map(|position| {
            let terms = &position.terms;
            let function = (terms.function.as_str(), terms.function_text.as_str());
            (function, terms.title.as_str(), terms.site.as_deref(), position.first_day)
        })
    };
    let held = his.into_iter().filter(|one| one.holds(day));
    let first =
        held.min_by_key(|one| (Reverse(one.first_day), rank(one.position_id), one.position_id));
    first.map(|one| one.position_id)
}

/// That somebody is met in a position from a day to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    pub position_id: Uuid,
    pub first_day: NaiveDate,
    pub last_day: Option<NaiveDate>,
}

/// As [`met_on`], of all days from one to another, of the seats of one contact at one account.
pub fn met_in(
    his: &[Incumbency],
    positions: &[Position],
    from: NaiveDate,
    to: Option<NaiveDate>,
) -> Vec<Met> {
    let within = |day: &NaiveDate| *day > from && to.is_none_or(|to| *day <= to);
    let comes = his.iter().map(|one| one.first_day);
    let leaves = his.iter().filter_map(|one| one.last_day?.succ_opt());
    let mut days: BTreeSet<NaiveDate> = comes.chain(leaves).filter(within).collect();
    days.insert(from);
    let days: Vec<NaiveDate> = days.into_iter().collect();
    let met = |(at, day): (usize, &NaiveDate)| {
        let position_id = met_on(his, positions, *day)?;
        let last_day = days.get(at + 1).map_or(to, |next| next.pred_opt());
        Some(Met { position_id, first_day: *day, last_day })
    };
    days.iter().enumerate().filter_map(met).collect()
}

/// Checks that a contact would sit on that day in the position that he leaves from it on.
///
/// # Errors
/// CONTACT_NOT_INCUMBENT.
pub fn check_leaves(
    position: &Position,
    seatings: &[Seating],
    contact_id: &str,
    day: NaiveDate,
) -> Result<()> {
    let on_day = incumbent(seatings, day);
    if on_day == Some(contact_id) {
        return Ok(());
    }
    let who = on_day.map(contact_name).unwrap_or_default();
    let what = format!("{} does not sit there on {day}", contact_name(contact_id));
    let refused = Precondition::new(Reason::ContactNotIncumbent, position.name(), what);
    Err(refused.at("from_position").with("incumbent", who).into())
}

/// Checks that nobody sits in the position that a contact takes from a day on.
///
/// # Errors
/// POSITION_OCCUPIED.
pub fn check_takes(position: &Position, seatings: &[Seating], day: NaiveDate) -> Result<()> {
    let Some(other) = incumbent(seatings, day) else { return Ok(()) };
    let what = format!("{} sits there on {day}", contact_name(other));
    let refused = Precondition::new(Reason::PositionOccupied, position.name(), what);
    Err(refused.at("to_position").with("incumbent", contact_name(other)).into())
}

/// A time in which nobody sits in a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vacancy {
    /// Name of the position.
    pub position: String,
    pub since: NaiveDate,
    /// `None` while it lasts.
    pub until: Option<NaiveDate>,
    /// Of one that lasts: by when somebody of ours should have met who comes next, and who of ours
    /// looks after it meanwhile.
    pub reconnect: Option<Reconnect>,
}

/// What there is to do about a vacancy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconnect {
    pub deadline: NaiveDate,
    /// The calendar is not known so far.
    pub provisional: bool,
    /// Id of a member.
    pub interim: String,
}

/// Open invoices at whose payer nobody answers for money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UncontactedInvoices {
    pub account_id: String,
    pub invoices: i64,
    pub open: Vec<Money>,
}

/// What the closing of a position brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    pub position: Position,
    /// Contacts who leave with it.
    pub left: Vec<String>,
    pub uncontacted: Option<UncontactedInvoices>,
}

/// What a move brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub placed: crate::domain::contact::Placed,
    pub opened: Option<Vacancy>,
    pub closed: Option<Vacancy>,
    pub uncontacted: Option<UncontactedInvoices>,
}

impl NamesContacts for Seating {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        self.contact_id.iter_mut().for_each(take);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    fn seating(from: u64, us: i64, contact: Option<&str>) -> Seating {
        Seating {
            id: Uuid::from_u128(us as u128),
            account_id: "a".into(),
            position_id: Uuid::nil(),
            from_date: day(from),
            recorded_us: us,
            contact_id: contact.map(str::to_owned),
            recorded_by: "p".into(),
            reason: Personal::default(),
        }
    }

    #[test]
    fn who_was_replaced_from_his_first_day_on_never_sat_there() {
        let seatings = [seating(5, 1, Some("li")), seating(5, 2, None), seating(9, 3, Some("wu"))];
        assert_eq!(incumbent(&seatings, day(5)), None);
        let told = told(seatings.into());
        assert_eq!((told.len(), &*told[0].contact_id, told[0].first_day), (1, "wu", day(9)));
    }

    /// In two positions, of which the second was taken later, and left.
    fn in_two() -> Vec<Incumbency> {
        let second = |from: u64, us: i64, contact| Seating {
            position_id: Uuid::from_u128(1),
            ..seating(from, us, contact)
        };
        told(vec![seating(0, 1, Some("li")), second(4, 2, Some("li")), second(8, 3, None)])
    }

    #[test]
    fn who_has_two_seats_is_met_in_the_one_that_he_took_last_as_long_as_he_has_it() {
        let [first, second] = [Uuid::nil(), Uuid::from_u128(1)];
        let met = |position_id, from, to: Option<u64>| Met {
            position_id,
            first_day: day(from),
            last_day: to.map(day),
        };
        let all = met_in(&in_two(), &[], day(0), None);
        assert_eq!(all, [met(first, 0, Some(3)), met(second, 4, Some(7)), met(first, 8, None)]);
        let some = met_in(&in_two(), &[], day(5), Some(day(9)));
        assert_eq!(some, [met(second, 5, Some(7)), met(first, 8, Some(9))]);
        assert_eq!(met_in(&[], &[], day(0), None), []);
    }

    proptest! {
        #[test]
        fn where_somebody_is_met_on_the_days_of_a_time_is_where_he_is_on_each(
            from in 0_u64..10, length in 0_u64..6,
        ) {
            let all = met_in(&in_two(), &[], day(from), Some(day(from + length)));
            for n in 0..20 {
                let then = all.iter().find(|met| {
                    met.first_day <= day(n) && met.last_day.is_none_or(|last| day(n) <= last)
                });
                let within = (from..=from + length).contains(&n);
                let expected = met_on(&in_two(), &[], day(n)).filter(|_| within);
                prop_assert_eq!(then.map(|met| met.position_id), expected);
            }
        }
    }

    proptest! {
        #[test]
        fn a_position_has_on_each_day_at_most_one_incumbent_and_he_is_the_one_told(
            facts in prop::collection::vec((0_u64..12, prop::option::of("[ab]")), 0..10),
        ) {
            let seatings: Vec<Seating> = facts.into_iter().zip(1..)
                .map(|((from, who), us)| seating(from, us, who.as_deref())).collect();
            let all = told(seatings.clone());
            for n in 0..14 {
                let there: Vec<&str> = all.iter().filter(|one| one.holds(day(n)))
                    .map(|one| &*one.contact_id).collect();
                let expected: Vec<&str> = incumbent(&seatings, day(n)).into_iter().collect();
                prop_assert_eq!(there, expected);
            }
        }
    }
}
