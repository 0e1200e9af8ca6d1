//! Links to send to a customer.

use domain::time::Timestamp;
use wire::query::Params;
use wire::{date, page};

/// The signed link that opens Payment Page until `expiry`. `base` is scheme and host, `params` are
/// the page's parameters without a signature, `secret` is the project's.
pub fn link(base: &str, params: &Params, secret: &str, expiry: Timestamp) -> String {
    let params = params.clone().with("best_before", &date::format(expiry.0));
    page::sign_page_url(base, &params, secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_carries_its_expiry_within_the_signature() {
        let params = Params::from_pairs([("project_id", "1"), ("payment_id", "p")]).unwrap();
        let url = link("https://pay.example", &params, "secret", Timestamp(1_567_508_290_000));
        let (path, query) = url.split_once('?').unwrap();
        assert_eq!(path, "https://pay.example/payment");
        let sent = Params::decode(query.as_bytes()).unwrap();
        assert_eq!(sent.get("best_before"), Some("2019-09-03T10:58:10+0000"));
        let signature = sent.get("signature").unwrap();
        assert_eq!(wire::signature::verify_query(&sent, signature, &["secret"]), Ok(()));
        let later = sent.clone().with("best_before", "2029-09-03T10:58:10+0000");
        assert!(wire::signature::verify_query(&later, signature, &["secret"]).is_err());
    }
}
