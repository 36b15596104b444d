//! Where there is anything to do: which accounts a member may answer for, where in the book a kind of
//! work is found, and what of it no other store of accounts tells.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Days, NaiveDate, NaiveTime};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Value,
};
use uuid::Uuid;

use super::account::owners::FIRST_DAY;
use super::contact::same::{canonical, folded};
use super::entity::credit_reservation::KnownReservation;
use super::entity::{commitment, credit_reservation};
use super::rows::Set;
use super::{ReadTx, WriteTx, rows, sql, tier_class};
use crate::domain::commitment::{Commitment, CommitmentSide};
use crate::domain::credit::reservation::{Reservation, ReservationState};
use crate::domain::error::Result;
use crate::domain::work::WorkKind;

/// Promises may have so many days of grace at most.
const GRACE_DAYS_MAX: u64 = 30;

/// An account at which something of a kind may be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub account_id: String,
    /// Of what has a due date of its own that; else when it began, or a day before.
    pub day: NaiveDate,
}

/// A class of an account, and since when nobody of ours met anybody there or at one that counts as it.
#[derive(Debug, Clone)]
pub struct Unmet {
    pub account_id: String,
    pub class: String,
    /// The last touch, or the day on which it came into the class.
    pub since: NaiveDate,
}

/// A reservation that waits for a person, and when it was referred, in microseconds since the epoch.
#[derive(Debug, Clone)]
pub struct Referred {
    pub reservation: Reservation,
    pub us: i64,
}

/// That somebody active owns an account on a day.
fn owned(account: &str, day: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM account_owner c JOIN member m ON m.id = c.member_id \
           AND m.state = 'ACTIVE' WHERE c.account_id = {account} AND c.first_day <= {day} \
             AND c.last_day >= {day})"
    )
}

/// Which accounts owe what is past due, from the day on that the oldest of it was due. Where later days change
/// anything of an account, by due date first, without what they add to the projection: what only a later day
/// opens again is not the oldest today, and what only a later day settles is. Both classes are debits, of
/// which what is open is never negative: the first due date of any currency is that of the account.
fn overdue() -> String {
    OVERDUE.replace("{is_open}", &sql::is_something("m.amount"))
}

const OVERDUE: &str = "WITH late AS MATERIALIZED (\
       SELECT e.item_id, e.amount FROM entry e WHERE e.effective_date > $4), \
     off AS MATERIALIZED (\
       SELECT i.account_id, i.currency, i.due_date, -l.amount AS amount FROM late l \
       JOIN item i ON i.id = l.item_id AND i.class IN ('ORDINARY', 'RETENTION') \
         AND i.due_date < $4), \
     dues AS NOT MATERIALIZED (\
       SELECT d.account_id, d.currency, d.due_date, d.amount FROM account_due d \
       WHERE d.due_date < $4 AND d.class IN ('ORDINARY', 'RETENTION') AND d.items > 0) \
     SELECT w.account_id, w.day FROM (\
       SELECT s.account_id, MIN(s.due_date) AS day FROM dues s \
       WHERE s.account_id NOT IN (SELECT account_id FROM off) GROUP BY s.account_id \
     UNION ALL \
       SELECT o.account_id, MIN(o.due_date) AS day FROM (\
         SELECT m.account_id, m.due_date FROM (\
           SELECT s.account_id, s.currency, s.due_date, s.amount FROM dues s \
           WHERE s.account_id IN (SELECT account_id FROM off) \
           UNION ALL SELECT f.account_id, f.currency, f.due_date, f.amount FROM off f) m \
         GROUP BY m.account_id, m.currency, m.due_date HAVING {is_open}) o \
       GROUP BY o.account_id) w \
     WHERE (w.day, w.account_id) >= ($1, $3) ORDER BY w.day, w.account_id LIMIT $2";

/// Promises that are not withdrawn.
const PROMISES: &str = "SELECT p.account_id, p.pay_by_date AS day FROM promise p \
     WHERE (p.pay_by_date, p.account_id) >= ($1, $3) AND NOT EXISTS (\
       SELECT 1 FROM promise_end x WHERE x.promise_id = p.id) \
     ORDER BY p.pay_by_date, p.account_id LIMIT $2";

const REFERRALS: &str = "SELECT o.account_id, d.recorded_us AS us FROM credit_reservation o \
     JOIN credit_decision d ON d.id = o.decision_id \
     WHERE o.state = 'REFERRED' AND d.recorded_us >= $1 ORDER BY d.recorded_us, d.id LIMIT $2";

const DISPUTES: &str = "SELECT s.account_id, s.open_date AS day FROM dispute s \
     WHERE s.open_date >= $1 AND s.open_date <= $3 AND NOT EXISTS (\
       SELECT 1 FROM dispute_end x WHERE x.dispute_id = s.id AND x.resolve_date <= $3) \
     ORDER BY s.open_date, s.id LIMIT $2";

const COMMITMENTS: &str = "SELECT k.account_id, k.due_date AS day FROM commitment k \
     WHERE k.settlement IS NULL AND k.side = 'OURS' \
       AND (k.due_date, k.account_id) >= ($1, $3) \
     ORDER BY k.due_date, k.account_id LIMIT $2";

/// Where somebody left a seat, unless whoever sits there now was met since he came.
fn vacancies() -> String {
    VACANCIES.replace("{sits}", &canonical("c.contact_id"))
}

const VACANCIES: &str = "SELECT n.account_id, n.from_date AS day FROM incumbency n \
     WHERE n.contact_id IS NULL AND n.from_date >= $1 AND n.from_date <= $3 AND NOT EXISTS (\
       SELECT 1 FROM incumbency c JOIN edge e ON e.account_id = c.account_id \
         AND e.contact_id = {sits} AND e.last_touch >= c.from_date \
       JOIN member m ON m.id = e.member_id AND m.state = 'ACTIVE' \
       WHERE c.id = (SELECT x.id FROM incumbency x WHERE x.position_id = n.position_id \
         AND x.from_date <= $3 ORDER BY x.from_date DESC, x.recorded_us DESC LIMIT 1)) \
     ORDER BY n.from_date, n.id LIMIT $2";

/// What is planned, or was and is missed.
const PLANS: &str = "SELECT i.account_id, i.day FROM interaction i \
     WHERE i.stage = 'PLANNED' AND (i.day, i.account_id) >= ($1, $3) \
     ORDER BY i.day, i.account_id LIMIT $2";

/// What was left for a next interaction that was not held.
const HOOKS: &str = "SELECT i.account_id, i.hook_by AS day FROM interaction i \
     WHERE i.hook_by IS NOT NULL AND i.stage = 'HELD' \
       AND (i.hook_by, i.account_id) >= ($1, $3) \
       AND NOT EXISTS (SELECT 1 FROM interaction u WHERE u.uses_hook IS NOT NULL \
         AND u.uses_hook = i.id AND u.stage = 'HELD') \
     ORDER BY i.hook_by, i.account_id LIMIT $2";

const HANDOVERS: &str = "SELECT h.account_id, h.deadline AS day FROM handover h \
     WHERE h.state IN ('STARTED', 'ACCEPTED') \
       AND (h.deadline, h.account_id) >= ($1, $3) \
     ORDER BY h.deadline, h.account_id LIMIT $2";

const PROPOSALS: &str = "SELECT p.account_id, p.from_date AS day FROM tier_assignment p \
     WHERE p.proposed_class IS NOT NULL AND p.from_date >= $1 AND NOT EXISTS (\
       SELECT 1 FROM tier_assignment n WHERE n.account_id = p.account_id \
         AND (n.from_date, n.recorded_us) > (p.from_date, p.recorded_us)) \
     ORDER BY p.from_date, p.id LIMIT $2";

const GIFTS: &str = "SELECT g.account_id, g.recorded_us AS us FROM gift g \
     WHERE g.state = 'REGISTERED' AND g.recorded_us >= $1 ORDER BY g.recorded_us, g.id LIMIT $2";

/// Wherever the contact of a tie under review ever sat, by any record of him. Each of these is looked up by itself: a
/// condition on either would be held against all seats.
const REVIEWS: &str = "WITH r AS (\
       SELECT t.id, t.recorded_us, COALESCE(w.merged_into, w.id) AS counts_as FROM tie t \
       JOIN contact w ON w.id = CASE WHEN t.from_side = 'CONTACT' THEN t.from_id ELSE t.to_id END \
       WHERE t.review = 'OPEN'), \
     p AS (SELECT r.id, r.recorded_us, r.counts_as AS record FROM r \
       UNION ALL SELECT r.id, r.recorded_us, s.id FROM r JOIN contact s ON s.merged_into = r.counts_as) \
     SELECT n.account_id, p.recorded_us AS us FROM p JOIN incumbency n ON n.contact_id = p.record \
     GROUP BY p.id, p.recorded_us, n.account_id \
     ORDER BY p.recorded_us, p.id, n.account_id LIMIT $1";

/// A day before that of an instant in microseconds since the epoch: wherever on earth the business is,
/// its date is no earlier.
fn day_before(us: i64) -> NaiveDate {
    let told = DateTime::from_timestamp_micros(us);
    told.and_then(|told| told.date_naive().pred_opt()).unwrap_or(FIRST_DAY)
}

/// When the day before a day began anywhere on earth, in microseconds since the epoch.
fn day_before_us(day: NaiveDate) -> i64 {
    let before = day.pred_opt().unwrap_or(FIRST_DAY).and_time(NaiveTime::MIN);
    before.and_utc().timestamp_micros()
}

/// The first day on which something may be due that is work on a day: whatever is open is, of most kinds.
fn earliest(kind: WorkKind, on: NaiveDate) -> NaiveDate {
    match kind {
        WorkKind::Hook => on,
        // A promise that is too late is broken.
        WorkKind::PromiseDue => on.checked_sub_days(Days::new(GRACE_DAYS_MAX)).unwrap_or(FIRST_DAY),
        _ => FIRST_DAY,
    }
}

impl ReadTx {
    /// The accounts that a member may answer for on a day, with those that count as them, and those at which he promised something
    /// that is not settled, is to meet somebody or to take over, by id: all that he does, and more. `is_default`: he answers for whatever
    /// nobody else does.
    pub async fn accounts_answered_by(
        &self,
        member_id: &str,
        is_default: bool,
        day: NaiveDate,
        limit: usize,
    ) -> Result<Vec<String>> {
        #[derive(FromQueryResult)]
        struct Row {
            id: String,
        }
        let perhaps = match is_default {
            true => "SELECT id FROM account",
            false => {
                "SELECT id FROM under UNION \
                 SELECT account_id FROM team_member WHERE member_id = $1 AND role = 'BACKUP' UNION \
                 SELECT o.account_id FROM account_owner o WHERE o.first_day <= $2 \
                   AND o.member_id IN (SELECT id FROM line)"
            }
        };
        let text = format!(
            "WITH RECURSIVE line(id) AS (SELECT id FROM member WHERE manager_id = $1 UNION \
               SELECT m.id FROM line l JOIN member m ON m.manager_id = l.id), \
             own(id) AS (SELECT account_id FROM account_owner WHERE member_id = $1 \
               AND first_day <= $2 AND last_day >= $2), \
             under(id) AS (SELECT id FROM own UNION \
               SELECT l.account_id FROM under u JOIN account_link l ON l.parent_id = u.id), \
             perhaps(id) AS ({perhaps}) \
             SELECT a.id FROM account a WHERE a.delete_us = 0 AND (\
               a.id IN (SELECT id FROM own) \
               OR (a.id IN (SELECT id FROM perhaps) AND NOT {owned}) \
               OR a.merged_into IN (SELECT id FROM own) \
               OR (a.merged_into IN (SELECT id FROM perhaps) AND NOT {survivor_owned}) \
               OR a.id IN (SELECT k.account_id FROM commitment k WHERE k.settlement IS NULL \
                 AND k.side = 'OURS' AND (k.member_id = $1 OR k.delegated_to = $1)) \
               OR a.id IN (SELECT i.account_id FROM interaction_member m \
                 JOIN interaction i ON i.id = m.interaction_id \
                 WHERE m.planned AND m.member_id = $1) \
               OR a.id IN (SELECT h.account_id FROM handover h WHERE h.to_id = $1 \
                 AND h.state IN ('STARTED', 'ACCEPTED'))) \
             ORDER BY a.id LIMIT $3",
            owned = owned("a.id", "$2"),
            survivor_owned = owned("a.merged_into", "$2"),
        );
        let values = vec![member_id.into(), day.into(), (limit as i64).into()];
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Where in the book something of a kind is found whose day is this one or later (`None`: any), in the order of
    /// days; of ties, wherever there is one. Others may be among them. What has a due date of its own comes in the order of
    /// its accounts on each day, on the first from this account on. CADENCE and OCCASION have [`ReadTx::each_unmet`],
    /// CARE [`ReadTx::each_first_paid`].
    pub async fn where_work_is(
        &self,
        kind: WorkKind,
        from: Option<(NaiveDate, &str)>,
        on: NaiveDate,
        limit: usize,
    ) -> Result<Vec<Candidate>> {
        // In one bound: of two SQLite would take either, and go along all that was due since the book began.
        let earliest = earliest(kind, on);
        let (from, account) = from.filter(|(day, _)| *day >= earliest).unwrap_or((earliest, ""));
        let limit = Value::from(limit as i64);
        let (text, mut values): (String, Vec<Value>) = match kind {
            WorkKind::OverdueReceivable => (overdue(), vec![from.into(), limit]),
            WorkKind::PromiseDue => (PROMISES.into(), vec![from.into(), limit]),
            WorkKind::CreditReferral => (REFERRALS.into(), vec![day_before_us(from).into(), limit]),
            WorkKind::GiftApproval => (GIFTS.into(), vec![day_before_us(from).into(), limit]),
            WorkKind::Dispute => (DISPUTES.into(), vec![from.into(), limit, on.into()]),
            WorkKind::Commitment => (COMMITMENTS.into(), vec![from.into(), limit]),
            WorkKind::Vacancy => (vacancies(), vec![from.into(), limit, on.into()]),
            WorkKind::TieReview => (REVIEWS.to_owned(), vec![limit]),
            WorkKind::TierChange => (PROPOSALS.into(), vec![from.into(), limit]),
            WorkKind::PlannedVisit => (PLANS.into(), vec![from.into(), limit]),
            WorkKind::Hook => (HOOKS.into(), vec![from.into(), limit]),
            WorkKind::HandoverStep => (HANDOVERS.into(), vec![from.into(), limit]),
            WorkKind::Cadence | WorkKind::Care | WorkKind::Occasion => return Ok(Vec::new()),
        };
        if kind.working_days() == 0 {
            values.push(account.into());
        }
        if kind == WorkKind::OverdueReceivable {
            values.push(on.into());
        }
        let by_instant = [WorkKind::CreditReferral, WorkKind::TieReview, WorkKind::GiftApproval];
        if by_instant.contains(&kind) {
            #[derive(FromQueryResult)]
            struct Row {
                account_id: String,
                us: i64,
            }
            let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
            let candidate = |Row { account_id, us }| Candidate { account_id, day: day_before(us) };
            return Ok(rows.into_iter().map(candidate).collect());
        }
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            day: NaiveDate,
        }
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let candidate = |Row { account_id, day }| Candidate { account_id, day };
        Ok(rows.into_iter().map(candidate).collect())
    }

    /// Hands over every account that counts as itself and is in a class on a day, today or to come, and since when
    /// nobody of the customer was met.
    pub async fn each_unmet(
        &self,
        on: NaiveDate,
        mut take: impl FnMut(Unmet) + Send,
    ) -> Result<()> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            class: String,
            touched: Option<NaiveDate>,
            elsewhere: Option<NaiveDate>,
            since: NaiveDate,
        }
        // Of an account that was never merged no other is looked for.
        let text = format!(
            "SELECT s.account_id, s.class, s.touched, s.elsewhere, \
               COALESCE(s.given, s.applied) AS since FROM (\
               SELECT a.id AS account_id, {class} AS class, \
                 (SELECT MAX(e.last_touch) FROM edge e WHERE e.account_id = a.id) AS touched, \
                 CASE WHEN a.merge_set IS NULL THEN NULL ELSE (\
                   SELECT MAX((SELECT MAX(e.last_touch) FROM edge e WHERE e.account_id = b.id)) \
                   FROM account b WHERE b.merged_into = a.id) END AS elsewhere, \
                 {given} AS given, {applied} AS applied \
               FROM account a WHERE a.delete_us = 0 AND a.merged_into IS NULL) s \
             WHERE s.class IS NOT NULL",
            class = tier_class::class_on("a.id", "$1"),
            given = tier_class::given_since("a.id", "$1"),
            applied = tier_class::applied_since("a.id", "$1"),
        );
        let unmet = |row: Row| {
            let Row { account_id, class, touched, elsewhere, since } = row;
            take(Unmet { account_id, class, since: touched.max(elsewhere).unwrap_or(since) });
            Ok(())
        };
        sql::each(&self.conn, text, vec![on.into()], unmet).await
    }

    /// What waits for a person to decide at these accounts.
    pub async fn referred(&self, account_ids: &BTreeSet<&str>) -> Result<Vec<Referred>> {
        use credit_reservation::{Column, Entity};
        #[derive(FromQueryResult)]
        struct Decided {
            id: Uuid,
            us: i64,
        }
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::AccountId, account_ids.iter().copied());
        let waits = rows::constant(Column::State, ReservationState::Referred.as_str());
        let waiting = Entity::find().filter(these).filter(waits).order_by_asc(Column::Id);
        let waiting = rows::all(&self.conn, waiting).await?.into_iter();
        let waiting = waiting.map(|row| Ok(KnownReservation::try_from(row)?.reservation));
        let waiting = waiting.collect::<Result<Vec<Reservation>>>()?;
        let decisions = Set::one(waiting.iter().map(|of| of.decision));
        if decisions.is_empty() {
            return Ok(Vec::new());
        }
        let text = format!(
            "SELECT d.id, d.recorded_us AS us FROM credit_decision d WHERE d.id IN {}",
            decisions.subquery(backend, 1)
        );
        let decided: Vec<Decided> =
            sql::all(&self.conn, text, decisions.into_values(backend)).await?;
        let decided: HashMap<Uuid, i64> =
            decided.into_iter().map(|Decided { id, us }| (id, us)).collect();
        let referred = |reservation: Reservation| {
            let us = decided.get(&reservation.decision).copied().unwrap_or(reservation.create_us);
            Referred { reservation, us }
        };
        Ok(waiting.into_iter().map(referred).collect())
    }

    /// What one side promised at these accounts and is not settled, in the order of due dates.
    pub async fn unsettled(
        &self,
        account_ids: &BTreeSet<&str>,
        side: CommitmentSide,
    ) -> Result<Vec<Commitment>> {
        folded(&self.conn, unsettled(&self.conn, account_ids, side).await?).await
    }
}

impl WriteTx {
    /// As [`ReadTx::unsettled`], of accounts whose people are held, and as it was recorded.
    pub async fn unsettled(
        &self,
        account_ids: &BTreeSet<&str>,
        side: CommitmentSide,
    ) -> Result<Vec<Commitment>> {
        unsettled(&self.conn, account_ids, side).await
    }
}

async fn unsettled(
    conn: &impl ConnectionTrait,
    account_ids: &BTreeSet<&str>,
    side: CommitmentSide,
) -> Result<Vec<Commitment>> {
    use commitment::{Column, Entity};
    let backend = conn.get_database_backend();
    let these = rows::among(backend, Column::AccountId, account_ids.iter().copied());
    let unsettled = Entity::find()
        .filter(these)
        .filter(Column::Settlement.is_null())
        .filter(Column::Side.eq(side))
        .order_by_asc(Column::DueDate)
        .order_by_asc(Column::Id);
    let unsettled = rows::all(conn, unsettled).await?.into_iter();
    Ok(unsettled.map(|row| row.into_commitment(Vec::new())).collect())
}
