//! What stands before the tables are gone through: accounts in every state, and what their
//! requests name, each by a word for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use ballast::cli::dynamic::Client;
use ballast::ctx::Ctx;
use ballast::domain::advice::{AdviceChange, RecordAdvice};
use ballast::domain::gift::{GiftKind, GiftTerms, RegisterGift};
use ballast::domain::money::{Currency, Money};
use ballast::domain::names::{self, AccountRef, MemberRef};
use ballast::service::Settings;
use ballast::service::interactions::Interactions;
use serde_json::{Value as Json, json};
use tonic::Status;

use super::json::{at, with};
use crate::support::ledger::fresh;
use crate::support::{TestServer, details, fields};

/// Stands in every text about persons, or that people wrote.
pub const PERSONAL: &str = "Zebulon Quux of Timbuktu";
/// A deleted account.
pub const GONE: &str = "accounts/gone";

pub struct Scene {
    pub server: TestServer,
    client: Client,
    words: BTreeMap<&'static str, Json>,
    broken: Vec<String>,
    /// What the last call was answered with.
    revision: AtomicI64,
}

/// A call, its request, and the words for what stands at a path of its answer.
pub type Step = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[rustfmt::skip]
const STEPS: &[Step] = &[
    ("AccountService.CreateAccount", r#"{"account_id": "group", "account": {"display_name": "Group"}}"#, &[]),
    ("AccountService.CreateAccount", r#"{"account_id": "acme", "account": {"display_name": "Acme", "parent": "accounts/group",
        "external_refs": [{"system": "ERP", "id": "ACME"}]}}"#, &[]),
    ("AccountService.CreateAccount", r#"{"account_id": "held", "account": {"display_name": "Held", "parent": "accounts/group"}}"#, &[("held", "etag")]),
    ("AccountService.CreateAccount", r#"{"account_id": "idle", "account": {"display_name": "Idle", "parent": "accounts/group"}}"#, &[("idle", "etag")]),
    ("AccountService.CreateAccount", r#"{"account_id": "open", "account": {"display_name": "Open"}}"#, &[]),
    ("AccountService.CreateAccount", r#"{"account_id": "free", "account": {"display_name": "Free"}}"#, &[]),
    ("AccountService.CreateAccount", r#"{"account_id": "patient", "account": {"display_name": "Patient"}}"#, &[]),
    ("AccountService.CreateAccount", r#"{"account_id": "blocked", "account": {"display_name": "Blocked"}}"#, &[]),
    ("AccountService.BlockAccount", r#"{"name": "accounts/blocked", "reason": "$personal"}"#, &[]),
    ("AccountService.CreateAccount", r#"{"account_id": "asleep", "account": {"display_name": "Asleep"}}"#, &[]),
    ("AccountService.DeleteAccount", r#"{"name": "accounts/asleep"}"#, &[]),

    ("AccountService.CreateMember", r#"{"member_id": "boss", "member": {"display_name": "Boss"}}"#, &[]),
    ("AccountService.CreateMember", r#"{"member_id": "one", "member": {"display_name": "One", "manager": "members/boss"}}"#, &[("member", "etag")]),
    ("AccountService.CreateMember", r#"{"member_id": "two", "member": {"display_name": "Two", "manager": "members/boss"}}"#, &[]),
    ("AccountService.CreateMember", r#"{"member_id": "retired", "member": {"display_name": "Retired", "manager": "members/boss"}}"#, &[]),
    ("AccountService.DeactivateMember", r#"{"name": "members/retired", "reason": "$personal"}"#, &[]),

    ("AccountService.AssignTeamMember", r#"{"account": "accounts/acme", "member": "members/one", "role": "TEAM_ROLE_OWNER"}"#, &[("team", "etag")]),
    ("AccountService.AssignTeamMember", r#"{"account": "accounts/acme", "member": "members/boss", "role": "TEAM_ROLE_BACKUP", "etag": "$team"}"#, &[("team", "etag")]),
    ("AccountService.AssignTeamMember", r#"{"account": "accounts/acme", "member": "members/boss", "role": "TEAM_ROLE_FINANCE", "etag": "$team"}"#, &[("team", "etag")]),
    ("AccountService.AssignTeamMember", r#"{"account": "accounts/free", "member": "members/boss", "role": "TEAM_ROLE_BACKUP", "reason": "$personal"}"#,
        &[("membership", "name"), ("free_team", "etag")]),

    ("AccountService.AssignTeamMember", r#"{"account": "accounts/held", "member": "members/one", "role": "TEAM_ROLE_OWNER"}"#, &[]),
    ("AccountService.AssignTeamMember", r#"{"account": "accounts/open", "member": "members/one", "role": "TEAM_ROLE_OWNER"}"#, &[]),
    ("AccountService.StartHandover", r#"{"account": "accounts/open", "handover": {"to": "members/two", "reason": "$personal"}}"#,
        &[("handover", "name"), ("handover_etag", "etag")]),
    ("AccountService.AdvanceHandover", r#"{"name": "$handover", "step": "HANDOVER_STEP_CANCEL", "reason": "$personal", "etag": "$handover_etag"}"#, &[]),
    ("AccountService.StartHandover", r#"{"account": "accounts/open", "handover": {"to": "members/boss", "reason": "$personal"}}"#,
        &[("handover", "name"), ("handover_etag", "etag")]),
    ("AccountService.AdvanceHandover", r#"{"name": "$handover", "step": "HANDOVER_STEP_CANCEL", "reason": "$personal", "etag": "$handover_etag"}"#, &[]),
    ("AccountService.StartHandover", r#"{"account": "accounts/open", "handover": {"to": "members/boss", "reason": "$personal"}}"#,
        &[("handover", "name"), ("handover_etag", "etag")]),

    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$personal"}}"#, &[("li", "name"), ("li_etag", "etag")]),
    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$personal"}}"#, &[("wu", "name")]),
    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$personal"}}"#, &[("xu", "name")]),
    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$personal"}}"#, &[("error", "name"), ("error_etag", "etag")]),
    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$personal"}}"#, &[("deleted", "name")]),
    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$personal"}}"#, &[("erased", "name"), ("erased_etag", "etag")]),
    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$personal", "latin_name": "$personal",
        "former_names": ["$personal"]}}"#, &[("other", "name")]),
    ("AccountService.MergeRecords", r#"{"survivor": "$deleted", "losers": ["$other"], "reason": "$personal"}"#, &[]),
    ("ContactService.DeleteContact", r#"{"name": "$deleted"}"#, &[]),
    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$personal"}}"#, &[("twin", "name")]),
    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$personal"}}"#, &[("double", "name")]),
    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$personal"}}"#, &[("triple", "name")]),
    ("AccountService.MergeRecords", r#"{"survivor": "$twin", "losers": ["$triple"], "reason": "$personal"}"#, &[]),
    ("ContactService.CreatePosition", r#"{"account": "accounts/acme", "position": {"function": "POSITION_FUNCTION_FINANCE",
        "level": "POSITION_LEVEL_EXECUTIVE", "title": "Chief", "buying_roles": ["BUYING_ROLE_DECIDER"]}}"#, &[("chief", "name")]),
    ("ContactService.CreatePosition", r#"{"account": "accounts/acme", "position": {"function": "POSITION_FUNCTION_PROCUREMENT",
        "level": "POSITION_LEVEL_MANAGER"}}"#, &[("buyer", "name"), ("buyer_etag", "etag")]),
    ("ContactService.CreatePosition", r#"{"account": "accounts/acme", "position": {"function": "POSITION_FUNCTION_QUALITY",
        "level": "POSITION_LEVEL_STAFF"}}"#, &[("tester", "name"), ("tester_etag", "etag")]),
    ("ContactService.CreatePosition", r#"{"account": "accounts/acme", "position": {"function": "POSITION_FUNCTION_LEGAL",
        "level": "POSITION_LEVEL_STAFF"}}"#, &[("empty", "name")]),
    ("ContactService.MoveContact", r#"{"contact": "$li", "to_position": "$chief", "reason": "$personal"}"#, &[]),
    ("ContactService.MoveContact", r#"{"contact": "$wu", "to_position": "$buyer", "reason": "$personal"}"#, &[]),
    ("ContactService.MoveContact", r#"{"contact": "$xu", "to_position": "$tester", "reason": "$personal"}"#, &[]),

    ("ContactService.CreateTie", r#"{"tie": {"from": "members/one", "to": "$li", "kind": "TIE_KIND_RELATIVE", "source": "$personal"}}"#, &[("reviewed", "name")]),
    ("ContactService.CreateTie", r#"{"tie": {"from": "members/one", "to": "$wu", "kind": "TIE_KIND_COUNTERPART", "source": "$personal"}}"#, &[("tie", "name")]),
    ("ContactService.CreateTie", r#"{"tie": {"from": "$xu", "to": "$wu", "kind": "TIE_KIND_INFLUENCE", "source": "$personal", "weight_bp": 5000}}"#, &[]),
    ("ContactService.CreateTie", r#"{"tie": {"from": "$wu", "to": "$xu", "kind": "TIE_KIND_FORMER_COLLEAGUE", "source": "$personal"}}"#, &[]),

    ("InteractionService.RecordInteraction", r#"{"account": "accounts/acme", "interaction": {"channel": "INTERACTION_CHANNEL_CALL",
        "direction": "INTERACTION_DIRECTION_THEIRS", "start_time": "2019-06-01T08:00:00Z", "ours": ["members/one"],
        "theirs": [{"contact": "$wu"}], "notes": "$personal"}}"#, &[("talk", "interaction.name")]),
    ("InteractionService.RecordInteraction", r#"{"account": "accounts/acme", "interaction": {"channel": "INTERACTION_CHANNEL_MESSAGE",
        "direction": "INTERACTION_DIRECTION_THEIRS", "start_time": "2019-06-03T08:00:00Z", "ours": ["members/one"],
        "theirs": [{"contact": "$wu"}], "notes": "$personal"}}"#, &[]),
    ("InteractionService.RecordInteraction", r#"{"account": "accounts/acme", "interaction": {"channel": "INTERACTION_CHANNEL_MEAL",
        "direction": "INTERACTION_DIRECTION_THEIRS", "start_time": "2019-06-02T08:00:00Z", "ours": ["members/one"],
        "theirs": [{"contact": "$wu"}], "notes": "$personal", "next_hook": {"topic": "$personal", "by": "$today"}}}"#, &[("hooked", "interaction.name")]),
    ("InteractionService.PlanInteraction", r#"{"account": "accounts/acme", "interaction": {"channel": "INTERACTION_CHANNEL_VISIT",
        "direction": "INTERACTION_DIRECTION_OURS", "start_time": "2019-07-30T08:00:00Z", "ours": ["members/one"],
        "theirs": [{"contact": "$wu"}], "notes": "$personal", "checklist": [{"text": "samples", "done": true}]}}"#, &[("visit", "name")]),

    ("InteractionService.CreateCommitment", r#"{"account": "accounts/acme", "commitment": {"side": "COMMITMENT_SIDE_OURS",
        "member": "members/one", "contact": "$wu", "text": "$personal", "due_date": "$today"}}"#, &[("word", "commitment.name")]),
    ("InteractionService.CreateCommitment", r#"{"account": "accounts/acme", "commitment": {"side": "COMMITMENT_SIDE_OURS",
        "member": "members/one", "contact": "$wu", "text": "$personal", "due_date": "$today"}}"#, &[("other_word", "commitment.name")]),
    ("InteractionService.CreateCommitment", r#"{"account": "accounts/acme", "commitment": {"side": "COMMITMENT_SIDE_OURS",
        "member": "members/one", "contact": "$wu", "text": "$personal", "due_date": "$today", "made_date": {"year": 2019, "month": 6, "day": 30}}}"#,
        &[("kept_word", "commitment.name")]),
    ("InteractionService.CreateCommitment", r#"{"account": "accounts/acme", "commitment": {"side": "COMMITMENT_SIDE_THEIRS",
        "member": "members/one", "contact": "$wu", "text": "$personal", "due_date": "$today"}}"#, &[]),

    ("InteractionService.RegisterGift", r#"{"account": "accounts/acme", "gift": {"kind": "GIFT_KIND_GIFT", "value": "$usd",
        "occasion": "$personal", "member": "members/one", "contact": "$wu"}}"#, &[]),
    ("InteractionService.RegisterGift", r#"{"account": "accounts/acme", "gift": {"kind": "GIFT_KIND_HOSPITALITY", "value": "$usd", "heads": 3,
        "occasion": "$personal", "member": "members/one", "contact": "$wu"}}"#, &[]),
    ("InteractionService.RecordAdvice", r#"{"account": "accounts/acme", "advice": {"text": "$personal", "member": "members/one",
        "contact": "$wu", "cost": "$usd"}}"#, &[("advice", "name"), ("advice_etag", "etag")]),
    ("InteractionService.RecordAdvice", r#"{"account": "accounts/acme", "advice": {"text": "$personal", "member": "members/one",
        "contact": "$wu"}}"#, &[]),

    ("TierService.CreateWorkCalendar", r#"{"work_calendar_id": "five", "work_calendar": "$calendar"}"#, &[]),
    ("TierService.CreateWorkCalendar", r#"{"work_calendar_id": "other", "work_calendar": "$calendar"}"#, &[("calendars", "etag")]),

    ("TierService.CreateTierPolicy", r#"{"tier_policy_id": "five", "tier_policy": "$tiers"}"#, &[("tier_policies", "etag")]),
    ("TierService.ActivateTierPolicy", r#"{"name": "tierPolicies/five", "effective_date": {"year": 2019, "month": 1, "day": 1},
        "etag": "$tier_policies"}"#, &[("tier_policies", "etag")]),

    // Without a limit an order is referred.
    ("AccountService.CreateAccount", r#"{"account_id": "gone", "account": {"display_name": "Gone"}}"#, &[]),
    ("CreditService.ReserveCredit", r#"{"account": "accounts/gone", "amount": "$usd", "order": {"source_system": "ERP", "order_ref": "9"}}"#, &[]),
    ("AccountService.DeleteAccount", r#"{"name": "accounts/gone"}"#, &[]),
    ("CreditService.ReserveCredit", r#"{"account": "accounts/free", "amount": "$usd", "order": {"source_system": "ERP", "order_ref": "8"}}"#, &[]),
    ("CreditService.PlaceCreditHold", r#"{"account": "accounts/free", "scope": "CREDIT_HOLD_SCOPE_ACCOUNT", "reason": "$personal"}"#, &[]),

    ("CreditService.CreateCreditPolicy", r#"{"policy_id": "strict", "policy": {"description": "Strict"}}"#, &[]),
    ("CreditService.CreateCreditPolicy", r#"{"policy_id": "lax", "policy": {"description": "Lax"}}"#, &[]),
    ("CreditService.GetCreditPolicy", r#"{"name": "creditPolicies/-"}"#, &[("policy", "etag")]),
    ("CreditService.SetCreditLimit", r#"{"account": "accounts/acme", "limit": "$thousand"}"#, &[("limit", "etag")]),
    ("CreditService.SetCreditLimit", r#"{"account": "accounts/acme", "limit": "$thousand"}"#, &[("limit", "etag")]),
    ("CreditService.SetCreditLimit", r#"{"account": "accounts/acme", "limit": "$thousand"}"#, &[("limit", "etag")]),
    ("CreditService.PlaceCreditHold", r#"{"account": "accounts/held", "scope": "CREDIT_HOLD_SCOPE_ACCOUNT", "reason": "$personal"}"#, &[("hold", "name")]),
    ("CreditService.PlaceCreditHold", r#"{"account": "accounts/held", "scope": "CREDIT_HOLD_SCOPE_ACCOUNT", "reason": "$personal"}"#, &[]),
    ("CreditService.PlaceCreditHold", r#"{"account": "accounts/held", "scope": "CREDIT_HOLD_SCOPE_GROUP", "reason": "$personal"}"#, &[]),
    ("CreditService.CreateCreditSecurity", r#"{"account": "accounts/acme", "security": "$deposit"}"#, &[("security", "name")]),
    ("CreditService.CreateCreditSecurity", r#"{"account": "accounts/acme", "security": "$deposit"}"#, &[]),
    ("CreditService.CreateCreditSecurity", r#"{"account": "accounts/acme", "security": "$deposit"}"#, &[]),
    ("CreditService.ReserveCredit", r#"{"account": "accounts/acme", "amount": "$usd", "order": {"source_system": "ERP", "order_ref": "1"}}"#, &[]),
    ("CreditService.ReserveCredit", r#"{"account": "accounts/acme", "amount": "$usd", "order": {"source_system": "ERP", "order_ref": "2"}}"#, &[]),
    ("CreditService.ReserveCredit", r#"{"account": "accounts/acme", "amount": "$usd", "order": {"source_system": "ERP", "order_ref": "3"}}"#, &[]),

    ("ReceivableService.PostDocuments", r#"{"create_missing_accounts": true, "documents": [
        "$invoice TO-REVERSE", "$invoice TO-CLEAR", "$invoice CLEARED", "$invoice TO-WRITE-OFF", "$invoice TO-DISPUTE",
        "$invoice DISPUTED", "$invoice PROMISED", "$invoice TO-COMMIT", "$receipt CREDIT", "$receipt APPLIED"]}"#,
        &[("document", "results.0.document")]),
    ("ReceivableService.PostDocuments", r#"{"documents": ["$invoice-of-held H1", "$invoice-of-open O1"]}"#, &[]),
    ("ReceivableService.PostDocuments", r#"{"documents": [
        {"key": {"source_system": "ERP", "document_no": "W1"}, "kind": "DOCUMENT_KIND_RECEIPT", "payer": "accounts/patient",
        "document_date": "$today", "gross": "$usd", "clears": {"targets": [{"key": {"source_system": "ERP", "document_no": "MISSING"}}]}},
        {"key": {"source_system": "ERP", "document_no": "W2"}, "kind": "DOCUMENT_KIND_RECEIPT", "payer": "accounts/patient",
        "document_date": "$today", "gross": "$usd", "clears": {"targets": [{"key": {"source_system": "ERP", "document_no": "MISSING"}}]}},
        {"key": {"source_system": "ERP", "document_no": "W3"}, "kind": "DOCUMENT_KIND_RECEIPT", "payer": "accounts/patient",
        "document_date": "$today", "gross": "$usd", "clears": {"targets": [{"key": {"source_system": "ERP", "document_no": "MISSING"}}]}}]}"#, &[]),
    ("ReceivableService.GetDocument", r#"{"key": "$key TO-CLEAR"}"#, &[("to_clear", "items.0.name")]),
    ("ReceivableService.GetDocument", r#"{"key": "$key CLEARED"}"#, &[("cleared", "items.0.name")]),
    ("ReceivableService.GetDocument", r#"{"key": "$key TO-WRITE-OFF"}"#, &[("to_write_off", "items.0.name")]),
    ("ReceivableService.GetDocument", r#"{"key": "$key TO-DISPUTE"}"#, &[("to_dispute", "items.0.name")]),
    ("ReceivableService.GetDocument", r#"{"key": "$key DISPUTED"}"#, &[("disputed", "items.0.name")]),
    ("ReceivableService.GetDocument", r#"{"key": "$key PROMISED"}"#, &[("promised", "items.0.name")]),
    ("ReceivableService.GetDocument", r#"{"key": "$key CREDIT"}"#, &[("credit", "items.0.name")]),
    ("ReceivableService.GetDocument", r#"{"key": "$key APPLIED"}"#, &[("applied", "items.0.name")]),
    ("ReceivableService.ClearItems", r#"{"account": "accounts/acme", "allocations": [{"credit_item": "$applied", "debit_item": "$cleared"}]}"#,
        &[("clearing", "name")]),
    ("ReceivableService.OpenDispute", r#"{"item": "$disputed", "reason_code": "QUALITY", "note": "$personal"}"#, &[("dispute", "name")]),
    ("ReceivableService.RecordPromiseToPay", r#"{"account": "accounts/acme", "items": ["$promised"], "amount": "$usd",
        "pay_by_date": "$today", "promised_by": "$personal"}"#, &[("promise", "name")]),

    // One account falls from the first class.
    ("TierService.EvaluateTiers", r#"{"apply": true, "as_of": {"year": 2019, "month": 6, "day": 24}}"#, &[]),
    ("ReceivableService.PostDocuments", r#"{"documents": ["$sold held 9", "$sold patient 8", "$sold open 7"]}"#, &[]),
    ("TierService.EvaluateTiers", r#"{"apply": true, "as_of": {"year": 2019, "month": 6, "day": 25}}"#, &[]),
    ("ReceivableService.PostDocuments", r#"{"documents": ["$given-back held 9"]}"#, &[]),
    ("TierService.EvaluateTiers", r#"{"apply": true, "as_of": {"year": 2019, "month": 6, "day": 26}}"#, &[("tier_run", "run.name")]),
    ("TierService.ListTierAssignments", r#"{"parent": "accounts/held", "proposed_only": true}"#, &[("proposal", "tierAssignments.0.name")]),
    ("TierService.OverrideTier", r#"{"account": "accounts/acme", "tier": "A", "valid_to": "$today", "reason": "$personal"}"#, &[("override", "name")]),
    ("TierService.OverrideTier", r#"{"account": "accounts/free", "tier": "A", "valid_to": "$today", "reason": "$personal"}"#, &[]),
    ("TierService.OverrideTier", r#"{"account": "accounts/blocked", "tier": "C", "valid_to": "$today", "reason": "$personal"}"#, &[]),
];

impl Scene {
    pub async fn build(server: TestServer) -> Self {
        let client = Client::new(server.channel()).expect("descriptors");
        let words = BTreeMap::from([
            ("personal", json!(PERSONAL)),
            ("today", json!({"year": 2019, "month": 6, "day": 30})),
            ("usd", json!({"currency_code": "USD", "units": "5"})),
            ("limit", json!("")),
        ]);
        let mut scene =
            Self { server, client, words, broken: Vec::new(), revision: AtomicI64::new(0) };
        scene.make(STEPS).await;
        scene.others_record().await;
        scene
    }

    /// What somebody else recorded waits for the caller: `$gift` and `$others_advice`.
    async fn others_record(&mut self) {
        let ctx = Ctx::system(self.server.clock().clone());
        let service = Interactions::new(self.server.store().clone(), Settings::default());
        let account = || AccountRef::Id("acme".into());
        let member = || MemberRef::Id("one".into());
        let wu = self.words["wu"].as_str().expect("a name").to_owned();
        let contact = || names::parse_contact("contact", &wu).expect("a name");
        let value = Money { minor: 500, currency: Currency::parse("USD").expect("a currency") };
        let terms = GiftTerms {
            kind: GiftKind::Gift,
            value,
            heads: None,
            day: None,
            member: member(),
            contact: contact(),
            interaction: None,
            occasion: PERSONAL.into(),
        };
        let gift = RegisterGift { account: account(), terms };
        let gift = service.register_gift(&ctx, &fresh(), gift).await.expect("registered").gift;
        let change = AdviceChange { text: Some(PERSONAL.into()), ..AdviceChange::default() };
        let advice = RecordAdvice {
            account: account(),
            member: member(),
            contact: contact(),
            day: None,
            change,
            reminders: Vec::new(),
        };
        let advice = service.record_advice(&ctx, &fresh(), advice).await.expect("recorded");
        self.words.insert("gift", json!(gift.name()));
        self.words.insert("others_advice", json!(advice.name()));
    }

    /// What stands for the words of requests.
    pub fn words(&self) -> impl Iterator<Item = &Json> {
        self.words.values()
    }

    pub async fn make(&mut self, steps: &[Step]) {
        for (method, request, made) in steps {
            let mut request = self.fill(request);
            let reads = method.contains(".Get") || method.contains(".List");
            if !reads {
                request["request_id"] = fresh().into();
            }
            let answer = self.call(method, &request).await;
            let mut answer = answer.unwrap_or_else(|e| panic!("{method} {request}: {e:?}"));
            for (word, path) in *made {
                let value = at(&mut answer, path).take();
                assert!(value.is_string(), "{method} answers no {path}: {answer}");
                self.words.insert(word, value);
            }
        }
    }

    /// A request with its words filled in.
    pub fn fill(&self, request: &str) -> Json {
        let mut request =
            serde_json::from_str(request).unwrap_or_else(|e| panic!("{request}: {e}"));
        self.fill_in(&mut request);
        request
    }

    fn fill_in(&self, value: &mut Json) {
        match value {
            Json::Array(values) => values.iter_mut().for_each(|value| self.fill_in(value)),
            Json::Object(fields) => fields.values_mut().for_each(|value| self.fill_in(value)),
            Json::String(text) => {
                if let Some(word) = text.strip_prefix('$') {
                    *value = self.word(word);
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn word(&self, word: &str) -> Json {
        let document = |kind: &str, payer: &str, no: &str| {
            json!({
                "key": {"source_system": "ERP", "document_no": no},
                "kind": format!("DOCUMENT_KIND_{kind}"),
                "payer": format!("accounts/{payer}"),
                "document_date": self.words["today"],
                "gross": self.words["usd"],
                "note": PERSONAL,
            })
        };
        let turnover = |kind: &str, day: i32, what: &str| {
            let (payer, units) = what.split_once(' ').expect("an account and units");
            let mut document = document(kind, payer, &format!("{kind}-{what}"));
            document["document_date"]["day"] = day.into();
            document["gross"]["units"] = units.into();
            document
        };
        match word.split_once(' ') {
            Some(("invoice", no)) => document("INVOICE", "acme", no),
            Some(("invoice-of-held", no)) => document("INVOICE", "held", no),
            Some(("invoice-of-open", no)) => document("INVOICE", "open", no),
            Some(("receipt", no)) => document("RECEIPT", "acme", no),
            Some(("sold", what)) => turnover("INVOICE", 25, what),
            Some(("given-back", what)) => turnover("CREDIT_NOTE", 26, what),
            Some(("key", no)) => json!({"source_system": "ERP", "document_no": no}),
            _ if word == "deposit" => json!({
                "kind": "CREDIT_SECURITY_KIND_DEPOSIT",
                "issuer": "A bank",
                "cover_limit": self.words["usd"],
                "insured_bp": 10_000,
            }),
            _ if word == "calendar" => json!({
                "time_zone": "Asia/Shanghai",
                "week": [{"weekday": "WEEKDAY_MONDAY", "hours": [{"open": "09:00", "close": "18:00"}]}],
                "exceptions": [{"date": {"year": 2019, "month": 1, "day": 7}},
                    {"date": {"year": 2019, "month": 1, "day": 12}, "hours": [{"open": "09:00", "close": "24:00"}]}],
                "known_through": {"year": 2019, "month": 12, "day": 31},
            }),
            _ if word == "tiers" => json!({
                "description": "By revenue",
                "measure": "TIER_MEASURE_NET_REVENUE",
                "currency_code": "USD",
                "method": "TIER_CUT_METHOD_COUNT_QUANTILE",
                "cuts_bp": [2_000],
                "band_bp": 0, "dwell_days": 0, "demotion_runs": 1,
                "festivals": [{"code": "SPRING_FESTIVAL", "calendar": "FESTIVAL_CALENDAR_CHINESE",
                    "month": 1, "day": 1, "classes": ["A"]}],
                "classes": [{"code": "A", "service": {
                    "response_hours": 4, "ladder_hours": [8, 16],
                    "cadence": {"target_days": 30, "min_days": 7},
                    "owner": {"competency_min": 4, "accounts_max": 8},
                    "sponsor_required": true, "net_days": 60, "overdue_days_max": 30,
                    "overdue_amount_max": self.words["usd"], "price_floor_bp": 9_000,
                    "discount": {"min_bp": 0, "max_bp": 500}, "gift_cap": self.words["usd"],
                    "gift_cap_official": self.words["usd"], "gift_cap_account": self.words["usd"], "effort_share_bp": 5_000,
                    "service_standards": [{"code": "hotline", "text": "A line of its own", "included": true},
                        {"code": "training", "text": "A day", "unit_price": self.words["usd"]}],
                }}, {"code": "C"}],
            }),
            _ if word == "thousand" => json!({
                "kind": "CREDIT_LIMIT_KIND_AMOUNT",
                "amount": {"currency_code": "USD", "units": "1000"},
                "approver": PERSONAL,
                "reason": PERSONAL,
                "etag": self.words["limit"],
            }),
            _ => self.words.get(word).unwrap_or_else(|| panic!("no ${word} was made")).clone(),
        }
    }

    /// Calls `Service.Method`.
    pub async fn call(&self, method: &str, request: &Json) -> Result<Json, Status> {
        let path = format!("ballast.v1.{}", method.replace('.', "/"));
        let answer = self.client.call_whole(&path, &request.to_string()).await;
        let answer = answer.unwrap_or_else(|fault| panic!("{method} {request}: {fault}"));
        let revision = answer.as_ref().ok().and_then(|(_, told)| told.get("ballast-revision"));
        let revision = revision.map(|told| told.to_str().expect("digits").parse().expect("digits"));
        self.revision.store(revision.unwrap_or_default(), Ordering::Release);
        answer.map(|(json, _)| serde_json::from_str(&json).expect("JSON"))
    }

    /// The `ballast-revision` of the last call; 0 for none.
    pub fn revision(&self) -> i64 {
        self.revision.load(Ordering::Acquire)
    }

    /// Makes a call that has to be refused like this: a reason, or a field with its reason.
    pub async fn refuses(&mut self, method: &str, request: &Json, expected: &str) {
        let answer = self.call(method, request).await;
        self.expect(method, &request.to_string(), &told(&answer), expected);
    }

    /// As [`Scene::refuses`], with an id that was never used.
    pub async fn refuses_fresh(&mut self, method: &str, request: &Json, expected: &str) {
        self.refuses(method, &with(request, "request_id", fresh()), expected).await;
    }

    pub fn expect(&mut self, method: &str, what: &str, told: &[String], expected: &str) {
        if !told.iter().any(|told| told == expected) {
            self.broken.push(format!("{method}: {what}: {told:?} and not {expected}"));
        }
    }

    /// Fails with everything that was not as expected.
    pub fn assert_kept(&self) {
        assert!(self.broken.is_empty(), "\n{}", self.broken.join("\n"));
    }
}

/// `OK`, or the reason of a refusal (of a wrong state with the states), and each field with its own.
pub fn told(answer: &Result<Json, Status>) -> Vec<String> {
    let Err(status) = answer else { return vec!["OK".into()] };
    let reason = details(status).error_info().map(|info| match &*info.reason {
        "STATE_WRONG" => {
            let [state, allowed] = ["state", "allowed"].map(|key| &info.metadata[key]);
            format!("STATE_WRONG state={state} allowed={allowed}")
        }
        reason => reason.to_owned(),
    });
    let fields = fields(status).into_iter().map(|(field, reason)| format!("{field} {reason}"));
    reason.into_iter().chain(fields).collect()
}
