//! Rows of accounts, of our people and of teams.

use super::row::Row;
use crate::pb;
use crate::pb::record::Content;

pub(super) fn account(row: &mut Row<'_>) -> Vec<Content> {
    let site = |part: String| {
        let (id, rest) = part.split_once('=').unwrap_or((&part, ""));
        let (name, region) = rest.rsplit_once('@').unwrap_or((rest, ""));
        pb::Site {
            site_id: id.trim().to_owned(),
            display_name: name.trim().to_owned(),
            region: region.trim().to_owned(),
        }
    };
    let account = pb::Account {
        display_name: row.text("display_name"),
        legal_name: row.text("legal_name"),
        region_code: row.text("region_code").to_uppercase(),
        tax_id: row.text("tax_id"),
        parent: row.account("parent_id"),
        related_party: row.flag("related_party").unwrap_or_default(),
        industry_code: row.text("industry_code"),
        sales_region: row.text("sales_region"),
        party_kind: row.choice("party_kind", "PARTY_KIND_", pb::PartyKind::as_str_name),
        size_class: row.choice("size_class", "SIZE_CLASS_", pb::SizeClass::as_str_name),
        sites: row.parts("sites").into_iter().map(site).collect(),
        former_names: row.parts("former_names"),
        labels: row.labels("labels"),
        ..pb::Account::default()
    };
    // No is said of what is not: without a mask it would not be carried.
    let update_mask = (row.flag("related_party") == Some(false)).then(|| {
        let carried = [
            ("display_name", !account.display_name.is_empty()),
            ("legal_name", !account.legal_name.is_empty()),
            ("region_code", !account.region_code.is_empty()),
            ("tax_id", !account.tax_id.is_empty()),
            ("parent", !account.parent.is_empty()),
            ("related_party", true),
            ("industry_code", !account.industry_code.is_empty()),
            ("sales_region", !account.sales_region.is_empty()),
            ("party_kind", account.party_kind != 0),
            ("size_class", account.size_class != 0),
            ("sites", !account.sites.is_empty()),
            ("former_names", !account.former_names.is_empty()),
            ("labels", !account.labels.is_empty()),
        ];
        mask(&carried)
    });
    vec![Content::AccountProfile(pb::AccountRecord {
        source_key: row.source_key("account_id"),
        account: Some(account),
        update_mask,
        account_id: String::new(),
    })]
}

pub(super) fn member(row: &mut Row<'_>) -> Vec<Content> {
    let competencies = pb::MemberCompetencies {
        negotiation: row.whole("negotiation"),
        product: row.whole("product"),
        responsibility: row.whole("responsibility"),
        resources: row.whole("resources"),
    };
    let executive = row.flag("executive");
    let member = pb::Member {
        display_name: row.text("display_name"),
        manager: row.member("manager_id"),
        principals: row.parts("principals"),
        business_unit: row.text("business_unit"),
        competencies: Some(competencies),
        executive: executive.unwrap_or_default(),
        ..pb::Member::default()
    };
    let carried = [
        ("display_name", !member.display_name.is_empty()),
        ("manager", !member.manager.is_empty()),
        ("principals", !member.principals.is_empty()),
        ("business_unit", !member.business_unit.is_empty()),
        ("competencies", competencies != pb::MemberCompetencies::default()),
        ("executive", executive.is_some()),
    ];
    let is_silent = carried.iter().all(|(_, carried)| !carried);
    // A row that says nothing but the key carries nothing.
    let member = if is_silent { pb::Member::default() } else { member };
    vec![Content::Member(pb::MemberRecord {
        source_key: row.source_key("member_id"),
        member: Some(member),
        update_mask: (!is_silent).then(|| mask(&carried)),
        member_id: String::new(),
    })]
}

pub(super) fn team(row: &mut Row<'_>) -> Vec<Content> {
    let written = match row.get("role").to_uppercase().as_str() {
        "SPONSOR" => "EXECUTIVE_SPONSOR".to_owned(),
        _ => row.get("role").to_owned(),
    };
    row.need("role", "what does he do for the account?");
    vec![Content::TeamMembership(pb::TeamRecord {
        account: row.account("account_id"),
        member: row.member("member_id"),
        role: row.choice_of("role", &written, "TEAM_ROLE_", pb::TeamRole::as_str_name),
        valid_from: row.day("valid_from"),
        valid_to: row.day("valid_to"),
        reason: row.lines("reason"),
        site: row.text("site"),
        cost_per_day: row.money("cost_per_day"),
    })]
}

fn mask(carried: &[(&str, bool)]) -> prost_types::FieldMask {
    let paths = carried.iter().filter(|(_, carried)| *carried);
    prost_types::FieldMask { paths: paths.map(|(path, _)| (*path).to_owned()).collect() }
}
