use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::*;
use crate::domain::credit::component::Component;
use crate::domain::credit::hold::{Hold, HoldScope};
use crate::domain::credit::limit::{Limit, LimitKind, LimitTerms};
use crate::domain::credit::policy::Policy;
use crate::domain::credit::reservation::Now;
use crate::domain::credit::security::{Eligible, Security, SecurityKind, SecurityTerms};
use crate::domain::credit::standing::{ExposureCell, Node, OverdueCell, Rates, Secured};
use crate::domain::dates::NO_DATE;
use crate::domain::rates::{Quote, RateTable, SPOT};
use crate::domain::tier::service::{ClassTerms, CustomerTerms};

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).expect("a date")
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

fn usd(minor: i64) -> Money {
    Money { minor, currency: currency("USD") }
}

/// `child` under `top`, both without anything.
fn standing() -> Standing {
    let eur = |rate: &str, from, to| Quote {
        from: currency(from),
        to: currency(to),
        date: day(9),
        rate: rate.parse::<Decimal>().expect("a number"),
        rate_type: SPOT.into(),
    };
    Standing {
        now: Now { us: 1, today: day(10) },
        policy: Policy::default(),
        rates: Rates {
            table: RateTable::new([eur("1.0837", "EUR", "USD")]),
            day: day(10),
            base: None,
            age_days_max: 7,
        },
        nodes: ["child", "top"].map(|id| (id.to_owned(), Arc::default())).into(),
        class_terms: HashMap::new(),
        signals: HashMap::new(),
        parents: HashMap::from([("child".to_owned(), "top".to_owned())]),
        secured: Vec::new(),
    }
}

impl Standing {
    fn node(&mut self, id: &str) -> &mut Node {
        Arc::make_mut(self.nodes.get_mut(id).expect("an account"))
    }

    fn with_limit(mut self, id: &str, kind: LimitKind, amount: Option<Money>) -> Self {
        let limit = limit(id, kind, amount);
        self.node(id).limits.push(limit);
        self
    }

    fn with_amount(self, id: &str, minor: i64) -> Self {
        self.with_limit(id, LimitKind::Amount, Some(usd(minor)))
    }

    fn with_exposure(mut self, id: &str, code: &str, component: Component, amount: i64) -> Self {
        let company_code = "1000".to_owned();
        self.node(id).exposure.push(ExposureCell {
            currency: currency(code),
            company_code,
            component,
            amount: amount.into(),
        });
        self
    }

    fn asked(&self, amount: i64) -> Evaluation {
        self.asked_in(usd(amount), amount)
    }

    fn asked_in(&self, amount: Money, counted: i64) -> Evaluation {
        let question =
            Question { account: "child", company: "1000", amount, counted, unpaid: counted };
        self.evaluate(question).expect("an evaluation")
    }
}

fn limit(id: &str, kind: LimitKind, amount: Option<Money>) -> Limit {
    Limit {
        id: Uuid::now_v7(),
        account_id: id.to_owned(),
        terms: LimitTerms {
            segment: String::new(),
            kind,
            amount,
            temporary: false,
            overdue_amount_max: None,
            overdue_days_max: None,
        },
        valid_from: day(1),
        valid_to: NO_DATE,
        cut: false,
        approver: "Ms Wang".into(),
        reason: "agreed".into(),
        recorded_us: 1,
    }
}

fn codes(evaluation: &Evaluation) -> Vec<ReasonCode> {
    evaluation.reasons.iter().map(|reason| reason.code).collect()
}

fn amount_of(evaluation: &Evaluation, action: RemedyAction) -> Option<i64> {
    let remedies = evaluation.reasons.iter().flat_map(|reason| &reason.remedies);
    remedies.clone().find(|r| r.action == action)?.amount.map(|amount| amount.minor)
}

#[test]
fn a_limit_may_be_reached_and_not_passed() {
    let s = standing().with_amount("child", 100).with_exposure(
        "child",
        "USD",
        Component::OpenReceivables,
        40,
    );
    assert_eq!(s.asked(60).verdict, Verdict::Approved);
    let over = s.asked(61);
    assert_eq!((over.verdict, codes(&over)), (Verdict::Declined, vec![ReasonCode::LimitExceeded]));
    assert_eq!(over.reasons[0].shortfall, Some(usd(1)));
    assert_eq!(over.available, Some(60));
}

#[test]
fn no_limit_no_credit_and_no_bound_are_three_things() {
    let nothing = standing().asked(1);
    assert_eq!(codes(&nothing), [ReasonCode::NoLimit]);
    assert_eq!(nothing.verdict, Verdict::Referred);
    let zero = standing().with_amount("child", 0).asked(1);
    assert_eq!(codes(&zero), [ReasonCode::LimitExceeded]);
    let unlimited = standing().with_limit("child", LimitKind::Unlimited, None).asked(i64::MAX / 2);
    assert_eq!(unlimited.verdict, Verdict::Approved);
    assert_eq!(unlimited.available, None);
}

#[test]
fn the_limits_above_bind_as_well_whatever_the_own_one_says() {
    let s = standing().with_limit("child", LimitKind::Unlimited, None).with_amount("top", 50);
    assert_eq!(codes(&s.asked(51)), [ReasonCode::GroupLimitExceeded]);
    let both = standing().with_amount("child", 10).with_amount("top", 20);
    let found = codes(&both.asked(30));
    assert_eq!(found, [ReasonCode::LimitExceeded, ReasonCode::GroupLimitExceeded]);
    assert_eq!(both.asked(1).available, Some(10));
    let inherits = standing().with_limit("child", LimitKind::Inherit, None).with_amount("top", 5);
    assert_eq!(inherits.asked(5).verdict, Verdict::Approved);
}

#[test]
fn an_expired_limit_does_not_fall_back_and_a_temporary_one_does() {
    let mut s = standing().with_amount("child", 100);
    let mut newer = limit("child", LimitKind::Amount, Some(usd(500)));
    (newer.valid_to, newer.recorded_us) = (day(9), 2);
    s.node("child").limits.push(newer.clone());
    assert_eq!(codes(&s.asked(1)), [ReasonCode::LimitExpired]);
    s.node("child").limits[1].terms.temporary = true;
    assert_eq!(codes(&s.asked(101)), [ReasonCode::LimitExceeded]);
    s.node("child").limits[1].valid_to = day(10);
    assert_eq!(s.asked(101).verdict, Verdict::Approved);
}

#[test]
fn what_is_paid_in_advance_passes_all_but_a_block() {
    let mut s = standing().with_amount("child", 0);
    s.node("child").holds.push(Hold {
        id: Uuid::now_v7(),
        account_id: "child".into(),
        scope: HoldScope::Account,
        reason: "lawsuit".into(),
        placed_by: "Li".into(),
        recorded_us: 1,
        release: None,
    });
    assert_eq!(codes(&s.asked(10)), [ReasonCode::LimitExceeded, ReasonCode::OnHold]);
    assert_eq!(s.asked_in(usd(10), 0).verdict, Verdict::Approved);
    let held = s.asked(10).reasons.pop().unwrap();
    assert_eq!((&*held.summary, held.hold_reason.expose()), ("held by hand", "lawsuit"));
    s.node("child").is_blocked = true;
    assert_eq!(codes(&s.asked_in(usd(10), 0)), [ReasonCode::AccountBlocked]);
}

#[test]
fn an_account_hold_above_does_not_stop_those_below_and_a_group_hold_does() {
    let mut s = standing().with_limit("child", LimitKind::Unlimited, None);
    let mut hold = Hold {
        id: Uuid::now_v7(),
        account_id: "top".into(),
        scope: HoldScope::Account,
        reason: "audit".into(),
        placed_by: "Li".into(),
        recorded_us: 1,
        release: None,
    };
    s.node("top").holds.push(hold.clone());
    assert_eq!(s.asked(1).verdict, Verdict::Approved);
    hold.scope = HoldScope::Group;
    s.node("top").holds = vec![hold];
    assert_eq!(codes(&s.asked(1)), [ReasonCode::OnHold]);
}

#[test]
fn overdue_terms_are_those_of_the_nearest_limit_that_has_some() {
    let mut s = standing().with_limit("child", LimitKind::Unlimited, None).with_amount("top", 1000);
    s.node("child").overdue.push(OverdueCell {
        account_id: "child".into(),
        company_code: "1000".into(),
        currency: currency("USD"),
        amount: 60,
        oldest_due: day(1),
    });
    assert_eq!(s.asked(1).verdict, Verdict::Approved);
    s.policy.overdue_days_max = Some(8);
    s.node("top").limits[0].terms.overdue_amount_max = Some(usd(50));
    let found = s.asked(1);
    assert_eq!(codes(&found), [ReasonCode::OverdueAmount, ReasonCode::OverdueDays]);
    assert_eq!(found.reasons[0].shortfall, Some(usd(10)));
    assert_eq!((found.reasons[1].overdue_days, found.reasons[1].overdue_days_max), (9, 8));
    s.node("child").limits[0].terms.overdue_amount_max = Some(usd(60));
    s.node("child").limits[0].terms.overdue_days_max = Some(9);
    assert_eq!(s.asked(1).verdict, Verdict::Approved);
}

#[test]
fn t5_overdue_terms_of_the_class_come_behind_limits_and_before_the_policy() {
    let mut s = standing().with_limit("child", LimitKind::Unlimited, None).with_amount("top", 1000);
    s.node("child").overdue.push(OverdueCell {
        account_id: "child".into(),
        company_code: "1000".into(),
        currency: currency("USD"),
        amount: 60,
        oldest_due: day(1),
    });
    s.policy.overdue_days_max = Some(8);
    s.policy.overdue_amount_max = Some(usd(10));
    let days = Some(20);
    let terms = CustomerTerms { net_days: None, overdue_days_max: days, overdue_amount_max: None };
    let class_terms = ClassTerms { class: "A".into(), policy: "tierPolicies/p".into(), terms };
    s.class_terms.insert("child".to_owned(), class_terms.clone());
    // What the class does not say is the policy's, one by one.
    let found = s.asked(1);
    assert_eq!(codes(&found), [ReasonCode::OverdueAmount]);
    assert_eq!(found.reasons[0].terms_source, format!("creditPolicies/{}", s.policy.id));
    // It is the class of the account that is asked about, not of one above.
    s.class_terms = [("top".to_owned(), class_terms.clone())].into();
    assert_eq!(s.asked(1).reasons.len(), 2);
    let terms = CustomerTerms { overdue_amount_max: Some(usd(50)), ..terms };
    s.class_terms = [("child".to_owned(), ClassTerms { terms, ..class_terms })].into();
    let found = s.asked(1);
    assert_eq!(codes(&found), [ReasonCode::OverdueAmount]);
    assert_eq!(found.reasons[0].terms_source, "tierPolicies/p");
    assert!(found.reasons[0].summary.ends_with("allowed in class A"));
    let limit = &mut s.node("top").limits[0];
    limit.terms.overdue_amount_max = Some(usd(40));
    let source = format!("accounts/top/creditLimits/{}", limit.id);
    assert_eq!(s.asked(1).reasons[0].terms_source, source);
}

#[test]
fn a_missing_rate_is_told_and_never_taken_as_one() {
    let s =
        standing().with_amount("child", 100).with_exposure("child", "JPY", Component::Orders, 1);
    let found = s.asked(1);
    assert_eq!((found.verdict, codes(&found)), (Verdict::Referred, vec![ReasonCode::RateMissing]));
    assert_eq!(found.reasons[0].subject, "rates/JPY-USD");
}

#[test]
fn a_figure_that_is_only_shown_is_no_reason() {
    let yen = |s: Standing| s.with_exposure("child", "JPY", Component::OpenReceivables, 1);
    let unlimited = yen(standing().with_limit("child", LimitKind::Unlimited, None)).asked(1);
    assert_eq!((unlimited.verdict, codes(&unlimited)), (Verdict::Approved, vec![]));
    assert_eq!(unlimited.limits[0].exposure, None);
    // Nor is the exposure of one who has no limit, or only those above him.
    assert_eq!(codes(&yen(standing()).asked(1)), [ReasonCode::NoLimit]);
    assert_eq!(codes(&yen(standing().with_amount("top", 5)).asked(5)), []);
    let mut expired = yen(standing().with_amount("child", 5));
    expired.node("child").limits[0].valid_to = day(9);
    assert_eq!(codes(&expired.asked(1)), [ReasonCode::LimitExpired]);
    // What a limit in another currency leaves is only shown where nothing more would count.
    let pounds = Money { minor: 5, currency: currency("GBP") };
    let top = standing().with_amount("child", 5).with_limit("top", LimitKind::Amount, Some(pounds));
    let nothing = top.asked_in(usd(0), 0);
    assert_eq!((codes(&nothing), nothing.available), (vec![], None));
    let asked = top.asked(1);
    assert_eq!((codes(&asked), asked.available), (vec![ReasonCode::RateMissing], None));
}

#[test]
fn what_is_above_without_what_cannot_be_told_is_above() {
    let s = standing()
        .with_amount("child", 100)
        .with_exposure("child", "JPY", Component::OpenReceivables, 1)
        .with_exposure("child", "USD", Component::OpenReceivables, 60);
    let found = s.asked(41);
    assert_eq!(codes(&found), [ReasonCode::LimitExceeded, ReasonCode::RateMissing]);
    assert_eq!(found.reasons[0].shortfall, Some(usd(1)));
    assert_eq!(amount_of(&found, RemedyAction::RaiseLimit), None, "nobody knows how far");
    assert_eq!(found.available, None);
    assert_eq!(codes(&s.asked(40)), [ReasonCode::RateMissing]);
    // Money in a currency without a rate might lower it.
    let mut s = s.with_exposure("child", "GBP", Component::UnappliedCash, -1);
    s.policy.deduct_unapplied_cash = true;
    assert_eq!(codes(&s.asked(41)), [ReasonCode::RateMissing, ReasonCode::RateMissing]);
}

#[test]
fn what_is_overdue_is_judged_without_what_cannot_be_told() {
    let mut s = standing().with_limit("child", LimitKind::Unlimited, None);
    s.policy.overdue_amount_max = Some(usd(50));
    for (code, amount) in [("USD", 51), ("JPY", 7)] {
        s.node("child").overdue.push(OverdueCell {
            account_id: "child".into(),
            company_code: "1000".into(),
            currency: currency(code),
            amount,
            oldest_due: day(1),
        });
    }
    assert_eq!(codes(&s.asked(1)), [ReasonCode::OverdueAmount, ReasonCode::RateMissing]);
    s.node("child").overdue[0].amount = 50;
    assert_eq!(codes(&s.asked(1)), [ReasonCode::RateMissing]);
}

#[test]
fn the_gravest_comes_first_and_the_policy_says_how_grave() {
    let mut s = standing().with_amount("child", 0);
    s.policy.utilization_bp_max = Some(5_000);
    s.node("child").limits[0].terms.amount = Some(usd(10));
    assert_eq!(codes(&s.asked(11)), [ReasonCode::LimitExceeded, ReasonCode::Utilization]);
    s.policy.rules.insert(ReasonCode::LimitExceeded, Disposition::Ignore);
    let found = s.asked(11);
    assert_eq!(codes(&found), [ReasonCode::Utilization, ReasonCode::LimitExceeded]);
    assert_eq!(found.verdict, Verdict::Referred);
}

#[test]
fn two_securities_never_cover_the_same_item_twice() {
    let mut s = standing().with_amount("child", 100).with_exposure(
        "child",
        "USD",
        Component::OpenReceivables,
        100,
    );
    let security = |insured_bp| Secured {
        security: Security {
            id: Uuid::now_v7(),
            account_id: "child".into(),
            terms: SecurityTerms {
                kind: SecurityKind::BankGuarantee,
                issuer: "a bank".into(),
                reference: String::new(),
                cover_limit: usd(1_000),
                insured_bp,
                deductible: 0,
                terms_days_max: 0,
                overdue_days_max: 0,
                covers_disputed: true,
                notification_days: 0,
            },
            valid_from: day(1),
            valid_to: NO_DATE,
            recorded_us: 1,
            end: None,
        },
        eligible: vec![Eligible {
            company_code: "1000".into(),
            currency: currency("USD"),
            open: 100,
        }],
        oldest_due: None,
    };
    s.secured = vec![security(6_000), security(10_000)];
    assert_eq!(s.asked(100).verdict, Verdict::Approved);
    assert_eq!(codes(&s.asked(101)), [ReasonCode::LimitExceeded], "covered once, not 160 %");
}

proptest! {
    /// Whatever the currencies: a remedy is enough, and a minor unit less is not.
    #[test]
    fn remedies_are_exact(
        limit in 0i64..1_000_000,
        used in 0i64..1_000_000,
        foreign in 0i64..1_000_000,
        amount in 1i64..1_000_000,
        in_eur: bool,
    ) {
        let s = standing()
            .with_amount("child", limit)
            .with_exposure("child", "USD", Component::OpenReceivables, used)
            .with_exposure("child", "EUR", Component::Delivered, foreign);
        let of = |minor| Money { minor, currency: currency(if in_eur { "EUR" } else { "USD" }) };
        let found = s.asked_in(of(amount), amount);
        if let Some(smaller) = amount_of(&found, RemedyAction::ReduceOrder) {
            prop_assert_eq!(s.asked_in(of(smaller), smaller).verdict, Verdict::Approved);
            prop_assert_eq!(s.asked_in(of(smaller + 1), smaller + 1).verdict, Verdict::Declined);
        }
        if let Some(paid) = amount_of(&found, RemedyAction::Prepay) {
            prop_assert_eq!(s.asked_in(of(amount), amount - paid).verdict, Verdict::Approved);
            let less = s.asked_in(of(amount), amount - paid + 1).verdict;
            prop_assert_eq!(less, Verdict::Declined);
        }
        if let Some(raised) = amount_of(&found, RemedyAction::RaiseLimit) {
            for (enough, verdict) in [(raised, Verdict::Approved), (raised - 1, Verdict::Declined)] {
                let mut s = s.clone();
                s.node("child").limits[0].terms.amount = Some(usd(enough));
                prop_assert_eq!(s.asked_in(of(amount), amount).verdict, verdict);
            }
        }
        prop_assert_eq!(found.verdict == Verdict::Approved, found.reasons.is_empty());
    }

    /// Whatever the limits, rates and currencies: `available` passes, a minor unit more does not,
    /// and only what is above its limit leaves less than nothing.
    #[test]
    fn available_is_exactly_the_most_that_passes(
        own in 0i64..1_000_000_000,
        of_group in prop::option::of(0i64..1_000_000_000),
        used in prop::collection::vec((0usize..5, -100_000i64..1_000_000_000), 0..4),
        rates in prop::collection::vec((1i64..1_000_000, 0u32..9), 4),
        asked in 0usize..5,
        (first, second) in (0usize..5, 0usize..5),
    ) {
        let codes = ["USD", "EUR", "JPY", "KWD", "IDR"];
        let money = |minor, code: usize| Money { minor, currency: currency(codes[code]) };
        let quotes = rates.iter().zip(&codes[1..]).map(|(&(digits, scale), code)| Quote {
            from: currency(code),
            to: currency("USD"),
            date: day(9),
            rate: Decimal::new(digits, scale),
            rate_type: SPOT.into(),
        });
        let mut s = standing();
        s.rates.table = RateTable::new(quotes);
        s.rates.base = Some(currency("USD"));
        s = s.with_limit("child", LimitKind::Amount, Some(money(own, first)));
        if let Some(minor) = of_group {
            s = s.with_limit("top", LimitKind::Amount, Some(money(minor, second)));
        }
        for (code, amount) in used {
            for id in ["child", "top"] {
                s = s.with_exposure(id, codes[code], Component::OpenReceivables, amount);
            }
        }
        let ask = |minor| s.asked_in(money(1, asked), minor);
        let above = |found: &Evaluation| {
            found.limits.iter().any(|of| of.available.is_some_and(|left| left < 0))
        };
        // Beyond 64 bits nobody orders or owes.
        let question = Question {
            account: "child",
            company: "1000",
            amount: money(0, asked),
            counted: 0,
            unpaid: 0,
        };
        let Ok(nothing) = s.evaluate(question) else { return Ok(()) };
        let Some(most) = nothing.available.filter(|most| most.unsigned_abs() < 1 << 60) else {
            return Ok(());
        };
        // What a limit leaves may be beyond what can be told; then nothing is told of it.
        if nothing.limits.iter().all(|of| of.available.is_some()) {
            prop_assert_eq!(most < 0, above(&nothing));
        }
        let passes = |counted: i64| {
            let group = of_group.map(|minor| ("top", money(minor, second)));
            [Some(("child", money(own, first))), group].into_iter().flatten().all(|(id, limit)| {
                let counting = s.counting(id, "").expect("sums");
                let of = (currency(codes[asked]), counted);
                let exposure = s.exposure(&counting, limit.currency, of).expect("an exposure");
                exposure.known().expect("all rates") <= i128::from(limit.minor)
            })
        };
        prop_assert!(passes(most) && !passes(most + 1));
        if most > 0 {
            prop_assert_eq!(ask(most).verdict, Verdict::Approved);
            prop_assert_eq!(ask(most + 1).verdict, Verdict::Declined);
        }
    }
}
