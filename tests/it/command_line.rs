//! The commands as a person runs them: import, report, verify, beside a server and without.

use std::path::Path;
use std::process::{Command, Output};

use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};

use crate::support::{Engine, TestServer};

/// Two invoices, one of them settled; a credit of each sign; a row that is no document.
const ROWS: &str = "\u{feff}document_no,payer,payer_name,document_date,due_date,amount,currency,kind,clear_date,clears_document_no
I1,0000471,宁波远洋,2019-03-01,2019-03-31,１００.00,USD,,2019-04-10,
I2,471,Ningbo,2019-05-01,2019-05-31,250.5,USD,,,
C1,471,,2019-06-01,,-50.50,USD,,,
R1,471,,2019-06-10,,80,USD,RECEIPT,,I2
X1,471,,2019-02-30,,1.001,USD,,,
";

const ACCOUNTED: &str = "currency,items,not due,1-30,31-60,61-90,91-120,>120,retention,due pending,bills,unapplied cash,open credits,balance\n\
    USD,2,0.00,170.50,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,-50.50,120.00\n";

fn ballast(server: &TestServer, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ballast"))
        .args(arguments)
        .env("BALLAST_DATABASE_URL", server.database_url())
        .env("BALLAST_LOG_LEVEL", "error")
        .output()
        .expect("the command runs")
}

fn text(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn ok(output: Output) -> String {
    assert!(output.status.success(), "{}", text(&output));
    text(&output)
}

/// What a command says that took some rows and refused others.
fn incomplete(output: Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    text(&output)
}

/// The count in a line of the summary.
fn count(summary: &str, what: &str) -> String {
    let line =
        summary.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{summary}"));
    line.chars().filter(char::is_ascii_digit).collect()
}

fn rows(folder: &Path) -> String {
    let file = folder.join("rows.csv");
    std::fs::write(&file, ROWS).expect("written");
    file.display().to_string()
}

fn report(server: &TestServer) -> String {
    ok(ballast(server, &["report", "aging", "--as-of", "2019-06-30", "--output", "csv"]))
}

fn verify(server: &TestServer) {
    let checks = ok(ballast(server, &["verify", "--output", "json"]));
    let checks: serde_json::Value = serde_json::from_str(&checks).expect("JSON");
    let checks = checks.as_array().expect("a list");
    assert!(checks.len() > 10 && checks.iter().all(|check| check["differences"] == 0));
}

/// Runs a statement on the database of a server that was stopped.
async fn execute(server: &TestServer, statement: &'static str) {
    let url = server.database_url();
    match server.engine() {
        Engine::Sqlite => {
            let mut database = SqliteConnection::connect(url).await.expect("opened");
            database.execute(statement).await.expect("executed");
            database.close().await.expect("closed");
        }
        Engine::Postgres => {
            let mut database = PgConnection::connect(url).await.expect("opened");
            database.execute(statement).await.expect("executed");
            database.close().await.expect("closed");
        }
    }
}

const SERVE: [&str; 4] = ["serve", "--insecure", "--listen", "127.0.0.1:0"];
const REPORT: [&str; 4] = ["report", "aging", "--output", "csv"];

/// Each of the words is in what a command says when it is refused.
fn assert_refused(server: &TestServer, command: &[&str], words: &[&str]) {
    let output = ballast(server, command);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
    assert!(words.iter().all(|word| said.contains(word)), "{command:?}: {said}");
}

on_both_engines! {
    async fn a_database_of_a_newer_version_is_refused_with_advice(mut server: TestServer) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = rows(folder.path());
        server.stop();
        let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 1)";
        execute(&server, later).await;
        let words = ["m9999_later", "start the newer version", "restore a backup"];
        let import = ["import", &file, "--numeric-ids"];
        for command in [&SERVE[..], &["migrate"], &import, &["verify"], &REPORT] {
            assert_refused(&server, command, &words);
        }
        // Nothing came of the import.
        execute(&server, "DELETE FROM seaql_migrations WHERE version = 'm9999_later'").await;
        assert_eq!(report(&server).lines().count(), 1);
    }

    async fn a_database_of_an_older_version_is_not_read(mut server: TestServer) {
        server.stop();
        execute(&server, "DELETE FROM seaql_migrations").await;
        for command in [&["verify"][..], &REPORT] {
            assert_refused(&server, command, &["m0001_", "run `ballast migrate`"]);
        }
    }

    async fn a_file_is_imported_through_a_server_once(server: TestServer) {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, url) = (rows(folder.path()), format!("http://{}", server.address()));
        let import = ["import", &file, "--numeric-ids", "--server", &url, "--chunk", "2"];

        let dry = incomplete(ballast(&server, &[&import[..], &["--dry-run"]].concat()));
        assert_eq!(count(&dry, "documents posted"), "4");
        assert_eq!(report(&server).lines().count(), 1);
        let first = incomplete(ballast(&server, &import));
        assert_eq!(count(&first, "documents posted"), "4");
        assert_eq!(count(&first, "rows refused as"), "1");
        assert_eq!(count(&first, "accounts created"), "1");
        assert_eq!(count(&first, "clearings applied"), "1");
        assert_eq!(count(&first, "documents settled as"), "1");
        let errors = std::fs::read_to_string(format!("{file}.errors.csv")).expect("errors");
        let line = "rows.csv,6,document_date (column 4); amount (column 6),X1,DATE_INVALID; AMOUNT_PRECISION,";
        assert!(errors.contains(line), "{errors}");
        assert_eq!(errors.lines().count(), 2, "{errors}");
        assert_eq!(report(&server), ACCOUNTED);

        // Once more: nothing is new, and what is refused is told again.
        let again = incomplete(ballast(&server, &import));
        assert!(again.contains("nothing new: 4 documents were posted before"), "{again}");
        assert_eq!(errors, std::fs::read_to_string(format!("{file}.errors.csv")).expect("errors"));
        // As another import: each document is known by its key.
        let other = ballast(&server, &[&import[..], &["--import-id", "other"]].concat());
        assert_eq!(count(&incomplete(other), "documents unchanged"), "4");
        assert_eq!(report(&server), ACCOUNTED);
        verify(&server);
    }

    async fn an_import_goes_on_when_nobody_reads_what_it_says(server: TestServer) {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, url) = (rows(folder.path()), format!("http://{}", server.address()));
        let mut import = Command::new(env!("CARGO_BIN_EXE_ballast"))
            .args(["import", &file, "--numeric-ids", "--server", &url])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("the command runs");
        drop(import.stdout.take());
        assert_eq!(import.wait().expect("it ends").code(), Some(2));
        assert_eq!(report(&server), ACCOUNTED);
    }

    async fn fault_f2_an_import_id_that_is_used_again_is_refused(server: TestServer) {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, no: &str| {
            let path = folder.path().join(name);
            let text = format!(
                "document_no,payer,document_date,due_date,currency,amount\n{no},471,2019-03-01,2019-03-31,USD,100\n"
            );
            std::fs::write(&path, text).expect("written");
            path.display().to_string()
        };
        let url = format!("http://{}", server.address());
        let (a, b) = (write("a.csv", "I1"), write("b.csv", "I2"));
        let import = |file: &str| {
            ballast(
                &server,
                &["import", "--import-id", "nightly", "--server", &url, file],
            )
        };
        ok(import(&a));
        ok(import(&a));
        let refused = import(&b);
        assert!(!refused.status.success(), "{}", text(&refused));
        assert!(text(&refused).contains("another content"), "{}", text(&refused));
        assert!(report(&server).contains("USD,1,"), "{}", report(&server));
    }

    async fn fault_u16_what_is_named_and_missing_counts_for_strict(server: TestServer) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rows.csv").display().to_string();
        let head = "document_no,payer,document_date,due_date,amount,currency,kind,clears_document_no";
        let receipt = "R1,471,2019-06-10,,80,USD,RECEIPT,I9";
        // Due before its own date: taken, and told.
        let early = "I1,471,2019-06-10,2019-06-01,80,USD,,";
        std::fs::write(&file, format!("{head}\n{receipt}\n{early}\n")).expect("written");
        let url = format!("http://{}", server.address());
        let import = ["import", &file, "--server", &url, "--strict"];
        let dry = incomplete(ballast(&server, &[&import[..], &["--dry-run"]].concat()));
        assert!(dry.contains("I1: 2019-06-01 lies before"), "{dry}");
        let output = ballast(&server, &import);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(count(&said, "documents named and missing  "), "1", "{said}");
        assert_eq!(count(&said, "documents taken with a notice  "), "1", "{said}");
        assert!(said.contains("I1: 2019-06-01 lies before the document date 2019-06-10"), "{said}");
        // It came: nothing is missing any more.
        let due = "I9,471,2019-06-01,2019-07-01,80,USD,,";
        std::fs::write(&file, format!("{head}\n{receipt}\n{due}\n")).expect("written");
        ok(ballast(&server, &import));
    }

    async fn d4_2_a_calendar_is_made_of_a_file_of_days(mut server: TestServer) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, rows: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("date,hours,note\n{rows}")).expect("written");
            path.display().to_string()
        };
        let year = file("2026.csv", "2026-02-14,OPEN,补班\n2026-02-16,CLOSED,春节\n2026-02-15,CLOSED,\n2026-02-17,10:00-12:00,\n");
        let wrong = file("wrong.csv", "2026-02-14,OPEN,\n14.02.2026,OPEN,\n2027-01-01,CLOSED,\n");
        let make = |id: &'static str, file: &str, more: &[&str]| {
            let (file, hours) = (file.to_owned(), "09:00-12:00 13:00-18:00");
            let base = ["calendar", &file, "--id", id, "--hours", hours, "--known-through", "2026-12-31"];
            ballast(&server, &[&base[..], more].concat())
        };
        let url = format!("http://{}", server.address());
        let refused = incomplete(make("cn", &wrong, &["--server", &url]));
        assert!(refused.contains("line 3: date: ") && refused.contains("line 4: date: "), "{refused}");
        let dry = ok(make("cn", &year, &["--dry-run", "--server", &url]));
        assert!(dry.contains("1 days closed that are worked otherwise, 1 worked"), "{dry}");
        assert!(dry.contains("1 with other hours, 1 as their weekday"), "{dry}");
        let made = ok(make("cn", &year, &["--server", &url]));
        assert!(made.contains("workCalendars/cn is made"), "{made}");
        let listed = server.tiers().list_work_calendars(ballast::pb::ListWorkCalendarsRequest::default()).await;
        let listed = listed.expect("calendars").into_inner().work_calendars;
        assert_eq!(listed.len(), 2, "one was made, and not by the file that is wrong");
        let hours = |n: usize| listed[0].exceptions[n].hours.len();
        assert_eq!((listed[0].week.len(), [0, 1, 2, 3].map(hours)), (5, [2, 0, 0, 1]));
        // One file a year: what the one before says is not lost, and what they say both is there once.
        let before = file("2025.csv", "2025-10-01,CLOSED,国庆\n2026-02-15,CLOSED,\n");
        let both = ok(make("both", &year, &[&before, "--server", &url]));
        assert!(both.contains("workCalendars/both is made"), "{both}");
        let listed = server.tiers().list_work_calendars(ballast::pb::ListWorkCalendarsRequest::default()).await;
        let listed = listed.expect("calendars").into_inner().work_calendars;
        let dates = listed[0].exceptions.iter().flat_map(|exception| exception.date);
        let dates: Vec<_> = dates.map(|date| (date.year, date.month, date.day)).collect();
        let february = [14, 15, 16, 17].map(|day| (2026, 2, day));
        assert_eq!(dates, [&[(2025, 10, 1)][..], &february[..]].concat());
        let other = file("other.csv", "2026-02-16,OPEN,\n");
        let refused = incomplete(make("none", &other, &[&year, "--server", &url]));
        assert!(refused.contains("2026.csv: line 3: 2026-02-16 is otherwise on line 2 of "), "{refused}");
        let again = make("cn", &year, &["--server", &url]);
        assert!(!again.status.success() && text(&again).contains("versions are never changed"), "{}", text(&again));
        server.stop();
        let base = ["calendar", &year, "--id", "local", "--hours", "08:00-16:00", "--known-through", "2026-12-31"];
        assert!(ok(ballast(&server, &base)).contains("workCalendars/local is made"));
    }

    async fn a_file_is_imported_without_a_server(mut server: TestServer) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = rows(folder.path());
        server.stop();
        ok(ballast(&server, &["migrate"]));
        let summary = incomplete(ballast(&server, &["import", &file, "--numeric-ids"]));
        assert_eq!(count(&summary, "documents posted"), "4");
        assert_eq!(report(&server), ACCOUNTED);
        verify(&server);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_before_anything_is_written() {
    let server = TestServer::start(Engine::Sqlite).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.csv").display().to_string();
    for (content, told) in [
        (&b"a,b\n1,2\n"[..], "no built-in mapping"),
        (b"document_no,payer,document_date,amount\n1,c,2019-01-01,5\n", "gives no currency"),
        (
            b"document_no,payer,document_date,amount,currency\n1,c,01/02/2019,5,USD\n",
            "is the day or the month first",
        ),
        (
            b"document_no,payer,document_date,amount,currency\n1,c,2019-01-01,1.234,USD\n",
            "a number with three decimals, or in thousands?",
        ),
    ] {
        std::fs::write(&file, content).expect("written");
        let output = ballast(&server, &["import", &file, "--dry-run"]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).contains(told), "{}", text(&output));
    }
}

/// A folder with a configuration file, and the binary run in it with these variables.
fn configured(file: &str, env: &[(&str, &str)], arguments: &[&str]) -> (Output, bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ballast.toml");
    std::fs::write(&path, file).expect("written");
    let database = folder.path().join("books.db");
    let output = Command::new(env!("CARGO_BIN_EXE_ballast"))
        .args(arguments)
        .env("BALLAST_CONFIG", &path)
        .env("BALLAST_DATABASE_URL", format!("sqlite://{}", database.display()))
        .envs(env.iter().copied())
        .output()
        .expect("the command runs");
    (output, database.exists())
}

#[test]
fn fault_w8_a_configuration_that_would_be_wrong_in_silence_is_refused_before_anything_is_touched() {
    let token = "[[auth.tokens]]\nprincipal = 'erp'\nsha256 = '";
    let token = format!("{token}{}'\nscopes = ['accounts.reed', '*']", "0".repeat(64));
    let twin = |principal: &str| {
        let hash = "0".repeat(64);
        format!("[[auth.tokens]]\nprincipal = '{principal}'\nsha256 = '{hash}'\nscopes = ['*']\n")
    };
    let twins = twin("a") + &twin("b");
    let limits = "[server]\nlisten = '127.0.0.1:0'\nconnections_max = 'many'";
    for (file, env, told) in [
        ("", ("BALLAST_SERVER_LISEN", "x"), "BALLAST_SERVER_LISEN: no such setting"),
        ("", ("BALLAST_LOG_LEVEL", "WARNING"), "\"WARNING\" is no level"),
        (limits, ("", ""), "ballast.toml, line 3, connections_max: must be"),
        (&*token, ("", ""), "erp has accounts.reed, which no method asks for; there are "),
        (&*twins, ("", ""), "auth.tokens: a and b have one token"),
        ("", ("", ""), "nobody could call this server"),
    ] {
        let env: Vec<_> = [env].into_iter().filter(|(name, _)| !name.is_empty()).collect();
        for command in ["serve", "config"] {
            let (output, touched) = configured(file, &env, &[command]);
            assert_eq!(output.status.code(), Some(1), "{command}: {}", text(&output));
            assert!(text(&output).contains(told), "{command}: {}", text(&output));
            assert!(!touched, "{command} opened the database: {told}");
        }
    }
}

#[test]
fn the_configuration_in_force_is_told_with_where_it_comes_from() {
    let file = format!(
        "[server]\nlisten = '127.0.0.1:7001'\nreflection = false\n[[auth.tokens]]\n\
         principal = 'erp'\nsha256 = '{}'\nscopes = ['accounts.read']",
        "ab".repeat(32)
    );
    let env = [
        ("BALLAST_SERVER_REFLECTION", "true"),
        ("BALLAST_DATABASE_URL", "postgres://me:s3cret@db/books"),
        ("BALLAST_SERVER_CONNECTIONS_MAX", ""),
    ];
    let (output, _) = configured(&file, &env, &["config", "--log-level", "warn"]);
    let said = ok(output);
    for line in [
        "server.reflection = true  # BALLAST_SERVER_REFLECTION",
        "server.connections_max = 4096  # default",
        "database.url = \"postgres://me:***@db/books\"  # BALLAST_DATABASE_URL",
        "log.level = \"warn\"  # --log-level",
        "# business.base_currency is not set",
    ] {
        assert!(said.lines().any(|said| said == line), "{line} is not in {said}");
    }
    assert!(said.contains("server.listen = \"127.0.0.1:7001\"  # /"), "{said}");
    assert!(said.contains("# auth.tokens: erp may accounts.read  # /"), "{said}");
    assert!(!said.contains("s3cret") && !said.contains("abab"), "{said}");
    toml::from_str::<toml::Table>(&said).expect("it is TOML");
}
