//! The parameters that open Payment Page, and the signed link that carries them.
//!
//! They arrive in a query or a form, all of them text. What the page acts upon is read into
//! [`PageParams`]; everything else is kept, because it is signed too.

mod parameters;
mod prefill;

use serde_json::Value;
use url::form_urlencoded;

use crate::field::{FieldError, Fields};
use crate::gate::CustomerDetails;
use crate::limits::{DESCRIPTION_CHARACTERS, IDENTIFIER_CHARACTERS, NAME_CHARACTERS, SAFE_INTEGER};
use crate::query::Params;
use crate::{rule, signature};
use prefill::Prefill;

pub use parameters::{Kind, PARAMETERS, Parameter, Treatment};

/// Where the customer's browser goes from Payment Page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageUrls {
    /// After the result page, on success.
    pub merchant_success: Option<PageUrl>,
    /// After the result page, on failure.
    pub merchant_fail: Option<PageUrl>,
    /// "Return to shop", before paying.
    pub merchant_return: Option<PageUrl>,
    /// At once on success, without a result page.
    pub redirect_success: Option<PageUrl>,
    /// At once on failure, without a result page.
    pub redirect_fail: Option<PageUrl>,
    /// Back from the provider while the result is not known.
    pub redirect_return: Option<String>,
}

/// An address, and whether the customer goes there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageUrl {
    /// As it was sent.
    pub url: String,
    /// `…_enabled`; on unless it says otherwise.
    pub switch: Switch,
}

/// What `…_enabled` parameters say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Switch {
    /// `0` or `false`.
    Off,
    /// `1` or `true`.
    #[default]
    On,
    /// `2`, which the plug-ins call "always".
    Always,
}

/// Payment Page parameters, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageParams {
    /// The merchant's project.
    pub project_id: i64,
    /// The merchant's payment, unique in the project.
    pub payment_id: String,
    /// Minor units of `currency`.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// The merchant's customer.
    pub customer_id: String,
    /// What else is known of the customer.
    pub customer: CustomerDetails,
    /// Shown to the customer, echoed in callbacks.
    pub description: Option<String>,
    /// Free text for reports.
    pub extra_param: Option<String>,
    /// When the page stops accepting the payment, in unix milliseconds.
    pub best_before: Option<i64>,
    /// ISO 639-1 in lower case.
    pub language_code: Option<String>,
    /// What is known of the customer, or the language, and can't be read: it counts as not sent.
    pub left_out: Vec<FieldError>,
    /// The only method to offer, such as `paytm-wallet`.
    pub force_payment_method: Option<String>,
    /// Where callbacks go instead of the project's URL.
    pub merchant_callback_url: Option<String>,
    /// Where the customer goes.
    pub urls: PageUrls,
    /// Which SDK or plug-in made the link.
    pub interface_type: Option<u32>,
    /// Everything that was sent, in order, the signature included.
    pub all: Params,
}

impl PageParams {
    /// Reads the parameters, or says everything that is wrong with them.
    pub fn parse(params: Params) -> Result<Self, Vec<FieldError>> {
        let document: Value =
            params.iter().map(|(name, value)| (name, Value::from(value))).collect();
        let mut fields = Fields::new(&document);
        let identifier = rule::text(IDENTIFIER_CHARACTERS);
        let description = rule::text(DESCRIPTION_CHARACTERS);
        let name = rule::text(NAME_CHARACTERS);
        let Prefill { customer, language_code, left_out } = Prefill::read(&params);
        let read = Self {
            project_id: fields.required("project_id", rule::integer(1..=SAFE_INTEGER)),
            payment_id: fields.required("payment_id", &identifier),
            amount: fields.required("payment_amount", rule::amount),
            currency: fields.required("payment_currency", rule::currency),
            customer_id: fields.required("customer_id", &identifier),
            customer,
            description: fields.optional("payment_description", &description),
            extra_param: fields.optional("payment_extra_param", &description),
            best_before: fields.optional("best_before", rule::moment),
            language_code,
            left_out,
            force_payment_method: fields.optional("force_payment_method", &name),
            merchant_callback_url: fields.optional("merchant_callback_url", rule::url),
            urls: PageUrls::read(&mut fields),
            interface_type: fields.optional("interface_type", rule::interface_type),
            all: params,
        };
        fields.finish(read)
    }
}

impl PageUrls {
    fn read(fields: &mut Fields<'_>) -> Self {
        let mut switched = |url, enabled| PageUrl::read(fields, url, enabled);
        Self {
            merchant_success: switched("merchant_success_url", "merchant_success_enabled"),
            merchant_fail: switched("merchant_fail_url", "merchant_fail_enabled"),
            merchant_return: switched("merchant_return_url", "merchant_return_enabled"),
            redirect_success: switched("redirect_success_url", "redirect_success_enabled"),
            redirect_fail: switched("redirect_fail_url", "redirect_fail_enabled"),
            redirect_return: fields.optional("redirect_return_url", rule::url),
        }
    }
}

impl PageUrl {
    fn read(fields: &mut Fields<'_>, url: &'static str, enabled: &'static str) -> Option<Self> {
        let switch = fields.optional(enabled, rule::switch).unwrap_or_default();
        fields.optional(url, rule::url).map(|url| Self { url, switch })
    }
}

/// The signed link `<base>/payment?…&signature=…` that opens Payment Page.
///
/// `base` is the host with its scheme, without `/payment`; `params` carry no signature yet.
pub fn sign_page_url(base: &str, params: &Params, secret: &str) -> String {
    let signature = signature::sign_query(params, secret);
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params.iter())
        .append_pair("signature", &signature)
        .finish();
    format!("{}/payment?{query}", base.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: [(&str, &str); 6] = [
        ("project_id", "198"),
        ("payment_id", "3936"),
        ("payment_amount", "2500"),
        ("payment_currency", "INR"),
        ("customer_id", "customer1"),
        ("force_payment_method", "paytm-wallet"),
    ];

    #[test]
    fn the_documented_link_is_signed_read_and_verified() {
        let sent = Params::from_pairs(SEED).unwrap();
        let url = sign_page_url("https://pay.example/", &sent, "secret");
        let signature = "NvyGLUvVCqLKRGVTMPNSwJqtBLDbbxmL6FwSES7UYTu4TAUIlNjLjTPWzmPF4%2BfF8KPojgJzZm\
                         IQXOk7lHxcpg%3D%3D";
        let expected = format!(
            "https://pay.example/payment?project_id=198&payment_id=3936&payment_amount=2500\
             &payment_currency=INR&customer_id=customer1&force_payment_method=paytm-wallet\
             &signature={signature}"
        );
        assert_eq!(url, expected);
        let query = url.split_once('?').unwrap().1;
        let received = Params::decode(query.as_bytes()).unwrap();
        let signature = received.get("signature").unwrap();
        assert_eq!(signature::verify_query(&received, signature, &["secret"]), Ok(()));
        let page = PageParams::parse(received).unwrap();
        assert_eq!((page.project_id, page.amount, page.currency.as_str()), (198, 2500, "INR"));
        assert_eq!(page.force_payment_method.as_deref(), Some("paytm-wallet"));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let params = Params::from_pairs([
            ("project_id", "x"),
            ("payment_amount", "25.00"),
            ("payment_currency", "rupees"),
            ("customer_email", "nobody"),
            ("merchant_fail_enabled", "9"),
            ("best_before", "tomorrow"),
            ("redirect_success_url", "javascript:alert(1)"),
            ("interface_type", "{\"id\":18}"),
            ("customer_phone", ""),
        ]);
        let errors = PageParams::parse(params.unwrap()).unwrap_err();
        let told: Vec<_> = errors.iter().map(|error| (error.path, error.code)).collect();
        assert_eq!(
            told,
            [
                ("project_id", 502),
                ("payment_id", 2004),
                ("payment_amount", 502),
                ("payment_currency", 3121),
                ("customer_id", 2004),
                ("best_before", 502),
                ("merchant_fail_enabled", 502),
                ("redirect_success_url", 502),
            ]
        );
    }

    #[test]
    fn what_the_page_reads_is_in_the_table_as_honoured() {
        let honoured = |name: &str| {
            let parameter = PARAMETERS.iter().find(|parameter| parameter.name == name);
            parameter.is_some_and(|it| it.treatment == Treatment::Honoured)
        };
        for name in SEED.map(|(name, _)| name).into_iter().chain(["redirect_return_url"]) {
            assert!(honoured(name), "{name}");
        }
        for (index, parameter) in PARAMETERS.iter().enumerate() {
            let again = PARAMETERS.iter().skip(index + 1).any(|it| it.name == parameter.name);
            assert!(!again, "{} is listed twice", parameter.name);
        }
    }
}
