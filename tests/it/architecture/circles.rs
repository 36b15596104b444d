//! Circles of files: which file names which, and where that leads back to itself.
//!
//! A file depends on another when its code names something of it by a path, in a `use` or in
//! place; a name that a module only passes on counts for the file that defines it. Tests are
//! left out.
//!
//! A module and its parent count as one: what a file and the modules below it name of each other
//! is their own affair, as a parent holds what its children share. What is left is compared
//! between neighbours, each with all that is below it: `a/b.rs` naming `a/c/d.rs` is `a/b` naming
//! `a/c`. No way along these names may lead back to where it began.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{matching, tokens};

/// A module's place below the crate, `["store", "rows"]`; the crate itself is empty.
type Place = Vec<String>;

/// What one file says, by names.
#[derive(Default)]
pub struct Module {
    /// What it brings in, and under which name: `use a::b as c` is `c` for `a::b`.
    bound: BTreeMap<String, Vec<String>>,
    /// What it brings in whole: `use a::*`.
    globs: Vec<Vec<String>>,
    /// Every path it names, imports included.
    paths: BTreeSet<Vec<String>>,
    /// Names that it defines itself.
    items: BTreeSet<String>,
    /// Its child modules that only tests have.
    for_tests: BTreeSet<String>,
}

/// What a path leads to: a module, or something within it.
struct Target {
    place: Place,
    is_module: bool,
}

/// How many names a path may be passed on through; more is a mistake of this checker.
const PASSED_ON_MAX: usize = 16;

/// Circles among files given as path below `src/` and text; each as a line that can be read.
pub fn circles<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let mut modules: BTreeMap<Place, Module> =
        files.into_iter().map(|(path, text)| (place(path), Module::read(&tokens(text)))).collect();
    let for_tests: Vec<Place> = modules
        .iter()
        .flat_map(|(at, module)| module.for_tests.iter().map(|name| below(at, name)))
        .collect();
    modules.retain(|at, _| !for_tests.iter().any(|test| at.starts_with(test)));
    let mut levels: BTreeMap<Place, Names> = BTreeMap::new();
    for (from, module) in &modules {
        for path in &module.paths {
            let Some(to) = resolve(&modules, from, path, PASSED_ON_MAX) else { continue };
            let common = from.iter().zip(&to.place).take_while(|(a, b)| a == b).count();
            if common == from.len() || common == to.place.len() {
                continue;
            }
            let level = levels.entry(from[..common].to_vec()).or_default();
            let neighbours = level.entry(from[common].clone()).or_default();
            neighbours
                .entry(to.place[common].clone())
                .or_insert_with(|| format!("{} names {}", from.join("/"), to.place.join("/")));
        }
    }
    levels.iter().flat_map(|(level, names)| in_level(level, names)).collect()
}

/// Which neighbour names which, and the first two files that make it so.
type Names = BTreeMap<String, BTreeMap<String, String>>;

/// One circle for each neighbour that a way leads back to, the shortest, each told once.
fn in_level(level: &Place, names: &Names) -> Vec<String> {
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for start in names.keys() {
        let Some(way) = way_back(names, start) else { continue };
        if !told.insert(way.iter().cloned().collect::<BTreeSet<_>>()) {
            continue;
        }
        let steps: Vec<_> = way
            .iter()
            .zip(way.iter().cycle().skip(1))
            .map(|(from, to)| format!("    {}", names[from][to]))
            .collect();
        let level = if level.is_empty() { "src".to_owned() } else { level.join("/") };
        found.push(format!("{level}: {}\n{}", way.join(" → "), steps.join("\n")));
    }
    found
}

/// The shortest way along the names from `start` back to it.
fn way_back(names: &Names, start: &String) -> Option<Vec<String>> {
    let mut reached: BTreeSet<&String> = BTreeSet::new();
    let mut ways = vec![vec![start.clone()]];
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let next = way.last().and_then(|last| names.get(last));
            for name in next.into_iter().flat_map(BTreeMap::keys) {
                if name == start {
                    return Some(way);
                }
                if reached.insert(name) {
                    longer.push([way.as_slice(), std::slice::from_ref(name)].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

fn place(path: &str) -> Place {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

fn below(at: &[String], name: &str) -> Place {
    [at, &[name.to_owned()]].concat()
}

fn resolve(
    modules: &BTreeMap<Place, Module>,
    from: &Place,
    path: &[String],
    passed_on: usize,
) -> Option<Target> {
    let mut at = from.clone();
    let mut anchored = false;
    for name in path {
        match name.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => drop(at.pop()),
            name => {
                let Some(target) = look_up(modules, &at, name, passed_on) else {
                    // Made by a macro, or not ours.
                    return anchored.then_some(Target { place: at, is_module: false });
                };
                if !target.is_module {
                    return Some(target);
                }
                at = target.place;
            }
        }
        anchored = true;
    }
    Some(Target { place: at, is_module: true })
}

fn look_up(
    modules: &BTreeMap<Place, Module>,
    at: &Place,
    name: &str,
    passed_on: usize,
) -> Option<Target> {
    let child = below(at, name);
    if modules.contains_key(&child) {
        return Some(Target { place: child, is_module: true });
    }
    let module = modules.get(at)?;
    let fewer = passed_on.checked_sub(1)?;
    if let Some(path) = module.bound.get(name) {
        return resolve(modules, at, path, fewer);
    }
    if module.items.contains(name) {
        return Some(Target { place: at.clone(), is_module: false });
    }
    module.globs.iter().find_map(|glob| {
        let whole = resolve(modules, at, glob, fewer).filter(|target| target.is_module)?;
        look_up(modules, &whole.place, name, fewer)
    })
}

impl Module {
    fn read(tokens: &[&str]) -> Self {
        let mut module = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            at = module.take(tokens, at);
        }
        module
    }

    /// Takes in what begins at a token, and answers where to go on.
    fn take(&mut self, tokens: &[&str], at: usize) -> usize {
        const FOR_TESTS: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
        const DEFINES: [&str; 9] =
            ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules"];
        let rest = &tokens[at..];
        let continues = at > 0 && ["::", "."].contains(&tokens[at - 1]);
        if rest.starts_with(&FOR_TESTS) {
            return self.skip_test(tokens, at + FOR_TESTS.len());
        }
        if rest[0] == "use" && !continues {
            let end = at + rest.iter().position(|t| *t == ";").unwrap_or(rest.len());
            self.import(&[], &tokens[at + 1..end]);
            return end;
        }
        if let ["mod", name, "{", ..] = rest {
            let end = matching(tokens, at + 2);
            self.items.insert((*name).to_owned());
            self.take_within(Self::read(&tokens[at + 3..end]));
            return end + 1;
        }
        if DEFINES.contains(&rest[0]) {
            self.items.extend(rest[1..].iter().find(|t| is_name(t)).map(|t| (*t).to_owned()));
            return at + 1;
        }
        if !is_name(rest[0]) || continues {
            return at + 1;
        }
        let mut path = vec![rest[0].to_owned()];
        let mut next = 1;
        while rest.get(next) == Some(&"::") && rest.get(next + 1).is_some_and(|t| is_name(t)) {
            path.push(rest[next + 1].to_owned());
            next += 2;
        }
        if path.len() > 1 {
            self.paths.insert(path);
        }
        at + next
    }

    /// Takes in a module that stands within this file: what it names from its parent is named
    /// from here.
    fn take_within(&mut self, within: Self) {
        self.paths.extend(within.paths.into_iter().map(|mut path| {
            if path[0] == "super" {
                path[0] = "self".to_owned();
            }
            path
        }));
    }

    /// Skips what follows `#[cfg(test)]`: to its semicolon or the end of its braces.
    fn skip_test(&mut self, tokens: &[&str], at: usize) -> usize {
        let head = tokens[at..].iter().take_while(|t| ![";", "{"].contains(t)).count();
        let end = at + head;
        if let [.., "mod", name] = &tokens[at..end] {
            self.for_tests.insert((*name).to_owned());
        }
        if tokens.get(end) == Some(&"{") { matching(tokens, end) + 1 } else { end + 1 }
    }

    /// Takes in one tree of a `use`, which stands behind `prefix`.
    fn import(&mut self, prefix: &[String], tree: &[&str]) {
        let mut prefix = prefix.to_vec();
        let mut at = 0;
        while at < tree.len() {
            match tree[at] {
                "::" => {}
                "*" => {
                    self.paths.insert(prefix.clone());
                    return self.globs.push(prefix);
                }
                "{" => {
                    let group = &tree[at + 1..matching(tree, at)];
                    return branches(group).into_iter().for_each(|tree| self.import(&prefix, tree));
                }
                "as" => {
                    let name = tree[at + 1].to_owned();
                    self.paths.insert(prefix.clone());
                    self.bound.insert(name, prefix);
                    return;
                }
                name => prefix.push(name.to_owned()),
            }
            at += 1;
        }
        if prefix.len() > 1 && prefix.last().is_some_and(|name| name == "self") {
            prefix.pop();
        }
        if let Some(name) = prefix.last().cloned() {
            self.paths.insert(prefix.clone());
            self.bound.insert(name, prefix);
        }
    }
}

/// The trees of a group, told apart by the commas between them.
fn branches<'t, 'a>(group: &'t [&'a str]) -> Vec<&'t [&'a str]> {
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < group.len() {
        match group[at] {
            "{" => at = matching(group, at),
            "," => {
                found.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    found.push(&group[start..]);
    found.retain(|tree| !tree.is_empty());
    found
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}
