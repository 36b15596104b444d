//! Which way the code may look: `api → service → domain ← store`, nowhere in a circle, and how
//! long files and functions may grow.

mod circles;
mod lengths;
mod tests;
mod tokens;

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
fn no_way_leads_back() {
    let found = circles::circles(sources().iter().map(|(path, text)| (&**path, &**text)));
    assert!(found.is_empty(), "circles of files:\n{}", found.join("\n"));
}

#[test]
fn a_planted_circle_is_found_among_all_files() {
    let mut files = sources();
    files.push(("domain/planted.rs".to_owned(), "use crate::store::Store;".to_owned()));
    let found = circles::circles(files.iter().map(|(path, text)| (&**path, &**text)));
    let planted = "    domain/planted names store/handle";
    assert!(found.iter().any(|circle| circle.contains(planted)), "{found:?}");
}

/// A file that nobody declares is not compiled, and a test in it never runs.
#[test]
fn every_file_is_part_of_a_program() {
    let mut alone = Vec::new();
    for place in ["src", "tests", "benches"] {
        for file in rust_files(&package().join(place)) {
            let (folder, name) = match file.file_stem() {
                Some(stem) if stem == "mod" => {
                    (file.parent().and_then(Path::parent), file.parent())
                }
                _ => (file.parent(), Some(&*file)),
            };
            let folder = folder.expect("a folder");
            let name = name.and_then(Path::file_stem).expect("a name").to_string_lossy();
            // The programs themselves, and what all benches share.
            let is_program = ["lib", "main"].contains(&&*name) || folder.ends_with("benches");
            let parents = ["mod.rs", "lib.rs", "main.rs"].map(|parent| folder.join(parent));
            let parents = parents.into_iter().chain([folder.with_extension("rs")]);
            let declares = |parent: PathBuf| {
                let text = std::fs::read_to_string(parent).unwrap_or_default();
                text.contains(&format!("mod {name};"))
            };
            if !is_program && !parents.into_iter().any(declares) {
                alone.push(file.display().to_string());
            }
        }
    }
    assert!(alone.is_empty(), "no file declares:\n{}", alone.join("\n"));
}

#[test]
fn files_and_functions_are_short() {
    let mut long = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            long.push(format!("{path} has {lines} lines"));
        }
        for (name, lines) in lengths::long_functions(&path, &text, FUNCTION_LINES_MAX) {
            long.push(format!("{path}: {name} has {lines} lines"));
        }
    }
    assert!(long.is_empty(), "too long:\n{}", long.join("\n"));
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
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source() -> PathBuf {
    package().join("src")
}

/// The files of the library, by their path below `src/`.
fn sources() -> Vec<(String, String)> {
    let source = source();
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).expect("read");
        let path = file.strip_prefix(&source).expect("below src");
        (path.to_string_lossy().replace('\\', "/"), text)
    };
    // The program is a crate of its own, on top of the library.
    let main = source.join("main.rs");
    rust_files(&source).into_iter().filter(|file| *file != main).map(read).collect()
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
