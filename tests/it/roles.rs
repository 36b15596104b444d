//! Roles: what each may call, as `docs/access.md` says it. To write the table anew:
//! `BALLAST_UPDATE_README=1 cargo test --test it roles`.

use std::path::{Path, PathBuf};

use ballast::api::methods::{Method, Methods};
use ballast::config::{ROLES, Role, Token, TokenHash};
use tonic::Code;

use crate::support::{Engine, TestServer};

fn methods() -> Vec<Method> {
    let mut methods: Vec<_> = Methods::ours().expect("descriptors").iter().cloned().collect();
    methods.sort_by(|a, b| a.path.cmp(&b.path));
    methods
}

fn name(method: &Method) -> &str {
    method.path.trim_start_matches("/ballast.v1.")
}

fn may(role: &Role, method: &Method) -> bool {
    let scope = method.scope.as_deref().expect("each has one");
    role.scopes.iter().any(|held| *held == "*" || *held == scope)
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/access.md")
}

/// What callers see who see some accounts alone.
const RESTRICTED: &str = "
## Callers who see some accounts alone

`accounts` of a token, of a certificate, or of the claim that `jwt.accounts_claim` names, is a list of words: `own` (the accounts on whose teams the
member is who has the caller's principal), `unit:NAME` (those on whose teams a member of that business unit is), `all` (alone, and what holds where
nothing is said). An account is seen by any of them; a team is that of the business date, owners and all other roles. What is not seen is answered as
what is not there, to the letter:

- accounts, and whatever stands under them, by name and in lists; the parent of an account, and whom a document was
  sold or billed to, are left out where they are not seen;
- contacts who sit at no account that is seen, on the business date;
- members who are neither himself, nor of the business units, nor on the team of an account that is seen; the superior of a member likewise.

Calls with an x under *some accounts* serve such callers; all others are refused (ACCOUNTS_RESTRICTED). So are, of those that serve them: what is
asked of the whole book and cannot be told of a part (findings, work items without an owner, aging, open items, clearings that wait, tiers, statistics),
the timeline and the trust ledger of a person, a group of which not all accounts are seen, and what credit says of an account in such a group: status,
findings, profile, check, decisions, the brief of a visit, and the book of a member who owns such an account. The share of an account in the book is left out, and so are value, rank and cut of its class, by which it was compared with others. Rules that count over all accounts do so still: how much a person may be given, and how many accounts a member may own. A key of another system that something unseen has is taken
(EXTERNAL_REF_TAKEN), and whose it is is not told. `tests/it/restricted.rs` makes each call, about what is seen, what is not, and what is nowhere.
";

/// The page, from the descriptors and the roles.
fn page() -> String {
    let mut page = String::from(
        "# Who may call what\n\nEach call needs one scope; GetMemberBook, GetVisitBrief and SimulateDeparture need `accounts.read` \
         besides, for what they tell of\naccounts, ExportPersonalData `interactions.read`, and some answers tell what is owed only with it. A role is a named set of scopes: callers are given `roles`, `scopes`, or \
         both. This page is\nmade from the contract and the roles; `tests/it/roles.rs` keeps it true, and makes each call with each role.\n\
         `interactions.private` lets read the notes that others keep to themselves: no role but `admin` has it, it is given by `scopes`.\n\n\
         | role | who has it | scopes |\n|---|---|---|\n",
    );
    for role in &ROLES {
        let scopes: Vec<_> = role.scopes.iter().map(|scope| format!("`{scope}`")).collect();
        page += &format!("| `{}` | {} | {} |\n", role.name, role.meaning, scopes.join(" "));
    }
    page += RESTRICTED;
    page += "\n| call | scope | some accounts |";
    for role in &ROLES {
        page += &format!(" {} |", role.name);
    }
    page += "\n|---|---|:-:|";
    page += &":-:|".repeat(ROLES.len());
    page += "\n";
    for method in methods() {
        let scope = method.scope.as_deref().expect("each has one");
        let row_scoped = if method.row_scoped { "x" } else { "" };
        page += &format!("| `{}` | `{scope}` | {row_scoped} |", name(&method));
        for role in &ROLES {
            page += if may(role, &method) { " x |" } else { "  |" };
        }
        page += "\n";
    }
    page
}

#[test]
fn the_page_says_what_each_role_may() {
    let wanted = page();
    if std::env::var_os("BALLAST_UPDATE_README").is_some() {
        std::fs::write(path(), &wanted).expect("written");
    } else {
        let page = std::fs::read_to_string(path()).expect("a page");
        assert_eq!(page, wanted, "run it with BALLAST_UPDATE_README=1 to write the page anew");
    }
}

#[test]
fn roles_hold_scopes_that_there_are() {
    let methods = Methods::ours().expect("descriptors");
    let known = methods.scopes();
    for role in &ROLES {
        for scope in role.scopes {
            assert!(*scope == "*" || known.contains(scope), "{}: {scope}", role.name);
        }
    }
}

/// Each cell of the page, tried on the running service.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn each_role_makes_the_calls_of_the_page_and_no_others() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.auth.insecure = false;
        config.auth.tokens = ROLES.iter().map(token).collect();
    })
    .await;
    let page = std::fs::read_to_string(path()).expect("a page");
    let methods = methods();
    let mut tried = 0;
    for line in page.lines().filter(|line| line.starts_with("| `") && line.contains('/')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let called = cells[1].trim_matches('`');
        let Some(method) = methods.iter().find(|method| name(method) == called) else { continue };
        for (role, cell) in ROLES.iter().zip(&cells[4..]) {
            let bearer = format!("Bearer {}", role.name);
            let headers = [("authorization", bearer.as_str()), ("grpc-timeout", "5S")];
            let status = server.raw().call(&method.path, &headers, &()).await;
            let is_let_in = status.code() != Code::PermissionDenied;
            assert_eq!(is_let_in, *cell == "x", "{} {called}: {status:?}", role.name);
            tried += 1;
        }
    }
    assert_eq!(tried, methods.len() * ROLES.len());
}

/// As a file gives it.
fn token(role: &Role) -> Token {
    let hash: String = {
        use sha2::Digest as _;
        sha2::Sha256::digest(role.name).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let name = role.name;
    let file = format!("principal = '{name}'\nsha256 = '{hash}'\nroles = ['{name}']");
    let token: Token = toml::from_str(&file).expect("a token");
    assert_eq!(token.sha256, TokenHash::of(name));
    token
}
