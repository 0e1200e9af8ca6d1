//! Comparing our books with the provider's, one payment or one account at a time. Nothing is
//! changed by it: what the platform learns here it believes only when it asks by itself.

use domain::id::{OperationId, PaymentId, PaymentKey, ProviderReference};
use domain::money::Amount;
use domain::payment::{Payment, SaleState};
use domain::provider::{RefundAnswer, SaleAnswer, Unclear};
use domain::refund::{Refund, RefundState};
use paytm::connector::AccountAnswer;

use crate::platform::{Fault, Platform};
use crate::project::Project;

/// How an operation in our books compares with the provider's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The operation.
    pub operation: OperationId,
    /// What it moves, and what the provider says of it.
    pub theirs: Theirs,
    /// Its amount in our books.
    pub amount: Amount,
    /// Whether the books agree.
    pub verdict: Verdict,
}

/// What the provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Theirs {
    /// Of a sale.
    Sale(SaleAnswer),
    /// Of a refund.
    Refund(RefundAnswer),
    /// It was never asked: the refund was refused before anything was sent.
    NotAsked,
}

/// Whether two books agree about an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They do.
    Agree,
    /// The provider has ended what is open in our books. We ask it ourselves before long.
    Behind,
    /// They don't, and a person has to look.
    Differ,
    /// The provider gave no usable answer.
    Unclear,
}

impl Platform {
    /// Asks the provider about every attempt at the sale and every refund of a payment.
    ///
    /// # Errors
    /// [`Fault`] when the store fails. An answer of the provider is never an error.
    pub async fn compare_with_provider(
        &self,
        project: &Project,
        payment: &Payment,
    ) -> Result<Vec<Compared>, Fault> {
        let mut compared = Vec::new();
        for sale in payment.sales() {
            let timeout = crate::workers::STATUS_TIMEOUT;
            let answer = self.sale_status(project, payment, sale, timeout).await;
            compared.push(Compared {
                operation: sale.id,
                amount: payment.terms.amount,
                verdict: sale_verdict(&sale.state, &answer),
                theirs: Theirs::Sale(answer),
            });
        }
        for refund in &payment.refunds {
            compared.push(self.compare_refund(project, payment, refund).await);
        }
        Ok(compared)
    }

    async fn compare_refund(
        &self,
        project: &Project,
        payment: &Payment,
        refund: &Refund,
    ) -> Compared {
        let (theirs, verdict) = if refund.state == RefundState::Queued {
            (Theirs::NotAsked, Verdict::Agree)
        } else {
            let answer = self.refund_status(project, payment, refund.id).await;
            let verdict = refund_verdict(&refund.state, &answer);
            (Theirs::Refund(answer), verdict)
        };
        Compared { operation: refund.id, amount: refund.amount, theirs, verdict }
    }

    /// Whether the provider accepts a project's account: asks after an order that there can't be.
    pub async fn check_account(&self, project: &Project) -> AccountAnswer {
        let key = PaymentKey::new(project.id, PaymentId("dwar-doctor".to_owned()));
        let mut random = [0; ProviderReference::ENTROPY_BYTES];
        self.entropy().fill(&mut random);
        self.account_status(project, &ProviderReference::new(&key, random)).await
    }
}

fn sale_verdict(ours: &SaleState, theirs: &SaleAnswer) -> Verdict {
    match (ours, theirs) {
        (
            SaleState::Captured(ours) | SaleState::DeclinedThenPaid { receipt: ours, .. },
            SaleAnswer::Paid(theirs),
        ) => agree_if(ours.transaction_id == theirs.transaction_id),
        (
            SaleState::Initiating
            | SaleState::AwaitingRedirect(_)
            | SaleState::AwaitingRetry { .. }
            | SaleState::Declined { .. },
            SaleAnswer::Pending,
        )
        | (
            SaleState::AwaitingRetry { .. } | SaleState::Declined { .. },
            SaleAnswer::Failed { .. },
        ) => Verdict::Agree,
        (
            SaleState::Initiating | SaleState::AwaitingRedirect(_),
            SaleAnswer::Paid(_) | SaleAnswer::Failed { .. },
        )
        | (SaleState::AwaitingRetry { .. } | SaleState::Declined { .. }, SaleAnswer::Paid(_)) => {
            Verdict::Behind
        }
        (
            SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. },
            SaleAnswer::Pending | SaleAnswer::Failed { .. },
        )
        | (_, SaleAnswer::Unknown(Unclear::Mismatch)) => Verdict::Differ,
        (_, SaleAnswer::Unknown(_)) => Verdict::Unclear,
    }
}

fn refund_verdict(ours: &RefundState, theirs: &RefundAnswer) -> Verdict {
    use RefundAnswer as Says;
    match (ours, theirs) {
        (RefundState::Refunded { .. }, Says::Refunded { .. })
        // What our own rules declined was never sent, and perhaps can't even be asked after.
        | (
            RefundState::Declined { .. },
            Says::Refused(_) | Says::NotFound | Says::Unknown(Unclear::NotSent),
        )
        | (RefundState::Sent { .. } | RefundState::Pending { .. }, Says::Pending { .. })
        | (RefundState::Queued | RefundState::Sent { .. }, Says::NotFound) => Verdict::Agree,
        (
            RefundState::Sent { .. } | RefundState::Pending { .. },
            Says::Refunded { .. } | Says::Refused(_),
        ) => Verdict::Behind,
        (
            RefundState::Refunded { .. },
            Says::Pending { .. } | Says::Refused(_) | Says::NotFound,
        )
        | (RefundState::Declined { .. }, Says::Pending { .. } | Says::Refunded { .. })
        | (
            RefundState::Queued,
            Says::Pending { .. } | Says::Refunded { .. } | Says::Refused(_),
        )
        | (RefundState::Pending { .. }, Says::NotFound)
        | (_, Says::Unknown(Unclear::Mismatch)) => Verdict::Differ,
        (_, Says::Unknown(_) | Says::Busy) => Verdict::Unclear,
    }
}

const fn agree_if(same: bool) -> Verdict {
    if same { Verdict::Agree } else { Verdict::Differ }
}

#[cfg(test)]
mod tests {
    use Verdict::{Agree as A, Behind as B, Differ as D, Unclear as U};
    use domain::code::Code;
    use domain::provider::{Receipt, Redirect, RedirectMethod};
    use domain::time::Timestamp;

    use super::*;

    fn receipt(id: &str) -> Receipt {
        Receipt { transaction_id: id.to_owned(), date: None, mode: None, bank_reference: None }
    }

    #[test]
    fn sales_are_compared_state_by_state() {
        let open = SaleState::AwaitingRedirect(Redirect {
            method: RedirectMethod::Get,
            url: String::new(),
            fields: vec![],
        });
        let declined = SaleState::Declined { code: Code::AutoDecline, transaction_id: None };
        let late = SaleState::DeclinedThenPaid { code: Code::AutoDecline, receipt: receipt("T-1") };
        let failed = SaleAnswer::Failed { code: Code::ProviderDecline, transaction_id: None };
        let unclear = SaleAnswer::Unknown(Unclear::NoAnswer);
        let mismatch = SaleAnswer::Unknown(Unclear::Mismatch);
        let [paid, other] = ["T-1", "T-2"].map(|id| SaleAnswer::Paid(receipt(id)));
        let answers = [&paid, &other, &failed, &SaleAnswer::Pending, &unclear, &mismatch];
        for (ours, expected) in [
            (SaleState::Initiating, [B, B, B, A, U, D]),
            (open, [B, B, B, A, U, D]),
            (SaleState::Captured(receipt("T-1")), [A, D, D, D, U, D]),
            (declined, [B, B, A, A, U, D]),
            (late, [A, D, D, D, U, D]),
        ] {
            assert_eq!(answers.map(|answer| sale_verdict(&ours, answer)), expected, "{ours:?}");
        }
    }

    #[test]
    fn refunds_are_compared_state_by_state() {
        let since = Timestamp(0);
        let pending = RefundAnswer::Pending { refund_id: None };
        let refunded = RefundAnswer::Refunded { refund_id: None };
        let refused = RefundAnswer::Refused(Code::ProviderDecline);
        let unsent = RefundAnswer::Unknown(Unclear::NotSent);
        let answers = [&pending, &refunded, &refused, &RefundAnswer::NotFound, &unsent];
        for (ours, expected) in [
            (RefundState::Queued, [D, D, D, A, U]),
            (RefundState::Sent { since }, [A, B, B, A, U]),
            (RefundState::Pending { since, provider_id: None }, [A, B, B, D, U]),
            (RefundState::Refunded { provider_id: None }, [D, A, D, D, U]),
            (RefundState::Declined { code: Code::RefundTooLarge }, [D, D, A, A, A]),
        ] {
            assert_eq!(answers.map(|answer| refund_verdict(&ours, answer)), expected, "{ours:?}");
        }
    }
}
