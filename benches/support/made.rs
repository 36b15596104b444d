//! Rows written by SQL, where it is not their import that is measured.

use super::bare::Bare;
use super::engine::Engine;
use super::recorder::Ran;

/// Accounts without a history.
const ACCOUNTS: [&str; 4] = [
    "INSERT INTO account (id, display_name, display_key, legal_name, region_code, tax_id, \
       parent_id, related_party, labels, industry_code, sales_region, party_kind, size_classes, \
       sites, former_names, state, block_reason, create_us, update_us, delete_us, version) \
     SELECT id, id, id, '', '', '', '', FALSE, '{}', '', '', '', '[]', '[]', '[]', 'ACTIVE', '', \
       0, 0, 0, 1 FROM made",
    "INSERT INTO account_head (account_id, root_id, head_us) SELECT id, id, 0 FROM made",
    "INSERT INTO account_owner (account_id, first_day, last_day, member_id) \
     SELECT id, '0001-01-01', '9999-12-31', '' FROM made",
    "INSERT INTO account_link (account_id, recorded_us, effective_date, parent_id) \
     SELECT id, 0, '2019-01-01', '' FROM made",
];

/// Accounts `x0000001` and on.
pub async fn accounts(bare: &Bare, engine: Engine, number: usize) {
    rows(bare, engine, number, &ACCOUNTS).await;
}

/// What statements insert that select from `made m`: as many rows of `n` and the `id` of the account of that
/// number. `{uuid}` is a new one, `{uuid:number}` that of a number, `{day:number}` so many days after today,
/// and days are those of the engine.
pub async fn rows(bare: &Bare, engine: Engine, number: usize, statements: &[&str]) {
    let (made, uuid) = match engine {
        Engine::Sqlite => (
            format!(
                "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c \
                 WHERE n < {number}), made AS (SELECT n, printf('x%07d', n) AS id FROM c) "
            ),
            "randomblob(16)",
        ),
        Engine::Postgres => (
            format!(
                "WITH made AS (SELECT n, 'x' || lpad(n::text, 7, '0') AS id \
                 FROM generate_series(1::bigint, {number}) AS n) "
            ),
            "gen_random_uuid()",
        ),
    };
    for text in statements {
        let text = with_days(engine, &with_numbered(engine, &text.replace("{uuid}", uuid)));
        let mut text = format!("{made}{text}");
        if engine == Engine::Postgres {
            text = typed_days(&text);
        }
        bare.transaction(&[Ran::new(&text, Vec::new())]).await;
    }
}

/// Tells PostgreSQL what was just written, as its own daemon would within the minute.
pub async fn settle(bare: &Bare, engine: Engine) {
    if engine == Engine::Postgres {
        bare.run(&Ran::new("ANALYZE", Vec::new())).await;
    }
}

fn with_numbered(engine: Engine, text: &str) -> String {
    replaced(text, "{uuid:", |number| match engine {
        Engine::Sqlite => format!("unhex(printf('%032x', {number}))"),
        Engine::Postgres => format!("lpad(to_hex({number}), 32, '0')::uuid"),
    })
}

fn with_days(engine: Engine, text: &str) -> String {
    let today = chrono::Utc::now().date_naive();
    replaced(text, "{day:", |number| match engine {
        Engine::Sqlite => format!("date('{today}', ({number}) || ' days')"),
        Engine::Postgres => format!("('{today}' + ({number})::int)"),
    })
}

/// The text with each placeholder that starts so replaced by what its rest is made into.
fn replaced(text: &str, start: &str, with: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(start);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inside, rest) = part.split_once('}').expect("an end");
        whole += &with(inside);
        whole += rest;
    }
    whole
}

/// Days in quotes as literals of their type.
fn typed_days(text: &str) -> String {
    let mut parts = text.split('\'');
    let mut typed = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        let is_literal = at % 2 == 0;
        let is_day = part.len() == 10 && part.bytes().filter(|byte| *byte == b'-').count() == 2;
        typed += if is_literal && is_day { "DATE '" } else { "'" };
        typed += part;
    }
    typed
}
