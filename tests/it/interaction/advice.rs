//! What people of customers were advised to do, and what it brought: claimed, and verified.

use ballast::pb::{Advice, AdviceReminder, AdviceState, AdviceTotals};

use super::gifts::callers;
use super::*;
use crate::contact;
use crate::support::ledger::{day, fresh, money, text};
use crate::support::{PRINCIPAL, as_caller};

fn yuan(amount: &str) -> Option<pb::Money> {
    Some(money(amount, "CNY"))
}

/// An account with one of ours, `wang`, and one of theirs, 李雷.
async fn two(server: &TestServer) -> (String, String) {
    contact::account(server, "acme", &[]).await;
    (member(server, "wang").await, person(server, "李雷").await)
}

fn advice(member: &str, contact: &str) -> Advice {
    Advice {
        text: "台风来之前加固屋顶".into(),
        member: member.into(),
        contact: contact.into(),
        date: Some(day(-60)),
        cost: yuan("10000"),
        claimed_loss: yuan("600000"),
        ..Default::default()
    }
}

async fn try_record(server: &TestServer, account: &str, advice: Advice) -> Result<Advice, Status> {
    let account = format!("accounts/{account}");
    let request = pb::RecordAdviceRequest { account, advice: Some(advice), request_id: fresh() };
    server.interactions().record_advice(request).await.map(|r| r.into_inner())
}

async fn record_at(server: &TestServer, account: &str, advice: Advice) -> Advice {
    try_record(server, account, advice).await.expect("recorded")
}

fn changing(advice: Advice, paths: &[&str]) -> pb::UpdateAdviceRequest {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let update_mask = Some(prost_types::FieldMask { paths });
    pb::UpdateAdviceRequest { advice: Some(advice), update_mask, request_id: fresh() }
}

async fn update(server: &TestServer, request: pb::UpdateAdviceRequest) -> Result<Advice, Status> {
    server.interactions().update_advice(request).await.map(|r| r.into_inner())
}

fn verifying(name: &str, avoided: &str) -> pb::VerifyAdviceRequest {
    pb::VerifyAdviceRequest {
        name: name.into(),
        avoided_loss: yuan(avoided),
        date: Some(day(-1)),
        evidence: "保险公司的查勘报告".into(),
        request_id: fresh(),
    }
}

fn all(parent: &str) -> pb::ListAdviceRequest {
    pb::ListAdviceRequest { parent: format!("accounts/{parent}"), ..Default::default() }
}

/// Verified: loss, cost, net, ratio. Claimed: loss, cost.
fn told(of: &AdviceTotals) -> String {
    let verified = [&of.verified_loss, &of.verified_cost, &of.verified_net].map(text).join(" ");
    let ratio = of.verified_ratio_bp.map_or("-".to_owned(), |bp| bp.to_string());
    let claimed = [&of.claimed_loss, &of.claimed_cost].map(text).join(" ");
    format!("{} {verified} {ratio} | {claimed}", of.currency_code)
}

on_both_engines! {
    async fn i11_ten_thousand_spent_and_six_hundred_thousand_verified_are_sixty_to_one(mut server: TestServer) {
        let (wang, li) = two(&server).await;
        let typhoon = record_at(&server, "acme", advice(&wang, &li)).await;
        let hope = Advice { cost: yuan("500"), claimed_loss: yuan("1000000"), ..advice(&wang, &li) };
        record_at(&server, "acme", hope).await;
        let abroad = Advice { cost: Some(money("7", "EUR")), claimed_loss: None, ..advice(&wang, &li) };
        record_at(&server, "acme", abroad).await;
        let free = Advice { cost: None, claimed_loss: None, ..advice(&wang, &li) };
        record_at(&server, "acme", free).await;
        callers(&mut server, &wang).await;
        let mut client = server.interactions();
        let mut totals = async |request: pb::ListAdviceRequest| {
            let page = client.list_advice(as_caller("clerk", request)).await.expect("a list");
            page.into_inner().totals.iter().map(told).collect::<Vec<_>>()
        };
        let euro = "EUR 0.00 0.00 0.00 - | 0.00 7.00";
        let before = ["CNY 0.00 0.00 0.00 - | 1600000.00 10500.00", euro];
        assert_eq!(totals(all("acme")).await, before);
        let mut verifier = server.interactions();
        let request = as_caller("boss", verifying(&typhoon.name, "600000"));
        let verified = verifier.verify_advice(request).await.expect("verified").into_inner();
        assert_eq!(verified.state(), AdviceState::Verified);
        let whole = ["CNY 600000.00 10000.00 590000.00 600000 | 1000000.00 500.00", euro];
        assert_eq!(totals(all("acme")).await, whole);
        // Of all that is asked for, and not of the page.
        assert_eq!(totals(pb::ListAdviceRequest { page_size: 1, ..all("acme") }).await, whole);
        let verified = pb::ListAdviceRequest { state: AdviceState::Verified.into(), ..all("-") };
        assert_eq!(totals(verified).await, ["CNY 600000.00 10000.00 590000.00 600000 | 0.00 0.00"]);
        let claimed = pb::ListAdviceRequest { state: AdviceState::Recorded.into(), ..all("-") };
        assert_eq!(totals(claimed).await, ["CNY 0.00 0.00 0.00 - | 1000000.00 500.00", euro]);
    }

    async fn i11_another_person_verifies_and_then_it_stays(mut server: TestServer) {
        let (wang, li) = two(&server).await;
        let made = record_at(&server, "acme", advice(&wang, &li)).await;
        let own = server.interactions().verify_advice(verifying(&made.name, "1")).await;
        let own = own.expect_err("who recorded it");
        assert_refused(&own, Code::FailedPrecondition, "SECOND_PERSON_NEEDED", None);
        callers(&mut server, &wang).await;
        let mut client = server.interactions();
        let mut verify = async |who: &str, request: pb::VerifyAdviceRequest| {
            client.verify_advice(as_caller(who, request)).await.map(|r| r.into_inner())
        };
        let denied = verify("clerk", verifying(&made.name, "1")).await.expect_err("no scope");
        assert_refused(&denied, Code::PermissionDenied, "SCOPE_MISSING", None);
        let his = verify("wang@us", verifying(&made.name, "1")).await.expect_err("his own advice");
        assert_refused(&his, Code::FailedPrecondition, "SECOND_PERSON_NEEDED", None);
        let early = pb::VerifyAdviceRequest { date: Some(day(-61)), ..verifying(&made.name, "1") };
        let early = verify("boss", early).await.expect_err("before it was given");
        assert_refused(&early, Code::InvalidArgument, "DATE_INVALID", Some("date"));
        let foreign = Some(money("1", "EUR"));
        let foreign = pb::VerifyAdviceRequest { avoided_loss: foreign, ..verifying(&made.name, "1") };
        let foreign = verify("boss", foreign).await.expect_err("another currency");
        assert_refused(&foreign, Code::InvalidArgument, "CURRENCY_MISMATCH", Some("avoided_loss"));
        let request = verifying(&made.name, "450000");
        let done = verify("boss", request.clone()).await.expect("verified");
        assert_eq!((done.masked, &*done.text), (true, ""));
        assert_eq!(verify("boss", request).await.expect("the same again"), done);
        let again = verify("boss", verifying(&made.name, "1")).await.expect_err("verified");
        assert_refused(&again, Code::FailedPrecondition, "STATE_WRONG", None);

        let mut client = server.interactions();
        let get = pb::GetAdviceRequest { name: made.name.clone() };
        let read = client.get_advice(as_caller("clerk", get)).await.expect("read").into_inner();
        let of = read.verification.clone().expect("verified");
        assert_eq!((text(&of.avoided_loss), of.date, &*of.verified_by), ("450000.00".into(), Some(day(-1)), "boss"));
        assert_eq!((&*of.evidence, &*read.text), ("保险公司的查勘报告", "台风来之前加固屋顶"));
        let change = Advice { cost: None, ..read };
        let late = client.update_advice(as_caller("clerk", changing(change, &["cost"]))).await;
        assert_refused(&late.expect_err("it stays"), Code::FailedPrecondition, "STATE_WRONG", None);
    }

    async fn i11_reminders_and_the_acceptance_are_added_as_they_come(server: TestServer) {
        let (wang, li) = two(&server).await;
        let zhao = member(&server, "zhao").await;
        let bare = Advice { cost: None, claimed_loss: None, ..advice(&wang, &li) };
        let made = record_at(&server, "acme", bare.clone()).await;
        let expected = Advice {
            name: made.name.clone(),
            state: AdviceState::Recorded.into(),
            recorded_by: PRINCIPAL.into(),
            create_time: made.create_time,
            update_time: made.create_time,
            etag: made.etag.clone(),
            ..bare
        };
        assert_eq!(made, expected);
        let reminder = |on, member: &String, channel: InteractionChannel| AdviceReminder {
            date: Some(day(on)),
            member: member.clone(),
            channel: channel.into(),
        };
        let reminders = vec![
            reminder(-50, &wang, InteractionChannel::Call),
            reminder(-40, &zhao, InteractionChannel::Unspecified),
        ];
        let change = Advice { reminders: reminders.clone(), ..made.clone() };
        let told = update(&server, changing(change.clone(), &["reminders"])).await.expect("added");
        assert_eq!((&told.reminders, &*told.text), (&reminders, "台风来之前加固屋顶"));
        assert_ne!(told.etag, made.etag);
        let stale = update(&server, changing(change, &["reminders"])).await.expect_err("read before");
        assert_refused(&stale, Code::Aborted, "ETAG_MISMATCH", None);
        // Without a mask what is filled; what is left out stays.
        let followed = Advice {
            name: made.name.clone(),
            etag: told.etag.clone(),
            accepted_date: Some(day(-30)),
            cost: yuan("10000"),
            ..Default::default()
        };
        let request = pb::UpdateAdviceRequest { advice: Some(followed), ..Default::default() };
        let told = update(&server, request).await.expect("changed");
        assert_eq!((told.accepted_date, &told.reminders, &told.cost), (Some(day(-30)), &reminders, &yuan("10000")));
        let same = update(&server, changing(told.clone(), &["*"])).await.expect("the same again");
        assert_eq!(same, told, "no version");
        let get = pb::GetAdviceRequest { name: made.name };
        let read = server.interactions().get_advice(get).await.expect("read").into_inner();
        assert_eq!(read, told);
        for (change, path, reason, at) in [
            (Advice { accepted_date: Some(day(-61)), ..told.clone() }, "accepted_date", "DATE_INVALID", "accepted_date"),
            (Advice { accepted_date: Some(day(1)), ..told.clone() }, "accepted_date", "DATE_INVALID", "accepted_date"),
            (Advice { reminders: vec![reminder(1, &wang, InteractionChannel::Call)], ..told.clone() }, "reminders", "DATE_INVALID", "reminders[0].date"),
            (Advice { claimed_loss: Some(money("1", "EUR")), ..told.clone() }, "claimed_loss", "CURRENCY_MISMATCH", "claimed_loss"),
            (Advice { text: String::new(), ..told.clone() }, "text", "FIELD_REQUIRED", "text"),
        ] {
            let status = update(&server, changing(change, &[path])).await.expect_err(at);
            assert_refused(&status, Code::InvalidArgument, reason, Some(&format!("advice.{at}")));
        }
        let fixed = update(&server, changing(told, &["contact"])).await.expect_err("it stays");
        assert_refused(&fixed, Code::InvalidArgument, "FIELD_MASK_INVALID", Some("update_mask"));
        contact::verify(&server).await;
    }

    async fn advice_is_listed_by_person_and_days_and_all_faults_are_told_at_once(server: TestServer) {
        let (wang, li) = two(&server).await;
        let (zhao, wu) = (member(&server, "zhao").await, person(&server, "Wu").await);
        contact::account(&server, "beta", &[]).await;
        let mut names = Vec::new();
        for (account, member, whom, on) in
            [("acme", &wang, &li, -9), ("acme", &zhao, &wu, -7), ("beta", &wang, &wu, -8)]
        {
            let advice = Advice { date: Some(day(on)), ..advice(member, whom) };
            names.push(record_at(&server, account, advice).await.name);
        }
        let found = async |request: pb::ListAdviceRequest| {
            let page = server.interactions().list_advice(request).await.expect("a list").into_inner();
            let place = |one: &Advice| names.iter().position(|name| *name == one.name).expect("one");
            page.advice.iter().map(place).collect::<Vec<_>>()
        };
        assert_eq!(found(all("-")).await, [1, 2, 0]);
        assert_eq!(found(all("acme")).await, [1, 0]);
        assert_eq!(found(pb::ListAdviceRequest { contact: wu, ..all("-") }).await, [1, 2]);
        assert_eq!(found(pb::ListAdviceRequest { member: zhao, ..all("-") }).await, [1]);
        let (from_date, to_date) = (Some(day(-9)), Some(day(-8)));
        assert_eq!(found(pb::ListAdviceRequest { from_date, to_date, ..all("-") }).await, [2, 0]);

        let wrong = Advice {
            date: Some(pb::Date { year: 2019, month: 2, day: 30 }),
            reminders: vec![AdviceReminder { channel: 99, ..Default::default() }],
            cost: yuan("0"),
            ..Default::default()
        };
        let status = try_record(&server, "acme", wrong).await.expect_err("refused");
        let mut told = fields(&status);
        told.sort();
        let field = |name: &str, reason: &str| (format!("advice.{name}"), reason.to_owned());
        assert_eq!(told, [
            field("contact", "FIELD_REQUIRED"),
            field("cost", "AMOUNT_OUT_OF_RANGE"),
            field("date", "DATE_INVALID"),
            field("member", "FIELD_REQUIRED"),
            field("reminders[0].channel", "ENUM_INVALID"),
            field("reminders[0].date", "FIELD_REQUIRED"),
            field("reminders[0].member", "FIELD_REQUIRED"),
            field("text", "FIELD_REQUIRED"),
        ]);
        let ahead = Advice { date: Some(day(1)), ..advice(&wang, &li) };
        let ahead = try_record(&server, "acme", ahead).await.expect_err("not given yet");
        assert_refused(&ahead, Code::InvalidArgument, "DATE_INVALID", Some("advice.date"));
        let stranger = try_record(&server, "acme", advice("members/none", &li)).await.expect_err("nobody");
        assert_refused(&stranger, Code::NotFound, "RESOURCE_NOT_FOUND", None);
    }
}
