//! Two accounts with everything that may be at one, of which a caller sees one: what is hidden says so,
//! in names and ids, and is worth an amount of its own.

use std::collections::BTreeMap;

use ballast::config::{Token, TokenHash};
use ballast::ctx::RowScope;
use serde_json::Value as Json;

use crate::support::ledger::fresh;
use crate::support::{Engine, JsonCaller, TestServer};

/// Sees all.
pub const ADMIN: &str = "admin";
/// Sees the accounts on whose teams he is: his principal is that of `members/seen-han`.
pub const OWN: &str = "seen";
/// Sees the accounts of the business unit of that member.
pub const UNIT: &str = "of-unit";

/// Stands in every text and id of what is hidden.
pub const HIDDEN: &str = "hidden";
/// Every amount of what is hidden, in whole units.
pub const HIDDEN_UNITS: &str = "7919";

/// A call, its request, and the words for what stands at a path of its answer. `$side` is the name of the
/// side, `$word` a word.
type Step = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[rustfmt::skip]
const COMMON: &[Step] = &[
    ("TierService.CreateTierPolicy", r#"{"tier_policy_id": "two", "tier_policy": {"description": "By revenue",
        "measure": "TIER_MEASURE_NET_REVENUE", "currency_code": "USD", "method": "TIER_CUT_METHOD_COUNT_QUANTILE", "cuts_bp": [5000],
        "band_bp": 0, "dwell_days": 0, "demotion_runs": 1, "classes": [{"code": "A"}, {"code": "C"}]}}"#, &[("policies", "etag")]),
    ("TierService.ActivateTierPolicy", r#"{"name": "tierPolicies/two", "effective_date": {"year": 2019, "month": 1, "day": 1},
        "etag": "$policies"}"#, &[]),
    ("CreditService.CreateCreditPolicy", r#"{"policy_id": "strict", "policy": {"description": "Strict"}}"#, &[]),
];

#[rustfmt::skip]
const SIDE: &[Step] = &[
    ("AccountService.CreateMember", r#"{"member_id": "$side-boss", "member": {"display_name": "$side boss", "business_unit": "$side unit"}}"#, &[]),
    ("AccountService.CreateMember", r#"{"member_id": "$side-han", "member": {"display_name": "$side han", "principals": ["$side"],
        "business_unit": "$side unit", "manager": "members/$side-boss"}}"#, &[]),
    ("AccountService.CreateMember", r#"{"member_id": "$side-li", "member": {"display_name": "$side li", "business_unit": "$side unit"}}"#, &[]),
    ("AccountService.CreateAccount", r#"{"account_id": "$side", "account": {"display_name": "$side works",
        "external_refs": [{"system": "ERP", "id": "$side-key"}]}}"#, &[("account_etag", "etag")]),
    ("AccountService.AssignTeamMember", r#"{"account": "accounts/$side", "member": "members/$side-han", "role": "TEAM_ROLE_OWNER"}"#, &[("team", "etag")]),
    ("AccountService.AssignTeamMember", r#"{"account": "accounts/$side", "member": "members/$side-li", "role": "TEAM_ROLE_SERVICE",
        "reason": "$side", "etag": "$team"}"#, &[("team", "etag"), ("membership", "name")]),
    ("AccountService.StartHandover", r#"{"account": "accounts/$side", "handover": {"to": "members/$side-li", "reason": "$side"}}"#, &[("handover", "name")]),

    ("ContactService.CreateContact", r#"{"contact": {"display_name": "$side wu", "phones": [{"value": "+1 202 555 0$digits"}],
        "external_refs": [{"system": "CRM", "id": "$side-wu"}]}}"#, &[("contact", "name")]),
    ("ContactService.CreatePosition", r#"{"account": "accounts/$side", "position": {"function": "POSITION_FUNCTION_FINANCE",
        "level": "POSITION_LEVEL_MANAGER", "title": "$side chief"}}"#, &[("position", "name"), ("position_etag", "etag")]),
    ("ContactService.CreatePosition", r#"{"account": "accounts/$side", "position": {"function": "POSITION_FUNCTION_LEGAL",
        "level": "POSITION_LEVEL_STAFF"}}"#, &[("empty", "name")]),
    ("ContactService.MoveContact", r#"{"contact": "$contact", "to_position": "$position", "reason": "$side"}"#, &[("contact_etag", "contact.etag")]),
    ("ContactService.CreateTie", r#"{"tie": {"from": "members/$side-han", "to": "$contact", "kind": "TIE_KIND_COUNTERPART", "source": "$side"}}"#, &[]),

    ("InteractionService.RecordInteraction", r#"{"account": "accounts/$side", "interaction": {"channel": "INTERACTION_CHANNEL_CALL",
        "direction": "INTERACTION_DIRECTION_OURS", "start_time": "2019-06-01T08:00:00Z", "ours": ["members/$side-han"],
        "theirs": [{"contact": "$contact"}], "notes": "$side"}}"#, &[("talk", "interaction.name")]),
    ("InteractionService.PlanInteraction", r#"{"account": "accounts/$side", "interaction": {"channel": "INTERACTION_CHANNEL_VISIT",
        "direction": "INTERACTION_DIRECTION_OURS", "start_time": "2019-07-30T08:00:00Z", "ours": ["members/$side-han"],
        "theirs": [{"contact": "$contact"}], "notes": "$side"}}"#, &[("visit", "name")]),
    ("InteractionService.CreateCommitment", r#"{"account": "accounts/$side", "commitment": {"side": "COMMITMENT_SIDE_OURS",
        "member": "members/$side-han", "contact": "$contact", "text": "$side", "amount": "$money", "due_date": "$today"}}"#, &[("word", "commitment.name")]),
    ("InteractionService.CreateCommitment", r#"{"account": "accounts/$side", "commitment": {"side": "COMMITMENT_SIDE_OURS",
        "member": "members/$side-han", "contact": "$contact", "text": "$side", "due_date": "$today"}}"#, &[("other_word", "commitment.name")]),
    ("InteractionService.RegisterGift", r#"{"account": "accounts/$side", "gift": {"kind": "GIFT_KIND_GIFT", "value": "$money",
        "occasion": "$side", "member": "members/$side-li", "contact": "$contact"}}"#, &[("gift", "gift.name")]),
    ("InteractionService.RecordAdvice", r#"{"account": "accounts/$side", "advice": {"text": "$side", "member": "members/$side-li",
        "contact": "$contact", "cost": "$money"}}"#, &[("advice", "name"), ("advice_etag", "etag")]),

    ("ReceivableService.PostDocuments", r#"{"documents": [{"key": {"source_system": "ERP", "document_no": "$side-inv"}, "kind": "DOCUMENT_KIND_INVOICE",
        "payer": "accounts/$side", "document_date": {"year": 2019, "month": 5, "day": 2},
        "gross": "$money", "note": "$side"}]}"#, &[("document", "results.0.document")]),
    ("ReceivableService.PostDocuments", r#"{"documents": [{"key": {"source_system": "ERP", "document_no": "$side-rec"}, "kind": "DOCUMENT_KIND_RECEIPT",
        "payer": "accounts/$side", "document_date": "$today", "gross": {"currency_code": "USD", "units": "1"},
        "clears": {"targets": [{"key": {"source_system": "ERP", "document_no": "$side-missing"}}]}}]}"#, &[]),
    ("CreditService.SetCreditLimit", r#"{"account": "accounts/$side", "limit": {"kind": "CREDIT_LIMIT_KIND_AMOUNT",
        "amount": "$money", "approver": "$side", "reason": "$side"}}"#, &[]),
    ("CreditService.CreateCreditSecurity", r#"{"account": "accounts/$side", "security": {"kind": "CREDIT_SECURITY_KIND_DEPOSIT",
        "issuer": "$side bank", "cover_limit": "$money", "insured_bp": 10000}}"#, &[]),
    ("CreditService.ReserveCredit", r#"{"account": "accounts/$side", "amount": "$money", "order": {"source_system": "ERP", "order_ref": "$side-order"}}"#,
        &[("decision", "name")]),
    ("CreditService.PlaceCreditHold", r#"{"account": "accounts/$side", "scope": "CREDIT_HOLD_SCOPE_ACCOUNT", "reason": "$side"}"#, &[]),
    ("TierService.OverrideTier", r#"{"account": "accounts/$side", "tier": "A", "valid_to": "$today", "reason": "$side"}"#, &[("override", "name")]),
    ("AccountService.SnoozeFinding", r#"{"account": "accounts/$side", "code": "FINDING_CODE_SPONSOR_MISSING",
        "until_date": {"year": 2019, "month": 7, "day": 1}, "reason": "$side"}"#, &[]),
];

#[rustfmt::skip]
const LAST: &[Step] = &[
    ("ReceivableService.PostDocuments", r#"{"documents": [{"key": {"source_system": "ERP", "document_no": "of-both"}, "kind": "DOCUMENT_KIND_INVOICE",
        "payer": "accounts/seen", "sold_to": "accounts/hidden", "bill_to": "accounts/hidden", "document_date": "$today",
        "gross": {"currency_code": "USD", "units": "5"}}]}"#, &[]),
    ("TierService.EvaluateTiers", r#"{"apply": true, "as_of": {"year": 2019, "month": 6, "day": 29}}"#, &[]),
];

/// What a side's words stand for.
#[derive(Debug, Clone)]
pub struct Words(BTreeMap<&'static str, String>);

impl Words {
    fn of(side: &str) -> Self {
        let is_hidden = side == HIDDEN;
        let units = if is_hidden { HIDDEN_UNITS } else { "31" };
        let text = |text: &str| text.to_owned();
        let money = format!(r#"{{"currency_code": "USD", "units": "{units}"}}"#);
        Self(BTreeMap::from([
            ("side", text(side)),
            ("digits", text(if is_hidden { "791" } else { "131" })),
            ("account", format!("accounts/{side}")),
            ("money", money),
            ("today", text(r#"{"year": 2019, "month": 6, "day": 30}"#)),
        ]))
    }

    /// A request with its words filled in; the longest word first, of two that begin alike.
    pub fn fill(&self, request: &str) -> Json {
        let mut text = request.to_owned();
        for (word, value) in self.0.iter().rev() {
            let (from, to) = match value.starts_with('{') {
                true => (format!("\"${word}\""), value.clone()),
                // An etag has quotation marks.
                false => (format!("${word}"), value.replace('"', "\\\"")),
            };
            text = text.replace(&from, &to);
        }
        assert!(!text.contains('$'), "a word is not known: {text}");
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    pub fn set(&mut self, word: &'static str, value: String) {
        self.0.insert(word, value);
    }

    /// The words of what is nowhere, of the form of these.
    pub fn absent(&self) -> Self {
        let absent = |text: &String| absent(text);
        Self(self.0.iter().map(|(word, text)| (*word, absent(text))).collect())
    }
}

/// The name of what is nowhere for that of something hidden.
pub fn absent(text: &str) -> String {
    match text.strip_prefix("contacts/") {
        // An id of ours, of the same length.
        Some(id) => format!("contacts/{}", id.replace(|c: char| c.is_ascii_digit(), "f")),
        None => text.replace(HIDDEN, "absent"),
    }
}

pub struct World {
    pub server: TestServer,
    pub seen: Words,
    pub hidden: Words,
}

impl World {
    pub async fn build(engine: Engine) -> Self {
        let token = |principal: &str, accounts: RowScope| Token {
            principal: principal.into(),
            sha256: TokenHash::of(principal),
            scopes: vec!["*".into()],
            accounts,
        };
        let within = |word: &str| RowScope::try_from(vec![word.to_owned()]).expect("understood");
        let tokens = vec![
            token(ADMIN, RowScope::All),
            token(OWN, within("own")),
            token(UNIT, within("unit:seen unit")),
        ];
        let server = TestServer::start_with(engine, |config| {
            config.auth.insecure = false;
            config.auth.tokens = tokens;
        })
        .await;
        let (seen, hidden) = (Words::of("seen"), Words::of(HIDDEN));
        let mut world = Self { server, seen, hidden };
        let admin = world.caller(ADMIN);
        let mut common = Words::of("common");
        make(&admin, COMMON, &mut common).await;
        make(&admin, SIDE, &mut world.seen).await;
        make(&admin, SIDE, &mut world.hidden).await;
        make(&admin, LAST, &mut common).await;
        world
    }

    pub fn caller(&self, token: &str) -> JsonCaller {
        JsonCaller::new(&self.server, token)
    }
}

async fn make(caller: &JsonCaller, steps: &[Step], words: &mut Words) {
    for (method, request, made) in steps {
        let mut request = words.fill(request);
        request["request_id"] = fresh().into();
        let answer = caller.call(method, &request).await;
        let answer = answer.unwrap_or_else(|e| panic!("{method} {request}: {e:?}"));
        for (word, path) in *made {
            words.set(word, text_at(&answer, path));
        }
    }
}

/// The text at a path of an answer: `results.0.document`.
pub fn text_at(answer: &Json, path: &str) -> String {
    let pointer = format!("/{}", path.replace('.', "/"));
    let text = answer.pointer(&pointer).and_then(Json::as_str);
    text.unwrap_or_else(|| panic!("no {path} in {answer}")).to_owned()
}
