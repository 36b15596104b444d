//! Whether somebody of ours knows whoever answers for money at the account. The order itself is what
//! would be open, so it does not matter what is open already.

use super::{Evaluator, remedy};
use crate::domain::coverage::finance::{FinanceContact, Missing};
use crate::domain::credit::decision::{ReasonCode, RemedyAction};
use crate::domain::names::account_name;

impl Evaluator<'_> {
    pub(super) fn finance_contact(&mut self) {
        if !self.standing.policy.looks_at_people() {
            return;
        }
        let account = self.question.account;
        let Some(signal) = self.standing.signals.get(account) else { return };
        let told = signal.on(account, self.standing.now.today);
        let FinanceContact::Missing(Missing { since, subject, evidence }) = told else { return };
        let summary = format!("nobody of ours knows who answers for money, since {since}");
        let connect = remedy(RemedyAction::ConnectContact, None, &subject);
        let code = ReasonCode::NoLiveFinanceContact;
        let mut reason = self.reason(code, account_name(account), summary);
        reason.since = Some(since);
        reason.evidence = evidence;
        reason.remedies.push(connect);
        reason.remedies.extend(self.prepay_all());
        self.reasons.push(reason);
    }
}
