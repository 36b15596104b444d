//! Accounts of one customer: the books of each stay its own, what comes next is the survivor's, and
//! nothing that was told of a day is told otherwise.

use ballast::pb;

use super::*;
use crate::support::ledger::{Settles, receipt, text};

pub const NORTH: &str = "accounts/north";
pub const OLD: &str = "accounts/old";

/// Two accounts of one customer, each known to the ERP.
pub struct Shop<'a> {
    pub world: World<'a>,
    pub desk: Desk,
}

pub fn by(id: &str, document: pb::Document) -> pb::Document {
    pb::Document { payer: format!("accounts/ERP~{}", id.to_uppercase()), ..document }
}

impl<'a> Shop<'a> {
    pub fn bare(server: &'a TestServer) -> Self {
        Self { world: World::bare(server), desk: Desk::new(server) }
    }

    pub async fn open(server: &'a TestServer) -> Self {
        let shop = Self::bare(server);
        shop.account("north", "").await;
        shop.account("old", "").await;
        shop
    }

    pub async fn account(&self, id: &str, parent: &str) {
        let account = json!({"display_name": id, "parent": parent,
            "external_refs": [{"system": "ERP", "id": id.to_uppercase()}]});
        let request = json!({"account_id": id, "account": account});
        self.world.ok("AccountService.CreateAccount", request).await;
    }

    pub async fn get(&self, name: &str) -> Json {
        self.world.ok("AccountService.GetAccount", json!({"name": name})).await
    }

    pub async fn reparent(&self, name: &str, parent: &str) -> Result<Json, Status> {
        let etag = self.get(name).await["etag"].clone();
        let account = json!({"name": name, "parent": parent, "etag": etag});
        let request = json!({"account": account, "update_mask": "parent"});
        self.world.call("AccountService.UpdateAccount", request).await
    }

    /// Outcome and account of each document, in their order.
    pub async fn post(&mut self, documents: Vec<pb::Document>) -> Vec<(String, String)> {
        let results = self.desk.post(documents).await;
        let told = |result: &pb::PostResult| {
            let outcome = result.outcome().as_str_name().replace("POST_OUTCOME_", "");
            let account = result.document.split("/documents/").next().unwrap_or_default();
            (outcome, account.to_owned())
        };
        results.iter().map(told).collect()
    }

    /// What is open at an account: document number and amount, by number.
    pub async fn open_at(&mut self, account: &str) -> Vec<(String, String)> {
        let request = pb::ListOpenItemsRequest {
            parent: account.into(),
            page_size: 1000,
            ..pb::ListOpenItemsRequest::default()
        };
        let items = self.desk.client.list_open_items(request).await.expect("items").into_inner();
        let no = |item: &pb::OpenItem| item.key.as_ref().map_or("", |k| &k.document_no).to_owned();
        let mut open: Vec<(String, String)> =
            items.items.iter().map(|item| (no(item), text(&item.open))).collect();
        open.sort();
        open
    }

    /// The name of the open item of a document.
    async fn item(&mut self, account: &str, document_no: &str) -> String {
        let request = pb::ListOpenItemsRequest {
            parent: account.into(),
            ..pb::ListOpenItemsRequest::default()
        };
        let items = self.desk.client.list_open_items(request).await.expect("items").into_inner();
        let is_it = |item: &&pb::OpenItem| {
            item.key.as_ref().is_some_and(|key| key.document_no == document_no)
        };
        items.items.iter().find(is_it).expect("it is open").name.clone()
    }

    /// The balance in USD, with the point it was told at.
    pub async fn balance(
        &mut self,
        account: &str,
        include_group: bool,
        as_of: pb::Date,
        known_at: Option<prost_types::Timestamp>,
    ) -> (String, Option<prost_types::Timestamp>) {
        let request = pb::GetAgingRequest {
            account: account.into(),
            include_group,
            as_of: Some(as_of),
            known_at,
            ..pb::GetAgingRequest::default()
        };
        let answer = self.desk.aging(request).await;
        let balance = answer.currencies.first().map_or("0.00".into(), |c| text(&c.balance));
        (balance, answer.point.and_then(|point| point.known_at))
    }

    pub async fn now(&mut self, account: &str, include_group: bool) -> String {
        self.balance(account, include_group, day(0), None).await.0
    }

    pub async fn merge(&self) -> Json {
        self.world.merge(NORTH, &[OLD]).await
    }

    async fn clear(&self, account: &str, credit: &str, debit: &str) -> Result<Json, Status> {
        let allocation = json!({"credit_item": credit, "debit_item": debit});
        let request =
            json!({"account": account, "allocations": [allocation], "request_id": fresh()});
        self.world.call("ReceivableService.ClearItems", request).await
    }

    /// Whatever is told of both accounts, but for their etags and when they were changed.
    async fn answers(&self) -> Vec<(String, Json)> {
        let mut all = Vec::new();
        for name in [NORTH, OLD, "accounts/ERP~OLD"] {
            for (method, request) in [
                ("AccountService.GetAccount", json!({"name": name})),
                ("AccountService.ListAccounts", json!({"parent": name})),
                ("AccountService.GetAccountStatus", json!({"name": name})),
                ("ReceivableService.GetAging", json!({"account": name, "include_group": true})),
                (
                    "ReceivableService.GetAging",
                    json!({"account": name, "include_group": true, "as_of": on(-3)}),
                ),
                ("ReceivableService.ListOpenItems", json!({"parent": name, "include_group": true})),
                (
                    "ReceivableService.GetStatement",
                    json!({"account": name, "from_date": on(-100), "to_date": on(0)}),
                ),
                ("CreditService.GetCreditProfile", json!({"account": name})),
                ("AccountService.ListTimeline", json!({"parent": name})),
                ("AccountService.ListWorkItems", json!({"parent": name})),
            ] {
                let answer = self.world.call(method, request.clone()).await;
                let mut answer = answer.unwrap_or_else(|refused| json!(refused.message()));
                untimed(&mut answer);
                all.push((format!("{method} {request}"), answer));
            }
        }
        all
    }

    pub async fn verify(&mut self) {
        let server = self.world.server;
        self.desk.verify(server).await;
    }
}

fn untimed(answer: &mut Json) {
    match answer {
        Json::Object(fields) => {
            let times = ["point", "knownAt", "evaluateTime", "etag", "updateTime"];
            fields.retain(|name, _| !times.contains(&name.as_str()));
            fields.values_mut().for_each(untimed);
        }
        Json::Array(all) => all.iter_mut().for_each(untimed),
        _ => {}
    }
}

fn told(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

pub fn old_books() -> Vec<pb::Document> {
    vec![
        by("old", invoice("I1", day(-40), "100.00", &[(day(-10), "100.00")])),
        by("north", invoice("I2", day(-30), "50.00", &[(day(5), "50.00")])),
        by("old", receipt("R0", day(-20), "10.00")),
    ]
}

on_both_engines! {
    async fn a24_last_nights_file_is_nothing_new_and_a_receipt_for_an_old_invoice_settles_it(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        shop.post(old_books()).await;
        let (alone, known) = shop.balance(NORTH, true, day(0), None).await;
        assert_eq!((alone.as_str(), shop.now(OLD, false).await.as_str()), ("50.00", "90.00"));
        shop.merge().await;
        for name in [OLD, "accounts/ERP~OLD"] {
            let old = shop.get(name).await;
            assert_eq!((&old["name"], &old["mergedInto"], &old["parent"]), (&json!(OLD), &json!(NORTH), &json!(NORTH)));
        }
        shop.verify().await;
        // The same file again.
        assert_eq!(shop.post(old_books()).await,
            told(&[("ALREADY_POSTED", OLD), ("ALREADY_POSTED", NORTH), ("ALREADY_POSTED", OLD)]));
        // What is new is the survivor's, whichever of the two it names; what settles or corrects what the loser has
        // is the loser's.
        let between = vec![
            by("old", invoice("I3", day(-1), "30.00", &[(day(20), "30.00")])),
            by("old", receipt("R1", day(-1), "60.00").settles("I1")),
            by("north", receipt("R2", day(-1), "40.00").settles("I1")),
            by("old", receipt("R3", day(-1), "30.00").settles("I3")),
            by("old", receipt("R4", day(-1), "5.00")),
        ];
        let posted = [("POSTED", NORTH), ("POSTED", OLD), ("POSTED", OLD), ("POSTED", NORTH), ("POSTED", NORTH)];
        assert_eq!(shop.post(between.clone()).await, told(&posted));
        assert_eq!(shop.open_at(OLD).await, told(&[("R0", "-10.00")]));
        assert_eq!(shop.open_at(NORTH).await, told(&[("I2", "50.00"), ("R4", "-5.00")]));
        let mut corrected = old_books().remove(0);
        corrected.key.as_mut().expect("a key").document_no = "I1".into();
        corrected.source_version = 2;
        corrected.gross = Some(crate::support::ledger::usd("120.00"));
        corrected.instalments[0].amount = corrected.gross.clone();
        assert_eq!(shop.post(vec![corrected.clone()]).await, told(&[("REVISED", OLD)]));
        assert_eq!(shop.open_at(OLD).await, told(&[("I1", "20.00"), ("R0", "-10.00")]));
        assert_eq!((shop.now(NORTH, false).await, shop.now(OLD, false).await, shop.now(NORTH, true).await),
            ("45.00".to_owned(), "10.00".to_owned(), "55.00".to_owned()));
        // As known before, everything is as it was.
        assert_eq!(shop.balance(NORTH, true, day(0), known).await.0, "50.00");
        assert_eq!(shop.balance(OLD, true, day(0), known).await.0, "90.00");
        assert_eq!(shop.balance(OLD, true, day(-15), known).await.0, "90.00");
        shop.verify().await;

        shop.world.undo("accounts/ERP~OLD").await.expect("undone");
        let old = shop.get(OLD).await;
        assert_eq!((&old["mergedInto"], &old["parent"]), (&Json::Null, &Json::Null));
        shop.verify().await;
        // What was posted between stays where it is, and is nothing new either.
        let again: Vec<(String, String)> =
            posted.iter().map(|(_, account)| ("ALREADY_POSTED".to_owned(), (*account).to_owned())).collect();
        assert_eq!(shop.post(between).await, again);
        assert_eq!(shop.post(vec![corrected]).await, told(&[("ALREADY_POSTED", OLD)]));
        let next = by("old", invoice("I4", day(0), "7.00", &[(day(20), "7.00")]));
        assert_eq!(shop.post(vec![next]).await, told(&[("POSTED", OLD)]));
        assert_eq!((shop.now(NORTH, true).await, shop.now(OLD, true).await), ("45.00".to_owned(), "17.00".to_owned()));
        assert_eq!(shop.balance(NORTH, true, day(0), known).await.0, "50.00");
        shop.verify().await;
    }

    async fn a24_a_merge_tells_the_money_on_each_side_and_what_is_open(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        shop.post(old_books()).await;
        let hold = json!({"account": OLD, "scope": "CREDIT_HOLD_SCOPE_ACCOUNT", "reason": "rumors", "request_id": fresh()});
        shop.world.ok("CreditService.PlaceCreditHold", hold).await;
        let block = json!({"name": OLD, "reason": "double"});
        shop.world.ok("AccountService.BlockAccount", block).await;
        let before = shop.answers().await;
        let looked = shop.world.try_merge(NORTH, &["accounts/ERP~OLD"], true).await.expect("looked at");
        assert_same(&before, &shop.answers().await);
        let side = |name: &str, units: &str| json!({"account": name, "open": [{"currencyCode": "USD", "units": units}]});
        assert_eq!(looked["sides"], json!([side(NORTH, "50"), side(OLD, "90")]));
        let kinds: Vec<(&Json, &Json)> = looked["moved"].as_array().expect("some").iter()
            .map(|one| (&one["kind"], &one["records"])).collect();
        assert_eq!(kinds, [(&json!("MERGED_RECORD_KIND_ITEM"), &json!("2")), (&json!("MERGED_RECORD_KIND_HOLD"), &json!("1"))]);
        let fields: Vec<&Json> = looked["conflicts"].as_array().expect("some").iter().map(|one| &one["field"]).collect();
        assert_eq!(fields, [&json!("display_name"), &json!("state")]);
        let mut merged = shop.merge().await;
        assert_ne!(merged["mergeTime"], Json::Null);
        merged.as_object_mut().expect("fields").remove("mergeTime");
        let mut looked = looked;
        looked.as_object_mut().expect("fields").remove("mergeTime");
        assert_eq!(merged, looked, "what was looked at is what was done");
    }

    async fn a24_after_merge_and_undo_of_accounts_every_answer_equals_the_one_before(server: TestServer) {
        let mut shop = Shop::bare(&server);
        for (id, parent) in [("above", ""), ("north", ""), ("old", "accounts/above"), ("below", "accounts/old")] {
            shop.account(id, parent).await;
        }
        shop.post(old_books()).await;
        shop.post(vec![by("below", invoice("I9", day(-9), "9.00", &[(day(9), "9.00")]))]).await;
        let before = shop.answers().await;
        assert_eq!(shop.now("accounts/above", true).await, "99.00");
        shop.merge().await;
        assert_eq!((shop.now("accounts/above", true).await, shop.now(NORTH, true).await), ("0.00".into(), "149.00".into()));
        // The group of days before is that of those days.
        assert_eq!(shop.balance("accounts/above", true, day(-1), None).await.0, "0.00", "linked today, it was there under nobody");
        shop.verify().await;
        shop.world.undo(OLD).await.expect("undone");
        shop.verify().await;
        assert_same(&before, &shop.answers().await);
        // Nothing of it is used up; and a day later it is taken back from its first day on.
        shop.merge().await;
        server.clock().set("2019-07-01T12:00:00Z".parse().expect("a time"));
        assert_eq!(shop.balance(NORTH, true, day(1), None).await.0, "149.00");
        shop.world.undo(OLD).await.expect("undone");
        for as_of in [day(0), day(1)] {
            assert_eq!(shop.balance(NORTH, true, as_of, None).await.0, "50.00");
            assert_eq!(shop.balance("accounts/above", true, as_of, None).await.0, "99.00");
        }
        shop.verify().await;
    }

    async fn a24_items_of_accounts_that_count_as_one_are_cleared_with_each_others(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        shop.post(old_books()).await;
        let (credit, debit) = (shop.item(OLD, "R0").await, shop.item(NORTH, "I2").await);
        let across = super::refused::told(shop.clear(NORTH, &credit, &debit).await);
        assert_eq!(across.0, "CLEARING_ACROSS_ACCOUNTS", "they are two");
        shop.merge().await;
        let cleared = shop.clear(NORTH, &credit, &debit).await.expect("cleared");
        assert_eq!(shop.open_at(NORTH).await, told(&[("I2", "40.00")]));
        assert_eq!(shop.open_at(OLD).await, told(&[("I1", "100.00")]));
        let reset = json!({"name": cleared["name"], "reason": "a mistake", "request_id": fresh()});
        shop.world.ok("ReceivableService.ResetClearing", reset).await;
        // The oldest due of both.
        let request = json!({"account": NORTH, "oldest_first_credits": [credit], "request_id": fresh()});
        shop.world.ok("ReceivableService.ClearItems", request).await;
        assert_eq!(shop.open_at(OLD).await, told(&[("I1", "90.00")]));
        // A receipt that names documents of both is the survivor's, and settles them.
        let both = by("old", receipt("R5", day(0), "140.00").settles("I1").settles("I2"));
        assert_eq!(shop.post(vec![both.clone()]).await, told(&[("POSTED", NORTH)]));
        assert_eq!((shop.open_at(OLD).await, shop.open_at(NORTH).await), (told(&[]), told(&[])));
        // One that settles the oldest due takes that of any of them.
        shop.post(vec![by("north", invoice("I6", day(0), "8.00", &[(day(30), "8.00")]))]).await;
        shop.verify().await;
        shop.world.undo(OLD).await.expect("undone");
        shop.verify().await;
        assert_eq!((shop.open_at(OLD).await, shop.open_at(NORTH).await), (told(&[]), told(&[("I6", "8.00")])));
        // Corrected after the undo, it settles what it settled, and what it settles no more is open again.
        let mut less = both;
        less.source_version = 1;
        less.gross = Some(crate::support::ledger::usd("100.00"));
        assert_eq!(shop.post(vec![less]).await, told(&[("REVISED", NORTH)]));
        assert_eq!((shop.open_at(OLD).await, shop.open_at(NORTH).await), (told(&[]), told(&[("I2", "40.00"), ("I6", "8.00")])));
        shop.verify().await;
        shop.post(vec![by("old", receipt("R7", day(0), "3.00"))]).await;
        let (credit, debit) = (shop.item(OLD, "R7").await, shop.item(NORTH, "I2").await);
        let across = super::refused::told(shop.clear(NORTH, &credit, &debit).await);
        assert_eq!(across.0, "CLEARING_ACROSS_ACCOUNTS", "they are two again");
        let documents = json!({"parent": NORTH});
        let list = shop.world.ok("ReceivableService.ListDocuments", documents).await;
        let receipt = list["documents"].as_array().expect("documents").iter()
            .find(|one| one["key"]["documentNo"] == json!("R5") && one["state"] == json!("DOCUMENT_STATE_POSTED")).expect("the receipt")["name"].clone();
        let request = json!({"name": receipt, "reason": "bounced", "request_id": fresh()});
        shop.world.ok("ReceivableService.ReverseDocument", request).await;
        assert_eq!(shop.open_at(OLD).await, told(&[("I1", "90.00"), ("R7", "-3.00")]));
        assert_eq!(shop.open_at(NORTH).await, told(&[("I2", "50.00"), ("I6", "8.00")]));
        shop.verify().await;
    }

    async fn a24_an_import_after_a_merge_posts_and_settles_as_calls_do(server: TestServer) {
        let mut shop = Shop::bare(&server);
        let import = crate::imports::Import::new(&server);
        let rows = |rows: &str, options: &[&str]| {
            let said = import.rows(",kind,clears_document_no", rows, options);
            said.assert_all();
            said.text
        };
        let first = "I1,l1,2019-05-01,2019-05-31,USD,100,INVOICE,\nI2,n1,2019-05-01,2019-07-31,USD,50,INVOICE,\n";
        rows(first, &[]);
        let (survivor, loser) = ("accounts/ERP~n1", "accounts/ERP~l1");
        shop.world.merge(survivor, &[loser]).await;
        let again = rows(first, &[]);
        assert!(again.contains("nothing new"), "{again}");
        // In any order: the new invoice of the loser's name behind the money for it.
        let second = "P1,l1,2019-06-21,,USD,60,RECEIPT,I1\nP2,l1,2019-06-22,,USD,30,RECEIPT,I3\n\
            I3,l1,2019-06-20,2019-07-20,USD,30,INVOICE,\nP3,n1,2019-06-23,,USD,15,RECEIPT,I1\n";
        rows(second, &[]);
        let left = told(&[("I1", "25.00")]);
        assert_eq!((shop.open_at(survivor).await, shop.open_at(loser).await), (told(&[("I2", "50.00")]), left.clone()));
        let again = rows(&format!("{first}{second}"), &[]);
        assert!(again.contains("nothing new"), "{again}");
        // A list of all that is open, by the name of the survivor alone.
        let list = "I1,n1,2019-05-01,2019-05-31,USD,25,INVOICE,\nI2,n1,2019-05-01,2019-07-31,USD,20,INVOICE,\n\
            I4,l1,2019-06-28,2019-07-28,USD,4,INVOICE,\n";
        rows(list, &["--complete", "--as-of", "2019-06-29"]);
        assert_eq!(shop.open_at(survivor).await, told(&[("I2", "20.00"), ("I4", "4.00")]));
        assert_eq!(shop.open_at(loser).await, left);
        // What it leaves out is settled, whichever of the accounts has it.
        rows("I4,l1,2019-06-28,2019-07-28,USD,4,INVOICE,\n", &["--complete", "--as-of", "2019-06-30"]);
        assert_eq!((shop.open_at(survivor).await, shop.open_at(loser).await), (told(&[("I4", "4.00")]), told(&[])));
        shop.verify().await;
        shop.world.undo(loser).await.expect("undone");
        shop.verify().await;
    }
}
