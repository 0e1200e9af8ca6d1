//! Projects as commands print them.

use std::fmt;

use app::project::{Branding, Project};
use domain::money::Amount;
use domain::payment::LateSuccessPolicy;
use domain::time::Timestamp;
use serde::Serialize;
use store::payments::BaseTime;
use wire::callback::Sum;

use super::branding::logo_in_short;
use crate::commands::OrDash;
use crate::output::table::{Table, plain};
use crate::output::{money, time};

/// A project whose secret is new.
#[derive(Debug, Serialize)]
pub(super) struct Created {
    id: i64,
    name: String,
    secret: String,
}

impl Created {
    pub(super) fn new(project: &Project) -> Self {
        Self {
            id: project.id.0,
            name: project.name.clone(),
            secret: project.signing_secret().to_owned(),
        }
    }
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Project {} ({})", self.id, plain(&self.name))?;
        writeln!(f, "  Secret  {}", self.secret)?;
        write!(f, "The merchant signs requests with it, and verifies callbacks. Keep it secret.")
    }
}

/// A project that has another secret than before.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Rotated(Created);

impl Rotated {
    pub(super) fn new(project: &Project) -> Self {
        Self(Created::new(project))
    }
}

impl fmt::Display for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Project {} ({})", self.0.id, plain(&self.0.name))?;
        writeln!(f, "  New secret  {}", self.0.secret)?;
        write!(f, "Callbacks are signed with it now. The one before it is still accepted.")
    }
}

/// All projects.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct List(Vec<Shown>);

impl List {
    pub(super) fn of(projects: &[Project]) -> Self {
        Self(projects.iter().map(|project| Shown::of(project, None, false)).collect())
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("There is no project yet; make one with `dwar project create`.");
        }
        let mut table = Table::with_header(["ID", "NAME", "MODE", "PAYTM MID", "CALLBACKS TO"]);
        for project in &self.0 {
            let callbacks = OrDash(project.callback_url.as_deref()).to_string();
            let id = project.id.to_string();
            table.row([&id, &project.name, project.mode, &project.paytm.mid, &callbacks]);
        }
        table.fmt(f)
    }
}

/// A project.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: i64,
    name: String,
    mode: &'static str,
    created: String,
    callback_url: Option<String>,
    frame_ancestors: Vec<String>,
    paytm_enabled: bool,
    paytm: Account,
    sale_min: Sum,
    sale_max: Sum,
    limit_seconds: i64,
    page_attempts: u32,
    late_success: &'static str,
    settlement_currency: &'static str,
    branding: Branding,
    secrets: Vec<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_time: Option<Measured>,
    #[serde(skip)]
    text: Text,
}

#[derive(Debug, Serialize)]
struct Account {
    mid: String,
    url: String,
    website: String,
    modes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Secret {
    created: String,
    #[serde(rename = "secret", skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip)]
    created_text: String,
}

#[derive(Debug, Serialize)]
struct Measured {
    payments: i64,
    mean_ms: i64,
}

/// What people read in another form than programs.
#[derive(Debug)]
struct Text {
    created: String,
    sales: String,
    limit: String,
    base_time: Option<String>,
}

impl Shown {
    pub(super) fn of(project: &Project, base_time: Option<BaseTime>, secrets: bool) -> Self {
        let settings = &project.settings;
        let rupees = |minor| Amount::new(minor, domain::money::Currency::INR);
        let zero = Amount::zero(domain::money::Currency::INR);
        let sale_min = rupees(settings.sale_minor_min).unwrap_or(zero);
        let sale_max = rupees(settings.sale_minor_max).unwrap_or(zero);
        let iso = |at: Timestamp| wire::date::format(at.0);
        Self {
            id: project.id.0,
            name: project.name.clone(),
            mode: if settings.test_mode { "test" } else { "live" },
            created: iso(project.created),
            callback_url: settings.callback_url.clone(),
            frame_ancestors: settings.frame_ancestors.clone(),
            paytm_enabled: settings.paytm_enabled,
            paytm: Account {
                mid: settings.paytm.mid.clone(),
                url: settings.paytm.base_url.clone(),
                website: settings.paytm.website.clone(),
                modes: settings.paytm.modes.clone(),
            },
            sale_min: money::sum(sale_min),
            sale_max: money::sum(sale_max),
            limit_seconds: settings.limit_time.0 / 1_000,
            page_attempts: settings.page_attempts,
            late_success: match settings.late_success {
                LateSuccessPolicy::GiveBack => "give-back",
                LateSuccessPolicy::Promote => "promote",
            },
            settlement_currency: settings.settlement_currency.code(),
            branding: settings.branding.clone(),
            secrets: project
                .keys
                .signing
                .iter()
                .map(|key| Secret {
                    created: iso(key.created),
                    value: secrets.then(|| key.secret.clone()),
                    created_text: time::moment(key.created),
                })
                .collect(),
            base_time: base_time.map(|it| Measured { payments: it.payments, mean_ms: it.mean_ms }),
            text: Text {
                created: time::moment(project.created),
                sales: format!("{} to {}", money::amount(sale_min), money::amount(sale_max)),
                limit: time::length(settings.limit_time),
                base_time: base_time.map(base_time_text),
            },
        }
    }
}

fn base_time_text(measured: BaseTime) -> String {
    if measured.payments == 0 {
        return "no successful payment yet".to_owned();
    }
    let mean = time::length(domain::time::Millis(measured.mean_ms));
    format!("{mean} from acceptance to success, mean of {} payments", measured.payments)
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::default();
        let enabled = if self.paytm_enabled { "enabled" } else { "disabled" };
        let account = format!("{} at {}, {enabled}", self.paytm.mid, self.paytm.url);
        let modes = format!("{}, website {}", self.paytm.modes.join(","), self.paytm.website);
        table.row(["Mode", self.mode]);
        table.row(["Made", &self.text.created]);
        table.row(["Callbacks to", &OrDash(self.callback_url.as_deref()).to_string()]);
        if !self.frame_ancestors.is_empty() {
            table.row(["Framed by", &self.frame_ancestors.join(", ")]);
        }
        table.row(["Paytm", &account]);
        table.row(["Paid by", &modes]);
        table.row(["Sales", &self.text.sales]);
        table.row(["Limit time", &self.text.limit]);
        table.row(["Attempts", &format!("{} on Payment Page", self.page_attempts)]);
        table.row(["Late success", self.late_success]);
        table.row(["Settled in", self.settlement_currency]);
        let logo = self.branding.logo_url.as_deref().map(logo_in_short);
        let looks = [
            ("Shown as", self.branding.display_name.as_deref()),
            ("Logo", logo.as_deref()),
            ("Accent", self.branding.accent.as_deref()),
        ];
        for (what, value) in looks {
            if let Some(value) = value {
                table.row([what, value]);
            }
        }
        for (index, key) in self.secrets.iter().enumerate() {
            let what = if index == 0 { "Secret" } else { "Before it" };
            let secret = key.value.as_deref().unwrap_or("(hidden; show with --secrets)");
            table.row([what, &format!("{secret}, made {}", key.created_text)]);
        }
        if let Some(base_time) = &self.text.base_time {
            table.row(["Base time", base_time]);
        }
        writeln!(f, "Project {} ({})", self.id, plain(&self.name))?;
        table.fmt(f)
    }
}
