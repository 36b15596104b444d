//! What the rules of credit leave behind in the database, on every engine there is.

use chrono::NaiveDate;

use super::Credit;
use crate::domain::credit::command::*;
use crate::domain::credit::hold::HoldScope;
use crate::domain::credit::limit::{LimitKind, LimitState, LimitTerms};
use crate::domain::credit::policy::Policy;
use crate::domain::credit::security::{SecurityKind, SecurityTerms};
use crate::domain::error::Reason;
use crate::domain::money::{Currency, Money};
use crate::domain::names::{AccountRef, ChildName};
use crate::domain::page::{Page, PageOf};
use crate::service::Settings;
use crate::store::seed::{Fresh, fresh};

fn usd(minor: i64) -> Money {
    Money { minor, currency: Currency::parse("USD").unwrap() }
}

fn acme() -> AccountRef {
    AccountRef::External { system: "erp".into(), id: "acme".into() }
}

async fn credit(db: &Fresh) -> Credit {
    db.account("acme").await;
    Credit::new(db.store.clone(), Settings::default())
}

fn limit(minor: i64, from: Option<NaiveDate>, version: Option<i64>) -> SetCreditLimit {
    SetCreditLimit {
        account: acme(),
        terms: LimitTerms {
            segment: String::new(),
            kind: LimitKind::Amount,
            amount: Some(usd(minor)),
            temporary: false,
            overdue_amount_max: None,
            overdue_days_max: None,
        },
        valid_from: from,
        valid_to: None,
        approver: "Ms. Roe".into(),
        reason: "says Ms. Roe".into(),
        version,
    }
}

#[tokio::test]
async fn a_limit_that_can_no_longer_govern_is_read_by_no_decision() {
    for db in fresh().await {
        let credit = credit(&db).await;
        let today = db.ctx.business_date();
        let first = credit.set_limit(&db.ctx, "1", limit(100, None, None)).await.unwrap();
        let later = limit(200, today.succ_opt(), Some(first.version));
        let later = credit.set_limit(&db.ctx, "2", later).await.unwrap();
        assert_eq!(later.state, LimitState::Scheduled);
        let live = "SELECT COUNT(*) AS v FROM credit_limit WHERE superseded_us = 0";
        assert_eq!(db.count(live).await, 2, "the first governs until tomorrow");
        let now = limit(300, None, Some(later.version));
        let now = credit.set_limit(&db.ctx, "3", now).await.unwrap();
        assert_eq!((now.state, db.count(live).await), (LimitState::Active, 1));
        let list = ListOf { account: acme(), page: PageOf { size: 10, after: None } };
        let Page { items: all, next, keys: _ } = credit.limits(&db.ctx, list).await.unwrap();
        let states: Vec<_> = all.iter().map(|l| (l.limit.recorded_us, l.state)).collect();
        let expected = [
            (now.version, LimitState::Active),
            (later.version, LimitState::Replaced),
            (first.version, LimitState::Replaced),
        ];
        assert_eq!((states, next), (expected.to_vec(), None));
        assert!(all.iter().all(|l| l.version == now.version));
    }
}

#[tokio::test]
async fn every_rule_raises_the_head_and_tells_names_but_no_text() {
    for db in fresh().await {
        let credit = credit(&db).await;
        let set = credit.set_limit(&db.ctx, "1", limit(100, None, None)).await.unwrap();
        assert_eq!(
            (set.limit.approver.expose(), set.limit.reason.expose()),
            ("Ms. Roe", "says Ms. Roe")
        );
        let again = credit.set_limit(&db.ctx, "1", limit(100, None, None)).await.unwrap();
        assert_eq!(again, set);
        let place =
            PlaceHold { account: acme(), scope: HoldScope::Account, reason: "says Ms. Roe".into() };
        let hold = credit.place_hold(&db.ctx, "1", place.clone()).await.unwrap();
        let named = |id| ChildName { account: acme(), id };
        let release = ReleaseHold { hold: named(hold.id), reason: "Ms. Roe again".into() };
        let released = credit.release_hold(&db.ctx, "1", release).await.unwrap();
        assert_eq!(released.reason.expose(), "says Ms. Roe");
        assert_eq!(released.release.as_ref().unwrap().reason.expose(), "Ms. Roe again");
        // What was answered first is answered again, whatever became of it.
        assert_eq!(credit.place_hold(&db.ctx, "1", place).await.unwrap(), hold);
        let security = CreateSecurity {
            account: acme(),
            terms: SecurityTerms {
                kind: SecurityKind::BankGuarantee,
                issuer: "Bank".into(),
                reference: String::new(),
                cover_limit: usd(100),
                insured_bp: 10_000,
                deductible: 0,
                terms_days_max: 0,
                overdue_days_max: 0,
                covers_disputed: false,
                notification_days: 0,
            },
            valid_from: None,
            valid_to: None,
        };
        let security = credit.create_security(&db.ctx, "1", security).await.unwrap();
        let end = EndSecurity { security: named(security.id), reason: "Ms. Roe".into() };
        let ended = credit.end_security(&db.ctx, "1", end).await.unwrap().end.unwrap();
        assert_eq!(ended.reason.expose(), "Ms. Roe");

        let head = db.count("SELECT head_us AS v FROM account_head WHERE account_id = 'acme'");
        assert_eq!(head.await, ended.us);
        let events = "SELECT COUNT(*) AS v FROM outbox WHERE account_id = 'acme' \
                      AND event_type LIKE 'ballast.credit.%'";
        assert_eq!(db.count(events).await, 5);
        for (table, column) in [("outbox", "data"), ("idempotency", "answer")] {
            let told = format!("SELECT COUNT(*) AS v FROM {table} WHERE {column} LIKE '%Roe%'");
            assert_eq!(db.count(&told).await, 0, "{table}");
        }
    }
}

#[tokio::test]
async fn the_last_activation_counts_and_each_has_a_moment_of_its_own() {
    for db in fresh().await {
        let credit = credit(&db).await;
        let policy = Policy { id: "p".into(), ..Policy::default() };
        let create = CreatePolicy { policy };
        credit.create_policy(&db.ctx, "1", create.clone()).await.unwrap();
        let twice = credit.create_policy(&db.ctx, "2", create).await.unwrap_err();
        assert_eq!(twice.reason(), Reason::ResourceAlreadyExists);
        let mut version = credit.policy(&db.ctx, None).await.unwrap().version;
        assert_eq!(version, 0);
        for id in ["p", "default", "p", "p"] {
            let activate = ActivatePolicy { id: id.into(), version };
            let active = credit.activate_policy(&db.ctx, "", activate).await.unwrap();
            assert!(active.version > version && active.active);
            assert_eq!(credit.policy(&db.ctx, None).await.unwrap(), active);
            version = active.version;
        }
        assert_eq!(db.count("SELECT COUNT(*) AS v FROM credit_policy_activation").await, 4);
        let events = "SELECT COUNT(*) AS v FROM outbox WHERE event_type = \
                      'ballast.credit.policy_activated.v1'";
        assert_eq!(db.count(events).await, 4);
    }
}
