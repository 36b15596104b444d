//! The mutations, a line each.

use serde_json::Value as Json;

use super::books::Books;
use super::json::{at, field, foreign, missing, orphan, other, text, with};
use super::logs;
use super::personal::Seen;
use super::scene::{GONE, PERSONAL, Scene, told};
use crate::support::ledger::fresh;

/// A mutation: its method, a request that is served in the scene, and what holds of it. Paths are
/// those of the request.
#[derive(Debug, Clone, Copy)]
pub struct Mutation {
    pub method: &'static str,
    pub request: &'static str,
    /// What makes another command of it.
    other: &'static str,
    /// The resource that has to be there.
    pub resource: Option<&'static str>,
    /// The version that has to be the current one.
    pub etag: Option<&'static str>,
    /// The account that must not be deleted, or what stands under it, and one that is.
    live: Option<(&'static str, &'static str)>,
    /// The state it leaves, and the states it is allowed in, where it is not allowed again.
    ends: Option<(&'static str, &'static str)>,
}

const fn mutation(method: &'static str, request: &'static str, other: &'static str) -> Mutation {
    Mutation { method, request, other, resource: None, etag: None, live: None, ends: None }
}

impl Mutation {
    const fn of(self, path: &'static str) -> Self {
        Self { resource: Some(path), ..self }
    }

    const fn etag(self, path: &'static str) -> Self {
        Self { etag: Some(path), ..self }
    }

    const fn live(self, path: &'static str, deleted: &'static str) -> Self {
        Self { live: Some((path, deleted)), ..self }
    }

    const fn ends(self, state: &'static str, allowed: &'static str) -> Self {
        Self { ends: Some((state, allowed)), ..self }
    }
}

const GONE_ORDER: &str = "accounts/gone/creditReservations/ERP~9";

/// In this order; `$words` stand for what `scene.rs` has made.
#[rustfmt::skip]
pub const TABLE: &[Mutation] = &[
    mutation("AccountService.CreateAccount",
        r#"{"account_id": "new", "account": {"display_name": "New", "parent": "accounts/group", "industry_code": "C28",
            "sales_region": "North", "party_kind": "PARTY_KIND_STATE_OWNED", "size_class": "SIZE_CLASS_LARGE",
            "sites": [{"site_id": "1", "display_name": "Plant", "region": "Bremen"}], "former_names": ["Newer"]}}"#,
        "account.display_name").of("account.parent").live("account.parent", GONE),
    mutation("AccountService.UpdateAccount",
        r#"{"account": {"name": "accounts/held", "etag": "$held", "display_name": "Held 2"}, "update_mask": "displayName"}"#,
        "account.display_name").of("account.name").etag("account.etag").live("account.name", GONE),
    mutation("AccountService.DeleteAccount", r#"{"name": "accounts/idle", "etag": "$idle"}"#, "name")
        .of("name").etag("etag").ends("DELETED", "ACTIVE,BLOCKED"),
    mutation("AccountService.UndeleteAccount", r#"{"name": "accounts/asleep"}"#, "name").of("name").ends("ACTIVE", "DELETED"),
    mutation("AccountService.BlockAccount", r#"{"name": "accounts/open", "reason": "$personal"}"#, "reason")
        .of("name").ends("BLOCKED", "ACTIVE"),
    mutation("AccountService.UnblockAccount", r#"{"name": "accounts/blocked"}"#, "name").of("name").ends("ACTIVE", "BLOCKED"),

    mutation("AccountService.CreateMember",
        r#"{"member_id": "new", "member": {"display_name": "$personal", "manager": "members/boss",
            "principals": ["$personal"], "competencies": {"negotiation": 3}}}"#,
        "member.business_unit").of("member.manager"),
    mutation("AccountService.UpdateMember",
        r#"{"member": {"name": "members/one", "etag": "$member", "display_name": "$personal"}, "update_mask": "displayName"}"#,
        "member.display_name").of("member.name").etag("member.etag"),
    mutation("AccountService.DeactivateMember", r#"{"name": "members/two", "reason": "$personal"}"#, "reason")
        .of("name").ends("INACTIVE", "ACTIVE"),
    mutation("AccountService.ReactivateMember", r#"{"name": "members/retired"}"#, "name")
        .of("name").ends("ACTIVE", "INACTIVE"),

    mutation("AccountService.AssignTeamMember",
        r#"{"account": "accounts/acme", "member": "members/one", "role": "TEAM_ROLE_SERVICE", "reason": "$personal", "etag": "$team"}"#,
        "reason").of("account").etag("etag").live("account", GONE),
    mutation("AccountService.EndTeamMembership",
        r#"{"name": "$membership", "reason": "$personal", "etag": "$free_team"}"#, "reason")
        .of("name").etag("etag").ends("ENDED", "OPEN"),

    mutation("AccountService.TransferAccounts",
        r#"{"from": "members/one", "to": "members/boss", "effective_date": "$today", "accounts": ["accounts/acme"], "reason": "$personal"}"#,
        "reason").of("from").live("accounts.0", GONE),
    mutation("AccountService.MergeRecords",
        r#"{"survivor": "$twin", "losers": ["$double"], "reason": "$personal"}"#, "reason")
        .of("survivor").ends("MERGED", "ACTIVE"),
    mutation("AccountService.UndoMerge", r#"{"loser": "$triple", "reason": "$personal"}"#, "reason")
        .of("loser").ends("ACTIVE", "MERGED"),
    mutation("AccountService.StartHandover",
        r#"{"account": "accounts/held", "handover": {"to": "members/boss", "reason": "$personal"}}"#, "handover.reason")
        .of("account").live("account", GONE),
    mutation("AccountService.AdvanceHandover",
        r#"{"name": "$handover", "step": "HANDOVER_STEP_CANCEL", "reason": "$personal", "etag": "$handover_etag"}"#, "reason")
        .of("name").etag("etag").ends("CANCELED", "STARTED,ACCEPTED"),

    mutation("ContactService.CreateContact",
        r#"{"contact": {"display_name": "$personal", "latin_name": "$personal", "former_names": ["$personal"],
            "handles": [{"value": "$personal", "kind": "wechat"}],
            "preferences": [{"key": "language", "value": "$personal", "source": "$personal"}],
            "occasions": [{"kind": "birthday", "month": 8, "day": 15, "lunar": true, "consent": true}]}}"#,
        "contact.display_name"),
    mutation("ContactService.UpdateContact",
        r#"{"contact": {"name": "$li", "etag": "$li_etag", "display_name": "$personal",
            "official": "OFFICIAL_STATUS_OFFICIAL"}, "update_mask": "displayName,official"}"#,
        "contact.display_name").of("contact.name").etag("contact.etag"),
    mutation("ContactService.DeleteContact", r#"{"name": "$error", "etag": "$error_etag"}"#, "name")
        .of("name").etag("etag").ends("DELETED", "ACTIVE"),
    mutation("ContactService.UndeleteContact", r#"{"name": "$deleted"}"#, "name").of("name").ends("ACTIVE", "DELETED"),
    mutation("ContactService.PurgeExpiredPersonalData", r#"{"contact": "$wu"}"#, "contact").of("contact"),
    mutation("ContactService.ErasePersonalData", r#"{"contact": "$erased", "etag": "$erased_etag"}"#, "contact")
        .of("contact").etag("etag"),
    mutation("ContactService.CreatePosition",
        r#"{"account": "accounts/acme", "position": {"function": "POSITION_FUNCTION_FINANCE", "level": "POSITION_LEVEL_STAFF",
            "title": "Cashier", "reports_to": "$chief"}}"#,
        "position.title").of("account").live("account", GONE),
    mutation("ContactService.UpdatePosition",
        r#"{"position": {"name": "$buyer", "etag": "$buyer_etag", "title": "Head buyer"}, "update_mask": "title"}"#,
        "position.title").of("position.name").etag("position.etag"),
    mutation("ContactService.MoveContact",
        r#"{"contact": "$li", "from_position": "$chief", "to_position": "$empty", "reason": "$personal"}"#,
        "reason").of("contact"),
    mutation("ContactService.ClosePosition", r#"{"name": "$buyer"}"#, "name").of("name").ends("CLOSED", "OPEN"),

    mutation("ContactService.CreateTie",
        r#"{"tie": {"from": "members/one", "to": "$xu", "kind": "TIE_KIND_CLASSMATE", "source": "$personal"}}"#,
        "tie.source").of("tie.to"),
    mutation("ContactService.EndTie", r#"{"name": "$tie", "reason": "$personal"}"#, "reason").of("name").ends("ENDED", "OPEN"),
    mutation("ContactService.ClearTieReview", r#"{"name": "$reviewed", "reason": "$personal"}"#, "reason")
        .of("name").ends("CLEARED", "OPEN"),

    mutation("InteractionService.PlanInteraction",
        r#"{"account": "accounts/acme", "interaction": {"channel": "INTERACTION_CHANNEL_VISIT",
            "direction": "INTERACTION_DIRECTION_OURS", "start_time": "2019-07-30T08:00:00Z", "ours": ["members/one"],
            "theirs": [{"contact": "$wu"}], "purpose": "$personal", "notes": "$personal",
            "checklist": [{"text": "samples"}]}}"#,
        "interaction.notes").of("account").live("account", GONE),
    mutation("InteractionService.CancelInteraction", r#"{"name": "$visit", "reason": "$personal"}"#, "reason")
        .of("name").ends("CANCELED", "PLANNED,MISSED"),
    mutation("InteractionService.RecordInteraction",
        r#"{"account": "accounts/acme", "interaction": {"channel": "INTERACTION_CHANNEL_VISIT",
            "direction": "INTERACTION_DIRECTION_OURS", "start_time": "2019-06-30T08:00:00Z", "ours": ["members/one"],
            "theirs": [{"contact": "$wu", "satisfaction": 9}], "purpose": "$personal", "notes": "$personal",
            "next_hook": {"topic": "$personal", "by": "$today", "contact": "$wu"}, "uses_hook": "$hooked"},
            "commitments_made": [{"side": "COMMITMENT_SIDE_THEIRS", "member": "members/one", "contact": "$wu",
                "text": "$personal", "due_date": "$today"}],
            "commitments_settled": [{"name": "$kept_word", "settlement": "COMMITMENT_SETTLEMENT_KEPT", "reason": "$personal"}],
            "next_plan": {"channel": "INTERACTION_CHANNEL_CALL", "direction": "INTERACTION_DIRECTION_OURS",
                "start_time": "2019-07-30T08:00:00Z", "ours": ["members/one"], "theirs": [{"contact": "$wu"}], "purpose": "$personal"}}"#,
        "interaction.notes").of("account").live("account", GONE),
    mutation("InteractionService.AmendInteraction",
        r#"{"interaction": {"name": "$talk", "channel": "INTERACTION_CHANNEL_VIDEO", "direction": "INTERACTION_DIRECTION_OURS",
            "start_time": "2019-06-02T08:00:00Z", "ours": ["members/one"], "theirs": [{"contact": "$wu"}], "notes": "$personal"},
            "reason": "$personal"}"#, "reason").of("interaction.name"),
    mutation("InteractionService.CreateCommitment",
        r#"{"account": "accounts/acme", "commitment": {"side": "COMMITMENT_SIDE_OURS", "member": "members/one",
            "contact": "$wu", "text": "$personal", "amount": "$usd", "due_date": "$today"}}"#,
        "commitment.text").of("account").live("account", GONE),
    mutation("InteractionService.DelegateCommitment", r#"{"name": "$word", "member": "members/boss"}"#, "member")
        .of("name"),
    mutation("InteractionService.SettleCommitment",
        r#"{"name": "$other_word", "settlement": "COMMITMENT_SETTLEMENT_KEPT",
            "evidence": [{"date": "$today", "note": "$personal"}], "reason": "$personal"}"#, "reason")
        .of("name").ends("KEPT", "OPEN,BROKEN"),

    mutation("InteractionService.RegisterGift",
        r#"{"account": "accounts/acme", "gift": {"kind": "GIFT_KIND_GIFT", "value": "$usd", "occasion": "$personal",
            "member": "members/one", "contact": "$wu", "interaction": "$talk"}}"#,
        "gift.occasion").of("account").live("account", GONE),
    mutation("InteractionService.DecideGift", r#"{"name": "$gift", "approve": true, "reason": "$personal"}"#, "reason")
        .of("name").ends("APPROVED", "REGISTERED"),
    mutation("InteractionService.RecordAdvice",
        r#"{"account": "accounts/acme", "advice": {"text": "$personal", "member": "members/one", "contact": "$wu", "cost": "$usd",
            "reminders": [{"date": "$today", "member": "members/boss", "channel": "INTERACTION_CHANNEL_CALL"}]}}"#,
        "advice.text").of("account").live("account", GONE),
    mutation("InteractionService.UpdateAdvice",
        r#"{"advice": {"name": "$advice", "etag": "$advice_etag", "text": "$personal", "accepted_date": "$today"},
            "update_mask": "text,acceptedDate"}"#,
        "advice.text").of("advice.name").etag("advice.etag"),
    mutation("InteractionService.VerifyAdvice",
        r#"{"name": "$others_advice", "avoided_loss": "$usd", "evidence": "$personal"}"#, "evidence")
        .of("name").ends("VERIFIED", "RECORDED"),

    mutation("ReceivableService.PostDocuments",
        r#"{"documents": [{"key": {"source_system": "ERP", "document_no": "NEW"}, "kind": "DOCUMENT_KIND_INVOICE",
            "payer": "accounts/acme", "document_date": "$today", "gross": "$usd", "note": "$personal"}]}"#,
        "documents.0.order_ref").of("documents.0.payer").live("documents.0.payer", GONE),
    mutation("ReceivableService.ReverseDocument", r#"{"name": "$document", "reason": "$personal"}"#, "reason")
        .of("name"),
    mutation("ReceivableService.ClearItems",
        r#"{"account": "accounts/ERP~ACME", "allocations": [{"credit_item": "$credit", "debit_item": "$to_clear"}]}"#,
        "allocations.0.debit_item").of("account"),
    mutation("ReceivableService.ResetClearing", r#"{"name": "$clearing", "reason": "$personal"}"#, "reason")
        .of("name").ends("RESET", "APPLIED"),
    mutation("ReceivableService.WriteOffItem", r#"{"item": "$to_write_off", "reason": "$personal"}"#, "reason")
        .of("item"),
    mutation("ReceivableService.ClosePeriod",
        r#"{"company_code": "9999", "through_date": {"year": 2019, "month": 1, "day": 31}}"#, "company_code"),
    mutation("ReceivableService.OpenDispute",
        r#"{"item": "$to_dispute", "reason_code": "QUALITY", "note": "$personal"}"#, "reason_code").of("item"),
    mutation("ReceivableService.ResolveDispute", r#"{"name": "$dispute", "outcome": "DISPUTE_OUTCOME_REJECTED"}"#,
        "name").of("name").ends("RESOLVED", "OPEN"),
    mutation("ReceivableService.RecordPromiseToPay",
        r#"{"account": "accounts/ERP~ACME", "items": ["$promised"], "amount": "$usd", "pay_by_date": "$today",
            "promised_by": "$personal"}"#, "promised_by").of("account"),
    mutation("ReceivableService.WithdrawPromiseToPay", r#"{"name": "$promise"}"#, "name").of("name").ends("WITHDRAWN", "OPEN,KEPT,PARTIALLY_KEPT,BROKEN,LAPSED"),
    mutation("ReceivableService.SetExchangeRates",
        r#"{"rates": [{"from_currency": "EUR", "to_currency": "USD", "date": "$today", "rate": {"value": "1.1"}}]}"#,
        "rates.0.rate.value"),
    mutation("ReceivableService.SetControlTotal", r#"{"date": "$today", "amount": "$usd"}"#, "company_code"),

    mutation("CreditService.SetCreditLimit",
        r#"{"account": "accounts/acme", "limit": {"kind": "CREDIT_LIMIT_KIND_AMOUNT", "etag": "$limit",
            "amount": {"currency_code": "USD", "units": "1000"}, "approver": "$personal", "reason": "$personal"}}"#,
        "limit.reason").of("account").etag("limit.etag").live("account", GONE),
    mutation("CreditService.PlaceCreditHold",
        r#"{"account": "accounts/held", "scope": "CREDIT_HOLD_SCOPE_ACCOUNT", "reason": "$personal"}"#, "reason")
        .of("account").live("account", GONE),
    mutation("CreditService.ReleaseCreditHold", r#"{"name": "$hold", "reason": "$personal"}"#, "reason")
        .of("name").ends("RELEASED", "PLACED"),
    mutation("CreditService.ReserveCredit",
        r#"{"account": "accounts/acme", "amount": "$usd", "order": {"source_system": "ERP", "order_ref": "NEW"},
            "override_reason": "$personal"}"#,
        "order.order_ref").of("account").live("account", GONE),
    mutation("CreditService.AmendReservation",
        r#"{"name": "accounts/acme/creditReservations/ERP~1", "amount": "$usd", "override_reason": "$personal"}"#,
        "amount.units")
        .of("name").live("name", GONE_ORDER),
    mutation("CreditService.DeliverReservation",
        r#"{"name": "accounts/acme/creditReservations/ERP~1", "amount": "$usd"}"#, "amount.units").of("name"),
    mutation("CreditService.CommitReservation",
        r#"{"name": "accounts/acme/creditReservations/ERP~2",
            "documents": [{"source_system": "ERP", "document_no": "TO-COMMIT"}]}"#,
        "documents.0.document_no").of("name"),
    mutation("CreditService.CancelReservation",
        r#"{"name": "accounts/acme/creditReservations/ERP~3", "reason": "$personal"}"#, "reason").of("name"),
    mutation("CreditService.DecideReferral",
        r#"{"reservation": "accounts/free/creditReservations/ERP~8", "approve": true, "approver": "$personal",
            "reason": "$personal"}"#, "reason").of("reservation").live("reservation", GONE_ORDER).ends("ORDERED", "REFERRED"),
    mutation("CreditService.CreateCreditSecurity",
        r#"{"account": "accounts/acme", "security": {"kind": "CREDIT_SECURITY_KIND_DEPOSIT", "issuer": "A bank",
            "cover_limit": "$usd", "insured_bp": 10000}}"#,
        "security.issuer").of("account").live("account", GONE),
    mutation("CreditService.EndCreditSecurity", r#"{"name": "$security", "reason": "$personal"}"#, "reason")
        .of("name").ends("ENDED", "LIVE"),
    mutation("CreditService.CreateCreditPolicy", r#"{"policy_id": "new", "policy": {"description": "New"}}"#,
        "policy.description"),
    mutation("CreditService.ActivateCreditPolicy", r#"{"name": "creditPolicies/strict", "etag": "$policy"}"#,
        "name").of("name").etag("etag"),

    mutation("AccountService.SnoozeFinding",
        r#"{"account": "accounts/acme", "code": "FINDING_CODE_OWNER_MISSING", "until_date": "$today", "reason": "$personal"}"#, "reason")
        .of("account").live("account", GONE),
    mutation("TierService.CreateTierPolicy", r#"{"tier_policy_id": "new", "tier_policy": "$tiers"}"#,
        "tier_policy.description"),
    mutation("TierService.ActivateTierPolicy",
        r#"{"name": "tierPolicies/five", "effective_date": "$today", "etag": "$tier_policies"}"#, "name").of("name").etag("etag"),
    mutation("TierService.DecideTierChange",
        r#"{"name": "$proposal", "approve": true, "reason": "$personal"}"#, "reason")
        .of("name").ends("DECIDED", "PROPOSED"),
    mutation("TierService.OverrideTier",
        r#"{"account": "accounts/held", "tier": "A", "valid_to": "$today", "reason": "$personal"}"#, "reason")
        .of("account").live("account", GONE),
    mutation("TierService.EndTierOverride", r#"{"name": "$override", "reason": "$personal"}"#, "reason")
        .of("name").ends("ENDED", "OPEN"),
    mutation("TierService.EvaluateTiers", r#"{"apply": true, "as_of": "$today"}"#, "as_of.day"),
    mutation("TierService.CreateWorkCalendar", r#"{"work_calendar_id": "new", "work_calendar": "$calendar"}"#,
        "work_calendar.description"),
    mutation("TierService.ActivateWorkCalendar",
        r#"{"name": "workCalendars/five", "effective_date": "$today", "etag": "$calendars"}"#, "name").of("name").etag("etag"),
];

pub async fn hold(mut scene: Scene) {
    logs::keep();
    let books = Books::of(&scene.server).await;
    let mut seen = Seen::default();
    for line in TABLE {
        let request = scene.fill(line.request);
        let before = books.all().await;
        refusals(&mut scene, line, &request).await;
        assert_eq!(books.all().await, before, "{}: a refused call left something", line.method);
        let id = fresh();
        let request = with(&request, "request_id", id.clone());
        let done = scene.call(line.method, &request).await;
        scene.expect(line.method, "a request that is served", &told(&done), "OK");
        let revision = scene.revision();
        assert!(revision > 0 && revision % 1_000 == 0, "{}: no revision", line.method);
        let after = books.all().await;
        assert_ne!(after, before, "{}: no effect", line.method);
        let done = done.ok();
        done.iter().for_each(|answer| seen.add(line.method, answer));
        repeats(&mut scene, line, &request, done, revision).await;
        assert_eq!(books.all().await, after, "{}: a repeated call left something", line.method);
        let kept = books.rows("idempotency").await;
        assert!(kept.iter().any(|row| row.contains(&id)), "{}: nothing is kept", line.method);
    }
    seen.assert_all(TABLE.iter().map(|line| line.method));
    for table in ["idempotency", "outbox", "audit"] {
        for row in books.rows(table).await {
            assert!(!row.contains(PERSONAL), "personal text in {row}");
        }
    }
    assert!(!logs::with("ReserveCredit").is_empty(), "a call is logged");
    assert_eq!(logs::with(PERSONAL), [""; 0], "personal text in the log");
    scene.assert_kept();
}

/// Makes the call of a line; answers the id of its request.
pub async fn make(scene: &Scene, line: &Mutation) -> String {
    let id = fresh();
    let request = with(&scene.fill(line.request), "request_id", id.clone());
    let done = scene.call(line.method, &request).await;
    done.unwrap_or_else(|status| panic!("{}: {status:?}", line.method));
    id
}

/// What a request is refused for that is about nothing, or about what is not so any more.
async fn refusals(scene: &mut Scene, line: &Mutation, request: &Json) {
    if let Some(path) = line.resource {
        let name = text(request, path);
        for missing in [Some(missing(&name)), orphan(&name)].into_iter().flatten() {
            let request = with(request, path, missing);
            scene.refuses_fresh(line.method, &request, "RESOURCE_NOT_FOUND").await;
        }
        let request = with(request, path, foreign(&name));
        let expected = format!("{} RESOURCE_NAME_INVALID", field(path));
        scene.refuses_fresh(line.method, &request, &expected).await;
    }
    if let Some(path) = line.etag {
        let stale = with(request, path, ballast::api::etag::encode(i64::MAX));
        scene.refuses_fresh(line.method, &stale, "ETAG_MISMATCH").await;
    }
    if let Some((path, deleted)) = line.live {
        let request = with(request, path, deleted);
        scene.refuses_fresh(line.method, &request, "ACCOUNT_DELETED").await;
    }
}

/// What becomes of a request that was served when it comes again, with and without its id.
async fn repeats(
    scene: &mut Scene,
    line: &Mutation,
    request: &Json,
    done: Option<Json>,
    revision: i64,
) {
    let again = scene.call(line.method, request).await;
    assert_eq!(again.ok(), done, "{}: the same request again", line.method);
    assert_eq!(scene.revision(), revision, "{}: the revision of the first call", line.method);
    let mut another = request.clone();
    let value = at(&mut another, line.other);
    *value = other(value);
    scene.refuses(line.method, &another, "request_id REQUEST_ID_REUSED").await;
    if let Some((state, allowed)) = line.ends {
        let expected = format!("STATE_WRONG state={state} allowed={allowed}");
        scene.refuses_fresh(line.method, request, &expected).await;
    }
}
