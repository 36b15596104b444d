//! What ours give to people of customers. Whoever writes it holds the people of the account
//! ([`WriteTx::hold_people`]) and the recipient ([`WriteTx::lock_contact`]), so that what counts against
//! the caps of both stands still.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DerivePartialModel, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::contact::same::{folded, ids_of, ids_of_one};
use super::entity::gift::{ActiveModel, Column, Entity, Model};
use super::{ReadTx, Store, WriteTx, keyset, rows};
use crate::domain::error::{Error, Result};
use crate::domain::gift::caps::Given;
use crate::domain::gift::{Gift, GiftDecision, GiftKey, GiftState};
use crate::domain::money::{Currency, Money};
use crate::domain::page::{Page, PageOf};
use crate::domain::work::facts::GivenOn;

/// Which gifts to list: all of it has to fit.
#[derive(Debug, Clone, Default)]
pub struct GiftsOf {
    pub account_id: Option<String>,
    pub contact_id: Option<String>,
    pub member_id: Option<String>,
    pub state: Option<GiftState>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "Entity")]
struct Counted {
    id: Uuid,
    account_id: String,
    contact_id: String,
    day: NaiveDate,
    value: i64,
    currency: Currency,
}

async fn one(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<Gift>> {
    rows::one(conn, Entity::find_by_id(id)).await?.map(Model::into_gift).transpose()
}

/// What counts against the caps of an account and of these contacts, from one day to another.
async fn given(
    conn: &impl ConnectionTrait,
    account_id: &str,
    contact_ids: &BTreeSet<&str>,
    [first, last]: [NaiveDate; 2],
) -> Result<Vec<Given>> {
    let theirs = ids_of(conn, contact_ids.iter().copied()).await?;
    let theirs = rows::among(conn.get_database_backend(), Column::ContactId, &theirs);
    let counts = Entity::find()
        .filter(Condition::any().add(Column::AccountId.eq(account_id)).add(theirs))
        .filter(Column::Day.between(first, last))
        .filter(Column::State.ne(GiftState::Refused))
        .order_by_asc(Column::Day)
        .order_by_asc(Column::Id);
    let given = |Counted { id, account_id, contact_id, day, value: minor, currency }| Given {
        id,
        account_id,
        contact_id,
        day,
        value: Money { minor, currency },
    };
    folded(conn, rows::parts(conn, counts).await?.into_iter().map(given).collect()).await
}

impl WriteTx {
    /// A gift of an account whose people are held.
    pub async fn gift(&self, account_id: &str, id: Uuid) -> Result<Option<Gift>> {
        Ok(one(&self.conn, id).await?.filter(|gift| gift.account_id == account_id))
    }

    /// What counts against the caps of an account and of these contacts, from one day to another.
    pub async fn given(
        &self,
        account_id: &str,
        contact_ids: &BTreeSet<&str>,
        days: [NaiveDate; 2],
    ) -> Result<Vec<Given>> {
        given(&self.conn, account_id, contact_ids, days).await
    }

    pub async fn insert_gift(&self, gift: &Gift) -> Result<()> {
        rows::insert_one(&self.conn, Model::of(gift)?).await
    }

    /// Writes what was decided about one that waited.
    pub async fn decide_gift(&self, id: Uuid, state: GiftState, of: &GiftDecision) -> Result<()> {
        let change = ActiveModel {
            state: Set(state),
            decided_by: Set(Some(of.by.clone())),
            decided_us: Set(Some(of.us)),
            decide_reason: Set(Some(of.reason.clone())),
            ..Default::default()
        };
        rows::change(&self.conn, change, Column::Id.eq(id)).await?;
        Ok(())
    }
}

impl ReadTx {
    /// A gift of an account.
    pub async fn gift(&self, account_id: &str, id: Uuid) -> Result<Option<Gift>> {
        let gift = one(&self.conn, id).await?.filter(|gift| gift.account_id == account_id);
        Ok(folded(&self.conn, gift.into_iter().collect()).await?.pop())
    }

    /// A page of the gifts that the caller sees, the latest first.
    pub async fn gifts(&self, of: GiftsOf, page: &PageOf<GiftKey>) -> Result<Page<Gift, GiftKey>> {
        let GiftsOf { account_id, contact_id, member_id, state, from, to } = of;
        let backend = self.conn.get_database_backend();
        let theirs = ids_of_one(&self.conn, contact_id.as_deref()).await?;
        let found = Entity::find()
            .apply_if(self.visible.as_ref(), |of, visible| {
                of.filter(visible.account(backend, Column::AccountId))
            })
            .apply_if(account_id, |of, id| of.filter(Column::AccountId.eq(id)))
            .apply_if(theirs.as_ref(), |of, ids| {
                of.filter(rows::among(backend, Column::ContactId, ids))
            })
            .apply_if(member_id, |of, id| of.filter(Column::MemberId.eq(id)))
            .apply_if(state, |of, state| of.filter(Column::State.eq(state)))
            .apply_if(from, |of, day| of.filter(Column::Day.gte(day)))
            .apply_if(to, |of, day| of.filter(Column::Day.lte(day)))
            .apply_if(page.after, |of, (day, id)| {
                let key = [day.into(), id.into()];
                of.filter(keyset::behind([Column::Day, Column::Id], key, true))
            })
            .order_by_desc(Column::Day)
            .order_by_desc(Column::Id)
            .limit(page.to_read());
        let found = rows::all(&self.conn, found).await?.into_iter().map(Model::into_gift);
        let found = folded(&self.conn, found.collect::<Result<_>>()?).await?;
        Ok(page.cut(found, |gift| (gift.day, gift.id)))
    }

    /// What counts against the caps of an account and of these contacts, from one day to another.
    pub async fn given(
        &self,
        account_id: &str,
        contact_ids: &BTreeSet<&str>,
        days: [NaiveDate; 2],
    ) -> Result<Vec<Given>> {
        given(&self.conn, account_id, contact_ids, days).await
    }

    /// The days, from one to another, on which anybody at these accounts is given something that was
    /// not refused, by account.
    pub async fn gift_days(
        &self,
        account_ids: &BTreeSet<&str>,
        [first, last]: [NaiveDate; 2],
    ) -> Result<HashMap<String, Vec<NaiveDate>>> {
        let ids = account_ids.iter().copied();
        let these = rows::among(self.conn.get_database_backend(), Column::AccountId, ids);
        let found = Entity::find()
            .filter(these)
            .filter(Column::Day.between(first, last))
            .filter(Column::State.ne(GiftState::Refused));
        let mut days: HashMap<String, Vec<NaiveDate>> = HashMap::new();
        for Counted { account_id, day, .. } in rows::parts(&self.conn, found).await? {
            days.entry(account_id).or_default().push(day);
        }
        Ok(days)
    }

    /// What these contacts are given from one day to another, at whatever account, refused gifts apart.
    pub async fn gifts_to(
        &self,
        contact_ids: &[&str],
        [first, last]: [NaiveDate; 2],
    ) -> Result<Vec<GivenOn>> {
        let ids = ids_of(&self.conn, contact_ids.iter().copied()).await?;
        let these = rows::among(self.conn.get_database_backend(), Column::ContactId, &ids);
        let found = Entity::find()
            .filter(these)
            .filter(Column::Day.between(first, last))
            .filter(Column::State.ne(GiftState::Refused));
        let given = |Counted { contact_id, day, .. }: Counted| GivenOn { contact_id, day };
        let found = rows::parts(&self.conn, found).await?.into_iter().map(given).collect();
        folded(&self.conn, found).await
    }

    /// What waits for approval at these accounts, in the order it was registered.
    pub async fn gifts_waiting(&self, account_ids: &BTreeSet<&str>) -> Result<Vec<Gift>> {
        let ids = account_ids.iter().copied();
        let these = rows::among(self.conn.get_database_backend(), Column::AccountId, ids);
        let waiting = Entity::find()
            .filter(these)
            .filter(rows::constant(Column::State, GiftState::Registered.as_str()))
            .order_by_asc(Column::RecordedUs)
            .order_by_asc(Column::Id);
        let waiting = rows::all(&self.conn, waiting).await?.into_iter().map(Model::into_gift);
        folded(&self.conn, waiting.collect::<Result<_>>()?).await
    }
}

impl Store {
    /// A gift as answered before, with what people wrote about it as it is now.
    pub async fn gift_with_text(&self, answered: Gift) -> Result<Gift> {
        let gone = || Error::internal(format!("{} is gone", answered.name()));
        let now = one(&self.reader(), answered.id).await?.ok_or_else(gone)?;
        let decision = answered.decision.clone().zip(now.decision);
        let decision = decision.map(|(was, now)| GiftDecision { reason: now.reason, ..was });
        Ok(Gift { occasion: now.occasion, decision, ..answered })
    }
}
