//! The verbs of an account's lifecycle. Each answers the command and the request id (empty if
//! there is none).

use crate::api::convert::{parts, read};
use crate::api::etag;
use crate::domain::account::BLOCK_REASON_CHARS_MAX;
use crate::domain::account::command::{
    BlockAccount, DeleteAccount, UnblockAccount, UndeleteAccount,
};
use crate::domain::error::{Error, Result, Violations};
use crate::domain::names::AccountRef;
use crate::domain::text;
use crate::pb;

pub fn block(request: pb::BlockAccountRequest) -> Result<(BlockAccount, String)> {
    let pb::BlockAccountRequest { name, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(text::check("reason", &reason, 1, BLOCK_REASON_CHARS_MAX));
    let account = target(&name, &request_id, violations)?;
    Ok((BlockAccount { account, reason }, request_id))
}

pub fn unblock(request: pb::UnblockAccountRequest) -> Result<(UnblockAccount, String)> {
    let pb::UnblockAccountRequest { name, request_id } = request;
    let account = target(&name, &request_id, Violations::new())?;
    Ok((UnblockAccount { account }, request_id))
}

pub fn delete(request: pb::DeleteAccountRequest) -> Result<(DeleteAccount, String)> {
    let pb::DeleteAccountRequest { name, etag, request_id } = request;
    let mut violations = Violations::new();
    let version = violations.keep(etag::optional("etag", &etag)).flatten();
    let account = target(&name, &request_id, violations)?;
    Ok((DeleteAccount { account, version }, request_id))
}

pub fn undelete(request: pb::UndeleteAccountRequest) -> Result<(UndeleteAccount, String)> {
    let pb::UndeleteAccountRequest { name, request_id } = request;
    let account = target(&name, &request_id, Violations::new())?;
    Ok((UndeleteAccount { account }, request_id))
}

/// The account a verb is about, after everything else was checked.
fn target(name: &str, request_id: &str, mut violations: Violations) -> Result<AccountRef> {
    violations.keep(parts::request_id(request_id));
    let account = violations.keep(read::account("name", name));
    violations.finish()?;
    account.ok_or_else(|| Error::internal("a fault of the name went unnoted"))
}
