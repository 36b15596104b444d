//! What a file is, and its rows: text in whatever encoding, compressed or not, or a workbook.

pub(super) mod encoding;
mod lines;
mod records;
mod sheet;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use self::encoding::{Detected, How};
use self::lines::Lines;
use self::records::Records;
use self::sheet::SheetRows;

/// The name of the standard input.
const STDIN: &str = "-";
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZIP: &[u8] = b"PK\x03\x04";
/// What begins like this is something else.
const OTHERS: [(&[u8], &str); 6] = [
    (&[0xd0, 0xcf, 0x11, 0xe0], "an old workbook (.xls): save it as .xlsx or as CSV"),
    (b"%PDF", "a PDF: export the list itself"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "compressed by zstd: gzip is read, or nothing compressed"),
    (b"BZh", "compressed by bzip2: gzip is read, or nothing compressed"),
    (&[0xfd, b'7', b'z', b'X'], "compressed by xz: gzip is read, or nothing compressed"),
    (b"SQLite format 3", "a database"),
];

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Of the file, from 1.
    pub line: u64,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Cells(Vec<Cell>),
    /// It can't be told apart into cells.
    Broken {
        why: String,
        text: String,
    },
    /// Nothing, or a ruled line.
    Empty,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub text: String,
    /// A number or a day by its type, not by how it is written: `-1234.5`, `2025-01-31`.
    pub typed: bool,
}

impl Cell {
    pub fn written(text: String) -> Self {
        Self { text, typed: false }
    }
}

/// Whether a cell is empty, or part of a ruled line.
pub(super) fn is_rule(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '-' | '=' | '_' | '*' | '+' | '~' | '\u{2014}' | '\u{2500}'))
}

/// A file to be read more than once.
#[derive(Debug)]
pub(super) struct Source {
    /// As it is told.
    pub name: String,
    path: PathBuf,
    /// The standard input, kept until we are done.
    _kept: Option<tempfile::NamedTempFile>,
}

/// What a file is.
#[derive(Debug, Clone)]
pub(super) enum Format {
    Text {
        gzip: bool,
        detected: Detected,
    },
    /// Its sheets.
    Workbook {
        sheets: Vec<String>,
    },
}

impl Format {
    /// As it is told.
    pub fn told(&self) -> String {
        match self {
            Self::Text { gzip: true, detected } => format!("gzip, {}", detected.told()),
            Self::Text { gzip: false, detected } => detected.told(),
            Self::Workbook { .. } => "XLSX".into(),
        }
    }
}

impl Source {
    /// Opens a file, or keeps what comes on the standard input (`-`).
    pub fn open(path: &Path) -> Result<Self, String> {
        if path.as_os_str() != STDIN {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let source = Self { name, path: path.to_owned(), _kept: None };
            source.file()?;
            return Ok(source);
        }
        let failed = |e: io::Error| format!("cannot keep the standard input: {e}");
        let mut kept = tempfile::NamedTempFile::new().map_err(failed)?;
        io::copy(&mut io::stdin().lock(), &mut kept).map_err(failed)?;
        Ok(Self { name: "stdin".into(), path: kept.path().to_owned(), _kept: Some(kept) })
    }

    fn file(&self) -> Result<File, String> {
        File::open(&self.path).map_err(|e| self.unreadable(&e))
    }

    fn unreadable(&self, error: &dyn std::fmt::Display) -> String {
        format!("cannot read {}: {error}", self.name)
    }

    /// Adds the name and the content to a digest.
    pub fn digest(&self, hash: &mut Sha256) -> Result<(), String> {
        hash.update((self.name.len() as u64).to_be_bytes());
        hash.update(self.name.as_bytes());
        let (mut file, mut content) = (self.file()?, Sha256::new());
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer).map_err(|e| self.unreadable(&e))? {
                0 => break,
                length => content.update(&buffer[..length]),
            }
        }
        hash.update(content.finalize());
        Ok(())
    }

    /// What the file is; looks at all of it.
    pub fn format(&self, set: Option<&'static Encoding>) -> Result<Format, String> {
        let mut file = self.file()?;
        let mut start = Vec::new();
        (&mut file).take(16).read_to_end(&mut start).map_err(|e| self.unreadable(&e))?;
        if start.is_empty() {
            return Err(format!("{} is empty", self.name));
        }
        if start.starts_with(ZIP) {
            let sheets = sheet::names(&self.path).map_err(|e| self.unreadable(&e))?;
            return Ok(Format::Workbook { sheets });
        }
        if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Err(format!("{} is {what}", self.name));
        }
        file.rewind().map_err(|e| self.unreadable(&e))?;
        let gzip = start.starts_with(GZIP);
        let detected = encoding::detect(bytes(file, gzip), set).map_err(|e| self.unreadable(&e))?;
        Ok(Format::Text { gzip, detected })
    }

    /// The rows of a text.
    pub fn text(&self, gzip: bool, detected: Detected, delimiter: char) -> Result<Rows, String> {
        let decoded = DecodeReaderBytesBuilder::new()
            .encoding(Some(detected.encoding))
            .bom_override(detected.how == How::Marked)
            .strip_bom(true)
            .build(bytes(self.file()?, gzip));
        let read: Box<dyn BufRead + Send> = Box::new(BufReader::with_capacity(1 << 16, decoded));
        let lines = Lines::new(read, detected.old_line_ends);
        let name = self.name.clone();
        Ok(Rows { name, of: Of::Text(Records::new(lines, delimiter)) })
    }

    /// The rows of a sheet.
    pub fn sheet(&self, sheet: &str) -> Result<Rows, String> {
        let rows = SheetRows::open(&self.path, sheet).map_err(|e| self.unreadable(&e))?;
        Ok(Rows { name: self.name.clone(), of: Of::Sheet(rows) })
    }
}

/// The cells of a text that is one row of so many, as a file that has it is read; `None` if it is
/// none, or more.
pub(super) fn only_row(text: &str, width: usize) -> Option<Vec<Cell>> {
    let mut records = Records::new(Lines::new(text.as_bytes(), false), ',');
    records.set_width(width);
    let (first, second) = (records.next().ok()??, records.next().ok()?);
    match (first.content, second) {
        (Content::Cells(cells), None) => Some(cells),
        _ => None,
    }
}

fn bytes(file: File, gzip: bool) -> Box<dyn Read + Send> {
    let file = BufReader::with_capacity(1 << 16, file);
    if gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) }
}

/// The rows of a file, from its beginning.
pub(super) struct Rows {
    name: String,
    of: Of,
}

enum Of {
    Text(Records<Box<dyn BufRead + Send>>),
    Sheet(SheetRows),
}

impl Rows {
    /// From here on a row has so many cells.
    pub fn set_width(&mut self, width: usize) {
        match &mut self.of {
            Of::Text(records) => records.set_width(width),
            Of::Sheet(sheet) => sheet.set_width(width),
        }
    }

    pub fn next(&mut self) -> Result<Option<Row>, String> {
        let row = match &mut self.of {
            Of::Text(records) => records.next().map_err(|e| e.to_string()),
            Of::Sheet(sheet) => sheet.next(),
        };
        row.map_err(|e| format!("cannot read {}: {e}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn source(content: &[u8]) -> (tempfile::TempDir, Source) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, content).unwrap();
        let source = Source::open(&path).unwrap();
        (folder, source)
    }

    fn rows(content: &[u8]) -> Vec<(u64, Vec<String>)> {
        let (_folder, source) = source(content);
        let Format::Text { gzip, detected } = source.format(None).unwrap() else { panic!("text") };
        let mut rows = source.text(gzip, detected, ',').unwrap();
        std::iter::from_fn(|| rows.next().unwrap())
            .map(|row| match row.content {
                Content::Cells(cells) => (row.line, cells.into_iter().map(|c| c.text).collect()),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_same_text_is_read_whatever_its_bytes() {
        let text = "no,name\n7,\"宁波,\n远洋\"\n8,x\n";
        let plain = rows(text.as_bytes());
        assert_eq!(plain[1], (2, vec!["7".into(), "宁波,\n远洋".into()]));
        assert_eq!(plain[2].0, 4);
        assert_eq!(rows(format!("\u{feff}{text}").as_bytes()), plain);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        assert_eq!(rows(&gzip.finish().unwrap()), plain);
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(rows(&wide), plain);
        let (chinese, ..) = encoding_rs::GB18030.encode(text);
        assert_eq!(rows(&chinese), plain);
    }

    #[test]
    fn a_compressed_file_that_is_cut_off_is_refused_before_anything_is_read() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all("no,name\n7,x\n".repeat(100).as_bytes()).unwrap();
        let whole = gzip.finish().unwrap();
        let (_folder, source) = source(&whole[..whole.len() - 9]);
        assert!(source.format(None).unwrap_err().contains("cannot read rows.csv"));
    }

    #[test]
    fn what_is_no_list_is_named() {
        for (content, told) in
            [(&b"%PDF-1.7"[..], "a PDF"), (b"\xd0\xcf\x11\xe0\xa1", ".xlsx"), (b"", "empty")]
        {
            let (_folder, source) = source(content);
            let error = source.format(None).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn the_digest_follows_name_and_content() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let mut hash = Sha256::new();
            Source::open(&path).unwrap().digest(&mut hash).unwrap();
            hash.finalize()
        };
        assert_eq!(of("a", "x"), of("a", "x"));
        assert_ne!(of("a", "x"), of("b", "x"));
        assert_ne!(of("a", "x"), of("a", "y"));
    }
}
