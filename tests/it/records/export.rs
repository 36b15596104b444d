//! `ballast export`: files that an import reads to the same data, or that tell what they lack.

use std::path::{Path, PathBuf};
use std::process::Command;

use ballast::ctx::Clock;
use ballast::demo::{Company, Plan, fill};
use ballast::pb;
use ballast::service::Settings;

use super::people::{key, person, record, upsert};
use crate::contact;
use crate::imports::Import;
use crate::interaction::member;
use crate::support::ledger::date;
use crate::support::{Database, Engine, TestServer, assert_refused, only_callers};

/// In the order in which an import of them waits for the least.
const KINDS: [&str; 9] = [
    "accounts",
    "members",
    "teams",
    "positions",
    "contacts",
    "ties",
    "interactions",
    "commitments",
    "gifts",
];

/// What the command said, and with which status it ended.
#[derive(Debug)]
pub struct Exported {
    pub status: Option<i32>,
    pub text: String,
}

fn ballast(server: &TestServer, arguments: &[&str]) -> Exported {
    let output = Command::new(env!("CARGO_BIN_EXE_ballast"))
        .arg("export")
        .args(arguments)
        .env("BALLAST_DATABASE_URL", server.database_url())
        .env("BALLAST_LOG_LEVEL", "error")
        .output()
        .expect("the command runs");
    let text = [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
    Exported { status: output.status.code(), text: text.concat() }
}

fn address(server: &TestServer) -> String {
    format!("http://{}", server.address())
}

/// Exports all kinds from a server into a folder.
pub fn export_all(server: &TestServer, folder: &Path) -> Exported {
    let folder = folder.display().to_string();
    ballast(server, &["--server", &address(server), "--kind", "all", &folder, "--overwrite"])
}

/// The files of a folder, by their kinds.
pub fn files(folder: &Path) -> Vec<(&'static str, String)> {
    let read = |kind: &&'static str| {
        let text = std::fs::read_to_string(folder.join(format!("{kind}.csv")));
        (*kind, text.expect("a file"))
    };
    KINDS.iter().map(read).collect()
}

/// Imports the files of a folder into a server; answers what was said of each.
pub fn import_all(server: &TestServer, folder: &Path) -> String {
    let import = Import::new(server);
    let mut said = String::new();
    for kind in KINDS {
        let file = folder.join(format!("{kind}.csv")).display().to_string();
        let done = import.run(&["--kind", kind, &file], None);
        done.assert_all();
        said.push_str(&format!("{kind}:\n{}", done.text));
    }
    said
}

/// Holds that an export comes back: into an empty database as it was, there again and here as nothing.
pub async fn assert_comes_back(server: &TestServer) -> Vec<(&'static str, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let first = export_all(server, &path("first"));
    assert!(matches!(first.status, Some(0 | 2)), "{}", first.text);
    let written = files(&path("first"));

    let other = TestServer::start(server.engine()).await;
    import_all(&other, &path("first"));
    let second = export_all(&other, &path("second"));
    assert_eq!(
        second.status,
        Some(0),
        "an import brings nothing that has no column: {}",
        second.text
    );
    assert_eq!(files(&path("second")), written);

    for server in [&other, server] {
        let again = import_all(server, &path("first"));
        for line in again.lines().filter(|l| l.contains("created") || l.contains("changed")) {
            let count: String = line.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(count, "0", "{again}");
        }
        let unchanged = export_all(server, &path("again"));
        assert!(matches!(unchanged.status, Some(0 | 2)), "{}", unchanged.text);
        assert_eq!(files(&path("again")), written);
    }
    contact::verify(&other).await;
    written
}

async fn create_contact(server: &TestServer, contact: pb::Contact) -> String {
    let request = pb::CreateContactRequest { contact: Some(contact), ..Default::default() };
    server.contacts().create_contact(request).await.expect("created").into_inner().name
}

fn address_of(value: &str) -> pb::ContactAddress {
    contact::address(value, "")
}

/// A company with names that are hard to write, partly of another system's keys and partly of none.
async fn company(server: &TestServer) {
    contact::account(server, "acme", &["wuxi"]).await;
    contact::account(server, "beta", &[]).await;
    member(server, "boss").await;
    let names = [
        ("1", "李伟", "+86 138 1234 5678"),
        ("2", "=HYPERLINK(\"http://x\")", "010-555 01"),
        ("3", "O'Neill, \"the\" Jr.", "+1"),
        ("4", "Null", "@x"),
        ("5", "'=quoted", ""),
    ];
    let people = names.map(|(id, name, phone)| {
        let phones = if phone.len() > 5 { vec![address_of(phone)] } else { vec![] };
        let labels = [("vip".to_owned(), "-1".to_owned())].into();
        let contact = pb::Contact { phones, labels, ..contact::named(name) };
        person(id, contact)
    });
    let (_, summary) = upsert(server, people.to_vec()).await;
    assert_eq!(summary.refused, 0);
    let unkeyed = pb::Contact {
        former_names: vec!["Wei".into(), "-wei".into()],
        emails: ["a@x.org", "b@x.org", "c@x.org"].map(address_of).to_vec(),
        handles: ["@one", "@two"].map(address_of).to_vec(),
        ..contact::named("Without a key")
    };
    create_contact(server, unkeyed).await;
    let seat = |title: &str, position_id: &str, reports_to: Option<&str>| {
        let by = reports_to.map(|id| pb::position_selector::By::SourceKey(key(id).expect("a key")));
        record(pb::record::Content::Position(pb::PositionRecord {
            source_key: key(position_id),
            account: "accounts/acme".into(),
            position: Some(pb::Position {
                site: "wuxi".into(),
                function: pb::PositionFunction::Procurement.into(),
                level: pb::PositionLevel::Manager.into(),
                title: title.into(),
                buying_roles: vec![pb::BuyingRole::Decider.into(), pb::BuyingRole::Buyer.into()],
                valid_from: Some(date("2015-01-01")),
                ..pb::Position::default()
            }),
            reports_to: by.map(|by| pb::PositionSelector { by: Some(by) }),
            ..pb::PositionRecord::default()
        }))
    };
    let sits = |id: &str, position: &str, days: [Option<&str>; 2]| {
        let [valid_from, valid_to] = days.map(|day| day.map(date));
        let by = Some(pb::position_selector::By::SourceKey(key(position).expect("a key")));
        record(pb::record::Content::Incumbency(pb::IncumbencyRecord {
            account: "accounts/acme".into(),
            contact: format!("contacts/CRM~{id}"),
            seat: Some(pb::incumbency_record::Seat::Position(pb::PositionSelector { by })),
            valid_from,
            valid_to,
            ..pb::IncumbencyRecord::default()
        }))
    };
    let (_, summary) = upsert(
        server,
        vec![
            seat("Head", "P1", None),
            seat("=Buyer", "P2", Some("P1")),
            sits("1", "P1", [Some("2016-01-01"), Some("2017-12-31")]),
            sits("2", "P1", [Some("2018-01-01"), None]),
            sits("3", "P2", [Some("2016-05-01"), Some("2016-12-31")]),
            super::people::sits(
                "beta",
                "3",
                pb::Position {
                    function: pb::PositionFunction::Other.into(),
                    function_text: "driver".into(),
                    ..pb::Position::default()
                },
                [Some("2017-01-01"), None],
            ),
        ],
    )
    .await;
    assert_eq!(summary.refused, 0);
    let import = Import::new(server);
    let run = |kind: &'static str, text: &str| {
        let file = import.write(&format!("{kind}.csv"), text);
        import.run(&["--kind", kind, &file, "--source-system", "CRM"], None).assert_all();
    };
    run(
        "ties",
        "from,to,kind,weight_bp,valid_from,valid_to,source\n1,2,INFLUENCE,4000,2018-02-01,,seen\n1,3,CLASSMATE,,2010-01-01,2015-12-31,\"- he said so\"\n",
    );
    run(
        "teams",
        "account_id,member_id,role,valid_from,valid_to,reason\n\
         accounts/acme,members/boss,OWNER,2018-01-01,,=because\n",
    );
    run(
        "interactions",
        "interaction_id,account_id,date,time,channel,actor,contact_ids,satisfaction,hours,cost,currency,next_topic,next_by,notes,two_way,purpose\n\
         V1,accounts/acme,2019-05-02,9:30,VISIT,members/boss,1;3,8;,1.5,1200.50,CNY,the fair,2019-09-01,\"two\n\n,lines, of \"\"notes\"\"\",,-asked\n\
         V2,accounts/acme,2019-05-02,9:30:07,MESSAGE,members/boss,2,,,,,,,,no,\n",
    );
    run(
        "commitments",
        "commitment_id,account_id,side,member_id,contact_id,text,amount,currency,made_date,due_date,interaction_id,settlement,settle_date,evidence,settle_reason\n\
         C1,accounts/acme,OURS,members/boss,1,the report,,,2019-05-02,2019-06-01,V1,KEPT,2019-05-20,mail,\n\
         C2,accounts/acme,THEIRS,members/boss,2,@pay,100.25,EUR,2019-05-02,2019-06-01,,WITHDRAWN,2019-05-21,,no need\n",
    );
    run(
        "gifts",
        "gift_id,account_id,kind,value,currency,heads,date,occasion,member_id,contact_id,interaction_id\n\
         G1,accounts/acme,HOSPITALITY,180.00,CNY,4,2019-05-02,dinner,members/boss,1,V1\n",
    );
}

on_both_engines! {
    async fn an_export_is_imported_to_the_same_data_and_here_to_nothing(server: TestServer) {
        company(&server).await;
        let files = assert_comes_back(&server).await;
        let rows: Vec<(&str, usize)> = files
            .iter()
            .map(|(kind, text)| (*kind, csv::Reader::from_reader(text.as_bytes()).records().count()))
            .collect();
        let expected = [
            ("accounts", 2), ("members", 1), ("teams", 1), ("positions", 3), ("contacts", 8), ("ties", 2),
            ("interactions", 2), ("commitments", 2), ("gifts", 1),
        ];
        assert_eq!(rows, expected);
        let text = |kind: &str| &files.iter().find(|file| file.0 == kind).expect("a file").1;
        // What a spreadsheet would take for a formula is none.
        for (_, text) in &files {
            for row in csv::Reader::from_reader(text.as_bytes()).records() {
                for cell in &row.expect("a row") {
                    assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
                }
            }
        }
        assert!(text("contacts").contains("CRM,1,李伟,,,'+8613812345678,"), "{}", text("contacts"));
        assert!(text("interactions").contains("\"two\n\n,lines, of \"\"notes\"\"\""));
    }

    async fn from_the_database_it_is_the_same_as_from_a_server(server: TestServer) {
        company(&server).await;
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let served = ballast(&server, &["--server", &address(&server), "--kind", "contacts", &path("served")]);
        let here = ballast(&server, &["--kind", "contacts", &path("here")]);
        assert_eq!((served.status, here.status), (Some(0), Some(0)), "{} {}", served.text, here.text);
        let read = |name: &str| std::fs::read_to_string(path(name)).expect("a file");
        assert_eq!(read("served"), read("here"));
        let printed = ballast(&server, &["--kind", "contacts"]);
        assert!(printed.text.starts_with(&read("here")), "{}", printed.text);
    }

    async fn files_are_for_their_owner_alone_and_are_not_written_over(server: TestServer) {
        contact::account(&server, "acme", &[]).await;
        let folder = tempfile::tempdir().expect("a folder");
        let path: PathBuf = folder.path().join("accounts.csv");
        std::fs::write(&path, "mine").expect("written");
        let name = path.display().to_string();
        let export = |more: &[&str]| {
            let server_args = ["--server", &address(&server), "--kind", "accounts", name.as_str()];
            ballast(&server, &[&server_args[..], more].concat())
        };
        let refused = export(&[]);
        assert_eq!(refused.status, Some(1), "{}", refused.text);
        assert!(refused.text.contains("--overwrite"), "{}", refused.text);
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "mine");
        assert_eq!(export(&["--overwrite"]).status, Some(0));
        assert!(std::fs::read_to_string(&path).expect("there").contains("BALLAST,acme"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    async fn who_may_not_read_what_is_personal_exports_nothing_of_people(server: TestServer) {
        company(&server).await;
        let mut server = server;
        let restricted = server.restart_with(|config| {
            let reads = ["accounts.read", "people.read", "contacts.read", "interactions.read"];
            only_callers(config, &[("reader", &reads)]);
        });
        restricted.await;
        let folder = tempfile::tempdir().expect("a folder");
        for kind in KINDS {
            let path = folder.path().join(kind);
            let file = path.display().to_string();
            let done = ballast(&server, &["--server", &address(&server), "--token", "reader", "--kind", kind, &file]);
            if matches!(kind, "accounts" | "members" | "teams" | "positions") {
                assert!(path.exists(), "{kind}: {}", done.text);
                continue;
            }
            assert_eq!(done.status, Some(1), "{kind}: {}", done.text);
            assert!(done.text.contains("contacts.personal"), "{kind}: {}", done.text);
            assert!(!path.exists(), "{kind}");
        }
    }

    async fn what_has_no_column_is_told(server: TestServer) {
        contact::account(&server, "acme", &[]).await;
        let contact = pb::Contact {
            phones: vec![contact::address("+8613812345678", "mobile")],
            former_names: vec!["a;b".into()],
            preferences: vec![pb::ContactPreference { key: "language".into(), value: "de".into(), consent: true, ..Default::default() }],
            ..contact::named("Li")
        };
        create_contact(&server, contact).await;
        let done = ballast(&server, &["--server", &address(&server), "--kind", "contacts"]);
        assert_eq!(done.status, Some(2), "{}", done.text);
        for told in [
            "not in the file: 1 × kinds or last days of addresses",
            "not in the file: 1 × preferences or occasions",
            "not in the file: 1 × no cell of former_names can say it: left empty",
        ] {
            assert!(done.text.contains(told), "{}", done.text);
        }
    }

    async fn keys_are_told_by_which_records_mean_what_is_there(server: TestServer) {
        company(&server).await;
        let keys = async |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            let request = pb::BatchGetSourceKeysRequest { names };
            let answer = server.accounts().batch_get_source_keys(request).await?.into_inner();
            let key = |of: pb::SourceKey| {
                let key = of.key.unwrap_or_default();
                (of.name, key.system, key.id)
            };
            Ok::<_, tonic::Status>(answer.source_keys.into_iter().map(key).collect::<Vec<_>>())
        };
        let told = keys(&["members/boss", "contacts/CRM~1", "accounts/acme", "accounts/BALLAST~acme", "contacts/CRM~404"]).await.expect("served");
        let text = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        let expected = [
            text("members/boss", "BALLAST", "boss"),
            text("contacts/CRM~1", "CRM", "1"),
            text("accounts/acme", "BALLAST", "acme"),
            text("accounts/BALLAST~acme", "BALLAST", "acme"),
        ];
        assert_eq!(told, expected);
        let request = pb::ListPositionsRequest { parent: "accounts/acme".into(), ..Default::default() };
        let positions = server.contacts().list_positions(request).await.expect("served").into_inner().positions;
        let head = positions.iter().find(|of| of.title == "Head").expect("there").name.as_str();
        assert_eq!(keys(&[head]).await.expect("served"), [text(head, "CRM", "P1")]);
        // Of another account there is no such position.
        let elsewhere = head.replace("accounts/acme", "accounts/beta");
        assert_eq!(keys(&[&elsewhere]).await.expect("served"), []);
        let refused = keys(&[]).await.expect_err("refused");
        assert_refused(&refused, tonic::Code::InvalidArgument, "FIELD_REQUIRED", Some("names"));
        let refused = keys(&["ties/1"]).await.expect_err("refused");
        assert_refused(&refused, tonic::Code::InvalidArgument, "RESOURCE_NAME_INVALID", Some("names[0]"));
        let many = vec!["accounts/acme"; 501];
        let refused = keys(&many).await.expect_err("refused");
        assert_refused(&refused, tonic::Code::InvalidArgument, "TOO_MANY_ELEMENTS", Some("names"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_company_is_exported_and_comes_back() {
    let today = chrono::NaiveDate::from_ymd_opt(2019, 6, 30).expect("a day");
    let plan = Plan { customers: 40, invoices: 400, ..Plan::demo(today) };
    let company = Company::generate(plan);
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let morning = plan.start().and_time(chrono::NaiveTime::MIN).and_utc();
        let clock = Clock::manual(morning, chrono_tz::UTC);
        let server =
            TestServer::start_on(Database::create(engine).await, engine, clock, |_| {}).await;
        let settings = Settings { base_currency: None, rate_age_days_max: 10 };
        let filled = fill(server.store(), settings, server.clock(), &company).await;
        assert_eq!(filled.expect("filled").refused, []);
        server.clock().set("2019-06-30T09:00:00Z".parse().expect("a time"));
        let files = assert_comes_back(&server).await;
        for (kind, text) in files.iter().filter(|(kind, _)| *kind != "gifts") {
            assert!(text.lines().count() > 1, "{kind}: {text}");
        }
    }
}
