//! The one source of chance of a world: `SplitMix64` (Steele, Lea, Flood: "Fast splittable
//! pseudorandom number generators", 2014). The same seed gives the same world on every machine.

/// A generator. Forks are independent of it and of each other.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator of its own, so that what one actor draws does not shift the others.
    pub(crate) const fn fork(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 where there is none. The bias of the remainder is below 2⁻⁴⁰
    /// for every bound drawn here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// A number between `low` and `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i64::try_from(self.below(span)).unwrap_or(0))
    }

    /// A number between `low` and `high` whose order of magnitude is even: as many seconds as
    /// minutes, hours and days.
    pub(crate) fn magnitude(&mut self, low: i64, high: i64) -> i64 {
        let doublings = high.checked_div(low.max(1)).unwrap_or(1).max(1).ilog2();
        let shift = u32::try_from(self.below(u64::from(doublings) + 1)).unwrap_or(0);
        let base = low.saturating_mul(1_i64.checked_shl(shift).unwrap_or(1));
        self.between(base, base.saturating_mul(2).min(high).max(base))
    }

    /// Whether something happens that happens `per_mille` times in a thousand.
    pub(crate) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1_000) < u64::from(per_mille)
    }

    /// One of several.
    pub(crate) fn pick<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        let index = usize::try_from(self.below(u64::try_from(N).unwrap_or(1))).unwrap_or(0);
        #[expect(
            clippy::indexing_slicing,
            reason = "below N; an empty choice is a bug of the world"
        )]
        choices[index]
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.iter_mut().zip(self.next().to_le_bytes()).for_each(|(byte, drawn)| *byte = drawn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the published generator.
    #[test]
    fn numbers_are_those_of_splitmix64() {
        let mut rng = Rng::new(1_234_567);
        let drawn = [rng.next(), rng.next(), rng.next()];
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(drawn, published);
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let mut rng = Rng::new(0);
        for _ in 0..10_000 {
            assert!((-3..=3).contains(&rng.between(-3, 3)));
            assert!((10..=100_000).contains(&rng.magnitude(10, 100_000)));
        }
        assert_eq!((rng.below(0), rng.between(5, 5)), (0, 5));
        assert!(!rng.chance(0) && rng.chance(1_000));
    }
}
