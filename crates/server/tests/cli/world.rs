//! A folder for one test, and the program run in it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{sleep, spawn};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// A busy machine must not fail a test.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that is gone when the test ends.
pub(crate) struct Folder(PathBuf);

/// What a finished run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A program that runs. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    /// What it prints: a program that prints on and on ends when nobody reads.
    lines: Receiver<String>,
    /// What it printed when it was ready.
    pub(crate) ready: Value,
}

impl Folder {
    pub(crate) fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("dwar-cli-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// A folder in which there is a project 200 that signs with `secret`.
    pub(crate) fn with_project() -> Result<Self> {
        let folder = Self::new()?;
        let account = ["--paytm-mid", "MID", "--paytm-key", "0123456789abcdef", "--test"];
        let create = ["project", "create", "Tea shop", "--id", "200", "--secret", "secret"];
        let ran = folder.run(&[create.as_slice(), &account].concat())?;
        anyhow::ensure!(ran.code == 0, "{ran:?}");
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Ran> {
        self.run_with("", arguments)
    }

    /// Runs the program to its end, with this on its standard input.
    pub(crate) fn run_with(&self, input: &str, arguments: &[&str]) -> Result<Ran> {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn()?;
        let mut stdin = child.stdin.take().context("a pipe was asked for")?;
        // A command that reads nothing may have ended already.
        let _unread = stdin.write_all(input.as_bytes());
        drop(stdin);
        let Output { status, stdout, stderr } = child.wait_with_output()?;
        Ok(Ran {
            code: status.code().context("ended by a signal")?,
            stdout: String::from_utf8(stdout)?,
            stderr: String::from_utf8(stderr)?,
        })
    }

    /// Starts the program with `--json` and waits for the line that says it is ready.
    pub(crate) fn start(&self, arguments: &[&str]) -> Result<Running> {
        let mut child = self.command(arguments).arg("--json").stdin(Stdio::null()).spawn()?;
        let stdout = child.stdout.take().context("a pipe was asked for")?;
        let mut running = Running { child, lines: lines(stdout), ready: Value::Null };
        running.ready = running.next_line().context("not ready")?;
        Ok(running)
    }

    /// Starts the demonstration in `world`, with ports of its own, whoever has the usual ones.
    pub(crate) fn demo(&self) -> Result<Running> {
        fs::create_dir_all(self.0.join("world"))?;
        let remembered = self.0.join("world/addresses.json");
        if !remembered.exists() {
            let any = "127.0.0.1:0";
            let wanted = json!({"gate": any, "ops": any, "shop": any, "sandbox": any});
            fs::write(remembered, wanted.to_string())?;
        }
        self.start(&["demo", "--data", "world"])
    }

    /// Runs a command on the demonstration's data.
    pub(crate) fn on_demo(&self, arguments: &[&str]) -> Result<Ran> {
        self.run(&[arguments, &["--config", "world/dwar.toml"]].concat())
    }

    /// Runs a command on the demonstration's data until what it prints as JSON is as wanted.
    pub(crate) fn wait_for(
        &self,
        arguments: &[&str],
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let mut last = Value::Null;
        for _ in 0..TRIES {
            last = self.on_demo(&[arguments, &["--json"]].concat())?.json()?;
            if wanted(&last) {
                return Ok(last);
            }
            sleep(PAUSE);
        }
        bail!("waited in vain at {arguments:?}: {last}")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dwar"));
        command.args(arguments).current_dir(&self.0).stdout(Stdio::piped()).stderr(Stdio::piped());
        // The person who runs the tests may have settings of their own.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("DWAR_")) {
                command.env_remove(name);
            }
        }
        command
    }
}

/// The lines that come, so that waiting for one can have an end.
fn lines(from: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    spawn(move || {
        let mut lines = BufReader::new(from).lines().map_while(Result::ok);
        lines.try_for_each(|line| sender.send(line))
    });
    receiver
}

impl Ran {
    /// What it printed, as JSON.
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).with_context(|| format!("not JSON: {self:?}"))
    }

    /// What it printed, line by line, each as JSON.
    pub(crate) fn json_lines(&self) -> Result<Vec<Value>> {
        let lines = self.stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        lines.with_context(|| format!("not JSON: {self:?}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be deleted is in the folder for temporary files.
        let _kept = fs::remove_dir_all(&self.0);
    }
}

impl Running {
    /// An address that it printed when it was ready, with a path behind.
    pub(crate) fn url(&self, face: &str, path: &str) -> Result<String> {
        let base = self.ready.get(face).and_then(Value::as_str);
        Ok(format!("{}{path}", base.with_context(|| format!("no {face} in {}", self.ready))?))
    }

    /// The next line it prints, as JSON.
    pub(crate) fn next_line(&self) -> Result<Value> {
        let line = self.lines.recv_timeout(PATIENCE).context("waited in vain for a line")?;
        serde_json::from_str(&line).with_context(|| format!("not JSON: {line:?}"))
    }

    pub(crate) fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// Sends SIGTERM and waits for the exit code.
    pub(crate) fn stop(mut self) -> Result<i32> {
        Command::new("kill").args(["-TERM", &self.id()]).status()?;
        self.child.wait()?.code().context("ended by a signal")
    }

    /// Sends SIGKILL, as a power cut would.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to kill.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// `GET`: status and body.
pub(crate) fn get(url: &str) -> Result<(u16, String)> {
    let agent = agent();
    let mut answer = agent.get(url).call()?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}

/// `POST` of JSON: status and answer.
pub(crate) fn post(url: &str, body: &str) -> Result<(u16, Value)> {
    let agent = agent();
    let mut answer = agent.post(url).content_type("application/json").send(body)?;
    let text = answer.body_mut().read_to_string()?;
    Ok((answer.status().as_u16(), serde_json::from_str(&text)?))
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// Puts words in the place of what differs from run to run: secrets and moments.
pub(crate) fn masked(text: &str) -> String {
    let mut masked = String::new();
    for line in text.split_inclusive('\n') {
        masked += &mask_moments(&mask_secrets(line));
    }
    masked
}

fn mask_secrets(line: &str) -> String {
    let is_secret =
        |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    line.split_inclusive(|c: char| !c.is_ascii_alphanumeric())
        .map(|part| {
            let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if is_secret(word) { part.replace(word, "[secret]") } else { part.to_owned() }
        })
        .collect()
}

fn mask_moments(line: &str) -> String {
    let shapes = ["0000-00-00 00:00:00 UTC", "0000-00-00T00:00:00+0000"];
    shapes.into_iter().fold(line.to_owned(), |mut line, shape| {
        while let Some(at) = find_shape(&line, shape) {
            line.replace_range(at..at.saturating_add(shape.len()), "[moment]");
        }
        line
    })
}

/// Where a text of this shape begins; a 0 in it stands for any digit.
fn find_shape(line: &str, shape: &str) -> Option<usize> {
    let fits = |(byte, wanted): (&u8, u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        wanted => *byte == wanted,
    };
    let mut places = line.as_bytes().windows(shape.len());
    places.position(|place| place.iter().zip(shape.bytes()).all(fits))
}
