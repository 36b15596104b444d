//! What came out, as a table on the terminal and in `target/bench/<name>.md`.

use std::fmt::Write as _;
use std::path::PathBuf;

/// What a ratio of ours to the limit should be.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Told for the sake of the others.
    Reported,
}

#[derive(Debug)]
struct Row {
    what: String,
    peer: String,
    limit: String,
    ours: String,
    ratio: f64,
    goal: Goal,
}

#[derive(Debug)]
pub struct Table {
    name: &'static str,
    rows: Vec<Row>,
}

impl Table {
    pub fn new(name: &'static str) -> Self {
        Self { name, rows: Vec::new() }
    }

    /// A row of two numbers of one unit; the ratio is ours to the limit's.
    pub fn row(
        &mut self,
        what: impl Into<String>,
        peer: impl Into<String>,
        (limit, ours): (f64, f64),
        unit: &str,
        goal: Goal,
    ) {
        let row = Row {
            what: what.into(),
            peer: peer.into(),
            limit: format!("{} {unit}", number(limit)),
            ours: format!("{} {unit}", number(ours)),
            ratio: ours / limit,
            goal,
        };
        println!("{}", row.line());
        self.rows.push(row);
    }

    /// Writes the file; answers nothing, for there is nobody to act on a failure but the reader.
    pub fn finish(self) {
        let mut text = format!("# {}\n\n", self.name);
        text += "| what | limit or peer | limit | ours | ratio | goal | met |\n";
        text += "|---|---|---|---|---|---|---|\n";
        for row in &self.rows {
            writeln!(text, "{}", row.line()).expect("a String takes everything");
        }
        let path = directory().join(format!("{}.md", self.name));
        std::fs::write(&path, &text).expect("the table is written");
        println!("\nwritten to {}", path.display());
    }
}

impl Row {
    fn line(&self) -> String {
        let Self { what, peer, limit, ours, ratio, goal } = self;
        let (goal, met) = match goal {
            Goal::AtLeast(least) => (format!("≥ {least}"), yes(ratio >= least)),
            Goal::AtMost(most) => (format!("≤ {most}"), yes(ratio <= most)),
            Goal::Reported => ("–".to_owned(), "–"),
        };
        format!("| {what} | {peer} | {limit} | {ours} | {ratio:.2} | {goal} | {met} |")
    }
}

fn yes(met: bool) -> &'static str {
    if met { "yes" } else { "**no**" }
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// `target/bench`.
pub fn directory() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../bench");
    std::fs::create_dir_all(&target).expect("target/bench can be made");
    target.canonicalize().expect("it was just made")
}
