//! Contacts a page at a time.

use std::collections::BTreeSet;

use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};

use super::keys;
use crate::domain::contact::{Contact, ContactList, ContactState};
use crate::domain::error::Result;
use crate::domain::page::{Page, PageOf};
use crate::store::entity::contact::{Column, Entity};
use crate::store::entity::contact_label;
use crate::store::{ReadTx, keyset, rows};

/// A page of the records that are asked for, in the order of ids.
async fn page_of(
    conn: &impl ConnectionTrait,
    contacts: Select<Entity>,
    page: &PageOf<String>,
) -> Result<Page<Contact, String>> {
    let found = contacts
        .apply_if(page.after.clone(), |of, after| {
            of.filter(keyset::behind([Column::Id], [after.into()], false))
        })
        .order_by_asc(Column::Id)
        .limit(page.to_read());
    let found = keys::complete(conn, rows::all(conn, found).await?).await?;
    Ok(page.cut(found, |last| last.id.clone()))
}

impl ReadTx {
    /// A page of all records, those too that count as another contact.
    pub(in crate::store) async fn all_contacts(
        &self,
        page: &PageOf<String>,
    ) -> Result<Page<Contact, String>> {
        page_of(&self.conn, Entity::find(), page).await
    }

    /// A page of the records that the caller sees, or of those of some contacts, of which something is kept until a day.
    pub async fn contacts_that_expire(
        &self,
        among: Option<&BTreeSet<String>>,
        page: &PageOf<String>,
    ) -> Result<Page<Contact, String>> {
        let backend = self.conn.get_database_backend();
        let contacts = Entity::find()
            // Within a text the marks are written with a backslash, so that none looks like it.
            .filter(Column::Card.contains(r#""expire_date":""#))
            .apply_if(self.visible.as_ref(), |of, visible| of.filter(visible.contact(backend)))
            .apply_if(among, |of, ids| of.filter(rows::among(backend, Column::Id, ids)));
        page_of(&self.conn, contacts, page).await
    }

    /// A page of the contacts asked for that the caller sees, without records that count as another. `among` are the ids of those who
    /// sit at the account that is asked for.
    pub async fn contacts(
        &self,
        list: &ContactList,
        among: Option<&BTreeSet<String>>,
    ) -> Result<Page<Contact, String>> {
        let backend = self.conn.get_database_backend();
        let ContactList { account: _, labels, show_deleted, page } = list;
        let active = (!show_deleted).then_some(ContactState::Active);
        let mut contacts = Entity::find()
            .filter(Column::MergedInto.is_null())
            .apply_if(self.visible.as_ref(), |of, visible| of.filter(visible.contact(backend)))
            .apply_if(active, |of, state| of.filter(Column::State.eq(state)))
            .apply_if(among, |of, ids| of.filter(rows::among(backend, Column::Id, ids)));
        for (label, value) in labels {
            let who = Query::select()
                .column(contact_label::Column::ContactId)
                .from(contact_label::Entity)
                .and_where(contact_label::Column::Label.eq(label))
                .and_where(contact_label::Column::LabelValue.eq(value))
                .to_owned();
            contacts = contacts.filter(Column::Id.in_subquery(who));
        }
        page_of(&self.conn, contacts, page).await
    }
}
