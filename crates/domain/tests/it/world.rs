//! The smallest store there can be: one payment, its pending jobs and everything that was ever
//! recorded about it. Both the tables and the histories run in it.

use std::collections::BTreeMap;

use dwar_domain::command::Command;
use dwar_domain::decide::decide;
use dwar_domain::decision::{CallbackKind, Decision, Event, JobChange, JobKind, Rejection};
use dwar_domain::journal::Transfer;
use dwar_domain::payment::Payment;
use dwar_domain::time::Timestamp;

/// A payment and all that was stored with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) payment: Option<Payment>,
    pub(crate) jobs: BTreeMap<JobKind, Timestamp>,
    pub(crate) events: Vec<Event>,
    pub(crate) callbacks: Vec<CallbackKind>,
    pub(crate) journal: Vec<Transfer>,
}

impl World {
    /// Carries out a command as the store does: all of the decision, or nothing.
    pub(crate) fn apply(
        &mut self,
        command: Command,
        now: Timestamp,
    ) -> Result<Decision, Rejection> {
        let decision = decide(self.payment.clone(), command, now)?;
        self.payment = Some(decision.payment.clone());
        for change in &decision.jobs {
            match change {
                JobChange::Schedule { kind, at } => self.jobs.insert(*kind, *at),
                JobChange::Cancel(kind) => self.jobs.remove(kind),
            };
        }
        self.events.extend(decision.events.iter().cloned());
        self.callbacks.extend(&decision.callbacks);
        self.journal.extend(&decision.transfers);
        Ok(decision)
    }

    /// The payment, which must have been accepted.
    pub(crate) fn payment(&self) -> &Payment {
        self.payment.as_ref().unwrap()
    }
}
