//! What one side promised a person of the other. Whoever writes it holds the people of the account
//! ([`WriteTx::hold_people`]).

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::contact::same::{folded, ids_of_one, same_as};
use super::entity::commitment::{ActiveModel, Column, Entity, Model};
use super::entity::{commitment_delegation, commitment_evidence};
use super::rows::Set as Rows;
use super::{ReadTx, Store, WriteTx, keyset, rows, sql};
use crate::domain::commitment::{
    Commitment, CommitmentKey, CommitmentSide, CommitmentState, Evidence, Settled, Settlement, Word,
};
use crate::domain::edge::Pair;
use crate::domain::error::{Error, Result};
use crate::domain::page::PageOf;

/// Which commitments to list: all of it has to fit.
#[derive(Debug, Clone, Default)]
pub struct CommitmentsOf {
    pub account_id: Option<String>,
    pub contact_id: Option<String>,
    /// Who promised, was promised something, or was given a promise to keep.
    pub member_id: Option<String>,
    pub side: Option<CommitmentSide>,
    pub state: Option<CommitmentState>,
    pub due_before: Option<NaiveDate>,
}

/// That they are in a state on a day.
fn in_state(state: CommitmentState, day: NaiveDate) -> Condition {
    let kept = || Column::Settlement.eq(Settlement::Kept);
    let in_time = || Column::SettleDate.into_expr().lte(Column::DueDate.into_expr());
    let all = Condition::all();
    match state {
        CommitmentState::Open => {
            all.add(Column::Settlement.is_null()).add(Column::DueDate.gte(day))
        }
        CommitmentState::Broken => {
            all.add(Column::Settlement.is_null()).add(Column::DueDate.lt(day))
        }
        CommitmentState::Kept => all.add(kept()).add(in_time()),
        CommitmentState::KeptLate => all.add(kept()).add(in_time().not()),
        CommitmentState::Withdrawn => all.add(Column::Settlement.eq(Settlement::Withdrawn)),
        // Of promises to pay alone.
        CommitmentState::KeptPartly => all.add(Column::Id.is_null()),
    }
}

/// The commitments of these rows, in their order.
async fn complete(conn: &impl ConnectionTrait, found: Vec<Model>) -> Result<Vec<Commitment>> {
    let kept = found.iter().filter(|row| row.settlement == Some(Settlement::Kept));
    let ids: Vec<Uuid> = kept.map(|row| row.id).collect();
    let mut evidence: HashMap<Uuid, Vec<Evidence>> = HashMap::new();
    if !ids.is_empty() {
        use commitment_evidence::{Column, Entity};
        let these = rows::among(conn.get_database_backend(), Column::CommitmentId, ids);
        let of_these = Entity::find().filter(these).order_by_asc(Column::Place);
        for row in rows::all(conn, of_these).await? {
            let commitment_evidence::Model { commitment_id, day, interaction_id, note, .. } = row;
            let one = Evidence { day, interaction_id, note };
            evidence.entry(commitment_id).or_default().push(one);
        }
    }
    let complete = |row: Model| {
        let shown = evidence.remove(&row.id).unwrap_or_default();
        row.into_commitment(shown)
    };
    Ok(found.into_iter().map(complete).collect())
}

async fn one(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<Commitment>> {
    let row = rows::one(conn, Entity::find_by_id(id)).await?;
    Ok(complete(conn, row.into_iter().collect()).await?.pop())
}

impl WriteTx {
    /// A commitment of an account whose people are held.
    pub async fn commitment(&self, account_id: &str, id: Uuid) -> Result<Option<Commitment>> {
        let found = one(&self.conn, id).await?;
        Ok(found.filter(|commitment| commitment.account_id == account_id))
    }

    pub async fn insert_commitment(&self, commitment: &Commitment) -> Result<()> {
        rows::insert_one(&self.conn, Model::from(commitment)).await
    }

    /// Writes how one was settled.
    pub async fn settle_commitment(&self, id: Uuid, settled: &Settled) -> Result<()> {
        let change = ActiveModel {
            settlement: Set(Some(settled.settlement)),
            settle_date: Set(Some(settled.day)),
            settle_reason: Set(Some(settled.reason.clone())),
            settled_by: Set(Some(settled.by.clone())),
            settled_us: Set(Some(settled.recorded_us)),
            ..Default::default()
        };
        rows::change(&self.conn, change, Column::Id.eq(id)).await?;
        let evidence = (0..).zip(settled.evidence.iter().cloned());
        let evidence = evidence.map(|(place, Evidence { day, interaction_id, note })| {
            commitment_evidence::Model { commitment_id: id, place, day, interaction_id, note }
        });
        rows::insert(&self.conn, evidence.collect()).await?;
        Ok(())
    }

    /// The commitments that an interaction shows to be kept.
    pub async fn commitments_shown_by(&self, interaction_id: Uuid) -> Result<Vec<Commitment>> {
        use commitment_evidence::Column as Of;
        let shown = Query::select()
            .column(Of::CommitmentId)
            .from(commitment_evidence::Entity)
            .and_where(Of::InteractionId.eq(interaction_id))
            .to_owned();
        let found = Entity::find().filter(Column::Id.in_subquery(shown)).order_by_asc(Column::Id);
        complete(&self.conn, rows::all(&self.conn, found).await?).await
    }

    /// Writes other days of what shows one to be kept.
    pub async fn resettle_commitment(&self, commitment: &Commitment) -> Result<()> {
        let Some(settled) = &commitment.settled else { return Ok(()) };
        let change = ActiveModel { settle_date: Set(Some(settled.day)), ..Default::default() };
        rows::change(&self.conn, change, Column::Id.eq(commitment.id)).await?;
        let evidence = (0..).zip(settled.evidence.iter().cloned());
        let evidence = evidence.map(|(place, Evidence { day, interaction_id, note })| {
            let commitment_id = commitment.id;
            commitment_evidence::Model { commitment_id, place, day, interaction_id, note }
        });
        rows::update(&self.conn, evidence.collect()).await?;
        Ok(())
    }

    /// What is delegated to somebody and open on a day, locked: whoever gave it to another just now is
    /// waited for.
    pub async fn delegated_to(&self, member_id: &str, day: NaiveDate) -> Result<Vec<Commitment>> {
        let his = in_state(CommitmentState::Open, day).add(Column::DelegatedTo.eq(member_id));
        let found = Entity::find().filter(his).order_by_asc(Column::Id);
        let found = match self.conn.get_database_backend() {
            DbBackend::Sqlite => found,
            _ => found.lock_exclusive(),
        };
        complete(&self.conn, rows::all(&self.conn, found).await?).await
    }

    /// Writes whom commitments are delegated to, and that it was done; answers when.
    pub async fn delegate_commitments(&mut self, these: &[&Commitment], by: &str) -> Result<i64> {
        use commitment_delegation::{Column as Of, Entity as Delegations, Model as Delegation};
        let ids = these.iter().map(|one| one.id);
        let of_these = rows::among(self.conn.get_database_backend(), Of::CommitmentId, ids);
        let last = Delegations::find().filter(of_these).order_by_desc(Of::RecordedUs).limit(1);
        let last = rows::one(&self.conn, last).await?;
        let recorded_us = self.record_after(last.map_or(0, |last| last.recorded_us)).await?;
        let change = |one: &&Commitment| ActiveModel {
            id: Set(one.id),
            delegated_to: Set(one.delegated_to.clone()),
            ..Default::default()
        };
        rows::update(&self.conn, these.iter().map(change).collect()).await?;
        let delegation = |one: &&Commitment| Delegation {
            commitment_id: one.id,
            recorded_us,
            delegated_to: one.delegated_to.clone(),
            recorded_by: by.to_owned(),
        };
        rows::insert(&self.conn, these.iter().map(delegation).collect()).await?;
        Ok(recorded_us)
    }

    /// How many promises the maker of one has open at its account on a day.
    pub async fn open_of_maker(&self, of: &Commitment, day: NaiveDate) -> Result<i64> {
        let maker = match of.side {
            CommitmentSide::Ours => ("member_id", &of.member_id),
            CommitmentSide::Theirs => ("contact_id", &of.contact_id),
        };
        let is_maker = match of.side {
            CommitmentSide::Ours => format!("{} = $3", maker.0),
            CommitmentSide::Theirs => format!("{} IN {}", maker.0, same_as("$3")),
        };
        let text = format!(
            "SELECT COUNT(*) AS v FROM commitment WHERE account_id = $1 AND side = $2 \
             AND {is_maker} AND due_date >= $4 AND settlement IS NULL"
        );
        let values =
            vec![of.account_id.as_str().into(), of.side.into(), maker.1.into(), day.into()];
        Ok(sql::scalar::<i64>(&self.conn, text, values).await?.unwrap_or_default())
    }
}

impl ReadTx {
    /// As many commitments that the caller sees as a page has to, by due date.
    pub async fn commitments(
        &self,
        of: CommitmentsOf,
        today: NaiveDate,
        page: &PageOf<CommitmentKey>,
    ) -> Result<Vec<Commitment>> {
        let CommitmentsOf { account_id, contact_id, member_id, side, state, due_before } = of;
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
            .apply_if(member_id, |of, id| {
                let his = Column::MemberId.eq(&*id).or(Column::DelegatedTo.eq(id));
                of.filter(his)
            })
            .apply_if(side, |of, side| of.filter(Column::Side.eq(side)))
            .apply_if(state, |of, state| of.filter(in_state(state, today)))
            .apply_if(due_before, |of, day| of.filter(Column::DueDate.lt(day)))
            .apply_if(page.after, |of, (due, id)| {
                let key = [due.into(), id.into()];
                of.filter(keyset::behind([Column::DueDate, Column::Id], key, false))
            })
            .order_by_asc(Column::DueDate)
            .order_by_asc(Column::Id)
            .limit(page.to_read());
        folded(&self.conn, complete(&self.conn, rows::all(&self.conn, found).await?).await?).await
    }

    /// What each of ours kept and broke of his promises to each of theirs at these accounts by a day,
    /// as recorded by an instant in microseconds since the epoch.
    pub async fn words(
        &self,
        account_ids: &BTreeSet<&str>,
        day: NaiveDate,
        known_us: i64,
    ) -> Result<HashMap<Pair, Word>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            member_id: String,
            contact_id: String,
            last_kept: Option<NaiveDate>,
            last_broken: Option<NaiveDate>,
        }
        let backend = self.conn.get_database_backend();
        let these = Rows::one(account_ids.iter().copied());
        // What is settled later, or was not known to be, is not settled.
        let settled = "settled_us IS NOT NULL AND settled_us <= $2 AND settle_date <= $1";
        let text = format!(
            "SELECT account_id, member_id, contact_id, \
               MAX(CASE WHEN {settled} AND settlement = 'KEPT' AND settle_date <= due_date \
                 THEN settle_date END) AS last_kept, \
               MAX(CASE WHEN due_date < $1 AND NOT ({settled} \
                 AND (settlement = 'WITHDRAWN' OR settle_date <= due_date)) \
                 THEN due_date END) AS last_broken \
             FROM commitment WHERE account_id IN {} AND side = 'OURS' AND recorded_us <= $2 \
             GROUP BY account_id, member_id, contact_id",
            these.subquery(backend, 3)
        );
        let mut values = vec![day.into(), known_us.into()];
        values.extend(these.into_values(backend));
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let word = |Row { account_id, member_id, contact_id, last_kept, last_broken }| {
            (Pair { account_id, member_id, contact_id }, Word { last_kept, last_broken })
        };
        let (pairs, words): (Vec<Pair>, Vec<Word>) = rows.into_iter().map(word).unzip();
        let mut all: HashMap<Pair, Word> = HashMap::new();
        for (pair, word) in folded(&self.conn, pairs).await?.into_iter().zip(words) {
            let of = all.entry(pair).or_default();
            *of = of.with(word);
        }
        Ok(all)
    }
}

impl Store {
    /// A commitment as answered before, with what people wrote about it as it is now.
    pub async fn commitment_with_text(&self, answered: Commitment) -> Result<Commitment> {
        let gone = || Error::internal(format!("{} is gone", answered.name()));
        let now = one(&self.reader(), answered.id).await?.ok_or_else(gone)?;
        let settled = answered.settled.clone().zip(now.settled);
        let settled =
            settled.map(|(was, now)| Settled { evidence: now.evidence, reason: now.reason, ..was });
        Ok(Commitment { text: now.text, settled, ..answered })
    }
}
