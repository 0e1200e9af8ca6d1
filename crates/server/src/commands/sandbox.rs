//! `dwar sandbox`: the Paytm of `dwar demo`, a process of its own, as the real one is. For other
//! uses there is the program `paytm-sandbox`.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use paytm_sandbox::{Config, Merchant};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::Answer;
use super::demo::ports;
use crate::output;

/// The environment variable of the merchant's key.
pub(super) const KEY: &str = "DWAR_DEMO_PAYTM_KEY";

/// Run the demonstration's Paytm, until standard input ends.
#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    books: PathBuf,
    #[arg(long)]
    notification_url: String,
    #[arg(long)]
    mid: String,
    #[arg(long, env = KEY, hide_env_values = true)]
    key: String,
}

impl Sandbox {
    /// Prints the address, and runs.
    pub(crate) async fn run(self) -> anyhow::Result<Answer> {
        let socket = ports::open(self.listen)?;
        socket.set_nonblocking(true)?;
        output::write_line(&socket.local_addr()?.to_string())?;
        let merchant = Merchant {
            notification_url: Some(self.notification_url),
            ..Merchant::new(&self.mid, &self.key)
        };
        let config =
            Config { database: Some(self.books), merchants: vec![merchant], ..Config::default() };
        paytm_sandbox::serve(TcpListener::from_std(socket)?, config, parent_gone()).await?;
        Ok(Answer::Yes)
    }
}

/// Waits until standard input ends: the demonstration holds its other end, however it dies.
async fn parent_gone() {
    let (gone, is_gone) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ended = std::io::stdin().read_to_end(&mut Vec::new());
        drop(gone);
    });
    let _dropped = is_gone.await;
}
