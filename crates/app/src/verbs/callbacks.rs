//! Looking at callbacks, sending them again, and going on with endpoints that were cut off.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{PaymentKey, ProjectId};
use domain::time::Timestamp;
use store::callbacks::{self, Callback, CallbackKey, CallbackState, Filter};
use store::endpoints::{self, EndpointRow};
use store::jobs::{self, JobKey, Work};
use store::{StoreError, Tx};

use crate::platform::{Fault, Platform};

/// Callbacks taken up at one time by a replay.
const PAGE: i64 = 256;

/// What became of the wish to send a callback again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resent {
    /// It waits for delivery.
    Waits(Box<Callback>),
    /// The payment has no such callback.
    Missing,
    /// A newer state made it pointless: sending it would mislead the merchant.
    Superseded(Box<Callback>),
}

/// Which callbacks are sent again.
#[derive(Debug, Clone, Copy)]
pub struct Replay {
    /// Made at or after this.
    pub since: Timestamp,
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// Those that were acknowledged, too.
    pub all: bool,
}

impl Platform {
    /// The newest callbacks, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn callbacks(&self, filter: Filter, limit: i64) -> Result<Vec<Callback>, Fault> {
        let list = move |tx: &mut dyn Tx| callbacks::newest(tx, filter, limit);
        self.store().read(list).await.map_err(Fault::Store)
    }

    /// Sends a callback again: the one with this place among the payment's, or the newest. Its id
    /// and its bytes stay the same, its schedule begins anew.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn resend_callback(
        &self,
        key: PaymentKey,
        seq: Option<i64>,
    ) -> Result<Resent, Fault> {
        let (payment, now) = (key.clone(), self.now());
        let wait_again = move |tx: &mut dyn Tx| -> Result<Resent, StoreError> {
            let mut all = callbacks::of_payment(tx, &payment)?;
            let wanted = match seq {
                Some(seq) => all.iter().position(|callback| callback.seq == seq),
                None => all
                    .iter()
                    .rposition(|callback| callback.state != CallbackState::Superseded)
                    .or(all.len().checked_sub(1)),
            };
            let Some(wanted) = wanted else { return Ok(Resent::Missing) };
            let callback = Box::new(all.swap_remove(wanted));
            if !callbacks::resend(tx, &payment, callback.seq)? {
                return Ok(Resent::Superseded(callback));
            }
            jobs::schedule(tx, &payment, Work::DeliverCallback, now)?;
            Ok(Resent::Waits(callback))
        };
        let resent = self.store().write(wait_again).await.map_err(Fault::Store)?;
        if let Resent::Waits(_) = resent {
            self.deliver_at(key, now);
        }
        Ok(resent)
    }

    /// Sends callbacks again that were not acknowledged, or with `all` these too, and returns how
    /// many. `progress` is told how many so far.
    ///
    /// # Errors
    /// [`Fault`] when the store fails. What was told to `progress` is sent again all the same.
    pub async fn replay_callbacks(
        &self,
        replay: Replay,
        progress: impl Fn(u64) + Send,
    ) -> Result<u64, Fault> {
        let mut after: Option<CallbackKey> = None;
        let mut count: u64 = 0;
        loop {
            let from = after.take();
            let next_page = move |tx: &mut dyn Tx| {
                callbacks::page_to_replay(tx, replay.since, from.as_ref(), replay.all, PAGE)
            };
            let page = self.store().read(next_page).await.map_err(Fault::Store)?;
            let Some(last) = page.last() else { return Ok(count) };
            after = Some(last.clone());
            let mut payments: BTreeMap<PaymentKey, BTreeSet<i64>> = BTreeMap::new();
            for key in page {
                if replay.project.is_none_or(|project| project == key.payment.project()) {
                    payments.entry(key.payment).or_default().insert(key.seq);
                }
            }
            for (payment, seqs) in payments {
                count = count.saturating_add(self.replay_payment(payment, seqs).await?);
            }
            progress(count);
        }
    }

    /// Sends these callbacks of one payment again. One payment is one transaction, because it is
    /// in one lane.
    async fn replay_payment(&self, key: PaymentKey, seqs: BTreeSet<i64>) -> Result<u64, Fault> {
        let (payment, now) = (key.clone(), self.now());
        let wait_again = move |tx: &mut dyn Tx| -> Result<u64, StoreError> {
            let mut resent = 0;
            for seq in seqs {
                resent += u64::from(callbacks::resend(tx, &payment, seq)?);
            }
            jobs::schedule(tx, &payment, Work::DeliverCallback, now)?;
            Ok(resent)
        };
        let resent = self.store().write(wait_again).await.map_err(Fault::Store)?;
        self.deliver_at(key, now);
        Ok(resent)
    }

    fn deliver_at(&self, payment: PaymentKey, due: Timestamp) {
        self.scheduler().plan(JobKey { payment, work: Work::DeliverCallback }, due);
        self.announce_work();
    }

    /// The callback endpoints that are cut off or paused.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn cut_off_endpoints(&self) -> Result<Vec<EndpointRow>, Fault> {
        self.store().read(|tx| endpoints::list(tx)).await.map_err(Fault::Store)
    }

    /// Asks the server to go on with an endpoint: scheme, host and port. Returns whether it is cut
    /// off at all.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn resume_endpoint(&self, url: String) -> Result<bool, Fault> {
        let now = self.now();
        let resume = move |tx: &mut dyn Tx| endpoints::resume(tx, &url, now);
        self.store().write(resume).await.map_err(Fault::Store)
    }
}
