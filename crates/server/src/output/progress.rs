//! A line of progress on standard error, written over again and again, where somebody watches.

use std::io::{self, IsTerminal as _, Write as _};

/// The line. It is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    watched: bool,
}

impl Progress {
    /// A line, empty as yet.
    pub(crate) fn new() -> Self {
        Self { watched: io::stderr().is_terminal() }
    }

    /// Writes over the line. It is only for the eye, so that a failure is passed over.
    pub(crate) fn show(&self, text: &str) {
        if self.watched {
            let mut stderr = io::stderr().lock();
            let _unseen = write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}
