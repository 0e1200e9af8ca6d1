//! Callbacks and their endpoints as commands print them.

use std::fmt;

use domain::time::Timestamp;
use serde::Serialize;
use store::callbacks::Callback;
use store::endpoints::EndpointRow;

use crate::output::table::{Table, plain};
use crate::output::time;

/// Callbacks, newest first.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct List(Vec<Shown>);

#[derive(Debug, Serialize)]
struct Shown {
    made: String,
    project: i64,
    payment: String,
    seq: i64,
    topic: &'static str,
    operation: i64,
    state: &'static str,
    tries: u32,
    url: String,
    #[serde(skip)]
    made_text: String,
}

impl List {
    pub(super) fn of(callbacks: &[Callback]) -> Self {
        Self(callbacks.iter().map(Shown::of).collect())
    }
}

impl Shown {
    fn of(callback: &Callback) -> Self {
        Self {
            made: wire::date::format(callback.created.0),
            project: callback.payment.project().0,
            payment: callback.payment.payment().0.clone(),
            seq: callback.seq,
            topic: callback.topic.name(),
            operation: callback.operation.0,
            state: callback.state.name(),
            tries: callback.attempts,
            url: callback.url.clone(),
            made_text: time::moment(callback.created),
        }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("There are none.");
        }
        let header = ["MADE", "PROJECT", "PAYMENT", "NO.", "ABOUT", "STATE", "TRIES", "TO"];
        let mut table = Table::with_header(header);
        for it in &self.0 {
            let (project, seq, tries) =
                (it.project.to_string(), it.seq.to_string(), it.tries.to_string());
            table.row([
                &it.made_text,
                &project,
                &it.payment,
                &seq,
                it.topic,
                it.state,
                &tries,
                &it.url,
            ]);
        }
        table.fmt(f)
    }
}

/// A callback that is sent again.
#[derive(Debug, Serialize)]
pub(super) struct Waits {
    project: i64,
    payment: String,
    seq: i64,
    topic: &'static str,
    url: String,
    endpoint_cut_off: bool,
}

impl Waits {
    pub(super) fn of(callback: &Callback, cut_off: Option<&EndpointRow>) -> Self {
        Self {
            project: callback.payment.project().0,
            payment: callback.payment.payment().0.clone(),
            seq: callback.seq,
            topic: callback.topic.name(),
            url: callback.url.clone(),
            endpoint_cut_off: cut_off.is_some(),
        }
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, topic, url, .. } = self;
        let payment = plain(&self.payment);
        writeln!(f, "Callback {seq} ({topic}) of payment {payment} is sent again to {url}.")?;
        if self.endpoint_cut_off {
            writeln!(
                f,
                "Its endpoint is cut off, so that it waits for its turn. To go on at once: \
                 dwar callback resume {url}"
            )?;
        }
        write!(f, "See what becomes of it: dwar payment show {payment}")
    }
}

/// How many callbacks are sent again.
#[derive(Debug, Serialize)]
pub(super) struct Replayed {
    callbacks: u64,
    since: String,
    #[serde(skip)]
    since_text: String,
}

impl Replayed {
    pub(super) fn new(callbacks: u64, since: Timestamp) -> Self {
        let since_text = time::moment(since);
        Self { callbacks, since: wire::date::format(since.0), since_text }
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = &self.since_text;
        match self.callbacks {
            0 => write!(f, "Nothing made since {since} has to be sent again."),
            1 => write!(f, "One callback made since {since} is sent again."),
            many => write!(f, "{many} callbacks made since {since} are sent again."),
        }
    }
}

/// Endpoints that are cut off.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Endpoints(Vec<Endpoint>);

#[derive(Debug, Serialize)]
struct Endpoint {
    url: String,
    state: &'static str,
    failing_since: String,
    paused_at: Option<String>,
    last_error: String,
    #[serde(skip)]
    failing_text: String,
}

impl Endpoints {
    pub(super) fn of(rows: &[EndpointRow], now: Timestamp) -> Self {
        Self(rows.iter().map(|row| Endpoint::of(row, now)).collect())
    }
}

impl Endpoint {
    fn of(row: &EndpointRow, now: Timestamp) -> Self {
        let state = match (row.resumed_at, row.paused_at) {
            (Some(_), _) => "resumed",
            (None, Some(_)) => "paused",
            (None, None) => "cut off",
        };
        Self {
            url: row.url.clone(),
            state,
            failing_since: wire::date::format(row.failing_since.0),
            paused_at: row.paused_at.map(|at| wire::date::format(at.0)),
            last_error: row.last_error.clone(),
            failing_text: format!("for {}", time::length(now.since(row.failing_since))),
        }
    }
}

impl fmt::Display for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("All endpoints answer.");
        }
        let mut table = Table::with_header(["ENDPOINT", "STATE", "FAILING", "WHY"]);
        for it in &self.0 {
            table.row([&it.url, it.state, &it.failing_text, &it.last_error]);
        }
        write!(f, "{table}\nTo go on with one without waiting: dwar callback resume ENDPOINT")
    }
}

/// An endpoint that is gone on with.
#[derive(Debug, Serialize)]
pub(super) struct Resumed {
    pub(super) url: String,
}

impl fmt::Display for Resumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "A running server goes on with {} within a second.", self.url)
    }
}
