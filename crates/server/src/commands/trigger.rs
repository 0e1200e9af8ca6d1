//! `dwar trigger`: makes a payment with a scenario of the sandbox, from end to end, and shows each
//! step: the merchant's signed requests, what the customer does, what the platform makes of it.

mod customer;
mod step;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use app::platform::Platform;
use app::ports::{Http as _, HttpRequest, Peer};
use app::project::Project;
use app::verbs::PaymentView;
use clap::Args;
use domain::decision::Event;
use domain::id::{PaymentId, PaymentKey};
use domain::money::Amount;
use domain::time::{Millis, Timestamp};
use paytm_sandbox::Scenario;
use serde::de::DeserializeOwned;
use store::callbacks::CallbackState;
use wire::client::{self, Merchant};

use self::customer::Customer;
use self::step::{Ended, Reporter};
use super::Answer;
use super::payment::{Reason, words};
use super::tail::is_broken_pipe;
use crate::cli::Shared;
use crate::config::Egress;
use crate::http_client::HttpClient;
use crate::installation::{self, Missing};
use crate::output::money;
use crate::stop::Stop;

const LOOK_EVERY: Duration = Duration::from_millis(50);
const TIMEOUT: Millis = Millis::seconds(30);
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Make a payment with a scenario of the sandbox, from end to end, and show each step.
///
/// The platform must be running, and the project must use the sandbox, as the demonstration's
/// does. The scenario is chosen by the customer's phone; the customer is played, and comes back
/// to the platform as a browser would. Scenarios of refunds give the money back too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dwar trigger normal --database dwar-demo/dwar.db
  dwar trigger low-balance
  dwar trigger refund-refused --amount 499
  dwar trigger status-dropped --refund 12.50
  dwar sandbox scenarios                     what there is to choose from

Exit code 0 if the payment has ended and the merchant was told, 1 if not within --wait: then it
says why, and what happens next.")]
pub(crate) struct Trigger {
    /// The scenario.
    #[arg(value_parser = scenario, hide_possible_values = true)]
    scenario: &'static Scenario,
    /// The project's number [default: the only project].
    #[arg(long, value_name = "N")]
    project: Option<i64>,
    /// How much, in rupees.
    #[arg(long, value_name = "RUPEES", value_parser = money::parse_rupees, default_value = "100")]
    amount: Amount,
    /// Give back so much when it is paid [default: all, in the scenarios of refunds].
    #[arg(long, value_name = "RUPEES", value_parser = money::parse_rupees)]
    refund: Option<Amount>,
    /// The payment id [default: the scenario's name and the time].
    #[arg(long, value_name = "ID")]
    payment: Option<String>,
    /// Where Gate is [default: public.url of the configuration].
    #[arg(long, value_name = "URL")]
    gate: Option<String>,
    /// How long to wait for the end, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 90)]
    wait: u32,
}

fn scenario(name: &str) -> Result<&'static Scenario, String> {
    paytm_sandbox::by_name(name)
        .ok_or_else(|| "no such scenario; see dwar sandbox scenarios".to_owned())
}

impl Trigger {
    /// Makes the payment and follows it to its end.
    pub(crate) async fn run(self, shared: &Shared) -> anyhow::Result<Answer> {
        let platform = installation::open(&shared.config()?, Missing::Refuse).await?;
        let id = installation::project_id(&platform, self.project).await?;
        let project = platform.project(id).await?;
        let project = project.with_context(|| format!("there is no project {}", id.0))?;
        let sandbox = &project.settings.paytm.base_url;
        ensure!(
            !is_paytm(sandbox),
            "project {} uses Paytm itself, {sandbox}; scenarios need a sandbox",
            id.0
        );
        let stop = Stop::on_signals()?;
        let play = self.play(&platform, &project, Reporter::new(shared.format()));
        let ended = tokio::select! {
            ended = play => ended,
            () = stop.asked() => Ok(Answer::No),
        };
        match ended {
            Err(error) if is_broken_pipe(&error) => Ok(Answer::No),
            ended => ended,
        }
    }

    async fn play(
        self,
        platform: &Platform,
        project: &Project,
        report: Reporter,
    ) -> anyhow::Result<Answer> {
        let began = platform.now();
        let name = self.scenario.name;
        let payment = self.payment.clone().unwrap_or_else(|| format!("{name}-{}", began.0));
        let http = HttpClient::new(Egress { allow_private: true, allow_http: true }, &[]);
        let gate = self.gate.as_deref().unwrap_or(platform.public_url());
        let shop = Shop {
            merchant: Merchant {
                project_id: project.id.0,
                secret: project.signing_secret().to_owned(),
                gate_url: gate.to_owned(),
                page_url: gate.to_owned(),
            },
            http: http.clone(),
        };
        report.step("scenario", format!("{name}: {}", self.scenario.summary))?;
        let request_id = shop.buy(&payment, self.amount, self.scenario.phone()).await?;
        report.step("gate", format!("Gate took the sale of payment {payment}, {request_id}"))?;
        let mut play = Play {
            customer: Customer { http, sandbox: project.settings.paytm.base_url.clone() },
            refund: self.refund(),
            pays: !name.starts_with("auto-"),
            shop,
            report,
            events: BTreeSet::new(),
            tries: BTreeSet::new(),
        };
        let key = PaymentKey::new(project.id, PaymentId(payment));
        let deadline = began.plus(Millis::seconds(i64::from(self.wait)));
        play.follow(platform, &key, deadline).await
    }

    /// What is given back once it is paid.
    fn refund(&self) -> Option<Amount> {
        let of_refunds = self.scenario.name.starts_with("refund-");
        self.refund.or(of_refunds.then_some(self.amount))
    }
}

fn is_paytm(url: &str) -> bool {
    let host = url.split("://").last().and_then(|rest| rest.split([':', '/']).next());
    host.is_some_and(|host| {
        ["paytm.in", "paytm.com", "paytmpayments.com"]
            .iter()
            .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")))
    })
}

/// The merchant's side.
struct Shop {
    merchant: Merchant,
    http: HttpClient,
}

impl Shop {
    async fn buy(
        &self,
        payment: &str,
        amount: Amount,
        phone: Option<String>,
    ) -> anyhow::Result<String> {
        let sale = client::Sale {
            payment_id: payment.to_owned(),
            amount: amount.minor(),
            currency: amount.currency().code().to_owned(),
            customer_id: "dwar-trigger".to_owned(),
            customer_ip: "127.0.0.1".to_owned(),
            customer_phone: phone,
            ..client::Sale::default()
        };
        self.post(self.merchant.sale(&sale)?).await
    }

    async fn give_back(&self, payment: &str, amount: Amount) -> anyhow::Result<String> {
        let refund = client::Refund {
            payment_id: payment.to_owned(),
            sum: Some((amount.minor(), amount.currency().code().to_owned())),
            description: "dwar trigger".to_owned(),
            merchant_refund_id: None,
        };
        self.post(self.merchant.refund(&refund)?).await
    }

    /// Sends a request to Gate and returns its request id.
    async fn post(&self, request: client::Request) -> anyhow::Result<String> {
        let headers = request.headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (status, answer) =
            post(&self.http, request.url.clone(), headers.to_vec(), request.body.into()).await?;
        let answer: serde_json::Value = answer;
        let id = answer.get("request_id").and_then(serde_json::Value::as_str);
        match (status, id) {
            (200, Some(id)) => Ok(id.to_owned()),
            _ => bail!("{} answered {status}: {answer}", request.url),
        }
    }
}

/// Sends a request and reads the answer's JSON.
async fn post<T: DeserializeOwned>(
    http: &HttpClient,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
) -> anyhow::Result<(u16, T)> {
    let request = HttpRequest {
        url: url.clone(),
        peer: Peer::Provider,
        headers,
        body,
        connect_timeout: TIMEOUT,
        timeout: TIMEOUT,
        answer_bytes_max: ANSWER_BYTES_MAX,
    };
    let answer = http.send(request).await.with_context(|| format!("{url} does not answer"))?;
    let status = answer.status;
    let read = serde_json::from_slice(&answer.body);
    let read = read.with_context(|| format!("{url} answered {status} and no JSON"))?;
    Ok((status, read))
}

/// A payment on its way, with what has been shown of it.
struct Play {
    shop: Shop,
    customer: Customer,
    /// Whether the customer has to do something.
    pays: bool,
    /// What to give back once it is paid.
    refund: Option<Amount>,
    report: Reporter,
    events: BTreeSet<i64>,
    tries: BTreeSet<(i64, u32)>,
}

impl Play {
    async fn follow(
        &mut self,
        platform: &Platform,
        key: &PaymentKey,
        deadline: Timestamp,
    ) -> anyhow::Result<Answer> {
        loop {
            let view = platform.payment_view(key.clone()).await?;
            let view = view.context("the payment is not in this database: is it the server's?")?;
            let acted = self.show(&view).await?;
            // What was just asked for is not in this view yet.
            let ended = !acted && is_over(&view);
            let now = platform.now();
            if ended || now >= deadline {
                let cut_off = platform.cut_off_endpoints().await?;
                let reason = Reason::of(&view, &cut_off, now);
                self.report.end(&Ended::new(&view, ended, reason.sentence()))?;
                return Ok(if ended { Answer::Yes } else { Answer::No });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Shows what is new, and does what customer and merchant do upon it. Returns whether they
    /// did something.
    async fn show(&mut self, view: &PaymentView) -> anyhow::Result<bool> {
        let mut acted = false;
        for entry in &view.history {
            if self.events.insert(entry.seq) {
                self.report.step("platform", words::event(&entry.event))?;
                acted |= self.react(&entry.event, view).await?;
            }
        }
        for delivery in &view.deliveries {
            if self.tries.insert((delivery.seq, delivery.attempt)) {
                let callback = view.callbacks.iter().find(|it| it.seq == delivery.seq);
                let topic = callback.map_or("", |it| it.topic.name());
                let answer = match (delivery.status, &delivery.error) {
                    (Some(status), _) => format!("answered {status}"),
                    (None, error) => error.clone().unwrap_or_default(),
                };
                let (seq, attempt) = (delivery.seq, delivery.attempt);
                let text = format!("callback {seq} ({topic}), try {attempt}: {answer}");
                self.report.step("merchant", text)?;
            }
        }
        Ok(acted)
    }

    async fn react(&mut self, event: &Event, view: &PaymentView) -> anyhow::Result<bool> {
        let payment = &view.payment;
        match event {
            Event::RedirectReady if self.pays => {
                let told = self.customer.pay(&payment.sale.reference).await?;
                self.report.step("customer", told)?;
            }
            Event::SaleCaptured { .. } | Event::SalePromoted => {
                let Some(amount) = self.refund.take() else { return Ok(false) };
                let request_id = self.shop.give_back(&payment.key.payment().0, amount).await?;
                self.report.step("gate", format!("Gate took the refund, {request_id}"))?;
            }
            Event::RedirectReady
            | Event::SaleAccepted
            | Event::ProviderUnclear { .. }
            | Event::AttemptDeclined { .. }
            | Event::SaleRetried { .. }
            | Event::SaleDeclined { .. }
            | Event::PaidAfterDecline
            | Event::ProviderContradiction { .. }
            | Event::RefundAccepted { .. }
            | Event::RefundSent { .. }
            | Event::RefundPending { .. }
            | Event::RefundSucceeded { .. }
            | Event::RefundDeclined { .. }
            | Event::GiveBackAbandoned => return Ok(false),
        }
        Ok(true)
    }
}

/// Whether the payment has ended and the merchant was told all there is to tell.
fn is_over(view: &PaymentView) -> bool {
    let waits = view.callbacks.iter().any(|callback| callback.state == CallbackState::Pending);
    view.payment.is_settled() && !waits
}
