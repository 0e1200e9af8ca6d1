//! Every parameter name the platform knows, for the gate against folded parameters.
//!
//! The list is generous on purpose: it also names what other payment methods use and what Dwar only
//! emits. Payment Page parameters come from their own table in [`crate::page`]. Whoever reads a new
//! parameter anywhere adds its path to one of the two.

use crate::page;

/// Colons in the longest path below, plus one.
pub(crate) const DEEPEST_PATH: usize = 4;

/// Paths of Gate requests, callbacks, status answers and Data API requests.
const PATHS: &[&str] = &[
    "account:number",
    "account:token",
    "acs:acs_url",
    "acs:term_url",
    "additional_data",
    "addendum",
    "avs_data",
    "booking_info",
    "callback:delay",
    "callback:force_disable",
    "card",
    "cash_voucher_data",
    "customer:address",
    "customer:billing:address",
    "customer:billing:city",
    "customer:billing:country",
    "customer:billing:postal",
    "customer:billing:region",
    "customer:birthplace",
    "customer:city",
    "customer:country",
    "customer:day_of_birth",
    "customer:email",
    "customer:first_name",
    "customer:id",
    "customer:ip_address",
    "customer:language",
    "customer:last_name",
    "customer:middle_name",
    "customer:phone",
    "customer:ssn",
    "customer:state",
    "customer:zip",
    "errors",
    "fields",
    "general:merchant_callback_url",
    "general:payment_id",
    "general:project_id",
    "general:referrer_url",
    "general:signature",
    "general:terminal_callback_url",
    "identify",
    "interface_type:id",
    "interval",
    "limit",
    "offset",
    "operation:code",
    "operation:created_date",
    "operation:date",
    "operation:id",
    "operation:message",
    "operation:provider:auth_code",
    "operation:provider:date",
    "operation:provider:id",
    "operation:provider:payment_id",
    "operation:request_id",
    "operation:status",
    "operation:sum_converted:amount",
    "operation:sum_converted:currency",
    "operation:sum_initial:amount",
    "operation:sum_initial:currency",
    "operation:type",
    "operations",
    "payment:amount",
    "payment:best_before",
    "payment:currency",
    "payment:date",
    "payment:description",
    "payment:extra_param",
    "payment:force_method",
    "payment:id",
    "payment:merchant_refund_id",
    "payment:method",
    "payment:moto_type",
    "payment:status",
    "payment:sum:amount",
    "payment:sum:currency",
    "payment:type",
    "payment_id",
    "project_id",
    "receipt_data",
    "recurring",
    "recurring_register",
    "redirect_data:body",
    "redirect_data:method",
    "redirect_data:url",
    "request_id",
    "return_url:decline",
    "return_url:return",
    "return_url:success",
    "signature",
    "timezone",
    "token",
];

/// Whether a top-level member or Payment Page parameter has this name.
pub(crate) fn is_top_level_name(name: &str) -> bool {
    let first_key = |path: &&str| path.split(':').next() == Some(name);
    PATHS.iter().any(first_key) || page::PARAMETERS.iter().any(|it| it.name == name)
}

/// Whether `path` is a known object in which `keys`, joined by `:`, lead to a known member.
pub(crate) fn is_path_within(path: &str, keys: &str) -> bool {
    let leads_to = |known: &&str| {
        let below = known.strip_prefix(path)?.strip_prefix(':')?.strip_prefix(keys)?;
        (below.is_empty() || below.starts_with(':')).then_some(())
    };
    PATHS.iter().any(|known| leads_to(known).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_found() {
        for name in ["payment", "signature", "redirect_success_url", "customer_id", "baseUrl"] {
            assert!(is_top_level_name(name), "{name}");
        }
        assert!(!is_top_level_name("https"));
        assert!(is_path_within("payment", "amount"));
        assert!(is_path_within("customer", "billing"));
        assert!(is_path_within("customer", "billing:city"));
        assert!(!is_path_within("payment", "amo"));
        assert!(!is_path_within("payment:description", "amount"));
    }

    #[test]
    fn the_deepest_path_is_within_the_bound() {
        let deepest = PATHS.iter().map(|path| path.split(':').count()).max();
        assert!(deepest < Some(DEEPEST_PATH));
    }
}
