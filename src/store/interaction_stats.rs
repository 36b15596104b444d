//! What was held in some time, counted by what it has in common.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use sea_orm::{FromQueryResult, Value};

use super::contact::same::canonical;
use super::{ReadTx, sql, tier_class};
use crate::domain::cost::Costs;
use crate::domain::effort::Spent;
use crate::domain::error::Result;
use crate::domain::interaction::stats::{Counts, GroupBy};
use crate::domain::money::{Currency, to_minor};

/// Which interactions to count.
#[derive(Debug, Clone)]
pub struct HeldOf {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub campaign: Option<String>,
    pub account_id: Option<String>,
}

/// What they are counted by: an expression, and what it takes to read it.
fn key_of(by: Option<GroupBy>) -> (String, &'static str) {
    let position = "JOIN interaction_contact k ON k.interaction_id = i.id \
                    LEFT JOIN position p ON p.id = k.position_id";
    match by {
        None => ("''".into(), ""),
        Some(GroupBy::Tier) => {
            (format!("COALESCE({}, '')", tier_class::class_on("i.account_id", "i.day")), "")
        }
        Some(GroupBy::Campaign) => ("COALESCE(i.campaign, '')".into(), ""),
        Some(GroupBy::Channel) => ("i.channel".into(), ""),
        Some(GroupBy::Member) => {
            ("m.member_id".into(), "JOIN interaction_member m ON m.interaction_id = i.id")
        }
        Some(GroupBy::Function) => ("COALESCE(p.function, '')".into(), position),
    }
}

impl HeldOf {
    /// What was held, each once for each key.
    fn held(&self, by: Option<GroupBy>) -> (String, Vec<Value>) {
        let (key, join) = key_of(by);
        // Interactions are kept in the order of their starts; a day begins within a day of these instants.
        let [first, last] =
            [self.from.pred_opt(), self.to.succ_opt().and_then(|day| day.succ_opt())];
        let us = |day: Option<NaiveDate>, or: i64| {
            day.map_or(or, |day| day.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
        };
        let mut values: Vec<Value> = vec![
            self.from.into(),
            self.to.into(),
            us(first, i64::MIN).into(),
            us(last, i64::MAX).into(),
        ];
        let mut only = String::new();
        if let Some(campaign) = &self.campaign {
            values.push(campaign.as_str().into());
            only += &format!(" AND i.campaign = ${}", values.len());
        }
        if let Some(id) = &self.account_id {
            values.push(id.as_str().into());
            only += &format!(" AND i.account_id = ${}", values.len());
        }
        let text = format!(
            "WITH held AS (SELECT DISTINCT {key} AS key, i.id, i.account_id, i.two_way, i.response, \
               i.hook_by, i.cost, i.cost_currency FROM interaction i {join} \
             WHERE i.start_us >= $3 AND i.start_us <= $4 AND i.stage = 'HELD' \
               AND i.day >= $1 AND i.day <= $2{only}) "
        );
        (text, values)
    }
}

const COUNTED: &str = "SELECT h.key, COUNT(*) AS interactions, \
       CAST(SUM(CASE WHEN h.two_way THEN 1 ELSE 0 END) AS BIGINT) AS real_touches, \
       COUNT(DISTINCT h.account_id) AS accounts, \
       COUNT(DISTINCT CASE WHEN h.response IS NOT NULL THEN h.account_id END) AS accounts_responded, \
       COUNT(h.hook_by) AS hooks_left, COUNT(u.uses_hook) AS hooks_used, \
       CAST(SUM(CASE WHEN u.uses_hook IS NULL AND h.hook_by < {today} THEN 1 ELSE 0 END) AS BIGINT) \
         AS hooks_expired \
     FROM held h LEFT JOIN interaction u ON u.uses_hook IS NOT NULL AND u.uses_hook = h.id \
       AND u.stage = 'HELD' GROUP BY h.key";

fn costs() -> String {
    let [high, low] = sql::wide_sum("h.cost");
    format!(
        "SELECT h.key, h.cost_currency AS currency, {high} AS high, {low} AS low \
         FROM held h WHERE h.cost IS NOT NULL GROUP BY h.key, h.cost_currency"
    )
}

/// Who took part, of a function alone those who did that.
fn people(by: Option<GroupBy>) -> String {
    let text = match by {
        Some(GroupBy::Function) => {
            "SELECT h.key, COUNT(DISTINCT {who}) AS contacts, COUNT(c.satisfaction) AS scores, \
               CAST(COALESCE(SUM(c.satisfaction), 0) AS BIGINT) AS score_sum \
             FROM held h JOIN interaction_contact c ON c.interaction_id = h.id \
               LEFT JOIN position p ON p.id = c.position_id \
             WHERE COALESCE(p.function, '') = h.key GROUP BY h.key"
        }
        _ => {
            "SELECT h.key, COUNT(DISTINCT {who}) AS contacts, COUNT(c.satisfaction) AS scores, \
               CAST(COALESCE(SUM(c.satisfaction), 0) AS BIGINT) AS score_sum \
             FROM held h JOIN interaction_contact c ON c.interaction_id = h.id GROUP BY h.key"
        }
    };
    text.replace("{who}", &canonical("c.contact_id"))
}

/// How long ours worked on it, of a member alone his own.
fn effort(by: Option<GroupBy>) -> String {
    let only = if by == Some(GroupBy::Member) { " AND m.member_id = h.key" } else { "" };
    format!(
        "SELECT h.key, CAST(SUM(m.effort_minutes) AS BIGINT) AS minutes \
         FROM held h JOIN interaction_member m ON m.interaction_id = h.id \
         WHERE m.effort_minutes IS NOT NULL{only} GROUP BY h.key"
    )
}

#[derive(FromQueryResult)]
struct Effort {
    key: String,
    minutes: i64,
}

#[derive(FromQueryResult)]
struct Counted {
    key: String,
    interactions: i64,
    real_touches: i64,
    accounts: i64,
    accounts_responded: i64,
    hooks_left: i64,
    hooks_used: i64,
    hooks_expired: i64,
}

#[derive(FromQueryResult)]
struct People {
    key: String,
    contacts: i64,
    scores: i64,
    score_sum: i64,
}

#[derive(FromQueryResult)]
struct Cost {
    key: String,
    currency: Currency,
    high: i64,
    low: i64,
}

impl ReadTx {
    /// What was held, counted by what it has in common; by nothing: under an empty key.
    pub async fn interaction_counts(
        &self,
        of: &HeldOf,
        by: Option<GroupBy>,
        today: NaiveDate,
    ) -> Result<BTreeMap<String, Counts>> {
        let (held, values) = of.held(by);
        let mut with_day = values.clone();
        with_day.push(today.into());
        let counted = COUNTED.replace("{today}", &format!("${}", with_day.len()));
        let rows: Vec<Counted> = sql::all(&self.conn, format!("{held}{counted}"), with_day).await?;
        let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
        for row in rows {
            let of = counts.entry(row.key).or_default();
            of.interactions = row.interactions;
            of.real_touches = row.real_touches;
            of.accounts = row.accounts;
            of.accounts_responded = row.accounts_responded;
            of.hooks_left = row.hooks_left;
            of.hooks_used = row.hooks_used;
            of.hooks_expired = row.hooks_expired;
        }
        let text = format!("{held}{}", people(by));
        let rows: Vec<People> = sql::all(&self.conn, text, values.clone()).await?;
        for row in rows {
            let of = counts.entry(row.key).or_default();
            (of.contacts, of.scores, of.score_sum) = (row.contacts, row.scores, row.score_sum);
        }
        let rows: Vec<Cost> = sql::all(&self.conn, format!("{held}{}", costs()), values).await?;
        for Cost { key, currency, high, low } in rows {
            let cost = to_minor(sql::widened(high, low))?;
            counts.entry(key).or_default().costs.insert(currency, cost);
        }
        let (held, values) = of.held(by);
        let text = format!("{held}{}", effort(by));
        let rows: Vec<Effort> = sql::all(&self.conn, text, values).await?;
        for Effort { key, minutes } in rows {
            counts.entry(key).or_default().effort_minutes = minutes;
        }
        Ok(counts)
    }

    /// What was given on these days and may be, by currency.
    pub async fn gift_costs(&self, of: &HeldOf) -> Result<Costs> {
        #[derive(FromQueryResult)]
        struct Row {
            currency: Currency,
            high: i64,
            low: i64,
        }
        let [high, low] = sql::wide_sum("g.value");
        let mut values: Vec<Value> = vec![of.from.into(), of.to.into()];
        let mut only = "";
        if let Some(id) = &of.account_id {
            values.push(id.as_str().into());
            only = " AND g.account_id = $3";
        }
        let text = format!(
            "SELECT g.currency AS currency, {high} AS high, {low} AS low FROM gift g \
             WHERE g.day >= $1 AND g.day <= $2 AND g.state IN ('RECORDED', 'APPROVED'){only} \
             GROUP BY g.currency"
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let cost = |Row { currency, high, low }| Ok((currency, to_minor(sql::widened(high, low))?));
        rows.into_iter().map(cost).collect()
    }

    /// How long ours worked for each account in each class that it was in, from one day through
    /// another.
    pub async fn effort_by_account(&self, from: NaiveDate, to: NaiveDate) -> Result<Vec<Spent>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            class: String,
            minutes: i64,
        }
        let of = HeldOf { from, to, campaign: None, account_id: None };
        let (held, values) = of.held(Some(GroupBy::Tier));
        let text = format!(
            "{held}SELECT h.account_id AS account_id, h.key AS class, \
               CAST(SUM(m.effort_minutes) AS BIGINT) AS minutes \
             FROM held h JOIN interaction_member m ON m.interaction_id = h.id \
             WHERE m.effort_minutes IS NOT NULL GROUP BY h.account_id, h.key"
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let spent = |Row { account_id, class, minutes }| Spent { account_id, class, minutes };
        Ok(rows.into_iter().map(spent).collect())
    }
}
