//! What another system knows of our people and their accounts, brought over by a stream and by the
//! command line.

pub mod export;
mod files;
mod history;
mod measure;
mod mended;
pub mod people;

use ballast::pb;
use pb::import_records_request::Step as Ask;
use pb::import_records_response::Step as Answer;
use tonic::Status;

use crate::imports::Import;
use crate::support::ledger::date;
use crate::support::{TestServer, assert_refused};

fn member(id: &str, name: &str, manager: &str) -> pb::Record {
    let source_key = pb::ExternalRef { system: "HR".into(), id: id.into() };
    let member =
        pb::Member { display_name: name.into(), manager: manager.into(), ..pb::Member::default() };
    let record = pb::MemberRecord {
        source_key: Some(source_key),
        member: Some(member),
        ..pb::MemberRecord::default()
    };
    pb::Record { content: Some(pb::record::Content::Member(record)) }
}

fn team(account: &str, member: &str, role: pb::TeamRole, days: [Option<&str>; 2]) -> pb::Record {
    let [valid_from, valid_to] = days.map(|day| day.map(date));
    let record = pb::TeamRecord {
        account: account.into(),
        member: member.into(),
        role: role.into(),
        valid_from,
        valid_to,
        ..pb::TeamRecord::default()
    };
    pb::Record { content: Some(pb::record::Content::TeamMembership(record)) }
}

async fn account(server: &TestServer, id: &str) {
    let request = pb::CreateAccountRequest {
        account: Some(pb::Account { display_name: id.into(), ..pb::Account::default() }),
        account_id: id.into(),
        ..pb::CreateAccountRequest::default()
    };
    server.accounts().create_account(request).await.expect("created");
}

async fn account_etag(server: &TestServer, name: &str) -> String {
    let request = pb::GetAccountRequest { name: name.into() };
    server.accounts().get_account(request).await.expect("there").into_inner().etag
}

pub async fn send(
    server: &TestServer,
    mode: pb::RecordsMode,
    chunks: Vec<Vec<pb::Record>>,
) -> Result<(Vec<pb::RecordResult>, pb::RecordsSummary), Status> {
    let header = pb::RecordsHeader { mode: mode.into(), ..pb::RecordsHeader::default() };
    steps(server, header, chunks).await
}

pub async fn steps(
    server: &TestServer,
    header: pb::RecordsHeader,
    chunks: Vec<Vec<pb::Record>>,
) -> Result<(Vec<pb::RecordResult>, pb::RecordsSummary), Status> {
    let header = Ask::Header(header);
    let chunk = |(sequence, records)| Ask::Chunk(pb::RecordsChunk { sequence, records });
    let steps = [header].into_iter().chain((1..).zip(chunks).map(chunk));
    let steps = steps.chain([Ask::Finish(pb::RecordsFinish {})]);
    let steps: Vec<_> = steps.map(|step| pb::ImportRecordsRequest { step: Some(step) }).collect();
    let mut client = server.accounts();
    let mut answers = client.import_records(tokio_stream::iter(steps)).await?.into_inner();
    let (mut results, mut summary) = (Vec::new(), pb::RecordsSummary::default());
    while let Some(answer) = answers.message().await? {
        match answer.step {
            Some(Answer::Acknowledgement(chunk)) => results.extend(chunk.results),
            Some(Answer::Summary(done)) => summary = done,
            _ => {}
        }
    }
    Ok((results, summary))
}

pub fn counts(summary: &pb::RecordsSummary) -> [i64; 4] {
    [summary.created, summary.updated, summary.unchanged, summary.refused]
}

async fn found(server: &TestServer, id: &str) -> pb::Member {
    let request = pb::GetMemberRequest { name: format!("members/HR~{id}") };
    server.accounts().get_member(request).await.expect("there").into_inner()
}

on_both_engines! {
    async fn records_come_in_any_order_and_the_same_again_is_nothing(server: TestServer) {
        account(&server, "acme").await;
        let all = vec![
            vec![
                team("accounts/acme", "members/HR~7", pb::TeamRole::Owner, [Some("2019-01-01"), None]),
                member("7", "Wang Fang", "members/HR~1"),
            ],
            vec![member("1", "Greta Groß", ""), member("9", "Nobody's", "members/HR~404"), member("", "x", "")],
        ];
        let upsert = pb::RecordsMode::Unspecified;
        let (results, summary) = send(&server, upsert, all.clone()).await.expect("served");
        let outcomes: Vec<_> = results.iter().map(pb::RecordResult::outcome).collect();
        use pb::RecordOutcome::{Created, Refused, Waiting};
        assert_eq!(outcomes, [Waiting, Waiting, Created, Waiting, Refused]);
        assert_eq!(counts(&summary), [3, 0, 0, 2], "{summary:?}");
        let lost = summary.waited.iter().find(|waited| waited.position == 1 && waited.sequence == 2);
        let lost = lost.expect("told").result.clone().expect("a result");
        assert_eq!((lost.outcome(), lost.faults[0].reason.as_str()), (Refused, "RESOURCE_NOT_FOUND"));
        assert_eq!(found(&server, "7").await.manager, found(&server, "1").await.name);
        let (_, summary) = send(&server, upsert, all).await.expect("served");
        assert_eq!(counts(&summary), [0, 0, 3, 2]);
    }

    async fn a_record_changes_what_it_carries_and_blanks_never_erase(server: TestServer) {
        let mut first = member("7", "Wang Fang", "");
        let Some(pb::record::Content::Member(of)) = &mut first.content else { unreachable!() };
        let said = of.member.as_mut().expect("a member");
        said.competencies = Some(pb::MemberCompetencies { negotiation: 4, ..pb::MemberCompetencies::default() });
        said.executive = true;
        send(&server, pb::RecordsMode::Upsert, vec![vec![first.clone()]]).await.expect("served");
        let mut second = member("7", "", "");
        let Some(pb::record::Content::Member(of)) = &mut second.content else { unreachable!() };
        let said = of.member.as_mut().expect("a member");
        said.competencies = Some(pb::MemberCompetencies { product: 2, ..pb::MemberCompetencies::default() });
        said.business_unit = "East".into();
        let (results, _) = send(&server, pb::RecordsMode::Upsert, vec![vec![second.clone()]]).await.expect("served");
        assert_eq!(results[0].outcome(), pb::RecordOutcome::Updated);
        let now = found(&server, "7").await;
        let competencies = now.competencies.expect("rated");
        assert_eq!((now.display_name.as_str(), now.executive, now.business_unit.as_str()), ("Wang Fang", true, "East"));
        assert_eq!((competencies.negotiation, competencies.product), (4, 2));
        // A mask carries what is empty.
        let Some(pb::record::Content::Member(of)) = &mut second.content else { unreachable!() };
        of.member = Some(pb::Member::default());
        of.update_mask = Some(prost_types::FieldMask { paths: vec!["executive".into()] });
        send(&server, pb::RecordsMode::UpdateOnly, vec![vec![second]]).await.expect("served");
        assert!(!found(&server, "7").await.executive);
        let (results, _) = send(&server, pb::RecordsMode::CreateOnly, vec![vec![first]]).await.expect("served");
        assert_eq!(results[0].faults[0].reason, "RESOURCE_ALREADY_EXISTS");
        let (results, _) =
            send(&server, pb::RecordsMode::UpdateOnly, vec![vec![member("8", "x", "")]]).await.expect("served");
        assert_eq!(results[0].faults[0].reason, "RESOURCE_NOT_FOUND");
    }

    async fn owners_of_the_past_come_over_in_any_order(server: TestServer) {
        account(&server, "acme").await;
        let people = vec![member("1", "Anna", ""), member("2", "Bo", "")];
        let owner = |of: &str, days| team("accounts/acme", of, pb::TeamRole::Owner, days);
        let owners = vec![
            owner("members/HR~2", [Some("2019-04-01"), None]),
            owner("members/HR~1", [Some("2018-01-01"), Some("2019-03-31")]),
        ];
        let all = vec![people, owners];
        send(&server, pb::RecordsMode::Upsert, all.clone()).await.expect("served");
        let (_, summary) = send(&server, pb::RecordsMode::Upsert, all).await.expect("served");
        assert_eq!(counts(&summary), [0, 0, 4, 0], "{summary:?}");
        // One that ended is not made longer, and that is told.
        let longer = team("accounts/acme", "members/HR~1", pb::TeamRole::Owner, [Some("2018-01-01"), Some("2019-05-31")]);
        let (results, _) = send(&server, pb::RecordsMode::Upsert, vec![vec![longer]]).await.expect("served");
        assert_eq!((results[0].outcome(), results[0].faults[0].field.as_str()), (pb::RecordOutcome::Refused, "valid_to"));
        for (day, id) in [("2018-01-01", "1"), ("2019-03-31", "1"), ("2019-04-01", "2"), ("2019-06-30", "2")] {
            let request = pb::ListTeamMembersRequest {
                parent: "accounts/acme".into(),
                as_of: Some(date(day)),
                ..pb::ListTeamMembersRequest::default()
            };
            let team = server.accounts().list_team_members(request).await.expect("served").into_inner();
            let names: Vec<String> = team.team_members.into_iter().map(|one| one.member).collect();
            assert_eq!(names, [found(&server, id).await.name], "{day}");
        }
    }

    async fn the_steps_of_an_import_of_records_have_their_order(server: TestServer) {
        let mut client = server.accounts();
        let chunk = |sequence| Ask::Chunk(pb::RecordsChunk { sequence, records: vec![member("1", "Anna", "")] });
        let header = || Ask::Header(pb::RecordsHeader::default());
        let empty = Ask::Chunk(pb::RecordsChunk { sequence: 1, records: vec![] });
        for (steps, reason, field) in [
            (vec![chunk(1)], "REQUEST_MALFORMED", "step"),
            (vec![header(), header()], "REQUEST_MALFORMED", "step"),
            (vec![header(), chunk(2)], "CHUNK_OUT_OF_ORDER", "chunk.sequence"),
            (vec![header(), empty], "FIELD_REQUIRED", "chunk.records"),
        ] {
            let steps: Vec<_> =
                steps.into_iter().map(|step| pb::ImportRecordsRequest { step: Some(step) }).collect();
            let mut answers =
                client.import_records(tokio_stream::iter(steps)).await.expect("a stream").into_inner();
            let refused = loop {
                match answers.message().await {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("{reason} was expected"),
                    Err(status) => break status,
                }
            };
            assert_refused(&refused, tonic::Code::InvalidArgument, reason, Some(field));
        }
    }

    async fn lists_of_people_and_teams_are_imported(server: TestServer) {
        let import = Import::new(&server);
        import.rows("", "R1,C1,2019-05-01,2019-05-31,USD,10\n", &[]).assert_all();
        let people = "Unsere Leute;;;;\n\nmember_id;display_name;manager_id;executive;negotiation\n\
            7;王芳;1;;4\n1;Größe, Greta;;ja;\n8;;;;\n9;Nina;;vielleicht;6\n";
        let people = import.write("people.csv", encoding_rs::GB18030.encode(people).0);
        let kind = |kind: &'static str, file: &str| import.run(&["--kind", kind, file], None);
        let said = kind("members", &people);
        said.assert_some().assert_told("read as gb18030").assert_told("headers in line 3");
        let refused = [(6, "display_name (column 2)".to_owned()), (7, "executive (column 4)".to_owned())];
        let mut told = said.refused();
        told.sort();
        assert_eq!(told, refused, "{}", said.errors);
        let get = |id: &str| pb::GetMemberRequest { name: format!("members/ERP~{id}") };
        let wang = server.accounts().get_member(get("7")).await.expect("there").into_inner();
        let greta = server.accounts().get_member(get("1")).await.expect("there").into_inner();
        assert_eq!((wang.display_name.as_str(), &wang.manager), ("王芳", &greta.name));
        assert!(greta.executive);
        let teams = "account_id,member_id,role,valid_from,valid_to,reason\nC1,7,owner,2019-01-01,,\nC1,1,Sponsor,2019-01-01,,\n\
            C2,7,owner,2019-01-01,,\nC1,7,king,2019-01-01,,\n";
        let teams = import.write("teams.csv", teams);
        let said = kind("teams", &teams);
        let mut told = said.assert_some().refused();
        told.sort();
        assert_eq!(told, [(4, "account_id (column 1)".to_owned()), (5, "role (column 3)".to_owned())], "{}", said.errors);
        said.assert_told("records created");
        let request = pb::ListTeamMembersRequest {
            parent: "accounts/ERP~C1".into(),
            ..pb::ListTeamMembersRequest::default()
        };
        let listed = server.accounts().list_team_members(request).await.expect("served").into_inner();
        assert_eq!(listed.team_members.len(), 2);
        // The same again is nothing.
        let file = import.write("again.csv", "account_id,member_id,role,valid_from\nC1,7,owner,2019-01-01\n");
        kind("teams", &file).assert_all();
        import.run(&["--kind", "teams", &file, "--until", "2019-01-01"], None).assert_asked("--until: for documents only");
        let other = import.write("other.csv", "account_id,role\nC1,owner\n");
        kind("members", &other).assert_asked("no line has the columns member_id");
    }

    async fn staff_is_imported_with_its_site_and_what_it_costs(server: TestServer) {
        let import = Import::new(&server);
        import.rows("", "R1,C1,2019-05-01,2019-05-31,USD,10\n", &[]).assert_all();
        let people = import.write("people.csv", "member_id,display_name\n1,Greta\n7,Wang Fang\n");
        let kind = |kind: &'static str, file: &str| import.run(&["--kind", kind, file], None);
        kind("members", &people).assert_all();
        let request = pb::UpdateAccountRequest {
            account: Some(pb::Account {
                name: "accounts/ERP~C1".into(),
                etag: account_etag(&server, "accounts/ERP~C1").await,
                sites: vec![pb::Site { site_id: "wuxi".into(), display_name: "Wuxi".into(), ..pb::Site::default() }],
                ..pb::Account::default()
            }),
            ..pb::UpdateAccountRequest::default()
        };
        server.accounts().update_account(request).await.expect("updated");
        crate::team::membership::embedding(&server, &[("ERP~C1", "A")]).await;
        let staff = import.write(
            "staff.csv",
            "account_id,member_id,role,site,cost_per_day,currency\nC1,7,specialist,wuxi,８50.5,cny\n\
             C1,1,specialist,hefei,,\nC1,1,service,,9.999,USD\nC1,1,service,,9,\nC1,1,service,,9,XQX\n",
        );
        let said = kind("teams", &staff);
        let mut told = said.assert_some().refused();
        told.sort();
        let refused = [(3, "site (column 4)"), (4, "cost_per_day (column 5)"), (5, "currency (column 6)"), (6, "currency (column 6)")];
        assert_eq!(told, refused.map(|(line, column)| (line, column.to_owned())), "{}", said.errors);
        let request = pb::ListTeamMembersRequest {
            parent: "accounts/ERP~C1".into(),
            ..pb::ListTeamMembersRequest::default()
        };
        let listed = server.accounts().list_team_members(request).await.expect("served").into_inner();
        let embedded = listed.team_members.last().expect("the specialist");
        let cost = pb::Money { currency_code: "CNY".into(), units: 850, nanos: 500_000_000 };
        assert_eq!((&*embedded.site, embedded.cost_per_day.clone()), ("wuxi", Some(cost)));
        let again = import.write("staff2.csv", "account_id,member_id,role,site\nC1,7,specialist,wuxi\n");
        kind("teams", &again).assert_all();
        let another = import.write(
            "another.csv",
            "account_id,member_id,role,site,cost_per_day,currency\nC1,7,specialist,wuxi,850.50,CNY\n\
             C1,7,specialist,wuxi,900,CNY\n",
        );
        let said = kind("teams", &another);
        assert_eq!(said.assert_some().refused(), [(3, "cost_per_day (column 5)".to_owned())], "{}", said.errors);
    }
}
