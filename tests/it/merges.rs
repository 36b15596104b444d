//! Records of one person that count as one: what is told of them, and that it is told as before once
//! that is undone.

mod accounts;
mod accounts_credit;
mod accounts_judged;
mod accounts_ledger;
mod accounts_people;
mod accounts_races;
mod accounts_read;
mod accounts_refused;
mod kept;
mod read;
mod refused;
mod sequences;

use serde_json::{Value as Json, json};
use tonic::Status;

use crate::contact::{account, person};
use crate::interaction::member;
use crate::support::ledger::{ACCOUNT, Desk, day, fresh, invoice};
use crate::support::{JsonCaller, TestServer};

pub fn on(days: i64) -> Json {
    let date = day(days);
    json!({"year": date.year, "month": date.month, "day": date.day})
}

pub struct World<'a> {
    pub server: &'a TestServer,
    caller: JsonCaller,
    /// The record that survives, and the other of the same person.
    pub li: String,
    pub lei: String,
    pub wu: String,
    pub talk: String,
    pub word: String,
}

impl<'a> World<'a> {
    pub async fn call(&self, method: &str, request: Json) -> Result<Json, Status> {
        self.caller.call(method, &request).await
    }

    pub async fn ok(&self, method: &str, request: Json) -> Json {
        let answer = self.call(method, request.clone()).await;
        answer.unwrap_or_else(|status| panic!("{method} {request}: {status}"))
    }

    pub async fn try_merge(
        &self,
        survivor: &str,
        losers: &[&str],
        only_look: bool,
    ) -> Result<Json, Status> {
        let request = json!({"survivor": survivor, "losers": losers, "reason": "the same phone",
            "validate_only": only_look, "request_id": fresh()});
        Ok(self.call("AccountService.MergeRecords", request).await?["merge"].clone())
    }

    pub async fn merge(&self, survivor: &str, losers: &[&str]) -> Json {
        self.try_merge(survivor, losers, false).await.expect("merged")
    }

    pub async fn undo(&self, loser: &str) -> Result<Json, Status> {
        let request = json!({"loser": loser, "reason": "two people", "request_id": fresh()});
        self.call("AccountService.UndoMerge", request).await
    }

    pub async fn talk(&self, on_day: i64, theirs: &[&str]) -> String {
        let theirs: Vec<Json> =
            theirs.iter().map(|name| json!({"contact": name, "satisfaction": 7})).collect();
        let date = day(on_day);
        let start = format!("{:04}-{:02}-{:02}T08:00:00Z", date.year, date.month, date.day);
        let interaction = json!({"channel": "INTERACTION_CHANNEL_VISIT", "direction": "INTERACTION_DIRECTION_OURS",
            "two_way": true, "start_time": start, "ours": ["members/wang"], "theirs": theirs, "purpose": "the plan"});
        let request =
            json!({"account": "accounts/acme", "interaction": interaction, "request_id": fresh()});
        let told = self.ok("InteractionService.RecordInteraction", request).await;
        told["interaction"]["name"].as_str().expect("a name").to_owned()
    }

    async fn seat(&self, account: &str, contact: &str, function: &str, from: i64) -> String {
        let position = json!({"function": function, "level": "POSITION_LEVEL_MANAGER", "valid_from": on(-900),
            "buying_roles": ["BUYING_ROLE_DECIDER"]});
        let request = json!({"account": account, "position": position});
        let made = self.ok("ContactService.CreatePosition", request).await;
        let seat = made["name"].as_str().expect("a name").to_owned();
        let request = json!({"contact": contact, "to_position": seat, "effective_date": on(from), "reason": "hired"});
        self.ok("ContactService.MoveContact", request).await;
        seat
    }

    async fn tie(&self, from: &str, to: &str, kind: &str) -> String {
        let tie = json!({"from": from, "to": to, "kind": kind, "valid_from": on(-50), "source": "he said so"});
        let made = self.ok("ContactService.CreateTie", json!({"tie": tie})).await;
        made["name"].as_str().expect("a name").to_owned()
    }

    async fn promise(&self, contact: &str, due: i64) -> String {
        let commitment = json!({"side": "COMMITMENT_SIDE_OURS", "member": "members/wang", "contact": contact,
            "text": "the report", "made_date": on(-30), "due_date": on(due)});
        let request =
            json!({"account": "accounts/acme", "commitment": commitment, "request_id": fresh()});
        let made = self.ok("InteractionService.CreateCommitment", request).await;
        made["commitment"]["name"].as_str().expect("a name").to_owned()
    }

    /// Nobody yet.
    pub fn bare(server: &'a TestServer) -> World<'a> {
        let caller = JsonCaller::new(server, "tester");
        let nobody = String::new;
        World {
            server,
            caller,
            li: nobody(),
            lei: nobody(),
            wu: nobody(),
            talk: nobody(),
            word: nobody(),
        }
    }

    /// One person of whom there are two records, and whatever can be kept of either.
    pub async fn build(server: &'a TestServer) -> World<'a> {
        account(server, "acme", &[]).await;
        member(server, "wang").await;
        member(server, "chen").await;
        let (li, lei, wu) = (
            person(server, "李雷").await,
            person(server, "Li Lei").await,
            person(server, "吴芳").await,
        );
        let mut world = World { li, lei, wu, ..World::bare(server) };
        let (li, lei, wu) = (world.li.clone(), world.lei.clone(), world.wu.clone());
        let update = json!({"contact": {"name": lei, "etag": world.etag(&lei).await, "phones": [{"value": "+8613812345678"}],
            "external_refs": [{"system": "CRM", "id": "77"}], "labels": {"class": "vip"}, "official": "OFFICIAL_STATUS_OFFICIAL"},
            "update_mask": "phones,externalRefs,labels,official"});
        world.ok("ContactService.UpdateContact", update).await;
        world.seat("accounts/acme", &li, "POSITION_FUNCTION_PROCUREMENT", -400).await;
        world.seat("accounts/acme", &lei, "POSITION_FUNCTION_FINANCE", -300).await;
        world.seat("accounts/acme", &wu, "POSITION_FUNCTION_QUALITY", -300).await;
        world.talk = world.talk(-20, &[&lei]).await;
        world.talk(-10, &[&li, &lei, &wu]).await;
        world.talk(-5, &[&li]).await;
        for who in [&li, &lei] {
            world.tie("members/wang", who, "TIE_KIND_COUNTERPART").await;
            world.tie(who, &wu, "TIE_KIND_CLASSMATE").await;
        }
        world.tie(&li, &lei, "TIE_KIND_ACQUAINTANCE").await;
        world.tie("members/chen", &lei, "TIE_KIND_RELATIVE").await;
        world.word = world.promise(&lei, 5).await;
        world.promise(&lei, -3).await;
        world.promise(&li, 9).await;
        let gift = json!({"kind": "GIFT_KIND_GIFT", "value": {"currency_code": "CNY", "units": "80"}, "occasion": "春节",
            "member": "members/wang", "contact": lei});
        let request = json!({"account": "accounts/acme", "gift": gift, "request_id": fresh()});
        world.ok("InteractionService.RegisterGift", request).await;
        let advice = json!({"text": "reinforce the roof", "member": "members/wang", "contact": lei, "date": on(-60)});
        let request = json!({"account": "accounts/acme", "advice": advice, "request_id": fresh()});
        world.ok("InteractionService.RecordAdvice", request).await;
        let mut desk = Desk::new(server);
        desk.post([invoice("I1", day(-40), "100.00", &[(day(-10), "100.00")])]).await;
        let item = desk.item_of("I1", day(0)).await.name;
        world.seat(ACCOUNT, &lei, "POSITION_FUNCTION_FINANCE", -200).await;
        let promise = json!({"account": ACCOUNT, "items": [item], "amount": {"currency_code": "USD", "units": "100"},
            "promise_date": on(-2), "pay_by_date": on(4), "contact": lei, "request_id": fresh()});
        world.ok("ReceivableService.RecordPromiseToPay", promise).await;
        world
    }

    pub async fn etag(&self, contact: &str) -> Json {
        self.ok("ContactService.GetContact", json!({"name": contact})).await["etag"].clone()
    }

    /// Whatever can be asked about them, and what it is answered with.
    pub async fn answers(&self) -> Vec<(String, Json)> {
        let mut asked: Vec<(&str, Json)> = Vec::new();
        for who in [&self.li, &self.lei, &self.wu] {
            asked.extend([
                ("ContactService.GetContact", json!({"name": who})),
                ("ContactService.ListIncumbencies", json!({"parent": who})),
                ("ContactService.ListTies", json!({"person": who})),
                (
                    "ContactService.FindIntroductions",
                    json!({"contact": who, "member": "members/wang"}),
                ),
                (
                    "InteractionService.ListInteractions",
                    json!({"parent": "accounts/-", "contact": who}),
                ),
                (
                    "InteractionService.ListCommitments",
                    json!({"parent": "accounts/-", "contact": who}),
                ),
                ("InteractionService.ListGifts", json!({"parent": "accounts/-", "contact": who})),
                ("InteractionService.ListAdvice", json!({"parent": "accounts/-", "contact": who})),
                ("InteractionService.GetTrustLedger", json!({"contact": who})),
                ("AccountService.ListTimeline", json!({"parent": who, "types": TYPES})),
                ("AccountService.SimulateDeparture", json!({"contact": who})),
                ("AccountService.SearchDirectory", json!({"like": who})),
            ]);
        }
        for text in ["李雷", "Li Lei", "13812345678", "77"] {
            asked.push(("AccountService.SearchDirectory", json!({"text": text})));
        }
        let acme = json!({"parent": "accounts/acme"});
        for method in [
            "ContactService.ListPositions",
            "ContactService.ListIncumbencies",
            "InteractionService.ListInteractions",
            "InteractionService.ListCommitments",
            "InteractionService.ListGifts",
            "InteractionService.ListAdvice",
            "AccountService.ListTimeline",
            "AccountService.ListWorkItems",
            "AccountService.ListFindings",
        ] {
            asked.push((method, acme.clone()));
        }
        asked.extend([
            ("ContactService.ListContacts", json!({"account": "accounts/acme"})),
            ("ContactService.ListContacts", json!({"show_deleted": true})),
            ("ContactService.ListTies", json!({})),
            ("ContactService.GetCoverage", json!({"account": "accounts/acme"})),
            ("ContactService.GetPowerMap", json!({"account": "accounts/acme"})),
            ("AccountService.GetAccountStatus", json!({"name": "accounts/acme"})),
            (
                "InteractionService.CalculateInteractionStats",
                json!({"group_by": "INTERACTION_GROUP_BY_MEMBER", "account": "accounts/acme",
                    "from_date": on(-100), "to_date": on(0)}),
            ),
            (
                "ReceivableService.GetReceivablesRisk",
                json!({"account": "accounts/acme", "view": "RISK_VIEW_FULL"}),
            ),
        ]);
        let mut all = Vec::new();
        for (method, request) in asked {
            let mut answer = self.ok(method, request.clone()).await;
            without_points(&mut answer);
            all.push((format!("{method} {request}"), answer));
        }
        all
    }

    pub async fn verify(&self) {
        crate::contact::verify(self.server).await;
    }
}

const TYPES: [&str; 5] = [
    "TIMELINE_TYPE_INTERACTION_HELD",
    "TIMELINE_TYPE_COMMITMENT_MADE",
    "TIMELINE_TYPE_POSITION_TAKEN",
    "TIMELINE_TYPE_POSITION_LEFT",
    "TIMELINE_TYPE_TIE_OPENED",
];

/// Takes out what differs from call to call, and the etags of contacts: a merge gives the survivor
/// another one.
fn without_points(answer: &mut Json) {
    match answer {
        Json::Object(fields) => {
            fields.retain(|name, _| {
                !["point", "knownAt", "evaluateTime", "etag"].contains(&name.as_str())
            });
            fields.values_mut().for_each(without_points);
        }
        Json::Array(all) => all.iter_mut().for_each(without_points),
        _ => {}
    }
}

/// Where two lists of answers differ.
pub fn assert_same(before: &[(String, Json)], after: &[(String, Json)]) {
    assert_eq!(before.len(), after.len());
    for ((question, before), (_, after)) in before.iter().zip(after) {
        assert_eq!(before, after, "{question}");
    }
}

pub fn names<'a>(list: &'a Json, field: &str) -> Vec<&'a str> {
    let all = list[field].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|one| one["name"].as_str()).collect()
}

on_both_engines! {
    async fn a24_after_merge_and_undo_every_answer_equals_the_one_before(server: TestServer) {
        let world = World::build(&server).await;
        let before = world.answers().await;
        let looked = world.try_merge(&world.li, &[&world.lei], true).await.expect("looked at");
        assert_eq!(looked["mergeTime"], Json::Null);
        assert_same(&before, &world.answers().await);
        let mut merged = world.merge(&world.li, &[&world.lei]).await;
        assert_ne!(merged["mergeTime"], Json::Null);
        world.verify().await;
        let between = world.answers().await;
        assert_ne!(before, between);
        merged["mergeTime"] = Json::Null;
        let mut looked = looked;
        looked["mergeTime"] = Json::Null;
        assert_eq!(merged, looked, "what was looked at is what was done");
        let undone = world.undo(&world.lei).await.expect("undone");
        assert_eq!((&undone["loser"], &undone["survivor"]), (&json!(world.lei), &json!(world.li)));
        world.verify().await;
        assert_same(&before, &world.answers().await);
        // And again: nothing of it is used up.
        world.merge(&world.li, &[&world.lei]).await;
        assert_same(&between.iter().map(without_merge).collect::<Vec<_>>(),
            &world.answers().await.iter().map(without_merge).collect::<Vec<_>>());
        world.verify().await;
    }

    async fn a24_a_merged_record_is_told_as_the_survivor_once(server: TestServer) {
        let world = World::build(&server).await;
        let (li, lei) = (world.li.as_str(), world.lei.as_str());
        let merged = world.merge(li, &[lei]).await;
        let counts = |field: &str| -> Vec<(String, String)> {
            let all = merged[field].as_array().cloned().unwrap_or_default();
            let told = |one: &Json| one.as_str().unwrap_or_default().to_owned();
            all.iter().map(|one| (told(&one["kind"]).replace("MERGED_RECORD_KIND_", ""), told(&one["records"]))).collect()
        };
        let told = |all: &[(&str, &str)]| -> Vec<(String, String)> {
            all.iter().map(|(kind, n)| ((*kind).to_owned(), (*n).to_owned())).collect()
        };
        assert_eq!(counts("moved"), told(&[("POSITION", "2"), ("TIE", "4"), ("INTERACTION", "2"),
            ("COMMITMENT", "2"), ("PROMISE", "1"), ("GIFT", "1"), ("ADVICE", "1")]));
        // The counterpart and the classmate twice, and a tie with himself; a talk with both records.
        assert_eq!(counts("folded"), told(&[("TIE", "3"), ("INTERACTION", "1")]));
        let conflicts: Vec<&str> = merged["conflicts"].as_array().expect("some").iter()
            .filter_map(|one| one["field"].as_str()).collect();
        assert_eq!(conflicts, ["display_name"], "of what only one of them says there is none");

        // By any of his names it is he, with the other record told beside.
        for name in [li, lei, "contacts/CRM~77"] {
            let he = world.ok("ContactService.GetContact", json!({"name": name})).await;
            assert_eq!((&he["name"], &he["displayName"]), (&json!(li), &json!("李雷")), "{name}");
            let other = &he["merged"][0];
            assert_eq!((&other["name"], &other["displayName"]), (&json!(lei), &json!("Li Lei")));
            assert_eq!((&other["phones"][0]["value"], &other["externalRefs"][0]["id"]),
                (&json!("+8613812345678"), &json!("77")));
            assert_eq!((&other["reason"], other["mergedBy"].is_string()), (&json!("the same phone"), true));
            assert_eq!(he["positions"].as_array().map(Vec::len), Some(3));
        }
        let contacts = world.ok("ContactService.ListContacts", json!({"show_deleted": true})).await;
        assert_eq!(names(&contacts, "contacts").len(), 2);
        let by_phone = world.ok("AccountService.SearchDirectory", json!({"text": "13812345678"})).await;
        assert_eq!((&by_phone["hits"][0]["name"], &by_phone["hits"][0]["displayName"]), (&json!(li), &json!("李雷")));

        let ties = world.ok("ContactService.ListTies", json!({"person": lei})).await;
        let kinds: Vec<&str> = ties["ties"].as_array().expect("some").iter().filter_map(|one| one["kind"].as_str()).collect();
        assert_eq!(kinds, ["TIE_KIND_COUNTERPART", "TIE_KIND_CLASSMATE", "TIE_KIND_RELATIVE"]);
        assert!(!ties.to_string().contains(lei));
        let by_page = json!({"page_size": 2});
        let first = world.ok("ContactService.ListTies", by_page.clone()).await;
        assert!(!first.to_string().contains(lei), "{first}");
        let talks = world.ok("InteractionService.ListInteractions", json!({"parent": "accounts/-", "contact": lei})).await;
        assert_eq!(names(&talks, "interactions").len(), 3);
        let both = &talks["interactions"][1]["theirs"];
        assert_eq!(both.as_array().map(Vec::len), Some(2), "{both}");
        // Two records in one talk are one touch: three with him, one of them with Wu.
        let coverage = world.ok("ContactService.GetCoverage", json!({"account": "accounts/acme"})).await;
        assert!(!coverage.to_string().contains(lei));
        let line = world.ok("AccountService.ListTimeline", json!({"parent": li, "with_counts": true})).await;
        let held = line["entries"].as_array().expect("some").iter()
            .filter(|one| one["type"] == "TIMELINE_TYPE_INTERACTION_HELD").count();
        assert_eq!(held, 3);
        let merges: Vec<&Json> = line["entries"].as_array().expect("some").iter()
            .filter(|one| one["type"] == "TIMELINE_TYPE_CONTACTS_MERGED").collect();
        assert_eq!((merges.len(), &merges[0]["contact"], &merges[0]["subject"]), (1, &json!(lei), &json!(lei)));
        let words = world.ok("InteractionService.ListCommitments", json!({"parent": "accounts/-", "contact": li})).await;
        assert_eq!(words["commitments"].as_array().map(Vec::len), Some(4), "three, and one to pay");
        assert!(!words.to_string().contains(lei));
        let gifts = world.ok("InteractionService.ListGifts", json!({"parent": "accounts/-", "contact": li})).await;
        assert_eq!(gifts["gifts"][0]["contact"], json!(li));

        // What is written by the other name is his, and so is what was settled of the other record.
        world.talk(0, &[lei]).await;
        let settled = world.ok("InteractionService.SettleCommitment", json!({"name": world.word,
            "settlement": "COMMITMENT_SETTLEMENT_KEPT", "evidence": [{"date": on(0), "note": "seen"}], "request_id": fresh()})).await;
        assert_eq!(settled["contact"], json!(li));
        let stale = json!({"contact": {"name": lei, "etag": "1", "display_name": "Lei"}, "update_mask": "displayName"});
        assert!(world.call("ContactService.UpdateContact", stale).await.is_err());
        world.verify().await;
    }
}

/// An answer without when it was merged, which differs from merge to merge.
fn without_merge((question, answer): &(String, Json)) -> (String, Json) {
    fn strip(answer: &mut Json) {
        match answer {
            Json::Object(fields) => {
                fields.remove("mergeTime");
                fields.values_mut().for_each(strip);
            }
            Json::Array(all) => all.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut answer = answer.clone();
    strip(&mut answer);
    (question.clone(), answer)
}
