//! The demonstration's Paytm: this program once more, as a process with books of its own, because
//! the real one doesn't die with us either.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use crate::commands::sandbox::KEY;

/// The merchant account that the demonstration's project has.
pub(super) const MID: &str = "DEMOMI00000000000001";
/// Its key. It protects nothing but play money.
pub(super) const MERCHANT_KEY: &str = "DemoKey_DemoKey_";

/// A running sandbox.
pub(super) struct Sandbox {
    child: Child,
    /// Open for as long as the sandbox is to run; the system closes it if we are killed.
    stdin: Option<ChildStdin>,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Sandbox {
    /// Starts it and waits until it listens, at `wanted` if that is free.
    pub(super) async fn start(
        wanted: SocketAddr,
        folder: &Path,
        notification_url: &str,
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program's file")?;
        let mut child = Command::new(program)
            .args(["sandbox", "serve", "--mid", MID, "--listen", &wanted.to_string()])
            .args(["--notification-url", notification_url])
            .arg("--books")
            .arg(folder.join(super::SANDBOX_DATABASE))
            .env(KEY, MERCHANT_KEY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Out of the terminal's group, so that Ctrl-C lets us end first and it after us.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the sandbox")?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("the sandbox has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await.context("cannot read the sandbox")?;
        let Ok(address) = line.trim().parse() else { bail!("the sandbox did not start") };
        Ok(Self { child, stdin, address })
    }

    /// Waits until it ends by itself, which it should not.
    pub(super) async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        self.child.wait().await.context("cannot watch the sandbox")
    }

    /// Lets it end.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stdin.take());
        self.ended().await?;
        Ok(())
    }
}
