//! What was recorded before there were timelines: the migration makes of the facts what is written with
//! each of them.

use ballast::pb;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

use super::scene::Scene;
use crate::contact::verify;
use crate::interaction::member;
use crate::support::{Engine, TestServer};

const WHOLE: [&str; 3] = [
    "SELECT concat_ws('|', parent, kind, occur_us, {id}, COALESCE(account_id, '-'), \
       COALESCE(member_id, '-'), COALESCE(contact_id, '-'), COALESCE({position_id}, '-'), \
       COALESCE(detail, '-'), COALESCE(actor, '-'), COALESCE(CAST(amount AS TEXT), '-'), \
       COALESCE(currency, '-')) AS row FROM timeline ORDER BY 1",
    "SELECT concat_ws('|', {commitment_id}, recorded_us, COALESCE(delegated_to, '-'), recorded_by) \
       AS row FROM commitment_delegation ORDER BY 1",
    "SELECT concat_ws('|', {id}, COALESCE(CAST(reviewed_us AS TEXT), '-')) AS row FROM tie ORDER BY 1",
];

/// As it was before.
const BACK: [&str; 5] = [
    "DROP TABLE timeline",
    "DROP TABLE commitment_delegation",
    "ALTER TABLE tie DROP COLUMN reviewed_us",
    "DELETE FROM seaql_migrations WHERE version = 'm0011_timeline'",
    "DELETE FROM seaql_migrations WHERE version = 'm0019_promise_timeline'",
];

fn in_words_of(engine: Engine, text: &str) -> String {
    let (before, after) = match engine {
        Engine::Sqlite => ("lower(hex(", "))"),
        Engine::Postgres => ("replace(CAST(", " AS TEXT), '-', '')"),
    };
    text.replace('{', before).replace('}', after)
}

async fn rows(server: &TestServer) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for text in WHOLE {
        let text = AssertSqlSafe(in_words_of(server.engine(), text));
        let url = server.database_url();
        all.push(match server.engine() {
            Engine::Sqlite => {
                let mut conn = SqliteConnection::connect(url).await.expect("the database");
                sqlx::query_scalar(text).fetch_all(&mut conn).await.expect("rows")
            }
            Engine::Postgres => {
                let mut conn = PgConnection::connect(url).await.expect("the database");
                sqlx::query_scalar(text).fetch_all(&mut conn).await.expect("rows")
            }
        });
    }
    all
}

async fn go_back(server: &TestServer) {
    let url = server.database_url();
    for text in BACK {
        match server.engine() {
            Engine::Sqlite => {
                let mut conn = SqliteConnection::connect(url).await.expect("the database");
                conn.execute(text).await.expect("done");
            }
            Engine::Postgres => {
                let mut conn = PgConnection::connect(url).await.expect("the database");
                conn.execute(text).await.expect("done");
            }
        }
    }
}

on_both_engines! {
    async fn the_migration_makes_of_the_facts_what_was_written_with_each(server: TestServer) {
        let scene = Scene::build(&server).await;
        // Delegated on, and back to whoever made it as he leaves.
        let other = member(&server, "zhao").await;
        let given = scene.chens.iter().find(|(of, _)| *of == pb::TimelineType::CommitmentDelegated);
        let delegate = pb::DelegateCommitmentRequest {
            name: given.expect("one").1.clone(),
            member: other.clone(),
            ..Default::default()
        };
        server.interactions().delegate_commitment(delegate).await.expect("delegated");
        let gone = pb::DeactivateMemberRequest { name: other, reason: "left".into(), ..Default::default() };
        server.accounts().deactivate_member(gone).await.expect("deactivated");
        let written = rows(&server).await;
        assert!(written[0].len() > 70 && written[1].len() == 3 && written[2].len() == 1, "{written:#?}");
        go_back(&server).await;
        server.store().migrate().await.expect("migrated");
        let filled = rows(&server).await;
        for (written, filled) in written.iter().zip(&filled) {
            assert_eq!(filled, written);
        }
        verify(&server).await;
    }
}
