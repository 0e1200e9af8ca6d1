//! The merchant and the customers of whole payments: redirect callbacks make the customer pay at
//! the sandbox, result callbacks complete the payment.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::Instant;
use wire::callback::Callback;

use super::connection::{Connection, post};
use super::load::Load;
use super::request::number_of;

const PAY_PATH: &str = "/theia/api/v1/processTransaction";

/// Connections that customers pay over.
const PAYERS: usize = 32;

/// One callback in so many is verified; merchants do that on machines of their own.
const VERIFY_EVERY: u64 = 100;

/// When a payment is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// The merchant has been told where to send the customer, who stays away.
    Redirected,
    /// The customer has paid and the merchant has been told so.
    Paid,
}

/// The payments under way.
pub(super) struct Customers {
    goal: Goal,
    secret: String,
    under_way: RefCell<HashMap<u64, (Rc<Load>, Instant)>>,
    to_pay: UnboundedSender<Vec<u8>>,
    callbacks: Cell<u64>,
    fault: RefCell<Option<anyhow::Error>>,
}

/// What of a callback is looked at.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    payment: ToldPayment<'a>,
    #[serde(borrow)]
    redirect_data: Option<ToldRedirect<'a>>,
}

#[derive(Deserialize)]
struct ToldPayment<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
}

#[derive(Deserialize)]
struct ToldRedirect<'a> {
    #[serde(borrow)]
    body: Form<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form<'a> {
    mid: Cow<'a, str>,
    order_id: Cow<'a, str>,
    txn_token: Cow<'a, str>,
}

impl Customers {
    /// Customers who pay at the sandbox at `address`, on the tasks that are returned with them.
    pub(super) fn new(goal: Goal, secret: &str, address: SocketAddr) -> (Rc<Self>, JoinSet<()>) {
        let (to_pay, orders) = unbounded_channel();
        let customers = Rc::new(Self {
            goal,
            secret: secret.to_owned(),
            under_way: RefCell::default(),
            to_pay,
            callbacks: Cell::new(0),
            fault: RefCell::default(),
        });
        let orders = Rc::new(Mutex::new(orders));
        let mut payers = JoinSet::new();
        for _ in 0..PAYERS {
            let (customers, orders) = (Rc::clone(&customers), Rc::clone(&orders));
            payers.spawn_local(async move {
                if let Err(error) = pay(address, &orders).await {
                    customers.blame(error.into());
                }
            });
        }
        (customers, payers)
    }

    /// A payment is about to be asked for.
    pub(super) fn expect(&self, number: u64, load: &Rc<Load>, due: Instant) {
        self.under_way.borrow_mut().insert(number, (Rc::clone(load), due));
    }

    /// A payment was not accepted.
    pub(super) fn forget(&self, number: u64) {
        self.under_way.borrow_mut().remove(&number);
    }

    /// A callback arrived.
    pub(super) fn told(&self, body: &[u8]) {
        if let Err(error) = self.take(body) {
            self.blame(error);
        }
    }

    /// The first thing that went wrong, if anything did.
    pub(super) fn fault(&self) -> Option<anyhow::Error> {
        self.fault.take()
    }

    fn blame(&self, error: anyhow::Error) {
        self.fault.borrow_mut().get_or_insert(error);
    }

    fn take(&self, body: &[u8]) -> anyhow::Result<()> {
        let seen = self.callbacks.get();
        self.callbacks.set(seen.saturating_add(1));
        if seen.is_multiple_of(VERIFY_EVERY) {
            Callback::verify_and_parse(body, &[&self.secret])?;
        }
        let told: Told<'_> = serde_json::from_slice(body).context("a callback")?;
        let number = number_of(&told.payment.id).context("a callback of a strange payment")?;
        match (told.redirect_data, self.goal) {
            (Some(_), Goal::Redirected) => self.complete(number),
            (Some(redirect), Goal::Paid) => self.to_pay.send(payment_of(&redirect.body)?)?,
            (None, _) => {
                let status = &told.payment.status;
                ensure!(status == "success", "a payment ended with the status {status}");
                self.complete(number);
            }
        }
        Ok(())
    }

    /// A callback may come twice; the first counts.
    fn complete(&self, number: u64) {
        if let Some((load, due)) = self.under_way.borrow_mut().remove(&number) {
            load.completed(due);
        }
    }
}

fn payment_of(form: &Form<'_>) -> serde_json::Result<Vec<u8>> {
    let Form { mid, order_id, txn_token } = form;
    let body = serde_json::json!({
        "head": { "txnToken": txn_token },
        "body": { "mid": mid, "orderId": order_id, "paymentMode": "BALANCE" },
    });
    Ok(post(PAY_PATH, &serde_json::to_string(&body)?))
}

/// Pays one order after another.
async fn pay(address: SocketAddr, orders: &Mutex<UnboundedReceiver<Vec<u8>>>) -> io::Result<()> {
    let mut connection = Connection::open(address).await?;
    loop {
        let order = orders.lock().await.recv().await;
        let Some(order) = order else { return Ok(()) };
        connection.exchange(&order).await?;
    }
}
