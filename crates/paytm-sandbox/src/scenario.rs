//! Scenarios: named, deterministic ways in which this Paytm misbehaves.
//!
//! A scenario is a row of [`SCENARIOS`]: a name, a sentence, and a [`Behaviour`] made of small
//! independent parts. Nothing else in the sandbox knows a scenario by name, so a new one is a new
//! row. An order's scenario is chosen once, when it is initiated, by [`Clues::scenario`] or by the
//! admin interface.

mod table;

use std::fmt::Write as _;

use crate::clock::Millis;
use crate::paise::Paise;

pub use table::SCENARIOS;

/// A named way to behave.
#[derive(Debug)]
pub struct Scenario {
    /// Chooses the scenario by amount (6000 + number rupees) or phone (7000000000 + number).
    pub number: u8,
    /// Chooses the scenario by order id or customer id (`sandbox-NAME` inside it).
    pub name: &'static str,
    /// What happens, in a sentence for people.
    pub summary: &'static str,
    pub(crate) behaviour: Behaviour,
}

/// What is out of the ordinary in a scenario. [`NORMAL`](Behaviour::NORMAL) is a good day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behaviour {
    pub(crate) customer: Customer,
    pub(crate) bank: Bank,
    pub(crate) refund: RefundFate,
    /// What the browser tells the merchant.
    pub(crate) callback: Notice,
    /// Server-to-server notifications of the payment's end.
    pub(crate) notices: &'static [Notice],
    pub(crate) refund_notices: RefundNotices,
    pub(crate) initiate_answers: Answers,
    pub(crate) status_answers: Answers,
    pub(crate) refund_answers: Answers,
    pub(crate) refund_status_answers: Answers,
}

impl Behaviour {
    pub(crate) const NORMAL: Self = Self {
        customer: Customer::Person,
        bank: Bank::Honest,
        refund: RefundFate::Credited,
        callback: Notice::TRUE,
        notices: &[Notice::TRUE],
        refund_notices: RefundNotices::InOrder,
        initiate_answers: &[],
        status_answers: &[],
        refund_answers: &[],
        refund_status_answers: &[],
    };
}

/// Who acts on the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Customer {
    /// A person, on the wallet page.
    Person,
    /// Pays this long after the order was initiated, without a page.
    PaysAfter(Millis),
    /// Pays when the merchant first asks for the status.
    PaysOnStatus,
    /// Gives up the moment the order is initiated.
    Leaves,
}

/// What comes of an attempt to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bank {
    /// Pays if the wallet has the money.
    Honest,
    /// Fails with this code.
    Declines(&'static str),
    /// Stays PENDING for ever.
    Silent,
    /// Stays PENDING for this long, then ends with this code.
    Ponders(Millis, &'static str),
    /// Fails with code 227 and, this long after, turns out to have succeeded.
    ChangesItsMind(Millis),
}

/// What comes of a refund that was asked for properly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundFate {
    Credited,
    /// Credited, this long after it was asked for.
    CreditedAfter(Millis),
    /// Refused at once with this code.
    Refused(&'static str),
    /// Taken (601), then rejected for want of the merchant's funds (620).
    Unfunded,
    /// Taken (601) and accepted, then failed at the bank (600).
    FailsAtBank,
    /// Stays at 601.
    Pending,
}

/// One message about the end of a payment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notice {
    pub(crate) delay: Millis,
    pub(crate) lie: Option<Lie>,
    pub(crate) seal: Seal,
}

impl Notice {
    pub(crate) const TRUE: Self = Self { delay: 0, lie: None, seal: Seal::Right };
}

/// In which order the two notifications of a refund are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundNotices {
    InOrder,
    Reordered,
    Twice,
    Missing,
}

/// An untruth in a message that is otherwise well made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// One rupee more than the order's amount.
    Amount,
    Mid,
    OrderId,
    Success,
    Failure,
    Pending,
    /// 334, as if the order did not exist.
    Unknown,
}

/// The checksum of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    Right,
    Wrong,
    Missing,
}

/// The answers of one endpoint about one order: the first call gets the first, and so on; the last
/// one repeats. An empty list is an honest endpoint.
pub(crate) type Answers = &'static [Answer];

/// How one call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Honest,
    /// Honest, after the configured delay.
    Slow,
    /// Well signed, but untrue.
    Lying(Lie),
    /// True, with another checksum or none.
    Sealed(Seal),
    /// Not an answer of the protocol at all.
    Broken(Breakage, Effect),
}

/// How a broken answer looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breakage {
    /// HTTP 503.
    ServerError,
    /// HTTP 200 with a page of HTML.
    Html,
    /// HTTP 200 with nothing.
    Empty,
    /// HTTP 200 with ten megabytes of JSON.
    Huge,
    /// The connection is closed without a reply.
    HangUp,
    /// The connection is reset (TCP RST).
    Reset,
}

/// Whether a call that is answered brokenly was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Done,
    Skipped,
}

impl Scenario {
    /// The amount that chooses the scenario: 6000 + number rupees. The normal one needs none.
    pub fn amount(&self) -> Option<Paise> {
        (self.number > 0).then(|| Paise((6_000 + i64::from(self.number)) * 100))
    }

    /// The phone that chooses the scenario: 7000000000 + number.
    pub fn phone(&self) -> Option<String> {
        (self.number > 0).then(|| format!("70000000{:02}", self.number))
    }
}

/// The answer to the call number `call` (from 0).
pub(crate) fn answer_at(answers: Answers, call: u32) -> Answer {
    let position = usize::try_from(call).unwrap_or(usize::MAX);
    answers.get(position).or(answers.last()).copied().unwrap_or(Answer::Honest)
}

/// The scenario with this name.
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

/// The scenario of an order for which nothing was asked.
pub(crate) fn normal() -> &'static Scenario {
    let [normal, ..] = &SCENARIOS;
    normal
}

/// What an order says about itself that may choose its scenario.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clues<'a> {
    pub(crate) order_id: &'a str,
    pub(crate) customer_id: &'a str,
    pub(crate) mobile: &'a str,
    pub(crate) amount: Paise,
}

impl Clues<'_> {
    /// By order id, else customer id, else phone, else amount.
    pub(crate) fn scenario(&self) -> Option<&'static Scenario> {
        by_text(self.order_id)
            .or_else(|| by_text(self.customer_id))
            .or_else(|| by_phone(self.mobile))
            .or_else(|| by_amount(self.amount))
    }
}

/// `sandbox-NAME` anywhere in the text; of several names that fit, the longest.
fn by_text(text: &str) -> Option<&'static Scenario> {
    let (_, rest) = text.split_once("sandbox-")?;
    SCENARIOS
        .iter()
        .filter(|scenario| rest.starts_with(scenario.name))
        .max_by_key(|scenario| scenario.name.len())
}

/// With or without a country code.
pub(crate) fn by_phone(phone: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.phone().is_some_and(|own| phone.ends_with(&own)))
}

fn by_amount(amount: Paise) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.amount() == Some(amount))
}

/// The table of scenarios for the documentation.
pub fn markdown() -> String {
    let mut table =
        String::from("| no. | name | amount | phone | what happens |\n|--:|---|--:|---|---|\n");
    for scenario in &SCENARIOS {
        let Scenario { number, name, summary, .. } = scenario;
        let amount = scenario.amount().map(Paise::for_people).unwrap_or_default();
        let phone = scenario.phone().unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {number} | `{name}` | {amount} | {phone} | {summary} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clues_choose_a_scenario_in_order_of_precedence() {
        let none = Clues { order_id: "ORD-1", customer_id: "c", mobile: "", amount: Paise(10_000) };
        let cases = [
            (none, None),
            (Clues { amount: Paise(600_100), ..none }, Some("auto-success")),
            (Clues { amount: Paise(600_101), ..none }, None),
            (Clues { amount: Paise(600_000), ..none }, None),
            (Clues { mobile: "+917000000002", ..none }, Some("auto-decline")),
            (Clues { mobile: "7000000000", ..none }, None),
            (Clues { mobile: "7777777777", ..none }, None),
            (Clues { customer_id: "sandbox-late-success", ..none }, Some("late-success")),
            (Clues { customer_id: "c-sandbox-late-success-1h", ..none }, Some("late-success-1h")),
            (Clues { order_id: "sandbox-unheard-of", ..none }, None),
            (
                Clues {
                    order_id: "x-sandbox-declined-7",
                    customer_id: "sandbox-auto-success",
                    amount: Paise(600_200),
                    ..none
                },
                Some("declined"),
            ),
        ];
        for (clues, name) in cases {
            assert_eq!(clues.scenario().map(|scenario| scenario.name), name, "{clues:?}");
        }
    }

    #[test]
    fn answers_follow_their_list_and_the_last_repeats() {
        let answers = &[Answer::Slow, Answer::Honest];
        assert_eq!(
            [0, 1, 2].map(|call| answer_at(answers, call)),
            [Answer::Slow, Answer::Honest, Answer::Honest]
        );
        assert_eq!(answer_at(&[], 0), Answer::Honest);
    }
}
