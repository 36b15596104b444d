//! What a request says of the fields of an account. What its mask leaves out is not looked at.

use crate::api::convert::closed_set::both_ways;
use crate::api::convert::{parts, read};
use crate::api::mask::Mask;
use crate::domain::account::command::AccountChange;
use crate::domain::account::profile::{PartyKind, SizeClass};
use crate::domain::account::validate;
use crate::domain::error::{Violation, Violations};
use crate::domain::names::AccountRef;
use crate::pb;

both_ways! {
    read_party, write_party: PartyKind = PartyKind { Private, StateOwned, PublicBody }
    read_size, write_size: SizeClass = SizeClass { Large, Medium, Small, Micro }
}

/// What is asked for of an account, as far as the mask names it.
pub struct Asked {
    pub change: AccountChange,
    /// `Some(None)`: under nobody.
    pub parent: Option<Option<AccountRef>>,
    /// `Some(None)`: not known any more.
    pub size: Option<Option<SizeClass>>,
}

/// Reads what the mask names; faults go to `violations`.
pub fn asked(account: pb::Account, mask: &Mask, violations: &mut Violations) -> Asked {
    let pb::Account {
        name: _,
        display_name,
        legal_name,
        region_code,
        tax_id,
        external_refs,
        parent,
        related_party,
        labels,
        industry_code,
        sales_region,
        party_kind,
        size_class,
        size_classes: _,
        sites,
        former_names,
        state: _,
        block_reason: _,
        create_time: _,
        update_time: _,
        delete_time: _,
        etag: _,
        merged_into: _,
    } = account;
    type Check = fn(&str, &str) -> Result<(), Violation>;
    let mut text = |path: &str, value: String, check: Check| {
        let value = mask.pick(path, value)?;
        violations.keep(check(&format!("account.{path}"), &value)).map(|()| value)
    };
    let texts = AccountChange {
        display_name: text("display_name", display_name, validate::display_name),
        legal_name: text("legal_name", legal_name, validate::legal_name),
        region_code: text("region_code", region_code, validate::region_code),
        tax_id: text("tax_id", tax_id, validate::tax_id),
        industry_code: text("industry_code", industry_code, validate::industry_code),
        sales_region: text("sales_region", sales_region, validate::sales_region),
        ..AccountChange::default()
    };
    let change = AccountChange {
        external_refs: mask
            .pick("external_refs", external_refs)
            .map(|refs| parts::external_refs("account.external_refs", refs, violations)),
        related_party: mask.pick("related_party", related_party),
        labels: mask.pick("labels", labels).map(|labels| parts::labels(labels, violations)),
        party_kind: mask
            .pick("party_kind", party_kind)
            .and_then(|kind| violations.keep(closed("party_kind", kind, read_party))),
        sites: mask.pick("sites", sites).map(|sites| parts::sites(sites, violations)),
        former_names: mask
            .pick("former_names", former_names)
            .inspect(|names| validate::former_names("account.former_names", names, violations)),
        ..texts
    };
    let parent =
        mask.pick("parent", parent).and_then(|parent| violations.keep(parts::parent(&parent)));
    let size = mask
        .pick("size_class", size_class)
        .and_then(|class| violations.keep(closed("size_class", class, read_size)));
    Asked { change, parent, size }
}

fn closed<W: TryFrom<i32>, D>(
    path: &str,
    value: i32,
    known: impl FnOnce(W) -> Option<D>,
) -> Result<Option<D>, Violation> {
    read::optional_enum(&format!("account.{path}"), value, known)
}
