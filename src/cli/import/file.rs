//! Files of rows: UTF-8 with or without a byte order mark, read as a stream.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A file about to be read from its first row on.
pub(super) struct Rows {
    path: PathBuf,
    /// Line of the first byte and its offset, of what `csv` sees.
    reader: csv::Reader<BufReader<File>>,
    pub headers: Vec<String>,
    row: csv::StringRecord,
}

impl Rows {
    /// Opens a file and reads its headers.
    pub fn open(path: &Path, delimiter: char) -> Result<Self, String> {
        let mut file = open(path)?;
        let mut start = [0; 3];
        let length = read_start(&mut file, &mut start).map_err(|e| unreadable(path, &e))?;
        if matches!(start, [0xff, 0xfe, _] | [0xfe, 0xff, _]) {
            return Err(not_utf8(path, "it is UTF-16"));
        }
        let skip = if length == 3 && start == BOM { 3 } else { 0 };
        file.seek(SeekFrom::Start(skip)).map_err(|e| unreadable(path, &e))?;
        let delimiter = u8::try_from(delimiter).map_err(|_| "the delimiter is not ASCII")?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(true)
            .flexible(false)
            .from_reader(BufReader::new(file));
        let headers = reader.headers().map_err(|e| explain(path, e))?;
        let headers: Vec<String> = headers.iter().map(|h| h.trim().to_owned()).collect();
        if headers.iter().all(String::is_empty) {
            return Err(format!("{} is empty: the first line names the columns", path.display()));
        }
        Ok(Self { path: path.to_owned(), reader, headers, row: csv::StringRecord::new() })
    }

    /// The next row and its line.
    pub fn next(&mut self) -> Result<Option<(u64, &csv::StringRecord)>, String> {
        let read = self.reader.read_record(&mut self.row);
        if read.map_err(|e| explain(&self.path, e))? {
            let line = self.row.position().map_or(0, csv::Position::line);
            Ok(Some((line, &self.row)))
        } else {
            Ok(None)
        }
    }

    /// Bytes read so far, for a progress bar.
    pub fn bytes_read(&self) -> u64 {
        self.reader.position().byte()
    }
}

/// Adds the name and the content of a file to a digest; answers its size.
pub(super) fn digest(path: &Path, hash: &mut Sha256) -> Result<u64, String> {
    let mut file = open(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    hash.update((name.len() as u64).to_be_bytes());
    hash.update(name.as_bytes());
    let mut content = Sha256::new();
    let (mut size, mut buffer) = (0, vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut buffer).map_err(|e| unreadable(path, &e))?;
        if read == 0 {
            hash.update(content.finalize());
            return Ok(size);
        }
        content.update(&buffer[..read]);
        size += read as u64;
    }
}

fn open(path: &Path) -> Result<File, String> {
    File::open(path).map_err(|e| unreadable(path, &e))
}

fn read_start(file: &mut File, start: &mut [u8; 3]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < start.len() {
        match file.read(&mut start[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}

fn not_utf8(path: &Path, why: &str) -> String {
    format!(
        "{} is not UTF-8: {why}. Save it as UTF-8 (for instance: iconv -f GBK -t UTF-8)",
        path.display()
    )
}

fn explain(path: &Path, error: csv::Error) -> String {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => not_utf8(path, &format!("see line {line}")),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
            "{}, line {line}: {len} columns where the first line names {expected_len}",
            path.display()
        ),
        _ => format!("cannot read {}: {error}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(content: &[u8]) -> Result<Vec<(u64, Vec<String>)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, content).unwrap();
        let mut rows = Rows::open(&path, ',')?;
        let mut all = vec![(1, rows.headers.clone())];
        while let Some((line, row)) = rows.next()? {
            all.push((line, row.iter().map(str::to_owned).collect()));
        }
        Ok(all)
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_header() {
        let plain = rows("no, name \n7,\"宁波,\n远洋\"\n8,x\n".as_bytes()).unwrap();
        let marked = rows("\u{feff}no, name \n7,\"宁波,\n远洋\"\n8,x\n".as_bytes()).unwrap();
        assert_eq!(plain, marked);
        assert_eq!(plain[0].1, ["no", "name"]);
        assert_eq!(plain[1].1[1], "宁波,\n远洋");
        assert_eq!(plain[2].0, 4);
    }

    #[test]
    fn another_encoding_is_named_and_a_way_out() {
        for content in [&b"no,name\n7,\xc4\xfe\xb2\xa8\n"[..], b"\xff\xfen\0o\0"] {
            let error = rows(content).unwrap_err();
            assert!(error.contains("not UTF-8") && error.contains("iconv"), "{error}");
        }
    }

    #[test]
    fn a_row_of_another_length_and_an_empty_file_are_told() {
        let error = rows(b"a,b\n1,2\n3\n").unwrap_err();
        assert!(error.contains("line 3") && error.contains("1 columns"), "{error}");
        assert!(rows(b"").unwrap_err().contains("empty"));
    }

    #[test]
    fn the_digest_follows_name_and_content() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let mut hash = Sha256::new();
            assert_eq!(digest(&path, &mut hash).unwrap(), content.len() as u64);
            hash.finalize()
        };
        assert_eq!(of("a", "x"), of("a", "x"));
        assert_ne!(of("a", "x"), of("b", "x"));
        assert_ne!(of("a", "x"), of("a", "y"));
    }
}
