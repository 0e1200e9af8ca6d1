//! Identities, each its own type so that no two can be swapped.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use crate::limits::{LANES, PROVIDER_REFERENCE_BYTES};

/// A merchant's project. Small and positive; part of every message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProjectId(pub i64);

/// The merchant's own name of a payment, unique within its project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PaymentId(pub String);

/// A sale or a refund. Below 2^53, because JavaScript clients read it as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OperationId(pub i64);

/// The partition that a payment lives in. Every row of a payment carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lane(u16);

impl Lane {
    /// The lane of a payment: FNV-1a (64 bits) of `project_id`, a colon and `payment_id`, modulo
    /// [`LANES`]. Stored data depends on it: it may never change.
    pub fn of(project: ProjectId, payment: &PaymentId) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let hash = |seed: u64, bytes: &[u8]| {
            bytes.iter().fold(seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
        };
        let project = project.0.to_string();
        let hash = hash(hash(hash(OFFSET, project.as_bytes()), b":"), payment.0.as_bytes());
        Self(u16::try_from(hash % u64::from(LANES)).unwrap_or(0))
    }

    /// A stored lane number.
    pub fn from_number(number: i64) -> Option<Self> {
        u16::try_from(number).ok().filter(|lane| *lane < LANES).map(Self)
    }

    /// The lane as a number below [`LANES`].
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// What names a payment everywhere inside: its project, its id and the lane they hash to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentKey {
    lane: Lane,
    project: ProjectId,
    payment: PaymentId,
}

impl PaymentKey {
    /// The key of a merchant's payment.
    pub fn new(project: ProjectId, payment: PaymentId) -> Self {
        Self { lane: Lane::of(project, &payment), project, payment }
    }

    /// The lane that all rows of this payment are in.
    pub const fn lane(&self) -> Lane {
        self.lane
    }

    /// The project it belongs to.
    pub const fn project(&self) -> ProjectId {
        self.project
    }

    /// The merchant's name of it.
    pub const fn payment(&self) -> &PaymentId {
        &self.payment
    }
}

impl fmt::Display for PaymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project.0, self.payment.0)
    }
}

/// Names one accepted request: 40 hex digits, 40 hex digits and 8 decimal ones, joined by `-`
/// (spec §2.6). The first four of the last eight are the payment's lane, so that a request can be
/// looked up without asking every lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub String);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl RequestId {
    /// Bytes of randomness that an id is made of.
    pub const ENTROPY_BYTES: usize = 42;

    /// Makes an id out of random bytes.
    pub fn new(lane: Lane, random: &[u8; Self::ENTROPY_BYTES]) -> Self {
        let [head @ .., high, low] = random;
        let (first, second) = head.split_at(20);
        let tail = u16::from_be_bytes([*high, *low]) % 10_000;
        Self(format!("{}-{}-{:04}{tail:04}", hex(first), hex(second), lane.number()))
    }

    /// The lane written into the id, or nothing where the text is not one of ours.
    pub fn lane(&self) -> Option<Lane> {
        let (_, tail) = self.0.rsplit_once('-')?;
        if tail.len() != 8 || !tail.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Lane::from_number(tail.get(..4)?.parse().ok()?)
    }
}

/// The name under which the provider knows an operation: `orderId` of a sale, `refId` of a
/// refund. Made once, stored before the first call, the same at every retry (I1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProviderReference(pub String);

impl ProviderReference {
    /// Bytes of randomness that a reference is made of.
    pub const ENTROPY_BYTES: usize = 8;

    /// Characters of the merchant's payment id that are kept, for people who read both books.
    const READABLE: usize = 28;

    /// Makes a reference out of the payment's id (what Paytm allows of it), its lane and
    /// randomness: `shop-42-0a1f-9c21…`. Randomness keeps two installations that share one
    /// merchant account apart.
    pub fn new(key: &PaymentKey, random: [u8; Self::ENTROPY_BYTES]) -> Self {
        let readable: String = key
            .payment()
            .0
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .take(Self::READABLE)
            .collect();
        let lane = key.lane().number();
        let reference = format!("{readable}-{lane:04}-{:016x}", u64::from_be_bytes(random));
        debug_assert!(reference.len() <= PROVIDER_REFERENCE_BYTES);
        Self(reference)
    }

    /// The lane written into the reference, or nothing where the text is not one of ours.
    pub fn lane(&self) -> Option<Lane> {
        let mut parts = self.0.rsplitn(3, '-');
        let (random, lane) = (parts.next()?, parts.next()?);
        if random.len() != 16 || lane.len() != 4 {
            return None;
        }
        Lane::from_number(lane.parse().ok()?)
    }
}

/// The identities of an operation that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOperation {
    /// Its number on the wire.
    pub id: OperationId,
    /// The request that asked for it.
    pub request: RequestId,
    /// Its name at the provider.
    pub reference: ProviderReference,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> PaymentKey {
        PaymentKey::new(ProjectId(200), PaymentId(id.into()))
    }

    #[test]
    fn lanes_never_change() {
        let lane = |project, id: &str| Lane::of(ProjectId(project), &PaymentId(id.into())).number();
        assert_eq!(
            [lane(200, "payment_id"), lane(200, "p-1"), lane(1, ""), lane(198, "3936")],
            [327, 693, 626, 312]
        );
    }

    #[test]
    fn ids_tell_their_lane() {
        let key = key("late-success 42 ✓ and a name that is much too long");
        let request = RequestId::new(key.lane(), &[7; RequestId::ENTROPY_BYTES]);
        assert_eq!(request.lane(), Some(key.lane()));
        assert_eq!(request.0.split('-').map(str::len).collect::<Vec<_>>(), [40, 40, 8]);

        let reference = ProviderReference::new(&key, [255; 8]);
        assert_eq!(reference.lane(), Some(key.lane()));
        assert!(reference.0.len() <= PROVIDER_REFERENCE_BYTES, "{reference:?}");
        assert!(reference.0.starts_with("late-success42"), "{reference:?}");
        for foreign in ["", "-", "ORD-0001", "x-9999-0000000000000000"] {
            assert_eq!(ProviderReference(foreign.into()).lane(), None, "{foreign}");
            assert_eq!(RequestId(foreign.into()).lane(), None, "{foreign}");
        }
    }
}
