//! What the demonstration prints when it is ready.

use std::fmt;
use std::path::Path;

use app::project::Project;
use serde::Serialize;

use super::ports::Addresses;
use super::url;
use crate::output::table::Table;

/// Where everything is.
#[derive(Debug, Serialize)]
pub(super) struct Ready {
    shop: String,
    gate: String,
    payment_page: String,
    ops: String,
    sandbox: String,
    projects: Vec<Access>,
    #[serde(skip)]
    folder: String,
}

/// What a merchant needs to use a project.
#[derive(Debug, Serialize)]
struct Access {
    id: i64,
    secret: String,
}

impl Ready {
    pub(super) fn new(addresses: &Addresses, project: &Project, folder: &Path) -> Self {
        Self {
            shop: url(addresses.shop),
            gate: url(addresses.gate),
            payment_page: url(addresses.gate),
            ops: url(addresses.ops),
            sandbox: url(addresses.sandbox),
            projects: vec![Access {
                id: project.id.0,
                secret: project.signing_secret().to_owned(),
            }],
            folder: folder.display().to_string(),
        }
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The demonstration is ready. Open the shop and buy something:\n")?;
        writeln!(f, "  {}\n", self.shop)?;
        writeln!(f, "Pay with phone 7777777777 and OTP 489871. No real money is moved.\n")?;
        let mut table = Table::default();
        table.row(["Gate", &self.gate, "what the shop talks to; Payment Page too"]);
        table.row(["Sandbox", &self.sandbox, "Paytm, played: its orders, books, scenarios"]);
        table.row(["Metrics", &format!("{}/metrics", self.ops), "also /healthz, /readyz"]);
        for access in &self.projects {
            table.row([&format!("Project {}", access.id), "secret", &access.secret]);
        }
        table.row(["Data", &self.folder, "kept for the next time; --fresh begins anew"]);
        let options = Path::new(&self.folder).join(super::OPTIONS);
        let use_them = "for other commands: dwar tail --config FILE";
        table.row(["Options", &options.display().to_string(), use_them]);
        write!(f, "{table}\nCtrl-C ends it.")
    }
}
