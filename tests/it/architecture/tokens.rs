//! Rust code as words and signs, without comments, texts and white space.

/// The tokens of a text: names, `::`, and single signs.
pub fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = length(rest, first);
        let token = &rest[..length];
        let is_text = token.len() > 1 && token.ends_with(['"', '\'', '#']);
        if !first.is_whitespace()
            && !is_text
            && !token.starts_with("//")
            && !token.starts_with("/*")
        {
            found.push(token);
        }
        rest = &rest[length..];
    }
    found
}

/// Where the brace at `open` is closed again.
pub fn matching(tokens: &[&str], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match *token {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len().saturating_sub(1)
}

/// How long the token is that a text begins with.
fn length(text: &str, first: char) -> usize {
    let up_to = |end: &str| text.find(end).unwrap_or(text.len());
    if text.starts_with("//") {
        return up_to("\n");
    }
    if text.starts_with("/*") {
        return (up_to("*/") + 2).min(text.len());
    }
    if text.starts_with("::") {
        return 2;
    }
    if let Some(length) = raw_text(text) {
        return length;
    }
    if text.starts_with('"') || text.starts_with("b\"") || text.starts_with("c\"") {
        return quoted(text, '"');
    }
    if first == '\'' {
        let mut after = text.chars().skip(1);
        let is_char = after.next() == Some('\\') || after.next() == Some('\'');
        return if is_char { quoted(text, '\'') } else { 1 };
    }
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if word(first) { text.find(|c| !word(c)).unwrap_or(text.len()) } else { first.len_utf8() }
}

/// The length of `r"…"`, `r#"…"#` and so on.
fn raw_text(text: &str) -> Option<usize> {
    let behind = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    let body = behind[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end)? + end.len();
    Some(text.len() - body.len() + length)
}

/// The length of a text in quotes, with its escapes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let start = text.find(quote).unwrap_or(0) + 1;
    for (at, c) in text[start..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return start + at + 1,
            _ => {}
        }
    }
    text.len()
}
