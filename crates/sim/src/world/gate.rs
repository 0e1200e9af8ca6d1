//! Merchants and the platform: their requests and its answers, over a network that loses and
//! doubles them. A merchant sends the same request again until it has an answer.

use app::platform::{Fault, Platform};
use app::verbs::VerbError;
use domain::code::Code;
use domain::time::Millis;
use serde_json::Value;
use wire::gate::{RefundRequest, SaleRequest};
use wire::status::StatusAnswer;
use wire::vocabulary::PaymentStatus;

use super::node::Done;
use super::{Event, World};
use crate::fingerprint::fnv;
use crate::merchants::Wish;
use crate::troubles::Trouble;
use crate::violation::{Checked, ensure};

/// How long a merchant waits for an answer.
const PATIENCE: Millis = Millis::seconds(20);

/// A request of a merchant.
#[derive(Debug)]
pub(super) struct Call {
    wish: Wish,
    body: String,
    tries: u32,
    answered: bool,
}

/// What the platform answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GateReply {
    /// The request was accepted under this id.
    Accepted(String),
    /// It was refused, because of an earlier request if one is named.
    Refused { code: Code, earlier: Option<String> },
    /// How the payment stands.
    Status(String),
    /// Nobody is there.
    Unavailable,
}

impl GateReply {
    /// Whether the request could be read, as every request of a world can.
    pub(super) fn is_understood(&self) -> bool {
        let Self::Refused { code, .. } = self else { return true };
        !matches!(code, Code::MalformedRequest | Code::InvalidSignature)
    }
}

impl World {
    pub(super) fn wanted(&mut self, wish: Wish) {
        let purchase = self.purchases.get(wish.purchase());
        let merchant = purchase.and_then(|purchase| self.merchants.get(purchase.merchant));
        let Some((purchase, merchant)) = purchase.zip(merchant) else { return };
        let body = purchase.request(wish, merchant);
        let number = u64::try_from(self.calls.len()).unwrap_or(u64::MAX);
        self.calls.insert(number, Call { wish, body, tries: 0, answered: false });
        self.queue.push(self.now, Event::GateSend(number));
        if let Wish::Sale(at) = wish {
            for _ in 0..2 {
                self.soon(1_000, 1_800_000, Event::Wanted(Wish::Status(at)));
            }
        }
    }

    pub(super) fn gate_send(&mut self, number: u64) {
        let Some(call) = self.calls.get_mut(&number).filter(|call| !call.answered) else { return };
        call.tries = call.tries.saturating_add(1);
        let (wish, tries) = (call.wish, call.tries);
        self.note(format_args!("call {number} {wish:?} is sent, try {tries}"));
        if !self.troubles.strikes(Trouble::GateRequestLost) {
            self.soon(5, 300, Event::GateArrives(number));
        }
        if self.troubles.strikes(Trouble::GateRequestDoubled) {
            self.soon(5, 30_000, Event::GateArrives(number));
        }
        self.after(PATIENCE, Event::GateDeadline { call: number, tries });
    }

    pub(super) fn gate_deadline(&mut self, number: u64, tries: u32) {
        let waits = |call: &Call| !call.answered && call.tries == tries;
        if self.calls.get(&number).is_some_and(waits) {
            self.soon(100, 60_000, Event::GateSend(number));
        }
    }

    pub(super) fn gate_arrives(&mut self, number: u64) {
        let Some(call) = self.calls.get(&number) else { return };
        let Some(purchase) = self.purchases.get(call.wish.purchase()) else { return };
        let (wish, body, key) = (call.wish, call.body.clone(), purchase.key.clone());
        let attempts = purchase.attempts;
        if self.node.is_none() {
            self.gate_replies(number, GateReply::Unavailable);
            return;
        }
        self.spawn(Some(&key), |platform| {
            let project = key.project();
            Box::pin(async move {
                let Some(project) = platform.project(project).await.transpose() else {
                    return Done::Gate(number, Ok(GateReply::Unavailable));
                };
                let answered = match project {
                    Ok(project) => serve(&platform, project, wish, attempts, &body).await,
                    Err(fault) => Err(fault.into()),
                };
                Done::Gate(number, reply(answered))
            })
        });
    }

    /// The platform has answered; whether that reaches the merchant is another question.
    pub(super) fn gate_replies(&mut self, call: u64, reply: GateReply) {
        self.note(format_args!("call {call} is answered {reply:?}"));
        if !self.troubles.strikes(Trouble::GateAnswerLost) {
            self.soon(5, 300, Event::GateAnswered { call, reply });
        }
    }

    pub(super) fn gate_answered(&mut self, number: u64, reply: GateReply) -> Checked {
        let Some(call) = self.calls.get_mut(&number) else { return Ok(()) };
        let wish = call.wish;
        call.answered |= reply != GateReply::Unavailable;
        let Some(purchase) = self.purchases.get_mut(wish.purchase()) else { return Ok(()) };
        let request = match reply {
            GateReply::Accepted(request) => {
                if matches!(wish, Wish::Sale(_) | Wish::OtherSale(_)) {
                    let sum = purchase.sum_of(wish);
                    purchase.accepted.insert(sum);
                }
                request
            }
            GateReply::Refused { earlier: Some(request), .. } => request,
            GateReply::Refused { .. } | GateReply::Unavailable => return Ok(()),
            GateReply::Status(body) => return self.status_known(wish.purchase(), &body),
        };
        let requests = match wish {
            Wish::Sale(at) | Wish::OtherSale(at) => {
                if purchase.attempts > 1 && purchase.requests.is_empty() {
                    // Payment Page shows the payment as soon as it is there.
                    self.queue.push(self.now, Event::CustomerLooks(at));
                }
                Some(&mut purchase.requests)
            }
            Wish::Refund(_, place) => {
                purchase.refunds.get_mut(place).map(|refund| &mut refund.requests)
            }
            Wish::Status(_) => None,
        };
        if let Some(requests) = requests {
            requests.insert(request);
        }
        Ok(())
    }

    fn status_known(&mut self, at: usize, body: &str) -> Checked {
        let Ok(answer) = serde_json::from_str::<StatusAnswer>(body) else {
            return ensure(false, "I3", || format!("a status answer can't be read: {body}"));
        };
        if answer.payment.status == PaymentStatus::Success {
            self.paid_known(at);
        }
        if answer.redirect_data.is_some() {
            self.redirect_known(at);
        }
        Ok(())
    }
}

/// What the Gate does with a request: verify, read, ask the platform. A sale of several attempts
/// comes by Payment Page, which does the same with what the merchant signed.
async fn serve(
    platform: &Platform,
    project: std::sync::Arc<app::project::Project>,
    wish: Wish,
    attempts: u32,
    body: &str,
) -> Result<GateReply, VerbError> {
    let document: Value = wire::json::parse_strict(body.as_bytes()).unwrap_or_default();
    let signature = wire::signature::given(&document).unwrap_or_default();
    if wire::signature::verify(&document, signature, &project.accepted_secrets()).is_err() {
        return Ok(GateReply::Refused { code: Code::InvalidSignature, earlier: None });
    }
    let invalid = Ok(GateReply::Refused { code: Code::MalformedRequest, earlier: None });
    let request = match wish {
        Wish::Sale(_) | Wish::OtherSale(_) => {
            let Ok(request) = SaleRequest::parse(&document) else { return invalid };
            let digest = fnv(0xcbf2_9ce4_8422_2325, body.as_bytes());
            platform.start_sale(&project, request, attempts, digest).await?
        }
        Wish::Refund(..) => {
            let Ok(request) = RefundRequest::parse(&document) else { return invalid };
            platform.start_refund(&project, request).await?
        }
        Wish::Status(_) => {
            let id = document.pointer("/general/payment_id").and_then(Value::as_str);
            let answer = platform.payment_status(&project, id.unwrap_or_default().into()).await;
            return Ok(GateReply::Status(answer?));
        }
    };
    Ok(GateReply::Accepted(request.0))
}

fn reply(answered: Result<GateReply, VerbError>) -> Result<GateReply, Fault> {
    match answered {
        Ok(reply) => Ok(reply),
        Err(VerbError::Refused(refusal)) => Ok(GateReply::Refused {
            code: refusal.code,
            earlier: refusal.earlier.map(|request| request.0),
        }),
        Err(VerbError::Fault(fault)) => Err(fault),
    }
}
