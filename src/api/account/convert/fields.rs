//! The fields of an account, and who may change them.

use crate::api::mask::Field;
use crate::pb::Account;

pub const FIELDS: &[Field<Account>] = &[
    // Says which account; not a change.
    Field::output_only("name"),
    Field::mutable("display_name", |a| !a.display_name.is_empty()),
    Field::mutable("legal_name", |a| !a.legal_name.is_empty()),
    Field::mutable("region_code", |a| !a.region_code.is_empty()),
    Field::mutable("tax_id", |a| !a.tax_id.is_empty()),
    Field::mutable("external_refs", |a| !a.external_refs.is_empty()),
    Field::mutable("parent", |a| !a.parent.is_empty()),
    Field::mutable("related_party", |a| a.related_party),
    Field::mutable("labels", |a| !a.labels.is_empty()),
    Field::mutable("industry_code", |a| !a.industry_code.is_empty()),
    Field::mutable("sales_region", |a| !a.sales_region.is_empty()),
    Field::mutable("party_kind", |a| a.party_kind != 0),
    Field::mutable("size_class", |a| a.size_class != 0),
    Field::output_only("size_classes"),
    Field::mutable("sites", |a| !a.sites.is_empty()),
    Field::mutable("former_names", |a| !a.former_names.is_empty()),
    Field::output_only("state"),
    Field::output_only("block_reason"),
    Field::output_only("create_time"),
    Field::output_only("update_time"),
    Field::output_only("delete_time"),
    Field::output_only("etag"),
];
