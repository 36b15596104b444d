//! Accounts that count as one are judged as one, and are told apart by when they did.

use ballast::pb;

use super::accounts::{NORTH, OLD, Shop, by};
use super::accounts_credit::{account_of, order, question};
use super::*;
use crate::records::{counts, send};
use crate::support::credit::{Counter, Names, amending, assert_decided, codes, limit_of, remedies};
use crate::support::ledger::{Settles, receipt};

/// The account that each of these documents is posted to.
async fn posted(shop: &mut Shop<'_>, documents: Vec<pb::Document>) -> Vec<String> {
    shop.post(documents).await.into_iter().map(|(_, account)| account).collect()
}

fn bill(id: &str, no: &str) -> pb::Document {
    by(id, invoice(no, day(-1), "50.00", &[(day(20), "50.00")]))
}

/// What the ERP sends after a merge was undone, or of accounts that never were one: documents of one that
/// name what the other has.
async fn of_two(shop: &mut Shop<'_>, counter: &mut Counter, one: &str, other: &str) -> Vec<String> {
    let name = |id: &str| format!("accounts/{id}");
    let no = |what: &str| format!("{what}-{one}");
    let reserved = counter.try_reserve(order(&name(other), &no("O"), "50.00")).await;
    let mut told = vec![account_of(&reserved.expect("decided").name)];
    told.extend(posted(shop, vec![bill(other, &no("I"))]).await);
    told.extend(posted(shop, vec![bill(one, &no("J")).names(&no("O"))]).await);
    for id in [one, other] {
        let open = shop.open_at(&name(id)).await.into_iter().map(|(_, amount)| amount);
        told.extend(open);
    }
    told.iter().map(|text| text.replace(one, "one").replace(other, "other")).collect()
}

on_both_engines! {
    async fn a24_an_order_of_a_loser_is_judged_as_one_of_the_survivor_too(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        let mut counter = Counter::at(&server);
        counter.limit(NORTH, "1000.00").await;
        counter.limit(OLD, "1000.00").await;
        for no in ["O1", "O2"] {
            let made = counter.try_reserve(order(OLD, no, "300.00")).await.expect("decided");
            assert_decided(&made, "APPROVED", &[]);
        }
        let cancel = pb::CancelReservationRequest { name: format!("{OLD}/creditReservations/ERP~O2"),
            reason: "no more".into(), request_id: fresh(), ..pb::CancelReservationRequest::default() };
        counter.client.cancel_reservation(cancel).await.expect("canceled");
        shop.merge().await;
        let more = || pb::AmendReservationRequest { name: format!("{OLD}/creditReservations/ERP~O1"), ..amending("O1", "400.00") };

        let hold = counter.hold(NORTH, pb::CreditHoldScope::Account).await;
        let amended = counter.try_amend(more()).await.expect("decided");
        assert_eq!(codes(&amended.reasons), ["ON_HOLD"]);
        for name in [OLD, NORTH] {
            let again = counter.try_reserve(order(name, "O2", "100.00")).await.expect("decided");
            assert_eq!(codes(&again.reasons), ["ON_HOLD"], "{name}");
        }
        let profile = counter.profile(OLD).await;
        assert_eq!(codes(&profile.reasons), ["ON_HOLD"]);
        counter.release(&hold).await;

        let blocked = json!({"name": NORTH, "reason": "fraud", "request_id": fresh()});
        shop.world.ok("AccountService.BlockAccount", blocked).await;
        let amended = counter.try_amend(more()).await.expect("decided");
        assert_eq!(codes(&amended.reasons), ["ACCOUNT_BLOCKED"]);
        assert_eq!(amended.reasons[0].subject, NORTH);
        shop.world.ok("AccountService.UnblockAccount", json!({"name": NORTH, "request_id": fresh()})).await;
        let amended = counter.try_amend(more()).await.expect("decided");
        assert_decided(&amended, "APPROVED", &[]);
        // It was an order of the loser, and is one.
        let again = counter.try_reserve(order(NORTH, "O2", "100.00")).await.expect("decided");
        assert_decided(&again, "APPROVED", &[]);
        assert_eq!(account_of(&again.name), OLD);
        shop.verify().await;
    }

    async fn a24_what_both_owe_is_paid_at_both(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        let mut counter = Counter::at(&server);
        counter.set(NORTH, pb::CreditLimit { overdue_days_max: Some(30), ..limit_of("1000.00") }).await;
        let late = |id: &str, days: i64, amount: &str| {
            by(id, invoice(&format!("L-{id}"), day(-90), amount, &[(day(-days), amount)]))
        };
        shop.post(vec![late("north", 60, "5.00"), late("old", 70, "10.00")]).await;
        shop.merge().await;
        let told = counter.check(question(NORTH, None, "1.00")).await;
        assert_eq!(codes(&told.reasons), ["OVERDUE_DAYS"]);
        let reason = &told.reasons[0];
        let documents: Vec<String> = reason.documents.iter()
            .filter_map(|name| Some(name.split_once("/documents/")?.0.to_owned())).collect();
        assert_eq!(documents, [OLD, NORTH], "the oldest first");
        assert_eq!(remedies(reason)[..2], ["PAY_OVERDUE 5.00", "PAY_OVERDUE 10.00"]);
        assert_eq!([&*reason.remedies[0].subject, &*reason.remedies[1].subject], [NORTH, OLD]);
        shop.post(vec![
            by("north", receipt("P1", day(0), "5.00")).settles("L-north"),
            by("old", receipt("P2", day(0), "10.00")).settles("L-old"),
        ]).await;
        assert_decided(&counter.check(question(NORTH, None, "1.00")).await, "APPROVED", &[]);
    }

    async fn a24_what_comes_when_a_merge_was_undone_is_as_if_there_had_been_none(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        shop.account("east", "").await;
        shop.account("west", "").await;
        let mut counter = Counter::at(&server);
        for name in [NORTH, OLD, "accounts/east", "accounts/west"] {
            counter.limit(name, "1000.00").await;
        }
        shop.merge().await;
        shop.world.undo(OLD).await.expect("undone");
        let never = of_two(&mut shop, &mut counter, "east", "west").await;
        assert_eq!(of_two(&mut shop, &mut counter, "north", "old").await, never);
        assert_eq!(never[..3], ["accounts/other", "accounts/other", "accounts/one"]);
        // What a document names it may settle, as before the undo; it is its payer's all the same.
        let crossing = by("north", receipt("R1", day(0), "50.00")).settles("I-north");
        assert_eq!(posted(&mut shop, vec![crossing]).await, [NORTH]);
        assert_eq!(shop.open_at(OLD).await, []);
        // An order of the one is none of the other, asked about or reserved.
        let reserved = counter.try_reserve(order(NORTH, "O-north", "50.00")).await.expect_err("taken");
        let checked = counter.client.check_credit(question(NORTH, Some("O-north"), "50.00")).await.expect_err("taken");
        assert_eq!((checked.code(), checked.message()), (reserved.code(), reserved.message()));
        shop.verify().await;
    }

    async fn a24_a_receipt_for_what_two_accounts_owe_is_the_survivors_in_any_order(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        shop.post(vec![bill("old", "I1"), bill("old", "I2")]).await;
        shop.merge().await;
        let paid = |no: &str, old: &str, new: &str| {
            by("old", receipt(no, day(0), "100.00")).settles(old).settles(new)
        };
        assert_eq!(posted(&mut shop, vec![bill("old", "N1")]).await, [NORTH]);
        assert_eq!(posted(&mut shop, vec![paid("R1", "I1", "N1")]).await, [NORTH]);
        assert_eq!(posted(&mut shop, vec![paid("R2", "I2", "N2"), bill("old", "N2")]).await, [NORTH, NORTH]);
        assert_eq!(shop.open_at(OLD).await, []);
        assert_eq!(shop.open_at(NORTH).await, []);
        shop.verify().await;
    }

    async fn a24_a_list_of_accounts_that_knows_nothing_of_a_merge_changes_the_loser(server: TestServer) {
        let shop = Shop::open(&server).await;
        shop.account("top", "").await;
        shop.merge().await;
        let record = |name: &str, parent: &str| {
            let account = pb::Account { display_name: name.into(), parent: parent.into(), ..pb::Account::default() };
            let source_key = pb::ExternalRef { system: "ERP".into(), id: "OLD".into() };
            let record = pb::AccountRecord { account: Some(account), source_key: Some(source_key), ..pb::AccountRecord::default() };
            pb::Record { content: Some(pb::record::Content::AccountProfile(record)) }
        };
        let sent = |record| send(&server, pb::RecordsMode::Upsert, vec![vec![record]]);
        let (results, summary) = sent(record("Old Ltd", "")).await.expect("read");
        assert_eq!(counts(&summary), [0, 1, 0, 0], "{results:?}");
        let old = shop.get(OLD).await;
        assert_eq!((&old["displayName"], &old["parent"]), (&json!("Old Ltd"), &json!(NORTH)));
        // Another parent is not what it had, and it can have no other; and one that is not there is none.
        let (results, summary) = sent(record("Old Ltd", "accounts/ERP~TYPO")).await.expect("read");
        assert_eq!(counts(&summary), [0, 0, 0, 1], "{results:?}");
        let (results, summary) = sent(record("Old Ltd", "accounts/ERP~TOP")).await.expect("read");
        assert_eq!(counts(&summary), [0, 0, 0, 1], "{results:?}");
    }

    async fn a24_nothing_is_reserved_for_an_account_that_was_merged_before(server: TestServer) {
        let shop = Shop::open(&server).await;
        let mut counter = Counter::at(&server);
        counter.limit(NORTH, "1000000.00").await;
        let mut late = 0;
        for round in 0..8 {
            let id = format!("l{round}");
            let name = format!("accounts/{id}");
            // It stands under the survivor already, so that its group is the same before and after.
            shop.account(&id, NORTH).await;
            let losers = [name.as_str()];
            let merging = shop.world.merge(NORTH, &losers);
            let reserving = async {
                let mut made = Vec::new();
                for n in 0..6 {
                    let ask = order(&name, &format!("O{round}-{n}"), "1.00");
                    made.push(Counter::at(&server).try_reserve(ask).await.expect("decided"));
                }
                made
            };
            let (merged, made) = tokio::join!(merging, reserving);
            let merged = merged["mergeTime"].as_str().expect("merged");
            let merged = chrono::DateTime::parse_from_rfc3339(merged).expect("a time").timestamp_millis();
            for decision in made {
                let name_of = decision.reservation.expect("reserved").name;
                let request = pb::GetReservationRequest { name: name_of };
                let found = counter.client.get_reservation(request).await.expect("there").into_inner();
                let created = found.create_time.expect("a time");
                let created = created.seconds * 1_000 + i64::from(created.nanos) / 1_000_000;
                let of = account_of(&found.name);
                late += usize::from(of == NORTH);
                // Times are told in whole milliseconds.
                let is_right = created == merged || of == if created > merged { NORTH } else { &name };
                assert!(is_right, "of {of}, made {created}, merged {merged}");
            }
        }
        assert!(late > 0, "no order came after a merge");
    }
}
