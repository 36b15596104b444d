//! The tables of the README are generated; this holds them true. To write them anew:
//! `BALLAST_UPDATE_README=1 cargo test --test it readme`.

use std::path::Path;

use prost_reflect::DescriptorPool;

fn reasons() -> String {
    let pool = DescriptorPool::decode(ballast::pb::FILE_DESCRIPTOR_SET).expect("descriptors");
    let reasons = pool.get_enum_by_name("ballast.v1.ErrorReason").expect("the reasons");
    let file = reasons.parent_file();
    let comments = file.file_descriptor_proto().source_code_info.as_ref().expect("comments");
    let mut table = String::from("| reason | code | meaning |\n|---|---|---|\n");
    for value in reasons.values().filter(|v| v.number() != 0) {
        let at = value.path();
        let comment = comments.location.iter().find(|l| l.path == at).expect("a comment");
        let text = comment.leading_comments().trim().replace('\n', " ");
        let (code, meaning) = text.split_once(". ").expect("code first");
        let name = value.name().trim_start_matches("ERROR_REASON_").to_owned();
        table.push_str(&format!("| `{name}` | {code} | {meaning} |\n"));
    }
    table
}

fn between(readme: &str, name: &str, table: &str) -> String {
    let open = format!("<!-- {name}: kept true by tests/it/readme.rs -->\n");
    let close = format!("<!-- /{name} -->");
    let (head, rest) = readme.split_once(&open).expect("the opening mark");
    let (_, tail) = rest.split_once(&close).expect("the closing mark");
    format!("{head}{open}{table}{close}{tail}")
}

#[test]
fn the_readme_lists_every_setting_and_every_reason() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("a README");
    let settings = between(&readme, "settings", &ballast::config::markdown());
    let wanted = between(&settings, "reasons", &reasons());
    if std::env::var_os("BALLAST_UPDATE_README").is_some() {
        std::fs::write(&path, &wanted).expect("written");
    } else {
        assert_eq!(readme, wanted, "run it with BALLAST_UPDATE_README=1 to write the tables anew");
    }
}
