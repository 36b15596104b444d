//! Seats at customers as records say them, and who sits there. Of a position that is named, whoever
//! comes takes the place of whoever has no last day; of one that is described, two who are there at
//! once have two.

use chrono::{Days, NaiveDate};

use super::keyed_name;
use crate::domain::error::{Error, Precondition, Reason, Result, Violations};
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{AccountRef, ChildName, ContactRef, POSITIONS, contact_name};
use crate::domain::position::Position;
use crate::domain::position::PositionTerms;
use crate::domain::position::command::PositionChange;
use crate::domain::position::incumbency::{self, Incumbency, Seating};

/// Which position of an account a record means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PositionRef {
    Name(ChildName),
    Key(ExternalRef),
    /// By its title, where one open position has it.
    Title(String),
}

impl std::fmt::Display for PositionRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(&name.resource_name(POSITIONS)),
            Self::Key(key) => f.write_str(&keyed_name(POSITIONS, key)),
            Self::Title(title) => write!(f, "the position {title}"),
        }
    }
}

/// A seat at a customer.
#[derive(Debug, Clone)]
pub struct PositionRecord {
    /// `None`: it is known again by what it is.
    pub source_key: Option<ExternalRef>,
    pub account: AccountRef,
    pub change: PositionChange,
    pub reports_to: Option<PositionRef>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

impl PositionRecord {
    /// The names by which other records may mean it.
    pub fn brings(&self) -> Vec<String> {
        let key = self.source_key.clone().map(PositionRef::Key);
        let title = self.change.title.clone().map(PositionRef::Title);
        key.into_iter().chain(title).map(|name| name.to_string()).collect()
    }
}

/// Where a contact sits.
#[derive(Debug, Clone)]
pub enum SeatRef {
    Known(PositionRef),
    /// By what it is.
    Described(PositionChange),
}

/// A contact in a position.
#[derive(Debug, Clone)]
pub struct IncumbencyRecord {
    pub account: AccountRef,
    pub contact: ContactRef,
    pub seat: SeatRef,
    /// What a seat that is named is said to be.
    pub expected: Option<PositionChange>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub reason: String,
}

/// Whether a position is the one that is described: at that site, with that function and title.
pub fn is_like(terms: &PositionTerms, described: &PositionChange) -> bool {
    let text = |said: &Option<String>| said.clone().unwrap_or_default();
    terms.site == described.site.clone().flatten()
        && Some(terms.function) == described.function
        && terms.function_text == text(&described.function_text)
        && terms.title == text(&described.title)
}

/// Checks that a position that is named is what it is said to be.
///
/// # Errors
/// FIELD_INVALID for each part that is otherwise.
pub fn check_expected(terms: &PositionTerms, expected: &PositionChange) -> Result<()> {
    let PositionChange { site, function, function_text, level, title, buying_roles } = expected;
    let mut violations = Violations::new();
    let mut same = |field: &str, is_same: bool| {
        if !is_same {
            let what = "is otherwise of the position that is named";
            violations.add(format!("expected.{field}"), Reason::FieldInvalid, what);
        }
    };
    same("site", site.as_ref().is_none_or(|said| *said == terms.site));
    same("function", function.is_none_or(|said| said == terms.function));
    same("function_text", function_text.as_ref().is_none_or(|said| *said == terms.function_text));
    same("level", level.is_none_or(|said| said == terms.level));
    same("title", title.as_ref().is_none_or(|said| *said == terms.title));
    let roles = buying_roles.as_ref().is_none_or(|said| {
        let all = said.iter().all(|role| terms.buying_roles.contains(role));
        all && said.len() == terms.buying_roles.len()
    });
    same("buying_roles", roles);
    violations.finish()
}

/// The days on which somebody is to sit in a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub first_day: NaiveDate,
    pub last_day: Option<NaiveDate>,
}

impl Stay {
    /// Whether somebody sits there on one of them.
    pub fn meets(&self, other: &Incumbency) -> bool {
        other.last_day.is_none_or(|last| self.first_day <= last)
            && self.last_day.is_none_or(|last| other.first_day <= last)
    }
}

/// The incumbency that a record is of, among those of one contact: it began on that day, or holds on
/// the day of the record.
pub fn known<'a>(
    of_contact: impl IntoIterator<Item = &'a Incumbency>,
    record: &IncumbencyRecord,
    today: NaiveDate,
) -> Option<&'a Incumbency> {
    of_contact.into_iter().find(|one| match record.valid_from {
        Some(day) => one.first_day == day,
        None => one.holds(record.valid_to.map_or(today, |last| last.min(today))),
    })
}

/// Whether nobody sits in a position on any of these days.
pub fn is_free(position: &Position, seatings: &[Seating], stay: Stay) -> bool {
    let is_closed = position.last_day.is_some_and(|closed| {
        closed < stay.first_day || stay.last_day.is_none_or(|last| closed < last)
    });
    !is_closed && !incumbency::told(seatings.to_vec()).iter().any(|one| stay.meets(one))
}

/// Checks that a contact may sit in a position on these days.
///
/// # Errors
/// DATE_INVALID: it is closed by then, or he sits there since another day. POSITION_OCCUPIED.
pub fn check_stay(
    position: &Position,
    seatings: &[Seating],
    contact_id: &str,
    stay: Stay,
) -> Result<()> {
    let Stay { first_day, last_day } = stay;
    let date = |field: &str, what: String| Error::invalid(field, Reason::DateInvalid, what);
    if let Some(closed) = position.last_day {
        let name = position.name();
        if closed < first_day {
            return Err(date("valid_from", format!("{name} is there through {closed} only")));
        }
        if last_day.is_some_and(|last| closed < last) {
            return Err(date("valid_to", format!("{name} is there through {closed} only")));
        }
    }
    for other in incumbency::told(seatings.to_vec()).iter().filter(|one| stay.meets(one)) {
        if other.contact_id == contact_id {
            let what = format!("he sits in {} from {} on", position.name(), other.first_day);
            return Err(date("valid_from", what));
        }
        let leaves = other.first_day < first_day && !has_last_day(seatings, other);
        // Where no last day is said, whoever comes later ends it.
        let is_later = first_day < other.first_day && last_day.is_none();
        if !leaves && !is_later {
            let who = contact_name(&other.contact_id);
            let what = format!("{who} sits there from {} on", other.first_day);
            let refused = Precondition::new(Reason::PositionOccupied, position.name(), what);
            return Err(refused.at("valid_from").with("incumbent", who).into());
        }
    }
    Ok(())
}

/// Whether somebody left on a day of his own, and not because another came.
fn has_last_day(seatings: &[Seating], of: &Incumbency) -> bool {
    let behind = of.last_day.and_then(|last| last.checked_add_days(Days::new(1)));
    behind.is_some_and(|day| incumbency::incumbent(seatings, day).is_none())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::job::{Function, Level};
    use crate::domain::personal::Personal;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2020, 1, n).unwrap()
    }

    fn position() -> Position {
        let terms = PositionTerms {
            site: None,
            function: Function::Procurement,
            function_text: String::new(),
            level: Level::Staff,
            title: "Buyer".into(),
            buying_roles: Vec::new(),
            reports_to: None,
        };
        Position {
            id: Uuid::nil(),
            account_id: "acme".into(),
            terms,
            first_day: day(1),
            last_day: None,
            create_us: 0,
            update_us: 0,
            version: 1,
        }
    }

    fn point(from: u32, contact: Option<&str>) -> Seating {
        Seating {
            id: Uuid::from_u128(from.into()),
            account_id: "acme".into(),
            position_id: Uuid::nil(),
            from_date: day(from),
            recorded_us: i64::from(from),
            contact_id: contact.map(str::to_owned),
            recorded_by: String::new(),
            reason: Personal::default(),
        }
    }

    fn stay(first: u32, last: Option<u32>) -> Stay {
        Stay { first_day: day(first), last_day: last.map(day) }
    }

    #[test]
    fn whoever_comes_takes_the_place_of_whoever_has_no_last_day() {
        let open = [point(5, Some("a"))];
        assert!(check_stay(&position(), &open, "b", stay(10, None)).is_ok());
        assert!(check_stay(&position(), &open, "b", stay(2, None)).is_ok());
        assert!(check_stay(&position(), &open, "b", stay(2, Some(4))).is_ok());
        for occupied in [stay(2, Some(5)), stay(5, None)] {
            let refused = check_stay(&position(), &open, "b", occupied).unwrap_err();
            assert_eq!(refused.reason(), Reason::PositionOccupied, "{occupied:?}");
        }
        let ended = [point(5, Some("a")), point(10, None)];
        assert!(check_stay(&position(), &ended, "b", stay(9, None)).is_err());
        assert!(check_stay(&position(), &ended, "b", stay(10, None)).is_ok());
        // One who leaves since another comes has no last day of his own.
        let followed = [point(5, Some("a")), point(10, Some("c"))];
        assert!(check_stay(&position(), &followed, "b", stay(7, None)).is_ok());
        let again = check_stay(&position(), &open, "a", stay(7, None)).unwrap_err();
        assert_eq!(again.reason(), Reason::DateInvalid);
    }

    #[test]
    fn two_who_are_there_at_once_are_not_in_one_described_seat() {
        let open = [point(5, Some("a"))];
        assert!(!is_free(&position(), &open, stay(10, None)));
        assert!(!is_free(&position(), &open, stay(2, None)));
        assert!(is_free(&position(), &open, stay(2, Some(4))));
        assert!(is_free(&position(), &[point(5, Some("a")), point(10, None)], stay(10, None)));
        let closed = Position { last_day: Some(day(20)), ..position() };
        assert!(!is_free(&closed, &[], stay(10, None)));
        assert!(is_free(&closed, &[], stay(10, Some(20))));
    }

    #[test]
    fn a_seat_is_like_another_by_site_function_and_title() {
        let said = |site: Option<&str>, title: Option<&str>| PositionChange {
            site: site.map(|site| Some(site.to_owned())),
            function: Some(Function::Procurement),
            title: title.map(str::to_owned),
            ..PositionChange::default()
        };
        assert!(is_like(&position().terms, &said(None, Some("Buyer"))));
        assert!(!is_like(&position().terms, &said(None, None)));
        assert!(!is_like(&position().terms, &said(Some("wuxi"), Some("Buyer"))));
    }
}
