//! Calls to Paytm: opening orders, asking, refunding. No database connection is held across a
//! call; what comes back goes through the one door like everything else.

use std::sync::Arc;

use domain::code::Code;
use domain::command::Command;
use domain::id::{OperationId, PaymentKey, ProviderReference};
use domain::limits::OVERDUE_QUESTION;
use domain::payment::{Payment, Sale, SaleState};
use domain::provider::{InitiateAnswer, RefundAnswer, SaleAnswer, Unclear};
use domain::refund::{Refund, RefundState};
use domain::time::Millis;
use paytm::account::{Account, MerchantKey, Mode};
use paytm::checksum::SALT_LENGTH;
use paytm::connector::{self, AccountAnswer, BuildError, Order};
use paytm::exchange::{Answer, Request, TransportError};
use store::jobs::JobKey;

use super::{Ended, left_until};
use crate::metrics::Call;
use crate::platform::{Fault, Platform};
use crate::ports::{HttpAnswer, HttpError, HttpRequest, Peer};
use crate::project::Project;

const CONNECT_TIMEOUT: Millis = Millis::seconds(5);
pub(crate) const TIMEOUT: Millis = Millis::seconds(10);
const REFUND_TIMEOUT: Millis = Millis::seconds(20);
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Where Paytm sends customers back, under the platform's public address.
pub const RETURN_PATH: &str = "/provider/paytm/return";

impl Platform {
    pub(super) async fn initiate_sale(
        &self,
        job: &JobKey,
        sale: OperationId,
    ) -> Result<Ended, Fault> {
        let Some((project, payment)) = self.found(job).await? else { return Ok(Ended::Done) };
        if payment.sale.id != sale || payment.sale.state != SaleState::Initiating {
            self.drop_job(&job.payment, job.work).await?;
            return Ok(Ended::Done);
        }
        #[cfg(feature = "bugs")]
        let payment = self.new_reference(payment);
        let answer = match self.account(&project) {
            Some(account) => self.initiate(&account, &payment).await,
            None => InitiateAnswer::Refused(Code::AcquirerSettings),
        };
        self.metrics().answered(Call::Initiate, initiate_word(&answer));
        let command = Command::SaleInitiated { sale, answer };
        self.transact_job(&project, job.payment.clone(), job.work, command).await?;
        Ok(Ended::Done)
    }

    pub(super) async fn ask_sale(&self, job: &JobKey, sale: OperationId) -> Result<Ended, Fault> {
        let Some((project, payment)) = self.found(job).await? else { return Ok(Ended::Done) };
        let Some(attempt) = payment.attempt(sale) else {
            self.drop_job(&job.payment, job.work).await?;
            return Ok(Ended::Done);
        };
        #[cfg(feature = "bugs")]
        if self.is_unasked(&payment, attempt) {
            self.drop_job(&job.payment, job.work).await?;
            return Ok(Ended::Done);
        }
        let answer = self.sale_status(&project, &payment, attempt, TIMEOUT).await;
        #[cfg(feature = "bugs")]
        let sale = self.answer_misplaced(&payment, sale).await?;
        let give_back = self.new_operation(&job.payment).await?;
        let command = Command::SaleAnswered { sale, answer, last: false, give_back };
        self.transact_job(&project, job.payment.clone(), job.work, command).await?;
        Ok(Ended::Done)
    }

    /// Asks the last question, and declines at the limit time. After a restart past the limit the
    /// question is short, so that the decline is not late.
    pub(super) async fn limit_sale(&self, job: &JobKey) -> Result<Ended, Fault> {
        let Some((project, payment)) = self.found(job).await? else { return Ok(Ended::Done) };
        let limit = payment.terms.limit_at;
        let attempt = &payment.sale;
        if attempt.state.is_open() && !attempt.last_question_asked {
            let timeout = left_until(limit, self.now(), OVERDUE_QUESTION);
            let answer = self.sale_status(&project, &payment, attempt, timeout).await;
            let give_back = self.new_operation(&job.payment).await?;
            let sale = attempt.id;
            let command = Command::SaleAnswered { sale, answer, last: true, give_back };
            self.transact_job(&project, job.payment.clone(), job.work, command).await?;
            if self.now() < limit {
                return Ok(Ended::Done);
            }
        } else if attempt.state.is_open() && self.now() < limit {
            // A clock that was set back: keep the appointment.
            self.scheduler().plan(job.clone(), limit);
            return Ok(Ended::Done);
        }
        let command = Command::LimitReached;
        self.transact_job(&project, job.payment.clone(), job.work, command).await?;
        Ok(Ended::Done)
    }

    /// Sends a refund, or asks what became of it; sends it again under the same reference only
    /// when the provider has never heard of it.
    pub(super) async fn move_refund(
        &self,
        job: &JobKey,
        operation: OperationId,
    ) -> Result<Ended, Fault> {
        let Some((project, mut payment)) = self.found(job).await? else { return Ok(Ended::Done) };
        let state = payment.refund(operation).map(|refund| refund.state.clone());
        let answer = match state {
            Some(RefundState::Queued) => {
                let command = Command::RefundSending(operation);
                let sent = self.transact_job(&project, job.payment.clone(), job.work, command);
                let Some(decision) = sent.await? else { return Ok(Ended::Done) };
                payment = decision.payment;
                self.send_refund(&project, &payment, operation).await
            }
            Some(RefundState::Sent { .. }) => {
                let known = self.refund_status(&project, &payment, operation).await;
                if known == RefundAnswer::NotFound {
                    self.send_refund(&project, &payment, operation).await
                } else {
                    known
                }
            }
            Some(RefundState::Pending { .. }) => {
                self.refund_status(&project, &payment, operation).await
            }
            Some(RefundState::Refunded { .. } | RefundState::Declined { .. }) | None => {
                self.drop_job(&job.payment, job.work).await?;
                return Ok(Ended::Done);
            }
        };
        let command = Command::RefundAnswered { operation, answer };
        self.transact_job(&project, job.payment.clone(), job.work, command).await?;
        Ok(Ended::Done)
    }

    pub(super) async fn give_back(&self, job: &JobKey, sale: OperationId) -> Result<Ended, Fault> {
        let Some((project, _)) = self.found(job).await? else { return Ok(Ended::Done) };
        let operation = self.new_operation(&job.payment).await?;
        let command = Command::RetryGiveBack { sale, operation };
        self.transact_job(&project, job.payment.clone(), job.work, command).await?;
        Ok(Ended::Done)
    }

    /// The project and the payment of a job. A job of a payment that does not exist is dropped.
    async fn found(&self, job: &JobKey) -> Result<Option<(Arc<Project>, Payment)>, Fault> {
        let payment = self.payment(job.payment.clone()).await?;
        let project = self.project(job.payment.project()).await?;
        let found = project.zip(payment);
        if found.is_none() {
            self.drop_job(&job.payment, job.work).await?;
        }
        Ok(found)
    }

    /// The merchant's account at Paytm, unless its settings make no sense.
    fn account(&self, project: &Project) -> Option<Account> {
        let settings = &project.settings.paytm;
        let modes: Result<Vec<Mode>, _> = settings.modes.iter().map(|mode| mode.parse()).collect();
        match (MerchantKey::new(project.keys.paytm.clone()), modes) {
            (Ok(key), Ok(modes)) => Some(Account {
                mid: settings.mid.clone(),
                key,
                base_url: settings.base_url.clone(),
                website: settings.website.clone(),
                modes,
                callback_url: format!("{}{RETURN_PATH}", self.public_url()),
            }),
            (Err(_), _) | (_, Err(_)) => {
                tracing::error!(project = project.id.0, "the Paytm key or the modes are malformed");
                None
            }
        }
    }

    async fn initiate(&self, account: &Account, payment: &Payment) -> InitiateAnswer {
        let order = order_of(payment, &payment.sale);
        let customer = &payment.terms.customer;
        let built = connector::initiate(account, order, customer, self.now(), self.salt());
        match built {
            Ok(request) => {
                let reply = self.exchange(request, TIMEOUT).await;
                connector::initiated(account, order, borrowed(&reply))
            }
            Err(error) => {
                log_unbuilt(&payment.key, &error);
                InitiateAnswer::Refused(Code::InternalError)
            }
        }
    }

    /// What the provider says of an attempt now.
    pub(crate) async fn sale_status(
        &self,
        project: &Project,
        payment: &Payment,
        attempt: &Sale,
        timeout: Millis,
    ) -> SaleAnswer {
        let answer = match self.account(project) {
            Some(account) => {
                let order = order_of(payment, attempt);
                let read = |reply: Reply<'_>| connector::sale_answered(&account, order, reply);
                let answer = self.ask_order(&account, order.reference, timeout, read).await;
                answer.unwrap_or(SaleAnswer::Unknown(Unclear::NotSent))
            }
            None => SaleAnswer::Unknown(Unclear::NotSent),
        };
        #[cfg(feature = "bugs")]
        let answer = self.timeout_declines(answer);
        self.metrics().answered(Call::AskSale, sale_word(&answer));
        answer
    }

    /// What can be read out of the answer about an order; nothing if the question can't be made.
    async fn ask_order<A>(
        &self,
        account: &Account,
        order: &ProviderReference,
        timeout: Millis,
        read: impl FnOnce(Reply<'_>) -> A,
    ) -> Option<A> {
        match connector::ask_sale(account, order, self.salt()) {
            Ok(request) => Some(read(borrowed(&self.exchange(request, timeout).await))),
            Err(error) => {
                tracing::error!(order = order.0, %error, "a request to the provider can't be made");
                None
            }
        }
    }

    /// What the provider makes of the account that asks after this order.
    pub(crate) async fn account_status(
        &self,
        project: &Project,
        order: &ProviderReference,
    ) -> AccountAnswer {
        let not_sent = AccountAnswer::Unknown(Unclear::NotSent);
        let Some(account) = self.account(project) else { return not_sent };
        let read = |reply: Reply<'_>| connector::account_answered(&account, reply);
        self.ask_order(&account, order, TIMEOUT, read).await.unwrap_or(not_sent)
    }

    async fn send_refund(
        &self,
        project: &Project,
        payment: &Payment,
        operation: OperationId,
    ) -> RefundAnswer {
        let answer = self
            .refund_exchange(
                project,
                payment,
                operation,
                connector::refund,
                connector::refund_answered,
            )
            .await;
        self.metrics().answered(Call::Refund, refund_word(&answer));
        answer
    }

    /// What the provider says of a refund now.
    pub(crate) async fn refund_status(
        &self,
        project: &Project,
        payment: &Payment,
        operation: OperationId,
    ) -> RefundAnswer {
        let answer = self
            .refund_exchange(
                project,
                payment,
                operation,
                connector::ask_refund,
                connector::refund_status_answered,
            )
            .await;
        self.metrics().answered(Call::AskRefund, refund_word(&answer));
        answer
    }

    async fn refund_exchange(
        &self,
        project: &Project,
        payment: &Payment,
        operation: OperationId,
        build: impl Fn(
            &Account,
            connector::Refund<'_>,
            [u8; SALT_LENGTH],
        ) -> Result<Request, BuildError>,
        read: impl Fn(&Account, connector::Refund<'_>, Reply<'_>) -> RefundAnswer,
    ) -> RefundAnswer {
        let refund = payment.refund(operation).and_then(|refund| at_provider(payment, refund));
        let Some((account, refund)) = self.account(project).zip(refund) else {
            return RefundAnswer::Unknown(Unclear::NotSent);
        };
        match build(&account, refund, self.salt()) {
            Ok(request) => {
                let reply = self.exchange(request, REFUND_TIMEOUT).await;
                read(&account, refund, borrowed(&reply))
            }
            Err(error) => {
                log_unbuilt(&payment.key, &error);
                RefundAnswer::Unknown(Unclear::NotSent)
            }
        }
    }

    async fn exchange(&self, request: Request, timeout: Millis) -> Result<HttpAnswer, HttpError> {
        let headers = request.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        let request = HttpRequest {
            url: request.url,
            peer: Peer::Provider,
            headers: headers.collect(),
            body: request.body,
            connect_timeout: CONNECT_TIMEOUT.min(timeout),
            timeout,
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        let reply = self.http().send(request).await;
        if let Err(error) = &reply {
            tracing::warn!(%error, "the provider gave no answer");
        }
        reply
    }

    fn salt(&self) -> [u8; SALT_LENGTH] {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut salt = [0; SALT_LENGTH];
        self.entropy().fill(&mut salt);
        salt.map(|byte| ALPHABET.get(usize::from(byte % 64)).copied().unwrap_or(b'A'))
    }
}

const fn order_of<'a>(payment: &Payment, attempt: &'a Sale) -> Order<'a> {
    Order { reference: &attempt.reference, amount: payment.terms.amount }
}

/// The refund as the provider knows it, unless it gives back what was never paid.
fn at_provider<'a>(payment: &'a Payment, refund: &'a Refund) -> Option<connector::Refund<'a>> {
    let sale = payment.attempt(refund.sale)?;
    let receipt = match &sale.state {
        SaleState::Captured(receipt) | SaleState::DeclinedThenPaid { receipt, .. } => receipt,
        SaleState::Initiating
        | SaleState::AwaitingRedirect(_)
        | SaleState::AwaitingRetry { .. }
        | SaleState::Declined { .. } => return None,
    };
    Some(connector::Refund {
        order: &sale.reference,
        reference: &refund.reference,
        transaction_id: &receipt.transaction_id,
        amount: refund.amount,
        comment: refund.description.as_deref(),
    })
}

/// An exchange with the provider, as the connector reads it.
type Reply<'a> = Result<Answer<'a>, TransportError>;

fn borrowed(reply: &Result<HttpAnswer, HttpError>) -> Reply<'_> {
    match reply {
        Ok(answer) => Ok(Answer { status: answer.status, body: &answer.body }),
        Err(HttpError::NotSent(_)) => Err(TransportError::NotSent),
        Err(HttpError::NoAnswer(_)) => Err(TransportError::NoAnswer),
    }
}

fn log_unbuilt(payment: &PaymentKey, error: &BuildError) {
    tracing::error!(%payment, %error, "a request to the provider can't be made");
}

const fn initiate_word(answer: &InitiateAnswer) -> &'static str {
    match answer {
        InitiateAnswer::Redirect(_) => "redirect",
        InitiateAnswer::Refused(_) => "refused",
        InitiateAnswer::Unknown(_) => "unknown",
    }
}

const fn sale_word(answer: &SaleAnswer) -> &'static str {
    match answer {
        SaleAnswer::Paid(_) => "paid",
        SaleAnswer::Failed { .. } => "failed",
        SaleAnswer::Pending => "pending",
        SaleAnswer::Unknown(_) => "unknown",
    }
}

const fn refund_word(answer: &RefundAnswer) -> &'static str {
    match answer {
        RefundAnswer::Pending { .. } => "pending",
        RefundAnswer::Refunded { .. } => "refunded",
        RefundAnswer::Refused(_) => "refused",
        RefundAnswer::NotFound => "not_found",
        RefundAnswer::Busy => "busy",
        RefundAnswer::Unknown(_) => "unknown",
    }
}
