//! What the statements that are text say of columns: every `alias.column` whose alias is a table
//! in its file must be a column of it. A renamed column fails here once, with each place that
//! names it, and not only wherever such a statement happens to run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{Tables, entities};

/// By alias; `None` is something that is no table: a set, another query.
type Aliases<'a> = BTreeMap<&'a str, BTreeSet<Option<&'a str>>>;

/// The files of the store that have statements: neither tests, nor the schema itself.
fn files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        match path.is_dir() {
            true if !["migration", "entity", "tests"].contains(&name) => files(&path, into),
            false if name != "tests.rs" => into.push(path),
            _ => {}
        }
    }
}

/// The words and signs of what stands between quotes.
fn quoted(source: &str) -> Vec<&str> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut tokens = Vec::new();
    let mut inside = false;
    for line in code {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let end = match word.unwrap_or(rest.len()) {
                0 if first == '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                0 if !inside && rest.starts_with("'\"'") => 3,
                0 => first.len_utf8(),
                end => end,
            };
            let (token, left) = rest.split_at(end);
            rest = left;
            if token == "\"" {
                inside = !inside;
            }
            if inside && !first.is_whitespace() && first != '\\' {
                tokens.push(token);
            }
        }
    }
    tokens
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_lowercase())
}

fn aliases<'a>(tokens: &[&'a str], tables: &Tables) -> Aliases<'a> {
    let mut aliases = Aliases::new();
    let mut add = |alias, table| aliases.entry(alias).or_default().insert(table);
    for (at, token) in tokens.iter().enumerate() {
        let from = at.checked_sub(1).map(|before| tokens[before]);
        let table = match *token {
            // The end of a query between parentheses, or of what is formatted in.
            ")" | "}" => None,
            name if matches!(from, Some("FROM" | "JOIN" | "UPDATE" | "INTO")) && is_name(name) => {
                let table = tables.contains_key(name).then_some(name);
                add(name, table);
                table
            }
            _ => continue,
        };
        let next = &tokens[at + 1..];
        let next = if next.first() == Some(&"AS") { &next[1..] } else { next };
        if let Some(alias) = next.first().filter(|next| is_name(next)) {
            add(alias, table);
        }
    }
    aliases
}

#[test]
fn statements_name_columns_that_are_there() {
    let tables = entities();
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut paths = Vec::new();
    files(&store, &mut paths);
    let read = |path: &PathBuf| {
        let within = path.strip_prefix(&store).unwrap().to_str().unwrap().to_owned();
        (within, fs::read_to_string(path).unwrap())
    };
    let sources: BTreeMap<String, String> = paths.iter().map(read).collect();
    let statements = sources.iter().map(|(path, source)| (path.as_str(), quoted(source)));
    let statements: Vec<(&str, Vec<&str>)> = statements.collect();
    // A part of a statement may stand beside the file that has the table of its alias.
    let mut beside: BTreeMap<&str, Aliases> = BTreeMap::new();
    for (path, tokens) in &statements {
        let all = beside.entry(area(path)).or_default();
        for (alias, of) in aliases(tokens, &tables) {
            all.entry(alias).or_default().extend(of);
        }
    }
    let (mut looked_at, mut wrong) = (0, BTreeSet::new());
    for (path, tokens) in &statements {
        let (here, beside) = (aliases(tokens, &tables), &beside[area(path)]);
        for part in tokens.windows(4) {
            let [before, alias, ".", column] = part else { continue };
            let known = here.get(alias).is_some_and(|of| !of.contains(&None));
            if *before == "." || !known || !is_name(column) {
                continue;
            }
            looked_at += 1;
            if !beside[alias].iter().flatten().any(|table| tables[*table].contains_key(*column)) {
                wrong.insert(format!("{path}: {alias}.{column}"));
            }
        }
    }
    assert_eq!(wrong, BTreeSet::new(), "no table of such an alias has such a column");
    assert!(looked_at > 400, "only {looked_at} columns were found: is the text read at all?");
}

/// The part of the store that a file belongs to.
fn area(path: &str) -> &str {
    path.split_once('/').map_or("", |(area, _)| area)
}
