//! What is told of accounts that count as one customer: once, and of the account that survived.

use super::accounts::{NORTH, OLD, Shop, by, old_books};
use super::*;
use ballast::pb;

use crate::support::credit::moment;
use crate::support::ledger::{Settles as _, receipt};
use crate::tiers::runs;
use crate::work;

/// An account with a number.
async fn numbered(shop: &Shop<'_>, id: &str, tax_id: &str) {
    let account = json!({"display_name": id, "tax_id": tax_id,
        "external_refs": [{"system": "ERP", "id": id.to_uppercase()}]});
    let request = json!({"account_id": id, "account": account});
    shop.world.ok("AccountService.CreateAccount", request).await;
}

async fn findings(shop: &Shop<'_>, parent: &str, more: Json) -> Vec<Json> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let mut request = json!({"parent": parent, "page_size": 2, "page_token": token});
        let fields = request.as_object_mut().expect("a request");
        fields.extend(more.as_object().expect("fields").clone());
        let page = shop.world.ok("AccountService.ListFindings", request).await;
        all.extend(page["findings"].as_array().cloned().unwrap_or_default());
        token = page["nextPageToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            return all;
        }
    }
}

fn short(name: &Json, prefix: &str) -> String {
    name.as_str().unwrap_or_default().replace(prefix, "")
}

/// The codes of what is found of an account, of some that the test is about.
async fn codes(shop: &Shop<'_>, account: &str, as_of: i64) -> Vec<String> {
    let about = [
        "OWNER_MISSING",
        "DUPLICATE_SUSPECTED",
        "LAPSE_RISK",
        "ON_HOLD",
        "HOOK_EXPIRED",
        "OVER_CONTACT",
    ];
    let about: Vec<String> = about.iter().map(|code| format!("FINDING_CODE_{code}")).collect();
    let found = findings(shop, account, json!({"codes": about, "as_of": on(as_of)})).await;
    let mut codes: Vec<String> =
        found.iter().map(|one| short(&one["code"], "FINDING_CODE_")).collect();
    codes.sort();
    codes
}

/// The accounts of the book of which something is found.
async fn found_at(shop: &Shop<'_>, code: &str) -> Vec<String> {
    let found =
        findings(shop, "accounts/-", json!({"codes": [format!("FINDING_CODE_{code}")]})).await;
    found.iter().map(|one| short(&one["account"], "accounts/")).collect()
}

/// Which others an account is suspected to be the same as.
async fn duplicates(shop: &Shop<'_>, account: &str) -> Vec<String> {
    let code = json!({"codes": ["FINDING_CODE_DUPLICATE_SUSPECTED"]});
    let found = findings(shop, account, code).await;
    let others =
        found.iter().flat_map(|one| one["duplicates"].as_array().cloned().unwrap_or_default());
    others.map(|one| short(&one["account"], "accounts/")).collect()
}

/// Somebody of ours met somebody at an account.
async fn met(shop: &Shop<'_>, account: &str, on_day: i64, theirs: &str, more: Json) -> Json {
    let date = day(on_day);
    let start = format!("{:04}-{:02}-{:02}T08:00:00Z", date.year, date.month, date.day);
    let mut interaction = json!({"channel": "INTERACTION_CHANNEL_VISIT", "direction": "INTERACTION_DIRECTION_OURS",
        "two_way": true, "start_time": start, "ours": ["members/wang"], "theirs": [{"contact": theirs}], "purpose": "the plan"});
    let fields = interaction.as_object_mut().expect("an interaction");
    fields.extend(more.as_object().expect("fields").clone());
    let request = json!({"account": account, "interaction": interaction, "request_id": fresh()});
    shop.world.ok("InteractionService.RecordInteraction", request).await["interaction"].clone()
}

on_both_engines! {
    async fn a24_findings_about_a_customer_are_told_of_the_account_that_survived(server: TestServer) {
        let mut shop = Shop::bare(&server);
        for id in ["north", "old", "third"] {
            numbered(&shop, id, "DE 811").await;
        }
        let days = [-140, -130, -120, -110];
        let old: Vec<_> = days.iter().map(|on| by("old", invoice(&format!("I{on}"), day(*on), "9.00", &[(day(60), "9.00")]))).collect();
        shop.post(old).await;
        let hold = json!({"account": OLD, "scope": "CREDIT_HOLD_SCOPE_ACCOUNT", "reason": "rumors", "request_id": fresh()});
        shop.world.ok("CreditService.PlaceCreditHold", hold).await;
        let all = ["DUPLICATE_SUSPECTED", "LAPSE_RISK", "ON_HOLD", "OWNER_MISSING"];
        assert_eq!(codes(&shop, OLD, 0).await, all);
        assert_eq!(codes(&shop, NORTH, 0).await, ["DUPLICATE_SUSPECTED", "OWNER_MISSING"]);
        assert_eq!(duplicates(&shop, "accounts/third").await, ["north", "old"]);

        shop.merge().await;
        assert_eq!(codes(&shop, OLD, 0).await, ["ON_HOLD"], "what is held there is told there");
        assert_eq!(codes(&shop, NORTH, 0).await, all);
        assert_eq!(codes(&shop, OLD, -1).await, ["LAPSE_RISK", "OWNER_MISSING"], "of a day before it is told as it was");
        for (account, others) in [(NORTH, vec!["third"]), (OLD, vec![]), ("accounts/third", vec!["north"])] {
            assert_eq!(duplicates(&shop, account).await, others, "{account}");
        }
        for code in ["DUPLICATE_SUSPECTED", "OWNER_MISSING"] {
            assert_eq!(found_at(&shop, code).await, ["north", "third"], "{code}");
        }
        // Whoever is invoiced again, under whichever name, is not lost.
        shop.post(vec![by("old", invoice("I0", day(0), "9.00", &[(day(60), "9.00")]))]).await;
        assert_eq!(codes(&shop, NORTH, 0).await, ["DUPLICATE_SUSPECTED", "ON_HOLD", "OWNER_MISSING"]);

        shop.world.undo(OLD).await.expect("undone");
        assert_eq!(codes(&shop, OLD, 0).await, all);
        assert_eq!(codes(&shop, NORTH, 0).await, ["DUPLICATE_SUSPECTED", "OWNER_MISSING"]);
        assert_eq!(duplicates(&shop, NORTH).await, ["old", "third"]);
        assert_eq!(found_at(&shop, "OWNER_MISSING").await, ["north", "old", "third"]);
    }

    async fn a24_who_answers_for_the_money_of_a_customer_is_asked_wherever_it_owes(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        let told = async |shop: &Shop<'_>, account: &str| {
            let code = json!({"codes": ["FINDING_CODE_NO_LIVE_FINANCE_CONTACT"]});
            let listed = findings(shop, account, code).await.len();
            let status = shop.world.ok("AccountService.GetAccountStatus", json!({"name": account})).await;
            let of_status = status["findings"].as_array().into_iter().flatten();
            let is_it = |one: &&Json| one["code"] == json!("FINDING_CODE_NO_LIVE_FINANCE_CONTACT");
            (listed, of_status.filter(is_it).count())
        };
        // Somebody is known at both, and nobody who answers for the money.
        for account in [OLD, NORTH] {
            let seat = json!({"function": "POSITION_FUNCTION_QUALITY", "level": "POSITION_LEVEL_STAFF"});
            let seat = json!({"account": account, "position": seat, "request_id": fresh()});
            let seat = shop.world.ok("ContactService.CreatePosition", seat).await["name"].clone();
            let sits = json!({"contact": person(&server, account).await, "to_position": seat,
                "reason": "sits there", "request_id": fresh()});
            shop.world.ok("ContactService.MoveContact", sits).await;
        }
        shop.post(vec![by("old", invoice("I1", day(-5), "9.00", &[(day(25), "9.00")]))]).await;
        assert_eq!((told(&shop, OLD).await, told(&shop, NORTH).await), ((1, 1), (0, 0)));
        shop.merge().await;
        assert_eq!((told(&shop, OLD).await, told(&shop, NORTH).await), ((0, 0), (1, 1)));
        shop.world.undo(OLD).await.expect("undone");
        assert_eq!((told(&shop, OLD).await, told(&shop, NORTH).await), ((1, 1), (0, 0)));
    }

    async fn a24_what_was_found_of_a_hook_on_a_past_day_stays_found(server: TestServer) {
        let shop = Shop::open(&server).await;
        member(&server, "wang").await;
        let li = person(&server, "Li").await;
        let hook = json!({"next_hook": {"topic": "the plan", "by": self::on(-12), "contact": li}});
        met(&shop, OLD, -15, &li, hook).await;
        met(&shop, NORTH, -10, &li, json!({})).await;
        let on_days = async || (codes(&shop, OLD, -8).await, codes(&shop, OLD, 0).await);
        let found = vec!["HOOK_EXPIRED".to_owned(), "OWNER_MISSING".to_owned()];
        assert_eq!(on_days().await, (found.clone(), found.clone()));
        shop.merge().await;
        assert_eq!(on_days().await, (found.clone(), vec![]), "of a day before it is told as it was");
        shop.world.undo(OLD).await.expect("undone");
        assert_eq!(on_days().await, (found.clone(), found));
    }

    async fn a24_visits_at_accounts_of_one_customer_are_visits_to_it(server: TestServer) {
        let shop = Shop::open(&server).await;
        member(&server, "wang").await;
        let li = person(&server, "Li").await;
        for (account, on) in [(NORTH, -5), (OLD, -4), (NORTH, -3), (OLD, -2)] {
            met(&shop, account, on, &li, json!({})).await;
        }
        assert_eq!(found_at(&shop, "OVER_CONTACT").await, Vec::<String>::new());
        let elsewhere = person(&server, "Wu").await;
        let hook = json!({"next_hook": {"topic": "the plan", "by": self::on(-1), "contact": elsewhere}});
        met(&shop, OLD, -10, &elsewhere, hook).await;
        assert_eq!(found_at(&shop, "HOOK_EXPIRED").await, ["old"]);
        shop.merge().await;
        assert_eq!(found_at(&shop, "OVER_CONTACT").await, ["north"]);
        assert_eq!(codes(&shop, NORTH, 0).await, ["OVER_CONTACT", "OWNER_MISSING"]);
        assert_eq!(codes(&shop, OLD, 0).await, ["HOOK_EXPIRED"], "what was left there is told there");
        let code = json!({"codes": ["FINDING_CODE_OVER_CONTACT"]});
        let evidence = findings(&shop, NORTH, code).await[0]["evidence"].as_array().cloned().expect("some");
        assert_eq!(evidence.iter().filter(|name| name.as_str().is_some_and(|name| name.starts_with(OLD))).count(), 2);
        // Whoever meets somebody at the survivor met the customer.
        met(&shop, NORTH, 0, &elsewhere, json!({})).await;
        assert_eq!(found_at(&shop, "HOOK_EXPIRED").await, Vec::<String>::new());
        shop.world.undo(OLD).await.expect("undone");
        assert_eq!(found_at(&shop, "HOOK_EXPIRED").await, ["old"]);
        assert_eq!(found_at(&shop, "OVER_CONTACT").await, Vec::<String>::new());
    }

    async fn a24_a_search_finds_the_account_that_survived_by_whatever_its_losers_are_found_by(server: TestServer) {
        let shop = Shop::bare(&server);
        for (id, name, tax_id) in [("north", "Nordlicht", "DE 1"), ("old", "Hansekontor", "DE 811"), ("third", "Elbspeicher", "DE 811")] {
            let account = json!({"display_name": name, "tax_id": tax_id,
                "external_refs": [{"system": "ERP", "id": format!("K-{id}")}]});
            let request = json!({"account_id": id, "account": account});
            shop.world.ok("AccountService.CreateAccount", request).await;
        }
        let etag = shop.get(OLD).await["etag"].clone();
        let account = json!({"name": OLD, "display_name": "Kornhaus", "etag": etag});
        let renamed = json!({"account": account, "update_mask": "displayName"});
        shop.world.ok("AccountService.UpdateAccount", renamed).await;
        assert_eq!(hits(&shop, json!({"text": "Kornhaus"})).await, [hit("old", &["NAME Kornhaus"])]);
        assert_eq!(hits(&shop, json!({"like": NORTH})).await, []);
        assert_eq!(hits(&shop, json!({"like": "accounts/third"})).await, [hit("old", &["TAX_ID DE 811"])]);

        shop.merge().await;
        for (text, found) in [("Kornhaus", "NAME Kornhaus"), ("Hansekontor", "FORMER_NAME Hansekontor"),
            ("K-old", "EXTERNAL_REF K-old"), ("Nordlicht", "NAME Nordlicht"), ("K-north", "EXTERNAL_REF K-north")] {
            assert_eq!(hits(&shop, json!({"text": text})).await, [hit("north", &[found])], "{text}");
        }
        assert_eq!(hits(&shop, json!({"text": "DE 811"})).await,
            [hit("north", &["TAX_ID DE 811"]), hit("third", &["TAX_ID DE 811"])]);
        assert_eq!(hits(&shop, json!({"like": "accounts/third"})).await, [hit("north", &["TAX_ID DE 811"])]);
        for like in [NORTH, OLD, "accounts/ERP~K-old"] {
            assert_eq!(hits(&shop, json!({"like": like})).await, [hit("third", &["TAX_ID DE 811"])], "{like}");
        }
        shop.world.undo(OLD).await.expect("undone");
        assert_eq!(hits(&shop, json!({"text": "Kornhaus"})).await, [hit("old", &["NAME Kornhaus"])]);
        assert_eq!(hits(&shop, json!({"like": NORTH})).await, []);
    }

    async fn a24_what_a_loser_turned_over_counts_for_the_survivor_whose_class_it_has(server: TestServer) {
        classified(&server, pb::TierPopulation::Accounts).await;
    }

    async fn a24_in_runs_over_groups_a_loser_counts_for_the_survivor(server: TestServer) {
        classified(&server, pb::TierPopulation::Groups).await;
    }

    async fn a24_a_customer_is_met_and_asked_for_its_money_by_who_answers_for_the_survivor(server: TestServer) {
        use pb::WorkItemKind as Kind;
        let mut shop = Shop::open(&server).await;
        let (wang, chen, li) = (member(&server, "wang").await, member(&server, "chen").await, person(&server, "Li").await);
        work::cadences(&server).await;
        for (account, owner) in [("north", &wang), ("old", &chen)] {
            work::assign(&server, account, owner, pb::TeamRole::Owner).await;
            work::give(&server, account, "A", 0).await;
        }
        met(&shop, NORTH, -90, &li, json!({})).await;
        met(&shop, OLD, -40, &li, json!({})).await;
        shop.post(old_books()).await;
        let cadence = Kind::Cadence;
        let alone = [("north".to_owned(), wang.clone(), on_date(-60)), ("old".to_owned(), chen.clone(), on_date(-10))];
        assert_eq!(items(&server, work::of("-"), cadence).await, alone);
        let overdue = |member: &String| [("old".to_owned(), member.clone(), on_date(-10))];
        assert_eq!(items(&server, work::of("-"), Kind::OverdueReceivable).await, overdue(&chen));

        shop.merge().await;
        let together = [("north".to_owned(), wang.clone(), on_date(-10))];
        for asked in [work::of("-"), work::of("north"), work::his(&wang)] {
            assert_eq!(items(&server, asked, cadence).await, together, "who was met there was met");
        }
        for asked in [work::of("old"), work::his(&chen)] {
            assert_eq!(items(&server, asked, cadence).await, []);
        }
        for asked in [work::of("-"), work::of("old"), work::his(&wang)] {
            assert_eq!(items(&server, asked, Kind::OverdueReceivable).await, overdue(&wang));
        }
        assert_eq!(items(&server, work::his(&chen), Kind::OverdueReceivable).await, []);
        let north = shop.world.ok("AccountService.GetAccountStatus", json!({"name": NORTH})).await;
        assert_eq!((&north["relationship"]["nextDue"], &north["relationship"]["lastRealTouch"]), (&self::on(-10), &self::on(-40)));
        // What is planned at either is planned with the customer.
        let plan = json!({"channel": "INTERACTION_CHANNEL_VISIT", "direction": "INTERACTION_DIRECTION_OURS", "two_way": true,
            "start_time": "2019-07-01T08:00:00Z", "ours": [chen], "theirs": [{"contact": li}], "purpose": "the plan"});
        let plan = json!({"account": OLD, "interaction": plan, "request_id": fresh()});
        shop.world.ok("InteractionService.PlanInteraction", plan).await;
        assert_eq!(items(&server, work::of("-"), cadence).await, together, "it would be too late");
        met(&shop, OLD, -20, &li, json!({})).await;
        assert_eq!(items(&server, work::of("-"), cadence).await, []);
        let visits = items(&server, work::of("-"), Kind::PlannedVisit).await;
        assert_eq!(visits, [("old".to_owned(), chen.clone(), on_date(1))], "as it was agreed");

        shop.world.undo(OLD).await.expect("undone");
        assert_eq!(items(&server, work::of("-"), cadence).await, alone[..1]);
        assert_eq!(items(&server, work::of("-"), Kind::OverdueReceivable).await, overdue(&chen));
    }

    async fn a24_a_customer_is_asked_once_how_it_goes_and_greeted_once(server: TestServer) {
        use pb::WorkItemKind as Kind;
        let mut shop = Shop::open(&server).await;
        for account in ["north", "old"] {
            work::give(&server, account, "A", 0).await;
        }
        for (account, no, days) in [("old", "I1", [-20, -10]), ("north", "I2", [-15, -3])] {
            let [sold, paid] = days;
            let document = by(account, invoice(no, day(sold), "10.00", &[(day(30), "10.00")]));
            shop.post(vec![document, by(account, receipt(&format!("R{no}"), day(paid), "10.00").settles(no))]).await;
        }
        let at = |id: &str, due: i64| (id.to_owned(), "members/unassigned".to_owned(), on_date(due));
        assert_eq!(items(&server, work::of("-"), Kind::Care).await, [at("old", -3), at("north", 4)]);
        shop.merge().await;
        for asked in [work::of("-"), work::of("north")] {
            assert_eq!(items(&server, asked, Kind::Care).await, [at("north", -3)], "since it first paid anything");
        }
        assert_eq!(items(&server, work::of("old"), Kind::Care).await, []);
        // Mid-Autumn of 2019.
        server.clock().set(moment(75));
        let greeted = |id: &str| (id.to_owned(), "members/unassigned".to_owned(), on_date(75));
        assert_eq!(items(&server, work::of("-"), Kind::Occasion).await, [greeted("north")]);
        assert_eq!(items(&server, work::of("old"), Kind::Occasion).await, []);
        let li = person(&server, "Li").await;
        member(&server, "wang").await;
        met(&shop, OLD, 74, &li, json!({})).await;
        assert_eq!(items(&server, work::of("-"), Kind::Occasion).await, [], "met there, it is greeted");
        shop.world.undo(OLD).await.expect("undone");
        assert_eq!(items(&server, work::of("-"), Kind::Occasion).await, [greeted("north")]);
    }
}

/// What is to be done of a kind: at which account, by whom and by when.
async fn items(
    server: &TestServer,
    asked: pb::ListWorkItemsRequest,
    kind: pb::WorkItemKind,
) -> Vec<(String, String, Option<pb::Date>)> {
    let asked = pb::ListWorkItemsRequest { kinds: vec![kind.into()], ..asked };
    let all = work::list(server, asked).await.into_iter();
    all.map(|item| (item.account.replace("accounts/", ""), item.member, item.due_date)).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "as an answer has it")]
fn on_date(n: i64) -> Option<pb::Date> {
    Some(day(n))
}

/// An account that is found, and by which of its keys.
type Hit = (String, Vec<String>);

fn hit(id: &str, matches: &[&str]) -> Hit {
    (id.to_owned(), matches.iter().map(|one| (*one).to_owned()).collect())
}

async fn hits(shop: &Shop<'_>, mut question: Json) -> Vec<Hit> {
    question["kinds"] = json!(["DIRECTORY_KIND_ACCOUNT"]);
    let found = shop.world.ok("AccountService.SearchDirectory", question).await;
    let matched = |one: &Json| {
        format!("{} {}", short(&one["kind"], "LOOKUP_KIND_"), short(&one["value"], ""))
    };
    let told = |one: &Json| {
        let matches = one["matchedOn"].as_array().cloned().unwrap_or_default();
        (short(&one["name"], "accounts/"), matches.iter().map(matched).collect())
    };
    found["hits"].as_array().cloned().unwrap_or_default().iter().map(told).collect()
}

/// The class of an account, by its status.
async fn class_of(shop: &Shop<'_>, account: &str) -> Json {
    let status = shop.world.ok("AccountService.GetAccountStatus", json!({"name": account})).await;
    status["service"]["tier"].clone()
}

/// How many are ranked in a run of a day, and how many accounts it finds in classes A and C.
async fn ranked(server: &TestServer, on_day: i64) -> (i64, [i64; 2]) {
    server.clock().set(moment(on_day));
    let answer = runs::run(server, runs::applied(on_day)).await.expect("a run");
    let run = answer.run.expect("a run");
    let found = runs::counts(&run);
    let raw = |code: &str| found.iter().filter(|(of, ..)| *of == code).map(|(_, raw, _)| raw).sum();
    (run.ranked, ["A", "C"].map(raw))
}

async fn classified(server: &TestServer, population: pb::TierPopulation) {
    let shop = Shop::open(server).await;
    shop.account("big", "").await;
    runs::sell(server, -5, &[("BIG", 100), ("NORTH", 60), ("OLD", 120)]).await;
    let policy = pb::TierPolicy { population: population.into(), ..runs::two() };
    runs::in_force(server, policy).await;
    assert_eq!(ranked(server, 0).await, (3, [1, 2]));
    assert_eq!(
        (class_of(&shop, OLD).await, class_of(&shop, NORTH).await),
        (json!("A"), json!("C"))
    );
    shop.merge().await;
    assert_eq!(class_of(&shop, OLD).await, json!("C"), "as the survivor, before any run too");
    // It is ranked with what both turned over, and the other stands with it.
    assert_eq!(ranked(server, 1).await, (2, [2, 1]));
    assert_eq!(
        (class_of(&shop, OLD).await, class_of(&shop, NORTH).await),
        (json!("A"), json!("A"))
    );
    assert_eq!(class_of(&shop, "accounts/big").await, json!("C"));
    shop.world.undo(OLD).await.expect("undone");
    assert_eq!(ranked(server, 2).await, (3, [1, 2]));
    assert_eq!(class_of(&shop, OLD).await, json!("A"));
}
