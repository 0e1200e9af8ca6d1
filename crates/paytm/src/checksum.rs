//! Paytm's message signature, the `CHECKSUMHASH` parameter and the `head.signature` member.
//!
//! A checksum is `base64(AES-CBC(key, sha256_hex(text "|" salt) + salt))` with a fixed IV and four
//! characters of salt. Pure: the salt is the caller's, so the same input gives the same output.

use std::collections::BTreeMap;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, EncryptionContext,
    PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use aws_lc_rs::iv::FixedLength;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The parameter that carries the checksum of a form; never part of what is signed.
pub const CHECKSUM_PARAM: &str = "CHECKSUMHASH";

/// Length of the salt that ends the signed plaintext, in bytes.
pub const SALT_LENGTH: usize = 4;

/// The IV is a constant of the protocol; the random salt inside the plaintext stands in for it.
const IV: [u8; 16] = *b"@@@@&&&&####$$$$";

/// What the text `null` (in any letter case) counts as when parameters are joined.
///
/// Paytm's own libraries disagree, so a verifier has to try both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullRule {
    /// Java and Python: `null` is the empty string. Presumed to be the rule of Paytm's servers.
    NullIsEmpty,
    /// Node and PHP: `null` is four ordinary characters.
    NullIsText,
}

/// Why a text could not be signed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChecksumError {
    /// The merchant key is not a key of AES-128, AES-192 or AES-256.
    #[error("a merchant key has 16, 24 or 32 bytes, this one has {0}")]
    KeyLength(usize),
    /// The cipher refused; it has no reason to with a key of the right length.
    #[error("the cipher refused to encrypt")]
    Cipher,
}

/// The text that is signed for a set of form parameters: the values in the order of their names
/// (by byte), joined with `|`, without [`CHECKSUM_PARAM`].
///
/// When a name comes twice, its last value counts, as in a form parsed into a map.
pub fn canonical_params<'a>(
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
    null_rule: NullRule,
) -> String {
    let sorted: BTreeMap<&str, &str> = params
        .into_iter()
        .filter(|(name, _)| *name != CHECKSUM_PARAM)
        .map(|(name, value)| match null_rule {
            NullRule::NullIsEmpty if value.eq_ignore_ascii_case("null") => (name, ""),
            NullRule::NullIsEmpty | NullRule::NullIsText => (name, value),
        })
        .collect();
    sorted.into_values().collect::<Vec<_>>().join("|")
}

/// Signs a text (a JSON `body` exactly as it is sent, or [`canonical_params`]).
///
/// # Errors
/// [`ChecksumError::KeyLength`] when `key` is not 16, 24 or 32 bytes long.
pub fn sign(text: &str, key: &str, salt: [u8; SALT_LENGTH]) -> Result<String, ChecksumError> {
    let algorithm = algorithm_for(key).ok_or(ChecksumError::KeyLength(key.len()))?;
    let cipher = UnboundCipherKey::new(algorithm, key.as_bytes())
        .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
        .map_err(|_| ChecksumError::Cipher)?;
    let mut plaintext = salted_hash(text, salt);
    // The format has a constant IV; it is "less safe" by the protocol's design, not by our choice.
    cipher
        .less_safe_encrypt(&mut plaintext, EncryptionContext::Iv128(FixedLength::from(IV)))
        .map_err(|_| ChecksumError::Cipher)?;
    Ok(STANDARD.encode(plaintext))
}

/// Whether `checksum` is the checksum of `text` under `key`. Compares in constant time; anything
/// malformed (base64, padding, length, key) is simply not valid.
///
/// A space in `checksum` is read as `+`, which is what some senders turn it into.
pub fn verify(text: &str, key: &str, checksum: &str) -> bool {
    verified(text, key, checksum).is_some()
}

/// Signs form parameters by the rule of Paytm's servers ([`NullRule::NullIsEmpty`]).
///
/// # Errors
/// As [`sign`].
pub fn sign_params<'a>(
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
    key: &str,
    salt: [u8; SALT_LENGTH],
) -> Result<String, ChecksumError> {
    sign(&canonical_params(params, NullRule::NullIsEmpty), key, salt)
}

/// Whether `checksum` signs these form parameters, by either [`NullRule`].
pub fn verify_params<'a, P>(params: P, key: &str, checksum: &str) -> bool
where
    P: IntoIterator<Item = (&'a str, &'a str)> + Clone,
{
    let by_server_rule = canonical_params(params.clone(), NullRule::NullIsEmpty);
    verify(&by_server_rule, key, checksum)
        || verify(&canonical_params(params, NullRule::NullIsText), key, checksum)
}

/// The `body` of a `{"head":{..},"body":{..}}` message, byte for byte as it was sent.
///
/// The checksum is over these bytes: a body that is parsed and written again no longer verifies.
/// `None` when the message is not a JSON object with exactly one `body`.
pub fn body_slice(message: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        body: &'a RawValue,
    }
    serde_json::from_str::<Message<'_>>(message).ok().map(|message| message.body.get())
}

fn algorithm_for(key: &str) -> Option<&'static Algorithm> {
    match key.len() {
        16 => Some(&AES_128),
        24 => Some(&AES_192),
        32 => Some(&AES_256),
        _ => None,
    }
}

fn verified(text: &str, key: &str, checksum: &str) -> Option<()> {
    let mut ciphertext = STANDARD.decode(checksum.replace(' ', "+")).ok()?;
    let plaintext = UnboundCipherKey::new(algorithm_for(key)?, key.as_bytes())
        .and_then(PaddedBlockDecryptingKey::cbc_pkcs7)
        .ok()?
        .decrypt(&mut ciphertext, DecryptionContext::Iv128(FixedLength::from(IV)))
        .ok()?;
    let salt = *plaintext.last_chunk::<SALT_LENGTH>()?;
    verify_slices_are_equal(plaintext, &salted_hash(text, salt)).ok()
}

/// `sha256_hex(text "|" salt) + salt`, 68 bytes.
fn salted_hash(text: &str, salt: [u8; SALT_LENGTH]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(text.as_bytes());
    context.update(b"|");
    context.update(&salt);
    let hash = context.finish();
    let mut plaintext: Vec<u8> = hash
        .as_ref()
        .iter()
        .flat_map(|byte| [hex_digit(byte >> 4), hex_digit(byte & 0xf)])
        .collect();
    plaintext.extend(salt);
    plaintext
}

fn hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    }
}
