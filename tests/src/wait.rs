//! Waiting for a condition. A test never sleeps for luck: it says what it waits for, and fails
//! with that sentence when the deadline passes.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// How long a test waits for something that should be quick. Generous, because a busy machine
/// must not fail a test; a test that passes never waits this long.
pub const DEADLINE: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(10);

/// Asks until there is an answer, for at most [`DEADLINE`].
///
/// # Errors
/// When the deadline passes; the message names `what` was awaited.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> Result<T> {
    let started = now();
    loop {
        if let Some(answer) = ask() {
            return Ok(answer);
        }
        if started.elapsed() > DEADLINE {
            bail!("waited {} s in vain for {what}", DEADLINE.as_secs());
        }
        std::thread::sleep(PAUSE);
    }
}

#[expect(clippy::disallowed_methods, reason = "a deadline for real processes needs the real time")]
fn now() -> Instant {
    Instant::now()
}
