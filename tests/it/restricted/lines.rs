//! A line for each method that serves callers who see some accounts alone.

/// A method, a request in the words of a side, and what a caller is told of the side that he sees; a word
/// for what stands at a path of that answer.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub method: &'static str,
    pub request: &'static str,
    pub told: &'static str,
    pub made: Option<(&'static str, &'static str)>,
    /// Whether it is about an account or a person at all.
    pub is_about_rows: bool,
}

const fn line(method: &'static str, request: &'static str) -> Line {
    Line { method, request, told: "OK", made: None, is_about_rows: true }
}

impl Line {
    const fn told(self, told: &'static str) -> Self {
        Self { told, ..self }
    }

    const fn made(self, word: &'static str, path: &'static str) -> Self {
        Self { made: Some((word, path)), ..self }
    }

    const fn of_nobody(self) -> Self {
        Self { is_about_rows: false, ..self }
    }
}

/// In this order: what a line makes, those behind it name.
#[rustfmt::skip]
pub const TABLE: &[Line] = &[
    line("AccountService.GetAccount", r#"{"name": "$account"}"#),
    line("AccountService.GetAccount", r#"{"name": "accounts/ERP~$side-key"}"#),
    line("AccountService.BatchGetAccounts", r#"{"names": ["$account"]}"#),
    line("AccountService.ListAccounts", r#"{"parent": "$account"}"#),
    line("AccountService.ListAccounts", r#"{"owner": "members/$side-han"}"#),
    line("AccountService.GetAccountStatus", r#"{"name": "$account"}"#),
    line("AccountService.GetAccountStatus", r#"{"name": "$account", "as_of": {"year": 2019, "month": 6, "day": 1}}"#),
    line("AccountService.BatchGetAccountStatuses", r#"{"names": ["$account"]}"#),
    line("AccountService.ListFindings", r#"{"parent": "$account", "show_snoozed": true}"#),
    line("AccountService.ListWorkItems", r#"{"parent": "$account"}"#),
    line("AccountService.ListWorkItems", r#"{"parent": "accounts/-", "owner": "members/$side-han"}"#),
    line("AccountService.ListTimeline", r#"{"parent": "$account", "with_counts": true}"#),
    line("AccountService.ListAccountTypeChanges", r#"{"parent": "$account"}"#),
    line("AccountService.GetMemberBook", r#"{"member": "members/$side-han"}"#),
    line("AccountService.GetMember", r#"{"name": "members/$side-han"}"#),
    line("AccountService.GetMember", r#"{"name": "members/$side-li"}"#),
    line("AccountService.ListMembers", r#"{"manager": "members/$side-han"}"#),
    line("AccountService.ListTeamMembers", r#"{"parent": "$account"}"#),
    line("AccountService.GetHandover", r#"{"name": "$handover"}"#),
    line("AccountService.ListHandovers", r#"{"parent": "$account"}"#),

    line("ContactService.GetContact", r#"{"name": "$contact"}"#),
    line("ContactService.GetContact", r#"{"name": "contacts/CRM~$side-wu"}"#),
    line("ContactService.ListContacts", r#"{"account": "$account"}"#),
    line("ContactService.ListIncumbencies", r#"{"parent": "$account"}"#),
    line("ContactService.ListIncumbencies", r#"{"parent": "$contact"}"#),
    line("ContactService.ListPositions", r#"{"parent": "$account"}"#),
    line("ContactService.GetPosition", r#"{"name": "$position"}"#),
    line("ContactService.GetCoverage", r#"{"account": "$account"}"#),

    line("InteractionService.GetInteraction", r#"{"name": "$talk"}"#),
    line("InteractionService.GetVisitBrief", r#"{"name": "$visit"}"#),
    line("InteractionService.ListInteractions", r#"{"parent": "$account"}"#),
    line("InteractionService.ListInteractions", r#"{"parent": "accounts/-", "contact": "$contact"}"#),
    line("InteractionService.ListInteractions", r#"{"parent": "accounts/-", "member": "members/$side-han"}"#),
    line("InteractionService.CalculateInteractionStats", r#"{"group_by": "INTERACTION_GROUP_BY_MEMBER", "account": "$account",
        "from_date": {"year": 2019, "month": 6, "day": 1}}"#),
    line("InteractionService.ListCommitments", r#"{"parent": "$account"}"#),
    line("InteractionService.GetGift", r#"{"name": "$gift"}"#),
    line("InteractionService.ListGifts", r#"{"parent": "$account"}"#),
    line("InteractionService.GetGiftHeadroom", r#"{"account": "$account", "contacts": ["$contact"]}"#),
    line("InteractionService.GetAdvice", r#"{"name": "$advice"}"#),
    line("InteractionService.ListAdvice", r#"{"parent": "$account"}"#),
    line("InteractionService.GetTrustLedger", r#"{"account": "$account"}"#),

    line("ReceivableService.GetDocument", r#"{"name": "$document"}"#),
    line("ReceivableService.GetDocument", r#"{"key": {"source_system": "ERP", "document_no": "$side-inv"}}"#),
    line("ReceivableService.ListDocuments", r#"{"parent": "$account"}"#),
    line("ReceivableService.ListWaitingClearings", r#"{"parent": "$account"}"#),
    line("ReceivableService.ListOpenItems", r#"{"parent": "$account"}"#),
    line("ReceivableService.ListOpenItems", r#"{"parent": "$account", "include_group": true}"#),
    line("ReceivableService.GetAging", r#"{"account": "$account"}"#),
    line("ReceivableService.GetAging", r#"{"account": "accounts/ERP~$side-key", "include_group": true}"#),
    line("ReceivableService.GetReceivablesRisk", r#"{"account": "$account", "view": "RISK_VIEW_FULL"}"#),
    line("ReceivableService.BatchGetReceivablesRisk", r#"{"accounts": ["$account", "accounts/ERP~$side-key"]}"#),
    line("ReceivableService.ExportOpenItems", r#"{"account": "$account"}"#),
    line("ReceivableService.GetStatement", r#"{"account": "$account", "from_date": {"year": 2019, "month": 1, "day": 1}, "to_date": "$today"}"#),

    line("CreditService.GetCreditProfile", r#"{"account": "$account"}"#),
    line("CreditService.CheckCredit", r#"{"account": "$account", "amount": {"currency_code": "USD", "units": "1"}}"#),
    line("CreditService.ListCreditLimits", r#"{"parent": "$account"}"#),
    line("CreditService.ListCreditHolds", r#"{"parent": "$account"}"#),
    line("CreditService.ListCreditSecurities", r#"{"parent": "$account"}"#),
    line("CreditService.GetReservation", r#"{"name": "$account/creditReservations/ERP~$side-order"}"#),
    line("CreditService.ListReservations", r#"{"parent": "$account"}"#),
    line("CreditService.GetCreditDecision", r#"{"name": "$decision"}"#),
    line("CreditService.ListCreditDecisions", r#"{"parent": "$account"}"#),
    line("CreditService.GetCreditPolicy", r#"{"name": "creditPolicies/strict"}"#).of_nobody(),
    line("CreditService.ListCreditPolicies", "{}").of_nobody(),

    line("TierService.GetTierPolicy", r#"{"name": "tierPolicies/two"}"#).of_nobody(),
    line("TierService.ListTierPolicies", "{}").of_nobody(),
    line("TierService.ListWorkCalendars", "{}").of_nobody(),
    line("TierService.BatchGetAccountTiers", r#"{"names": ["$account"]}"#),
    line("TierService.ListTierAssignments", r#"{"parent": "$account"}"#).made("assignment", "tierAssignments.0.name"),
    line("TierService.ListTierOverrides", r#"{"parent": "$account"}"#),

    line("AccountService.UpdateAccount", r#"{"account": {"name": "$account", "etag": "$account_etag", "display_name": "$side works"},
        "update_mask": "displayName"}"#),
    line("AccountService.BlockAccount", r#"{"name": "$account", "reason": "$side"}"#),
    line("AccountService.UnblockAccount", r#"{"name": "$account"}"#),
    line("AccountService.SnoozeFinding", r#"{"account": "$account", "code": "FINDING_CODE_OWNER_MISSING",
        "until_date": "$today", "reason": "$side"}"#),
    line("AccountService.AssignTeamMember", r#"{"account": "$account", "member": "members/$side-li", "role": "TEAM_ROLE_BACKUP",
        "etag": "$team"}"#).made("team", "etag"),
    line("AccountService.EndTeamMembership", r#"{"name": "$membership", "reason": "$side", "etag": "$team"}"#),

    line("ContactService.UpdateContact", r#"{"contact": {"name": "$contact", "etag": "$contact_etag", "latin_name": "$side"},
        "update_mask": "latinName"}"#),
    line("ContactService.CreatePosition", r#"{"account": "$account", "position": {"function": "POSITION_FUNCTION_QUALITY",
        "level": "POSITION_LEVEL_STAFF"}}"#),
    line("ContactService.UpdatePosition", r#"{"position": {"name": "$position", "etag": "$position_etag", "title": "$side head"},
        "update_mask": "title"}"#),
    line("ContactService.ClosePosition", r#"{"name": "$empty"}"#),

    line("InteractionService.PlanInteraction", r#"{"account": "$account", "interaction": {"channel": "INTERACTION_CHANNEL_CALL",
        "direction": "INTERACTION_DIRECTION_OURS", "start_time": "2019-08-30T08:00:00Z", "ours": ["members/$side-han"],
        "theirs": [{"contact": "$contact"}]}}"#).made("plan", "name"),
    line("InteractionService.CancelInteraction", r#"{"name": "$visit", "reason": "$side"}"#),
    line("InteractionService.RecordInteraction", r#"{"account": "$account", "interaction": {"channel": "INTERACTION_CHANNEL_CALL",
        "direction": "INTERACTION_DIRECTION_THEIRS", "start_time": "2019-06-29T08:00:00Z", "ours": ["members/$side-han"],
        "theirs": [{"contact": "$contact"}]}}"#),
    line("InteractionService.AmendInteraction", r#"{"interaction": {"name": "$talk", "channel": "INTERACTION_CHANNEL_VIDEO",
        "direction": "INTERACTION_DIRECTION_OURS", "start_time": "2019-06-01T08:00:00Z", "ours": ["members/$side-han"],
        "theirs": [{"contact": "$contact"}]}, "reason": "$side"}"#),
    line("InteractionService.CreateCommitment", r#"{"account": "$account", "commitment": {"side": "COMMITMENT_SIDE_THEIRS",
        "member": "members/$side-han", "contact": "$contact", "text": "$side", "due_date": "$today"}}"#),
    line("InteractionService.DelegateCommitment", r#"{"name": "$word", "member": "members/$side-li"}"#),
    line("InteractionService.SettleCommitment", r#"{"name": "$other_word", "settlement": "COMMITMENT_SETTLEMENT_KEPT",
        "evidence": [{"date": "$today", "note": "$side"}], "reason": "$side"}"#),
    line("InteractionService.RegisterGift", r#"{"account": "$account", "gift": {"kind": "GIFT_KIND_GIFT", "value": "$money",
        "occasion": "$side", "member": "members/$side-han", "contact": "$contact"}}"#),
    line("InteractionService.DecideGift", r#"{"name": "$gift", "approve": true, "reason": "$side"}"#),
    line("InteractionService.RecordAdvice", r#"{"account": "$account", "advice": {"text": "$side", "member": "members/$side-han",
        "contact": "$contact"}}"#),
    line("InteractionService.UpdateAdvice", r#"{"advice": {"name": "$advice", "etag": "$advice_etag", "text": "$side more"},
        "update_mask": "text"}"#),
    line("InteractionService.VerifyAdvice", r#"{"name": "$advice", "avoided_loss": "$money", "evidence": "$side"}"#),

    line("TierService.EndTierOverride", r#"{"name": "$override", "reason": "$side"}"#),
    line("TierService.OverrideTier", r#"{"account": "$account", "tier": "C", "valid_to": "$today", "reason": "$side"}"#),
    line("TierService.DecideTierChange", r#"{"name": "$assignment", "approve": true, "reason": "$side"}"#).told("STATE_WRONG"),
];

/// What is asked of all accounts at once, and what a caller is told who does not see all.
pub const OF_ALL: &[(&str, &str, &str)] = &[
    (
        "ReceivableService.GetDocument",
        r#"{"key": {"source_system": "ERP", "document_no": "of-both"}}"#,
        "OK",
    ),
    ("AccountService.ListAccounts", r#"{"show_deleted": true}"#, "OK"),
    ("AccountService.ListAccounts", r#"{"order_by": "display_name desc"}"#, "OK"),
    ("AccountService.ListAccounts", r#"{"order_by": "create_time"}"#, "OK"),
    ("AccountService.ListAccounts", r#"{"order_by": "owner"}"#, "OK"),
    ("AccountService.ListMembers", "{}", "OK"),
    ("AccountService.ListMembers", r#"{"order_by": "display_name"}"#, "OK"),
    ("AccountService.ListHandovers", r#"{"parent": "accounts/-"}"#, "OK"),
    ("AccountService.ListFindings", r#"{"parent": "accounts/-"}"#, "ACCOUNTS_RESTRICTED"),
    ("AccountService.ListWorkItems", r#"{"parent": "accounts/-"}"#, "ACCOUNTS_RESTRICTED"),
    ("AccountService.ListTimeline", r#"{"parent": "members/seen-han"}"#, "ACCOUNTS_RESTRICTED"),
    ("ContactService.ListContacts", r#"{"show_deleted": true}"#, "OK"),
    ("InteractionService.ListInteractions", r#"{"parent": "accounts/-"}"#, "OK"),
    ("InteractionService.ListCommitments", r#"{"parent": "accounts/-"}"#, "OK"),
    ("InteractionService.ListGifts", r#"{"parent": "accounts/-"}"#, "OK"),
    ("InteractionService.ListAdvice", r#"{"parent": "accounts/-"}"#, "OK"),
    (
        "InteractionService.CalculateInteractionStats",
        r#"{"group_by": "INTERACTION_GROUP_BY_MEMBER", "from_date": {"year": 2019, "month": 6, "day": 1}}"#,
        "ACCOUNTS_RESTRICTED",
    ),
    (
        "InteractionService.GetTrustLedger",
        r#"{"member": "members/seen-han"}"#,
        "ACCOUNTS_RESTRICTED",
    ),
    ("ReceivableService.GetAging", r#"{"account": "accounts/-"}"#, "ACCOUNTS_RESTRICTED"),
    (
        "ReceivableService.ListWaitingClearings",
        r#"{"parent": "accounts/-"}"#,
        "ACCOUNTS_RESTRICTED",
    ),
    ("ReceivableService.ExportOpenItems", r#"{"account": "accounts/-"}"#, "ACCOUNTS_RESTRICTED"),
    ("TierService.ListTierAssignments", r#"{"parent": "accounts/-"}"#, "ACCOUNTS_RESTRICTED"),
    ("TierService.ListTierOverrides", r#"{"parent": "accounts/-"}"#, "ACCOUNTS_RESTRICTED"),
];
