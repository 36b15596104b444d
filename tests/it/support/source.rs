//! The source of the service, for tests about its form.

use std::path::{Path, PathBuf};

/// The files of a directory and those below, or the one file.
pub fn rust_files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let mut files: Vec<_> =
        entries.flat_map(|entry| rust_files(&entry.expect("an entry").path())).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "rs"));
    files.sort();
    files
}
