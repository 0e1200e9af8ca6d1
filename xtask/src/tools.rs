//! Installs what the end-to-end tests need besides Rust: the merchants' SDKs of other languages,
//! a browser, and cargo-deny. Each is installed only if it is missing, into `tests/.tools` where
//! its package manager allows, so that a second run takes a second.

use crate::repository;
use anyhow::{Context as _, Result};
use std::fs;
use std::path::PathBuf;

/// Packages of npm: name and version.
const NODE_PACKAGES: [(&str, &str); 5] = [
    ("axe-core", "4.14.1"),
    ("ecommpay", "0.1.7"),
    ("paytm-pg-node-sdk", "1.0.6"),
    ("paytmchecksum", "1.5.1"),
    ("playwright-core", "1.65.1"),
];

/// Requirements for pip. `paytmchecksum` and `paytm-pg` import `Crypto`, and `paytm-pg` imports
/// `requests`, without asking for them.
const PYTHON_PACKAGES: [&str; 5] = [
    "ecommpay-sdk==1.0.6",
    "paytmchecksum==1.7.0",
    "paytm-pg==1.1.2",
    "pycryptodome>=3.20",
    "requests>=2.32",
];

/// Ends with success when every package above is installed, and the SDKs really import.
const PYTHON_PROBE: &str = "
import Crypto, paytmchecksum, paytmpg, payment_page_sdk.gate
from importlib.metadata import version
assert version('ecommpay-sdk') == '1.0.6' and version('paytmchecksum') == '1.7.0'
assert version('paytm-pg') == '1.1.2'
";

/// Debian packages, each with a command that succeeds when it is there.
const DEBIAN_PACKAGES: [(&str, &[&str]); 5] = [
    ("nodejs", &["node", "--version"]),
    ("npm", &["npm", "--version"]),
    ("python3", &["python3", "--version"]),
    ("python3-venv", &["python3", "-c", "import ensurepip, venv"]),
    ("chromium", &["chromium", "--version"]),
];

/// Installs everything that is missing.
pub(crate) fn install() -> Result<()> {
    debian_packages().context("install Debian packages")?;
    node_packages().context("install npm packages")?;
    python_packages().context("install Python packages")?;
    cargo_deny().context("install cargo-deny")?;
    println!("the tools of the tests are installed");
    Ok(())
}

fn directory() -> PathBuf {
    repository::root().join("tests/.tools")
}

fn debian_packages() -> Result<()> {
    let mut missing = Vec::new();
    for (package, probe) in DEBIAN_PACKAGES {
        if let [name, arguments @ ..] = probe
            && !repository::succeeds(repository::program(name, arguments))
        {
            missing.push(package);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing {}", missing.join(", "));
    apt_get(&["update", "--quiet"])?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    apt_get(&[&install, &missing[..]].concat())
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let user = repository::output(repository::program("id", &["--user"]))?;
    let environment = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
    let words = [&environment, arguments].concat();
    repository::run(match user.trim_ascii() {
        b"0" => repository::program("env", words.get(1..).unwrap_or_default()),
        _ => repository::program("sudo", &words),
    })
}

fn node_packages() -> Result<()> {
    let home = directory().join("node");
    let installed = |(name, version): &(&str, &str)| {
        fs::read_to_string(home.join("node_modules").join(name).join("package.json"))
            .is_ok_and(|manifest| manifest.contains(&format!("\"version\": \"{version}\"")))
    };
    if NODE_PACKAGES.iter().all(installed) {
        return Ok(());
    }
    fs::create_dir_all(&home)?;
    let mut npm = repository::program("npm", &["install", "--no-audit", "--no-fund", "--prefix"]);
    npm.arg(&home);
    npm.args(NODE_PACKAGES.map(|(name, version)| format!("{name}@{version}")));
    repository::run(npm)
}

fn python_packages() -> Result<()> {
    let home = directory().join("venv");
    let python = home.join("bin/python");
    let python = python.to_str().context("the repository's path is not UTF-8")?;
    let probe = || repository::program(python, &["-c", PYTHON_PROBE]);
    if repository::succeeds(probe()) {
        return Ok(());
    }
    let mut venv = repository::program("python3", &["-m", "venv", "--clear"]);
    venv.arg(&home);
    repository::run(venv)?;
    let mut pip = repository::program(python, &["-m", "pip", "install", "--quiet"]);
    pip.args(PYTHON_PACKAGES);
    repository::run(pip)?;
    repository::run(probe())
}

fn cargo_deny() -> Result<()> {
    if repository::succeeds(repository::cargo(&["deny", "--version"])) {
        return Ok(());
    }
    repository::run(repository::cargo(&["install", "cargo-deny", "--locked", "--quiet"]))
}
