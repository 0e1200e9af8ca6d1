//! The processes of a measurement, each this program once more: what is measured has a process of
//! its own, so that its time and its memory can be told from the generator's. They end when we do.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;

/// A tick of the counters in `/proc/PID/stat`: Linux shows them to programs in hundredths of a
/// second on every machine.
const TICK: Duration = Duration::from_millis(10);

/// A folder that is deleted with all that is in it when the measurement ends.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes a new one within `parent`.
    pub(super) fn within(parent: &Path) -> anyhow::Result<Self> {
        let path = parent.join(format!("dwar-bench-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    /// The path of a file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("dwar: {} is left over: {error}", self.0.display());
        }
    }
}

/// A running process.
pub(super) struct Process {
    child: Child,
    /// Some end when this does.
    _stdin: Option<ChildStdin>,
    /// Open, so that they may write to it.
    _stdout: ChildStdout,
    /// The first line it printed.
    pub(super) said: String,
}

impl Process {
    /// Starts this program with these arguments and variables and waits for its first line. What
    /// it complains of goes to `log`.
    pub(super) async fn start(
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        variables: &[(&str, &str)],
        log: &Path,
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program's file")?;
        let mut child = Command::new(program)
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a process")?;
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().context("a process has no output")?);
        let mut said = String::new();
        stdout.read_line(&mut said).await?;
        if said.is_empty() {
            bail!("a process did not start: {}", fs::read_to_string(log)?.trim());
        }
        Ok(Self { child, _stdin: stdin, _stdout: stdout.into_inner(), said })
    }

    /// Ends it without a warning, as a power cut would, and waits until it is gone.
    pub(super) async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot end a process")
    }

    /// Processor time it has taken, in user and kernel mode.
    pub(super) fn cpu_time(&self) -> anyhow::Result<Duration> {
        let stat = self.proc("stat")?;
        // The second field is the program's name in parentheses and may hold anything.
        let (_, fields) = stat.rsplit_once(") ").context("/proc/PID/stat makes no sense")?;
        let ticks =
            fields.split(' ').skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>();
        Ok(TICK.saturating_mul(ticks?))
    }

    /// The most memory it has had, in kibibytes.
    pub(super) fn memory_peak_kib(&self) -> anyhow::Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kib.context("/proc/PID/status does not tell VmHWM")?.parse()?)
    }

    fn proc(&self, name: &str) -> anyhow::Result<String> {
        let pid = self.child.id().context("a process has ended by itself")?;
        let path = format!("/proc/{pid}/{name}");
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }
}

/// Waits until standard input ends: whoever started us holds its other end, however it dies.
pub(super) async fn parent_gone() {
    let (gone, is_gone) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ended = std::io::stdin().read_to_end(&mut Vec::new());
        drop(gone);
    });
    let _dropped = is_gone.await;
}
