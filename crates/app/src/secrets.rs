//! Secrets at rest: sealed with the installation's master key (AES-256-GCM), so that a copy of
//! the database alone signs nothing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use thiserror::Error;

use crate::ports::Entropy;

/// Bytes of a master key.
pub const MASTER_KEY_BYTES: usize = 32;

/// What it is that is sealed; bound into the seal, so that one kind can't stand for another.
const CONTEXT: &[u8] = b"dwar project secrets v1";

/// Seals and opens secrets.
pub struct Vault {
    key: LessSafeKey,
}

/// A sealed secret could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the stored secrets can't be opened: they were sealed with another master key")]
pub struct WrongMasterKey;

impl Vault {
    /// A vault with this master key.
    ///
    /// # Errors
    /// [`WrongMasterKey`] if the cipher refuses the key.
    pub fn new(master_key: &[u8; MASTER_KEY_BYTES]) -> Result<Self, WrongMasterKey> {
        let key = UnboundKey::new(&AES_256_GCM, master_key).map_err(|_| WrongMasterKey)?;
        Ok(Self { key: LessSafeKey::new(key) })
    }

    /// Seals `plain`: a random nonce, then the ciphertext with its tag.
    ///
    /// # Errors
    /// [`WrongMasterKey`] if the cipher refuses.
    pub fn seal(&self, plain: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, WrongMasterKey> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut sealed = plain.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(CONTEXT),
                &mut sealed,
            )
            .map_err(|_| WrongMasterKey)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`seal`](Self::seal) made.
    ///
    /// # Errors
    /// [`WrongMasterKey`] unless it was sealed with this key and is unchanged.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, WrongMasterKey> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(WrongMasterKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| WrongMasterKey)?;
        let mut body = body.to_vec();
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(CONTEXT), &mut body)
            .map_err(|_| WrongMasterKey)?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().zip(0_u8..).for_each(|(byte, n)| *byte = n);
        }
    }

    #[test]
    fn only_the_same_key_opens_an_unchanged_seal() {
        let vault = Vault::new(&[1; MASTER_KEY_BYTES]).unwrap();
        let sealed = vault.seal(b"secret", &Counting).unwrap();
        assert_eq!(vault.open(&sealed), Ok(b"secret".to_vec()));
        assert!(!sealed.windows(6).any(|part| part == b"secret"));

        let other = Vault::new(&[2; MASTER_KEY_BYTES]).unwrap();
        assert_eq!(other.open(&sealed), Err(WrongMasterKey));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(vault.open(&changed), Err(WrongMasterKey), "byte {at}");
        }
        assert_eq!(vault.open(&sealed[..5]), Err(WrongMasterKey));
    }
}
