//! Merchants' callback endpoints, as good and as bad as they are in the world.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::connection::Message;

const ACKNOWLEDGED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Between two bytes of an answer that drips.
const DRIP: Duration = Duration::from_secs(1);

/// What becomes of the bodies that arrive.
pub(super) type Take = Rc<dyn Fn(&[u8])>;

/// How an endpoint treats those who come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Acknowledges at once.
    Prompt,
    /// Takes the request and never answers.
    Hanging,
    /// Has gone: its connections are closed, and new ones refused.
    Refusing,
    /// Answers, a byte a second.
    Dripping,
}

/// An endpoint, open until it is dropped.
pub(super) struct Receiver {
    /// Where it listens.
    pub(super) address: SocketAddr,
    manner: Rc<Cell<Manner>>,
    accepting: JoinSet<()>,
}

impl Receiver {
    /// Opens an endpoint that acknowledges, and gives every body to `take`.
    pub(super) async fn open(take: Take) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let manner = Rc::new(Cell::new(Manner::Prompt));
        let mut accepting = JoinSet::new();
        accepting.spawn_local(accept(listener, Rc::clone(&manner), take));
        Ok(Self { address, manner, accepting })
    }

    /// Changes its manner, for the requests to come. One that refuses stays gone.
    pub(super) fn behave(&mut self, manner: Manner) {
        self.manner.set(manner);
        if manner == Manner::Refusing {
            self.accepting.abort_all();
        }
    }
}

async fn accept(listener: TcpListener, manner: Rc<Cell<Manner>>, take: Take) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (manner, take) = (Rc::clone(&manner), Rc::clone(&take));
        connections.spawn_local(async move {
            // Whoever delivers sees that the connection broke, and that is all there is to it.
            let _ended = serve(stream, &manner, &*take).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(
    mut stream: TcpStream,
    manner: &Cell<Manner>,
    take: &dyn Fn(&[u8]),
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(4096);
    loop {
        let Some(message) = Message::find(&received) else {
            if stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
            continue;
        };
        match manner.get() {
            Manner::Prompt => {
                take(received.get(message.body..message.end).unwrap_or_default());
                received.drain(..message.end);
                stream.write_all(ACKNOWLEDGED).await?;
            }
            Manner::Hanging => std::future::pending().await,
            Manner::Refusing => return Ok(()),
            Manner::Dripping => {
                for byte in ACKNOWLEDGED {
                    stream.write_all(&[*byte]).await?;
                    sleep(DRIP).await;
                }
                return Ok(());
            }
        }
    }
}
