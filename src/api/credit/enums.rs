//! The closed sets of credit.

use crate::api::convert::closed_set::{both_ways, one_way};
use crate::domain::credit::component::Component;
use crate::domain::credit::decision::{
    DecisionKind, Disposition, ReasonCode, RemedyAction, Verdict,
};
use crate::domain::credit::hold::HoldScope;
use crate::domain::credit::limit::{LimitKind, LimitState};
use crate::domain::credit::reservation::Stage;
use crate::domain::credit::security::SecurityKind;
use crate::pb;

both_ways! {
    read_limit_kind, write_limit_kind: LimitKind = CreditLimitKind { Unlimited, Amount, Inherit }
    read_scope, write_scope: HoldScope = CreditHoldScope { Account, Group }
    read_security_kind, write_security_kind: SecurityKind = CreditSecurityKind {
        CreditInsurance, BankGuarantee, ParentGuarantee, LetterOfCredit, Deposit, Collateral,
    }
    read_code, write_code: ReasonCode = CreditReasonCode {
        LimitExceeded, GroupLimitExceeded, OverdueAmount, OverdueDays, OnHold, LimitExpired,
        NoLimit, RateMissing, Utilization, AccountBlocked, NoLiveFinanceContact,
    }
    read_disposition, write_disposition: Disposition = CreditDisposition {
        Ignore, Refer, Decline,
    }
    read_verdict, write_verdict: Verdict = CreditVerdict { Approved, Referred, Declined }
}

one_way! {
    write_limit_state: LimitState = CreditLimitState { Active, Scheduled, Expired, Replaced }
    write_decision_kind: DecisionKind = CreditDecisionKind { Check, Reserve, Amend, Referral }
    write_action: RemedyAction = CreditRemedyAction {
        ReduceOrder, Prepay, PayOverdue, RaiseLimit, SetLimit, ReleaseHold, UnblockAccount,
        RecordRate, ConnectContact,
    }
    write_stage: Stage = CreditReservationStage {
        Referred, Rejected, Ordered, Delivered, Committed, Expired, Canceled,
    }
}

/// `None` is cover.
pub fn write_component(component: Option<Component>) -> pb::CreditComponent {
    match component {
        None => pb::CreditComponent::Cover,
        Some(Component::OpenReceivables) => pb::CreditComponent::OpenReceivables,
        Some(Component::Bills) => pb::CreditComponent::Bills,
        Some(Component::UnappliedCash) => pb::CreditComponent::UnappliedCash,
        Some(Component::OpenCredits) => pb::CreditComponent::OpenCredits,
        Some(Component::Orders) => pb::CreditComponent::Orders,
        Some(Component::Delivered) => pb::CreditComponent::Delivered,
        Some(Component::OrderAdvances) => pb::CreditComponent::OrderAdvances,
    }
}
