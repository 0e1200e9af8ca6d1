//! What goes wrong, and how often. Every world draws its own mix: half of the kinds do not occur
//! in it at all, the others more or less often, so that rare combinations get their turn.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rng::Rng;

macro_rules! troubles {
    ($($(#[$doc:meta])* $name:ident at_most $per_mille:literal,)+) => {
        /// A kind of trouble.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
        )]
        pub enum Trouble { $($(#[$doc])* $name,)+ }

        impl Trouble {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// How often it happens in the worst world, of a thousand occasions.
            const fn at_most(self) -> u32 {
                match self { $(Self::$name => $per_mille,)+ }
            }
        }
    };
}

troubles! {
    /// The node dies right after a commit or after it sent something.
    Crash at_most 8,
    /// The node dies at any moment.
    SuddenDeath at_most 400,
    /// It had sent nothing yet when it died.
    CrashBeforeSending at_most 500,
    /// A restart takes minutes instead of seconds.
    LongOutage at_most 200,
    /// A connection to the provider fails.
    NotConnected at_most 200,
    /// A request to the provider gets lost.
    RequestLost at_most 250,
    /// A request to the provider arrives twice.
    RequestDoubled at_most 200,
    /// A request or an answer takes longer than anybody waits.
    Slow at_most 200,
    /// The provider did it and the answer got lost.
    AnswerLost at_most 300,
    /// The provider answers 503.
    ServerError at_most 250,
    /// The provider answers 503 although it did it.
    ServerErrorAfterEffect at_most 150,
    /// The provider answers with a web page.
    Garbage at_most 150,
    /// The answer's checksum is wrong.
    WrongChecksum at_most 150,
    /// The answer has no checksum.
    NoChecksum at_most 150,
    /// The answer is about another amount.
    WrongAmount at_most 150,
    /// The answer is about another order.
    WrongOrder at_most 100,
    /// The provider refuses to open an order.
    InitiationRefused at_most 150,
    /// A payment fails at the provider.
    PaymentFails at_most 400,
    /// The bank takes its time: seconds to three days.
    PaymentPends at_most 500,
    /// A payment that failed is tried again on the provider's page, and succeeds.
    FailureFlips at_most 400,
    /// A refund is refused at once.
    RefundRefused at_most 400,
    /// A refund is taken on and fails later.
    RefundFails at_most 400,
    /// A refund is taken on only after a while.
    RefundBusy at_most 400,
    /// A refund succeeds only after hours or days.
    RefundSlow at_most 300,
    /// A notification of the provider never comes.
    NoticeMissing at_most 500,
    /// A notification comes twice.
    NoticeDoubled at_most 400,
    /// A notification comes late, after others.
    NoticeLate at_most 400,
    /// A notification claims the opposite of the truth.
    NoticeContradicts at_most 300,
    /// A customer never comes.
    CustomerAbsent at_most 300,
    /// A customer comes after the limit time.
    CustomerLate at_most 300,
    /// A customer presses twice.
    CustomerPressesTwice at_most 300,
    /// A customer of Payment Page cancels at the provider.
    CustomerCancels at_most 700,
    /// A customer goes away after an attempt that failed.
    CustomerLeaves at_most 300,
    /// A customer gives up after an attempt that failed.
    CustomerGivesUp at_most 300,
    /// A customer gives up and tries again in one moment.
    CustomerHesitates at_most 600,
    /// A customer tries again when hardly any time is left, or none.
    RetryLate at_most 300,
    /// A customer tries again in two tabs at once.
    RetryDoubled at_most 500,
    /// A customer tries again while the platform asks after the attempt that failed.
    RetryMeetsQuestion at_most 500,
    /// A customer goes back to the provider's page of an attempt that failed, and pays there.
    OldOrderPaid at_most 400,
    /// A merchant's server answers 500.
    MerchantError at_most 300,
    /// A merchant's server answers 301.
    MerchantMoved at_most 200,
    /// A merchant's server does not answer.
    MerchantHangs at_most 200,
    /// A merchant's server takes the callback and dies before it answers.
    MerchantDrops at_most 300,
    /// A merchant's server is down for hours.
    MerchantDown at_most 500,
    /// A merchant's server is down for days.
    MerchantGone at_most 60,
    /// A merchant's request gets lost.
    GateRequestLost at_most 200,
    /// A merchant's request arrives twice.
    GateRequestDoubled at_most 300,
    /// The answer to a merchant gets lost.
    GateAnswerLost at_most 300,
    /// A merchant uses a payment id for something else.
    PaymentIdReused at_most 200,
    /// A merchant asks more back than is left.
    RefundTooLarge at_most 300,
    /// A merchant asks for the same refund again.
    RefundRepeated at_most 400,
    /// The node's clock is set forward or back.
    ClockStep at_most 300,
}

/// The troubles of one world.
#[derive(Debug)]
pub(crate) struct Troubles {
    per_mille: BTreeMap<Trouble, u32>,
    happened: BTreeMap<Trouble, u64>,
    rng: Rng,
    over: bool,
}

impl Troubles {
    pub(crate) fn draw(mut rng: Rng) -> Self {
        let calm = rng.chance(80);
        let per_mille = Trouble::ALL.iter().map(|trouble| {
            let occurs = !calm && rng.chance(500);
            let often = u32::try_from(rng.between(1, i64::from(trouble.at_most()))).unwrap_or(0);
            (*trouble, if occurs { often } else { 0 })
        });
        let per_mille = per_mille.collect();
        Self { per_mille, happened: BTreeMap::new(), rng, over: false }
    }

    /// Whether it happens on this occasion. The draw is made in any case, so that the mix does
    /// not shift what follows.
    pub(crate) fn strikes(&mut self, trouble: Trouble) -> bool {
        let per_mille = self.per_mille.get(&trouble).copied().unwrap_or(0);
        let strikes = self.rng.chance(per_mille) && !self.over;
        if strikes {
            let count = self.happened.entry(trouble).or_default();
            *count = count.saturating_add(1);
        }
        strikes
    }

    /// From now on nothing goes wrong any more.
    pub(crate) const fn end(&mut self) {
        self.over = true;
    }

    pub(crate) fn happened(&self) -> &BTreeMap<Trouble, u64> {
        &self.happened
    }
}
