//! The ties between our people and those of accounts, kept with the interactions that make them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::contact::same::folded;
use super::entity::{edge, edge_day};
use super::people::days_made_anew;
use super::rows::Set;
use super::{WriteTx, rows, sql};
use crate::domain::dates::NO_DATE;
use crate::domain::edge::{Edge, Pair, TouchDay};
use crate::domain::error::Result;

/// Pairs as a table of their keys.
fn keys<'a>(pairs: impl IntoIterator<Item = &'a Pair> + Clone) -> Set {
    let of = || pairs.clone().into_iter();
    Set::new()
        .column(edge_day::Column::AccountId, of().map(|pair| &pair.account_id))
        .column(edge_day::Column::MemberId, of().map(|pair| &pair.member_id))
        .column(edge_day::Column::ContactId, of().map(|pair| &pair.contact_id))
}

impl WriteTx {
    /// Adds to a day of these pairs, who are of one account whose people are held, and makes their
    /// ties anew of all their days.
    pub async fn touch(&self, pairs: Vec<Pair>, day: NaiveDate, weight_milli: i32) -> Result<()> {
        let backend = self.conn.get_database_backend();
        let pairs: BTreeSet<Pair> = folded(&self.conn, pairs).await?.into_iter().collect();
        let keys = keys(&pairs);
        let text = format!(
            "SELECT {} FROM {} JOIN edge_day d ON d.account_id = k.account_id \
             AND d.member_id = k.member_id AND d.contact_id = k.contact_id",
            rows::columns::<edge_day::Entity>("d"),
            keys.table(backend, "k", 1)
        );
        let known: Vec<edge_day::Model> =
            sql::all(&self.conn, text, keys.into_values(backend)).await?;
        let mut days: BTreeMap<Pair, Vec<TouchDay>> =
            pairs.iter().map(|pair| (pair.clone(), Vec::new())).collect();
        for (pair, one) in known.into_iter().map(edge_day::Model::into_parts) {
            days.entry(pair).or_default().push(one);
        }
        let (mut touched, mut edges) = (Vec::new(), Vec::new());
        for (pair, mut days) in days {
            let at = days.iter().position(|one| one.day == day);
            let was = at.map(|at| days.swap_remove(at));
            let now = TouchDay::added(was, day, weight_milli);
            days.push(now);
            touched.push(edge_day::Model::of(&pair, &now));
            edges.extend(Edge::of(&days).map(|edge| edge::Model::of(&pair, &edge)));
        }
        rows::upsert(&self.conn, touched, "").await?;
        rows::upsert(&self.conn, edges, "").await?;
        Ok(())
    }
}

impl WriteTx {
    /// Makes the ties of these pairs, who are of one account whose people are held, anew from the
    /// interactions that are recorded.
    pub async fn touch_anew(&self, pairs: BTreeSet<Pair>) -> Result<()> {
        let pairs = folded(&self.conn, pairs.into_iter().collect()).await?;
        let pairs: BTreeSet<Pair> = pairs.into_iter().collect();
        let Some(first) = pairs.first() else { return Ok(()) };
        let account_ids = [first.account_id.as_str()].into();
        let contact_ids = pairs.iter().map(|pair| pair.contact_id.as_str()).collect();
        let theirs = Some((&account_ids, Some(&contact_ids)));
        let days = days_made_anew(&self.conn, theirs, NO_DATE, i64::MAX).await?;
        let days = |pair: &Pair| days.get(pair).into_iter().flat_map(BTreeMap::values).copied();
        let (mut touched, mut edges) = (Vec::new(), Vec::new());
        let backend = self.conn.get_database_backend();
        for table in ["edge_day", "edge"] {
            let keys = keys(&pairs);
            let text = format!(
                "DELETE FROM {table} WHERE (account_id, member_id, contact_id) IN \
                 (SELECT account_id, member_id, contact_id FROM {})",
                keys.table(backend, "k", 1)
            );
            sql::execute(&self.conn, text, keys.into_values(backend)).await?;
        }
        for pair in &pairs {
            let days: Vec<TouchDay> = days(pair).collect();
            edges.extend(Edge::of(&days).map(|edge| edge::Model::of(pair, &edge)));
            touched.extend(days.iter().map(|day| edge_day::Model::of(pair, day)));
        }
        rows::insert(&self.conn, touched).await?;
        rows::insert(&self.conn, edges).await?;
        Ok(())
    }
}

impl WriteTx {
    /// Makes all ties of these records at these accounts, whose people are held, anew, each as a tie of
    /// whom the record counts as.
    pub async fn touch_people_anew(
        &self,
        account_ids: &BTreeSet<&str>,
        contact_ids: &BTreeSet<&str>,
    ) -> Result<()> {
        let backend = self.conn.get_database_backend();
        for table in ["edge_day", "edge"] {
            let these = Set::one(contact_ids.iter().copied());
            let text =
                format!("DELETE FROM {table} WHERE contact_id IN {}", these.subquery(backend, 1));
            sql::execute(&self.conn, text, these.into_values(backend)).await?;
        }
        let whose = Some((account_ids, Some(contact_ids)));
        let all = days_made_anew(&self.conn, whose, NO_DATE, i64::MAX).await?;
        let (mut touched, mut edges) = (Vec::new(), Vec::new());
        for (pair, days) in all {
            let days: Vec<TouchDay> = days.into_values().collect();
            edges.extend(Edge::of(&days).map(|edge| edge::Model::of(&pair, &edge)));
            touched.extend(days.iter().map(|day| edge_day::Model::of(&pair, day)));
        }
        rows::insert(&self.conn, touched).await?;
        rows::insert(&self.conn, edges).await?;
        Ok(())
    }
}

impl WriteTx {
    /// The ties at an account whose people are held, in the order of members and contacts.
    pub async fn edges_of(&self, account_id: &str) -> Result<Vec<(Pair, Edge)>> {
        let all = edge::Entity::find()
            .filter(edge::Column::AccountId.eq(account_id))
            .order_by_asc(edge::Column::MemberId)
            .order_by_asc(edge::Column::ContactId);
        let all = rows::all(&self.conn, all).await?;
        Ok(all.into_iter().map(edge::Model::into_parts).collect())
    }
}
