//! The clock in test mode: it can be moved forward, so that what happens after days can be seen
//! within seconds. How far it is ahead is kept beside the database, so that a restart does not go
//! back in time and the other commands see the same time as the server.

pub(crate) mod admin;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::{fs, io};

use anyhow::Context as _;
use app::ports::Clock;
use domain::time::{Millis, Timestamp};

use crate::clock::SystemClock;

/// The time of day, plus what it was moved by.
#[derive(Debug)]
pub(crate) struct TestClock {
    /// Milliseconds.
    ahead: AtomicI64,
    /// Keeps them, as a decimal number.
    file: PathBuf,
}

impl TestClock {
    /// The clock of a database, as far ahead as it was moved. Without a file it was not moved.
    pub(crate) fn of(database: &Path) -> anyhow::Result<Self> {
        let file = database.with_added_extension("clock");
        let ahead = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            text => {
                let text = text.with_context(|| format!("cannot read {}", file.display()))?;
                let wrong = || format!("{} holds no number of milliseconds", file.display());
                text.trim().parse().with_context(wrong)?
            }
        };
        Ok(Self { ahead: AtomicI64::new(ahead), file })
    }

    /// How far it is ahead of the time of day.
    pub(crate) fn ahead(&self) -> Millis {
        Millis(self.ahead.load(Ordering::Relaxed))
    }

    /// The file that keeps how far it is ahead.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Moves it forward. Two moves must not be made at the same time.
    fn advance(&self, by: Millis) -> io::Result<()> {
        let ahead = self.ahead().0.saturating_add(by.0);
        fs::write(&self.file, ahead.to_string())?;
        self.ahead.store(ahead, Ordering::Relaxed);
        Ok(())
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(self.ahead())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_clock_stays_moved_and_a_broken_one_is_refused() -> anyhow::Result<()> {
        let folder = std::env::temp_dir().join(format!("dwar-clock-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let database = folder.join("dwar.db");
        let clock = TestClock::of(&database)?;
        assert_eq!((clock.ahead(), clock.file().exists()), (Millis(0), false));
        let before = clock.now();
        clock.advance(Millis::hours(24))?;
        clock.advance(Millis::hours(24))?;
        assert!(clock.now().since(before) >= Millis::hours(48));
        assert_eq!(TestClock::of(&database)?.ahead(), Millis::hours(48));
        fs::write(clock.file(), "tomorrow")?;
        assert!(TestClock::of(&database).is_err());
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}
