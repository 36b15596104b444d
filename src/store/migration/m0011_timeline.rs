//! What happened, on the timeline of whoever it is about: a projection, filled from everything that was
//! recorded before there was one.

use super::Migration;

pub(super) const MIGRATION: Migration = Migration {
    name: "m0011_timeline",
    text: || {
        let fill = format!(
            "INSERT INTO timeline (parent, kind, occur_us, id, account_id, member_id, contact_id, \
               position_id, detail, actor, amount, currency) \
             SELECT r.parent, r.kind, r.occur_us, r.id, r.account_id, r.member_id, r.contact_id, \
               r.position_id, r.detail, COALESCE(r.actor, {}), r.amount, r.currency \
             FROM ({}) r;\n",
            recorded_by("r.recorded_us"),
            facts("NULL")
        );
        [TIMELINE, &delegations(), REVIEWS, &fill].concat()
    },
};

/// Who made what was recorded at an instant, where the audit has one that did.
fn recorded_by(us: &str) -> String {
    format!(
        "(SELECT CASE WHEN COUNT(DISTINCT a.principal) = 1 THEN MIN(a.principal) END \
         FROM audit a WHERE a.recorded_us = {us})"
    )
}

const TIMELINE: &str = "
-- A projection of the facts: a row for each account, member and contact on whose timeline one stands.
CREATE TABLE timeline (
    -- Name of whose it is.
    parent {text} NOT NULL,
    kind {text} NOT NULL,
    -- Of what has a day and no time, noon of that day in UTC; a second later where it ends something.
    occur_us {bigint} NOT NULL,
    -- Of the fact.
    id {uuid} NOT NULL,
    -- NULL of ties.
    account_id {text},
    -- Whom it names there.
    member_id {text},
    contact_id {text},
    position_id {uuid},
    detail {text},
    -- Who recorded it; NULL where that is not known.
    actor {text},
    -- In minor units; NULL with its currency.
    amount {bigint},
    currency {text},
    PRIMARY KEY (parent, kind, occur_us, id)
){clustered};

-- Who was to keep a commitment from when on; the commitment itself says who is.
CREATE TABLE commitment_delegation (
    commitment_id {uuid} NOT NULL,
    recorded_us {bigint} NOT NULL,
    -- NULL: whoever made it, again.
    delegated_to {text},
    recorded_by {text} NOT NULL,
    PRIMARY KEY (commitment_id, recorded_us)
);

-- When it was cleared; NULL if it was not.
ALTER TABLE tie ADD COLUMN reviewed_us {bigint};
";

/// Until now events alone told of them.
fn delegations() -> String {
    format!(
        "INSERT INTO commitment_delegation (commitment_id, recorded_us, delegated_to, recorded_by) \
         SELECT {{as_uuid}}SUBSTR(o.subject, LENGTH(o.subject) - 35){{/as_uuid}}, o.recorded_us, \
           SUBSTR({{json}}o.data{{/json}} ->> 'delegated_to', LENGTH('members/') + 1), \
           COALESCE({}, '') \
         FROM outbox o WHERE o.event_type = 'ballast.interactions.commitment_delegated.v1';\n",
        recorded_by("o.recorded_us")
    )
}

const REVIEWS: &str = "
UPDATE tie SET reviewed_us = o.recorded_us FROM (
    SELECT {as_uuid}SUBSTR(e.subject, LENGTH('ties/') + 1){/as_uuid} AS tie_id,
        MAX(e.recorded_us) AS recorded_us
    FROM outbox e WHERE e.event_type = 'ballast.contacts.tie_review_cleared.v1'
    GROUP BY e.subject
) o WHERE tie.id = o.tie_id;
";

/// All rows of timelines: another way to what is written with each fact. The actor is NULL where the
/// fact does not say who recorded it. `promise_contact` is who promised to pay: when the table was made
/// no promise had one.
pub(super) fn facts(promise_contact: &str) -> String {
    FACTS.replace("{promise_contact}", promise_contact)
}

const FACTS: &str = "
WITH fact AS (
    SELECT 'COMMITMENT_MADE' AS kind, {noon}c.made_date{/noon} AS occur_us, c.id AS id,
        c.account_id AS account_id, c.member_id AS member_id, c.contact_id AS contact_id,
        CAST(NULL AS {uuid}) AS position_id, c.side AS detail, c.recorded_by AS actor,
        c.amount AS amount, c.currency AS currency, c.recorded_us AS recorded_us,
        CAST(NULL AS TEXT) AS also, CAST(NULL AS TEXT) AS too
    FROM commitment c
    UNION ALL
    SELECT CASE WHEN c.settlement = 'WITHDRAWN' THEN 'COMMITMENT_WITHDRAWN'
            WHEN c.settle_date <= c.due_date THEN 'COMMITMENT_KEPT'
            ELSE 'COMMITMENT_KEPT_LATE' END,
        {noon}c.settle_date{/noon} + 1000000, c.id, c.account_id, c.member_id, c.contact_id,
        NULL, c.side, c.settled_by, c.amount, c.currency, c.settled_us, NULL, NULL
    FROM commitment c WHERE c.settlement IS NOT NULL
    UNION ALL
    SELECT 'COMMITMENT_DELEGATED', d.recorded_us, c.id, c.account_id,
        COALESCE(d.delegated_to, c.member_id), c.contact_id, NULL, c.side,
        NULLIF(d.recorded_by, ''), c.amount, c.currency, d.recorded_us, c.member_id,
        (SELECT b.delegated_to FROM commitment_delegation b
            WHERE b.commitment_id = d.commitment_id AND b.recorded_us < d.recorded_us
            ORDER BY b.recorded_us DESC LIMIT 1)
    FROM commitment_delegation d JOIN commitment c ON c.id = d.commitment_id
    UNION ALL
    SELECT 'PROMISE_MADE', {noon}p.promise_date{/noon}, p.id, p.account_id, NULL,
        {promise_contact}, NULL, NULL, NULL, p.amount, p.currency, p.recorded_us, NULL, NULL
    FROM promise p
    UNION ALL
    SELECT 'PROMISE_WITHDRAWN', {noon}e.withdraw_date{/noon} + 1000000, p.id, p.account_id,
        NULL, {promise_contact}, NULL, NULL, NULL, p.amount, p.currency, e.recorded_us, NULL, NULL
    FROM promise_end e JOIN promise p ON p.id = e.promise_id
    UNION ALL
    SELECT 'DISPUTE_OPENED', {noon}s.open_date{/noon}, s.id, s.account_id, NULL, NULL, NULL,
        s.reason_code, NULL, s.amount, i.currency, s.recorded_us, NULL, NULL
    FROM dispute s JOIN item i ON i.id = s.item_id
    UNION ALL
    SELECT 'DISPUTE_RESOLVED', {noon}e.resolve_date{/noon} + 1000000, s.id, s.account_id, NULL,
        NULL, NULL, e.outcome, NULL, s.amount, i.currency, e.recorded_us, NULL, NULL
    FROM dispute_end e JOIN dispute s ON s.id = e.dispute_id JOIN item i ON i.id = s.item_id
    UNION ALL
    SELECT 'HOLD_PLACED', h.recorded_us, h.id, h.account_id, NULL, NULL, NULL, h.scope,
        h.placed_by, NULL, NULL, h.recorded_us, NULL, NULL
    FROM credit_hold h
    UNION ALL
    SELECT 'HOLD_RELEASED', h.release_us, h.id, h.account_id, NULL, NULL, NULL, h.scope,
        h.released_by, NULL, NULL, h.release_us, NULL, NULL
    FROM credit_hold h WHERE h.release_us > 0
    UNION ALL
    SELECT 'LIMIT_SET', {noon}l.valid_from{/noon}, l.id, l.account_id, NULL, NULL, NULL, l.kind,
        NULL, CASE WHEN l.currency <> '' THEN l.amount END, NULLIF(l.currency, ''),
        l.recorded_us, NULL, NULL
    FROM credit_limit l
    UNION ALL
    SELECT 'TIER_CHANGED', {noon}t.from_date{/noon}, t.id, t.account_id, NULL, NULL, NULL,
        t.class, t.recorded_by, NULL, NULL, t.recorded_us, NULL, NULL
    FROM tier_assignment t JOIN tier_run r ON r.id = t.run_id
    WHERE r.replaced_us = 0 AND t.class <> COALESCE(t.before_class, 'NONE')
    UNION ALL
    SELECT 'TIER_OVERRIDDEN', {noon}o.first_day{/noon}, o.id, o.account_id, NULL, NULL, NULL,
        o.class, o.recorded_by, NULL, NULL, o.recorded_us, NULL, NULL
    FROM tier_override o
    UNION ALL
    SELECT 'TIER_OVERRIDE_ENDED', {noon}o.end_day{/noon} + 1000000, o.id, o.account_id, NULL,
        NULL, NULL, o.class, NULL, NULL, NULL, o.end_us, NULL, NULL
    FROM tier_override o WHERE o.end_day IS NOT NULL
    UNION ALL
    SELECT CASE WHEN m.role = 'OWNER' THEN 'OWNER_CHANGED' ELSE 'TEAM_MEMBER_ASSIGNED' END,
        {noon}m.first_day{/noon}, m.id, m.account_id, m.member_id, NULL, NULL, m.role,
        m.recorded_by, NULL, NULL, m.recorded_us,
        CASE WHEN m.role = 'OWNER' THEN (SELECT b.member_id FROM team_member b
            WHERE b.role = 'OWNER' AND b.account_id = m.account_id
                AND b.first_day <= m.first_day AND b.recorded_us < m.recorded_us
            ORDER BY b.first_day DESC, b.recorded_us DESC LIMIT 1) END, NULL
    FROM team_member m WHERE m.member_id IS NOT NULL
    UNION ALL
    SELECT 'TEAM_MEMBERSHIP_ENDED', {noon}m.end_day{/noon} + 1000000, m.id, m.account_id,
        m.member_id, NULL, NULL, m.role, NULL, NULL, NULL, m.end_us, NULL, NULL
    FROM team_member m WHERE m.end_day IS NOT NULL
    UNION ALL
    -- That nobody owns it from the next day on, told of whoever did until then.
    SELECT 'TEAM_MEMBERSHIP_ENDED', {noon}n.first_day{/noon} - 86400000000 + 1000000, m.id,
        m.account_id, m.member_id, NULL, NULL, m.role, n.recorded_by, NULL, NULL, n.recorded_us,
        NULL, NULL
    FROM team_member n JOIN team_member m ON m.id = (SELECT b.id FROM team_member b
        WHERE b.role = 'OWNER' AND b.account_id = n.account_id AND b.first_day <= n.first_day
            AND b.recorded_us < n.recorded_us
        ORDER BY b.first_day DESC, b.recorded_us DESC LIMIT 1)
    WHERE n.role = 'OWNER' AND n.member_id IS NULL AND m.member_id IS NOT NULL
    UNION ALL
    SELECT 'POSITION_TAKEN', {noon}n.from_date{/noon}, n.id, n.account_id, NULL, n.contact_id,
        n.position_id, NULL, n.recorded_by, NULL, NULL, n.recorded_us, NULL, NULL
    FROM incumbency n WHERE n.contact_id IS NOT NULL
    UNION ALL
    SELECT 'POSITION_LEFT', {noon}n.from_date{/noon}, n.id, n.account_id, NULL, m.contact_id,
        n.position_id, NULL, n.recorded_by, NULL, NULL, n.recorded_us, NULL, NULL
    FROM incumbency n JOIN incumbency m ON m.id = (SELECT b.id FROM incumbency b
        WHERE b.position_id = n.position_id AND b.from_date <= n.from_date
            AND b.recorded_us < n.recorded_us
        ORDER BY b.from_date DESC, b.recorded_us DESC LIMIT 1)
    WHERE n.contact_id IS NULL AND m.contact_id IS NOT NULL
), talk AS (
    SELECT CASE WHEN i.stage = 'HELD' THEN 'INTERACTION_HELD' ELSE 'INTERACTION_CANCELED' END
            AS kind, i.start_us AS occur_us, i.id AS id, i.account_id AS account_id,
        i.channel AS detail,
        CASE WHEN i.stage = 'HELD' THEN i.recorded_by ELSE COALESCE(i.amended_by, i.recorded_by) END
            AS actor, i.recorded_us AS recorded_us
    FROM interaction i WHERE i.stage <> 'PLANNED'
), tied AS (
    SELECT 'TIE_OPENED' AS kind, {noon}t.first_day{/noon} AS occur_us, t.id AS id,
        t.recorded_by AS actor, t.recorded_us AS recorded_us,
        t.from_side AS from_side, t.from_id AS from_id, t.to_side AS to_side, t.to_id AS to_id
    FROM tie t
    UNION ALL
    SELECT 'TIE_ENDED', {noon}t.end_day{/noon} + 1000000, t.id, NULL, t.end_us,
        t.from_side, t.from_id, t.to_side, t.to_id
    FROM tie t WHERE t.end_day IS NOT NULL
    UNION ALL
    SELECT 'TIE_REVIEW_CLEARED', t.reviewed_us, t.id, t.reviewed_by, t.reviewed_us,
        t.from_side, t.from_id, t.to_side, t.to_id
    FROM tie t WHERE t.reviewed_us IS NOT NULL
)
SELECT 'accounts/' || f.account_id AS parent, f.kind AS kind, f.occur_us AS occur_us, f.id AS id,
    f.account_id AS account_id, f.member_id AS member_id, f.contact_id AS contact_id,
    f.position_id AS position_id, f.detail AS detail, f.actor AS actor, f.amount AS amount,
    f.currency AS currency, f.recorded_us AS recorded_us
FROM fact f
UNION ALL
SELECT 'members/' || f.member_id, f.kind, f.occur_us, f.id, f.account_id, f.member_id,
    f.contact_id, f.position_id, f.detail, f.actor, f.amount, f.currency, f.recorded_us
FROM fact f WHERE f.member_id IS NOT NULL
UNION ALL
SELECT 'contacts/' || f.contact_id, f.kind, f.occur_us, f.id, f.account_id, f.member_id,
    f.contact_id, f.position_id, f.detail, f.actor, f.amount, f.currency, f.recorded_us
FROM fact f WHERE f.contact_id IS NOT NULL
UNION ALL
SELECT 'members/' || f.also, f.kind, f.occur_us, f.id, f.account_id, f.member_id,
    f.contact_id, f.position_id, f.detail, f.actor, f.amount, f.currency, f.recorded_us
FROM fact f WHERE f.also <> f.member_id
UNION ALL
SELECT 'members/' || f.too, f.kind, f.occur_us, f.id, f.account_id, f.member_id,
    f.contact_id, f.position_id, f.detail, f.actor, f.amount, f.currency, f.recorded_us
FROM fact f WHERE f.too <> f.member_id AND f.too <> f.also
UNION ALL
SELECT 'accounts/' || t.account_id, t.kind, t.occur_us, t.id, t.account_id, NULL, NULL, NULL,
    t.detail, t.actor, NULL, NULL, t.recorded_us
FROM talk t
UNION ALL
SELECT 'members/' || m.member_id, t.kind, t.occur_us, t.id, t.account_id, NULL, NULL, NULL,
    t.detail, t.actor, NULL, NULL, t.recorded_us
FROM talk t JOIN interaction_member m ON m.interaction_id = t.id
UNION ALL
SELECT 'contacts/' || c.contact_id, t.kind, t.occur_us, t.id, t.account_id, NULL, NULL,
    c.position_id, t.detail, t.actor, NULL, NULL, t.recorded_us
FROM talk t JOIN interaction_contact c ON c.interaction_id = t.id
UNION ALL
SELECT CASE WHEN t.from_side = 'MEMBER' THEN 'members/' ELSE 'contacts/' END || t.from_id,
    t.kind, t.occur_us, t.id, NULL, CASE WHEN t.to_side = 'MEMBER' THEN t.to_id END,
    CASE WHEN t.to_side = 'CONTACT' THEN t.to_id END, NULL, NULL, t.actor, NULL, NULL,
    t.recorded_us
FROM tied t
UNION ALL
SELECT CASE WHEN t.to_side = 'MEMBER' THEN 'members/' ELSE 'contacts/' END || t.to_id,
    t.kind, t.occur_us, t.id, NULL, CASE WHEN t.from_side = 'MEMBER' THEN t.from_id END,
    CASE WHEN t.from_side = 'CONTACT' THEN t.from_id END, NULL, NULL, t.actor, NULL, NULL,
    t.recorded_us
FROM tied t
";
