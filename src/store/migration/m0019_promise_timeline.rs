//! Promises to pay on the timeline of the contact who made them.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0019_promise_timeline", text: || PROMISE_TIMELINE.to_owned() };

const PROMISE_TIMELINE: &str = "
UPDATE timeline SET contact_id = (SELECT p.contact_id FROM promise p WHERE p.id = timeline.id)
    WHERE kind IN ('PROMISE_MADE', 'PROMISE_WITHDRAWN')
    AND id IN (SELECT p.id FROM promise p WHERE p.contact_id <> '');
INSERT INTO timeline (parent, kind, occur_us, id, account_id, member_id, contact_id, position_id,
        detail, actor, amount, currency)
    SELECT 'contacts/' || t.contact_id, t.kind, t.occur_us, t.id, t.account_id, t.member_id,
        t.contact_id, t.position_id, t.detail, t.actor, t.amount, t.currency
    FROM timeline t WHERE t.kind IN ('PROMISE_MADE', 'PROMISE_WITHDRAWN')
    AND t.contact_id IS NOT NULL AND t.parent = 'accounts/' || t.account_id;
";
