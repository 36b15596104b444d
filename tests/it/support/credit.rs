//! A counter at which a test asks for credit, in a few words each: the account of [`Desk`] under
//! a group of its own, in USD, its orders by their number in the system of the documents.

use ballast::pb;
use ballast::pb::account_service_client::AccountServiceClient;
use ballast::pb::credit_service_client::CreditServiceClient;
use tonic::Status;
use tonic::transport::Channel;

use super::TestServer;
use super::ledger::{Desk, fresh, text, usd};

/// The account that [`Desk`] posts to, and the one above it.
pub const ACME: &str = "accounts/acme";
pub const GROUP: &str = "accounts/group";

pub type Decided = Result<pb::CreditDecision, Status>;
pub type Moved = Result<pb::CreditReservation, Status>;

/// Someone who asks for credit, and the desk that posts what was sold.
pub struct Counter {
    pub client: CreditServiceClient<Channel>,
    pub accounts: AccountServiceClient<Channel>,
    pub desk: Desk,
}

/// `2019-06-30T09:00:00Z` and so many days.
pub fn moment(days: i64) -> chrono::DateTime<chrono::Utc> {
    let start: chrono::DateTime<chrono::Utc> = "2019-06-30T09:00:00Z".parse().expect("a time");
    start + chrono::Duration::days(days)
}

pub fn instant(days: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: moment(days).timestamp(), nanos: 0 })
}

pub fn order_key(no: &str) -> pb::OrderKey {
    pb::OrderKey { source_system: "ERP".into(), order_ref: no.into() }
}

pub fn order_name(no: &str) -> String {
    format!("{ACME}/creditReservations/ERP~{no}")
}

/// A lasting limit in USD.
pub fn limit_of(amount: &str) -> pb::CreditLimit {
    pb::CreditLimit {
        kind: pb::CreditLimitKind::Amount.into(),
        amount: Some(usd(amount)),
        ..pb::CreditLimit::default()
    }
}

pub fn limit_kind(kind: pb::CreditLimitKind) -> pb::CreditLimit {
    pb::CreditLimit { kind: kind.into(), ..pb::CreditLimit::default() }
}

/// What a reservation of an order asks, in USD.
pub fn reserving(no: &str, amount: &str) -> pb::ReserveCreditRequest {
    pb::ReserveCreditRequest {
        account: ACME.into(),
        amount: Some(usd(amount)),
        order: Some(order_key(no)),
        request_id: fresh(),
        ..pb::ReserveCreditRequest::default()
    }
}

/// Lets a document name the order it belongs to.
pub trait Names {
    fn names(self, order: &str) -> Self;
}

impl Names for pb::Document {
    fn names(mut self, order: &str) -> Self {
        self.order_ref = order.into();
        self
    }
}

impl Counter {
    /// Where the accounts are there already.
    pub fn at(server: &TestServer) -> Self {
        let (client, accounts) = (server.credit(), server.accounts());
        Self { client, accounts, desk: Desk::new(server) }
    }

    /// With `accounts/acme` under `accounts/group`, neither with a limit.
    pub async fn open(server: &TestServer) -> Self {
        let mut counter = Self::at(server);
        counter.account("group", "").await;
        counter.account("acme", GROUP).await;
        counter
    }

    /// As [`Counter::open`], with limits of both.
    pub async fn with_limits(server: &TestServer, own: &str, group: &str) -> Self {
        let mut counter = Self::open(server).await;
        counter.limit(ACME, own).await;
        counter.limit(GROUP, group).await;
        counter
    }

    /// An account that the ERP calls by its id in capitals.
    pub async fn account(&mut self, id: &str, parent: &str) {
        let external = pb::ExternalRef { system: "ERP".into(), id: id.to_uppercase() };
        let request = pb::CreateAccountRequest {
            account: Some(pb::Account {
                display_name: id.into(),
                parent: parent.into(),
                external_refs: vec![external],
                ..pb::Account::default()
            }),
            account_id: id.into(),
            ..pb::CreateAccountRequest::default()
        };
        self.accounts.create_account(request).await.expect("created");
    }

    pub async fn try_update(&mut self, account: pb::Account, path: &str) -> Result<(), Status> {
        let mask = prost_types::FieldMask { paths: vec![path.into()] };
        let request = pb::UpdateAccountRequest {
            account: Some(account),
            update_mask: Some(mask),
            ..pb::UpdateAccountRequest::default()
        };
        self.accounts.update_account(request).await.map(drop)
    }

    /// Puts an account under another one; empty: under none.
    pub async fn reparent(&mut self, name: &str, parent: &str) {
        let read = pb::GetAccountRequest { name: name.into() };
        let account = self.accounts.get_account(read).await.expect("an account").into_inner();
        let account = pb::Account { parent: parent.into(), ..account };
        self.try_update(account, "parent").await.expect("moved");
    }

    /// Adds a limit, approved and with the version of the last one of its segment.
    pub async fn set(&mut self, account: &str, limit: pb::CreditLimit) -> pb::CreditLimit {
        let list = pb::ListCreditLimitsRequest {
            parent: account.into(),
            ..pb::ListCreditLimitsRequest::default()
        };
        let before = self.client.list_credit_limits(list).await.expect("limits").into_inner();
        let last = before.limits.into_iter().find(|l| l.segment == limit.segment);
        let limit = pb::CreditLimit {
            approver: "Ms Wang".into(),
            reason: "annual review".into(),
            etag: last.map(|l| l.etag).unwrap_or_default(),
            ..limit
        };
        let request = pb::SetCreditLimitRequest {
            account: account.into(),
            limit: Some(limit),
            request_id: fresh(),
        };
        self.client.set_credit_limit(request).await.expect("a limit").into_inner()
    }

    pub async fn limit(&mut self, account: &str, amount: &str) -> pb::CreditLimit {
        self.set(account, limit_of(amount)).await
    }

    /// Places a hold; answers its name.
    pub async fn hold(&mut self, account: &str, scope: pb::CreditHoldScope) -> String {
        let request = pb::PlaceCreditHoldRequest {
            account: account.into(),
            scope: scope.into(),
            reason: "rumors of insolvency".into(),
            request_id: fresh(),
        };
        self.client.place_credit_hold(request).await.expect("a hold").into_inner().name
    }

    pub async fn release(&mut self, hold: &str) {
        let request = pb::ReleaseCreditHoldRequest {
            name: hold.into(),
            reason: "the rumors were false".into(),
            request_id: fresh(),
        };
        self.client.release_credit_hold(request).await.expect("released");
    }

    /// Creates a policy and makes it the one that decides.
    pub async fn policy(&mut self, id: &str, policy: pb::CreditPolicy) {
        let request = pb::CreateCreditPolicyRequest {
            policy: Some(policy),
            policy_id: id.into(),
            request_id: fresh(),
        };
        self.client.create_credit_policy(request).await.expect("a policy");
        let active = pb::GetCreditPolicyRequest { name: "creditPolicies/-".into() };
        let active = self.client.get_credit_policy(active).await.expect("active").into_inner();
        let request = pb::ActivateCreditPolicyRequest {
            name: format!("creditPolicies/{id}"),
            etag: active.etag,
            request_id: fresh(),
        };
        self.client.activate_credit_policy(request).await.expect("activated");
    }

    pub async fn secure(&mut self, security: pb::CreditSecurity) -> pb::CreditSecurity {
        let request = pb::CreateCreditSecurityRequest {
            account: ACME.into(),
            security: Some(security),
            request_id: fresh(),
        };
        self.client.create_credit_security(request).await.expect("a security").into_inner()
    }

    /// What an order without a number would be answered.
    pub async fn ask(&mut self, amount: &str) -> pb::CreditDecision {
        self.check(pb::CheckCreditRequest {
            account: ACME.into(),
            amount: Some(usd(amount)),
            ..pb::CheckCreditRequest::default()
        })
        .await
    }

    pub async fn check(&mut self, request: pb::CheckCreditRequest) -> pb::CreditDecision {
        self.client.check_credit(request).await.expect("an answer").into_inner()
    }

    pub async fn try_reserve(&mut self, request: pb::ReserveCreditRequest) -> Decided {
        Ok(self.client.reserve_credit(request).await?.into_inner())
    }

    pub async fn reserve(&mut self, no: &str, amount: &str) -> pb::CreditDecision {
        self.try_reserve(reserving(no, amount)).await.expect("a decision")
    }

    pub async fn try_amend(&mut self, request: pb::AmendReservationRequest) -> Decided {
        Ok(self.client.amend_reservation(request).await?.into_inner())
    }

    pub async fn amend(&mut self, no: &str, amount: &str) -> pb::CreditDecision {
        self.try_amend(amending(no, amount)).await.expect("a decision")
    }

    /// `None` is all that is left.
    pub async fn try_deliver(&mut self, no: &str, amount: Option<&str>) -> Moved {
        let request = pb::DeliverReservationRequest {
            name: order_name(no),
            amount: amount.map(usd),
            request_id: fresh(),
        };
        Ok(self.client.deliver_reservation(request).await?.into_inner())
    }

    pub async fn deliver(&mut self, no: &str, amount: &str) -> pb::CreditReservation {
        self.try_deliver(no, Some(amount)).await.expect("delivered")
    }

    pub async fn try_commit(&mut self, no: &str, documents: &[&str], complete: bool) -> Moved {
        let request = pb::CommitReservationRequest {
            name: order_name(no),
            documents: documents.iter().map(|no| super::ledger::key(no)).collect(),
            complete,
            request_id: fresh(),
        };
        Ok(self.client.commit_reservation(request).await?.into_inner())
    }

    pub async fn try_cancel(&mut self, no: &str, returned: Option<&str>) -> Moved {
        let request = pb::CancelReservationRequest {
            name: order_name(no),
            reason: "the customer changed its mind".into(),
            returned_amount: returned.map(usd),
            request_id: fresh(),
        };
        Ok(self.client.cancel_reservation(request).await?.into_inner())
    }

    pub async fn try_decide(&mut self, request: pb::DecideReferralRequest) -> Decided {
        Ok(self.client.decide_referral(request).await?.into_inner())
    }

    pub async fn order(&mut self, no: &str) -> pb::CreditReservation {
        let request = pb::GetReservationRequest { name: order_name(no) };
        self.client.get_reservation(request).await.expect("a reservation").into_inner()
    }

    pub async fn profile(&mut self, account: &str) -> pb::CreditProfile {
        let request = pb::GetCreditProfileRequest {
            account: account.into(),
            ..pb::GetCreditProfileRequest::default()
        };
        self.client.get_credit_profile(request).await.expect("a profile").into_inner()
    }

    /// What counts against the first limit of an account, as [`exposure`] tells it.
    pub async fn exposure_of(&mut self, account: &str) -> String {
        let profile = self.profile(account).await;
        let own = profile.limits.iter().find(|of| of.account == account);
        exposure(own.expect("the account is among its limits"))
    }

    /// What counts for the account, which has to be what counts for its group.
    #[track_caller]
    pub fn exposure(&mut self) -> impl Future<Output = String> {
        let caller = std::panic::Location::caller();
        async move {
            let own = self.exposure_of(ACME).await;
            assert_eq!(self.exposure_of(GROUP).await, own, "of the group, at {caller}");
            own
        }
    }
}

/// What an amendment of an order asks, in USD.
pub fn amending(no: &str, amount: &str) -> pb::AmendReservationRequest {
    pb::AmendReservationRequest {
        name: order_name(no),
        amount: Some(usd(amount)),
        request_id: fresh(),
        ..pb::AmendReservationRequest::default()
    }
}

/// How a referral is decided.
pub fn deciding(no: &str, approve: bool) -> pb::DecideReferralRequest {
    pb::DecideReferralRequest {
        reservation: order_name(no),
        approve,
        approver: "Mr Zhao".into(),
        reason: "knows the owner".into(),
        request_id: fresh(),
        ..pb::DecideReferralRequest::default()
    }
}

/// `open 30.00, orders 70.00 = 100.00`; what is not in the total stands in brackets.
pub fn exposure(of: &pb::CreditLimitUse) -> String {
    let mut parts = of.parts.clone();
    parts.sort_by_key(|part| part.component);
    let parts: Vec<String> = parts
        .iter()
        .map(|part| {
            let name = part.component().as_str_name();
            let name = name.strip_prefix("CREDIT_COMPONENT_").unwrap_or(name).to_lowercase();
            let name = match name.as_str() {
                "open_receivables" => "open",
                "unapplied_cash" => "cash",
                "open_credits" => "credits",
                "order_advances" => "advances",
                other => other,
            };
            let told = format!("{name} {}", text(&part.amount));
            if part.counted { told } else { format!("[{told}]") }
        })
        .collect();
    let total = text(&of.exposure);
    if parts.is_empty() { format!("= {total}") } else { format!("{} = {total}", parts.join(", ")) }
}

fn short(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

pub fn verdict(decision: &pb::CreditDecision) -> String {
    short(decision.verdict().as_str_name(), "CREDIT_VERDICT_")
}

/// The codes of reasons, in the order of the answer.
pub fn codes(reasons: &[pb::CreditReason]) -> Vec<String> {
    let code =
        |reason: &pb::CreditReason| short(reason.code().as_str_name(), "CREDIT_REASON_CODE_");
    reasons.iter().map(code).collect()
}

/// The remedies of a reason: `PREPAY 20.00`.
pub fn remedies(reason: &pb::CreditReason) -> Vec<String> {
    let told = |remedy: &pb::CreditRemedy| {
        let action = short(remedy.action().as_str_name(), "CREDIT_REMEDY_ACTION_");
        format!("{action} {}", text(&remedy.amount))
    };
    reason.remedies.iter().map(told).collect()
}

pub fn stage(order: &pb::CreditReservation) -> String {
    short(order.stage().as_str_name(), "CREDIT_RESERVATION_STAGE_")
}

/// Holds a decision against its verdict and reasons: `DECLINED`, `["LIMIT_EXCEEDED"]`.
#[track_caller]
pub fn assert_decided(decision: &pb::CreditDecision, expected: &str, reasons: &[&str]) {
    let told = (verdict(decision), codes(&decision.reasons));
    let reasons: Vec<String> = reasons.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!(told, (expected.to_owned(), reasons), "{decision:#?}");
}
