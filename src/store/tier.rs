//! Runs over the book, and how accounts stand from which day on.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::entity::tier_assignment::{Column, Entity, Model};
use super::entity::tier_run;
use super::lock::{self, Mode, Space};
use super::portfolio::takes_part;
use super::{ReadTx, WriteTx, policy, rows, sql};
use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::domain::page::{Page, PageOf};
use crate::domain::tier::assignment::{Assignment, ListAssignments};
use crate::domain::tier::policy::TierPolicy;
use crate::domain::tier::run::TierRun;

/// What an account turned over on a day; in the currency asked for, within the whole window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turnover {
    pub account_id: String,
    pub currency: Currency,
    pub posting_date: NaiveDate,
    pub amount: i128,
}

#[derive(FromQueryResult)]
struct TurnoverRow {
    account_id: String,
    currency: Currency,
    posting_date: NaiveDate,
    high: i64,
    low: i64,
}

#[derive(FromQueryResult)]
struct Id {
    id: String,
}

/// What is counted, and when.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Whether credit notes are deducted.
    pub deducts_credits: bool,
    /// The day before the first.
    pub after: NaiveDate,
    pub through: NaiveDate,
    /// When the last day is over: who was deleted by then takes no part.
    pub ends_us: i64,
    /// Amounts in it need not be told apart by day.
    pub currency: Currency,
}

/// That a change point is the last of its account.
const IS_LAST: &str = "NOT EXISTS (SELECT 1 FROM tier_assignment n \
     WHERE n.account_id = tier_assignment.account_id \
       AND (n.from_date, n.recorded_us) > (tier_assignment.from_date, tier_assignment.recorded_us))";

/// What of the book a run starts from: as long as it is the same, so is what comes of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierState {
    /// The standing run of the latest day.
    pub last: Option<TierRun>,
    /// What people decided about that runs proposed; `None` if they never did.
    pub decided: Option<Decided>,
    /// The version of the log of policies.
    pub policies: i64,
}

/// How far people decided. Who sets a clock back decides later as of an earlier day: the one does not
/// tell the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// The latest day from which on a decision holds.
    pub day: NaiveDate,
    /// When the last one was recorded; each is recorded behind all others.
    pub recorded_us: i64,
}

async fn last_run(conn: &impl ConnectionTrait) -> Result<Option<TierRun>> {
    let last = tier_run::Entity::find()
        .filter(tier_run::standing())
        .order_by_desc(tier_run::Column::AsOf)
        .limit(1);
    rows::one(conn, last).await?.map(TierRun::try_from).transpose()
}

async fn decided(conn: &impl ConnectionTrait) -> Result<Option<Decided>> {
    let greatest = |column: Column| {
        Entity::find().filter(Column::Reason.is_not_null()).order_by_desc(column).limit(1)
    };
    let latest = rows::one(conn, greatest(Column::FromDate)).await?;
    let last = rows::one(conn, greatest(Column::RecordedUs)).await?;
    let decided = latest.zip(last);
    Ok(decided
        .map(|(latest, last)| Decided { day: latest.from_date, recorded_us: last.recorded_us }))
}

async fn state(conn: &impl ConnectionTrait) -> Result<TierState> {
    let last = last_run(conn).await?;
    let decided = decided(conn).await?;
    let policies = policy::log::<TierPolicy>(conn).await?.version();
    Ok(TierState { last, decided, policies })
}

async fn run(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<TierRun>> {
    let row = rows::one(conn, tier_run::Entity::find_by_id(id)).await?;
    row.map(TierRun::try_from).transpose()
}

impl WriteTx {
    /// Locks the classes of all accounts to the end of the transaction.
    pub async fn lock_tiers(&self) -> Result<()> {
        lock::hold_names(&self.conn, Space::Tiers, Mode::Exclusive, ["tiers"]).await
    }

    /// What a run starts from. Call it behind [`WriteTx::lock_tiers`], and it stays so.
    pub async fn tier_state(&self) -> Result<TierState> {
        state(&self.conn).await
    }

    /// How far people decided.
    pub async fn tiers_decided(&self) -> Result<Option<Decided>> {
        decided(&self.conn).await
    }

    pub async fn add_tier_run(&mut self, run: &TierRun) -> Result<()> {
        self.rules_change();
        rows::insert_one(&self.conn, tier_run::Model::try_from(run)?).await
    }

    /// Writes that another run took the place of this one.
    pub async fn replace_tier_run(&mut self, id: Uuid, replaced_us: i64) -> Result<()> {
        self.rules_change();
        let change = tier_run::ActiveModel { replaced_us: Set(replaced_us), ..Default::default() };
        rows::change(&self.conn, change, tier_run::Column::Id.eq(id)).await?;
        Ok(())
    }

    pub async fn add_assignments(&mut self, assignments: &[Assignment]) -> Result<()> {
        self.rules_change();
        let models = assignments.iter().map(Model::try_from).collect::<Result<Vec<_>>>()?;
        rows::insert(&self.conn, models).await?;
        Ok(())
    }

    /// A change point of an account.
    pub async fn tier_assignment(&self, account_id: &str, id: Uuid) -> Result<Option<Assignment>> {
        let it = Entity::find_by_id(id).filter(Column::AccountId.eq(account_id));
        rows::one(&self.conn, it).await?.map(Assignment::try_from).transpose()
    }

    /// The change point of an account that holds on a day.
    pub async fn assignment_on(
        &self,
        account_id: &str,
        day: NaiveDate,
    ) -> Result<Option<Assignment>> {
        let last = Entity::find()
            .filter(Column::AccountId.eq(account_id))
            .filter(Column::FromDate.lte(day))
            .order_by_desc(Column::FromDate)
            .order_by_desc(Column::RecordedUs)
            .limit(1);
        rows::one(&self.conn, last).await?.map(Assignment::try_from).transpose()
    }

    /// The first change points of a run in which another class is applied or proposed, by account.
    pub async fn changes_of(&self, run_id: Uuid, max: usize) -> Result<Vec<Assignment>> {
        let text = format!(
            "SELECT {} FROM tier_assignment a WHERE a.run_id = $1 AND a.reason IS NULL \
               AND (a.before_class IS NULL OR a.before_class <> a.class \
                 OR a.proposed_class IS NOT NULL) ORDER BY a.account_id LIMIT $2",
            rows::columns::<Entity>("a")
        );
        let values = vec![run_id.into(), (max as i64).into()];
        let found: Vec<Model> = sql::all(&self.conn, text, values).await?;
        found.into_iter().map(Assignment::try_from).collect()
    }
}

impl ReadTx {
    /// What a run starts from.
    pub async fn tier_state(&self) -> Result<TierState> {
        state(&self.conn).await
    }

    pub async fn tier_run(&self, id: Uuid) -> Result<Option<TierRun>> {
        run(&self.conn, id).await
    }

    /// A page of runs, the latest day first.
    pub async fn tier_runs(
        &self,
        page: PageOf<(NaiveDate, Uuid)>,
    ) -> Result<Page<TierRun, (NaiveDate, Uuid)>> {
        use tier_run::Column as Of;
        let runs = tier_run::Entity::find()
            .apply_if(page.after, |runs, (as_of, id)| {
                let key = [as_of.into(), id.into()];
                runs.filter(super::keyset::behind([Of::AsOf, Of::Id], key, true))
            })
            .order_by_desc(Of::AsOf)
            .order_by_desc(Of::Id)
            .limit(page.to_read());
        let read = rows::all(&self.conn, runs).await?;
        let read = read.into_iter().map(TierRun::try_from).collect::<Result<Vec<_>>>()?;
        Ok(page.cut(read, |run| (run.as_of, run.id)))
    }

    /// A page of change points, in the order of ids.
    pub async fn assignments(&self, list: ListAssignments<String>) -> Result<Page<Assignment>> {
        let ListAssignments { account, run_id, proposed_only, page } = list;
        let all = Entity::find()
            .apply_if(account, |all, id| all.filter(Column::AccountId.eq(id)))
            .apply_if(run_id, |all, id| all.filter(Column::RunId.eq(id)))
            .apply_if(proposed_only.then_some(()), |all, ()| {
                all.filter(Column::ProposedClass.is_not_null()).filter(Expr::cust(IS_LAST))
            })
            .apply_if(page.after, |all, id| all.filter(Column::Id.gt(id)))
            .order_by_asc(Column::Id)
            .limit(page.to_read());
        let read = rows::all(&self.conn, all).await?;
        let mut read = read.into_iter().map(Assignment::try_from).collect::<Result<Vec<_>>>()?;
        if self.is_restricted() {
            // What they were compared with may be what the caller does not see.
            read.iter_mut().for_each(|one| one.figures = std::mem::take(&mut one.figures).alone());
        }
        Ok(page.cut(read, |assignment| assignment.id))
    }

    /// Hands over the months in which each account was invoiced, by their first days: one account
    /// after the other, so that those of no two are in memory together.
    pub async fn invoiced_months(
        &self,
        through: NaiveDate,
        mut take: impl FnMut(String, Vec<NaiveDate>) + Send,
    ) -> Result<()> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            month: String,
        }
        let text = "SELECT DISTINCT d.account_id, \
               SUBSTR(CAST(d.posting_date AS TEXT), 1, 7) AS month \
             FROM document d WHERE d.kind = 'INVOICE' AND d.posting_date <= $1 \
               AND NOT EXISTS (SELECT 1 FROM document_end e \
                 WHERE e.document_id = d.id AND e.effective_date <= $1) \
             ORDER BY d.account_id, month";
        let mut of: Option<(String, Vec<NaiveDate>)> = None;
        let month = |Row { account_id, month }: Row| {
            let first = format!("{month}-01").parse();
            let first = first.map_err(|_| Error::internal(format!("{month} is no month")))?;
            match &mut of {
                Some((id, months)) if *id == account_id => months.push(first),
                _ => {
                    let ended = of.replace((account_id, vec![first]));
                    ended.into_iter().for_each(|(id, months)| take(id, months));
                }
            }
            Ok(())
        };
        sql::each(&self.conn, text, vec![through.into()], month).await?;
        of.into_iter().for_each(|(id, months)| take(id, months));
        Ok(())
    }

    /// Hands over what the accounts that take part turned over in a window.
    pub async fn turnover(
        &self,
        window: Window,
        mut take: impl FnMut(Turnover) -> Result<()> + Send,
    ) -> Result<()> {
        let net = sql::net_of_document(self.conn.get_database_backend());
        let credits = if window.deducts_credits { ", 'CREDIT_NOTE'" } else { "" };
        let [high, low] = sql::wide_sum("u.amount");
        let text = format!(
            "SELECT u.account_id, u.currency, u.posting_date, {high} AS high, {low} AS low \
             FROM (SELECT d.account_id, d.currency, \
                 CASE WHEN d.currency = $3 THEN $2 ELSE d.posting_date END AS posting_date, \
                 CASE WHEN d.kind = 'CREDIT_NOTE' THEN -1 ELSE 1 END \
                   * COALESCE({net}, d.gross) AS amount \
               FROM document d JOIN account a ON a.id = d.account_id \
               WHERE d.posting_date > $1 AND d.posting_date <= $2 \
                 AND d.kind IN ('INVOICE', 'DEBIT_NOTE'{credits}) \
                 AND {takes_part} \
                 AND NOT EXISTS (SELECT 1 FROM document_end e \
                   WHERE e.document_id = d.id AND e.effective_date <= $2)) u \
             GROUP BY u.account_id, u.currency, u.posting_date \
             ORDER BY u.account_id, u.currency, u.posting_date",
            takes_part = takes_part("a", "$4")
        );
        let Window { deducts_credits: _, after, through, ends_us, currency } = window;
        let values = vec![after.into(), through.into(), currency.code().into(), ends_us.into()];
        let turnover = |row: TurnoverRow| {
            let TurnoverRow { account_id, currency, posting_date, high, low } = row;
            let amount = sql::widened(high, low);
            take(Turnover { account_id, currency, posting_date, amount })
        };
        sql::each(&self.conn, text, values, turnover).await
    }

    /// Accounts that take no part in figures of a day, which is over at `ends_us`.
    pub async fn excluded_from_tiers(&self, ends_us: i64) -> Result<BTreeSet<String>> {
        let text = format!("SELECT a.id FROM account a WHERE NOT ({})", takes_part("a", "$1"));
        let found: Vec<Id> = sql::all(&self.conn, text, vec![ends_us.into()]).await?;
        Ok(found.into_iter().map(|row| row.id).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::seed::{day, fresh};

    #[tokio::test]
    async fn one_more_decision_is_another_state_from_whatever_day_on_it_holds() {
        for db in fresh().await {
            let mut seen = vec![state(&db.store.reader()).await.unwrap()];
            for (n, from) in [(1_i64, day(6, 20)), (2, day(6, 10)), (3, day(6, 20))] {
                db.sql(
                    "INSERT INTO tier_assignment (id, account_id, from_date, recorded_us, run_id, \
                     class, since_date, raw_class, below_runs, cause, figures, recorded_by, reason) \
                     VALUES ($1, $2, $3, $4, $1, 'C', $3, 'C', 0, 'APPROVED', '{}', 'me', 'so')",
                    vec![Uuid::now_v7().into(), n.to_string().into(), from.into(), n.into()],
                )
                .await;
                seen.push(state(&db.store.reader()).await.unwrap());
            }
            let decided: Vec<_> = seen.iter().map(|state| state.decided).collect();
            let latest = |recorded_us| Some(Decided { day: day(6, 20), recorded_us });
            assert_eq!(decided, [None, latest(1), latest(2), latest(3)]);
        }
    }
}
