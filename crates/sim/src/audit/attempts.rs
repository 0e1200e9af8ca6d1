//! The attempts at one sale: one after the other, each begun because the one before had failed
//! and time was left, and one end of them all, which has a reason.

use app::verbs::PaymentView;
use domain::code::Code;
use domain::decision::Event;
use domain::id::OperationId;
use domain::limits::RETRY_LEAD;
use domain::payment::{Payment, Sale};
use domain::time::{Millis, Timestamp};

use crate::merchants::Purchase;
use crate::violation::{Checked, ensure};
use crate::world::World;

/// How late the automatic decline may be while the node is up.
const DECLINE_LATE_MAX: Millis = Millis(250);

/// Where the sale stands while its history is read.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// An attempt is open.
    Open,
    /// It failed with this code, and the customer may try again.
    Failed(Code),
    /// Nothing may follow.
    Ended,
}

/// The history of a sale, as far as it was read.
struct Course<'a> {
    world: &'a World,
    purchase: &'a Purchase,
    payment: &'a Payment,
    attempt: &'a Sale,
    stage: Stage,
}

/// I3 and the limit time: the sale went from one attempt to the next, and to one end.
pub(super) fn check(world: &World, purchase: &Purchase, view: &PaymentView) -> Checked {
    let payment = &view.payment;
    let first = payment.sales().next().unwrap_or(&payment.sale);
    let mut course = Course { world, purchase, payment, attempt: first, stage: Stage::Open };
    for entry in &view.history {
        course.follow(entry.at, &entry.event)?;
    }
    let ended = matches!(course.stage, Stage::Ended) && course.attempt.id == payment.sale.id;
    ensure(ended, "I3", || format!("{} has not ended: {view:?}", payment.key))?;
    let numbers = payment.sales().map(|sale| sale.attempt);
    let in_order = numbers.eq(1..=payment.sale.attempt);
    ensure(in_order && payment.sale.attempt <= purchase.attempts, "I3", || {
        format!("{} may have {} attempts: {payment:?}", payment.key, purchase.attempts)
    })
}

impl Course<'_> {
    fn follow(&mut self, at: Timestamp, event: &Event) -> Checked {
        self.stage = match (self.stage, event) {
            (Stage::Open, Event::AttemptDeclined { code }) => {
                self.was_declined_by_provider(*code)?;
                self.ensure(self.allows_another(at, *code), "I3", || {
                    format!("the customer is asked to try again after {}", code.number())
                })?;
                Stage::Failed(*code)
            }
            (Stage::Failed(_), Event::SaleRetried { operation }) => {
                self.ensure(self.has_time_left(at), "limit", || {
                    let left = self.payment.terms.limit_at.since(at).0;
                    format!("{left} ms are too few for another attempt")
                })?;
                self.next_attempt(*operation)?;
                Stage::Open
            }
            (Stage::Open | Stage::Failed(_), Event::SaleCaptured { .. }) => Stage::Ended,
            (Stage::Open, Event::SaleDeclined { code }) => {
                self.attempt_ends_it(at, *code)?;
                Stage::Ended
            }
            (Stage::Failed(why), Event::SaleDeclined { code }) => {
                self.nobody_tries_again(at, why, *code)?;
                Stage::Ended
            }
            (
                stage,
                Event::AttemptDeclined { .. }
                | Event::SaleRetried { .. }
                | Event::SaleCaptured { .. }
                | Event::SaleDeclined { .. },
            ) => {
                self.ensure(false, "I3", || format!("{event:?} out of turn: {stage:?}"))?;
                stage
            }
            (
                stage,
                Event::SaleAccepted
                | Event::RedirectReady
                | Event::ProviderUnclear { .. }
                | Event::PaidAfterDecline
                | Event::SalePromoted
                | Event::ProviderContradiction { .. }
                | Event::RefundAccepted { .. }
                | Event::RefundSent { .. }
                | Event::RefundPending { .. }
                | Event::RefundSucceeded { .. }
                | Event::RefundDeclined { .. }
                | Event::GiveBackAbandoned,
            ) => stage,
        };
        Ok(())
    }

    fn ensure(
        &self,
        holds: bool,
        invariant: &'static str,
        what: impl FnOnce() -> String,
    ) -> Checked {
        let (key, attempt) = (&self.payment.key, self.attempt.attempt);
        ensure(holds, invariant, || format!("{key}, attempt {attempt}: {}", what()))
    }

    fn next_attempt(&mut self, operation: OperationId) -> Checked {
        let number = self.attempt.attempt.saturating_add(1);
        let next = self.payment.attempt(operation);
        let follows = next.is_some_and(|next| next.attempt == number);
        self.ensure(follows, "I3", || format!("the next is {next:?}"))?;
        self.attempt = next.unwrap_or(self.attempt);
        Ok(())
    }

    fn was_declined_by_provider(&self, code: Code) -> Checked {
        let declined = self.world.provider.has_declined(&self.attempt.reference.0);
        self.ensure(declined, "I3", || {
            format!("declined with {}, the provider never did", code.number())
        })
    }

    const fn has_time_left(&self, at: Timestamp) -> bool {
        self.payment.terms.limit_at.since(at).0 > RETRY_LEAD.0
    }

    /// Whether an attempt that failed like this lets the customer try again.
    const fn allows_another(&self, at: Timestamp, code: Code) -> bool {
        self.attempt.attempt < self.purchase.attempts
            && code.allows_retry()
            && self.has_time_left(at)
    }

    /// The provider said no for good, or the limit came while the attempt was open.
    fn attempt_ends_it(&self, at: Timestamp, code: Code) -> Checked {
        if code == Code::AutoDecline {
            return self.is_at_limit(at);
        }
        self.was_declined_by_provider(code)?;
        let another = self.allows_another(at, code);
        self.ensure(!another, "I3", || "the customer could have tried again".to_owned())
    }

    /// The customer gave up, or the limit came. Either way the reason is that of the attempt.
    fn nobody_tries_again(&self, at: Timestamp, why: Code, code: Code) -> Checked {
        self.ensure(code == why, "I3", || {
            format!("failed with {}, declined with {}", why.number(), code.number())
        })?;
        if self.purchase.gave_up && at < self.payment.terms.limit_at {
            return Ok(());
        }
        self.is_at_limit(at)
    }

    fn is_at_limit(&self, at: Timestamp) -> Checked {
        let limit = self.payment.terms.limit_at;
        self.ensure(at >= limit, "limit", || {
            format!("declined {} ms before the limit", limit.since(at).0)
        })?;
        let late = at.since(ready(&self.world.disturbances, limit, at));
        self.ensure(late <= DECLINE_LATE_MAX, "limit", || {
            format!("declined {} ms after the limit", late.0)
        })
    }
}

/// Since when the node could have declined: the limit, or the latest disturbance if that was
/// later.
fn ready(disturbances: &[(Timestamp, Millis)], limit: Timestamp, at: Timestamp) -> Timestamp {
    let before = disturbances.iter().filter(|(since, _)| *since <= at);
    before.map(|(since, held_up)| since.plus(*held_up)).fold(limit, Ord::max)
}
