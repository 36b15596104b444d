//! Work calendars: versions, put in force from a day on, and what rolls by them.

use ballast::pb;
use tonic::{Code, Status};

use crate::support::ledger::{Desk, date, day, fresh, invoice, text};
use crate::support::{PRINCIPAL, TestServer, assert_refused, fields};

fn hours(open: &str, close: &str) -> pb::WorkHours {
    pb::WorkHours { open: open.into(), close: close.into() }
}

fn office() -> Vec<pb::WorkHours> {
    vec![hours("09:00", "12:00"), hours("13:00", "18:00")]
}

fn closed(iso: &str) -> pb::WorkCalendarException {
    pb::WorkCalendarException { date: Some(date(iso)), hours: vec![] }
}

fn worked(iso: &str) -> pb::WorkCalendarException {
    pb::WorkCalendarException { date: Some(date(iso)), hours: office() }
}

/// China 2026: the spring festival, with two Saturdays worked for it.
fn china() -> pb::WorkCalendar {
    let week = (1..=5).map(|weekday| pb::WorkDay { weekday, hours: office() });
    let festival = (15..=23).map(|n| closed(&format!("2026-02-{n}")));
    let mut exceptions: Vec<_> =
        festival.chain([worked("2026-02-14"), worked("2026-02-28")]).collect();
    exceptions.sort_by_key(|exception| exception.date.map(|d| (d.year, d.month, d.day)));
    pb::WorkCalendar {
        description: "国务院办公厅关于2026年部分节假日安排的通知".into(),
        time_zone: "Asia/Shanghai".into(),
        week: week.collect(),
        exceptions,
        known_through: Some(date("2026-12-31")),
        ..Default::default()
    }
}

async fn create(
    server: &TestServer,
    id: &str,
    calendar: pb::WorkCalendar,
) -> Result<pb::WorkCalendar, Status> {
    let request = pb::CreateWorkCalendarRequest {
        work_calendar: Some(calendar),
        work_calendar_id: id.into(),
        request_id: fresh(),
    };
    server.tiers().create_work_calendar(request).await.map(|r| r.into_inner())
}

async fn activate(
    server: &TestServer,
    id: &str,
    from: Option<pb::Date>,
    etag: &str,
) -> Result<pb::WorkCalendar, Status> {
    let request = pb::ActivateWorkCalendarRequest {
        name: format!("workCalendars/{id}"),
        effective_date: from,
        etag: etag.into(),
        request_id: fresh(),
    };
    server.tiers().activate_work_calendar(request).await.map(|r| r.into_inner())
}

async fn all(server: &TestServer) -> Vec<pb::WorkCalendar> {
    let request = pb::ListWorkCalendarsRequest::default();
    let answer = server.tiers().list_work_calendars(request).await.expect("calendars");
    answer.into_inner().work_calendars
}

fn aging_on(as_of: &str) -> pb::GetAgingRequest {
    pb::GetAgingRequest {
        account: "accounts/ERP~ACME".into(),
        as_of: Some(date(as_of)),
        edges: vec![5],
        business_day_convention: pb::BusinessDayConvention::Following.into(),
        ..Default::default()
    }
}

/// What is not due, 1 to 5 days late, and later than that; and by which calendar.
async fn columns(desk: &mut Desk, request: pb::GetAgingRequest) -> ([String; 3], String) {
    let answer = desk.client.get_aging(request).await.expect("an aging").into_inner();
    let columns = answer.currencies[0].columns.clone().expect("columns");
    let not_due = text(&columns.not_due.as_ref().expect("by due date").amount);
    let [late, later] = &columns.buckets[..] else { panic!("{columns:?}") };
    ([not_due, text(&late.amount), text(&later.amount)], answer.work_calendar)
}

fn by(columns: [&str; 3], calendar: &str) -> ([String; 3], String) {
    (columns.map(str::to_owned), format!("workCalendars/{calendar}"))
}

on_both_engines! {
    async fn following_rolls_by_the_calendar_in_force_on_the_day_as_known_then(server: TestServer) {
        let mut desk = Desk::new(&server);
        // A Saturday that is worked, and the first Sunday of the festival.
        let parts = [(date("2026-02-14"), "1.00"), (date("2026-02-15"), "2.00")];
        desk.post([invoice("I", day(0), "3.00", &parts)]).await;
        let before = columns(&mut desk, aging_on("2026-02-20")).await;
        assert_eq!(before, by(["0.00", "3.00", "0.00"], "default"));
        let asked = desk.client.get_aging(aging_on("2026-02-20")).await.expect("an aging");
        let known_at = asked.into_inner().point.expect("a point").known_at;

        let created = create(&server, "cn-2026", china()).await.expect("created");
        activate(&server, "cn-2026", Some(date("2026-02-20")), &created.etag).await.expect("in force");
        let after = columns(&mut desk, aging_on("2026-02-20")).await;
        assert_eq!(after, by(["2.00", "0.00", "1.00"], "cn-2026"));
        // The day before it is in force, and as known before it was recorded.
        let day_before = columns(&mut desk, aging_on("2026-02-19")).await;
        assert_eq!(day_before, by(["0.00", "3.00", "0.00"], "default"));
        let as_known = pb::GetAgingRequest { known_at, ..aging_on("2026-02-20") };
        assert_eq!(columns(&mut desk, as_known).await, before);

        // The festival is over: what was due in it has been late since its first working day.
        let group = pb::GetAgingRequest { include_group: true, ..aging_on("2026-02-25") };
        let book = pb::GetAgingRequest { account: "accounts/-".into(), ..aging_on("2026-02-25") };
        for request in [aging_on("2026-02-25"), group, book] {
            assert_eq!(columns(&mut desk, request).await, by(["0.00", "2.00", "1.00"], "cn-2026"));
        }
        let answer = desk.client.get_aging(aging_on("2026-02-25")).await.expect("an aging").into_inner();
        assert_eq!(answer.calendar_known_through, Some(date("2026-12-31")));
        let standing = pb::GetAgingRequest { business_day_convention: 0, ..aging_on("2026-02-25") };
        let answer = desk.client.get_aging(standing).await.expect("an aging").into_inner();
        assert_eq!((&*answer.work_calendar, answer.calendar_known_through), ("", None));
    }

    async fn a_calendar_reads_back_as_it_was_created_and_is_never_changed(server: TestServer) {
        let built_in = all(&server).await;
        assert_eq!(built_in.len(), 1);
        let plain = built_in.into_iter().next().expect("the built-in one");
        assert_eq!((&*plain.name, plain.active, plain.week.len()), ("workCalendars/default", true, 5));
        assert_eq!((plain.create_time, plain.known_through), (None, None));

        let created = create(&server, "cn-2026", china()).await.expect("created");
        let expected = pb::WorkCalendar {
            name: "workCalendars/cn-2026".into(),
            created_by: PRINCIPAL.into(),
            create_time: created.create_time,
            etag: created.etag.clone(),
            ..china()
        };
        assert_eq!(created, expected);
        for id in ["cn-2026", "default"] {
            let status = create(&server, id, china()).await.expect_err("there is one");
            assert_refused(&status, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS", None);
        }
        let nowhere = pb::WorkCalendar { time_zone: String::new(), ..china() };
        let of_business = create(&server, "here", nowhere).await.expect("created");
        assert_eq!(of_business.time_zone, "UTC", "that of the business");

        let tomorrow = activate(&server, "here", Some(day(1)), &created.etag).await.expect("dated ahead");
        assert!(!tomorrow.active, "not today");
        let stale = activate(&server, "cn-2026", None, &created.etag).await.expect_err("stale");
        assert_refused(&stale, Code::Aborted, "ETAG_MISMATCH", None);
        let today = activate(&server, "cn-2026", None, &tomorrow.etag).await.expect("in force");
        assert!(today.active);
        let log: Vec<_> = today.activations.iter().map(|a| (a.effective_date, &*a.activated_by)).collect();
        assert_eq!(log, [(Some(day(0)), PRINCIPAL)]);
        let listed: Vec<_> = all(&server).await.into_iter().map(|c| (c.name, c.active)).collect();
        let expected = [("here", false), ("cn-2026", true), ("default", false)];
        assert_eq!(listed, expected.map(|(id, active)| (format!("workCalendars/{id}"), active)));
    }

    async fn every_fault_of_a_calendar_is_told_at_once_and_leaves_nothing(server: TestServer) {
        let week = vec![
            pb::WorkDay { weekday: 1, hours: vec![] },
            pb::WorkDay { weekday: 1, hours: vec![hours("9:00", "25:00"), hours("09:00", "09:00")] },
            pb::WorkDay { weekday: 0, hours: vec![hours("09:00", "12:00"), hours("11:59", "12:60")] },
            pb::WorkDay { weekday: 2, hours: vec![hours("09:00", "12:00"), hours("11:00", "24:00")] },
        ];
        let exceptions = vec![
            closed("2026-02-16"),
            worked("2026-02-16"),
            closed("2027-01-01"),
            pb::WorkCalendarException::default(),
        ];
        let wrong = pb::WorkCalendar {
            description: "x".repeat(501),
            time_zone: "Asia/Peking Duck".into(),
            week,
            exceptions,
            known_through: Some(date("2026-12-31")),
            ..Default::default()
        };
        let status = create(&server, "日历", wrong).await.expect_err("refused");
        let mut told = fields(&status);
        told.sort();
        let expected = [
            ("work_calendar.description", "FIELD_TOO_LONG"),
            ("work_calendar.exceptions[1].date", "DUPLICATE_ELEMENT"),
            ("work_calendar.exceptions[2].date", "DATE_INVALID"),
            ("work_calendar.exceptions[3].date", "FIELD_REQUIRED"),
            ("work_calendar.time_zone", "FIELD_INVALID"),
            ("work_calendar.week[0].hours", "FIELD_REQUIRED"),
            ("work_calendar.week[1].hours[0].close", "FIELD_INVALID"),
            ("work_calendar.week[1].hours[0].open", "FIELD_INVALID"),
            ("work_calendar.week[1].hours[1].close", "FIELD_INVALID"),
            ("work_calendar.week[1].weekday", "DUPLICATE_ELEMENT"),
            ("work_calendar.week[2].hours[1].close", "FIELD_INVALID"),
            ("work_calendar.week[2].weekday", "ENUM_INVALID"),
            ("work_calendar.week[3].hours[1].open", "FIELD_INVALID"),
            ("work_calendar_id", "RESOURCE_NAME_INVALID"),
        ];
        assert_eq!(told, expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        let empty = create(&server, "empty", pb::WorkCalendar::default()).await.expect_err("refused");
        for field in ["work_calendar.week", "work_calendar.known_through"] {
            assert_refused(&empty, Code::InvalidArgument, "FIELD_REQUIRED", Some(field));
        }
        let nothing = pb::CreateWorkCalendarRequest::default();
        let status = server.tiers().create_work_calendar(nothing).await.expect_err("refused");
        for field in ["work_calendar", "work_calendar_id"] {
            assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some(field));
        }
        assert_eq!(all(&server).await.len(), 1);
    }
}
