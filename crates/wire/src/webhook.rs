//! The headers of Standard Webhooks, sent beside the platform's own signature.
//!
//! They cover the raw body and a time, so that a merchant who checks them is safe from replays; see
//! <https://www.standardwebhooks.com>.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Marks a secret whose rest is base64, as the standard writes them.
const SECRET_PREFIX: &str = "whsec_";

/// The three headers of a delivery.
///
/// `id` stays the same when a delivery is repeated; `timestamp_s` is the moment of this attempt in
/// unix seconds. There is one signature for each of the `secrets`, so that they can be rotated.
pub fn headers(
    id: &str,
    timestamp_s: i64,
    body: &[u8],
    secrets: &[&str],
) -> [(&'static str, String); 3] {
    let signed: Vec<u8> = [format!("{id}.{timestamp_s}.").as_bytes(), body].concat();
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key_bytes(secret)), &signed);
            format!("v1,{}", BASE64_STANDARD.encode(mac))
        })
        .collect();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp_s.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ]
}

/// A secret written `whsec_…` is base64; any other is taken as it stands.
fn key_bytes(secret: &str) -> Vec<u8> {
    secret
        .strip_prefix(SECRET_PREFIX)
        .and_then(|encoded| BASE64_STANDARD.decode(encoded).ok())
        .unwrap_or_else(|| secret.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_published_example_is_reproduced() {
        let [id, timestamp, signature] = headers(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
            &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        );
        assert_eq!(id, ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()));
        assert_eq!(timestamp, ("webhook-timestamp", "1614265330".to_owned()));
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature, ("webhook-signature", expected.to_owned()));
    }

    #[test]
    fn every_active_secret_signs() {
        let [_, _, (_, both)] = headers("m", 1, b"{}", &["new", "old"]);
        let [_, _, (_, old)] = headers("m", 1, b"{}", &["old"]);
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(second, old);
        assert_ne!(first, second);
    }
}
