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
    page += "\n| call | scope |";
    for role in &ROLES {
        page += &format!(" {} |", role.name);
    }
    page += "\n|---|---|";
    page += &":-:|".repeat(ROLES.len());
    page += "\n";
    for method in methods() {
        let scope = method.scope.as_deref().expect("each has one");
        page += &format!("| `{}` | `{scope}` |", name(&method));
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
        for (role, cell) in ROLES.iter().zip(&cells[3..]) {
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
