//! Who kept his word: ours and theirs, promises to pay among them.

use ballast::pb::get_trust_ledger_request::Subject;
use ballast::pb::{
    Commitment, CommitmentKind, CommitmentSide, CommitmentState, DocumentKind, KeepRate, WordTally,
};

use super::commitments::{create, promise, settle, shown, two, withdrawn};
use super::*;
use crate::support::credit::moment;
use crate::support::ledger::{Desk, Settles, day, document, fresh, text, usd};
use crate::support::{as_caller, only_callers};

async fn ledger(server: &TestServer, subject: Subject) -> Result<pb::TrustLedger, Status> {
    let request = pb::GetTrustLedgerRequest { subject: Some(subject) };
    server.interactions().get_trust_ledger(request).await.map(|r| r.into_inner())
}

async fn of_acme(server: &TestServer) -> pb::TrustLedger {
    ledger(server, Subject::Account("accounts/acme".into())).await.expect("a ledger")
}

/// A promise to pay an invoice of 100 of its own, of which so much came in time.
async fn promised(desk: &mut Desk, no: &str, [made, by]: [i64; 2], came: &str) -> String {
    let of = |kind, no: &str, on, gross| pb::Document {
        payer: "accounts/acme".into(),
        ..document(kind, no, day(on), gross)
    };
    desk.post([of(DocumentKind::Invoice, no, made - 9, "100.00")]).await;
    let request = pb::ListOpenItemsRequest { parent: "accounts/acme".into(), ..Default::default() };
    let items = desk.client.list_open_items(request).await.expect("items").into_inner().items;
    let item =
        items.into_iter().find(|of| of.key.as_ref().is_some_and(|key| key.document_no == no));
    let request = pb::RecordPromiseToPayRequest {
        account: "accounts/acme".into(),
        items: vec![item.expect("an item").name],
        amount: Some(usd("100.00")),
        promise_date: Some(day(made)),
        pay_by_date: Some(day(by)),
        grace_days: 2,
        promised_by: "Zhao".into(),
        request_id: fresh(),
        ..Default::default()
    };
    let made_it = desk.client.record_promise_to_pay(request).await.expect("promised").into_inner();
    if came != "0" {
        let receipt = of(DocumentKind::Receipt, &format!("R{no}"), made, came);
        desk.post([receipt.settles_amount(no, came)]).await;
    }
    made_it.name
}

async fn list(server: &TestServer, request: pb::ListCommitmentsRequest) -> Vec<Commitment> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListCommitmentsRequest { page_size: 1, page_token, ..request.clone() };
        let page = server.interactions().list_commitments(request).await.expect("a page");
        let page = page.into_inner();
        all.extend(page.commitments);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

fn asking(state: CommitmentState) -> pb::ListCommitmentsRequest {
    pb::ListCommitmentsRequest {
        parent: "accounts/acme".into(),
        state: state.into(),
        ..Default::default()
    }
}

on_both_engines! {
    async fn what_is_promised_to_be_paid_is_told_only_to_those_who_may_read_it(server: TestServer) {
        let mut server = server;
        two(&server).await;
        let mut desk = Desk::new(&server);
        promised(&mut desk, "I1", [-20, -10], "100.00").await;
        let callers: &[(&str, &[&str])] =
            &[("talks", &["interactions.read"]), ("reader", &["interactions.read", "accounts.read"])];
        server.restart_with(|config| only_callers(config, callers)).await;
        let mut client = server.interactions();
        for (caller, tells) in [("talks", false), ("reader", true)] {
            let listed = pb::ListCommitmentsRequest { parent: "accounts/acme".into(), ..Default::default() };
            let listed = client.list_commitments(as_caller(caller, listed)).await.expect("listed");
            let payment = listed.into_inner().commitments.remove(0);
            assert_eq!(payment.kind(), CommitmentKind::Payment);
            assert_eq!((payment.amount.is_some(), payment.received.is_some()), (tells, tells), "{caller}");
            assert_eq!(payment.state(), CommitmentState::Kept);
            let subject = Some(Subject::Account("accounts/acme".into()));
            let asked = pb::GetTrustLedgerRequest { subject };
            let ledger = client.get_trust_ledger(as_caller(caller, asked)).await.expect("a ledger");
            let payments = ledger.into_inner().payments.expect("payments");
            assert_eq!(payments.promises.expect("counts").kept, 1);
            assert_eq!((payments.promised.len(), payments.in_time.len()), (tells.into(), tells.into()), "{caller}");
        }
    }

    async fn i5_a_promise_to_pay_is_listed_as_it_stands_in_the_ledger(server: TestServer) {
        let (wang, li) = two(&server).await;
        let mut desk = Desk::new(&server);
        let kept = promised(&mut desk, "I1", [-20, -10], "100.00").await;
        let partly = promised(&mut desk, "I2", [-19, -9], "40.00").await;
        let broken = promised(&mut desk, "I3", [-18, -8], "0").await;
        let open = promised(&mut desk, "I4", [-5, -1], "30.00").await;
        let word = create(&server, "acme", promise(&wang, &li, -12, -9)).await.name;
        let names = |all: &[Commitment]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        let all = list(&server, asking(CommitmentState::Unspecified)).await;
        // Of one day by id, which is by when they were recorded.
        let expected = [&kept, &partly, &word, &broken, &open].map(String::clone);
        assert_eq!(names(&all), expected, "{all:#?}");
        let part = &all[1];
        let expected = Commitment {
            name: partly.clone(),
            kind: CommitmentKind::Payment.into(),
            side: CommitmentSide::Theirs.into(),
            amount: Some(usd("100.00")),
            received: Some(usd("40.00")),
            made_date: Some(day(-19)),
            due_date: Some(day(-9)),
            state: CommitmentState::KeptPartly.into(),
            create_time: part.create_time,
            ..Default::default()
        };
        assert_eq!(*part, expected);
        for (state, name) in [
            (CommitmentState::Kept, &kept),
            (CommitmentState::KeptPartly, &partly),
            (CommitmentState::Open, &open),
        ] {
            assert_eq!(names(&list(&server, asking(state)).await), std::slice::from_ref(name), "{state:?}");
        }
        let failed = list(&server, asking(CommitmentState::Broken)).await;
        assert_eq!(names(&failed), [word.clone(), broken.clone()]);
        let ours = pb::ListCommitmentsRequest {
            side: CommitmentSide::Ours.into(),
            ..asking(CommitmentState::Unspecified)
        };
        assert_eq!(names(&list(&server, ours).await), std::slice::from_ref(&word));
        let his = pb::ListCommitmentsRequest { contact: li, ..asking(CommitmentState::Unspecified) };
        assert_eq!(names(&list(&server, his).await), [word], "it is ascribed to nobody");
        let early = pb::ListCommitmentsRequest {
            parent: "accounts/-".into(),
            due_before: Some(day(-9)),
            ..asking(CommitmentState::Unspecified)
        };
        assert_eq!(names(&list(&server, early).await), [kept]);
        let gone = pb::WithdrawPromiseToPayRequest { name: open.clone(), request_id: fresh(), ..Default::default() };
        desk.client.withdraw_promise_to_pay(gone).await.expect("withdrawn");
        assert_eq!(names(&list(&server, asking(CommitmentState::Withdrawn)).await), [open]);
    }

    async fn j8_the_trust_ledger_tells_who_kept_his_word_and_so_does_the_status(server: TestServer) {
        let (wang, li) = two(&server).await;
        for due in -20..-10 {
            let name = create(&server, "acme", promise(&wang, &li, -30, due)).await.name;
            match due {
                -20 => {}
                -19 => _ = settle(&server, shown(&name, -10)).await.expect("late"),
                _ => _ = settle(&server, shown(&name, due)).await.expect("kept"),
            }
        }
        let open = create(&server, "acme", promise(&wang, &li, -1, 9)).await.name;
        let theirs = Commitment { side: CommitmentSide::Theirs.into(), ..promise(&wang, &li, -30, -25) };
        let theirs = create(&server, "acme", theirs).await.name;
        let mut desk = Desk::new(&server);
        promised(&mut desk, "I1", [-20, -10], "100.00").await;
        let partly = promised(&mut desk, "I2", [-19, -9], "40.00").await;
        promised(&mut desk, "I3", [-5, 5], "0").await;
        for (channel, on) in [(InteractionChannel::Visit, -3), (InteractionChannel::Message, -2), (InteractionChannel::Message, -1)] {
            let mut talk = held(channel, on, &[&wang], &[&li]);
            talk.two_way = Some(channel == InteractionChannel::Visit);
            record(&server, "acme", talk).await.expect("recorded");
        }
        let planned = held(InteractionChannel::Visit, 0, &[&wang], &[&li]);
        super::plans::plan(&server, "acme", planned).await.expect("planned, and no talk yet");
        let told = of_acme(&server).await;
        let rate = KeepRate { rate_bp: 8_000, low_bp: 4_902, high_bp: 9_433, decided: 10 };
        let ours = WordTally { kept: 8, kept_late: 1, broken: 1, open: 1, rate: Some(rate), ..Default::default() };
        assert_eq!(told.ours, Some(ours));
        let tally = told.theirs.expect("theirs");
        assert_eq!((tally.kept, tally.kept_partly, tally.broken, tally.open), (1, 1, 1, 1));
        assert_eq!(tally.rate.map(|rate| rate.rate_bp), Some(3_333));
        let payments = told.payments.clone().expect("of an account");
        let [asked, came] = [&payments.promised, &payments.in_time].map(|of| text(&of.first().cloned()));
        assert_eq!((&*asked, &*came), ("200.00", "140.00"));
        assert_eq!((told.interaction_count, told.two_way_share_bp), (3, Some(3_333)));
        assert_eq!((told.evidence.len(), &told.evidence[0], &told.evidence[3]), (4, &partly, &theirs));
        assert_eq!(told.first_broken, []);

        let name = || "accounts/acme".to_owned();
        let get = pb::GetAccountStatusRequest { name: name(), ..Default::default() };
        let status = server.accounts().get_account_status(get).await.expect("a status").into_inner();
        let short = pb::AccountTrust { ours_kept: 8, ours_broken: 2, theirs_kept: 1, theirs_partly: 1, theirs_broken: 1 };
        assert_eq!(status.trust, Some(short));
        let before = pb::GetAccountStatusRequest { name: name(), as_of: Some(day(-18)), ..Default::default() };
        let before = server.accounts().get_account_status(before).await.expect("a status").into_inner();
        let then = before.trust.expect("trust");
        assert_eq!((then.ours_kept, then.ours_broken, then.theirs_broken), (1, 2, 1), "two were broken by then");

        let [of_li, of_wang] = [Subject::Contact(li.clone()), Subject::Member(wang.clone())];
        let (of_li, of_wang) = (ledger(&server, of_li).await.expect("his"), ledger(&server, of_wang).await.expect("his"));
        assert_eq!((of_li.ours, of_li.ours), (told.ours, of_wang.ours));
        assert_eq!((of_li.payments.clone(), of_li.theirs.expect("theirs").broken), (None, 1), "he promised no payment");
        assert_eq!((of_li.subject, of_li.interaction_count), (li, 3));

        settle(&server, withdrawn(&open)).await.expect("released");
        assert_eq!(of_acme(&server).await.ours.expect("ours").open, 0);
        server.clock().set(moment(351));
        let later = of_acme(&server).await;
        assert_eq!(later.ours.expect("ours").kept, 3, "due in the last 365 days");
    }

    async fn j8_where_something_is_disputed_it_is_told_who_broke_his_word_first(server: TestServer) {
        let (wang, li) = two(&server).await;
        let mut desk = Desk::new(&server);
        let payment = promised(&mut desk, "I1", [-20, -10], "0").await;
        let request = pb::ListOpenItemsRequest { parent: "accounts/acme".into(), ..Default::default() };
        let item = desk.client.list_open_items(request).await.expect("items").into_inner().items.remove(0);
        let request = pb::OpenDisputeRequest {
            item: item.name,
            reason_code: "SHORT".into(),
            request_id: fresh(),
            ..Default::default()
        };
        let dispute = desk.client.open_dispute(request).await.expect("disputed").into_inner();
        let first = of_acme(&server).await.first_broken;
        // Two days of grace.
        let theirs = pb::FirstBroken {
            dispute: dispute.name.clone(),
            side: CommitmentSide::Theirs.into(),
            word: payment,
            date: Some(day(-7)),
        };
        assert_eq!(first, [theirs]);
        let word = create(&server, "acme", promise(&wang, &li, -30, -12)).await.name;
        let first = of_acme(&server).await.first_broken;
        let ours = pb::FirstBroken {
            dispute: dispute.name.clone(),
            side: CommitmentSide::Ours.into(),
            word,
            date: Some(day(-11)),
        };
        assert_eq!(first, [ours]);
        let resolved = pb::ResolveDisputeRequest {
            name: dispute.name,
            outcome: pb::DisputeOutcome::Rejected.into(),
            request_id: fresh(),
            ..Default::default()
        };
        desk.client.resolve_dispute(resolved).await.expect("resolved");
        assert_eq!(of_acme(&server).await.first_broken, []);
        let nobody = pb::GetTrustLedgerRequest { subject: None };
        let nobody = server.interactions().get_trust_ledger(nobody).await.expect_err("of nobody");
        assert_eq!(fields(&nobody), [("account".to_owned(), "FIELD_REQUIRED".to_owned())]);
        let missing = ledger(&server, Subject::Member("members/nobody".into())).await.expect_err("nobody");
        assert_refused(&missing, Code::NotFound, "RESOURCE_NOT_FOUND", None);
    }
}
