//! Files of people and of what was between them, by the command line.

use ballast::pb;

use super::people::seats;
use crate::contact;
use crate::imports::Import;
use crate::interaction::member;

const CONTACTS: &str = "system,contact_id,name,phone,email,account_id,function,level,title,buying_roles,since,until,owner_member,labels\n";

on_both_engines! {
    async fn a_row_of_contacts_is_a_person_a_seat_and_whose_he_is(server: TestServer) {
        contact::account(&server, "acme", &[]).await;
        contact::account(&server, "beta", &[]).await;
        member(&server, "boss").await;
        let import = Import::new(&server);
        let run = |file: &str, more: &[&str]| {
            import.run(&[&["--kind", "contacts", file], more].concat(), None)
        };
        let rows = format!(
            "{CONTACTS}\
             CRM,7,李伟,+86 138 1234 5678,li@example.org,accounts/acme,procurement,manager,Head,decider; buyer,2018-01-31,,members/boss,vip=yes\n\
             CRM,7,李伟,,,accounts/beta,FINANCE,staff,Advisor,,2019-01-01,2019-03-31,,\n\
             CRM,8,,+86 139 0000 0000,,,,,,,,,,\n\
             CRM,9,Nan,,,accounts/acme,LEGAL,staff,Counsel,,,,,\n"
        );
        let file = import.write("people.csv", &rows);
        run(&file, &["--dry-run"]).assert_all().assert_told("records that would be created");
        assert_eq!(seats(&server, "acme").await.len(), 0, "a dry run writes nothing");
        run(&file, &[]).assert_all();
        let told = seats(&server, "acme").await;
        let expected = [
            ("Counsel", "Nan", "2019-06-30", ""),
            ("Head", "李伟", "2018-01-31", ""),
        ];
        let texts = |(a, b, c, d): (&str, &str, &str, &str)| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned());
        assert_eq!(told, expected.map(texts));
        assert_eq!(seats(&server, "beta").await, [texts(("Advisor", "李伟", "2019-01-01", "2019-03-31"))]);
        let li = contact::get(&server, "contacts/CRM~7").await.expect("there");
        assert_eq!((li.phones.len(), li.labels.len()), (1, 1));
        let request = pb::ListTiesRequest { person: li.name.clone(), ..pb::ListTiesRequest::default() };
        let ties = server.contacts().list_ties(request).await.expect("served").into_inner().ties;
        assert_eq!((ties.len(), ties[0].kind()), (1, pb::TieKind::Counterpart));
        let again = run(&file, &[]);
        again.assert_all().assert_told("records that were so already");
        assert!(!again.text.contains("changed             1"), "{}", again.text);
        contact::verify(&server).await;
    }

    async fn refused_rows_are_corrected_in_the_error_file_and_sent_again(server: TestServer) {
        contact::account(&server, "acme", &[]).await;
        let import = Import::new(&server);
        let rows = "id;Name;Konto;Bereich;Seit;Bemerkung\n\
             1;Müller, Jörg;accounts/acme;Einkauf;05.02.2018;x\n\
             2;Groß;accounts/acme;Küche;13.02.2018;x\n\
             3;Klein;accounts/lost;Einkauf;;x\n\
             4;Kurz\n";
        let mapping = import.write(
            "mapping.toml",
            "name = \"crm\"\nsource_system = \"CRM\"\n[columns]\ncontact_id = \"id\"\nname = \"Name\"\n\
             account_id = \"Konto\"\nfunction = \"Bereich\"\nsince = \"Seit\"\n\
             [values.function]\nEinkauf = \"PROCUREMENT\"\n",
        );
        let file = import.write("people.csv", encoding_rs::WINDOWS_1252.encode(rows).0);
        let run = |file: &str| import.run(&["--kind", "contacts", file, "--mapping", &mapping], None);
        let said = run(&file);
        said.assert_some().assert_told("windows-1252").assert_told("columns that are not read: Bemerkung");
        let mut told = said.refused();
        told.sort();
        let expected = [(3, "Bereich (column 4)"), (4, "Konto (column 3)"), (5, "")];
        assert_eq!(told, expected.map(|(line, column)| (line, column.to_owned())), "{}", said.errors);
        let mended = said.errors.replace("Küche", "Einkauf").replace("accounts/lost", "accounts/acme");
        let mended: String = mended.lines().filter(|line| !line.contains("ROW_MALFORMED")).map(|line| format!("{line}\n")).collect();
        let file = import.write("mended.csv", mended);
        run(&file).assert_all();
        assert_eq!(seats(&server, "acme").await.len(), 3);
    }

    async fn what_a_file_does_not_decide_is_asked_and_what_it_has_twice_too(server: TestServer) {
        contact::account(&server, "acme", &[]).await;
        let import = Import::new(&server);
        let run = |kind: &'static str, text: &str, more: &[&str]| {
            let file = import.write("file.csv", text);
            import.run(&[&["--kind", kind, &file], more].concat(), None)
        };
        let rows = "contact_id,name,account_id,function,since\n1,Li,accounts/acme,FINANCE,03/04/2018\n";
        run("contacts", rows, &[]).assert_asked("is the day or the month first");
        run("contacts", rows, &["--dates", "D/M/YYYY"]).assert_all();
        assert_eq!(seats(&server, "acme").await[0].2, "2018-04-03");
        run("contacts", "contact_id,name,name\n1,Li,Wei\n", &[]).assert_asked("two columns are called");
        run("contacts", "contact_id,title\n1,Li\n", &[]).assert_asked("no line has the columns contact_id, name");
        let said = run("contacts", "contact_id,name,account_id\n2.01E+08,Li,\n3,Wei,accounts/acme\n", &[]);
        let mut told = said.assert_some().refused();
        told.sort();
        assert_eq!(told, [(2, "contact_id (column 1)".to_owned()), (3, "function".to_owned())], "{}", said.errors);
        run("contacts", "contact_id,name\n1,Li\n", &["--mode", "create-only"]).assert_some();
        run("contacts", "contact_id,name\n1,Li\n", &["--explain"]).assert_told("contact_id");
        run("accounts", "account_id,display_name,sites,labels,related_party\nA7,Alpha,wuxi=Wuxi works@East;hefei=Hefei,tier=a,no\n", &[])
            .assert_all();
        let request = pb::GetAccountRequest { name: "accounts/ERP~A7".into() };
        let account = server.accounts().get_account(request).await.expect("there").into_inner();
        let sites: Vec<_> = account.sites.iter().map(|s| (s.site_id.as_str(), s.display_name.as_str(), s.region.as_str())).collect();
        assert_eq!(sites, [("wuxi", "Wuxi works", "East"), ("hefei", "Hefei", "")]);
    }

    async fn seats_talks_promises_and_gifts_come_from_their_files(server: TestServer) {
        contact::account(&server, "acme", &["wuxi"]).await;
        member(&server, "boss").await;
        member(&server, "aide").await;
        let import = Import::new(&server);
        let run = |kind: &'static str, text: &str| {
            let file = import.write(&format!("{kind}.csv"), text);
            let said = import.run(&["--kind", kind, &file, "--source-system", "CRM"], None);
            said.assert_all();
            said
        };
        run("contacts", "contact_id,name\n1,Li\n2,Wang\n");
        let seats_file = "account_id,function,level,site,title,position_id,reports_to_title,incumbent_contact_id,since,vacant_since,buying_roles\n\
             accounts/acme,PROCUREMENT,STAFF,wuxi,Buyer,P1,Head,1,2018-01-01,,BUYER\n\
             accounts/acme,PROCUREMENT,MANAGER,,Head,P2,,2,2017-01-01,2019-06-01,DECIDER\n";
        run("positions", seats_file);
        let told = seats(&server, "acme").await;
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!((told[1].0.as_str(), told[1].3.as_str()), ("Head", "2019-05-31"));
        let talks = "interaction_id,account_id,date,channel,time,actor,contact_ids,satisfaction,hours,cost,currency,outcome,next_topic,next_by,notes,two_way\n\
             V1,accounts/acme,2019-05-02,visit,9:30,members/boss;members/aide,1;2,8;,\"1,5\",\"1.200,50\",CNY,ORDERED,the fair,2019-09-01,\"two\nlines\",\n\
             V2,accounts/acme,2019-05-03,MESSAGE,,members/boss,1,,,,,,,,,\n";
        run("interactions", talks);
        let again = run("interactions", talks);
        again.assert_told("records that were so already");
        let request = pb::ListInteractionsRequest { parent: "accounts/acme".into(), ..pb::ListInteractionsRequest::default() };
        let talks = server.interactions().list_interactions(request).await.expect("served").into_inner().interactions;
        let (message, visit) = (&talks[0], &talks[1]);
        assert_eq!((message.two_way, visit.two_way), (Some(false), Some(true)));
        assert_eq!((visit.efforts.len(), visit.efforts[0].minutes), (2, 90));
        assert_eq!((visit.theirs[0].satisfaction, visit.theirs[1].satisfaction), (Some(8), None));
        assert_eq!(visit.cost.as_ref().map(|cost| cost.units), Some(1_200));
        assert_eq!((visit.notes.as_str(), visit.start_time.map(|t| t.seconds)), ("two\nlines", Some(1_556_789_400)));
        run(
            "commitments",
            "commitment_id,account_id,side,member_id,contact_id,text,made_date,due_date,interaction_id,settlement,settle_date,evidence\n\
             C1,accounts/acme,OURS,members/boss,1,the report,2019-05-02,2019-06-01,V1,KEPT,2019-05-20,mail\n",
        );
        run(
            "gifts",
            "gift_id,account_id,kind,value,currency,heads,date,occasion,member_id,contact_id,interaction_id\n\
             G1,accounts/acme,HOSPITALITY,180.00,CNY,4,2019-05-02,dinner,members/boss,1,V1\n",
        );
        run("ties", "from,to,kind,source\n1,2,CLASSMATE,he said so\n");
        contact::verify(&server).await;
    }
}

#[test]
fn the_error_file_is_none_that_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let mapping = "name = \"crm\"\nsource_system = \"CRM\"\n[columns]\ncontact_id = \"id\"\n";
    for (name, content) in [("people.csv", "id\n7\n"), ("mapping.toml", mapping)] {
        std::fs::write(path(name), content).expect("written");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_ballast"))
            .args(["import", "--kind", "contacts"])
            .arg(path("people.csv"))
            .arg("--errors")
            .arg(folder.path().join(".").join(name))
            .args(
                (name == "mapping.toml")
                    .then(|| ["--mapping".into(), path(name)])
                    .into_iter()
                    .flatten(),
            )
            .output()
            .expect("the command runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains("is read by this import"), "{told}");
        assert_eq!(std::fs::read_to_string(path(name)).expect("there"), content);
    }
}
