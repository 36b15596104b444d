//! UpdateAccount. What the mask leaves out is not looked at.

use super::fields::FIELDS;
use super::{EXTERNAL_REFS, parts};
use crate::api::convert::read;
use crate::api::{etag, mask};
use crate::domain::account::command::{AccountChange, ParentChange, UpdateAccount};
use crate::domain::account::validate;
use crate::domain::error::{Error, Result, Violation, Violations};
use crate::pb;

/// The command, and the request id (empty if there is none).
pub fn update(request: pb::UpdateAccountRequest) -> Result<(UpdateAccount, String)> {
    let pb::UpdateAccountRequest {
        account,
        update_mask,
        canonical_form,
        request_id,
        parent_effective_date,
    } = request;
    let Some(account) = account else { return Err(read::missing("account").into()) };
    let mut violations = Violations::new();
    violations.keep(parts::request_id(&request_id));
    let form = violations.keep(parts::form(canonical_form)).flatten();
    let name = violations.keep(read::account("account.name", &account.name));
    let version = violations.keep(etag::required("account.etag", &account.etag));
    let mask = mask::resolve("update_mask", update_mask.as_ref(), FIELDS, &account);
    let Some(mask) = violations.keep(mask) else {
        violations.finish()?;
        return Err(Error::internal("a fault of the mask went unnoted"));
    };
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
        state: _,
        block_reason: _,
        create_time: _,
        update_time: _,
        delete_time: _,
        etag: _,
    } = account;
    type Check = fn(&str, &str) -> Result<(), Violation>;
    let mut text = |path: &str, value: String, check: Check| {
        let value = mask.pick(path, value)?;
        violations.keep(check(&format!("account.{path}"), &value)).map(|()| value)
    };
    let display_name = text("display_name", display_name, validate::display_name);
    let legal_name = text("legal_name", legal_name, validate::legal_name);
    let region_code = text("region_code", region_code, validate::region_code);
    let tax_id = text("tax_id", tax_id, validate::tax_id);
    let external_refs = mask
        .pick("external_refs", external_refs)
        .map(|refs| parts::external_refs(EXTERNAL_REFS, refs, &mut violations));
    let parent = mask.pick("parent", parent);
    let parent_from = parts::parent_from(parent_effective_date, parent.is_some());
    let parent_from = violations.keep(parent_from).flatten();
    let parent = parent
        .and_then(|parent| violations.keep(parts::parent(&parent)))
        .map(|parent| parent.map_or(ParentChange::None, ParentChange::Under));
    let related_party = mask.pick("related_party", related_party);
    let labels = mask.pick("labels", labels).map(|labels| parts::labels(labels, &mut violations));
    violations.finish()?;
    let (Some(account), Some(version)) = (name, version) else {
        return Err(Error::internal("a fault of UpdateAccount went unnoted"));
    };
    let command = UpdateAccount {
        account,
        version,
        change: AccountChange {
            display_name,
            legal_name,
            region_code,
            tax_id,
            external_refs,
            related_party,
            labels,
        },
        parent,
        parent_from,
        form,
    };
    Ok((command, request_id))
}
