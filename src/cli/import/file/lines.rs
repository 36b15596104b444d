//! A text as lines, each with its number.

use std::io::{self, BufRead};

/// A line is no longer than this, in bytes: what is longer is no row of a ledger.
const LINE_BYTES_MAX: usize = 256 * 1024;

pub(super) struct Lines<R> {
    read: R,
    /// What lines end with: carriage returns before line feeds are dropped.
    end: u8,
    /// Of the last line read.
    number: u64,
}

/// A line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub number: u64,
    pub text: String,
    /// The rest of it was left out.
    pub too_long: bool,
}

impl<R: BufRead> Lines<R> {
    pub fn new(read: R, old_line_ends: bool) -> Self {
        Self { read, end: if old_line_ends { b'\r' } else { b'\n' }, number: 0 }
    }

    pub fn next(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let (mut any, mut too_long) = (false, false);
        loop {
            let buffer = self.read.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = buffer.iter().position(|&byte| byte == self.end);
            let length = end.unwrap_or(buffer.len());
            let room = LINE_BYTES_MAX.saturating_sub(bytes.len());
            bytes.extend_from_slice(&buffer[..length.min(room)]);
            too_long |= length > room;
            let used = end.map_or(length, |end| end + 1);
            self.read.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        self.number += 1;
        // Only a line that was cut can end within a character.
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        Ok(Some(Line { number: self.number, text, too_long }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, old_line_ends: bool) -> Vec<(u64, String)> {
        let mut lines = Lines::new(text.as_bytes(), old_line_ends);
        std::iter::from_fn(|| lines.next().unwrap()).map(|l| (l.number, l.text)).collect()
    }

    #[test]
    fn lines_end_as_systems_end_them_and_the_last_may_end_nowhere() {
        let expected = [(1, "a".to_owned()), (2, String::new()), (3, "b".to_owned())];
        assert_eq!(lines("a\n\nb", false), expected);
        assert_eq!(lines("a\r\n\r\nb\r\n", false), expected);
        assert_eq!(lines("a\r\rb\r", true), expected);
    }

    #[test]
    fn a_line_that_never_ends_is_cut_and_the_next_one_read() {
        let text = format!("{}\nb\n", "x".repeat(LINE_BYTES_MAX + 10));
        let mut lines = Lines::new(text.as_bytes(), false);
        let first = lines.next().unwrap().unwrap();
        assert!(first.too_long && first.text.len() == LINE_BYTES_MAX);
        assert_eq!(lines.next().unwrap().unwrap().text, "b");
    }
}
