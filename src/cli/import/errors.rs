//! The error file: a line for each fault of each refused row, and the row as it was read.

use std::fs::File;
use std::path::{Path, PathBuf};

/// A fault of a row, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub reason: String,
    pub field: String,
    pub description: String,
}

/// A row that was refused.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub file: String,
    pub line: u64,
    pub key: String,
    pub cells: Vec<String>,
}

/// Made when the first row is refused; if none is, there is no file.
pub(super) struct ErrorFile {
    path: PathBuf,
    append: bool,
    writer: Option<csv::Writer<File>>,
}

impl ErrorFile {
    /// `append` goes on with the file of an import that is taken up again.
    pub fn new(path: &Path, append: bool) -> Result<Self, String> {
        if !append && path.exists() {
            std::fs::remove_file(path).map_err(|e| cannot_write(path, &e))?;
        }
        Ok(Self { path: path.to_owned(), append, writer: None })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn add(&mut self, row: &Refused, faults: &[Fault]) -> Result<(), String> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(open(&self.path, self.append)?),
        };
        let line = row.line.to_string();
        for fault in faults {
            let told =
                [&row.file, &line, &row.key, &fault.field, &fault.reason, &fault.description];
            writer
                .write_record(told.into_iter().chain(&row.cells))
                .map_err(|e| cannot_write(&self.path, &e))?;
        }
        Ok(())
    }

    /// What was added is on its way to the disk: called with each chunk.
    pub fn flush(&mut self) -> Result<(), String> {
        match &mut self.writer {
            Some(writer) => writer.flush().map_err(|e| cannot_write(&self.path, &e)),
            None => Ok(()),
        }
    }
}

fn open(path: &Path, append: bool) -> Result<csv::Writer<File>, String> {
    let begun = append && path.metadata().is_ok_and(|file| file.len() > 0);
    let file = File::options()
        .create(true)
        .append(append)
        .write(true)
        .truncate(!append)
        .open(path)
        .map_err(|e| cannot_write(path, &e))?;
    // The rows as read have as many columns as their files.
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
    if !begun {
        writer
            .write_record(["file", "line", "document_no", "field", "reason", "description", "row"])
            .map_err(|e| cannot_write(path, &e))?;
    }
    Ok(writer)
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("cannot write {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: u64) -> Refused {
        Refused {
            file: "a.csv".into(),
            line,
            key: "7".into(),
            cells: vec!["7".into(), "1,5".into()],
        }
    }

    fn fault(field: &str) -> Fault {
        Fault {
            reason: "FIELD_INVALID".into(),
            field: field.into(),
            description: "is \"x\"".into(),
        }
    }

    #[test]
    fn each_fault_is_a_line_with_the_row_behind_it_and_resuming_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("errors.csv");
        std::fs::write(&path, "of an earlier import\n").unwrap();

        let mut errors = ErrorFile::new(&path, false).unwrap();
        assert!(!path.exists());
        errors.add(&refused(2), &[fault("amount"), fault("payer")]).unwrap();
        errors.flush().unwrap();
        let mut errors = ErrorFile::new(&path, true).unwrap();
        errors.add(&refused(9), &[fault("amount")]).unwrap();
        errors.flush().unwrap();

        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "file,line,document_no,field,reason,description,row\n\
             a.csv,2,7,amount,FIELD_INVALID,\"is \"\"x\"\"\",7,\"1,5\"\n\
             a.csv,2,7,payer,FIELD_INVALID,\"is \"\"x\"\"\",7,\"1,5\"\n\
             a.csv,9,7,amount,FIELD_INVALID,\"is \"\"x\"\"\",7,\"1,5\"\n"
        );
    }
}
