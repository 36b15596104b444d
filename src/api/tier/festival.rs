//! Festivals of a tier policy, to and from the wire.

use std::collections::BTreeSet;

use crate::api::convert::closed_set::both_ways;
use crate::api::convert::request::at_most;
use crate::api::convert::{read, year_day};
use crate::domain::error::{Reason, Violations};
use crate::domain::festival::{FESTIVALS_MAX, Festival, YearCalendar};
use crate::domain::names::check_segment;
use crate::domain::tier::policy::Class;
use crate::pb;

both_ways! {
    read_calendar, write_calendar: YearCalendar = FestivalCalendar { Gregorian, Chinese }
}

/// Faults go to `violations`. `classes` are those of the policy.
pub fn parse(
    field: &str,
    festivals: Vec<pb::Festival>,
    classes: &[Class],
    violations: &mut Violations,
) -> Vec<Festival> {
    let mut read = Vec::new();
    if !at_most(FESTIVALS_MAX, festivals.len(), field, violations) {
        return read;
    }
    let mut codes = BTreeSet::new();
    for (i, festival) in festivals.into_iter().enumerate() {
        let at = |part: &str| format!("{field}[{i}].{part}");
        let pb::Festival { code, calendar, month, day, classes: named } = festival;
        violations.keep(check_segment(&at("code"), &code));
        if !codes.insert(code.clone()) {
            violations.add(at("code"), Reason::DuplicateElement, "is named before");
        }
        let calendar = read::required_enum(&at("calendar"), calendar, read_calendar);
        let calendar = violations.keep(calendar);
        // Without a calendar the month still has to be one of twelve.
        let by = calendar.unwrap_or(YearCalendar::Gregorian);
        let on = year_day::read(at, by, month, day, violations).filter(|_| calendar.is_some());
        check_classes(&at("classes"), &named, classes, violations);
        read.extend(on.map(|on| Festival { code, on, classes: named }));
    }
    read
}

fn check_classes(field: &str, named: &[String], classes: &[Class], violations: &mut Violations) {
    if named.is_empty() {
        violations.push(read::missing(field));
    }
    for (i, code) in named.iter().enumerate() {
        if named[..i].contains(code) {
            violations.add(format!("{field}[{i}]"), Reason::DuplicateElement, "is named before");
        }
        if !classes.iter().any(|class| class.code == *code) {
            let what = "is no class of this policy";
            violations.add(format!("{field}[{i}]"), Reason::FieldInvalid, what);
        }
    }
}

pub fn encode(festival: Festival) -> pb::Festival {
    let Festival { code, on, classes } = festival;
    let [month, day] = year_day::write(on);
    pb::Festival { code, calendar: write_calendar(on.calendar).into(), month, day, classes }
}
