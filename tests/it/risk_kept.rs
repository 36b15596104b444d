//! What an account owes is kept in memory and told only while it is so: after facts that another server
//! recorded, of every kind that a risk is told from.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ballast::pb;

use crate::credit_kept::{nobody_knows_the_treasurer, visit};
use crate::support::credit::{ACME, Counter, moment};
use crate::support::gate::Observer;
use crate::support::ledger::{Settles as _, day, document, fresh, invoice, receipt, usd};
use crate::support::{Engine, TestServer};

/// How many statements about the account each view takes that is asked for again.
async fn takes_one_statement(engine: Engine) {
    let ran = Arc::new(AtomicUsize::new(0));
    let counter = ran.clone();
    let observer: Observer = Arc::new(move |statement| {
        if format!("{:?}", statement.values).contains("acme") {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    });
    let mut server = TestServer::start_observed(engine, observer).await;
    let mut counter = Counter::with_limits(&server, "1000.00", "5000.00").await;
    counter.desk.post([invoice("I1", day(-20), "100.00", &[(day(-10), "100.00")])]).await;
    let took = async |server: &TestServer, view| {
        ask(server, view, None).await;
        let mut least = usize::MAX;
        // Jobs look at accounts too, now and then.
        for _ in 0..3 {
            let before = ran.load(Ordering::Acquire);
            ask(server, view, None).await;
            least = least.min(ran.load(Ordering::Acquire) - before);
        }
        least
    };
    for view in VIEWS {
        assert_eq!(took(&server, view).await, 1, "{view:?}");
    }
    // What somebody wrote is personal data, and not kept.
    counter.desk.try_dispute("I1", Some(usd("5.00")), Some(day(0))).await.expect("disputed");
    assert_eq!(took(&server, pb::RiskView::Basic).await, 1);
    assert!(took(&server, pb::RiskView::Full).await > 2);
    server.restart_with(|config| config.database.risks_kept = 0).await;
    assert!(took(&server, pb::RiskView::Full).await > 2);
}

const VIEWS: [pb::RiskView; 2] = [pb::RiskView::Basic, pb::RiskView::Full];

async fn ask(
    server: &TestServer,
    view: pb::RiskView,
    known_at: Option<prost_types::Timestamp>,
) -> pb::ReceivablesRisk {
    let request = pb::GetReceivablesRiskRequest {
        account: ACME.into(),
        known_at,
        view: view.into(),
        ..Default::default()
    };
    server.receivables().get_receivables_risk(request).await.expect("an answer").into_inner()
}

/// Without its point, and without shares: those are told once the whole book is settled up to the point.
fn settled(of: &pb::ReceivablesRisk) -> pb::ReceivablesRisk {
    let mut of = pb::ReceivablesRisk { point: None, ..of.clone() };
    of.currencies.iter_mut().for_each(|of| of.portfolio_share_bp = None);
    of
}

/// Both views as of now. Each is that of its own point: asked for by name, that is read anew.
async fn answers(server: &TestServer, what: &str) -> [pb::ReceivablesRisk; 2] {
    let mut answers = VIEWS.map(|_| pb::ReceivablesRisk::default());
    for (answer, view) in answers.iter_mut().zip(VIEWS) {
        *answer = ask(server, view, None).await;
        let known_at = answer.point.as_ref().expect("a point").known_at;
        assert!(known_at.is_some(), "{what}");
        let named = ask(server, view, known_at).await;
        assert_eq!(settled(answer), settled(&named), "{what}, {view:?}");
        assert_eq!(answer.point, named.point, "{what}, {view:?}");
    }
    answers
}

/// A server that keeps risks, and another one beside it where two can be on one database.
struct Seen<'a> {
    server: &'a TestServer,
    other: Option<TestServer>,
    last: [pb::ReceivablesRisk; 2],
}

impl<'a> Seen<'a> {
    async fn by(server: &'a TestServer) -> Self {
        let other = match server.engine() {
            Engine::Sqlite => None,
            Engine::Postgres => Some(server.beside_with(|_| ()).await),
        };
        Self { server, other, last: answers(server, "at first").await }
    }

    /// Where facts are recorded: at the server that is not asked, if there are two.
    fn desk(&self) -> &TestServer {
        self.other.as_ref().unwrap_or(self.server)
    }

    /// Asked again and again, a server tells the same, and what it tells has changed since.
    async fn changed(&mut self, what: &str) {
        let [basic, full] = self.told(what).await;
        assert_ne!(settled(&full), settled(&self.last[1]), "{what} changes nothing");
        self.last = [basic, full];
    }

    async fn told(&self, what: &str) -> [pb::ReceivablesRisk; 2] {
        let first = answers(self.server, what).await;
        let again = answers(self.server, what).await;
        for (first, again) in first.iter().zip(&again) {
            assert_eq!(settled(first), settled(again), "{what}, asked again");
        }
        again
    }
}

/// What is settled a server asks for once in a while.
async fn share_is(seen: &Seen<'_>, expected: Option<i32>) {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let [_, full] = seen.told("a share").await;
        let share = full.currencies[0].portfolio_share_bp;
        if share == expected {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{share:?} instead of {expected:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// How long a share may take to tell of what was just recorded.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

on_both_engines! {
    async fn a_kept_risk_ends_with_whatever_is_recorded_in_the_account(server: TestServer) {
        Counter::with_limits(&server, "1000.00", "5000.00").await;
        let mut seen = Seen::by(&server).await;
        let mut desk = Counter::at(seen.desk()).desk;

        desk.post([invoice("I1", day(-20), "100.00", &[(day(-10), "60.00"), (day(20), "40.00")])]).await;
        seen.changed("an invoice").await;
        desk.post([receipt("R1", day(-5), "30.00").settles("I1")]).await;
        seen.changed("a receipt").await;
        desk.post([document(pb::DocumentKind::CreditNote, "C1", day(0), "20.00")]).await;
        seen.changed("a credit note").await;
        desk.try_reverse("C1", None).await.expect("reversed");
        seen.changed("a reversal").await;
        desk.import("run", false, vec![vec![invoice("I2", day(-9), "50.00", &[(day(-1), "50.00")])]]).await;
        seen.changed("an import").await;
        desk.post([receipt("R2", day(0), "25.00")]).await;
        seen.changed("money on account").await;
        let clearing = desk.clear("R2", "I2", day(0)).await;
        seen.changed("a clearing").await;
        desk.try_reset(&clearing.name, None).await.expect("reset");
        seen.changed("its reset").await;
        desk.try_write_off("I2", None, Some(day(0))).await.expect("written off");
        seen.changed("a write-off").await;
        desk.post([receipt("R3", day(3), "10.00")]).await;
        seen.changed("money that is to come").await;
        let corrected = pb::Document { source_version: 2, ..invoice("I3", day(-8), "80.00", &[(day(-3), "80.00")]) };
        desk.post([invoice("I3", day(-8), "90.00", &[(day(-3), "90.00")])]).await;
        seen.changed("another invoice").await;
        desk.post([corrected]).await;
        seen.changed("its correction").await;

        let dispute = desk.try_dispute("I1", Some(usd("5.00")), Some(day(0))).await.expect("disputed");
        seen.changed("a dispute").await;
        desk.try_resolve(&dispute.name, Some(day(0))).await.expect("resolved");
        seen.changed("its end").await;
        desk.promise("I1", usd("7.00"), day(0), day(5), 0).await;
        seen.changed("a promise").await;
        desk.post([receipt("R4", day(0), "7.00").settles("I1")]).await;
        seen.changed("what was promised").await;
        let second = desk.promise("I3", usd("8.00"), day(0), day(6), 0).await;
        seen.changed("another promise").await;
        let withdrawn = pb::WithdrawPromiseToPayRequest {
            name: second.name,
            withdraw_date: Some(day(0)),
            request_id: fresh(),
        };
        desk.client.withdraw_promise_to_pay(withdrawn).await.expect("withdrawn");
        seen.changed("its end").await;

        server.clock().set(moment(1));
        seen.changed("another day").await;
        server.clock().set(moment(4));
        seen.changed("the day of the money").await;
        desk.verify(&server).await;
    }

    async fn a_kept_risk_is_told_with_what_is_not_recorded_in_the_account(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "5000.00").await;
        counter.account("other", "").await;
        counter.desk.post([invoice("I1", day(-20), "100.00", &[(day(-10), "100.00")])]).await;
        let mut seen = Seen::by(&server).await;

        let (wang, li) = nobody_knows_the_treasurer(seen.desk()).await;
        seen.changed("somebody whom nobody knows").await;
        visit(seen.desk(), &wang, &li).await;
        seen.changed("a visit").await;

        let elsewhere = pb::Document { payer: "accounts/other".into(), ..invoice("I2", day(-2), "300.00", &[(day(9), "300.00")]) };
        Counter::at(seen.desk()).desk.post([elsewhere]).await;
        share_is(&seen, Some(2_500)).await;

        let mut accounts = seen.desk().accounts();
        let read = accounts.get_account(pb::GetAccountRequest { name: ACME.into() }).await.expect("read");
        let related = pb::UpdateAccountRequest {
            account: Some(pb::Account { related_party: true, ..read.into_inner() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["related_party".into()] }),
            ..Default::default()
        };
        accounts.update_account(related).await.expect("related");
        share_is(&seen, None).await;
    }
}

mod asked_again {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        takes_one_statement(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        takes_one_statement(Engine::Postgres).await;
    }
}
