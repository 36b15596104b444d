//! UpdateAccount. What the mask leaves out is not looked at.

use super::change::{self, Asked};
use super::fields::FIELDS;
use crate::api::convert::request::all;
use crate::api::convert::{parts, read};
use crate::api::{etag, mask};
use crate::domain::account::command::{AccountChange, ParentChange, SizeChange, UpdateAccount};
use crate::domain::error::{Result, Violations};
use crate::pb;

/// The command, and the request id (empty if there is none).
pub fn update(request: pb::UpdateAccountRequest) -> Result<(UpdateAccount, String)> {
    let pb::UpdateAccountRequest {
        account,
        update_mask,
        canonical_form,
        request_id,
        parent_effective_date,
        size_class_effective_date,
    } = request;
    let Some(account) = account else { return Err(read::missing("account").into()) };
    let mut violations = Violations::new();
    violations.keep(parts::request_id(&request_id));
    let form = violations.keep(parts::form(canonical_form)).flatten();
    let name = violations.keep(read::account("account.name", &account.name));
    let version = violations.keep(etag::required("account.etag", &account.etag));
    let mask = mask::resolve("update_mask", update_mask.as_ref(), FIELDS, &account);
    let asked = violations.keep(mask).map(|mask| {
        let parent_from = parts::parent_from(parent_effective_date, mask.has("parent"));
        let size_from = parts::size_from(size_class_effective_date, mask.has("size_class"));
        let parent_from = violations.keep(parent_from).flatten();
        let size_from = violations.keep(size_from).flatten();
        (change::asked(account, &mask, &mut violations), parent_from, size_from)
    });
    let ((account, version), (asked, parent_from, size_from)) =
        all(violations, name.zip(version).zip(asked))?;
    let Asked { change, parent, size } = asked;
    let parent = parent.map(|to| to.map_or(ParentChange::None, ParentChange::Under));
    let size = size.map(|class| SizeChange { class, from: size_from });
    let command = UpdateAccount { account, version, change, parent, parent_from, size, form };
    Ok((command, request_id))
}

/// What a record carries of an account, where it is to stand, and how large it is; without a mask, what
/// is not empty.
pub fn record_change(
    account: pb::Account,
    update_mask: Option<&prost_types::FieldMask>,
    violations: &mut Violations,
) -> Option<(AccountChange, Option<ParentChange>, Option<SizeChange>)> {
    let mask = violations.keep(mask::resolve("update_mask", update_mask, FIELDS, &account))?;
    let Asked { change, parent, size } = change::asked(account, &mask, violations);
    let parent = parent.map(|to| to.map_or(ParentChange::None, ParentChange::Under));
    Some((change, parent, size.map(|class| SizeChange { class, from: None })))
}
