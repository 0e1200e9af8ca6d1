//! A digest of everything that happened in a world, so that two runs of a seed can be compared;
//! on demand also the story itself, line by line.

use std::fmt::{Arguments, Write as _};

use domain::time::Timestamp;

/// Whether the story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trace {
    /// Only the digest is kept.
    #[default]
    Silent,
    /// Every line goes to standard error.
    Told,
}

/// FNV-1a, 64 bits, over the lines of the story.
#[derive(Debug)]
pub(crate) struct Fingerprint {
    digest: u64,
    line: String,
    trace: Trace,
    start: Timestamp,
}

impl Fingerprint {
    pub(crate) const fn new(trace: Trace, start: Timestamp) -> Self {
        Self { digest: 0xcbf2_9ce4_8422_2325, line: String::new(), trace, start }
    }

    /// Adds a line.
    pub(crate) fn note(&mut self, now: Timestamp, what: Arguments<'_>) {
        self.line.clear();
        // Writing to a String can't fail.
        let _ = writeln!(self.line, "{} {what}", now.since(self.start).0);
        self.digest = fnv(self.digest, self.line.as_bytes());
        if self.trace == Trace::Told {
            eprint!("{}", self.line);
        }
    }

    pub(crate) const fn digest(&self) -> u64 {
        self.digest
    }
}

/// Adds bytes to an FNV-1a digest.
pub(crate) fn fnv(digest: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(digest, |digest, byte| (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
