//! The audit: what was denied stands in it, nobody changes it, and whoever does is found out.

use std::process::{Command, Output};

use ballast::ctx::{Clock, Ctx};
use ballast::pb;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use tonic::Code;

use crate::bad_days::cluster::Cluster;
use crate::support::ledger::fresh;
use crate::support::{Database, Engine, TestServer, as_caller, assert_refused, only_callers};

const GET: &str = "/ballast.v1.AccountService/GetAccount";

/// Who, what, and in words.
type Row = (String, String, String);

/// The audit rows of denied calls, in the order in which they were written.
async fn denied(server: &TestServer) -> Vec<Row> {
    let text =
        "SELECT principal, method, detail FROM audit WHERE detail LIKE 'denied%' ORDER BY id";
    let url = server.database_url();
    match server.engine() {
        Engine::Sqlite => {
            let mut database = SqliteConnection::connect(url).await.expect("opened");
            sqlx::query_as(text).fetch_all(&mut database).await.expect("read")
        }
        Engine::Postgres => {
            let mut database = PgConnection::connect(url).await.expect("opened");
            sqlx::query_as(text).fetch_all(&mut database).await.expect("read")
        }
    }
}

/// A row without the times of its first and last call, which are of the day of the test.
fn without_times((principal, method, detail): Row) -> Row {
    let (what, from) = detail.split_once(", the first").expect("an address");
    let (calls, when) = what.split_once(" calls ").expect("a time");
    assert!(when.contains("2019-06-30T09:0"), "{detail}");
    (principal, method, format!("{calls} calls, the first{from}"))
}

async fn execute(engine: Engine, url: &str, text: &str) -> Result<(), sqlx::Error> {
    let text = AssertSqlSafe(text.to_owned());
    match engine {
        Engine::Sqlite => SqliteConnection::connect(url).await?.execute(text).await.map(drop),
        Engine::Postgres => PgConnection::connect(url).await?.execute(text).await.map(drop),
    }
}

async fn create(server: &TestServer, id: &str) {
    let request = pb::CreateAccountRequest {
        account: Some(pb::Account { display_name: id.into(), ..pb::Account::default() }),
        account_id: id.into(),
        request_id: fresh(),
        ..pb::CreateAccountRequest::default()
    };
    server.accounts().create_account(request).await.expect("created");
}

/// Seals everything, however much it is.
async fn seal(server: &TestServer) {
    let ctx = Ctx::system(server.clock().clone());
    while server.store().seal(&ctx).await.expect("sealed") > 0 {}
}

fn verify(url: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ballast"))
        .args(["audit", "verify"])
        .args(more)
        .env("BALLAST_DATABASE_URL", url)
        .env("BALLAST_LOG_LEVEL", "error")
        .output()
        .expect("the command runs")
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// With `reader`, who may read accounts.
fn guarded(config: &mut ballast::config::Config) {
    only_callers(config, &[("reader", &["accounts.read"])]);
    // At the end alone.
    config.auth.denied_interval_seconds = 3_600;
}

on_both_engines! {
    async fn a_call_that_was_denied_stands_in_the_audit(mut server: TestServer) {
        server.restart_with(guarded).await;
        let raw = server.raw();
        for _ in 0..200 {
            let status = raw.call(GET, &[("authorization", "Bearer guess")], &()).await;
            assert_refused(&status, Code::Unauthenticated, "CREDENTIALS_INVALID", None);
        }
        raw.call(GET, &[], &()).await;
        let request = as_caller("reader", pb::BlockAccountRequest::default());
        server.accounts().block_account(request).await.expect_err("he may not");
        // Reading is allowed, whether or not there is something; and a method that is none is nobody's.
        let request = as_caller("reader", pb::GetAccountRequest { name: "accounts/x".into() });
        server.accounts().get_account(request).await.expect_err("none there");
        raw.call("/nope.Nope/Nope", &[], &()).await;

        server.restart().await;
        let mut rows: Vec<Row> = denied(&server).await.into_iter().map(without_times).collect();
        rows.sort();
        let row = |principal: &str, method: &str, detail: &str| {
            (principal.to_owned(), method.to_owned(), format!("denied {detail}, the first from 127.0.0.1"))
        };
        assert_eq!(rows, [
            row("", "*", "CREDENTIALS_INVALID: 200 calls"),
            row("", "*", "CREDENTIALS_MISSING: 1 calls"),
            row("reader", "AccountService.BlockAccount", "SCOPE_MISSING: 1 calls"),
        ]);
        seal(&server).await;
        let looked = verify(server.database_url(), &[]);
        assert!(looked.status.success(), "{}", said(&looked));
    }

    async fn a_scope_that_a_handler_misses_is_denied_too(mut server: TestServer) {
        server.restart_with(|config| only_callers(config, &[("ann", &["people.read"])])).await;
        let request = as_caller("ann", pb::GetMemberBookRequest {
            member: "members/unassigned".into(),
            ..pb::GetMemberBookRequest::default()
        });
        let refused = server.accounts().get_member_book(request).await.expect_err("he may not");
        assert_refused(&refused, Code::PermissionDenied, "SCOPE_MISSING", None);
        server.restart().await;
        let rows = denied(&server).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((&*rows[0].0, &*rows[0].1), ("ann", "AccountService.GetMemberBook"));
    }

    async fn denied_calls_are_written_while_the_server_goes_on(mut server: TestServer) {
        server.restart_with(|config| {
            guarded(config);
            config.auth.denied_interval_seconds = 1;
        }).await;
        server.raw().call(GET, &[], &()).await;
        for _ in 0..200 {
            if !denied(&server).await.is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("never written");
    }

    async fn denied_calls_are_not_written_where_that_is_off(mut server: TestServer) {
        server.restart_with(|config| {
            guarded(config);
            config.auth.denied_interval_seconds = 0;
        }).await;
        server.raw().call(GET, &[], &()).await;
        server.restart().await;
        assert_eq!(denied(&server).await, []);
    }

    /// Every method is asked by nobody and by a stranger: more kinds than may have rows.
    async fn a_flood_of_denied_calls_costs_few_rows_and_all_are_counted(mut server: TestServer) {
        server.restart_with(|config| {
            only_callers(config, &[("a", &["interactions.private"]), ("b", &["interactions.private"])]);
            config.auth.denied_interval_seconds = 3_600;
        }).await;
        let methods = ballast::api::methods::Methods::ours().expect("descriptors");
        let mut made = 0;
        for method in methods.iter() {
            let raw = server.raw();
            for sent in [None, Some("Bearer a"), Some("Bearer b"), Some("Bearer c")] {
                let headers: Vec<_> = sent.map(|sent| ("authorization", sent)).into_iter().collect();
                raw.call(&method.path, &headers, &()).await;
                made += 1;
            }
        }
        server.restart().await;
        let rows = denied(&server).await;
        let count = |row: &Row| -> u64 {
            let digits = row.2.split_once(": ").expect("a count").1;
            digits.split(' ').next().expect("a count").parse().expect("a number")
        };
        assert_eq!(rows.iter().map(count).sum::<u64>(), made, "{rows:?}");
        assert!(made > 300 && rows.len() <= 65, "{} rows of {made} calls", rows.len());
        assert!(rows.iter().any(|row| row.2.contains("without a row")), "{rows:?}");
    }

    async fn a_row_of_the_audit_that_was_changed_taken_out_or_added_is_named(mut server: TestServer) {
        for id in ["one", "two", "three"] {
            create(&server, id).await;
        }
        seal(&server).await;
        let (engine, url) = (server.engine(), server.database_url().to_owned());
        server.stop();
        let sound = verify(&url, &[]);
        assert!(sound.status.success(), "{}", said(&sound));
        let end = said(&sound).split("ends at ").nth(1).expect("an end").trim().to_owned();
        assert!(end.starts_with("3:"), "{end}");
        assert!(verify(&url, &["--known", &end]).status.success());
        let json = verify(&url, &["--output", "json"]);
        let json: serde_json::Value = serde_json::from_str(&said(&json)).expect("JSON");
        assert_eq!((&json["differences"], &json["end"]["position"]), (&0.into(), &3.into()));

        let other = format!("2:{}", "0".repeat(64));
        for (known, words) in [(&*other, "does not lead through"), ("2", "hexadecimal")] {
            let refused = verify(&url, &["--known", known]);
            assert!(!refused.status.success() && said(&refused).contains(words), "{}", said(&refused));
        }
        for (damage, words) in [
            ("UPDATE audit SET resource = 'accounts/other' WHERE resource = 'accounts/one'", " of 1 was changed"),
            ("DELETE FROM audit WHERE resource = 'accounts/two'", " of 2 is missing"),
            ("DELETE FROM audit_seal WHERE sealed_position = 3", " was added"),
        ] {
            execute(engine, &url, damage).await.expect("done");
            let broken = verify(&url, &[]);
            assert_eq!(broken.status.code(), Some(1), "{damage}");
            assert!(said(&broken).contains(words), "{damage}: {}", said(&broken));
        }
    }
}

/// The role of the service, as the documentation gives it: it serves, and cannot change the audit.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_service_serves_in_a_role_that_cannot_change_the_audit() {
    let cluster = Cluster::create();
    cluster.start();
    let migrated = Command::new(env!("CARGO_BIN_EXE_ballast"))
        .arg("migrate")
        .env("BALLAST_DATABASE_URL", cluster.url())
        .status();
    assert!(migrated.expect("the command runs").success());
    let script = include_str!("../../docs/postgres-roles.sql");
    for _ in 0..2 {
        execute(Engine::Postgres, &cluster.url(), script).await.expect("the roles are there");
    }

    let url = cluster.url().replace("ballast@", "ballast_service@");
    let clock = Clock::system(chrono_tz::UTC);
    let database = Database::elsewhere(url.clone());
    let server = TestServer::start_on(database, Engine::Postgres, clock, |_| {}).await;
    for id in ["one", "two"] {
        create(&server, id).await;
    }
    let ctx = Ctx::system(server.clock().clone());
    server.store().forget_old_requests(&ctx).await.expect("forgotten");
    seal(&server).await;
    let checks = server.store().verify(&ctx).await.expect("verified");
    assert!(checks.iter().all(ballast::store::Check::holds), "{checks:?}");

    for refused in [
        "UPDATE audit SET principal = 'somebody else'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "UPDATE audit_seal SET chain_hash = ''",
        "DELETE FROM audit_seal",
        "ALTER TABLE audit ADD COLUMN more TEXT",
        "DROP TABLE audit",
        "DELETE FROM seaql_migrations",
    ] {
        let error = execute(Engine::Postgres, &url, refused).await.expect_err(refused);
        let code = error.as_database_error().and_then(|e| e.code().map(|c| c.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{refused}: {error}");
    }
    let looked = verify(&url, &[]);
    assert!(looked.status.success(), "{}", said(&looked));
    // The owner may, and is found out.
    execute(Engine::Postgres, &cluster.url(), "DELETE FROM audit WHERE resource = 'accounts/one'")
        .await
        .expect("the owner's");
    let looked = verify(&url, &[]);
    assert_eq!(looked.status.code(), Some(1));
    assert!(said(&looked).contains("is missing"), "{}", said(&looked));
    drop(server);
}
