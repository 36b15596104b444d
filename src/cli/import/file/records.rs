//! Lines as rows of cells. A row that is broken never takes another with it: where a quotation
//! mark is not closed, reading goes on with the next line, which no general reader of CSV does.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use super::lines::{Line, Lines};
use super::{Cell, Content, Row, is_rule};

/// A cell may go over so many lines.
const CELL_LINES_MAX: usize = 50;
/// And a header over so many.
const HEADER_LINES_MAX: usize = 4;

pub(super) struct Records<R> {
    lines: Lines<R>,
    /// Lines that were looked at and belong to rows to come.
    ahead: VecDeque<Line>,
    delimiter: char,
    /// Cells of a whole row; `None` while the headers are looked for.
    width: Option<usize>,
}

/// What the beginning of a text is, up to where a row would end.
enum Split {
    Cells {
        cells: Vec<String>,
        /// A mark within a cell is neither doubled nor its end.
        loose: bool,
    },
    /// A quotation mark is open at the end.
    Open,
}

impl<R: BufRead> Records<R> {
    pub fn new(lines: Lines<R>, delimiter: char) -> Self {
        Self { lines, ahead: VecDeque::new(), delimiter, width: None }
    }

    /// From here on a row has so many cells.
    pub fn set_width(&mut self, width: usize) {
        self.width = Some(width);
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        match self.ahead.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.lines.next(),
        }
    }

    pub fn next(&mut self) -> io::Result<Option<Row>> {
        let Some(first) = self.line()? else { return Ok(None) };
        if first.too_long {
            let why = "the line is longer than any row".to_owned();
            let text = first.text.chars().take(200).collect();
            return Ok(Some(Row { line: first.number, content: Content::Broken { why, text } }));
        }
        let split = match split(&first.text, self.delimiter) {
            Split::Cells { cells, .. } => Some(cells),
            Split::Open => self.over_lines(&first)?,
        };
        let content = match (split, self.width) {
            (None, _) => broken("a quotation mark is not closed".into(), first.text),
            (Some(cells), Some(width)) => fit(cells, width, first.text),
            (Some(cells), None) => Content::Cells(cells.into_iter().map(Cell::written).collect()),
        };
        Ok(Some(Row { line: first.number, content }))
    }

    /// A row whose cells go over several lines; `None` if it can't be one.
    fn over_lines(&mut self, first: &Line) -> io::Result<Option<Vec<String>>> {
        let mut text = first.text.clone();
        let mut taken: Vec<Line> = Vec::new();
        let most = if self.width.is_some() { CELL_LINES_MAX } else { HEADER_LINES_MAX };
        while taken.len() < most {
            let Some(line) = self.line()? else { break };
            text.push('\n');
            text.push_str(&line.text);
            let whole_row = line.too_long || self.is_whole_row(&line.text);
            taken.push(line);
            // A line that is a row of its own is no part of a cell.
            if whole_row {
                break;
            }
            if let Split::Cells { cells, loose } = split(&text, self.delimiter) {
                // A loose mark may be the beginning of a cell of another row.
                if !loose && self.width.is_none_or(|width| trimmed(&cells, width) == width) {
                    return Ok(Some(cells));
                }
                break;
            }
        }
        for line in taken.into_iter().rev() {
            self.ahead.push_front(line);
        }
        Ok(None)
    }

    fn is_whole_row(&self, text: &str) -> bool {
        match (split(text, self.delimiter), self.width) {
            (Split::Cells { cells, .. }, Some(width)) => width > 1 && cells.len() == width,
            _ => false,
        }
    }
}

fn broken(why: String, text: String) -> Content {
    Content::Broken { why, text }
}

/// Cells without the empty ones beyond the width.
fn trimmed(cells: &[String], width: usize) -> usize {
    let empty = cells.iter().rev().take_while(|cell| cell.trim().is_empty()).count();
    if cells.len() > width { (cells.len() - empty).max(width) } else { cells.len() }
}

fn fit(mut cells: Vec<String>, width: usize, text: String) -> Content {
    let length = trimmed(&cells, width);
    if cells.iter().all(|cell| is_rule(cell.trim())) {
        return Content::Empty;
    }
    if length != width {
        let hint = if length > width {
            "; is there a separator in a value without quotation marks?"
        } else {
            "; is the line cut off, or broken by a line end in a value?"
        };
        let why = format!("has {length} cells where the headers are {width}{hint}");
        return broken(why, text);
    }
    cells.truncate(width);
    Content::Cells(cells.into_iter().map(Cell::written).collect())
}

/// Splits a text into cells. A cell is quoted if it begins with a quotation mark; within, a
/// doubled mark is one, and a mark that is followed by neither a separator nor the end is taken
/// as it stands.
fn split(text: &str, delimiter: char) -> Split {
    let (mut cells, mut loose) = (Vec::new(), false);
    let mut rest = text;
    loop {
        let (cell, behind) = match rest.trim_start_matches(' ').strip_prefix('"') {
            Some(inner) => match unquote(inner, delimiter, &mut loose) {
                Some(found) => found,
                None => return Split::Open,
            },
            None => match rest.find(delimiter) {
                Some(at) => (rest[..at].to_owned(), &rest[at..]),
                None => (rest.to_owned(), ""),
            },
        };
        cells.push(cell);
        match behind.strip_prefix(delimiter) {
            Some(next) => rest = next,
            None => return Split::Cells { cells, loose },
        }
    }
}

/// The content of a quoted cell and what is behind it, from its delimiter on.
fn unquote<'a>(inner: &'a str, delimiter: char, loose: &mut bool) -> Option<(String, &'a str)> {
    let mut cell = String::new();
    let mut rest = inner;
    loop {
        let at = rest.find('"')?;
        cell.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if let Some(next) = behind.strip_prefix('"') {
            cell.push('"');
            rest = next;
            continue;
        }
        let spaces = behind.trim_start_matches(' ');
        if spaces.is_empty() || spaces.starts_with(delimiter) {
            return Some((cell, spaces));
        }
        cell.push('"');
        *loose = true;
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, width: usize) -> Vec<(u64, Result<Vec<String>, String>)> {
        let mut records = Records::new(Lines::new(text.as_bytes(), false), ',');
        records.set_width(width);
        std::iter::from_fn(|| records.next().unwrap())
            .filter_map(|row| match row.content {
                Content::Cells(cells) => {
                    Some((row.line, Ok(cells.into_iter().map(|cell| cell.text).collect())))
                }
                Content::Broken { why, .. } => Some((row.line, Err(why))),
                Content::Empty => None,
            })
            .collect()
    }

    fn ok(cells: &[&str]) -> Result<Vec<String>, String> {
        Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quoted_cells_hold_separators_marks_and_line_ends() {
        let text = "1,\"a, \"\"b\"\"\",\n2,\"宁波,\n远洋\",x\n\n3, \"c\" ,\"\"\n";
        assert_eq!(
            rows(text, 3),
            [
                (1, ok(&["1", "a, \"b\"", ""])),
                (2, ok(&["2", "宁波,\n远洋", "x"])),
                (5, ok(&["3", "c", ""])),
            ]
        );
    }

    #[test]
    fn a_mark_that_is_not_doubled_stands_for_itself() {
        assert_eq!(rows("1,\"a \"b\" c\",2\n", 3), [(1, ok(&["1", "a \"b\" c", "2"]))]);
        assert_eq!(rows("1,5\" pipe,2\n", 3), [(1, ok(&["1", "5\" pipe", "2"]))]);
    }

    #[test]
    fn a_mark_that_is_never_closed_costs_its_own_row_only() {
        for later in ["3,c,z\n", "3,\"c, d\",z\n", "3,\"c\",\"z\"\n", "3,\"c d\",z\n", ""] {
            let text = format!("1,a,x\n2,\"b,y\n{later}4,d,w\n5,e,v\n");
            let rows = rows(&text, 3);
            let broken: Vec<u64> =
                rows.iter().filter(|(_, row)| row.is_err()).map(|(line, _)| *line).collect();
            assert_eq!(broken, [2], "{text}");
            assert_eq!(rows.len(), text.lines().count(), "{text}");
        }
    }

    #[test]
    fn too_many_and_too_few_cells_are_told_and_empty_ones_at_the_end_are_none() {
        let rows = rows("1,a,b,c\n2,a\n3,a,b,,\n,,\n----\n", 3);
        assert!(rows[0].1.as_ref().unwrap_err().contains("4 cells"), "{rows:?}");
        assert!(rows[1].1.as_ref().unwrap_err().contains("2 cells"), "{rows:?}");
        assert_eq!(rows[2], (3, ok(&["3", "a", "b"])));
        assert_eq!(rows.len(), 3);
    }
}
