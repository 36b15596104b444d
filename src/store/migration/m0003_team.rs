//! Who looks after an account.

use super::Migration;

pub(super) const MIGRATION: Migration = Migration { name: "m0003_team", text: || TEAM.to_owned() };

const TEAM: &str = "
-- The lock and the version of the team of an account; there once anybody was assigned.
CREATE TABLE account_team (
    account_id {text} NOT NULL PRIMARY KEY,
    version {bigint} NOT NULL,
    update_us {bigint} NOT NULL
);

-- Who owns each account on which days, made from the change points: every day of every account is
-- in one row, with an empty member where nobody owns it. A change dated ahead is there already, so
-- that it comes into force on its day by itself.
CREATE TABLE account_owner (
    account_id {text} NOT NULL,
    first_day {date} NOT NULL,
    last_day {date} NOT NULL,
    member_id {text} NOT NULL,
    PRIMARY KEY (account_id, first_day)
){clustered};
CREATE INDEX account_owner_member ON account_owner (member_id, account_id, first_day, last_day);

-- Owners are change points: one holds until the next. Others are intervals.
CREATE TABLE team_member (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    role {text} NOT NULL,
    -- NULL for an owner: from that day on the account has none.
    member_id {text},
    first_day {date} NOT NULL,
    -- As said at first; NULL for none, and for owners.
    last_day {date},
    -- Where he works, and what he costs us there a day in minor units; NULL for neither.
    site {text},
    cost_per_day {bigint},
    cost_currency {text},
    recorded_us {bigint} NOT NULL,
    recorded_by {text} NOT NULL,
    reason {text} NOT NULL,
    -- NULL until somebody ends it, and for owners.
    end_day {date},
    end_us {bigint},
    end_reason {text}
);
CREATE INDEX team_member_account ON team_member (account_id, id);
CREATE INDEX team_member_member ON team_member (member_id, role, account_id);
-- Of two owners from one day on one was recorded last.
CREATE UNIQUE INDEX team_member_owner ON team_member (account_id, first_day, recorded_us)
    WHERE role = 'OWNER';
";
