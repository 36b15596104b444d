//! `ballast calendar`: a work calendar made from files of the days that are not as their weekday.

mod rows;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{Datelike as _, NaiveDate};

use self::rows::{Days, File};
use super::options::Options;
use super::server::{Server, ServerArgs};
use crate::api::tier::parse_calendar;
use crate::app;
use crate::cli::say::say;
use crate::ctx::{Clock, Ctx};
use crate::domain::calendar::Weekday;
use crate::pb;
use crate::pb::tier_service_client::TierServiceClient;
use crate::service::tiers::Tiers;
use crate::store::Store;
use crate::telemetry;

/// Something in the files is wrong: nothing was made.
const EXIT_REFUSED: u8 = 2;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// CSV with the columns `date` (YYYY-MM-DD), `hours` and, if there is one, `note`. Hours are OPEN
    /// (the usual ones), CLOSED, or hours of the day's own, as `09:00-12:00 13:00-18:00`. Notes are for
    /// whoever reads the file: the calendar does not keep them.
    ///
    /// Several files, as a rule one for each year, make one calendar, in whatever order. Due dates of
    /// years gone by are rolled by the calendar in force as well: name the files of those years too.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Id of the calendar.
    #[arg(long, value_name = "ID")]
    id: String,
    /// The usual hours of a working day, as `09:00-12:00 13:00-18:00`.
    #[arg(long, value_name = "HOURS")]
    hours: String,
    /// The last day whose exceptions the files have, as a rule the end of a year.
    #[arg(long, value_name = "DATE")]
    known_through: NaiveDate,
    /// The weekdays that are worked.
    #[arg(long, value_name = "DAYS", default_value = "MONDAY,TUESDAY,WEDNESDAY,THURSDAY,FRIDAY")]
    weekdays: String,
    /// IANA time zone of the hours [default: that of the business].
    #[arg(long, value_name = "ZONE")]
    calendar_zone: Option<String>,
    /// What the calendar is, for people.
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// Say what would be made, and make nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    options: Options,
}

pub(super) async fn run(args: Args) -> Result<ExitCode, String> {
    let files = args.files.iter().map(|path| {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        Ok(File { name: path.display().to_string(), text })
    });
    let files = files.collect::<Result<Vec<_>, String>>()?;
    let usual = rows::hours(&args.hours).map_err(|what| format!("--hours: {what}"))?;
    let weekdays = weekdays(&args.weekdays)?;
    let days = match Days::read(&files, &usual, args.known_through) {
        Ok(days) => days,
        Err(faults) => {
            for fault in &faults {
                say!("{fault}");
            }
            say!("{} lines are wrong: nothing was made", faults.len());
            return Ok(ExitCode::from(EXIT_REFUSED));
        }
    };
    tell(&days, &usual, &weekdays);
    let week = weekdays.iter().map(|weekday| pb::WorkDay {
        weekday: pb::Weekday::from_str_name(&format!("WEEKDAY_{weekday}")).map_or(0, i32::from),
        hours: usual.clone(),
    });
    let calendar = pb::WorkCalendar {
        description: args.description.clone(),
        time_zone: args.calendar_zone.clone().unwrap_or_default(),
        week: week.collect(),
        exceptions: days.exceptions(),
        known_through: Some(date(args.known_through)),
        ..pb::WorkCalendar::default()
    };
    let request = pb::CreateWorkCalendarRequest {
        work_calendar: Some(calendar),
        work_calendar_id: args.id.clone(),
        request_id: String::new(),
    };
    if args.dry_run {
        parse_calendar(request).map_err(|e| e.to_string())?;
        say!("nothing was made: this is what would be");
        return Ok(ExitCode::SUCCESS);
    }
    let name = match args.server.connect().await? {
        Some(server) => at_server(&server, request).await?,
        None => in_database(args.options, request).await?,
    };
    say!("{name} is made; it counts from the day on that ActivateWorkCalendar says");
    Ok(ExitCode::SUCCESS)
}

fn weekdays(text: &str) -> Result<Vec<Weekday>, String> {
    let weekday = |name: &str| {
        let name = name.trim();
        Weekday::parse(name).ok_or_else(|| format!("--weekdays: {name:?} is none: MONDAY, …"))
    };
    text.split(',').map(weekday).collect()
}

/// What the files say, so that a year that went wrong is seen.
fn tell(days: &Days, usual: &[pb::WorkHours], weekdays: &[Weekday]) {
    let (mut closed, mut worked, mut other, mut same) = (0, 0, 0, 0);
    for (day, hours) in days.iter() {
        match (weekdays.contains(&Weekday::of(*day)), hours.as_slice()) {
            (true, []) => closed += 1,
            (false, [_, ..]) => worked += 1,
            (false, []) => same += 1,
            (true, hours) if hours == usual => same += 1,
            (true, _) => other += 1,
        }
    }
    say!(
        "{closed} days closed that are worked otherwise, {worked} worked that are closed otherwise"
    );
    say!("{other} with other hours, {same} as their weekday is anyway");
}

async fn at_server(
    server: &Server,
    request: pb::CreateWorkCalendarRequest,
) -> Result<String, String> {
    let mut client = TierServiceClient::new(server.channel());
    let made = client.create_work_calendar(server.call(request)).await;
    let made = made.map_err(|status| format!("{} ({:?})", status.message(), status.code()))?;
    Ok(made.into_inner().name)
}

async fn in_database(
    options: Options,
    request: pb::CreateWorkCalendarRequest,
) -> Result<String, String> {
    let (request_id, command) = parse_calendar(request).map_err(|e| e.to_string())?;
    let config = options.load(Vec::new())?;
    telemetry::init(&config.log);
    let clock = Clock::system(config.business.time_zone);
    let store = Store::connect(&config.database, clock.clone()).await.map_err(|e| e.to_string())?;
    let settings = app::settings(&config).map_err(|e| e.to_string())?;
    let made = match store.migrate().await {
        Ok(()) => {
            let tiers = Tiers::new(store.clone(), settings);
            tiers.create_calendar(&Ctx::system(clock), &request_id, command).await
        }
        Err(e) => Err(e),
    };
    store.close().await;
    made.map(|made| made.policy.name()).map_err(|e| format!("{e} ({})", e.reason()))
}

fn date(day: NaiveDate) -> pb::Date {
    let [month, of_month] = [day.month(), day.day()].map(|n| i32::try_from(n).unwrap_or_default());
    pb::Date { year: day.year(), month, day: of_month }
}
