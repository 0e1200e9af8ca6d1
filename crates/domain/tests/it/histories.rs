//! Random histories: a payment, a customer who tries again or gives up, workers that may die at
//! any moment and answers that come late, a provider that says anything, a clock that jumps. After
//! every step all invariants hold, and every history can be brought to its end.

use proptest::prelude::*;
use proptest::sample::Index;

use dwar_domain::code::Code;
use dwar_domain::command::{Command, RefundRequest};
use dwar_domain::decision::{Event, JobKind};
use dwar_domain::id::{NewOperation, OperationId};
use dwar_domain::payment::{LateSuccessPolicy, PaymentStatus, SaleState, Terms};
use dwar_domain::provider::{InitiateAnswer, RefundAnswer, SaleAnswer, Unclear};
use dwar_domain::refund::RefundState;
use dwar_domain::time::{Millis, Timestamp};

use crate::books::{Books, posted};
use crate::fixtures::{
    LIMIT, START, accept_sale, amount, attempt_id, inr, operation, receipt, redirect, refund_id,
    refund_request, terms,
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
    /// A worker takes the next of the pending jobs, or any of them, and does it. It may be early,
    /// because its clock is ahead, and it may die half-way.
    Work { job: Option<Index>, answers: Answers, early: bool, dies: bool },
    /// A worker asks the provider about a sale or opens its order, and the answer takes its time.
    Ask { job: Index, answers: Answers },
    /// One of those answers comes.
    Arrival(Index),
    /// The customer tries again.
    Retry,
    /// The customer does not want to try again.
    GiveUp,
    /// The merchant wants money back.
    Refund { sum: Sum, merchant_id: Option<u8> },
    /// A command that nobody is waiting for: late, repeated or forged.
    Stray { command: u8, about: Index, answers: Answers },
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
    let code = prop_oneof![
        6 => Just(Code::ProviderDecline),
        2 => Just(Code::ProviderDown),
        1 => Just(Code::ProviderRejected),
    ];
    let initiate = prop_oneof![
        4 => Just(InitiateAnswer::Redirect(redirect())),
        1 => code.clone().prop_map(InitiateAnswer::Refused),
        2 => unclear().prop_map(InitiateAnswer::Unknown),
    ];
    let transaction_id = prop::option::of(Just("failed-transaction".to_owned()));
    let failed = (code, transaction_id)
        .prop_map(|(code, transaction_id)| SaleAnswer::Failed { code, transaction_id });
    let sale = prop_oneof![
        1 => Just(SaleAnswer::Paid(receipt())),
        4 => failed,
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
    let dies = prop::bool::weighted(0.2);
    let job = prop::option::weighted(0.2, any::<Index>());
    let work = (job, answers(), any::<bool>(), dies)
        .prop_map(|(job, answers, early, dies)| Step::Work { job, answers, early, dies });
    let clock = prop_oneof![
        4 => 0..60_000_i64,
        1 => 0..86_400_000_i64,
        1 => -86_400_000..0_i64,
    ];
    let step = prop_oneof![
        6 => work,
        3 => (any::<Index>(), answers()).prop_map(|(job, answers)| Step::Ask { job, answers }),
        2 => any::<Index>().prop_map(Step::Arrival),
        6 => Just(Step::Retry),
        1 => Just(Step::GiveUp),
        3 => (sum, merchant_id).prop_map(|(sum, merchant_id)| Step::Refund { sum, merchant_id }),
        3 => (0..10_u8, any::<Index>(), answers())
            .prop_map(|(command, about, answers)| Step::Stray { command, about, answers }),
        1 => clock.prop_map(|by| Step::Clock(Millis(by))),
    ];
    prop::collection::vec(step, 64..96)
}

fn agreed() -> impl Strategy<Value = Terms> {
    let sum = prop_oneof![1 => 1..=200_i64, 3 => 100..=999_999_999_i64];
    let currency = prop_oneof![Just("INR"), Just("JPY"), Just("USD"), Just("BHD")];
    let policy = prop_oneof![Just(LateSuccessPolicy::GiveBack), Just(LateSuccessPolicy::Promote)];
    let attempts = prop_oneof![1 => Just(1), 2 => 2..=3_u32, 3 => Just(4)];
    let limit =
        prop_oneof![1 => Just(Millis::minutes(1)), 2 => Just(LIMIT), 3 => Just(Millis::hours(48))];
    let sums = (sum, currency, 0..=2_000_000_000_i64).prop_map(|(sum, currency, converted)| {
        (inr(sum), amount(if currency == "INR" { sum } else { converted }, currency))
    });
    (sums, policy, limit, attempts).prop_map(|((sum, converted), policy, limit, attempts)| Terms {
        limit_at: START.plus(limit),
        attempts,
        ..terms(sum, converted, policy)
    })
}

/// A world in time.
struct History {
    world: World,
    now: Timestamp,
    /// Answers on their way, each with the job that asked for it. Until they come, the job stays
    /// planned, and another worker may take it up.
    on_their_way: Vec<(JobKind, Command)>,
    /// How many refunds were given a number, also those that came to nothing.
    numbered: usize,
}

impl History {
    fn begin(terms: Terms) -> Self {
        let world = World::default();
        let mut history = Self { world, now: START, on_their_way: vec![], numbered: 0 };
        history.command(accept_sale(terms));
        history
    }

    /// Carries out a command and checks all that must hold.
    fn command(&mut self, command: Command) {
        let (before, asked) = (self.world.clone(), command.clone());
        match self.world.apply(command, self.now) {
            Ok(decision) => invariants::hold(&before, &asked, &decision, &self.world, self.now),
            Err(rejection) => invariants::refusal_is_true(&before, &asked, &rejection, self.now),
        }
    }

    fn new_refund(&mut self) -> NewOperation {
        self.numbered += 1;
        operation(refund_id(self.numbered))
    }

    fn pending(&self) -> Vec<(JobKind, Timestamp)> {
        self.world.jobs.iter().map(|(kind, at)| (*kind, *at)).collect()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Work { job, answers, early, dies } => {
                let pending = self.pending();
                let job = match job {
                    Some(any) if !pending.is_empty() => Some(*any.get(&pending)),
                    Some(_) | None => pending.into_iter().min_by_key(|(_, at)| *at),
                };
                if let Some((kind, at)) = job {
                    self.now = if early { self.now } else { self.now.max(at) };
                    self.work(kind, &answers, dies);
                }
            }
            Step::Ask { job, answers } => {
                let pending = self.pending();
                if !pending.is_empty() {
                    let kind = job.get(&pending).0;
                    let answer = self.answer_about_sale(kind, &answers);
                    self.on_their_way.extend(answer.map(|answer| (kind, answer)));
                }
            }
            Step::Arrival(which) => {
                if !self.on_their_way.is_empty() {
                    self.arrive(which.index(self.on_their_way.len()));
                }
            }
            Step::Retry => self.retry(),
            Step::GiveUp => self.command(Command::GiveUp),
            Step::Refund { sum, merchant_id } => self.refund(sum, merchant_id),
            Step::Stray { command, about, answers } => self.stray(command, about, answers),
            Step::Clock(by) => self.now = self.now.plus(by),
        }
    }

    /// A worker does a job. It takes the job away first, so that only what the commands schedule
    /// is left: a decision that forgets to go on is found at once.
    fn work(&mut self, job: JobKind, answers: &Answers, dies: bool) {
        self.world.jobs.remove(&job);
        if let Some(answer) = self.answer_about_sale(job, answers) {
            self.command(answer);
            return;
        }
        match job {
            JobKind::InitiateSale(_) | JobKind::AskSale(_) | JobKind::LimitSale => {
                self.command(Command::LimitReached);
            }
            JobKind::GiveBack(sale) => {
                let operation = self.new_refund();
                self.command(Command::RetryGiveBack { sale, operation });
            }
            JobKind::Refund(operation) => {
                let queued = self.world.payment().refund(operation).map(|refund| &refund.state);
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

    /// What the provider answers to a job that asks it about an attempt at the sale.
    fn answer_about_sale(&mut self, job: JobKind, answers: &Answers) -> Option<Command> {
        let newest = &self.world.payment().sale;
        match job {
            JobKind::InitiateSale(sale) => {
                Some(Command::SaleInitiated { sale, answer: answers.initiate.clone() })
            }
            JobKind::AskSale(sale) => Some(self.answered(sale, answers, false)),
            JobKind::LimitSale if !newest.last_question_asked => {
                Some(self.answered(newest.id, answers, true))
            }
            JobKind::LimitSale | JobKind::GiveBack(_) | JobKind::Refund(_) => None,
        }
    }

    fn answered(&mut self, sale: OperationId, answers: &Answers, last: bool) -> Command {
        let (answer, give_back) = (answers.sale.clone(), self.new_refund());
        Command::SaleAnswered { sale, answer, last, give_back }
    }

    /// The answer that was so long on its way is written down, which ends the job that asked.
    fn arrive(&mut self, which: usize) {
        let (job, answer) = self.on_their_way.remove(which);
        self.world.jobs.remove(&job);
        self.command(answer);
    }

    fn retry(&mut self) {
        let next = attempt_id(self.world.payment().sales().count() + 1);
        self.command(Command::RetrySale(operation(next)));
    }

    fn refund(&mut self, sum: Sum, merchant_id: Option<u8>) {
        let payment = self.world.payment();
        let remaining = payment.balance_of(&payment.sale).remaining();
        let sum = match sum {
            Sum::All => None,
            Sum::Share(part) => Some(inr(remaining * i64::from(part) / 512)),
            Sum::OneMore => Some(inr(remaining + 1)),
            Sum::Nothing => Some(inr(0)),
            Sum::Huge => Some(inr(i64::MAX)),
            Sum::OtherCurrency => Some(amount(1, "EUR")),
        };
        let merchant_refund_id = merchant_id.map(|id| format!("refund-{id}"));
        let request = refund_request(self.new_refund().id, sum);
        self.command(Command::AcceptRefund(RefundRequest { merchant_refund_id, ..request }));
    }

    /// `about` is one of the attempts or refunds, or one that does not exist.
    fn stray(&mut self, command: u8, about: Index, answers: Answers) {
        let sale = attempt_id(about.index(self.world.payment().sales().count() + 1) + 1);
        let refunds = &self.world.payment().refunds;
        let refund = refunds.get(about.index(refunds.len() + 1));
        let refund = refund.map_or(refund_id(self.numbered + 1), |refund| refund.id);
        match command {
            0 => {
                let terms = self.world.payment().terms.clone();
                self.command(accept_sale(terms));
            }
            1 => self.command(Command::SaleInitiated { sale, answer: answers.initiate }),
            2 => {
                let before = self.world.payment.clone();
                self.command(Command::ProviderHint(sale));
                assert_eq!(self.world.payment, before, "I10: a hint is never believed");
            }
            3 | 4 => {
                let answered = self.answered(sale, &answers, command == 4);
                self.command(answered);
            }
            5 => self.command(Command::LimitReached),
            6 => self.command(Command::RefundSending(refund)),
            7 => {
                let operation = self.new_refund();
                self.command(Command::RetryGiveBack { sale, operation });
            }
            _ => {
                let answer = answers.refund;
                self.command(Command::RefundAnswered { operation: refund, answer });
            }
        }
    }

    /// Runs every job, earliest first, with a provider that works; `paid` tells by which attempts
    /// the customer has paid.
    fn run_out(&mut self, paid: [bool; 4]) {
        for _ in 0..1_000 {
            let next = self.pending().into_iter().min_by_key(|(_, at)| *at);
            let Some((job, at)) = next else { return };
            self.now = self.now.max(at);
            let about = match job {
                JobKind::AskSale(sale) => sale,
                JobKind::InitiateSale(_)
                | JobKind::LimitSale
                | JobKind::Refund(_)
                | JobKind::GiveBack(_) => self.world.payment().sale.id,
            };
            let by_it = (1..).zip(paid).any(|(n, paid)| paid && attempt_id(n) == about);
            let answers = Answers {
                initiate: InitiateAnswer::Redirect(redirect()),
                sale: if by_it { SaleAnswer::Paid(receipt()) } else { SaleAnswer::Pending },
                refund: RefundAnswer::Refunded { refund_id: None },
            };
            self.work(job, &answers, false);
        }
        panic!("the work never ends: {:?}", self.world.jobs);
    }

    /// Brings the payment to its end and gives all its money back.
    fn finish(&mut self, paid: [bool; 4]) {
        while !self.on_their_way.is_empty() {
            self.arrive(0);
        }
        self.run_out(paid);
        let payment = self.world.payment().clone();
        for sale in payment.sales().filter(|sale| payment.balance_of(sale).remaining() > 0) {
            if matches!(sale.state, SaleState::Captured(_)) {
                self.refund(Sum::All, None);
            } else {
                assert!(self.world.events.iter().any(Event::is_alarm), "who knows of {sale:?}?");
                let operation = self.new_refund();
                self.command(Command::RetryGiveBack { sale: sale.id, operation });
            }
        }
        self.run_out(paid);
    }
}

proptest! {
    /// Every history keeps the invariants, ends within a bound, and can be undone to the last
    /// minor unit of every currency: then all accounts are empty.
    #[test]
    fn every_history_holds_and_ends(
        terms in agreed(),
        steps in steps(),
        paid in any::<[bool; 4]>(),
    ) {
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
            SaleState::Declined { .. } | SaleState::DeclinedThenPaid { .. } => {
                PaymentStatus::Decline
            }
            SaleState::Initiating
            | SaleState::AwaitingRedirect(_)
            | SaleState::AwaitingRetry { .. } => panic!("{payment:?} has not ended"),
        };
        prop_assert_eq!(payment.status(), status);
    }
}
