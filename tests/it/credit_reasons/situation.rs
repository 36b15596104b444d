//! The situations in which each reason applies, and applies alone, to the order 4711.

use super::*;

pub const ORDER: &str = "4711";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Situation {
    LimitExceeded,
    /// The limit is exceeded without the order.
    LimitExceededBefore,
    /// By an order in euro, which are dear.
    LimitExceededInEuro,
    GroupLimitExceeded,
    OverdueAmount,
    OverdueDays,
    OnHold,
    GroupOnHold,
    LimitExpired,
    GroupLimitExpired,
    NoLimit,
    /// Of an item.
    RateMissing,
    /// Of the order.
    RateOfOrderMissing,
    Utilization,
    AccountBlocked,
    NoLiveFinanceContact,
}

impl Situation {
    pub const ALL: [Self; 16] = [
        Self::LimitExceeded,
        Self::LimitExceededBefore,
        Self::LimitExceededInEuro,
        Self::GroupLimitExceeded,
        Self::OverdueAmount,
        Self::OverdueDays,
        Self::OnHold,
        Self::GroupOnHold,
        Self::LimitExpired,
        Self::GroupLimitExpired,
        Self::NoLimit,
        Self::RateMissing,
        Self::RateOfOrderMissing,
        Self::Utilization,
        Self::AccountBlocked,
        Self::NoLiveFinanceContact,
    ];

    pub fn order(self) -> pb::Money {
        match self {
            Self::LimitExceededInEuro | Self::RateOfOrderMissing => money("80", "EUR"),
            _ => usd("80.00"),
        }
    }

    /// The situation on a fresh server.
    pub async fn arise(self, server: &TestServer) -> Counter {
        let mut counter = Counter::open(server).await;
        let due = |no: &str, gross: &str, days: i64| {
            invoice(no, day(days - 30), gross, &[(day(days), gross)])
        };
        if !matches!(self, Self::NoLimit) {
            counter.limit(ACME, "100.00").await;
        }
        match self {
            Self::LimitExceeded => drop(counter.desk.post([due("I1", "50.00", 30)]).await),
            Self::LimitExceededBefore => drop(counter.desk.post([due("I1", "150.00", 30)]).await),
            Self::LimitExceededInEuro => {
                counter.desk.rates(&[("EUR", "USD", day(0), "3.333")]).await;
            }
            Self::GroupLimitExceeded => {
                counter.account("sister", GROUP).await;
                let sister =
                    pb::Document { payer: "accounts/sister".into(), ..due("I1", "50.00", 30) };
                counter.desk.post([sister]).await;
                counter.limit(GROUP, "120.00").await;
            }
            Self::OverdueAmount => {
                let policy = pb::CreditPolicy {
                    overdue_amount_max: Some(usd("5.00")),
                    overdue_grace_days: 2,
                    ..pb::CreditPolicy::default()
                };
                counter.policy("overdue", policy).await;
                // The grace of one is not over, another is due today.
                let items =
                    [("I1", "6.00", -9), ("I2", "7.00", -3), ("I3", "1.00", -2), ("I4", "1.00", 0)];
                counter.desk.post(items.map(|(no, gross, days)| due(no, gross, days))).await;
            }
            Self::OverdueDays => {
                let policy =
                    pb::CreditPolicy { overdue_days_max: Some(10), ..pb::CreditPolicy::default() };
                counter.policy("overdue", policy).await;
                let items = [
                    ("I1", "4.00", -11),
                    ("I2", "3.00", -40),
                    ("I3", "2.00", -10),
                    ("I4", "1.00", -40),
                ];
                counter.desk.post(items.map(|(no, gross, days)| due(no, gross, days))).await;
                counter.desk.try_dispute("I1", None, None).await.expect("disputed and overdue");
            }
            Self::OnHold => drop(counter.hold(ACME, pb::CreditHoldScope::Account).await),
            Self::GroupOnHold => {
                counter.hold(GROUP, pb::CreditHoldScope::Group).await;
                // One of the group's own account does not concern those below.
                counter.hold(GROUP, pb::CreditHoldScope::Account).await;
            }
            Self::LimitExpired => {
                let limit = pb::CreditLimit { valid_to: Some(day(3)), ..limit_of("200.00") };
                counter.set(ACME, limit).await;
                server.clock().set(moment(4));
            }
            Self::GroupLimitExpired => {
                let limit = pb::CreditLimit { valid_to: Some(day(3)), ..limit_of("200.00") };
                counter.set(GROUP, limit).await;
                server.clock().set(moment(4));
            }
            Self::NoLimit => {}
            Self::RateMissing => {
                let pounds = money("1", "GBP");
                let pounds = pb::Document {
                    gross: Some(pounds),
                    ..document(pb::DocumentKind::Invoice, "I1", day(0), "0")
                };
                counter.desk.post([pounds]).await;
            }
            Self::RateOfOrderMissing => {}
            Self::Utilization => {
                let policy = pb::CreditPolicy {
                    utilization_bp_max: Some(6_667),
                    ..pb::CreditPolicy::default()
                };
                counter.policy("utilization", policy).await;
            }
            Self::AccountBlocked => {
                let request = pb::BlockAccountRequest {
                    name: ACME.into(),
                    reason: "fraud".into(),
                    ..pb::BlockAccountRequest::default()
                };
                counter.accounts.block_account(request).await.expect("blocked");
            }
            Self::NoLiveFinanceContact => {
                let rule = pb::CreditReasonRule {
                    code: pb::CreditReasonCode::NoLiveFinanceContact.into(),
                    disposition: pb::CreditDisposition::Refer.into(),
                };
                let policy = pb::CreditPolicy { rules: vec![rule], ..pb::CreditPolicy::default() };
                counter.policy("people", policy).await;
                let (function, level) = (pb::PositionFunction::Finance, pb::PositionLevel::Staff);
                let seat = crate::contact::position(server, "acme", function, level).await;
                let li = crate::contact::person(server, "Li").await;
                crate::contact::move_from_to(server, &li, "", &seat, -1).await.expect("hired");
                crate::interaction::member(server, "wang").await;
            }
        }
        counter
    }

    /// What the order would be answered.
    pub async fn ask(self, counter: &mut Counter) -> pb::CreditDecision {
        let request = pb::CheckCreditRequest {
            account: ACME.into(),
            amount: Some(self.order()),
            order: Some(order_key(ORDER)),
            ..pb::CheckCreditRequest::default()
        };
        counter.check(request).await
    }
}
