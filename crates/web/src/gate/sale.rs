//! `POST /v2/payment/wallet/paytm/sale`: start a payment.

use app::platform::Platform;
use axum::response::Response;
use serde_json::Value;
use wire::field::FieldError;
use wire::gate::SaleRequest;
use wire::signature;

use super::{Action, Signed, accepted};
use crate::error::Problem;

/// A payment of Gate has one attempt: its merchant shows the customer the result, and asks for
/// another payment if there shall be one.
const ATTEMPTS: u32 = 1;

/// Starts a payment.
pub(super) enum Sale {}

impl Action for Sale {
    const ROUTE: &'static str = "sale";
    const PROJECT: &'static str = "/general/project_id";
    type Request = SaleRequest;

    fn parse(document: &Value) -> Result<SaleRequest, Vec<FieldError>> {
        SaleRequest::parse(document)
    }

    async fn act(
        platform: &Platform,
        signed: &Signed,
        request: SaleRequest,
    ) -> Result<Response, Problem> {
        let payment_id = request.general.payment_id.clone();
        let digest = digest(&signature::canonical_string(&signed.document));
        let started = platform.start_sale(&signed.project, request, ATTEMPTS, digest).await?;
        accepted(signed, payment_id, started)
    }
}

/// FNV-1a (64 bits) of what was signed. It only words the refusal of a repeated request, so it
/// need not withstand anybody; but it is stored, so it may never change.
fn digest(signed: &str) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    signed.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn digests_never_change() {
        // The published vectors of FNV-1a.
        assert_eq!(digest(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(digest("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(digest("foobar"), 0x8594_4171_f739_67e8);
    }
}
