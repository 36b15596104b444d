//! The error file: a line for each refused row, with all that is wrong with it, and the row as it
//! was read.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A fault of a row, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub reason: String,
    /// Within the document, or a field of the mapping.
    pub field: String,
    pub description: String,
}

/// A row that was refused.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub file: Arc<str>,
    pub line: u64,
    pub key: String,
    pub cells: Vec<String>,
    pub columns: Arc<dyn Columns>,
}

/// Knows the columns of a file.
pub(super) trait Columns: std::fmt::Debug + Send + Sync {
    /// The columns that a fault is about, as the file has them.
    fn column(&self, path: &str) -> String;
}

const HEADERS: [&str; 7] =
    ["file", "line", "column", "document_no", "reason", "description", "row"];

/// Made when the first row is refused; if none is, there is no file.
pub(super) struct ErrorFile {
    path: PathBuf,
    append: bool,
    /// What an earlier session wrote: names of files, and lines of them.
    written: HashSet<(String, String)>,
    /// What the columns are called; those of the rows behind them.
    headers: Vec<String>,
    writer: Option<csv::Writer<File>>,
}

impl ErrorFile {
    /// `append` goes on with the file of an import that is taken up again.
    pub fn new(path: &Path, append: bool) -> Result<Self, String> {
        let mut written = HashSet::new();
        if path.exists() {
            match append {
                true => written = before(path)?,
                false => std::fs::remove_file(path).map_err(|e| cannot_write(path, &e))?,
            }
        }
        let headers = HEADERS.map(str::to_owned).to_vec();
        Ok(Self { path: path.to_owned(), append, written, headers, writer: None })
    }

    /// Has the rows stand under the headers that they have in their file, so that this file can be
    /// corrected and imported: the other columns are called as none of a list is.
    pub fn under(&mut self, headers: &[String]) {
        let told = HEADERS[..HEADERS.len() - 1].iter().map(|header| match *header {
            "document_no" => "error_key".to_owned(),
            header => format!("error_{header}"),
        });
        self.headers = told.chain(headers.iter().cloned()).collect();
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn add(&mut self, row: &Refused, faults: &[Fault]) -> Result<(), String> {
        let place = (row.file.to_string(), row.line.to_string());
        if self.written.contains(&place) {
            return Ok(());
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(open(&self.path, self.append, &self.headers)?),
        };
        let mut told: Vec<[String; 3]> = Vec::new();
        for fault in faults {
            let column = row.columns.column(&fault.field);
            let fault = [column, fault.reason.clone(), fault.description.clone()];
            // One value may be behind several fields of a document.
            if !told.iter().any(|before| before[..2] == fault[..2]) {
                told.push(fault);
            }
        }
        let join = |at: usize| told.iter().map(|fault| &*fault[at]).collect::<Vec<_>>().join("; ");
        let [column, reason, description] = [0, 1, 2].map(join);
        let (file, line) = &place;
        let told = [file.as_str(), line, &column, &row.key, &reason, &description];
        writer
            .write_record(told.into_iter().chain(row.cells.iter().map(String::as_str)))
            .map_err(|e| cannot_write(&self.path, &e))
    }

    /// What was added is on its way to the disk: called with each chunk.
    pub fn flush(&mut self) -> Result<(), String> {
        match &mut self.writer {
            Some(writer) => writer.flush().map_err(|e| cannot_write(&self.path, &e)),
            None => Ok(()),
        }
    }
}

/// The rows that a file names. What a process wrote of the last one when it ended is cut off.
fn before(path: &Path) -> Result<HashSet<(String, String)>, String> {
    let text = std::fs::read(path).map_err(|e| cannot_read(path, &e))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_slice());
    let (mut written, mut last) = (HashSet::new(), None);
    for row in reader.byte_records() {
        let row = row.map_err(|e| cannot_read(path, &e))?;
        let cell = |at| row.get(at).map(|text: &[u8]| String::from_utf8_lossy(text).into_owned());
        let place = cell(0).zip(cell(1));
        last = row.position().map(|at| (at.byte(), place.clone()));
        written.extend(place);
    }
    if !text.is_empty() && text.last() != Some(&b'\n') {
        let (begin, place) = last.unwrap_or_default();
        place.iter().for_each(|place| {
            written.remove(place);
        });
        let file = File::options().write(true).open(path).map_err(|e| cannot_write(path, &e))?;
        file.set_len(begin).map_err(|e| cannot_write(path, &e))?;
    }
    Ok(written)
}

fn open(path: &Path, append: bool, headers: &[String]) -> Result<csv::Writer<File>, String> {
    let begun = append && path.metadata().is_ok_and(|file| file.len() > 0);
    let mut options = File::options();
    options.create(true).append(append).write(true).truncate(!append);
    // Whole rows stand in it, with people's names and numbers: it is for whoever imports.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|e| cannot_write(path, &e))?;
    // The rows as read have as many columns as their files.
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
    if !begun {
        writer.write_record(headers).map_err(|e| cannot_write(path, &e))?;
    }
    Ok(writer)
}

fn cannot_read(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("cannot read {}: {error}", path.display())
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("cannot write {}: {error}", path.display())
}
