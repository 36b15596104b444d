//! Our people. A change locks the members it rests on ([`WriteTx::lock_members`]) and compares the
//! version; accounts are not locked for it.

mod keys;
mod line;
mod list;

use std::collections::BTreeSet;

use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Select};

use super::entity::member::{ActiveModel, Column, Entity, Model};
use super::entity::member_ref;
use super::source_system::forms_of;
use super::visible::Visible;
use super::{ReadTx, Store, WriteTx, lookup, rows};
use crate::domain::directory::{Key, Subject, keys as keys_of};
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::member::Member;
use crate::domain::names::{CanonicalForm, MemberRef, member_name};
use crate::domain::record::source_key::own_id;

/// The id of the member named, if he exists.
async fn find(conn: &impl ConnectionTrait, name: &MemberRef) -> Result<Option<String>> {
    match name {
        MemberRef::Id(id) => {
            Ok(rows::one(conn, Entity::find_by_id(id.as_str())).await?.map(|row| row.id))
        }
        MemberRef::External { system, id } => {
            let forms = forms_of(conn, &[system.as_str()].into()).await?;
            let form = forms.get(system).copied().unwrap_or(CanonicalForm::Exact);
            let key = (system.clone(), form.canonical(id));
            let found = rows::one(conn, member_ref::Entity::find_by_id(key)).await?;
            match (found, own_id(system, id)) {
                (Some(row), _) => Ok(Some(row.member_id)),
                (None, Some(own)) => {
                    Ok(rows::one(conn, Entity::find_by_id(own)).await?.map(|row| row.id))
                }
                (None, None) => Ok(None),
            }
        }
    }
}

/// The first member of a query, with his keys and principals.
async fn one(conn: &impl ConnectionTrait, members: Select<Entity>) -> Result<Option<Member>> {
    let row = rows::one(conn, members).await?;
    Ok(keys::complete(conn, row.into_iter().collect()).await?.pop())
}

/// What a member is found by.
fn found_by(member: &Member) -> (Subject, BTreeSet<Key>) {
    (Subject::member(&member.id), keys_of::alone(&keys_of::of_member(member)))
}

/// The id of the member named, if the caller sees him.
async fn find_seen(
    conn: &impl ConnectionTrait,
    visible: Option<&Visible>,
    name: &MemberRef,
) -> Result<Option<String>> {
    let found = find(conn, name).await?;
    let Some(visible) = visible else { return Ok(found) };
    let sees = visible.sees_member(conn, found.as_deref().unwrap_or_default()).await?;
    Ok(found.filter(|_| sees))
}

impl WriteTx {
    /// The id of the member named, if the caller sees him.
    pub async fn find_member(&self, name: &MemberRef) -> Result<Option<String>> {
        find_seen(&self.conn, self.visible.as_ref(), name).await
    }

    /// The id of the member that the configuration names, whoever calls.
    pub async fn configured_member(&self, name: &MemberRef) -> Result<Option<String>> {
        find(&self.conn, name).await
    }

    /// The member of this id.
    pub async fn member(&self, id: &str) -> Result<Option<Member>> {
        one(&self.conn, Entity::find_by_id(id)).await
    }

    /// Adds a member, without keys and principals, and what he is found by.
    ///
    /// # Errors
    /// RESOURCE_ALREADY_EXISTS.
    pub async fn insert_member(&self, member: &Member) -> Result<()> {
        match rows::insert_new(&self.conn, vec![Model::from(member)]).await? {
            0 => Err(Error::AlreadyExists {
                reason: Reason::ResourceAlreadyExists,
                description: format!("{} exists already", member.name()),
                resource: Resource { kind: "member", name: member.name() },
            }),
            _ => lookup::add(&self.conn, vec![found_by(member)]).await,
        }
    }

    /// Writes a member who had the version before and is locked, and what he is found by; keys in
    /// other systems and principals are not touched.
    pub async fn update_member(&self, member: &Member) -> Result<()> {
        let row = ActiveModel::from(Model::from(member)).reset_all();
        let row = ActiveModel { id: NotSet, create_us: NotSet, ..row };
        let before = Column::Id.eq(&*member.id).and(Column::Version.eq(member.version - 1));
        match rows::change(&self.conn, row, before).await? {
            0 => Err(Error::internal(format!("{} is not of its version", member.name()))),
            _ => {
                let (subject, keys) = found_by(member);
                lookup::write(&self.conn, &subject, keys).await
            }
        }
    }
}

impl ReadTx {
    /// The id of the member named, if the caller sees him.
    pub async fn find_member(&self, name: &MemberRef) -> Result<Option<String>> {
        find_seen(&self.conn, self.visible.as_ref(), name).await
    }

    /// The id of the member that the configuration names, whoever calls.
    pub async fn configured_member(&self, name: &MemberRef) -> Result<Option<String>> {
        find(&self.conn, name).await
    }

    /// The members of these ids, whoever calls: figures rest on them.
    pub async fn members_among(&self, ids: &[&str]) -> Result<Vec<Member>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::Id, ids.iter().copied());
        let found = Entity::find().filter(these);
        keys::complete(&self.conn, rows::all(&self.conn, found).await?).await
    }

    /// The member of this id.
    pub async fn member(&self, id: &str) -> Result<Option<Member>> {
        one(&self.conn, Entity::find_by_id(id)).await
    }
}

impl Store {
    /// A member as answered before, with what is personal of him as it is now.
    pub async fn member_with_text(&self, member: Member) -> Result<Member> {
        let now = one(&self.reader(), Entity::find_by_id(&*member.id)).await?;
        let gone = || Error::internal(format!("{} is gone", member_name(&member.id)));
        let Member { display_name, principals, deactivate_reason, .. } = now.ok_or_else(gone)?;
        Ok(Member { display_name, principals, deactivate_reason, ..member })
    }
}
