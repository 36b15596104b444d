//! The files under `tests/stored`, for the types that read a database: each is a sample of JSON
//! that some column has in it for good. `tests/it/contract/stored.rs` holds what is written
//! against them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored")
}

/// The names of the files in a folder.
pub fn of(folder: &str) -> BTreeSet<String> {
    let names = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".json").unwrap().to_owned()
    });
    names.collect()
}

pub fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("{name}.json"))).unwrap()
}

/// Holds that a file is read whole: written again, it says the same.
pub fn assert_reads<T: Serialize + DeserializeOwned>(name: &str) {
    let text = text(name);
    let value: T = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let file: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_value(value).unwrap(), file, "{name}");
}
