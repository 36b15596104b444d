//! What is one member's alone: keys in other systems, and principals.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::external_ref::ExternalRef;
use crate::domain::member::Member;
use crate::domain::names::member_name;
use crate::domain::personal::Personal;
use crate::store::entity::{member, member_principal, member_ref};
use crate::store::error::concurrent_change;
use crate::store::{WriteTx, rows};

/// The members of these rows, in their order.
pub(super) async fn complete(
    conn: &impl ConnectionTrait,
    members: Vec<member::Model>,
) -> Result<Vec<Member>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let (backend, ids) = (conn.get_database_backend(), || members.iter().map(|row| &row.id));
    let mut refs: HashMap<String, Vec<ExternalRef>> = HashMap::new();
    let of_these = member_ref::Entity::find()
        .filter(rows::among(backend, member_ref::Column::MemberId, ids()))
        .order_by_asc(member_ref::Column::Position);
    for member_ref::Model { system, external_id, member_id, .. } in
        rows::all(conn, of_these).await?
    {
        refs.entry(member_id).or_default().push(ExternalRef { system, id: external_id });
    }
    let mut principals: HashMap<String, Vec<Personal>> = HashMap::new();
    let of_these = member_principal::Entity::find()
        .filter(rows::among(backend, member_principal::Column::MemberId, ids()))
        .order_by_asc(member_principal::Column::Position);
    for member_principal::Model { principal, member_id, .. } in rows::all(conn, of_these).await? {
        principals.entry(member_id).or_default().push(principal);
    }
    let member = |row: member::Model| {
        let refs = refs.remove(&row.id).unwrap_or_default();
        let principals = principals.remove(&row.id).unwrap_or_default();
        row.into_member(refs, principals)
    };
    Ok(members.into_iter().map(member).collect())
}

impl WriteTx {
    /// Gives a member his keys in other systems, with the canonical id of each, in place of those
    /// he has.
    ///
    /// # Errors
    /// EXTERNAL_REF_TAKEN.
    pub async fn write_member_refs(&self, member: &Member, canonical_ids: &[String]) -> Result<()> {
        use member_ref::{Column, Entity, Model};
        rows::delete::<Entity>(&self.conn, Column::MemberId.eq(&*member.id)).await?;
        let refs = (0..).zip(member.external_refs.iter().cloned().zip(canonical_ids));
        let mut new: Vec<Model> = refs
            .map(|(position, (ExternalRef { system, id }, canonical_id))| Model {
                system,
                canonical_id: canonical_id.clone(),
                external_id: id,
                member_id: member.id.clone(),
                position,
            })
            .collect();
        // In one order whoever writes: of two that want the same keys one waits.
        new.sort_by(|a, b| (&a.system, &a.canonical_id).cmp(&(&b.system, &b.canonical_id)));
        if rows::insert_new(&self.conn, new.clone()).await? == new.len() as u64 {
            return Ok(());
        }
        let key = |row: &Model| (row.system.clone(), row.canonical_id.clone());
        let wanted: HashSet<_> = new.iter().map(key).collect();
        let backend = self.conn.get_database_backend();
        let same_id = rows::among(backend, Column::CanonicalId, canonical_ids);
        let others = Entity::find().filter(same_id).filter(Column::MemberId.ne(&*member.id));
        let others = rows::all(&self.conn, others).await?;
        let owner = others.into_iter().find(|row| wanted.contains(&key(row)));
        let owner = owner
            .map(|row| (format!("the key {} of {}", row.external_id, row.system), row.member_id));
        Err(taken(Reason::ExternalRefTaken, owner))
    }

    /// Gives a member his principals, in place of those he has.
    ///
    /// # Errors
    /// PRINCIPAL_TAKEN.
    pub async fn write_member_principals(&self, member: &Member) -> Result<()> {
        use member_principal::{Column, Entity, Model};
        rows::delete::<Entity>(&self.conn, Column::MemberId.eq(&*member.id)).await?;
        let mut new: Vec<Model> = (0..)
            .zip(member.principals.iter().cloned())
            .map(|(position, principal)| Model {
                principal,
                member_id: member.id.clone(),
                position,
            })
            .collect();
        new.sort_by(|a, b| a.principal.expose().cmp(b.principal.expose()));
        if rows::insert_new(&self.conn, new.clone()).await? == new.len() as u64 {
            return Ok(());
        }
        let wanted = new.iter().map(|row| row.principal.expose());
        let wanted = rows::among(self.conn.get_database_backend(), Column::Principal, wanted);
        let other = Entity::find().filter(wanted).filter(Column::MemberId.ne(&*member.id));
        let other = rows::one(&self.conn, other).await?;
        let owner = other.map(|row| ("one of the principals".to_owned(), row.member_id));
        Err(taken(Reason::PrincipalTaken, owner))
    }
}

/// That another member has something already; nobody has it if he gave it up since the insert
/// waited for him.
fn taken(reason: Reason, owner: Option<(String, String)>) -> Error {
    let Some((what, owner)) = owner else {
        return concurrent_change("member");
    };
    let name = member_name(&owner);
    Error::AlreadyExists {
        reason,
        description: format!("{name} has {what}"),
        resource: Resource { kind: "member", name },
    }
}
