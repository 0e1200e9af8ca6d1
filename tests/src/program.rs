//! A program of the workspace, running as a process of its own: started, waited for, asked to
//! stop, or killed as a power cut would.

use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::{http, wait};

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Program {
    /// Starts `name`, a binary of this workspace, with these arguments and environment variables
    /// added to the test's own.
    ///
    /// # Errors
    /// When the binary has not been built or cannot be started.
    pub fn start(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        let mut child = Command::new(binary(name)?)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {name}"))?;
        let lines = Arc::default();
        let stdout = child.stdout.take().context("a pipe was asked for")?;
        let stderr = child.stderr.take().context("a pipe was asked for")?;
        let readers =
            vec![collect(stdout, Arc::clone(&lines)), collect(stderr, Arc::clone(&lines))];
        Ok(Self { child, lines, readers })
    }

    /// Everything the program has written so far, both streams, line by line.
    pub fn output(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a line that contains `text`, and returns it.
    ///
    /// # Errors
    /// When the program ends first or the deadline passes; the message shows what it wrote.
    pub fn wait_for_line(&mut self, text: &str) -> Result<String> {
        let what = format!("a line with {text:?}");
        self.wait(&what, |program| program.output().into_iter().find(|line| line.contains(text)))
    }

    /// Waits until `GET url` is answered with 200.
    ///
    /// # Errors
    /// As [`Program::wait_for_line`].
    pub fn wait_for_ok(&mut self, url: &str) -> Result<()> {
        let is_ok = || http::get(url).is_ok_and(|answer| answer.status == 200);
        self.wait(url, |_| is_ok().then_some(()))
    }

    fn wait<T>(&mut self, what: &str, ask: impl Fn(&Self) -> Option<T>) -> Result<T> {
        let answer = wait::until(what, || match ask(self) {
            Some(answer) => Some(Ok(answer)),
            None => self.child.try_wait().ok().flatten().map(Err),
        });
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => {
                // What it wrote at the very end may still be on its way.
                for reader in self.readers.drain(..) {
                    let _ = reader.join();
                }
                ask(self).with_context(|| {
                    format!("ended ({status}) before {what}:\n{}", self.transcript())
                })
            }
            Err(error) => Err(error.context(self.transcript())),
        }
    }

    /// Asks the program to stop (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// When it does not stop before the deadline.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().context("send SIGTERM")?;
        wait::until("the program to stop", || self.child.try_wait().ok().flatten())
            .with_context(|| self.transcript())
    }

    /// Kills the program at once (SIGKILL): it can save nothing.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn transcript(&self) -> String {
        self.output().join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to kill.
        let _ = self.kill();
        if std::thread::panicking() {
            eprintln!("{}", self.transcript());
        }
    }
}

/// Runs a binary of this workspace to its end.
///
/// # Errors
/// When it has not been built or can't be started.
pub fn run(name: &str, arguments: &[&str]) -> Result<Output> {
    Command::new(binary(name)?)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("run {name}"))
}

/// A port of this machine that was free a moment ago. Prefer to let a program choose (port 0) and
/// read its choice with [`Program::wait_for_line`]; this is for addresses others must know first.
///
/// # Errors
/// When the machine has none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Where Cargo puts the binaries of this workspace: a test runs in `target/<profile>/deps`, one
/// folder below. (`CARGO_BIN_EXE_…` names only binaries of the test's own package.)
fn binary(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let profile = test.parent().and_then(|deps| deps.parent()).context("no target directory")?;
    let binary = profile.join(name);
    if !binary.is_file() {
        bail!("{name} is not built: run `cargo build --workspace --all-targets` first");
    }
    Ok(binary)
}

fn collect(stream: impl Read + Send + 'static, lines: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    })
}
