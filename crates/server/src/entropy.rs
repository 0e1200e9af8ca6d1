//! The machine's source of randomness: the only place of the program that draws it.

use app::ports::Entropy;

/// Randomness fit for secrets, of AWS-LC's generator, seeded by the operating system.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::expect_used,
        reason = "a machine without randomness can keep no secret: it must not go on"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the operating system gives randomness");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_every_byte_anew() {
        let (mut first, mut second) = ([0_u8; 64], [0_u8; 64]);
        SystemEntropy.fill(&mut first);
        SystemEntropy.fill(&mut second);
        assert_ne!(first, [0; 64]);
        assert_ne!(first, second);
        assert_ne!(first[56..], [0; 8]);
    }
}
