//! A standing that is kept in memory is used only while it is so: asked of the server that kept it, after
//! facts that another server recorded, and after decisions of its own.

use ballast::pb::{self, CreditDisposition as Leads, CreditHoldScope as Scope};

use crate::contact::{move_from_to, person, position};
use crate::interaction::{held, member, record};
use crate::merges::World;
use crate::support::credit::*;
use crate::support::ledger::{Settles as _, day, document, fresh, invoice, receipt, usd};
use crate::support::{Engine, TestServer};
use crate::tiers::runs::{
    applied, assignments, decision, in_force, propose_big_by, run, two, version,
};

const ASKED: &[&str] = &[ACME, "accounts/other", GROUP];

/// What is answered about each of the accounts, without what is of the moment.
async fn answers(server: &TestServer, asked: &[&str]) -> Vec<pb::CreditDecision> {
    let mut answers = Vec::new();
    for &account in asked {
        let request = pb::CheckCreditRequest {
            account: account.into(),
            amount: Some(usd("10.00")),
            ..Default::default()
        };
        let answer = server.credit().check_credit(request).await.expect("an answer").into_inner();
        answers.push(pb::CreditDecision { evaluate_time: None, name: String::new(), ..answer });
    }
    answers
}

/// A server that keeps standings, one that keeps none where two can be on one database, and what the
/// first answered last.
struct Seen<'a> {
    server: &'a TestServer,
    other: Option<TestServer>,
    asked: &'static [&'static str],
    last: Vec<pb::CreditDecision>,
}

impl<'a> Seen<'a> {
    async fn by(server: &'a TestServer, asked: &'static [&'static str]) -> Self {
        let other = match server.engine() {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let keeps_none = |config: &mut ballast::config::Config| {
                    config.database.credit_standings_kept = 0;
                };
                Some(server.beside_with(keeps_none).await)
            }
        };
        Self { server, other, asked, last: answers(server, asked).await }
    }

    /// Where facts are recorded: at the server that does not keep what they change, if there are two.
    fn desk(&self) -> &TestServer {
        self.other.as_ref().unwrap_or(self.server)
    }

    /// The answer is another one, and that of a server that keeps nothing.
    async fn changed(&mut self, what: &str) {
        let now = answers(self.server, self.asked).await;
        assert_ne!(now, self.last, "{what} changes nothing");
        if let Some(other) = &self.other {
            assert_eq!(now, answers(other, self.asked).await, "{what}");
        }
        // What was just read is kept, and is the same.
        assert_eq!(now, answers(self.server, self.asked).await, "{what}, asked again");
        self.last = now;
    }
}

/// A treasurer of the account, and one of ours who may visit.
pub async fn nobody_knows_the_treasurer(desk: &TestServer) -> (String, String) {
    let (wang, li) = (member(desk, "wang").await, person(desk, "Li").await);
    let (finance, executive) = (pb::PositionFunction::Finance, pb::PositionLevel::Executive);
    let seat = position(desk, "acme", finance, executive).await;
    move_from_to(desk, &li, "", &seat, -50).await.expect("hired");
    (wang, li)
}

pub async fn visit(desk: &TestServer, ours: &str, theirs: &str) {
    let visit = held(pb::InteractionChannel::Visit, 0, &[ours], &[theirs]);
    record(desk, "acme", visit).await.expect("recorded");
}

/// Of a server that has kept nothing yet.
async fn same_after_a_restart(mut server: TestServer, asked: &[&str]) {
    let kept = answers(&server, asked).await;
    server.restart().await;
    assert_eq!(answers(&server, asked).await, kept);
}

async fn block(server: &TestServer, account: &str, blocks: bool) {
    let name = account.to_owned();
    let mut client = server.accounts();
    if blocks {
        let reason = "insolvent".into();
        let request = pb::BlockAccountRequest { name, reason, request_id: fresh() };
        client.block_account(request).await.expect("blocked");
    } else {
        let request = pb::UnblockAccountRequest { name, request_id: fresh() };
        client.unblock_account(request).await.expect("unblocked");
    }
}

on_both_engines! {
    async fn a_kept_standing_ends_with_whatever_moves_what_counts(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "5000.00").await;
        counter.account("other", GROUP).await;
        let mut seen = Seen::by(&server, ASKED).await;
        let mut counter = Counter::at(seen.desk());

        counter.desk.post([invoice("I1", day(0), "100.00", &[(day(5), "100.00")])]).await;
        seen.changed("an invoice").await;
        counter.desk.post([receipt("R1", day(0), "30.00").settles("I1")]).await;
        seen.changed("a receipt").await;
        counter.desk.post([document(pb::DocumentKind::CreditNote, "C1", day(0), "20.00")]).await;
        seen.changed("a credit note").await;
        counter.desk.try_reverse("C1", None).await.expect("reversed");
        seen.changed("a reversal").await;
        counter.desk.import("run", false, vec![vec![invoice("I2", day(0), "50.00", &[(day(9), "50.00")])]]).await;
        seen.changed("an import").await;
        counter.desk.try_write_off("I2", None, Some(day(0))).await.expect("written off");
        seen.changed("a write-off").await;

        // Decided where it is kept: what a decision leaves is what another server reads.
        for (no, mut decides) in [("1", Counter::at(&server)), ("4", Counter::at(seen.desk()))] {
            decides.reserve(no, "40.00").await;
            seen.changed("an order of the account").await;
            decides.amend(no, "45.00").await;
            seen.changed("an amendment").await;
            decides.deliver(no, "10.00").await;
            seen.changed("a delivery").await;
            decides.desk.post([invoice(&format!("O{no}"), day(0), "12.00", &[(day(7), "12.00")]).names(no)]).await;
            seen.changed("an invoice of the order").await;
            decides.try_cancel(no, None).await.expect("canceled");
            seen.changed("a cancellation").await;
        }
        counter.desk.post([receipt("R0", day(0), "12.00")]).await;
        seen.changed("money on account").await;
        let clearing = counter.desk.clear("R0", "O1", day(0)).await;
        seen.changed("a clearing").await;
        counter.desk.try_reset(&clearing.name, None).await.expect("reset");
        seen.changed("its reset").await;
        let sibling = pb::ReserveCreditRequest { account: "accounts/other".into(), ..reserving("2", "60.00") };
        counter.try_reserve(sibling).await.expect("a decision");
        seen.changed("an order of another account of the group").await;
        counter.try_reserve(pb::ReserveCreditRequest { expire_time: instant(1), ..reserving("3", "15.00") }).await.expect("a decision");
        seen.changed("an order that lapses").await;
        server.clock().set(moment(1));
        seen.changed("it lapsed, and the day is another").await;

        // Its receipt is there before its day.
        counter.desk.post([receipt("R2", day(3), "70.00").settles("I1")]).await;
        server.clock().set(moment(3));
        seen.changed("money of another day").await;
        counter.desk.post([invoice("I4", day(3), "25.00", &[(day(4), "25.00")])]).await;
        seen.changed("an invoice that is due soon").await;
        let late = pb::CreditPolicy { overdue_days_max: Some(0), ..Default::default() };
        counter.policy("strict", late).await;
        seen.changed("another policy").await;
        server.clock().set(moment(6));
        seen.changed("what is overdue").await;
        counter.desk.verify(&server).await;
        drop(seen);
        same_after_a_restart(server, ASKED).await;
    }

    async fn a_kept_standing_ends_with_each_rule_it_goes_by(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "5000.00").await;
        counter.account("other", GROUP).await;
        counter.account("apart", "").await;
        counter.limit("accounts/apart", "7.00").await;
        let mut seen = Seen::by(&server, ASKED).await;
        let mut counter = Counter::at(seen.desk());

        counter.limit(ACME, "900.00").await;
        seen.changed("a limit of the account").await;
        counter.limit(GROUP, "800.00").await;
        seen.changed("a limit of the group").await;
        let soon = pb::CreditLimit { valid_from: Some(day(2)), ..limit_of("700.00") };
        counter.set(GROUP, soon).await;
        server.clock().set(moment(2));
        seen.changed("a limit that has come").await;
        for scope in [Scope::Account, Scope::Group] {
            let hold = counter.hold(GROUP, scope).await;
            seen.changed("a hold").await;
            counter.release(&hold).await;
            seen.changed("its release").await;
        }
        block(seen.desk(), ACME, true).await;
        seen.changed("a block").await;
        block(seen.desk(), ACME, false).await;
        seen.changed("its end").await;

        counter.reparent(ACME, "accounts/apart").await;
        seen.changed("another parent").await;
        counter.limit("accounts/apart", "6.00").await;
        seen.changed("a limit of the parent").await;
        counter.limit(GROUP, "650.00").await;
        seen.changed("a limit of the parent that was").await;
        counter.reparent(GROUP, "accounts/apart").await;
        seen.changed("another parent of the parent that was").await;
        counter.reparent(ACME, "").await;
        seen.changed("no parent").await;
        counter.reparent(ACME, GROUP).await;
        seen.changed("the parent that was").await;

        counter.desk.post([invoice("I1", day(2), "100.00", &[(day(40), "100.00")])]).await;
        seen.changed("an invoice").await;
        let security = counter.secure(pb::CreditSecurity {
            kind: pb::CreditSecurityKind::Deposit.into(),
            issuer: "Acme".into(),
            cover_limit: Some(usd("50.00")),
            insured_bp: 10_000,
            ..Default::default()
        }).await;
        seen.changed("a security").await;
        counter.desk.post([receipt("R1", day(2), "80.00").settles("I1")]).await;
        seen.changed("what it covers").await;
        let request = pb::EndCreditSecurityRequest { name: security.name, reason: "expired".into(), request_id: fresh() };
        counter.client.end_credit_security(request).await.expect("ended");
        seen.changed("its end").await;

        counter.reparent(GROUP, "").await;
        seen.changed("no parent above").await;
        counter.desk.verify(&server).await;
        drop(seen);
        same_after_a_restart(server, ASKED).await;
    }

    async fn a_kept_standing_ends_with_classes_rates_and_people(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "5000.00").await;
        counter.account("other", GROUP).await;
        counter.desk.post([invoice("I1", day(-50), "100.00", &[(day(-40), "100.00")])]).await;
        let mut seen = Seen::by(&server, ASKED).await;
        let mut counter = Counter::at(seen.desk());

        let class = |days| pb::TierClass {
            code: "A".into(),
            service: Some(pb::ServicePolicy { overdue_days_max: Some(days), ..Default::default() }),
        };
        let policy = |days| pb::TierPolicy {
            classes: vec![class(days), pb::TierClass { code: "C".into(), service: None }],
            ..two()
        };
        in_force(seen.desk(), policy(7)).await;
        let given = pb::OverrideTierRequest {
            account: ACME.into(),
            tier: "A".into(),
            valid_from: Some(day(0)),
            valid_to: Some(day(9)),
            reason: "重点扶持".into(),
            request_id: String::new(),
        };
        let given = || pb::OverrideTierRequest { request_id: fresh(), ..given.clone() };
        let answer = seen.desk().tiers().override_tier(given()).await.expect("given").into_inner();
        seen.changed("a class that a person gave").await;
        version(seen.desk(), "q", policy(3)).await;
        seen.changed("what the class means").await;
        let request = pb::EndTierOverrideRequest {
            name: answer.name,
            reason: "too early".into(),
            request_id: fresh(),
            ..Default::default()
        };
        seen.desk().tiers().end_tier_override(request).await.expect("ended");
        seen.changed("a class that a person took back").await;
        seen.desk().tiers().override_tier(given()).await.expect("given");
        seen.changed("a class that a person gave again").await;
        server.clock().set(moment(10));
        seen.changed("its end").await;
        run(seen.desk(), applied(10)).await.expect("a run");
        seen.changed("a class that a run gave").await;

        let rule = pb::CreditReasonRule {
            code: pb::CreditReasonCode::NoLiveFinanceContact.into(),
            disposition: Leads::Refer.into(),
        };
        counter.policy("people", pb::CreditPolicy { rules: vec![rule], ..Default::default() }).await;
        let (wang, li) = nobody_knows_the_treasurer(seen.desk()).await;
        seen.changed("somebody whom nobody knows").await;
        visit(seen.desk(), &wang, &li).await;
        seen.changed("a visit").await;

        let mut foreign = invoice("I2", day(10), "5.00", &[(day(40), "5.00")]);
        let eur = |units| pb::Money { currency_code: "EUR".into(), units, nanos: 0 };
        foreign.gross = Some(eur(5));
        foreign.instalments[0].amount = Some(eur(5));
        counter.desk.post([foreign]).await;
        seen.changed("another currency").await;
        counter.desk.rates(&[("EUR", "USD", day(10), "1.10")]).await;
        seen.changed("a rate").await;
        counter.desk.rates(&[("EUR", "USD", day(10), "1.20")]).await;
        seen.changed("another rate").await;
        drop(seen);
        same_after_a_restart(server, ASKED).await;
    }

    async fn a_kept_standing_ends_with_a_fall_that_a_person_approves(server: TestServer) {
        const BIG: &[&str] = &["accounts/ERP~BIG"];
        let service = pb::ServicePolicy { overdue_days_max: Some(7), ..Default::default() };
        let mut policy = two();
        policy.classes[0].service = Some(service);
        propose_big_by(&server, policy).await;
        Counter::at(&server).limit(BIG[0], "1000.00").await;
        let mut seen = Seen::by(&server, BIG).await;
        let waits = assignments(seen.desk(), true).await.remove(0);
        seen.desk().tiers().decide_tier_change(decision(&waits, true)).await.expect("decided");
        seen.changed("a class that a person took").await;
        drop(seen);
        same_after_a_restart(server, BIG).await;
    }

    async fn a_kept_standing_ends_with_merges_of_accounts(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "5000.00").await;
        counter.account("other", "").await;
        counter.account("third", "").await;
        counter.limit("accounts/other", "400.00").await;
        let mut seen = Seen::by(&server, ASKED).await;
        let mut counter = Counter::at(seen.desk());
        let order = |no, amount| pb::ReserveCreditRequest { account: "accounts/other".into(), ..reserving(no, amount) };

        counter.try_reserve(order("1", "60.00")).await.expect("a decision");
        seen.changed("an order").await;
        World::bare(seen.desk()).merge(ACME, &["accounts/other"]).await;
        seen.changed("a merge").await;
        counter.try_reserve(order("2", "30.00")).await.expect("a decision");
        seen.changed("an order by the name of the loser").await;
        let hold = counter.hold("accounts/other", Scope::Account).await;
        seen.changed("a hold of the loser").await;
        counter.release(&hold).await;
        seen.changed("its release").await;
        counter.limit("accounts/other", "300.00").await;
        counter.try_cancel("1", None).await.expect("canceled");
        seen.changed("a cancellation at the loser").await;
        World::bare(seen.desk()).undo("accounts/other").await.expect("undone");
        seen.changed("the undoing of the merge").await;
        World::bare(seen.desk()).merge("accounts/third", &[ACME]).await;
        seen.changed("a merge into an account without a parent").await;
        World::bare(seen.desk()).undo(ACME).await.expect("undone");
        seen.changed("its undoing").await;
        counter.desk.verify(&server).await;
        drop(seen);
        same_after_a_restart(server, ASKED).await;
    }
}
