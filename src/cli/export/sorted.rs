//! Lines in order, however many there are: what does not fit into memory is sorted in parts, which are
//! kept on the disk and merged at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write};

/// Bytes of lines that are sorted in memory.
const BYTES_MAX: usize = 16 << 20;

/// By what a line is sorted, and the line.
type Keyed = (String, String);

pub(super) struct Sorted {
    bytes_max: usize,
    bytes: usize,
    here: Vec<Keyed>,
    /// Files without a name, each in order.
    parts: Vec<File>,
}

impl Default for Sorted {
    fn default() -> Self {
        Self::within(BYTES_MAX)
    }
}

impl Sorted {
    fn within(bytes_max: usize) -> Self {
        Self { bytes_max, bytes: 0, here: Vec::new(), parts: Vec::new() }
    }

    pub fn add(&mut self, key: String, line: String) -> io::Result<()> {
        self.bytes += key.len() + line.len();
        self.here.push((key, line));
        if self.bytes < self.bytes_max {
            return Ok(());
        }
        self.here.sort_unstable();
        // It has no name and is gone with the process: nobody else reads what is personal in it.
        let mut part = tempfile::tempfile()?;
        let mut to = BufWriter::new(&mut part);
        for (key, line) in self.here.drain(..) {
            write(&mut to, &key)?;
            write(&mut to, &line)?;
        }
        to.flush()?;
        drop(to);
        part.rewind()?;
        self.parts.push(part);
        self.bytes = 0;
        Ok(())
    }

    /// Writes all lines in their order.
    pub fn finish(mut self, to: &mut impl Write) -> io::Result<()> {
        self.here.sort_unstable();
        let mut here = self.here.into_iter();
        let mut parts: Vec<BufReader<File>> = self.parts.into_iter().map(BufReader::new).collect();
        let mut heads = BinaryHeap::new();
        let last = parts.len();
        for at in 0..=last {
            heads.extend(next(&mut parts, &mut here, at)?.map(|head| Reverse((head, at))));
        }
        while let Some(Reverse(((_, line), at))) = heads.pop() {
            to.write_all(line.as_bytes())?;
            heads.extend(next(&mut parts, &mut here, at)?.map(|head| Reverse((head, at))));
        }
        to.flush()
    }
}

/// The next line of a part; the last one is in memory.
fn next(
    parts: &mut [BufReader<File>],
    here: &mut impl Iterator<Item = Keyed>,
    at: usize,
) -> io::Result<Option<Keyed>> {
    let Some(part) = parts.get_mut(at) else { return Ok(here.next()) };
    let Some(key) = read(part)? else { return Ok(None) };
    let line = read(part)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Some((key, line)))
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(text.as_bytes())
}

fn read(from: &mut impl Read) -> io::Result<Option<String>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        done => done?,
    }
    let mut text = vec![0; u32::from_be_bytes(length) as usize];
    from.read_exact(&mut text)?;
    String::from_utf8(text).map(Some).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lines_come_in_the_order_of_their_keys_however_little_fits_into_memory(
            lines in prop::collection::vec(("[a-c]{0,3}", "[x-z]{0,5}\n"), 0..60),
            bytes_max in 1..200_usize,
        ) {
            let mut sorted = Sorted::within(bytes_max);
            for (key, line) in &lines {
                sorted.add(key.clone(), line.clone()).unwrap();
            }
            let mut written = Vec::new();
            sorted.finish(&mut written).unwrap();
            let mut expected = lines;
            expected.sort();
            let expected: String = expected.into_iter().map(|(_, line)| line).collect();
            prop_assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
    }
}
