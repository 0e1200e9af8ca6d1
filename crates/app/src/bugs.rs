//! Deliberate bugs, each of a kind that has cost somebody money. The simulation plants one in a
//! platform and must find it; a program is built without this module.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use domain::code::Code;
use domain::command::Command;
use domain::decide::decide;
use domain::decision::{Decision, JobKind};
use domain::id::{OperationId, PaymentKey, ProviderReference};
use domain::payment::{Payment, Sale, SaleState};
use domain::provider::{Receipt, SaleAnswer, Unclear};
use domain::time::{Millis, Timestamp};
use paytm::notification::Notification;
use store::callbacks::Callback;
use store::jobs::{self, JobKey, Work};
use store::{Tx, payments};
use thiserror::Error;

use crate::platform::{Fault, Platform};
use crate::project::Project;
use crate::transact::{Committed, Refused, queue_callbacks, store_decision};

/// A deliberate bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The provider's id is made anew when an order is opened again.
    NewReference,
    /// A refund's sum is checked on a payment that was read before the transaction.
    StaleRefund,
    /// A time-out is read as a decline.
    TimeoutDeclines,
    /// Callbacks are queued after the transaction.
    CallbackApart,
    /// A job is removed when it is taken, not when it is done.
    JobTaken,
    /// A callback is made anew when it is sent again.
    CallbackRewritten,
    /// A notification of the provider is believed.
    NoticeBelieved,
    /// Nobody asks after a payment once it is declined.
    LateSuccessLost,
    /// Nobody asks after an attempt once another one has begun.
    EarlierForgotten,
    /// An answer counts for the attempt that is the newest when it comes.
    AnswerMisplaced,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 10] = [
        Self::NewReference,
        Self::StaleRefund,
        Self::TimeoutDeclines,
        Self::CallbackApart,
        Self::JobTaken,
        Self::CallbackRewritten,
        Self::NoticeBelieved,
        Self::LateSuccessLost,
        Self::EarlierForgotten,
        Self::AnswerMisplaced,
    ];
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A name that no bug has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the bugs are {:?}", Bug::ALL)]
pub struct UnknownBug;

impl FromStr for Bug {
    type Err = UnknownBug;

    fn from_str(name: &str) -> Result<Self, UnknownBug> {
        Self::ALL.into_iter().find(|bug| bug.to_string() == name).ok_or(UnknownBug)
    }
}

impl Platform {
    /// Plants a bug, for the whole life of this platform.
    pub fn plant(&self, bug: Bug) {
        // A platform has at most one, and keeps the first.
        let _ = self.planted().set(bug);
    }

    fn has(&self, bug: Bug) -> bool {
        self.planted().get() == Some(&bug)
    }

    pub(crate) fn new_reference(&self, mut payment: Payment) -> Payment {
        let is_retry = self.now().since(payment.sale.created) >= Millis::seconds(1);
        if self.has(Bug::NewReference) && is_retry {
            let mut random = [0; ProviderReference::ENTROPY_BYTES];
            self.entropy().fill(&mut random);
            payment.sale.reference = ProviderReference::new(&payment.key, random);
        }
        payment
    }

    pub(crate) async fn stale_refund(
        &self,
        project: &Arc<Project>,
        key: &PaymentKey,
        command: &Command,
    ) -> Result<Option<Committed>, Refused> {
        if !self.has(Bug::StaleRefund) || !matches!(command, Command::AcceptRefund(_)) {
            return Ok(None);
        }
        let stale = self.payment(key.clone()).await?;
        let (project, key, now) = (Arc::clone(project), key.clone(), self.now());
        let decision = decide(stale, command.clone(), now).map_err(Refused::Rules)?;
        let write = move |tx: &mut dyn Tx| -> Result<Committed, Refused> {
            let before = payments::load(tx, &key)?;
            store_decision(tx, &project, before.as_ref(), decision, now)
        };
        self.store().write(write).await.map(Some)
    }

    pub(crate) fn timeout_declines(&self, answer: SaleAnswer) -> SaleAnswer {
        if self.has(Bug::TimeoutDeclines) && answer == SaleAnswer::Unknown(Unclear::NoAnswer) {
            return SaleAnswer::Failed { code: Code::ProviderTimeout, transaction_id: None };
        }
        answer
    }

    /// A project that has nowhere to send callbacks, so that the transaction queues none.
    pub(crate) fn callback_apart(&self, project: &Arc<Project>) -> Arc<Project> {
        let mut apart = Arc::clone(project);
        if self.has(Bug::CallbackApart) {
            Arc::make_mut(&mut apart).settings.callback_url = None;
        }
        apart
    }

    /// What [`callback_apart`](Self::callback_apart) kept out of the transaction.
    pub(crate) async fn queue_apart(
        &self,
        project: &Arc<Project>,
        decision: &Decision,
    ) -> Result<(), Fault> {
        if !self.has(Bug::CallbackApart) {
            return Ok(());
        }
        let (project, decision, now) = (Arc::clone(project), decision.clone(), self.now());
        let key = decision.payment.key.clone();
        let job = JobKey { payment: key.clone(), work: Work::DeliverCallback };
        let write = move |tx: &mut dyn Tx| -> Result<Option<Timestamp>, Refused> {
            let due = queue_callbacks(tx, &project, &decision, now)?;
            if let Some(due) = due {
                jobs::schedule(tx, &key, Work::DeliverCallback, due)?;
            }
            Ok(due)
        };
        match self.store().write(write).await {
            Ok(Some(due)) => self.scheduler().plan(job, due),
            Ok(None) | Err(Refused::Rules(_)) => {}
            Err(Refused::Fault(fault)) => return Err(fault),
        }
        Ok(())
    }

    pub(crate) async fn job_taken(&self, job: &JobKey) {
        let is_call = matches!(job.work, Work::Rule(JobKind::InitiateSale(_) | JobKind::Refund(_)));
        if self.has(Bug::JobTaken) && is_call {
            let (key, work) = (job.payment.clone(), job.work);
            let taken = self.store().write(move |tx| jobs::cancel(tx, &key, work)).await;
            drop(taken);
        }
    }

    pub(crate) fn callback_rewritten(&self, mut callback: Callback) -> Callback {
        if self.has(Bug::CallbackRewritten) && callback.attempts > 0 {
            callback.body.push('\n');
        }
        callback
    }

    pub(crate) async fn notice_believed(
        &self,
        notice: &Notification,
        payment: &Payment,
    ) -> Result<(), Fault> {
        let says_paid = notice.claim.as_deref() == Some("TXN_SUCCESS");
        if !self.has(Bug::NoticeBelieved) || !says_paid || notice.refund.is_some() {
            return Ok(());
        }
        let receipt = Receipt {
            transaction_id: "as-notified".to_owned(),
            date: None,
            mode: None,
            bank_reference: None,
        };
        let key = payment.key.clone();
        let Some(project) = self.project(key.project()).await? else { return Ok(()) };
        let give_back = self.new_operation(&key).await?;
        let answer = SaleAnswer::Paid(receipt);
        let sale = payment.sale.id;
        let command = Command::SaleAnswered { sale, answer, last: false, give_back };
        match self.transact(&project, key, command).await {
            Ok(_) | Err(Refused::Rules(_)) => Ok(()),
            Err(Refused::Fault(fault)) => Err(fault),
        }
    }

    /// Whether the question is not asked.
    pub(crate) fn is_unasked(&self, payment: &Payment, attempt: &Sale) -> bool {
        let is_declined = matches!(attempt.state, SaleState::Declined { .. });
        (self.has(Bug::LateSuccessLost) && is_declined)
            || (self.has(Bug::EarlierForgotten) && attempt.id != payment.sale.id)
    }

    /// The attempt that an answer counts for, to a question about the newest of `asked`.
    pub(crate) async fn answer_misplaced(
        &self,
        asked: &Payment,
        sale: OperationId,
    ) -> Result<OperationId, Fault> {
        if !self.has(Bug::AnswerMisplaced) || asked.sale.id != sale {
            return Ok(sale);
        }
        let payment = self.payment(asked.key.clone()).await?;
        Ok(payment.map_or(sale, |payment| payment.sale.id))
    }
}
