//! How long functions are.
//!
//! A line that only passes a field on, `field,` or `field: _,`, is not counted: a conversion
//! that names every field is as long as its type, and shorter ones would name fewer. Tables are
//! constants, no functions. Migrations say what the schema is, one table after the other, and
//! are not measured.

/// Where no function is measured, below `src/`.
const UNMEASURED: &str = "store/migration";

/// The functions of a file that have more than `most` lines, with their lines.
pub fn long_functions(path: &str, text: &str, most: usize) -> Vec<(String, usize)> {
    if path.starts_with(UNMEASURED) {
        return Vec::new();
    }
    let mut found = functions(text);
    found.retain(|(_, lines)| *lines > most);
    found
}

/// Functions by name with their length: from `fn` to the brace at the same indentation.
pub fn functions(text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let lines: Vec<_> = text.lines().collect();
    for (start, line) in lines.iter().enumerate() {
        let head = line.trim_start();
        let is_head = ["fn ", "pub ", "pub(", "async ", "const fn", "unsafe "]
            .iter()
            .any(|word| head.starts_with(word));
        let Some((_, rest)) = line.split_once("fn ").filter(|_| is_head) else { continue };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() || head.ends_with(';') {
            continue;
        }
        let indent = line.len() - head.len();
        let closing = format!("{}}}", " ".repeat(indent));
        let one_line = head.ends_with('}');
        let end = lines[start..].iter().position(|l| *l == closing).unwrap_or(0);
        let passes_on = lines[start..=start + end].iter().filter(|l| passes_on(l)).count();
        found.push((name, if one_line { 1 } else { end + 1 - passes_on }));
    }
    found
}

/// Whether a line is `field,` or `field: _,`.
fn passes_on(line: &str) -> bool {
    let field = line.trim().strip_suffix(',');
    let field = field.map(|field| field.strip_suffix(": _").unwrap_or(field));
    field.is_some_and(|field| {
        !field.is_empty() && field.chars().all(|c| c.is_lowercase() || c.is_numeric() || c == '_')
    })
}
