//! What becomes of the requests that the node sends: the network between, and the provider, which
//! may do what was asked and say something else or nothing.

use app::ports::{HttpAnswer, HttpError, HttpRequest, Peer};
use domain::id::{OperationId, PaymentKey, ProviderReference};
use domain::time::{Millis, Timestamp};
use serde_json::Value;
use store::payments;

use super::callbacks::CallbackName;
use super::{Event, World};
use crate::fingerprint::fnv;
use crate::ports::{ExchangeId, Reply, Sent};
use crate::provider::{self, Seal};
use crate::tasks::{TaskId, finish};
use crate::troubles::Trouble;
use crate::violation::{Broken, Checked, ensure, fault};

/// A request of the node that is under way.
pub(super) struct Waiting {
    task: TaskId,
    /// The callback that it delivers, if it is one.
    callback: Option<CallbackName>,
}

impl World {
    pub(super) fn send_all(&mut self, sent: Vec<Sent>) -> Checked {
        for Sent { exchange, task, request } in sent {
            let (number, digest) = (exchange.0, fnv(0, &request.body));
            self.note(format_args!("exchange {number} to {} sends {digest:016x}", request.url));
            let callback = match request.peer {
                Peer::Provider => {
                    self.provider_called(&request)?;
                    None
                }
                Peer::Merchant => Some(self.callback_leaves(&request)?),
            };
            self.waiting.insert(exchange, Waiting { task, callback });
            self.travel(exchange, request);
        }
        Ok(())
    }

    /// Sends a request on its way.
    fn travel(&mut self, exchange: ExchangeId, request: HttpRequest) {
        let deadline = self.now.plus(request.timeout);
        let timed_out = Err(HttpError::NoAnswer("time-out".to_owned()));
        self.queue.push(deadline, Event::ReplyArrives { exchange, reply: timed_out });
        if request.peer == Peer::Provider {
            if self.troubles.strikes(Trouble::NotConnected) {
                let reply = Err(HttpError::NotSent("refused".to_owned()));
                let wait = self.rng.between(1, request.connect_timeout.0);
                self.after(Millis(wait), Event::ReplyArrives { exchange, reply });
                return;
            }
            if self.troubles.strikes(Trouble::RequestLost) {
                return;
            }
            if self.troubles.strikes(Trouble::RequestDoubled) {
                let request = Box::new(request.clone());
                self.soon(1, 60_000, Event::RequestArrives { exchange, request, deadline });
            }
        }
        let wait = self.latency(request.timeout);
        let request = Box::new(request);
        self.after(wait, Event::RequestArrives { exchange, request, deadline });
    }

    fn latency(&mut self, timeout: Millis) -> Millis {
        if self.troubles.strikes(Trouble::Slow) {
            Millis(self.rng.between(timeout.0 / 2, timeout.0.saturating_mul(3)))
        } else {
            Millis(self.rng.magnitude(2, 200))
        }
    }

    /// Every reference must be stored before the provider learns of it (I1).
    fn provider_called(&self, request: &HttpRequest) -> Checked {
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        for member in ["/body/orderId", "/body/refId"] {
            let Some(text) = message.pointer(member).and_then(Value::as_str) else { continue };
            let reference = ProviderReference(text.to_owned());
            let known = finish(self.store.read(move |tx| match reference.lane() {
                Some(lane) => payments::by_reference(tx, lane, &reference),
                None => Ok(None),
            }));
            let Some((key, operation)) = known.map_err(|error| fault(&error))? else {
                let what = format!("the provider is sent {text}, which is not stored");
                return Err(Broken { invariant: "I1", what });
            };
            if request.url.contains("/initiateTransaction?") {
                self.order_opened(key, operation)?;
            }
        }
        Ok(())
    }

    /// An order is opened only when the payment's other orders failed (I1).
    fn order_opened(&self, key: PaymentKey, operation: OperationId) -> Checked {
        let read = finish(self.store.read(move |tx| payments::load(tx, &key)));
        let Some(payment) = read.map_err(|error| fault(&error))? else { return Ok(()) };
        let mut others = payment.sales().filter(|sale| sale.id != operation);
        let open = others.find(|sale| !self.provider.has_declined(&sale.reference.0));
        ensure(open.is_none(), "I1", || {
            format!("{} gets a second order beside {open:?}", payment.key)
        })
    }

    pub(super) fn request_arrives(
        &mut self,
        exchange: ExchangeId,
        request: &HttpRequest,
        deadline: Timestamp,
    ) {
        let reply = match request.peer {
            Peer::Provider => self.provider_answers(request),
            Peer::Merchant => self.merchant_answers(request),
        };
        let Some(answer) = reply else { return };
        let wait = self.latency(request.timeout);
        if self.now.plus(wait) < deadline {
            self.after(wait, Event::ReplyArrives { exchange, reply: Ok(answer) });
        }
    }

    fn provider_answers(&mut self, request: &HttpRequest) -> Option<HttpAnswer> {
        let error = |status| Some(HttpAnswer { status, body: b"<html>sorry</html>".to_vec() });
        if self.troubles.strikes(Trouble::ServerError) {
            return error(503);
        }
        let path = request.url.strip_prefix(provider::URL).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let (mut answer, laters) =
            self.provider.handle(self.now, path, &request.body, &mut self.troubles);
        self.print.note(self.now, format_args!("the provider answers {answer:?}"));
        self.later(laters);
        if self.troubles.strikes(Trouble::AnswerLost) {
            return None;
        }
        if self.troubles.strikes(Trouble::ServerErrorAfterEffect) {
            return error(503);
        }
        if self.troubles.strikes(Trouble::Garbage) {
            return error(200);
        }
        if self.troubles.strikes(Trouble::WrongAmount) {
            answer = answer.with_other("txnAmount", "0.42").with_other("refundAmount", "0.42");
        }
        if self.troubles.strikes(Trouble::WrongOrder) {
            answer = answer.with_other("orderId", "p-x-0001-0123456789abcdef");
        }
        let seal = if self.troubles.strikes(Trouble::WrongChecksum) {
            Seal::Wrong
        } else if self.troubles.strikes(Trouble::NoChecksum) {
            Seal::Missing
        } else {
            Seal::Right
        };
        Some(HttpAnswer { status: 200, body: answer.sealed(seal) })
    }

    pub(super) fn reply_arrives(&mut self, exchange: ExchangeId, reply: Reply) -> Checked {
        let Some(Waiting { task, callback }) = self.waiting.remove(&exchange) else {
            return Ok(());
        };
        let number = exchange.0;
        match &reply {
            Ok(answer) => self.note(format_args!("exchange {number} gets {}", answer.status)),
            Err(error) => self.note(format_args!("exchange {number} gets {error}")),
        }
        if let (Ok(HttpAnswer { status: 200, .. }), Some(callback)) = (&reply, callback) {
            self.acknowledged(&callback);
        }
        self.ports.reply(exchange, reply);
        self.poll(task)
    }
}
