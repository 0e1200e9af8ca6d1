//! What commands print: one report, either as text for people or as one JSON document for programs.

pub(crate) mod money;
pub(crate) mod progress;
pub(crate) mod table;
pub(crate) mod time;

use std::fmt::Display;
use std::io::{self, Write as _};

use serde::Serialize;

/// What standard output is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text, aligned.
    Text,
    /// One JSON document on one line.
    Json,
}

/// Prints a report. A reader that has gone away (`dwar … | head`) is no error.
pub(crate) fn print<R: Serialize + Display>(report: &R, format: Format) -> io::Result<()> {
    let text = match format {
        Format::Text => report.to_string(),
        Format::Json => serde_json::to_string(report)?,
    };
    write_line(&text)
}

/// Prints text with a line end after it, unless it has one. A reader that has gone away is no
/// error.
pub(crate) fn write_line(text: &str) -> io::Result<()> {
    match stream_line(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Prints one of many lines, like [`write_line`], but that the reader has gone away is an error:
/// then there is no use in going on.
pub(crate) fn stream_line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    write!(stdout, "{text}{end}").and_then(|()| stdout.flush())
}

/// Prints one of many reports.
pub(crate) fn stream<R: Serialize + Display>(report: &R, format: Format) -> io::Result<()> {
    match format {
        Format::Text => stream_line(&report.to_string()),
        Format::Json => stream_line(&serde_json::to_string(report)?),
    }
}
