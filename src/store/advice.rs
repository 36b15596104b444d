//! What ours advise people of customers to do. Whoever writes it holds the people of the account
//! ([`WriteTx::hold_people`]).

use chrono::NaiveDate;
use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use super::contact::same::{folded, ids_of_one};
use super::entity::advice::{ActiveModel, Column, Entity, Model};
use super::error::store_error;
use super::{ReadTx, Store, WriteTx, keyset, rows, sql};
use crate::domain::advice::{
    Advice, AdviceKey, AdviceState, Brought, Totals, TotalsByCurrency, Verification,
};
use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::domain::page::{Page, PageOf};

/// Which advice to list: all of it has to fit.
#[derive(Debug, Clone, Default)]
pub struct AdviceOf {
    pub account_id: Option<String>,
    pub contact_id: Option<String>,
    pub member_id: Option<String>,
    pub state: Option<AdviceState>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

impl AdviceOf {
    async fn select(&self, tx: &ReadTx) -> Result<Select<Entity>> {
        let Self { account_id, contact_id, member_id, state, from, to } = self;
        let backend = tx.conn.get_database_backend();
        let theirs = ids_of_one(&tx.conn, contact_id.as_deref()).await?;
        let found = Entity::find()
            .apply_if(tx.visible.as_ref(), |of, visible| {
                of.filter(visible.account(backend, Column::AccountId))
            })
            .apply_if(account_id.as_ref(), |of, id| of.filter(Column::AccountId.eq(id)))
            .apply_if(theirs.as_ref(), |of, ids| {
                of.filter(rows::among(backend, Column::ContactId, ids))
            })
            .apply_if(member_id.as_ref(), |of, id| of.filter(Column::MemberId.eq(id)))
            .apply_if(*state, |of, state| {
                of.filter(match state {
                    AdviceState::Recorded => Column::VerifiedUs.is_null(),
                    AdviceState::Verified => Column::VerifiedUs.is_not_null(),
                })
            })
            .apply_if(*from, |of, day| of.filter(Column::Day.gte(day)))
            .apply_if(*to, |of, day| of.filter(Column::Day.lte(day)));
        Ok(found)
    }
}

async fn one(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<Advice>> {
    rows::one(conn, Entity::find_by_id(id)).await?.map(Model::into_advice).transpose()
}

impl WriteTx {
    /// Advice at an account whose people are held.
    pub async fn advice(&self, account_id: &str, id: Uuid) -> Result<Option<Advice>> {
        Ok(one(&self.conn, id).await?.filter(|advice| advice.account_id == account_id))
    }

    pub async fn insert_advice(&self, advice: &Advice) -> Result<()> {
        rows::insert_one(&self.conn, Model::of(advice)?).await
    }

    /// Writes advice that had the version before.
    pub async fn update_advice(&self, advice: &Advice) -> Result<()> {
        let row = ActiveModel::from(Model::of(advice)?).reset_all();
        let row = ActiveModel { id: NotSet, account_id: NotSet, create_us: NotSet, ..row };
        let before = Column::Id.eq(advice.id).and(Column::Version.eq(advice.version - 1));
        match rows::change(&self.conn, row, before).await? {
            0 => Err(Error::internal(format!("{} is not of its version", advice.name()))),
            _ => Ok(()),
        }
    }
}

impl ReadTx {
    /// Advice at an account.
    pub async fn advice(&self, account_id: &str, id: Uuid) -> Result<Option<Advice>> {
        let advice = one(&self.conn, id).await?.filter(|advice| advice.account_id == account_id);
        Ok(folded(&self.conn, advice.into_iter().collect()).await?.pop())
    }

    /// A page of the advice that the caller sees, the latest first.
    pub async fn advice_page(
        &self,
        of: &AdviceOf,
        page: &PageOf<AdviceKey>,
    ) -> Result<Page<Advice, AdviceKey>> {
        let found = of
            .select(self)
            .await?
            .apply_if(page.after, |of, (day, id)| {
                let key = [day.into(), id.into()];
                of.filter(keyset::behind([Column::Day, Column::Id], key, true))
            })
            .order_by_desc(Column::Day)
            .order_by_desc(Column::Id)
            .limit(page.to_read());
        let found = rows::all(&self.conn, found).await?.into_iter().map(Model::into_advice);
        let found = folded(&self.conn, found.collect::<Result<_>>()?).await?;
        Ok(page.cut(found, |advice| (advice.day, advice.id)))
    }

    /// What all of it cost and brought, by currency.
    pub async fn advice_totals(&self, of: &AdviceOf) -> Result<TotalsByCurrency> {
        #[derive(FromQueryResult)]
        struct Row {
            currency: Currency,
            verified_high: i64,
            verified_low: i64,
            verified_cost_high: i64,
            verified_cost_low: i64,
            claimed_high: i64,
            claimed_low: i64,
            claimed_cost_high: i64,
            claimed_cost_low: i64,
        }
        let mut sums = of
            .select(self)
            .await?
            .select_only()
            .column(Column::Currency)
            .group_by(Column::Currency);
        for (name, amount, state) in [
            ("verified", "verified", "IS NOT NULL"),
            ("verified_cost", "cost", "IS NOT NULL"),
            ("claimed", "claimed", "IS NULL"),
            ("claimed_cost", "cost", "IS NULL"),
        ] {
            let of_state =
                format!("CASE WHEN verified_us {state} THEN COALESCE({amount}, 0) ELSE 0 END");
            for (half, sum) in ["high", "low"].into_iter().zip(sql::wide_sum(&of_state)) {
                sums = sums.column_as(Expr::cust(sum), format!("{name}_{half}"));
            }
        }
        let sums = sums.filter(Column::Currency.is_not_null()).into_model::<Row>();
        let totals = |row: Row| {
            let brought = |loss: [i64; 2], cost: [i64; 2]| Brought {
                loss: sql::widened(loss[0], loss[1]),
                cost: sql::widened(cost[0], cost[1]),
            };
            let verified = brought(
                [row.verified_high, row.verified_low],
                [row.verified_cost_high, row.verified_cost_low],
            );
            let claimed = brought(
                [row.claimed_high, row.claimed_low],
                [row.claimed_cost_high, row.claimed_cost_low],
            );
            (row.currency, Totals { verified, claimed })
        };
        let found = sums.all(&self.conn).await.map_err(store_error)?;
        Ok(found.into_iter().map(totals).collect())
    }
}

impl Store {
    /// Advice as answered before, with what people wrote about it as it is now.
    pub async fn advice_with_text(&self, answered: Advice) -> Result<Advice> {
        let gone = || Error::internal(format!("{} is gone", answered.name()));
        let now = one(&self.reader(), answered.id).await?.ok_or_else(gone)?;
        let verification = answered.verification.clone().zip(now.verification);
        let verification =
            verification.map(|(was, now)| Verification { evidence: now.evidence, ..was });
        Ok(Advice { text: now.text, verification, ..answered })
    }
}
