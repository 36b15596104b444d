//! Which way the house may look: `api → service → domain ← store`. Forbidden imports fail;
//! files and functions that grow too long are printed.

use std::path::{Path, PathBuf};

use crate::support::rust_files;

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

/// A directory or file of `src/`, and what its code must not name.
const RULES: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "tonic",
            "prost",
            "sea_orm",
            "sea_orm_migration",
            "sqlx",
            "tokio",
            "crate::pb",
            "crate::store",
            "crate::service",
            "crate::api",
            "crate::app",
            "crate::cli",
            "crate::ctx",
            "crate::config",
        ],
    ),
    (
        "store",
        &[
            "tonic",
            "prost",
            "crate::pb",
            "crate::api",
            "crate::service",
            "crate::app",
            "crate::cli",
        ],
    ),
    (
        "service",
        &[
            "tonic",
            "prost",
            "sea_orm",
            "sqlx",
            "crate::pb",
            "crate::api",
            "crate::app",
            "crate::cli",
        ],
    ),
    (
        "demo",
        &[
            "tonic",
            "prost",
            "sea_orm",
            "sqlx",
            "crate::pb",
            "crate::api",
            "crate::app",
            "crate::cli",
        ],
    ),
    ("api", &["sea_orm", "sea_orm_migration", "sqlx", "crate::store", "crate::app", "crate::cli"]),
    ("ctx.rs", &["tonic", "prost", "sea_orm", "sqlx", "crate::pb", "crate::store", "crate::api"]),
    ("config.rs", &["tonic", "sea_orm", "sqlx", "crate::store", "crate::api"]),
    ("config", &["tonic", "sea_orm", "sqlx", "crate::store", "crate::api"]),
];

#[test]
fn nobody_looks_the_wrong_way() {
    let mut wrong = Vec::new();
    for (place, forbidden) in RULES {
        for file in rust_files(&source().join(place)) {
            for (number, line) in code_lines(&file) {
                for name in forbidden.iter().filter(|name| mentions(&line, name)) {
                    wrong.push(format!("{}:{number}: {name}: {}", file.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden imports:\n{}", wrong.join("\n"));
}

#[test]
fn long_files_and_functions_are_pointed_out() {
    for file in rust_files(&source()) {
        let text = std::fs::read_to_string(&file).expect("read");
        if text.lines().count() > FILE_LINES_MAX {
            println!("warning: {} has {} lines", file.display(), text.lines().count());
        }
        for (name, lines) in functions(&text) {
            if lines > FUNCTION_LINES_MAX {
                println!("warning: {}: {name} has {lines} lines", file.display());
            }
        }
    }
}

#[test]
fn names_are_told_apart() {
    assert!(mentions("use tonic::Status;", "tonic"));
    assert!(mentions("fn f() -> sqlx::Result<()> {", "sqlx"));
    assert!(mentions("use crate::{ctx, store::Store};", "crate::store"));
    assert!(mentions("use crate::store::Store;", "crate::store"));
    for fine in ["use tonic_health::pb;", "// tonic", "let store = 1;", "use crate::storeroom;"] {
        let code = fine.split("//").next().unwrap_or_default();
        assert!(!mentions(code, "tonic") && !mentions(code, "crate::store"), "{fine}");
    }
    let text = "    pub fn a() {\n        x\n    }\nfn b() {}\n";
    assert_eq!(functions(text), [("a".to_owned(), 3), ("b".to_owned(), 1)]);
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Lines with their numbers, comments left out.
fn code_lines(file: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(file).expect("read");
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    (1..).zip(text.lines().map(code)).filter(|(_, line)| !line.trim().is_empty()).collect()
}

/// Whether code names a crate, or a module of ours, also in `use crate::{…}`.
fn mentions(line: &str, name: &str) -> bool {
    let Some(module) = name.strip_prefix("crate::") else {
        return has_word(line, name) && line.contains(&format!("{name}::"));
    };
    if has_word(line, name) {
        return true;
    }
    let group = line.split_once("use crate::{").map(|(_, group)| group);
    group.is_some_and(|group| has_word(group, module))
}

fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(|c| part(c) || c == ':') && !after.is_some_and(part)
    })
}

/// Functions by name with their length: from `fn` to the brace at the same indentation.
fn functions(text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let lines: Vec<_> = text.lines().collect();
    for (start, line) in lines.iter().enumerate() {
        let head = line.trim_start();
        let is_head = ["fn ", "pub ", "pub(", "async ", "const fn", "unsafe "]
            .iter()
            .any(|word| head.starts_with(word));
        let Some((_, rest)) = line.split_once("fn ").filter(|_| is_head) else { continue };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() || head.ends_with(';') {
            continue;
        }
        let indent = line.len() - head.len();
        let closing = format!("{}}}", " ".repeat(indent));
        let one_line = head.ends_with('}');
        let end = lines[start..].iter().position(|l| *l == closing).unwrap_or(0);
        found.push((name, if one_line { 1 } else { end + 1 }));
    }
    found
}
