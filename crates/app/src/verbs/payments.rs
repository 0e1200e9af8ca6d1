//! Looking at payments.

use std::sync::Arc;

use domain::id::{PaymentId, PaymentKey, ProjectId, RequestId};
use domain::payment::Payment;
use domain::time::Timestamp;
use store::callbacks::{self, Callback, Delivery};
use store::jobs::{self, Job};
use store::payments::{self, Happening, HistoryEntry};
use store::{StoreError, Tx};
use wire::status::StatusAnswer;

use crate::message;
use crate::platform::{Fault, Platform};
use crate::project::Project;

/// All that is known of a payment, for operators.
#[derive(Debug, Clone)]
pub struct PaymentView {
    /// The payment with its operations.
    pub payment: Payment,
    /// What happened to it.
    pub history: Vec<HistoryEntry>,
    /// What will happen to it.
    pub jobs: Vec<Job>,
    /// What the merchant was told.
    pub callbacks: Vec<Callback>,
    /// How telling went.
    pub deliveries: Vec<Delivery>,
}

impl Platform {
    /// A payment of a project.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn payment(&self, key: PaymentKey) -> Result<Option<Payment>, Fault> {
        self.store().read(move |tx| payments::load(tx, &key)).await.map_err(Fault::Store)
    }

    /// The signed answer to a status request by payment id. An unknown payment is answered too.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn payment_status(
        &self,
        project: &Arc<Project>,
        id: String,
    ) -> Result<String, Fault> {
        let found = self.payment(PaymentKey::new(project.id, PaymentId(id.clone()))).await?;
        status_answer(project, found.as_ref(), id)
    }

    /// The signed answer to a status request by request id.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn request_status(
        &self,
        project: &Arc<Project>,
        request: RequestId,
    ) -> Result<String, Fault> {
        let found = match request.lane() {
            Some(lane) => {
                let project = project.id;
                let find = move |tx: &mut dyn Tx| -> Result<Option<Payment>, StoreError> {
                    match payments::by_request(tx, lane, project, &request)? {
                        Some(key) => payments::load(tx, &key),
                        None => Ok(None),
                    }
                };
                self.store().read(find).await.map_err(Fault::Store)?
            }
            None => None,
        };
        status_answer(project, found.as_ref(), String::new())
    }

    /// What happened to payments at or after `since`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn happenings(
        &self,
        since: Timestamp,
        project: Option<ProjectId>,
        limit: i64,
    ) -> Result<Vec<Happening>, Fault> {
        let list = move |tx: &mut dyn Tx| payments::happenings(tx, since, project, limit);
        self.store().read(list).await.map_err(Fault::Store)
    }

    /// All that is known of a payment.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn payment_view(&self, key: PaymentKey) -> Result<Option<PaymentView>, Fault> {
        let look = move |tx: &mut dyn Tx| -> Result<Option<PaymentView>, StoreError> {
            let Some(payment) = payments::load(tx, &key)? else { return Ok(None) };
            Ok(Some(PaymentView {
                payment,
                history: payments::history(tx, &key)?,
                jobs: jobs::of_payment(tx, &key)?,
                callbacks: callbacks::of_payment(tx, &key)?,
                deliveries: callbacks::deliveries(tx, &key)?,
            }))
        };
        self.store().read(look).await.map_err(Fault::Store)
    }
}

fn status_answer(project: &Project, found: Option<&Payment>, id: String) -> Result<String, Fault> {
    let answer = found.map_or_else(|| StatusAnswer::not_found(project.id.0, id), message::status);
    Ok(answer.to_signed_json(project.signing_secret())?)
}
