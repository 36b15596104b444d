//! What is found out of the files before anything is imported.

use std::path::PathBuf;

use super::file::{Format, Source, encoding};
use super::header::{self, Header};
use super::mapping::Mapping;
use super::reading::{self, Reading};

/// A file, and how it is read.
#[derive(Debug)]
pub(super) struct Prepared {
    pub source: Source,
    pub format: Format,
    pub header: Header,
    pub reading: Reading,
}

/// Looks at all of every file. `mappings` is the one that was named, or all that are built in.
///
/// # Errors
/// In words: a file can't be read, or has to be explained.
pub(super) fn prepare(files: &[PathBuf], mappings: &[Mapping]) -> Result<Vec<Prepared>, String> {
    let mut prepared = Vec::new();
    for path in files {
        let source = Source::open(path)?;
        let set = mappings.first().and_then(|mapping| mapping.encoding.as_deref());
        let format = source.format(set.map(encoding::named).transpose()?)?;
        let header = header::find(&source, &format, mappings)?;
        let reading = reading::survey(&source, &format, &header)?;
        prepared.push(Prepared { source, format, header, reading });
    }
    Ok(prepared)
}
