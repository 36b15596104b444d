//! Work calendars to and from the wire. All faults of a request are named at once.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::policy::{self, Activate};
use crate::api::convert::closed_set::both_ways;
use crate::api::convert::read::{self, missing, within};
use crate::api::convert::request::{Identified, at_most};
use crate::api::convert::write;
use crate::api::etag;
use crate::api::list::PageRequest;
use crate::domain::calendar::{DAY_MINUTES, Hours, Weekday, WorkCalendar};
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::page::Page;
use crate::domain::policy::{ActivatePolicy, CreatePolicy, Policy, PolicyKey, Standing};
use crate::domain::text::{self, quote};
use crate::pb;

const MAX_DESCRIPTION_CHARS: usize = 500;
const MAX_WEEKDAYS: usize = 7;
const MAX_EXCEPTIONS: usize = 1_000;
const MAX_HOURS: usize = 10;

both_ways! {
    read_weekday, write_weekday: Weekday = Weekday {
        Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday
    }
}

/// The command, and the request id (empty if there is none).
pub fn create(
    request: pb::CreateWorkCalendarRequest,
) -> Result<Identified<CreatePolicy<WorkCalendar>>> {
    let pb::CreateWorkCalendarRequest { work_calendar, work_calendar_id: id, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    violations.keep(policy::id_given("work_calendar_id", &id));
    let terms = match work_calendar {
        None => {
            violations.push(missing("work_calendar"));
            WorkCalendar::default()
        }
        Some(calendar) => self::terms(calendar, &mut violations),
    };
    violations.finish()?;
    Ok((request_id, CreatePolicy { id, terms }))
}

pub fn activate(request: pb::ActivateWorkCalendarRequest) -> Result<Identified<ActivatePolicy>> {
    let pb::ActivateWorkCalendarRequest { name, effective_date, etag, request_id } = request;
    policy::activate::<WorkCalendar>(Activate { name, effective_date, etag, request_id })
}

/// Faults go to `violations`; the calendar is of use only if there were none.
fn terms(calendar: pb::WorkCalendar, violations: &mut Violations) -> WorkCalendar {
    let pb::WorkCalendar {
        name: _,
        description,
        time_zone,
        week,
        exceptions,
        known_through,
        created_by: _,
        create_time: _,
        active: _,
        activations: _,
        etag: _,
    } = calendar;
    let at = |part: &str| within("work_calendar", part);
    let field = at("description");
    violations.keep(text::check_multiline(&field, &description, 0, MAX_DESCRIPTION_CHARS));
    if !time_zone.is_empty() && time_zone.parse::<Tz>().is_err() {
        let what = format!("{} is not a time zone of IANA", quote(&time_zone));
        violations.add(at("time_zone"), Reason::FieldInvalid, what);
    }
    let known_through = violations.keep(read::date(&at("known_through"), known_through));
    WorkCalendar {
        description,
        time_zone,
        week: self::week(week, violations),
        exceptions: self::exceptions(exceptions, known_through, violations),
        known_through,
    }
}

fn week(week: Vec<pb::WorkDay>, violations: &mut Violations) -> BTreeMap<Weekday, Vec<Hours>> {
    let field = "work_calendar.week";
    let mut read = BTreeMap::new();
    if week.is_empty() {
        violations.push(missing(field));
    }
    if !at_most(MAX_WEEKDAYS, week.len(), field, violations) {
        return read;
    }
    for (i, pb::WorkDay { weekday, hours }) in week.into_iter().enumerate() {
        let at = |part: &str| format!("{field}[{i}].{part}");
        if hours.is_empty() {
            violations.push(missing(&at("hours")));
        }
        let hours = self::hours(&at("hours"), &hours, violations);
        let weekday = read::required_enum(&at("weekday"), weekday, read_weekday);
        if let Some(weekday) = violations.keep(weekday)
            && read.insert(weekday, hours).is_some()
        {
            violations.add(at("weekday"), Reason::DuplicateElement, "is named before");
        }
    }
    read
}

fn exceptions(
    exceptions: Vec<pb::WorkCalendarException>,
    known_through: Option<NaiveDate>,
    violations: &mut Violations,
) -> BTreeMap<NaiveDate, Vec<Hours>> {
    let field = "work_calendar.exceptions";
    let mut read = BTreeMap::new();
    if !at_most(MAX_EXCEPTIONS, exceptions.len(), field, violations) {
        return read;
    }
    for (i, pb::WorkCalendarException { date, hours }) in exceptions.into_iter().enumerate() {
        let at = |part: &str| format!("{field}[{i}].{part}");
        let hours = self::hours(&at("hours"), &hours, violations);
        let Some(date) = violations.keep(read::date(&at("date"), date)) else { continue };
        if let Some(last) = known_through.filter(|last| *last < date) {
            let what = format!("{date} lies after known_through, {last}");
            violations.add(at("date"), Reason::DateInvalid, what);
        }
        if read.insert(date, hours).is_some() {
            violations.add(at("date"), Reason::DuplicateElement, "is named before");
        }
    }
    read
}

fn hours(field: &str, hours: &[pb::WorkHours], violations: &mut Violations) -> Vec<Hours> {
    let mut read: Vec<Hours> = Vec::new();
    if !at_most(MAX_HOURS, hours.len(), field, violations) {
        return read;
    }
    for (i, pb::WorkHours { open, close }) in hours.iter().enumerate() {
        let at = |part: &str| format!("{field}[{i}].{part}");
        let mut minutes = |part: &str, text: &str| {
            let minutes = self::minutes(text);
            if minutes.is_none() {
                let what = format!("{} is not a time from 00:00 to 24:00", quote(text));
                violations.add(at(part), Reason::FieldInvalid, what);
            }
            minutes
        };
        let Some((open, close)) = minutes("open", open).zip(minutes("close", close)) else {
            continue;
        };
        if close <= open {
            violations.add(at("close"), Reason::FieldInvalid, "must be after open");
        }
        if read.last().is_some_and(|before| open < before.close) {
            let what = "must not be before the hours in front of it end";
            violations.add(at("open"), Reason::FieldInvalid, what);
        }
        read.push(Hours { open, close });
    }
    read
}

/// `HH:MM` as minutes from the beginning of the day.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let is_number = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse::<u16>().ok().filter(|_| is_number)
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY_MINUTES).then_some(minutes)
}

pub fn encode(standing: Standing<WorkCalendar>) -> pb::WorkCalendar {
    let Standing { policy, active, activations, version } = standing;
    let name = policy.name();
    let Policy { id: _, terms, created_by, recorded_us } = policy;
    let WorkCalendar { description, time_zone, week, exceptions, known_through } = terms;
    let day = |(weekday, hours)| pb::WorkDay {
        weekday: write_weekday(weekday).into(),
        hours: write_hours(hours),
    };
    let exception = |(date, hours)| pb::WorkCalendarException {
        date: Some(write::date(date)),
        hours: write_hours(hours),
    };
    pb::WorkCalendar {
        name,
        description,
        time_zone,
        week: week.into_iter().map(day).collect(),
        exceptions: exceptions.into_iter().map(exception).collect(),
        known_through: known_through.map(write::date),
        created_by,
        // The built-in one was never created.
        create_time: (recorded_us != 0).then(|| write::recorded(recorded_us)),
        active,
        activations: policy::activations(activations),
        etag: etag::encode(version),
    }
}

fn write_hours(hours: Vec<Hours>) -> Vec<pb::WorkHours> {
    let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    hours
        .into_iter()
        .map(|Hours { open, close }| pb::WorkHours { open: time(open), close: time(close) })
        .collect()
}

pub fn page(
    page: Page<Standing<WorkCalendar>, PolicyKey>,
    request: &PageRequest,
) -> pb::ListWorkCalendarsResponse {
    let (work_calendars, next_page_token) = request.answer(page, encode);
    pb::ListWorkCalendarsResponse { work_calendars, next_page_token }
}
