//! Hints that something happened at the provider. They come from browsers and from the open
//! internet: they are never believed, they only make the platform ask.

use domain::command::Command;
use domain::decision::JobKind;
use domain::id::{OperationId, ProviderReference};
use domain::payment::{Payment, SaleState};
use domain::refund::RefundState;
use paytm::notification::Notification;
use store::jobs::{JobKey, Work};
use store::{StoreError, Tx, payments};

use crate::platform::{Fault, Platform};
use crate::transact::Refused;

impl Platform {
    /// Takes what Paytm, or a customer's browser on its behalf, sent: asks Paytm what is true.
    /// Returns the payment it is about, if it is one of ours.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn provider_notified(&self, body: &[u8]) -> Result<Option<Payment>, Fault> {
        let Some(notification) = Notification::read(body) else { return Ok(None) };
        let Some((payment, sale)) = self.payment_by_reference(notification.order.clone()).await?
        else {
            return Ok(None);
        };
        #[cfg(feature = "bugs")]
        self.notice_believed(&notification, &payment).await?;
        if notification.refund.is_some() {
            self.wake_refunds(&payment);
        } else {
            self.hint(&payment, sale).await?;
        }
        Ok(Some(payment))
    }

    async fn payment_by_reference(
        &self,
        order: ProviderReference,
    ) -> Result<Option<(Payment, OperationId)>, Fault> {
        let Some(lane) = order.lane() else { return Ok(None) };
        let find = move |tx: &mut dyn Tx| -> Result<_, StoreError> {
            let Some((key, operation)) = payments::by_reference(tx, lane, &order)? else {
                return Ok(None);
            };
            Ok(payments::load(tx, &key)?.map(|payment| (payment, operation)))
        };
        self.store().read(find).await.map_err(Fault::Store)
    }

    async fn hint(&self, payment: &Payment, sale: OperationId) -> Result<(), Fault> {
        let Some(attempt) = payment.attempt(sale) else { return Ok(()) };
        match attempt.state {
            SaleState::Captured(_) | SaleState::DeclinedThenPaid { .. } => return Ok(()),
            SaleState::Initiating | SaleState::AwaitingRedirect(_) => {}
            // A declined attempt has its question planned, or is past asking: remember the hint.
            SaleState::AwaitingRetry { .. } | SaleState::Declined { .. } => {
                let key = payment.key.clone();
                let Some(project) = self.project(key.project()).await? else { return Ok(()) };
                if let Err(Refused::Fault(fault)) =
                    self.transact(&project, key, Command::ProviderHint(sale)).await
                {
                    return Err(fault);
                }
            }
        }
        self.wake(JobKey {
            payment: payment.key.clone(),
            work: Work::Rule(JobKind::AskSale(sale)),
        });
        Ok(())
    }

    fn wake_refunds(&self, payment: &Payment) {
        let waiting = payment.refunds.iter().filter(|refund| match refund.state {
            RefundState::Sent { .. } | RefundState::Pending { .. } => true,
            RefundState::Queued | RefundState::Refunded { .. } | RefundState::Declined { .. } => {
                false
            }
        });
        for refund in waiting {
            let work = Work::Rule(JobKind::Refund(refund.id));
            self.wake(JobKey { payment: payment.key.clone(), work });
        }
    }
}
