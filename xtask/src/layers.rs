//! Which crate may import which: the table of ARCHITECTURE.md, checked against the manifests.
//! Each of our crates exists because an import must be impossible; this is where the list of
//! impossible imports lives. Dev-dependencies are free: a test may use what it likes.

use crate::repository;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What one crate of ours may and may not depend on.
struct Layer {
    package: &'static str,
    /// Packages of ours it may import.
    imports: &'static [&'static str],
    /// Outside packages it must never name.
    forbidden: &'static [&'static str],
    /// The sentence behind the rule, shown when it is broken.
    reason: &'static str,
}

const LAYERS: [Layer; 12] = [
    Layer {
        package: "dwar-domain",
        imports: &[],
        forbidden: &["tokio", "serde_json", "rusqlite", "axum", "hyper", "aws-lc-rs", "tracing"],
        reason: "the rules are pure: no async, no I/O, no JSON, no randomness, no logging",
    },
    Layer {
        package: "dwar-wire",
        imports: &["dwar-domain"],
        forbidden: &["tokio", "rusqlite", "axum", "tracing"],
        reason: "the public language is a set of values; merchants compile it into their programs",
    },
    Layer {
        package: "dwar-paytm",
        imports: &["dwar-domain"],
        forbidden: &["tokio", "rusqlite", "axum", "hyper", "tracing"],
        reason: "a connector turns effects into requests and answers into commands, and sends nothing",
    },
    Layer {
        package: "dwar-store",
        imports: &["dwar-domain"],
        forbidden: &["axum", "hyper", "hyper-util"],
        reason: "the store knows rows and transactions, not who asks for them",
    },
    Layer {
        package: "dwar-app",
        imports: &["dwar-domain", "dwar-wire", "dwar-paytm", "dwar-store"],
        forbidden: &["axum", "hyper", "hyper-util", "rusqlite"],
        reason: "the verbs reach the network through ports and the tables through the store",
    },
    Layer {
        package: "dwar-web",
        imports: &["dwar-domain", "dwar-wire", "dwar-app"],
        forbidden: &["rusqlite", "hyper-rustls"],
        reason: "a face parses, verifies, asks the app and renders; it never goes around the app",
    },
    Layer {
        package: "dwar",
        imports: &[
            "dwar-domain",
            "dwar-wire",
            "dwar-paytm",
            "dwar-store",
            "dwar-app",
            "dwar-web",
            "paytm-sandbox",
            "dwar-shop",
        ],
        forbidden: &[],
        reason: "the program wires everything together",
    },
    Layer {
        package: "paytm-sandbox",
        imports: &["dwar-paytm"],
        forbidden: &[],
        reason: "a sandbox that shared our code would share our mistakes; only the checksum is shared",
    },
    Layer {
        package: "dwar-shop",
        imports: &["dwar-wire"],
        forbidden: &["rusqlite"],
        reason: "the demo shop knows what any merchant knows",
    },
    Layer {
        package: "sim",
        imports: &["dwar-domain", "dwar-wire", "dwar-paytm", "dwar-store", "dwar-app"],
        forbidden: &["axum", "hyper", "hyper-util"],
        reason: "the simulated world has its own clock and network",
    },
    Layer {
        package: "tests",
        imports: &["dwar-wire", "dwar-paytm"],
        forbidden: &[],
        reason: "the end-to-end tests see the product from outside, as a process",
    },
    Layer {
        package: "xtask",
        imports: &[],
        forbidden: &[],
        reason: "the chores must build when the product does not",
    },
];

/// Every outside package we name has a line here.
const DEPENDENCIES_DOCUMENT: &str = "docs/dependencies.md";

/// A package's name and the names of its normal and build dependencies.
type Manifests = BTreeMap<String, Vec<String>>;

/// Compares the workspace with the table.
pub(crate) fn check() -> Result<()> {
    let manifests = manifests()?;
    let mut broken = violations(&manifests);
    let documented = fs::read_to_string(repository::root().join(DEPENDENCIES_DOCUMENT))
        .context(DEPENDENCIES_DOCUMENT)?;
    broken.extend(undocumented(&manifests, &documented));
    broken.extend(sandbox_violations(&repository::root().join("crates/paytm-sandbox/src"))?);
    if !broken.is_empty() {
        bail!("layers:\n  {}", broken.join("\n  "));
    }
    println!("{} crates import only what they may", LAYERS.len());
    Ok(())
}

fn manifests() -> Result<Manifests> {
    let arguments = ["metadata", "--format-version=1", "--no-deps", "--locked"];
    let metadata = repository::output(repository::cargo(&arguments))?;
    let metadata: Value = serde_json::from_slice(&metadata).context("read cargo metadata")?;
    read_manifests(&metadata).context("cargo metadata has an unknown shape")
}

fn read_manifests(metadata: &Value) -> Option<Manifests> {
    let mut manifests = Manifests::new();
    for package in metadata.get("packages")?.as_array()? {
        let name = package.get("name")?.as_str()?.to_owned();
        let mut dependencies = Vec::new();
        for dependency in package.get("dependencies")?.as_array()? {
            if dependency.get("kind")?.as_str() != Some("dev") {
                dependencies.push(dependency.get("name")?.as_str()?.to_owned());
            }
        }
        manifests.insert(name, dependencies);
    }
    Some(manifests)
}

fn violations(manifests: &Manifests) -> Vec<String> {
    let mut broken = Vec::new();
    for package in manifests.keys() {
        if !LAYERS.iter().any(|layer| layer.package == package) {
            broken.push(format!("{package} is not in the table of xtask/src/layers.rs"));
        }
    }
    for layer in &LAYERS {
        let Some(dependencies) = manifests.get(layer.package) else {
            broken.push(format!("{} is in the table but not in the workspace", layer.package));
            continue;
        };
        for dependency in dependencies {
            let name = dependency.as_str();
            let ours = manifests.contains_key(name);
            if (ours && !layer.imports.contains(&name)) || layer.forbidden.contains(&name) {
                broken.push(format!("{} must not import {name}: {}", layer.package, layer.reason));
            }
        }
    }
    broken
}

fn undocumented(manifests: &Manifests, document: &str) -> Vec<String> {
    let outside: BTreeSet<&String> =
        manifests.values().flatten().filter(|name| !manifests.contains_key(*name)).collect();
    let missing = outside.into_iter().filter(|name| !document.contains(&format!("| `{name}` |")));
    missing.map(|name| format!("{name} has no line in {DEPENDENCIES_DOCUMENT}")).collect()
}

/// The one rule finer than a manifest: of `paytm`, the sandbox may name only `checksum`.
fn sandbox_violations(directory: &Path) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            broken.extend(sandbox_violations(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path)?;
            for (number, line) in source.lines().enumerate() {
                if names_more_than_checksum(line) {
                    let place = path.strip_prefix(repository::root()).unwrap_or(&path);
                    let place = format!("{}:{}", place.display(), number.saturating_add(1));
                    broken.push(format!("{place}: paytm-sandbox may use only paytm::checksum"));
                }
            }
        }
    }
    Ok(broken)
}

fn names_more_than_checksum(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("paytm").any(|(at, word)| {
        let before = code.get(..at).unwrap_or_default();
        let after = code.get(at.saturating_add(word.len())..).unwrap_or_default();
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        match after.strip_prefix("::") {
            Some(item) => !item.starts_with("checksum"),
            None => before.ends_with("use ") && !after.starts_with('_'),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{LAYERS, Manifests, names_more_than_checksum, undocumented, violations};

    fn allowed() -> Manifests {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        LAYERS.iter().map(|layer| (layer.package.to_owned(), names(layer.imports))).collect()
    }

    fn with(package: &str, dependency: &str) -> Vec<String> {
        let mut manifests = allowed();
        manifests.entry(package.to_owned()).or_default().push(dependency.to_owned());
        violations(&manifests)
    }

    #[test]
    fn the_table_allows_itself_and_arrows_point_down() {
        assert!(violations(&allowed()).is_empty());
        for (row, layer) in LAYERS.iter().enumerate() {
            for import in layer.imports {
                let imported = LAYERS.iter().position(|other| other.package == *import).unwrap();
                let demo = layer.package == "dwar";
                assert!(imported < row || demo, "{} imports upwards", layer.package);
            }
        }
    }

    #[test]
    fn a_forbidden_import_is_named_with_its_reason() {
        for (package, dependency) in [
            ("dwar-domain", "serde_json"),
            ("dwar-domain", "dwar-wire"),
            ("dwar-wire", "tokio"),
            ("dwar-paytm", "hyper"),
            ("dwar-app", "rusqlite"),
            ("dwar-web", "dwar-store"),
            ("dwar-shop", "dwar-domain"),
            ("xtask", "dwar-domain"),
        ] {
            let broken = with(package, dependency);
            let expected = format!("{package} must not import {dependency}: ");
            assert!(matches!(&broken[..], [only] if only.starts_with(&expected)), "{broken:?}");
        }
        assert!(with("dwar-wire", "url").is_empty());
    }

    #[test]
    fn an_unknown_or_missing_crate_is_reported() {
        let mut manifests = allowed();
        manifests.insert("newcomer".to_owned(), Vec::new());
        manifests.remove("sim");
        assert_eq!(
            violations(&manifests),
            [
                "newcomer is not in the table of xtask/src/layers.rs",
                "sim is in the table but not in the workspace",
            ]
        );
    }

    #[test]
    fn an_outside_crate_without_a_line_is_reported_once() {
        let mut manifests = allowed();
        for dependencies in manifests.values_mut() {
            dependencies.push("left-pad".to_owned());
        }
        let document = "| `left` | .. |\n| `pad` | .. |";
        assert_eq!(
            undocumented(&manifests, document),
            ["left-pad has no line in docs/dependencies.md"]
        );
        assert!(undocumented(&manifests, "| `left-pad` | .. |").is_empty());
    }

    #[test]
    fn of_paytm_the_sandbox_may_name_only_the_checksum() {
        for fine in [
            "use paytm::checksum;",
            "let ok = paytm::checksum::verify(text, key, sum);",
            "// like paytm::wire, written anew",
            "use paytm_sandbox::Orders;",
            r#"router.route("/paytm/order", post(order))"#,
        ] {
            assert!(!names_more_than_checksum(fine), "{fine}");
        }
        for wrong in ["use paytm::wire;", "use paytm::{checksum, wire};", "use paytm as p;"] {
            assert!(names_more_than_checksum(wrong), "{wrong}");
        }
    }
}
