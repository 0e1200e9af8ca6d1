//! The merchants' SDK: requests as plain values, callbacks verified and parsed.
//!
//! Nothing here sends anything. A [`Request`] goes out through whichever HTTP client the merchant's
//! service has already.
//!
//! ```
//! use wire::client::{Merchant, Sale};
//!
//! let merchant = Merchant {
//!     project_id: 200,
//!     secret: "secret".to_owned(),
//!     gate_url: "https://gate.example".to_owned(),
//!     page_url: "https://pay.example".to_owned(),
//! };
//! // Take 25.00 INR through Gate: post `request.body` to `request.url` with `request.headers`.
//! let request = merchant.sale(&Sale {
//!     payment_id: "order-17".to_owned(),
//!     amount: 2500,
//!     currency: "INR".to_owned(),
//!     customer_id: "customer-1".to_owned(),
//!     customer_ip: "1.1.1.1".to_owned(),
//!     ..Sale::default()
//! })?;
//! assert_eq!(request.url, "https://gate.example/v2/payment/wallet/paytm/sale");
//!
//! // Later the platform posts a callback; believe it only if it is signed.
//! let forged = br#"{"project_id":200,"payment":{"id":"order-17","status":"success"}}"#;
//! assert!(merchant.read_callback(forged).is_err());
//! # Ok::<(), wire::signature::Folded>(())
//! ```

use std::fmt;

use serde_json::Value;

use crate::callback::{Callback, CallbackError};
use crate::page;
use crate::query::Params;
use crate::signature::{self, Folded};

/// A project of the merchant, and where the platform is.
#[derive(Clone)]
pub struct Merchant {
    /// The project's id.
    pub project_id: i64,
    /// The project's secret.
    pub secret: String,
    /// Gate's host with its scheme.
    pub gate_url: String,
    /// Payment Page's host with its scheme.
    pub page_url: String,
}

/// An HTTP request to be sent as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Always `POST`.
    pub method: &'static str,
    /// Absolute URL.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: [(&'static str, &'static str); 2],
    /// JSON.
    pub body: String,
}

/// A payment to take through Gate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sale {
    /// The merchant's id of the payment, unique in the project.
    pub payment_id: String,
    /// Minor units of `currency`.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// The merchant's id of the customer.
    pub customer_id: String,
    /// The customer's IPv4 or IPv6 address.
    pub customer_ip: String,
    /// The customer's telephone number.
    pub customer_phone: Option<String>,
    /// Echoed in callbacks.
    pub description: Option<String>,
    /// Where callbacks go instead of the project's URL.
    pub callback_url: Option<String>,
    /// Where the customer goes on success.
    pub success_url: Option<String>,
    /// Where the customer goes on decline.
    pub decline_url: Option<String>,
    /// Where the customer goes while the outcome is not known.
    pub return_url: Option<String>,
}

/// Money to give back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refund {
    /// The payment to refund.
    pub payment_id: String,
    /// Minor units and ISO 4217 code; `None` for all that remains.
    pub sum: Option<(i64, String)>,
    /// Why.
    pub description: String,
    /// The merchant's id of the refund; a repetition of it is refused, so retries are safe.
    pub merchant_refund_id: Option<String>,
}

impl Merchant {
    /// A sale by Paytm Wallet.
    pub fn sale(&self, sale: &Sale) -> Result<Request, Folded> {
        let customer = object([
            ("id", Some(sale.customer_id.as_str().into())),
            ("ip_address", Some(sale.customer_ip.as_str().into())),
            ("phone", sale.customer_phone.as_deref().map(Value::from)),
        ]);
        let payment = object([
            ("amount", Some(sale.amount.into())),
            ("currency", Some(sale.currency.as_str().into())),
            ("description", sale.description.as_deref().map(Value::from)),
        ]);
        let return_url = object([
            ("success", sale.success_url.as_deref().map(Value::from)),
            ("decline", sale.decline_url.as_deref().map(Value::from)),
            ("return", sale.return_url.as_deref().map(Value::from)),
        ]);
        let general = self.general(&sale.payment_id, sale.callback_url.as_deref());
        let body = object([
            ("general", Some(general)),
            ("customer", Some(customer)),
            ("payment", Some(payment)),
            ("return_url", Some(return_url)),
        ]);
        self.post("/v2/payment/wallet/paytm/sale", body)
    }

    /// A refund, whole or in part.
    pub fn refund(&self, refund: &Refund) -> Result<Request, Folded> {
        let payment = object([
            ("amount", refund.sum.as_ref().map(|(amount, _)| Value::from(*amount))),
            ("currency", refund.sum.as_ref().map(|(_, currency)| currency.as_str().into())),
            ("description", Some(refund.description.as_str().into())),
            ("merchant_refund_id", refund.merchant_refund_id.as_deref().map(Value::from)),
        ]);
        let general = self.general(&refund.payment_id, None);
        let body = object([("general", Some(general)), ("payment", Some(payment))]);
        self.post("/v2/payment/wallet/paytm/refund", body)
    }

    /// How a payment stands; the answer is a [`crate::status::StatusAnswer`].
    pub fn status(&self, payment_id: &str) -> Result<Request, Folded> {
        let body = object([("general", Some(self.general(payment_id, None)))]);
        self.post("/v2/payment/status", body)
    }

    /// The signed link to Payment Page; the project's id is put among `params`.
    pub fn page_url(&self, params: &Params) -> Result<String, Folded> {
        let params = params.clone().with("project_id", &self.project_id.to_string());
        signature::check_query(&params)?;
        Ok(page::sign_page_url(&self.page_url, &params, &self.secret))
    }

    /// Reads the body of a callback if the platform signed it. Answer HTTP 200 once it is recorded.
    pub fn read_callback(&self, body: &[u8]) -> Result<Callback, CallbackError> {
        Callback::verify_and_parse(body, &[&self.secret])
    }

    fn general(&self, payment_id: &str, callback_url: Option<&str>) -> Value {
        object([
            ("project_id", Some(self.project_id.into())),
            ("payment_id", Some(payment_id.into())),
            ("merchant_callback_url", callback_url.map(Value::from)),
        ])
    }

    /// Refuses to sign what somebody else could turn into another request with the same signature,
    /// such as a description with `;payment:amount:` in it.
    fn post(&self, path: &str, mut body: Value) -> Result<Request, Folded> {
        signature::check(&body)?;
        let signature = signature::sign(&body, &self.secret);
        if let Some(general) = body.get_mut("general").and_then(Value::as_object_mut) {
            general.insert("signature".to_owned(), signature.into());
        }
        Ok(Request {
            method: "POST",
            url: format!("{}{path}", self.gate_url.trim_end_matches('/')),
            headers: [("content-type", "application/json"), ("accept", "application/json")],
            body: body.to_string(),
        })
    }
}

/// An object of the members that have a value.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

impl fmt::Debug for Merchant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Merchant")
            .field("project_id", &self.project_id)
            .field("gate_url", &self.gate_url)
            .field("page_url", &self.page_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{RefundRequest, SaleRequest, StatusRequest};
    use crate::json::parse_strict;

    fn merchant() -> Merchant {
        Merchant {
            project_id: 200,
            secret: "secret".to_owned(),
            gate_url: "https://gate.example/".to_owned(),
            page_url: "https://pay.example".to_owned(),
        }
    }

    /// What Gate makes of a request: the verified document.
    fn received(request: &Request) -> Value {
        let document = parse_strict(request.body.as_bytes()).unwrap();
        let given = signature::given(&document).unwrap();
        signature::verify(&document, given, &["secret"]).unwrap();
        document
    }

    fn sale() -> Sale {
        Sale {
            payment_id: "payment_id".to_owned(),
            amount: 250,
            currency: "INR".to_owned(),
            customer_id: "12345".to_owned(),
            customer_ip: "1.1.1.1".to_owned(),
            ..Sale::default()
        }
    }

    #[test]
    fn the_documented_sale_gets_the_documented_signature() {
        let request = merchant().sale(&sale()).unwrap();
        let document = received(&request);
        assert_eq!(
            signature::given(&document),
            Some(
                "NLf2Bwc10XxWlxO108aQzXcdt9LuilPjduF8sWZglQK1L2EQal0dYNs1cg48ebLj5ytEsuQwdGOBClfep\
                 eXTQw=="
            )
        );
        let read = SaleRequest::parse(&document).unwrap();
        assert_eq!((read.payment.amount, read.customer.id.as_str()), (250, "12345"));
        assert_eq!(request.url, "https://gate.example/v2/payment/wallet/paytm/sale");
    }

    #[test]
    fn gate_reads_what_the_client_writes() {
        let refund = Refund {
            payment_id: "p-1".to_owned(),
            sum: Some((100, "INR".to_owned())),
            description: "partial".to_owned(),
            merchant_refund_id: Some("r-1".to_owned()),
        };
        let read = RefundRequest::parse(&received(&merchant().refund(&refund).unwrap())).unwrap();
        assert_eq!(read.payment.sum, refund.sum);
        assert_eq!(read.payment.merchant_refund_id, refund.merchant_refund_id);
        let status = received(&merchant().status("p-1").unwrap());
        assert_eq!(StatusRequest::parse(&status).unwrap().general.project_id, 200);
    }

    #[test]
    fn nothing_ambiguous_is_signed() {
        let description = Some("shoes;payment:amount:1".to_owned());
        let refused = merchant().sale(&Sale { description, ..sale() }).unwrap_err();
        assert_eq!(refused.path, "payment:description");
        let params = Params::from_pairs([("customer_first_name", "A;redirect_success_url:x")]);
        assert!(merchant().page_url(&params.unwrap()).is_err());
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert!(!format!("{:?}", merchant()).contains("\"secret"));
    }
}
