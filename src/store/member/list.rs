//! Members a page at a time.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use super::keys;
use crate::domain::error::Result;
use crate::domain::member::{Member, MemberFilter, MemberKey, MemberList, MemberOrder};
use crate::domain::page::Page;
use crate::store::entity::member::{Column, Entity};
use crate::store::entity::member_principal;
use crate::store::{ReadTx, keyset, rows};

impl ReadTx {
    /// A page of the members asked for that the caller sees. `manager_id` is the one that the
    /// filter names.
    pub async fn members(
        &self,
        list: &MemberList,
        manager_id: Option<&str>,
    ) -> Result<Page<Member, MemberKey>> {
        let MemberList { filter, order, descending, page } = list;
        let MemberFilter { state, business_unit: unit, manager: _, principal } = filter;
        let direction = if *descending { Order::Desc } else { Order::Asc };
        let backend = self.conn.get_database_backend();
        let mut members = Entity::find()
            .apply_if(self.visible.as_ref(), |of, visible| of.filter(visible.member(backend)))
            .apply_if(*state, |of, state| of.filter(Column::State.eq(state)))
            .apply_if(unit.as_ref(), |of, unit| of.filter(Column::BusinessUnit.eq(unit)))
            .apply_if(manager_id, |of, manager| of.filter(Column::ManagerId.eq(manager)))
            .apply_if(principal.clone(), |of, principal| {
                let whose = Query::select()
                    .column(member_principal::Column::MemberId)
                    .from(member_principal::Entity)
                    .and_where(member_principal::Column::Principal.eq(principal))
                    .to_owned();
                of.filter(Column::Id.in_subquery(whose))
            })
            .apply_if(page.after.clone(), |of, key| of.filter(behind(key, *descending)));
        for column in columns(*order) {
            members = members.order_by(column, direction.clone());
        }
        let read = rows::all(&self.conn, members.limit(page.to_read())).await?;
        let read = keys::complete(&self.conn, read).await?;
        Ok(page.cut(read, |last| MemberKey::of(last, *order)))
    }
}

/// The columns of an order, the id last.
fn columns(order: MemberOrder) -> Vec<Column> {
    match order {
        MemberOrder::Id => vec![Column::Id],
        MemberOrder::DisplayName => vec![Column::DisplayName, Column::Id],
    }
}

fn behind(key: MemberKey, descending: bool) -> Expr {
    let (order, values) = match key {
        MemberKey::Id(id) => (MemberOrder::Id, vec![id.into()]),
        MemberKey::DisplayName(name, id) => {
            (MemberOrder::DisplayName, vec![name.into(), id.into()])
        }
    };
    keyset::behind(columns(order), values, descending)
}
