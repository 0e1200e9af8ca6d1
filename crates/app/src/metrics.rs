//! What the platform counts, for Prometheus.

use domain::decision::{Decision, Event};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::endpoints::Change;

/// The counters. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    events: Family<EventLabel, Counter>,
    provider: Family<ProviderLabel, Counter>,
    callbacks: Family<CallbackLabel, Counter>,
    endpoints: Family<EndpointLabel, Counter>,
    refusals: Family<RefusalLabel, Counter>,
    faults: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabel {
    event: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabel {
    call: Call,
    answer: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallbackLabel {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabel {
    change: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabel {
    code: u32,
}

/// A call to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Call {
    /// Open an order.
    Initiate,
    /// Ask what became of an order.
    AskSale,
    /// Send a refund.
    Refund,
    /// Ask what became of a refund.
    AskRefund,
}

impl Metrics {
    /// Puts the counters into a registry.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("dwar");
        registry.register("payment_events", "What happened to payments", self.events.clone());
        registry.register("provider_answers", "Answers of the provider", self.provider.clone());
        registry.register("callback_tries", "Tries to deliver callbacks", self.callbacks.clone());
        registry.register(
            "callback_endpoint_changes",
            "Callback endpoints that were cut off, were paused, or answer again",
            self.endpoints.clone(),
        );
        registry.register("gate_refusals", "Refused requests by code", self.refusals.clone());
        registry.register("faults", "Faults of the platform itself", self.faults.clone());
    }

    /// Counts a refused request.
    pub fn refused(&self, code: u32) {
        self.refusals.get_or_create(&RefusalLabel { code }).inc();
    }

    /// Counts a fault of ours.
    pub fn fault(&self) {
        self.faults.inc();
    }

    /// How many faults were counted.
    pub fn faults(&self) -> u64 {
        self.faults.get()
    }

    pub(crate) fn decided(&self, decision: &Decision) {
        for event in &decision.events {
            self.events.get_or_create(&EventLabel { event: event_name(event) }).inc();
        }
    }

    pub(crate) fn answered(&self, call: Call, answer: &'static str) {
        self.provider.get_or_create(&ProviderLabel { call, answer }).inc();
    }

    pub(crate) fn callback_tried(&self, result: &'static str) {
        self.callbacks.get_or_create(&CallbackLabel { result }).inc();
    }

    pub(crate) fn endpoint_changed(&self, change: Change) {
        let change = match change {
            Change::CutOff { .. } => "cut_off",
            Change::Paused { .. } => "paused",
            Change::Recovered => "recovered",
        };
        self.endpoints.get_or_create(&EndpointLabel { change }).inc();
    }
}

const fn event_name(event: &Event) -> &'static str {
    match event {
        Event::SaleAccepted => "sale_accepted",
        Event::RedirectReady => "redirect_ready",
        Event::ProviderUnclear { .. } => "provider_unclear",
        Event::SaleCaptured { .. } => "sale_captured",
        Event::AttemptDeclined { .. } => "attempt_declined",
        Event::SaleRetried { .. } => "sale_retried",
        Event::SaleDeclined { .. } => "sale_declined",
        Event::PaidAfterDecline => "paid_after_decline",
        Event::SalePromoted => "sale_promoted",
        Event::ProviderContradiction { .. } => "provider_contradiction",
        Event::RefundAccepted { .. } => "refund_accepted",
        Event::RefundSent { .. } => "refund_sent",
        Event::RefundPending { .. } => "refund_pending",
        Event::RefundSucceeded { .. } => "refund_succeeded",
        Event::RefundDeclined { .. } => "refund_declined",
        Event::GiveBackAbandoned => "give_back_abandoned",
    }
}
