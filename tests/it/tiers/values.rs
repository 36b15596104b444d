//! Uploaded values: sets of what accounts are worth by another system, and the policies that measure
//! by them.

use std::time::Duration;

use ballast::pb;
use ballast::pb::upload_tier_values_request::Step;
use prost::Message as _;
use tokio::time::{sleep, timeout};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};

use super::policies::{class, quantile};
use super::runs::{applied, assignments, counts, in_force, run, sell, tiers};
use crate::support::ledger::{day, money, usd};
use crate::support::{TestServer, assert_refused, frame};

/// Within it a server has read what was sent, or done what it would do.
const A_MOMENT: Duration = Duration::from_millis(400);

pub fn header(id: &str, on: i64) -> pb::TierValueHeader {
    pb::TierValueHeader {
        tier_value_set_id: id.into(),
        as_of: Some(day(on)),
        currency_code: "USD".into(),
    }
}

pub fn worth(account: &str, value: &str, contribution: Option<&str>) -> pb::TierValue {
    let (value, contribution) = (Some(usd(value)), contribution.map(usd));
    pb::TierValue { account: account.into(), value, contribution }
}

fn of(account: &str, value: &str, contribution: Option<&str>) -> pb::TierValue {
    worth(&format!("accounts/ERP~{account}"), value, contribution)
}

async fn send(server: &TestServer, steps: Vec<Step>) -> Result<pb::TierValueSet, Status> {
    let steps: Vec<_> =
        steps.into_iter().map(|step| pb::UploadTierValuesRequest { step: Some(step) }).collect();
    server.tiers().upload_tier_values(tokio_stream::iter(steps)).await.map(|r| r.into_inner())
}

pub async fn upload(
    server: &TestServer,
    header: pb::TierValueHeader,
    chunks: Vec<Vec<pb::TierValue>>,
) -> Result<pb::TierValueSet, Status> {
    let chunks = chunks.into_iter().map(|values| Step::Chunk(pb::TierValueChunk { values }));
    send(server, [Step::Header(header)].into_iter().chain(chunks).collect()).await
}

fn measured(measure: pb::TierMeasure) -> pb::TierPolicy {
    let policy = quantile(&[5_000], vec![class("A", 4), class("C", 48)]);
    pb::TierPolicy { measure: measure.into(), ..policy }
}

fn with_set(on: i64, id: &str) -> pb::EvaluateTiersRequest {
    pb::EvaluateTiersRequest { value_set: format!("tierValueSets/{id}"), ..applied(on) }
}

on_both_engines! {
    async fn t3_platinum_gold_and_iron_by_value_and_loyalty_and_lead_by_contribution(server: TestServer) {
        let quarters = [-660, -570, -480, -390, -300, -200, -120, -5];
        for on in quarters {
            let mut buyers = vec![("LOSS", 1)];
            if on != -300 {
                buyers.push(("LOYAL", 1));
            }
            if on == -660 || on == -5 {
                buyers.push(("RARE", 1));
            }
            if on == -5 {
                buyers.extend([("TOP", 1), ("NEW", 1), ("T1", 1), ("T2", 1), ("T3", 1)]);
            }
            sell(&server, on, &buyers).await;
        }
        let classes = ["PLATINUM", "GOLD", "IRON", "LEAD"].map(|code| class(code, 4));
        in_force(&server, pb::TierPolicy {
            measure: pb::TierMeasure::Uploaded.into(),
            method: pb::TierCutMethod::Pyramid.into(),
            ..quantile(&[5_000, 8_000], classes.to_vec())
        }).await;
        let values = vec![
            vec![of("T1", "999", None), of("T2", "999", None), of("T3", "2", None)],
            vec![
                of("LOYAL", "1000", Some("1")), of("RARE", "1000", Some("0")), of("NEW", "1000", None),
                of("LOSS", "1000", Some("-1")), of("TOP", "6000", Some("1")),
            ],
        ];
        let set = upload(&server, header("june", 0), values).await.expect("kept");
        assert_eq!((&*set.name, set.accounts), ("tierValueSets/june", 8));
        let told = run(&server, with_set(0, "june")).await.expect("a run").run.expect("a run");
        assert_eq!((&*told.value_set, told.total.clone()), ("tierValueSets/june", Some(usd("12000"))));
        let tiers = tiers(&server).await;
        assert_eq!(tiers["PLATINUM"], ["TOP"]);
        assert_eq!(tiers["GOLD"], ["LOYAL"], "seven of eight quarters");
        assert_eq!(tiers["IRON"], ["NEW", "RARE", "T1", "T2", "T3"]);
        assert_eq!(tiers["LEAD"], ["LOSS"], "as loyal, with the same value");
        let notes: Vec<_> = assignments(&server, false).await.into_iter().flat_map(|a| a.notes).collect();
        let noted = |note: pb::TierNote| notes.iter().filter(|n| **n == i32::from(note)).count();
        assert_eq!(noted(pb::TierNote::NegativeContribution), 1);
        assert_eq!((noted(pb::TierNote::LoyaltyUnknown), noted(pb::TierNote::NotLoyal)), (1, 1));
    }

    async fn what_has_no_contribution_stays_and_what_loses_is_not_ranked(server: TestServer) {
        sell(&server, -5, &[("GAIN", 1), ("LOSS", 900), ("UNTOLD", 900), ("LESS", 1)]).await;
        in_force(&server, measured(pb::TierMeasure::Contribution)).await;
        let values = vec![
            of("GAIN", "1", Some("10")), of("LESS", "1", Some("4")), of("LOSS", "900", Some("-5")),
            of("UNTOLD", "900", None),
        ];
        upload(&server, header("s", -1), vec![values]).await.expect("kept");
        let told = run(&server, with_set(-1, "s")).await.expect("a run").run.expect("a run");
        assert_eq!((told.ranked, told.unknown, told.total.clone()), (2, 1, Some(usd("14"))));
        assert_eq!(counts(&told), [("A", 1, 1), ("C", 2, 2)]);
        assert_eq!(tiers(&server).await["A"], ["GAIN"]);
    }

    async fn every_fault_of_an_upload_is_told_by_row_and_nothing_is_taken(server: TestServer) {
        sell(&server, -5, &[("BIG", 1), ("MID", 1)]).await;
        in_force(&server, measured(pb::TierMeasure::Uploaded)).await;
        let euros = pb::TierValue { value: Some(money("1", "EUR")), ..of("MID", "1", None) };
        let nothing = pb::TierValue { value: None, ..of("MID", "1", None) };
        let chunks = vec![
            vec![of("BIG", "1", None), of("BIG", "2", None), of("NOBODY", "1", None)],
            vec![euros, nothing, worth("BIG", "1", None)],
        ];
        let status = upload(&server, header("s", 1), chunks).await.expect_err("faults");
        for (reason, field) in [
            ("DATE_INVALID", "header.as_of"),
            ("DUPLICATE_ELEMENT", "values[1].account"),
            ("RESOURCE_NOT_FOUND", "values[2].account"),
            ("CURRENCY_MISMATCH", "values[3].value"),
            ("FIELD_REQUIRED", "values[4].value"),
            ("RESOURCE_NAME_INVALID", "values[5].account"),
        ] {
            assert_refused(&status, Code::InvalidArgument, reason, Some(field));
        }
        let status = upload(&server, header("s", 0), vec![vec![of("BIG", "1", None), of("BIG", "1", None)]]).await;
        assert_refused(&status.expect_err("twice"), Code::InvalidArgument, "DUPLICATE_ELEMENT", Some("values[1].account"));
        let status = run(&server, with_set(0, "s")).await.expect_err("nothing was kept");
        assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);

        let empty = upload(&server, header("s", 0), vec![]).await.expect_err("no rows");
        assert_refused(&empty, Code::InvalidArgument, "FIELD_REQUIRED", Some("values"));
        let chunk = Step::Chunk(pb::TierValueChunk::default());
        let headless = send(&server, vec![chunk]).await.expect_err("no header");
        assert_refused(&headless, Code::InvalidArgument, "REQUEST_MALFORMED", Some("step"));
        let two = vec![Step::Header(header("s", 0)), Step::Header(header("s", 0))];
        let two = send(&server, two).await.expect_err("two headers");
        assert_refused(&two, Code::InvalidArgument, "REQUEST_MALFORMED", Some("step"));
    }

    async fn an_upload_that_breaks_off_keeps_nothing(server: TestServer) {
        sell(&server, -5, &[("BIG", 1), ("MID", 1)]).await;
        in_force(&server, measured(pb::TierMeasure::Uploaded)).await;
        let half = |id: &str| {
            let values = vec![of("BIG", "1", None)];
            let steps = [Step::Header(header(id, 0)), Step::Chunk(pb::TierValueChunk { values })];
            steps.map(|step| pb::UploadTierValuesRequest { step: Some(step) })
        };
        // A client that gives up, on a connection that stays.
        let steps = tokio_stream::iter(half("given-up")).chain(tokio_stream::pending());
        let mut client = server.tiers();
        timeout(A_MOMENT, client.upload_tier_values(steps)).await.expect_err("it goes on");
        // A connection that ends.
        let bytes = half("cut").iter().flat_map(|step| frame(&step.encode_to_vec())).collect();
        let raw = server.raw();
        let path = "/ballast.v1.TierService/UploadTierValues";
        timeout(A_MOMENT, raw.begin(path, bytes)).await.expect_err("it goes on");
        drop(raw);
        sleep(A_MOMENT).await;
        for id in ["given-up", "cut"] {
            let status = run(&server, with_set(0, id)).await.expect_err("nothing was kept");
            assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
            let whole = vec![vec![of("BIG", "1", None)], vec![of("MID", "2", None)]];
            upload(&server, header(id, 0), whole).await.expect("the name is free");
        }
    }

    async fn the_same_set_again_is_the_same_and_another_needs_another_id(server: TestServer) {
        sell(&server, -5, &[("BIG", 1), ("MID", 1)]).await;
        let (big, mid) = (of("BIG", "2", None), of("MID", "1", Some("1")));
        let set = upload(&server, header("s", 0), vec![vec![big.clone(), mid.clone()]]).await.expect("kept");
        let again = upload(&server, header("s", 0), vec![vec![mid], vec![big.clone()]]).await;
        assert_eq!(again.expect("in another order"), set);
        let other = upload(&server, header("s", 0), vec![vec![big]]).await.expect_err("other content");
        assert_refused(&other, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS", None);
    }

    async fn a_run_names_the_set_of_its_day_if_its_policy_measures_by_one(server: TestServer) {
        sell(&server, -5, &[("BIG", 1), ("MID", 1)]).await;
        let values = vec![of("BIG", "1", None), of("MID", "2", None)];
        upload(&server, header("s", -1), vec![values.clone()]).await.expect("kept");
        upload(&server, header("t", 0), vec![values]).await.expect("kept");
        in_force(&server, measured(pb::TierMeasure::Uploaded)).await;
        let none = run(&server, applied(0)).await.expect_err("no set");
        assert_refused(&none, Code::InvalidArgument, "FIELD_REQUIRED", Some("value_set"));
        let other = run(&server, with_set(0, "s")).await.expect_err("of another day");
        assert_refused(&other, Code::InvalidArgument, "FIELD_INVALID", Some("value_set"));
        run(&server, with_set(0, "t")).await.expect("a run");
        let stands = assignments(&server, false).await;
        run(&server, with_set(0, "t")).await.expect("the same");
        assert_eq!(assignments(&server, false).await, stands, "a repeated run changes nothing");
        assert_eq!(tiers(&server).await["A"], ["MID"]);
    }

    async fn a_policy_by_the_ledger_takes_no_set(server: TestServer) {
        in_force(&server, measured(pb::TierMeasure::NetRevenue)).await;
        let status = run(&server, with_set(0, "s")).await.expect_err("not asked for");
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("value_set"));
    }
}
