//! Tier policies: versions, put in force from a day on, and what a class means in each.

use ballast::pb;
use tonic::{Code, Status};

use crate::support::ledger::{day, fresh, money, usd};
use crate::support::{PRINCIPAL, TestServer, assert_refused, fields};

pub fn class(code: &str, response_hours: i32) -> pb::TierClass {
    let service = pb::ServicePolicy { response_hours: Some(response_hours), ..Default::default() };
    pb::TierClass { code: code.into(), service: Some(service) }
}

pub fn quantile(cuts_bp: &[i32], classes: Vec<pb::TierClass>) -> pb::TierPolicy {
    pb::TierPolicy {
        measure: pb::TierMeasure::NetRevenue.into(),
        method: pb::TierCutMethod::CountQuantile.into(),
        currency_code: "USD".into(),
        cuts_bp: cuts_bp.to_vec(),
        classes,
        ..Default::default()
    }
}

pub async fn create(
    server: &TestServer,
    id: &str,
    policy: pb::TierPolicy,
) -> Result<pb::TierPolicy, Status> {
    let request = pb::CreateTierPolicyRequest {
        tier_policy: Some(policy),
        tier_policy_id: id.into(),
        request_id: fresh(),
    };
    server.tiers().create_tier_policy(request).await.map(|r| r.into_inner())
}

pub async fn activate(
    server: &TestServer,
    id: &str,
    from: Option<pb::Date>,
    etag: &str,
) -> Result<pb::TierPolicy, Status> {
    let request = pb::ActivateTierPolicyRequest {
        name: format!("tierPolicies/{id}"),
        effective_date: from,
        etag: etag.into(),
        request_id: fresh(),
    };
    server.tiers().activate_tier_policy(request).await.map(|r| r.into_inner())
}

async fn get(server: &TestServer, id: &str) -> Result<pb::TierPolicy, Status> {
    let request = pb::GetTierPolicyRequest { name: format!("tierPolicies/{id}") };
    server.tiers().get_tier_policy(request).await.map(|r| r.into_inner())
}

/// Holds a refusal against all the fields that it has to name, in order.
#[track_caller]
fn assert_faults(status: &Status, expected: &[(&str, &str)]) {
    let mut told = fields(status);
    told.sort();
    let expected: Vec<_> =
        expected.iter().map(|(field, reason)| ((*field).into(), (*reason).into())).collect();
    assert_eq!(told, expected);
}

/// Somebody whom we should know and have met in 90 days.
pub fn cell(function: pb::PositionFunction, scope: pb::CellScope) -> pb::RequiredCell {
    pb::RequiredCell {
        function: function.into(),
        level_min: pb::PositionLevel::Manager.into(),
        scope: scope.into(),
        window_days: 90,
        region: String::new(),
    }
}

/// A class with everything that can be said about it.
fn gold() -> pb::TierClass {
    let service = pb::ServicePolicy {
        response_hours: Some(4),
        ladder_hours: vec![8, 24, 72],
        cadence: Some(pb::ServiceCadence { target_days: 30, min_days: 7, visits_per_week: 3 }),
        owner: Some(pb::ServiceOwnerRule { competency_min: 4, accounts_max: Some(8) }),
        sponsor_required: true,
        net_days: Some(60),
        overdue_days_max: Some(0),
        overdue_amount_max: Some(usd("0")),
        price_floor_bp: Some(9_000),
        discount: Some(pb::ServiceDiscountBand { min_bp: 200, max_bp: 800 }),
        gift_cap: Some(money("1000", "CNY")),
        gift_cap_official: Some(money("0", "CNY")),
        gift_cap_account: Some(money("5000", "CNY")),
        effort_share_bp: Some(6_000),
        embedded_allowed: true,
        handover_required: true,
        purpose_required: true,
        hook_required: true,
        service_standards: vec![
            pb::ServiceStandard {
                code: "hotline".into(),
                text: "7×24 小时专线".into(),
                included: true,
                unit_price: None,
            },
            pb::ServiceStandard {
                code: "training".into(),
                text: "A day of training".into(),
                included: false,
                unit_price: Some(usd("900")),
            },
        ],
        required_cells: vec![
            cell(pb::PositionFunction::Finance, pb::CellScope::Account),
            pb::RequiredCell {
                region: "华东".into(),
                ..cell(pb::PositionFunction::Quality, pb::CellScope::Site)
            },
        ],
    };
    pb::TierClass { code: "GOLD".into(), service: Some(service) }
}

on_both_engines! {
    async fn the_presets_are_there_and_abc_is_in_force_until_another_is(server: TestServer) {
        let request = pb::ListTierPoliciesRequest::default();
        let listed = server.tiers().list_tier_policies(request).await.expect("policies").into_inner();
        let told: Vec<_> = listed.tier_policies.iter().map(|p| (&*p.name, p.active)).collect();
        assert_eq!(told, [
            ("tierPolicies/pyramid", false),
            ("tierPolicies/pareto", false),
            ("tierPolicies/abc", true),
        ]);
        let codes = |id| {
            let policy = listed.tier_policies.iter().find(|p| p.name.ends_with(id)).expect("a preset");
            policy.classes.iter().map(|class| class.code.clone()).collect::<Vec<_>>()
        };
        assert_eq!(codes("abc"), ["A", "B", "C"]);
        assert_eq!(codes("pareto"), ["KEY", "OTHER"]);
        assert_eq!(codes("pyramid"), ["PLATINUM", "GOLD", "IRON", "LEAD"]);
        let in_force = get(&server, "-").await.expect("read");
        assert_eq!((&*in_force.name, in_force.band_bp, in_force.dwell_days), ("tierPolicies/abc", Some(500), Some(180)));

        let active = activate(&server, "pareto", None, &in_force.etag).await.expect("in force");
        assert_eq!(get(&server, "-").await.expect("read"), active);
        let status = get(&server, "none").await.expect_err("unknown");
        assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
    }

    async fn a_policy_reads_back_as_it_was_created(server: TestServer) {
        let said = pb::TierPolicy {
            description: "按贡献\n2026".into(),
            measure: pb::TierMeasure::GrossRevenue.into(),
            window_months: 13,
            currency_code: "CNY".into(),
            method: pb::TierCutMethod::Pyramid.into(),
            cuts_bp: vec![4_000, 7_500],
            band_bp: Some(0),
            dwell_days: Some(0),
            demotion_runs: 3,
            demotion_approval: Some(false),
            loyalty_min_bp: Some(7_000),
            loyalty_band_bp: Some(0),
            classes: vec![class("TOP", 2), gold(), class("IRON", 48), class("LEAD", 96)],
            ..Default::default()
        };
        let created = create(&server, "rich", said.clone()).await.expect("created");
        let expected = pb::TierPolicy {
            name: "tierPolicies/rich".into(),
            population: pb::TierPopulation::Accounts.into(),
            created_by: PRINCIPAL.into(),
            create_time: created.create_time,
            etag: created.etag.clone(),
            ..said
        };
        assert_eq!(created, expected);
        assert!(created.create_time.is_some());
        assert_eq!(get(&server, "rich").await.expect("read"), created);
        let again = create(&server, "abc", quantile(&[1_000], vec![class("A", 1), class("B", 2)])).await;
        assert_refused(&again.expect_err("built in"), Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS", None);
        let plain = quantile(&[1_000], vec![class("A", 1), class("B", 2)]);
        let plain = create(&server, "plain", plain).await.expect("created");
        let defaults = (plain.window_months, plain.band_bp, plain.dwell_days, plain.demotion_runs, plain.demotion_approval);
        assert_eq!(defaults, (12, Some(500), Some(180), 2, Some(true)));
    }

    async fn t5_a_new_version_takes_effect_on_its_day_and_leaves_the_old_one_as_it_was(server: TestServer) {
        let hours = |policy: &pb::TierPolicy| {
            let of = |class: &pb::TierClass| class.service.as_ref().expect("a service").response_hours;
            policy.classes.iter().map(of).collect::<Vec<_>>()
        };
        let old = create(&server, "v1", quantile(&[2_000], vec![class("A", 4), class("C", 48)])).await.expect("created");
        let new = create(&server, "v2", quantile(&[2_000], vec![class("A", 2), class("C", 72)])).await.expect("created");
        let first = activate(&server, "v1", None, &old.etag).await.expect("in force");
        activate(&server, "v2", Some(day(10)), &first.etag).await.expect("dated ahead");
        let now = get(&server, "-").await.expect("read");
        assert_eq!((&*now.name, hours(&now)), ("tierPolicies/v1", vec![Some(4), Some(48)]));
        server.clock().set(crate::support::credit::moment(10));
        let then = get(&server, "-").await.expect("read");
        assert_eq!((&*then.name, hours(&then)), ("tierPolicies/v2", vec![Some(2), Some(72)]));
        assert_eq!(hours(&get(&server, "v1").await.expect("read")), [Some(4), Some(48)]);
        let log: Vec<_> = then.activations.iter().map(|a| a.effective_date).collect();
        assert_eq!((log, new.activations), (vec![Some(day(10))], vec![]));
    }

    async fn every_fault_of_a_class_is_told_at_once(server: TestServer) {
        let mut bad = gold();
        let service = bad.service.as_mut().expect("a service");
        service.response_hours = Some(0);
        service.ladder_hours = vec![8, 8];
        service.cadence = Some(pb::ServiceCadence { target_days: 0, min_days: -1, visits_per_week: 51 });
        service.owner = Some(pb::ServiceOwnerRule { competency_min: 6, accounts_max: Some(0) });
        service.net_days = Some(-1);
        service.overdue_amount_max = Some(usd("-1"));
        service.discount = Some(pb::ServiceDiscountBand { min_bp: 800, max_bp: 200 });
        service.service_standards[0].unit_price = Some(usd("1"));
        service.service_standards[1].code = "hotline".into();
        service.service_standards[1].text.clear();
        let classes = vec![bad, class("GOLD", 1), class("NONE", 1)];
        let status = create(&server, "p", quantile(&[1_000, 2_000], classes)).await.expect_err("refused");
        let at = |part: &str| format!("tier_policy.classes[0].service.{part}");
        assert_faults(&status, &[
            (&at("cadence.min_days"), "FIELD_INVALID"),
            (&at("cadence.target_days"), "FIELD_INVALID"),
            (&at("cadence.visits_per_week"), "FIELD_INVALID"),
            (&at("discount.max_bp"), "FIELD_INVALID"),
            (&at("ladder_hours"), "FIELD_INVALID"),
            (&at("net_days"), "FIELD_INVALID"),
            (&at("overdue_amount_max"), "AMOUNT_OUT_OF_RANGE"),
            (&at("owner.accounts_max"), "FIELD_INVALID"),
            (&at("owner.competency_min"), "FIELD_INVALID"),
            (&at("response_hours"), "FIELD_INVALID"),
            (&at("service_standards[0].unit_price"), "FIELD_INVALID"),
            (&at("service_standards[1].code"), "DUPLICATE_ELEMENT"),
            (&at("service_standards[1].text"), "FIELD_REQUIRED"),
            ("tier_policy.classes[1].code", "DUPLICATE_ELEMENT"),
            ("tier_policy.classes[2].code", "FIELD_INVALID"),
        ]);
    }

    async fn every_fault_of_whom_we_should_know_is_told_at_once(server: TestServer) {
        let mut bad = gold();
        let service = bad.service.as_mut().expect("a service");
        service.required_cells[0].region = "x".repeat(65);
        service.required_cells[0].window_days = 3_651;
        service.required_cells[1].function = 0;
        service.required_cells[1].level_min = 99;
        service.required_cells[1].scope = 0;
        let twice = cell(pb::PositionFunction::Legal, pb::CellScope::Site);
        service.required_cells.extend([twice.clone(), pb::RequiredCell { window_days: 7, ..twice }]);
        let policy = quantile(&[1_000], vec![bad, class("C", 1)]);
        let status = create(&server, "p", policy).await.expect_err("refused");
        let at = |part: &str| format!("tier_policy.classes[0].service.{part}");
        assert_faults(&status, &[
            (&at("required_cells[0].region"), "FIELD_INVALID"),
            (&at("required_cells[0].region"), "FIELD_TOO_LONG"),
            (&at("required_cells[0].window_days"), "FIELD_INVALID"),
            (&at("required_cells[1].function"), "ENUM_INVALID"),
            (&at("required_cells[1].level_min"), "ENUM_INVALID"),
            (&at("required_cells[1].scope"), "ENUM_INVALID"),
            (&at("required_cells[3]"), "DUPLICATE_ELEMENT"),
        ]);
    }

    async fn every_fault_of_a_tier_policy_is_told_at_once(server: TestServer) {
        let wrong = pb::TierPolicy {
            description: "x".repeat(501),
            measure: 0,
            window_months: 61,
            currency_code: "XXQ".into(),
            cuts_bp: vec![5_000, 5_000],
            band_bp: Some(5_001),
            dwell_days: Some(-1),
            demotion_runs: 13,
            loyalty_min_bp: Some(10_001),
            classes: vec![class("A", 1)],
            ..quantile(&[], vec![])
        };
        let status = create(&server, "", wrong).await.expect_err("refused");
        assert_faults(&status, &[
            ("tier_policy.band_bp", "FIELD_INVALID"),
            ("tier_policy.classes", "FIELD_INVALID"),
            ("tier_policy.currency_code", "CURRENCY_UNKNOWN"),
            ("tier_policy.cuts_bp", "FIELD_INVALID"),
            ("tier_policy.demotion_runs", "FIELD_INVALID"),
            ("tier_policy.description", "FIELD_TOO_LONG"),
            ("tier_policy.dwell_days", "FIELD_INVALID"),
            ("tier_policy.loyalty_min_bp", "FIELD_INVALID"),
            ("tier_policy.measure", "ENUM_INVALID"),
            ("tier_policy.window_months", "FIELD_INVALID"),
            ("tier_policy_id", "FIELD_REQUIRED"),
        ]);
        let cuts = |method: pb::TierCutMethod, cuts_bp: &[i32]| pb::TierPolicy {
            method: method.into(),
            ..quantile(cuts_bp, vec![class("A", 1), class("B", 2)])
        };
        for wrong in [
            cuts(pb::TierCutMethod::CountQuantile, &[]),
            cuts(pb::TierCutMethod::CumulativeShare, &[0]),
            cuts(pb::TierCutMethod::CumulativeShare, &[10_000]),
            cuts(pb::TierCutMethod::ComputedAbc, &[5_000]),
            cuts(pb::TierCutMethod::Pyramid, &[5_000]),
        ] {
            let status = create(&server, "p", wrong).await.expect_err("refused");
            assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("tier_policy.cuts_bp"));
        }
    }
}
