//! The one write: load a payment, decide, and store the changed payment with its events, jobs,
//! callbacks and journal in one transaction. Whoever changes a payment comes through here.

use std::sync::Arc;

use domain::command::Command;
use domain::decide::decide;
use domain::decision::{CallbackKind, Decision, JobChange, Rejection};
use domain::id::PaymentKey;
use domain::payment::Payment;
use domain::time::Timestamp;
use store::callbacks::{self, Topic};
use store::jobs::{self, JobKey, Work};
use store::{StoreError, Tx, journal, payments};

use crate::message;
use crate::platform::{Fault, Platform};
use crate::project::Project;

/// Why a command did not take effect.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The rules refused it.
    Rules(Rejection),
    /// A fault of ours; the command may be sent again.
    Fault(Fault),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Fault(Fault::Store(error))
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(Fault::Encode(error))
    }
}

/// A committed change.
pub(crate) struct Committed {
    decision: Decision,
    plan: Vec<(Work, Option<Timestamp>)>,
}

impl Platform {
    /// Carries out a command on a payment and returns what was decided.
    pub(crate) async fn transact(
        &self,
        project: &Arc<Project>,
        key: PaymentKey,
        command: Command,
    ) -> Result<Decision, Refused> {
        #[cfg(feature = "bugs")]
        if let Some(committed) = self.stale_refund(project, &key, &command).await? {
            return Ok(self.committed(&key, committed));
        }
        #[cfg(feature = "bugs")]
        let (whole, project) = (project, &self.callback_apart(project));
        let (project, now) = (Arc::clone(project), self.now());
        let payment = key.clone();
        let committed =
            self.store().write(move |tx| change(tx, &project, &payment, command, now)).await?;
        #[cfg(feature = "bugs")]
        self.queue_apart(whole, &committed.decision).await?;
        Ok(self.committed(&key, committed))
    }

    /// Carries out the command that the job `work` came to. Unless the decision plans it anew the
    /// job is over, also when the rules refuse the command because it has become pointless.
    pub(crate) async fn transact_job(
        &self,
        project: &Arc<Project>,
        key: PaymentKey,
        work: Work,
        command: Command,
    ) -> Result<Option<Decision>, Fault> {
        #[cfg(feature = "bugs")]
        let (whole, project) = (project, &self.callback_apart(project));
        let (project, now) = (Arc::clone(project), self.now());
        let payment = key.clone();
        let committed =
            self.store().write(move |tx| match change(tx, &project, &payment, command, now) {
                Ok(mut committed) => {
                    if !committed.plan.iter().any(|(planned, _)| *planned == work) {
                        jobs::cancel(tx, &payment, work)?;
                        committed.plan.push((work, None));
                    }
                    Ok(Some(committed))
                }
                Err(Refused::Rules(_)) => {
                    jobs::cancel(tx, &payment, work)?;
                    Ok(None)
                }
                Err(Refused::Fault(fault)) => Err(JobFault(fault)),
            });
        let committed = committed.await.map_err(|JobFault(fault)| fault)?;
        if committed.is_none() {
            self.scheduler().cancel(&JobKey { payment: key.clone(), work });
        }
        #[cfg(feature = "bugs")]
        if let Some(committed) = &committed {
            self.queue_apart(whole, &committed.decision).await?;
        }
        Ok(committed.map(|committed| self.committed(&key, committed)))
    }

    /// Forgets a job that has become pointless.
    pub(crate) async fn drop_job(&self, key: &PaymentKey, work: Work) -> Result<(), Fault> {
        let payment = key.clone();
        self.store()
            .write(move |tx| jobs::cancel(tx, &payment, work))
            .await
            .map_err(Fault::Store)?;
        self.scheduler().cancel(&JobKey { payment: key.clone(), work });
        Ok(())
    }

    fn committed(&self, key: &PaymentKey, committed: Committed) -> Decision {
        let Committed { decision, plan } = committed;
        self.metrics().decided(&decision);
        for event in decision.events.iter().filter(|event| event.is_alarm()) {
            tracing::error!(payment = %key, ?event, "a person has to look at this payment");
        }
        {
            let mut scheduler = self.scheduler();
            for (work, due) in plan {
                let job = JobKey { payment: key.clone(), work };
                match due {
                    Some(due) => scheduler.plan(job, due),
                    None => scheduler.cancel(&job),
                }
            }
        }
        self.announce_work();
        decision
    }
}

struct JobFault(Fault);

impl From<StoreError> for JobFault {
    fn from(error: StoreError) -> Self {
        Self(Fault::Store(error))
    }
}

fn change(
    tx: &mut dyn Tx,
    project: &Project,
    key: &PaymentKey,
    command: Command,
    now: Timestamp,
) -> Result<Committed, Refused> {
    let before = payments::load(tx, key)?;
    let decision = decide(before.clone(), command, now).map_err(Refused::Rules)?;
    store_decision(tx, project, before.as_ref(), decision, now)
}

/// Stores what was decided of the payment `before`.
pub(crate) fn store_decision(
    tx: &mut dyn Tx,
    project: &Project,
    before: Option<&Payment>,
    decision: Decision,
    now: Timestamp,
) -> Result<Committed, Refused> {
    let key = &decision.payment.key;
    payments::save(tx, before, &decision, now)?;
    journal::append(tx, key, &decision.transfers, now)?;

    let mut plan = Vec::new();
    for change in &decision.jobs {
        match *change {
            JobChange::Schedule { kind, at } => plan_one(&mut plan, Work::Rule(kind), Some(at)),
            JobChange::Cancel(kind) => plan_one(&mut plan, Work::Rule(kind), None),
        }
    }
    if let Some(at) = queue_callbacks(tx, project, &decision, now)? {
        plan_one(&mut plan, Work::DeliverCallback, Some(at));
    }
    for (work, due) in &plan {
        match due {
            Some(due) => jobs::schedule(tx, key, *work, *due)?,
            // A payment that is new has nothing to cancel.
            None if before.is_some() => jobs::cancel(tx, key, *work)?,
            None => {}
        }
    }
    Ok(Committed { decision, plan })
}

/// Notes what becomes of a job; the last word counts.
fn plan_one(plan: &mut Vec<(Work, Option<Timestamp>)>, work: Work, due: Option<Timestamp>) {
    plan.retain(|(planned, _)| *planned != work);
    plan.push((work, due));
}

/// Stores the decided callbacks, signed, and says when the next delivery is due if that changed.
pub(crate) fn queue_callbacks(
    tx: &mut dyn Tx,
    project: &Project,
    decision: &Decision,
    now: Timestamp,
) -> Result<Option<Timestamp>, Refused> {
    let payment: &Payment = &decision.payment;
    if decision.callbacks.contains(&CallbackKind::Sale) {
        callbacks::supersede_redirect(tx, &payment.key)?;
    }
    let mut first = None;
    for kind in &decision.callbacks {
        if let Some(callback) = message::callback(project, payment, *kind, now)? {
            let seq = callbacks::append(tx, &payment.key, &callback, now)?;
            first = first.or(Some((seq, callback.not_before)));
        }
    }
    let Some((first_seq, not_before)) = first else { return Ok(None) };
    // Only what stands at the head of the queue is planned: the others wait behind it.
    let head = callbacks::head(tx, &payment.key)?;
    Ok(head.filter(|head| head.seq == first_seq).map(|_| not_before))
}

/// The topic that a decided callback is stored under.
pub(crate) const fn topic(kind: CallbackKind) -> Topic {
    match kind {
        CallbackKind::Redirect => Topic::Redirect,
        CallbackKind::Sale => Topic::Sale,
        CallbackKind::Refund(_) => Topic::Refund,
    }
}
