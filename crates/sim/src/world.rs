//! A world: one node of the platform, its provider, merchants and customers, and the queue of
//! what happens next. The modules below hold what happens to each of them.

mod callbacks;
mod customers;
mod exchanges;
mod gate;
mod node;
mod page;

use std::collections::BTreeMap;
use std::fmt::Arguments;

use app::ports::HttpRequest;
use domain::id::PaymentKey;
use domain::time::{Millis, Timestamp};
use store::{Store, jobs};

use crate::audit;
use crate::figures::Figures;
use crate::fingerprint::{Fingerprint, Trace};
use crate::merchants::{Merchant, Purchase, Told, Wish};
use crate::ports::{ExchangeId, Ports, Reply};
use crate::provider::{Later, Laters, Provider};
use crate::queue::Queue;
use crate::rng::Rng;
use crate::tasks::{TaskId, finish};
use crate::troubles::{Trouble, Troubles};
use crate::violation::{Broken, Checked, Violation, ensure, fault};
use exchanges::Waiting;
use gate::{Call, GateReply};
use node::Node;
use page::Button;

/// When every world begins: 2026-01-01.
const START: Timestamp = Timestamp(1_767_225_600_000);

/// A world that is not at rest by then never will be. What takes longest is a merchant whose
/// server is down for two weeks.
const BOUND: Millis = Millis::hours(24 * 30);

/// What world to run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Fixes everything.
    pub seed: u64,
    /// Whether the story is told.
    pub trace: Trace,
    /// The mistake that the platform makes in this world.
    #[cfg(feature = "bugs")]
    pub bug: Option<app::bugs::Bug>,
}

/// What came of a world in which every invariant held.
#[derive(Debug, Clone)]
pub struct Report {
    /// A digest of all that happened.
    pub digest: u64,
    /// What is to be counted.
    pub figures: Figures,
}

/// Runs a world to its end.
///
/// # Errors
/// The first [`Violation`] of an invariant.
pub fn run(options: Options) -> Result<Report, Violation> {
    let violation = |now: Timestamp, Broken { invariant, what }| Violation {
        invariant: invariant.to_owned(),
        after: now.since(START),
        what,
    };
    let mut world = World::new(options).map_err(|broken| violation(START, broken))?;
    world.live().map_err(|broken| violation(world.now, broken))?;
    Ok(Report { digest: world.print.digest(), figures: world.figures })
}

/// Something that happens in a world.
#[derive(Debug)]
pub(crate) enum Event {
    /// A task of the node goes on.
    Poll(TaskId),
    /// A job of the node is due.
    Wake,
    /// The node reads its job table.
    Tick,
    /// The node dies.
    Crash,
    /// The node starts.
    Start,
    /// The node's clock is set.
    ClockStep(Millis),
    /// No more trouble from now on.
    StormEnds,
    /// A request of the node arrives.
    RequestArrives { exchange: ExchangeId, request: Box<HttpRequest>, deadline: Timestamp },
    /// An answer to the node arrives, or its patience ends.
    ReplyArrives { exchange: ExchangeId, reply: Reply },
    /// Something happens at the provider by itself.
    AtProvider(Later),
    /// A notification of the provider reaches the node, or the place where it should be.
    NoticeArrives { body: Vec<u8>, tries: u32 },
    /// A customer presses "pay" at the provider.
    CustomerPays { order: String },
    /// A customer presses "cancel" at the provider.
    CustomerCancels { order: String },
    /// A customer looks at Payment Page, where a purchase is shown.
    CustomerLooks(usize),
    /// A customer presses a button there.
    CustomerPresses { purchase: usize, button: Button },
    /// A merchant begins to want something.
    Wanted(Wish),
    /// A merchant sends, or sends again.
    GateSend(u64),
    /// A merchant's request arrives.
    GateArrives(u64),
    /// The answer reaches the merchant.
    GateAnswered { call: u64, reply: GateReply },
    /// The merchant gives up waiting.
    GateDeadline { call: u64, tries: u32 },
}

pub(crate) struct World {
    pub(crate) now: Timestamp,
    /// How far the node's clock is ahead.
    skew: Millis,
    queue: Queue<Event>,
    print: Fingerprint,
    rng: Rng,
    troubles: Troubles,
    ports: Ports,
    pub(crate) store: Store,
    node: Option<Node>,
    tasks_made: u64,
    /// What the node's clock showed whenever it started or was set, and how long it could not
    /// decline from then on: a question about the payment may have been under way.
    pub(crate) disturbances: Vec<(Timestamp, Millis)>,
    commits: u64,
    /// Longest pause between two steps of a task, in milliseconds.
    step_max: i64,
    /// How often a node that has something to do reads its job table.
    tick_every: Millis,
    /// Readings since the last commit.
    idle_ticks: u32,
    waiting: BTreeMap<ExchangeId, Waiting>,
    pub(crate) provider: Provider,
    pub(crate) merchants: Vec<Merchant>,
    pub(crate) purchases: Vec<Purchase>,
    pub(crate) told: BTreeMap<PaymentKey, Told>,
    calls: BTreeMap<u64, Call>,
    pub(crate) figures: Figures,
    #[cfg(feature = "bugs")]
    bug: Option<app::bugs::Bug>,
}

impl World {
    fn new(options: Options) -> Result<Self, Broken> {
        let mut rng = Rng::new(options.seed);
        let troubles = Troubles::draw(rng.fork());
        let store = Store::inline().map_err(|error| fault(&error))?;
        let mut world = Self {
            now: START,
            skew: Millis(0),
            queue: Queue::new(rng.fork()),
            print: Fingerprint::new(options.trace, START),
            troubles,
            ports: Ports::new(START, rng.fork()),
            store,
            node: None,
            tasks_made: 0,
            disturbances: Vec::new(),
            commits: 0,
            step_max: rng.pick([0, 1, 3]),
            tick_every: Millis::seconds(rng.pick([1, 10, 30])),
            idle_ticks: 0,
            waiting: BTreeMap::new(),
            provider: Provider::new(rng.fork()),
            merchants: Vec::new(),
            purchases: Vec::new(),
            told: BTreeMap::new(),
            calls: BTreeMap::new(),
            figures: Figures { seeds: 1, ..Figures::default() },
            rng,
            #[cfg(feature = "bugs")]
            bug: options.bug,
        };
        world.people()?;
        Ok(world)
    }

    /// Draws how long the storm lasts and who wants what in it.
    fn people(&mut self) -> Checked {
        let storm = Millis(self.rng.magnitude(Millis::minutes(5).0, Millis::hours(4).0));
        let merchants = self.rng.between(1, 3);
        self.merchants = (1..=merchants).map(|n| Merchant::draw(n, &mut self.rng)).collect();
        for merchant in &mut self.merchants {
            if self.troubles.strikes(Trouble::MerchantDown) {
                let hours = Millis(self.rng.magnitude(60_000, Millis::hours(6).0));
                merchant.down_until = START.plus(hours);
            }
            if self.troubles.strikes(Trouble::MerchantGone) {
                let days = Millis::hours(self.rng.between(24 * 4, 24 * 14));
                merchant.down_until = START.plus(days);
            }
        }
        self.create_projects()?;
        let purchases = usize::try_from(self.rng.magnitude(2, 32)).unwrap_or(2);
        for number in 0..purchases {
            let at = usize::try_from(self.rng.below(merchants.unsigned_abs())).unwrap_or(0);
            let Some(merchant) = self.merchants.get(at) else { continue };
            let from = START.plus(Millis(self.rng.between(0, storm.0)));
            let purchase = Purchase::draw(number, at, merchant.project, from, &mut self.rng);
            self.purchases.push(purchase);
            self.queue.push(from, Event::Wanted(Wish::Sale(number)));
            if self.troubles.strikes(Trouble::PaymentIdReused) {
                let also = from.plus(Millis(self.rng.between(-500, 60_000)));
                self.queue.push(also.max(START), Event::Wanted(Wish::OtherSale(number)));
            }
        }
        for _ in 0..4 {
            let at = START.plus(Millis(self.rng.between(0, storm.0)));
            if self.troubles.strikes(Trouble::SuddenDeath) {
                self.queue.push(at, Event::Crash);
            }
            if self.troubles.strikes(Trouble::ClockStep) {
                let step = Millis(self.rng.between(-60_000, 60_000));
                self.queue.push(at, Event::ClockStep(step));
            }
        }
        self.queue.push(START, Event::Start);
        self.queue.push(START.plus(storm), Event::StormEnds);
        Ok(())
    }

    /// Lives until nothing remains to happen, then has everything checked.
    fn live(&mut self) -> Checked {
        while let Some((at, event)) = self.queue.pop() {
            // A notification may have been meant for the past of a clock that was set.
            self.now = self.now.max(at);
            self.figures.events = self.figures.events.saturating_add(1);
            ensure(self.now.since(START) < BOUND, "I3", || self.unrest())?;
            self.ports.set_clock(self.node_time());
            self.happen(event)?;
            if let Some(what) = self.provider.take_complaint() {
                return Err(Broken { invariant: "I1", what });
            }
        }
        self.figures.passed = self.now.since(START);
        self.figures.troubles = self.troubles.happened().clone();
        self.figures.commits = self.store.stats().commits;
        self.check_faults()?;
        let digest = audit::at_the_end(self)?;
        self.note(format_args!("rest {digest:016x}"));
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Checked {
        match event {
            Event::Poll(task) => return self.poll(task),
            Event::Wake => return self.wake(),
            Event::Start => return self.start(),
            Event::ReplyArrives { exchange, reply } => return self.reply_arrives(exchange, reply),
            Event::GateArrives(call) => {
                self.catch_up()?;
                self.gate_arrives(call);
            }
            Event::NoticeArrives { body, tries } => {
                self.catch_up()?;
                self.notice_arrives(body, tries);
            }
            Event::CustomerLooks(purchase) => return self.customer_looks(purchase),
            Event::CustomerPresses { purchase, button } => {
                self.catch_up()?;
                self.customer_presses(purchase, button);
            }
            Event::GateAnswered { call, reply } => return self.gate_answered(call, reply),
            Event::Tick => self.tick(),
            Event::Crash => self.crash(),
            Event::ClockStep(step) => self.clock_step(step),
            Event::StormEnds => {
                self.note(format_args!("the storm is over"));
                self.troubles.end();
            }
            Event::RequestArrives { exchange, request, deadline } => {
                self.request_arrives(exchange, &request, deadline);
            }
            Event::AtProvider(later) => self.at_provider(later),
            Event::CustomerPays { order } => self.customer_pays(&order),
            Event::CustomerCancels { order } => self.customer_cancels(&order),
            Event::Wanted(wish) => self.wanted(wish),
            Event::GateSend(call) => self.gate_send(call),
            Event::GateDeadline { call, tries } => self.gate_deadline(call, tries),
        }
        Ok(())
    }

    /// What keeps the world from coming to rest.
    fn unrest(&self) -> String {
        let left = finish(self.store.read(|tx| jobs::due(tx, Timestamp(i64::MAX), 10)));
        format!("the world comes to no rest, these are left: {left:?}")
    }

    /// What the node's clock shows.
    fn node_time(&self) -> Timestamp {
        self.now.plus(self.skew)
    }

    fn note(&mut self, what: Arguments<'_>) {
        self.print.note(self.now, what);
    }

    fn after(&mut self, wait: Millis, event: Event) {
        self.queue.push(self.now.plus(wait), event);
    }

    /// An event after a time drawn between `low` and `high` milliseconds.
    fn soon(&mut self, low: i64, high: i64, event: Event) {
        let wait = Millis(self.rng.between(low, high));
        self.after(wait, event);
    }

    fn later(&mut self, laters: Laters) {
        for (wait, later) in laters {
            self.after(wait, Event::AtProvider(later));
        }
    }
}
