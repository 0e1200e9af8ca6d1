//! What neither the compiler nor clippy looks at: lengths, names and leftovers, over every file
//! that git tracks. A rule is here only if a reviewer would otherwise repeat it by hand.

use crate::repository;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;

const LINE_CHARS_MAX: usize = 100;
const FILE_LINES_MAX: usize = 500;
const TEST_LINES_MAX: usize = 1000;
const FILE_BYTES_MAX: usize = 1 << 20;

/// Languages people write here by hand; data and vendored files have other endings.
const SOURCE_EXTENSIONS: [&str; 4] = ["rs", "js", "mjs", "py"];

/// Names that say nothing about what is inside.
const BANNED_MODULES: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "manager"];

/// Written in halves, so that this file obeys its own rules.
const LEFTOVERS: [&str; 3] = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X:")];
const SILENCED_LINT: [&str; 2] = [concat!("#[al", "low("), concat!("#![al", "low(")];
const MACHINE_PATHS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/fa", "rm/"), concat!("/ro", "ot/"), concat!("/tmp/", "bash")];

/// Reads every tracked file and lists all that is untidy.
pub(crate) fn check() -> Result<()> {
    let listing = repository::output(repository::program("git", &["ls-files", "-z"]))?;
    let listing = String::from_utf8(listing).context("a tracked path is not UTF-8")?;
    let mut untidy = Vec::new();
    let mut files: usize = 0;
    for path in listing.split_terminator('\0') {
        let file = repository::root().join(path);
        if !file.is_file() {
            continue;
        }
        let bytes = fs::read(&file).with_context(|| path.to_owned())?;
        untidy.extend(problems(path, &bytes));
        files = files.saturating_add(1);
    }
    if !untidy.is_empty() {
        bail!("tidy:\n  {}", untidy.join("\n  "));
    }
    println!("{files} files are tidy");
    Ok(())
}

fn problems(path: &str, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    if bytes.len() > FILE_BYTES_MAX {
        found.push(format!("{path}: over 1 MiB; the repository keeps what people read"));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return found;
    };
    found.extend(leftovers(path, text));
    let extension = Path::new(path).extension().and_then(|name| name.to_str()).unwrap_or_default();
    if SOURCE_EXTENSIONS.contains(&extension) {
        found.extend(too_long(path, text));
    }
    if extension == "rs" {
        found.extend(rust_problems(path, text));
    }
    if extension == "md" {
        found.extend(titles(path, text));
    }
    found
}

fn leftovers(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in numbered(text) {
        for word in LEFTOVERS.iter().filter(|word| has_word(line, word)) {
            found.push(format!("{path}:{number}: {word}: do it, or open an issue"));
        }
        for place in MACHINE_PATHS.iter().filter(|place| has_word(line, place)) {
            found.push(format!("{path}:{number}: {place} exists on one machine only"));
        }
    }
    found
}

fn too_long(path: &str, text: &str) -> Option<String> {
    let is_test = path.contains("tests/") || path.ends_with("tests.rs");
    let most = if is_test { TEST_LINES_MAX } else { FILE_LINES_MAX };
    let lines = text.lines().count();
    (lines > most).then(|| format!("{path}: {lines} lines, {most} at most; split it by subject"))
}

fn rust_problems(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let stem = Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folders = path.split('/').rev().skip(1);
    for name in folders.chain([stem]).filter(|name| BANNED_MODULES.contains(name)) {
        found.push(format!("{path}: `{name}` says nothing; name the module by what it holds"));
    }
    let mut in_string = false;
    for (number, line) in numbered(text) {
        let touches_string = in_string || line.contains('"');
        in_string = ends_in_raw_string(in_string, line);
        if line.contains('\t') {
            found.push(format!("{path}:{number}: a tab; write four spaces, or \\t in a string"));
        }
        if SILENCED_LINT.iter().any(|attribute| line.contains(attribute)) {
            found.push(format!("{path}:{number}: use #[expect(.., reason = \"..\")]"));
        }
        let exempt = touches_string || line.contains("://");
        if line.chars().count() > LINE_CHARS_MAX && !exempt {
            found.push(format!("{path}:{number}: over {LINE_CHARS_MAX} characters"));
        }
    }
    found
}

fn titles(path: &str, text: &str) -> Option<String> {
    let mut in_fence = false;
    let mut titles: usize = 0;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence && line.starts_with("# ") {
            titles = titles.saturating_add(1);
        }
    }
    (titles != 1).then(|| format!("{path}: {titles} titles; a document has one `# ` line"))
}

/// Whether the next line is still inside a raw string, whose text may be as wide as it must.
fn ends_in_raw_string(begins_in: bool, line: &str) -> bool {
    match (line.rfind("r#\""), line.rfind("\"#")) {
        (Some(opens), Some(closes)) => opens.saturating_add(1) >= closes,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => begins_in,
    }
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

/// Whether `word` stands in `line` and is not the tail or head of a longer word or path.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        let after = line.get(at.saturating_add(word.len())..).unwrap_or_default();
        let glued_before = before.ends_with(|c| joins(c) || c == '.' || c == '}');
        let glued_after = !word.ends_with('/') && after.starts_with(joins);
        !glued_before && !glued_after
    })
}

#[cfg(test)]
mod tests {
    use super::{LEFTOVERS, MACHINE_PATHS, SILENCED_LINT, problems};

    fn count(path: &str, text: &str) -> usize {
        problems(path, text.as_bytes()).len()
    }

    #[test]
    fn each_rule_finds_its_fault() {
        let wide = "x".repeat(101);
        for (path, text) in [
            ("src/a.rs", wide.as_str()),
            ("src/a.rs", "\tlet x = 1;"),
            ("src/a.rs", &format!("{}dead_code)]", SILENCED_LINT[0])),
            ("src/utils.rs", ""),
            ("src/common/a.rs", ""),
            ("src/a.rs", &"\n".repeat(501)),
            ("tests/a.rs", &"\n".repeat(1001)),
            ("a.md", "no title"),
            ("a.md", "# One\n# Two"),
            ("a.toml", &format!("# {}", LEFTOVERS[1])),
            ("a.sh", &format!("cd {}x", MACHINE_PATHS[0])),
            ("a.bin", &"x".repeat((1 << 20) + 1)),
        ] {
            let start: String = text.chars().take(40).collect();
            assert_eq!(count(path, text), 1, "{path}: {start:?}");
        }
    }

    #[test]
    fn what_looks_like_a_fault_but_is_not_is_left_alone() {
        let wide = "x".repeat(101);
        for (path, text) in [
            ("src/a.rs", format!("let a = \"{wide}\";")),
            ("src/a.rs", format!("let a = r#\"\n{wide}\n\"#;")),
            ("src/a.rs", format!("/// <https://example.com/{wide}>")),
            ("tests/a.rs", "\n".repeat(501)),
            ("a.json", wide.clone()),
            ("a.md", "# One\n```sh\n# a comment\n```".to_owned()),
            ("a.rs", format!("const METHOD: &str = \"{}S\";", LEFTOVERS[1])),
            ("a.rs", format!("get(\"https://example.com{}\")", MACHINE_PATHS[0])),
        ] {
            assert_eq!(problems(path, text.as_bytes()), [""; 0], "{path}");
        }
    }

    #[test]
    fn the_line_after_a_raw_string_is_measured_again() {
        let text = format!("let a = r#\"\nb\n\"#;\n{}", "x".repeat(101));
        assert_eq!(count("src/a.rs", &text), 1);
    }
}
