//! Random histories: a payment, a worker that may die at any moment, a provider that says
//! anything, a clock that jumps. After every step all invariants hold, and every history can be
//! brought to its end.

use proptest::prelude::*;
use proptest::sample::Index;

use dwar_domain::code::Code;
use dwar_domain::command::{Command, RefundRequest};
use dwar_domain::decision::{Event, JobKind};
use dwar_domain::id::OperationId;
use dwar_domain::payment::{LateSuccessPolicy, PaymentStatus, SaleState, Terms};
use dwar_domain::provider::{InitiateAnswer, RefundAnswer, SaleAnswer, Unclear};
use dwar_domain::refund::RefundState;
use dwar_domain::time::{Millis, Timestamp};

use crate::books::{Books, posted};
use crate::fixtures::{
    START, accept_sale, amount, inr, operation, receipt, redirect, refund_id, refund_request, terms,
};
use crate::invariants;
use crate::world::World;

/// What the provider says next, whatever it is asked.
#[derive(Debug, Clone)]
struct Answers {
    initiate: InitiateAnswer,
    sale: SaleAnswer,
    refund: RefundAnswer,
}

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A worker takes one of the pending jobs and does it. It may be early, because its clock is
    /// ahead, and it may die half-way.
    Work { job: Index, answers: Answers, early: bool, dies: bool },
    /// The merchant wants money back.
    Refund { sum: Sum, merchant_id: Option<u8> },
    /// A command that nobody is waiting for: late, repeated or forged.
    Stray { command: u8, refund: Index, answers: Answers },
    /// The clock goes on, or jumps.
    Clock(Millis),
}

/// A sum to refund, as it relates to what is left.
#[derive(Debug, Clone, Copy)]
enum Sum {
    All,
    Share(u8),
    OneMore,
    Nothing,
    Huge,
    OtherCurrency,
}

fn unclear() -> impl Strategy<Value = Unclear> {
    prop_oneof![
        Just(Unclear::NotSent),
        Just(Unclear::NoAnswer),
        Just(Unclear::Unreadable),
        Just(Unclear::NotAuthentic),
        Just(Unclear::Mismatch),
        Just(Unclear::UnknownCode),
        Just(Unclear::ProviderFault),
    ]
}

fn answers() -> impl Strategy<Value = Answers> {
    let initiate = prop_oneof![
        4 => Just(InitiateAnswer::Redirect(redirect())),
        1 => Just(InitiateAnswer::Refused(Code::ProviderRejected)),
        2 => unclear().prop_map(InitiateAnswer::Unknown),
    ];
    let failed = SaleAnswer::Failed { code: Code::ProviderDecline, transaction_id: None };
    let sale = prop_oneof![
        3 => Just(SaleAnswer::Paid(receipt())),
        2 => Just(failed),
        2 => Just(SaleAnswer::Pending),
        2 => unclear().prop_map(SaleAnswer::Unknown),
    ];
    let id = prop::option::of(Just("at-provider".to_owned()));
    let refund = prop_oneof![
        2 => id.clone().prop_map(|refund_id| RefundAnswer::Pending { refund_id }),
        3 => id.prop_map(|refund_id| RefundAnswer::Refunded { refund_id }),
        2 => Just(RefundAnswer::Refused(Code::AcquirerBalance)),
        1 => Just(RefundAnswer::NotFound),
        1 => Just(RefundAnswer::Busy),
        1 => unclear().prop_map(RefundAnswer::Unknown),
    ];
    (initiate, sale, refund).prop_map(|(initiate, sale, refund)| Answers { initiate, sale, refund })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let sum = prop_oneof![
        1 => Just(Sum::All),
        6 => any::<u8>().prop_map(Sum::Share),
        1 => Just(Sum::OneMore),
        1 => Just(Sum::Nothing),
        1 => Just(Sum::Huge),
        1 => Just(Sum::OtherCurrency),
    ];
    let merchant_id = prop::option::weighted(0.3, 0..8_u8);
    let seldom = || prop::bool::weighted(0.2);
    let work = (any::<Index>(), answers(), seldom(), seldom())
        .prop_map(|(job, answers, early, dies)| Step::Work { job, answers, early, dies });
    let clock = prop_oneof![
        4 => 0..60_000_i64,
        1 => 0..86_400_000_i64,
        1 => -86_400_000..0_i64,
    ];
    let step = prop_oneof![
        6 => work,
        4 => (sum, merchant_id).prop_map(|(sum, merchant_id)| Step::Refund { sum, merchant_id }),
        3 => (0..10_u8, any::<Index>(), answers())
            .prop_map(|(command, refund, answers)| Step::Stray { command, refund, answers }),
        1 => clock.prop_map(|by| Step::Clock(Millis(by))),
    ];
    prop::collection::vec(step, 64..96)
}

fn agreed() -> impl Strategy<Value = Terms> {
    let sum = prop_oneof![1 => 1..=200_i64, 3 => 100..=999_999_999_i64];
    let currency = prop_oneof![Just("INR"), Just("JPY"), Just("USD"), Just("BHD")];
    let policy = prop_oneof![Just(LateSuccessPolicy::GiveBack), Just(LateSuccessPolicy::Promote)];
    (sum, currency, 0..=2_000_000_000_i64, policy).prop_map(|(sum, currency, converted, policy)| {
        let converted = if currency == "INR" { sum } else { converted };
        terms(inr(sum), amount(converted, currency), policy)
    })
}

/// A world in time.
struct History {
    world: World,
    now: Timestamp,
}

impl History {
    fn begin(terms: Terms) -> Self {
        let mut history = Self { world: World::default(), now: START };
        history.command(accept_sale(terms));
        history
    }

    /// Carries out a command and checks all that must hold.
    fn command(&mut self, command: Command) {
        let (before, asked) = (self.world.clone(), command.clone());
        match self.world.apply(command, self.now) {
            Ok(decision) => invariants::hold(&before, &decision, &self.world, self.now),
            Err(rejection) => invariants::refusal_is_true(&before, &asked, &rejection),
        }
    }

    fn new_id(&self) -> OperationId {
        refund_id(self.world.payment().refunds.len() + 1)
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Work { job, answers, early, dies } => {
                let pending: Vec<_> =
                    self.world.jobs.iter().map(|(kind, at)| (*kind, *at)).collect();
                if !pending.is_empty() {
                    let (kind, at) = *job.get(&pending);
                    self.now = if early { self.now } else { self.now.max(at) };
                    self.work(kind, &answers, dies);
                }
            }
            Step::Refund { sum, merchant_id } => self.refund(sum, merchant_id),
            Step::Stray { command, refund, answers } => self.stray(command, refund, answers),
            Step::Clock(by) => self.now = self.now.plus(by),
        }
    }

    /// A worker does a job. It takes the job away first, so that only what the commands schedule
    /// is left: a decision that forgets to go on is found at once.
    fn work(&mut self, job: JobKind, answers: &Answers, dies: bool) {
        self.world.jobs.remove(&job);
        let payment = self.world.payment().clone();
        match job {
            JobKind::InitiateSale => self.command(Command::SaleInitiated(answers.initiate.clone())),
            JobKind::AskSale => self.answer_sale(answers, false),
            JobKind::LimitSale if payment.sale.last_question_asked => {
                self.command(Command::LimitReached);
            }
            JobKind::LimitSale => self.answer_sale(answers, true),
            JobKind::GiveBack => {
                let operation = operation(self.new_id());
                self.command(Command::RetryGiveBack { operation });
            }
            JobKind::Refund(operation) => {
                let queued = payment.refund(operation).map(|refund| &refund.state);
                if queued == Some(&RefundState::Queued) {
                    self.command(Command::RefundSending(operation));
                    if dies {
                        return;
                    }
                }
                let answer = answers.refund.clone();
                self.command(Command::RefundAnswered { operation, answer });
            }
        }
    }

    fn answer_sale(&mut self, answers: &Answers, last: bool) {
        let (answer, give_back) = (answers.sale.clone(), operation(self.new_id()));
        self.command(Command::SaleAnswered { answer, last, give_back });
    }

    fn refund(&mut self, sum: Sum, merchant_id: Option<u8>) {
        let remaining = self.world.payment().balance().remaining();
        let sum = match sum {
            Sum::All => None,
            Sum::Share(part) => Some(inr(remaining * i64::from(part) / 512)),
            Sum::OneMore => Some(inr(remaining + 1)),
            Sum::Nothing => Some(inr(0)),
            Sum::Huge => Some(inr(i64::MAX)),
            Sum::OtherCurrency => Some(amount(1, "EUR")),
        };
        let merchant_refund_id = merchant_id.map(|id| format!("refund-{id}"));
        let request = refund_request(self.new_id(), sum);
        self.command(Command::AcceptRefund(RefundRequest { merchant_refund_id, ..request }));
    }

    fn stray(&mut self, command: u8, refund: Index, answers: Answers) {
        let refunds = self.world.payment().refunds.len();
        let about = refund_id(refund.index(refunds + 1) + 1);
        match command {
            0 => {
                let terms = self.world.payment().terms.clone();
                self.command(accept_sale(terms));
            }
            1 => self.command(Command::SaleInitiated(answers.initiate)),
            2 => {
                let before = self.world.payment.clone();
                self.command(Command::ProviderHint);
                assert_eq!(self.world.payment, before, "I10: a hint is never believed");
            }
            3 => self.answer_sale(&answers, false),
            4 => self.answer_sale(&answers, true),
            5 => self.command(Command::LimitReached),
            6 => self.command(Command::RefundSending(about)),
            7 => {
                let operation = operation(self.new_id());
                self.command(Command::RetryGiveBack { operation });
            }
            _ => {
                let answer = answers.refund;
                self.command(Command::RefundAnswered { operation: about, answer });
            }
        }
    }

    /// Runs every job, earliest first, with a provider that works; `paid` tells whether the
    /// customer has paid.
    fn run_out(&mut self, paid: bool) {
        let answers = Answers {
            initiate: InitiateAnswer::Redirect(redirect()),
            sale: if paid { SaleAnswer::Paid(receipt()) } else { SaleAnswer::Pending },
            refund: RefundAnswer::Refunded { refund_id: None },
        };
        for _ in 0..1_000 {
            let next = self.world.jobs.iter().min_by_key(|(_, at)| **at);
            let Some((job, at)) = next.map(|(kind, at)| (*kind, *at)) else { return };
            self.now = self.now.max(at);
            self.work(job, &answers, false);
        }
        panic!("the work never ends: {:?}", self.world.jobs);
    }

    /// Brings the payment to its end and gives all its money back.
    fn finish(&mut self, paid: bool) {
        self.run_out(paid);
        let payment = self.world.payment();
        if matches!(payment.sale.state, SaleState::Captured(_)) && payment.balance().remaining() > 0
        {
            self.refund(Sum::All, None);
        } else if !payment.is_settled() {
            assert!(self.world.events.iter().any(Event::is_alarm), "nobody knows of {payment:?}");
            let operation = operation(self.new_id());
            self.command(Command::RetryGiveBack { operation });
        }
        self.run_out(paid);
    }
}

proptest! {
    /// Every history keeps the invariants, ends within a bound, and can be undone to the last
    /// minor unit of every currency: then all accounts are empty.
    #[test]
    fn every_history_holds_and_ends(terms in agreed(), steps in steps(), paid in any::<bool>()) {
        let mut history = History::begin(terms);
        for step in steps {
            history.step(step);
        }
        history.finish(paid);
        let payment = history.world.payment();
        prop_assert!(payment.is_settled(), "{payment:?}");
        prop_assert_eq!(posted(&history.world.journal), Books::new());
        let status = match payment.sale.state {
            SaleState::Captured(_) => PaymentStatus::Refunded,
            SaleState::Initiating
            | SaleState::AwaitingRedirect(_)
            | SaleState::Declined { .. }
            | SaleState::DeclinedThenPaid { .. } => PaymentStatus::Decline,
        };
        prop_assert_eq!(payment.status(), status);
    }
}
