//! What commands name: our people, those of customers, and what was said.

use chrono::NaiveDate;
use uuid::Uuid;

use super::of_account;
use crate::ctx::Ctx;
use crate::domain::contact::Contact;
use crate::domain::error::{Error, Result};
use crate::domain::interaction::InteractionVerb;
use crate::domain::names::{ChildName, ContactRef, MemberRef, contact_name};
use crate::service::resolve;
use crate::store::WriteTx;

pub(super) async fn member(tx: &WriteTx, name: &MemberRef) -> Result<String> {
    let missing = || Error::not_found("member", name.to_string());
    tx.find_member(name).await?.ok_or_else(missing)
}

/// A contact who is not deleted, locked.
pub(super) async fn live_contact(tx: &WriteTx, name: &ContactRef) -> Result<Contact> {
    let id = super::contact(tx, name).await?;
    let gone = || Error::internal(format!("{} is gone", contact_name(&id)));
    let contact = tx.lock_contact(&id).await?.ok_or_else(gone)?;
    contact.check_active()?;
    Ok(contact)
}

/// An interaction that was held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub id: Uuid,
    pub day: NaiveDate,
}

/// An interaction of this account that was held.
pub(super) async fn cited(
    tx: &WriteTx,
    ctx: &Ctx,
    field: &str,
    account_id: &str,
    name: &ChildName,
) -> Result<Held> {
    let found = of_account(tx, field, account_id, name).await?;
    found.check(InteractionVerb::Cite, ctx.business_date())?;
    Ok(Held { id: found.id, day: found.day })
}

/// The account under which something is named, its people held.
pub(super) async fn held_account(tx: &WriteTx, name: &ChildName) -> Result<String> {
    let named = std::slice::from_ref(&name.account);
    let account_id = resolve::only(&name.account, tx.find_accounts(named).await?)?.id;
    tx.hold_people([&*account_id]).await?;
    Ok(account_id)
}
