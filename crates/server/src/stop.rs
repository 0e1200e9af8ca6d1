//! Being asked to stop, by a signal or because a part of the program failed: every part waits for
//! it, and ends its work in its own way.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The exit code of a program that a signal ended before it was ready to.
const CUT_SHORT: i32 = 130;

/// Asks for the stop, and waits for it. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    asked: Arc<watch::Sender<bool>>,
}

impl Stop {
    /// A stop that nobody has asked for yet.
    pub(crate) fn new() -> Self {
        Self { asked: Arc::new(watch::Sender::new(false)) }
    }

    /// A stop that SIGTERM and SIGINT ask for. The second of them ends the process at once.
    pub(crate) fn on_signals() -> io::Result<Self> {
        let stop = Self::new();
        let terminated = signal(SignalKind::terminate())?;
        let interrupted = signal(SignalKind::interrupt())?;
        tokio::spawn(obey(stop.clone(), terminated, interrupted));
        Ok(stop)
    }

    /// Asks for it.
    pub(crate) fn ask(&self) {
        self.asked.send_replace(true);
    }

    /// Waits until it is asked for.
    pub(crate) fn asked(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut asked = self.asked.subscribe();
        async move {
            // The sender can't be gone: the signals' task holds it, or nobody can ask any more.
            let _asked = asked.wait_for(|asked| *asked).await;
        }
    }
}

async fn obey(stop: Stop, mut terminated: Signal, mut interrupted: Signal) {
    for again in [false, true] {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
        if again {
            tracing::warn!("stopped before the work under way had ended");
            std::process::exit(CUT_SHORT);
        }
        stop.ask();
    }
}
