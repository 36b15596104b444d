//! The checks themselves, on small texts with something wrong in them.

use super::circles::circles;
use super::lengths::{functions, long_functions};
use super::tokens::tokens;

/// The circles among some files, without the files that make them.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let first = |circle: String| circle.lines().next().unwrap_or_default().to_owned();
    circles(files.iter().copied()).into_iter().map(first).collect()
}

#[test]
fn two_files_that_name_each_other_are_a_circle() {
    let files = [
        ("a/mod.rs", "mod b; mod c;"),
        ("a/b.rs", "use super::c::{self, C as Other};"),
        ("a/c.rs", "fn f() { crate::a::b::g(1) }"),
    ];
    assert_eq!(found(&files), ["a: b → c"]);
    let [parent, b, _] = files;
    assert!(
        found(&[parent, b, ("a/c.rs", "// crate::a::b\nconst T: &str = \"crate::a::b\";")])
            .is_empty()
    );
}

#[test]
fn a_longer_way_back_is_a_circle_with_the_names_along_it() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b;"),
        ("b.rs", "use crate::{c::{C, D}, d::E};"),
        ("c.rs", "use crate::a::*;"),
    ];
    let circle = "src: a → b → c\n    a names b\n    b names c\n    c names a";
    assert_eq!(circles(files), [circle]);
}

#[test]
fn a_name_passed_on_counts_for_the_file_that_defines_it() {
    for passed_on in ["pub use b::B;", "pub use self::b::*;", "pub use b::Other as B;"] {
        let files = [
            ("a/mod.rs", passed_on),
            ("a/b.rs", "pub struct B; use crate::c::C;"),
            ("c.rs", "pub struct C; impl C { fn f(_: crate::a::B) {} }"),
        ];
        assert_eq!(found(&files), ["src: a → c"], "{passed_on}");
    }
    let beside = [
        ("a/mod.rs", "pub use b::B;"),
        ("a/b.rs", "pub struct B; use super::c::C;"),
        ("a/c.rs", "use super::B;"),
    ];
    assert_eq!(found(&beside), ["a: b → c"]);
}

#[test]
fn a_module_and_its_parent_are_one() {
    let family = [
        ("a.rs", "mod b; mod c; use b::B; struct A; fn f() { b::g(); c::h() }"),
        ("a/b.rs", "use super::A; use super::c::C;"),
        ("a/c.rs", "use crate::a::A;"),
        ("a/c/d.rs", "use crate::a::f; use super::C;"),
    ];
    assert!(found(&family).is_empty());
    let outside = [family[0], ("a/b.rs", "use crate::e::E;"), ("e.rs", "use crate::a::A;")];
    assert_eq!(found(&outside), ["src: a → e"]);
}

#[test]
fn folders_that_name_each_other_by_different_files_are_a_circle() {
    let files = [
        ("a/x.rs", "use crate::b::y::Y;"),
        ("b/y.rs", ""),
        ("b/z.rs", "use crate::a::w::W;"),
        ("a/w.rs", ""),
        ("a.rs", ""),
        ("b.rs", ""),
    ];
    assert_eq!(found(&files), ["src: a → b"]);
}

#[test]
fn tests_may_name_anyone() {
    let files = [
        ("a.rs", "use crate::b::B; #[cfg(test)] pub mod seed; #[cfg(test)] mod tests;"),
        ("a/seed.rs", "use crate::c::C;"),
        ("a/tests.rs", "use crate::c::C;"),
        ("b.rs", "#[cfg(test)] use crate::a; #[cfg(test)] mod tests { use crate::a::A; }"),
        ("c.rs", "use crate::a::A;"),
    ];
    assert!(found(&files).is_empty());
    let behind = "#[cfg(test)] mod tests { fn f() {} } use crate::a::A;";
    assert_eq!(found(&[files[0], ("b.rs", behind)]), ["src: a → b"]);
}

#[test]
fn a_module_within_a_file_speaks_for_the_file() {
    let files = [
        ("a/mod.rs", ""),
        ("a/b.rs", "mod c; pub mod within { use super::c::C; use crate::a::c; }"),
        ("a/b/c.rs", ""),
        ("a/c.rs", "use super::b::within::W;"),
    ];
    assert_eq!(found(&files), ["a: b → c"]);
    let below = [files[0], ("a/b.rs", "mod within { use super::c::C; }"), files[2], files[3]];
    assert!(found(&below).is_empty());
}

#[test]
fn code_is_told_from_texts_and_comments() {
    let text = r##"a::b /* c */ "d \" e" 'f' '\'' 'life: r"g" r#"h "i" j"# b"k" // l
        m"##;
    assert_eq!(tokens(text), ["a", "::", "b", "'", "life", ":", "m"]);
}

#[test]
fn functions_are_measured() {
    let text = "    pub fn a() {\n        x\n    }\nfn b() {}\n";
    assert_eq!(functions(text), [("a".to_owned(), 3), ("b".to_owned(), 1)]);
    let long = format!("async fn long() {{\n{}}}\n", "    x();\n".repeat(69));
    assert_eq!(long_functions("domain/a.rs", &long, 70), [("long".to_owned(), 71)]);
    assert!(long_functions("domain/a.rs", &long, 71).is_empty());
    assert!(long_functions("store/migration/m0001.rs", &long, 70).is_empty());
    let conversion =
        "fn f() {\n    let A {\n        b,\n        c: _,\n        d: e,\n    } = a;\n}\n";
    assert_eq!(functions(conversion), [("f".to_owned(), 5)]);
}
