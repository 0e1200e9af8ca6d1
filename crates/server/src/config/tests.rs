//! Precedence, and what a wrong value is told.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::*;

fn read(
    file: Option<&str>,
    environment: &[(&str, &str)],
    flags: Vec<Flag>,
) -> Result<Loaded, String> {
    let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
    let Some(text) = file else {
        return Loaded::read(None, environment, flags).map_err(|error| error.to_string());
    };
    let folder = TestFolder::new();
    let path = folder.0.join("dwar.toml");
    fs::write(&path, text).unwrap();
    Loaded::read(Some(&path), environment, flags)
        .map_err(|error| error.to_string().replace(&folder.0.display().to_string(), ""))
}

/// A folder of one test, gone when the test ends.
struct TestFolder(PathBuf);

impl TestFolder {
    fn new() -> Self {
        let mut name = [0; 8];
        aws_lc_rs::rand::fill(&mut name).unwrap();
        let path = env::temp_dir().join(format!("dwar-config-{:x}", u64::from_be_bytes(name)));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn database_flag(value: &str) -> Flag {
    Flag { name: "--database", sets: ("database", "path"), value: value.to_owned() }
}

#[test]
fn later_layers_win() {
    let file = "[database]\npath = \"of-file\"";
    let variable = ("DWAR_DATABASE__PATH", "of-environment");
    let table = [
        (None, vec![], vec![], "dwar.db"),
        (Some(file), vec![], vec![], "of-file"),
        (None, vec![variable], vec![], "of-environment"),
        (None, vec![], vec![database_flag("of-flag")], "of-flag"),
        (Some(file), vec![variable], vec![], "of-environment"),
        (Some(file), vec![], vec![database_flag("of-flag")], "of-flag"),
        (Some(file), vec![variable], vec![database_flag("of-flag")], "of-flag"),
    ];
    for (file, environment, flags, expected) in table {
        let loaded = read(file, &environment, flags).unwrap();
        assert_eq!(loaded.config.database.path, PathBuf::from(expected));
    }
}

#[test]
fn a_layer_changes_only_what_it_names() {
    let defaults = read(None, &[], vec![]).unwrap().config;
    let mut expected = defaults.clone();
    expected.egress.allow_http = true;
    expected.workers.callback_concurrency = NonZeroUsize::new(7).unwrap();
    expected.log.format = LogFormat::Json;
    expected.listen.ops = "[::1]:9".parse().unwrap();
    let loaded = read(
        Some("[egress]\nallow_http = true\n\n[listen]\nops = '[::1]:9'\n"),
        &[
            ("DWAR_WORKERS__CALLBACK_CONCURRENCY", "7"),
            ("DWAR_LOG__FORMAT", "json"),
            ("DWAR_MASTER_KEY", "not an option, for it has no section"),
            ("WORKERS__CALLBACK_CONCURRENCY", "8"),
        ],
        vec![],
    )
    .unwrap();
    assert_eq!(loaded.config, expected);
    assert_ne!(loaded.config, defaults);
}

#[test]
fn what_is_printed_is_read_back() {
    let environment =
        [("DWAR_PUBLIC__URL", "https://pay.example/"), ("DWAR_LOG__LEVEL", "warn,dwar=debug")];
    let loaded =
        read(Some("[limits]\nbody_bytes = 1\n"), &environment, vec![database_flag("a \"b\".db")]);
    let loaded = loaded.unwrap();
    let printed = loaded.print();
    for line in [
        "database.path = 'a \"b\".db' # --database",
        "egress.allow_http = false # default",
        "log.level = \"warn,dwar=debug\" # DWAR_LOG__LEVEL",
        "public.url = \"https://pay.example/\" # DWAR_PUBLIC__URL",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line} in {printed}");
    }
    assert!(printed.contains("limits.body_bytes = 1 # ") && printed.contains("dwar.toml:2\n"));
    assert_eq!(read(Some(&printed), &[], vec![]).unwrap().config, loaded.config);
}

#[test]
fn wrong_values_in_a_file_are_named_with_their_line() {
    let table = [
        ("[database\n", "/dwar.toml:1: "),
        (
            "\n\n[databse]\n",
            "/dwar.toml:3: there is no section `databse`; the sections are database, ",
        ),
        ("log = 3", "/dwar.toml:1: `log` must be a section"),
        (
            "[database]\n\npth = \"x\"",
            "/dwar.toml:3: database.pth = \"x\": unknown field `pth`, expected `path`",
        ),
        (
            "[database]\npath = 3",
            "/dwar.toml:2: database.path = 3: invalid type: integer `3`, expected path string \
             (for example \"dwar.db\")",
        ),
        (
            "# listen\n[listen]\ngate = \"127.0.0.1:80\"\npage = \"localhost\"",
            "/dwar.toml:4: listen.page = \"localhost\": invalid socket address syntax \
             (for example \"127.0.0.1:8080\")",
        ),
        (
            "[workers]\nprovider_concurrency = 0",
            "/dwar.toml:2: workers.provider_concurrency = 0: invalid value: integer `0`, \
             expected a nonzero usize (for example 64)",
        ),
        (
            "[log]\nformat = 'xml'",
            "/dwar.toml:2: log.format = \"xml\": unknown variant `xml`, \
          expected `pretty` or `json` (for example \"pretty\")",
        ),
        ("[log]\nlevel = 'loud'", "/dwar.toml:2: log.level = \"loud\": expected error, warn, "),
        (
            "[log]\nlevel = 'info,dwar=loud'",
            "/dwar.toml:2: log.level = \"info,dwar=loud\": expected ",
        ),
        (
            "[master_key]\nfrom = 'secret'",
            "/dwar.toml:2: master_key.from = \"secret\": expected \
          `database`, `env:NAME` or `file:PATH` (for example \"database\")",
        ),
        ("[public]\nurl = 'pay.example'", "/dwar.toml:2: public.url = \"pay.example\": "),
        (
            "[egress]\nallow_http = 'yes'",
            "/dwar.toml:2: egress.allow_http = \"yes\": invalid type: \
          string \"yes\", expected a boolean (for example false)",
        ),
    ];
    for (file, expected) in table {
        let error = read(Some(file), &[], vec![]).unwrap_err();
        assert!(error.starts_with(expected), "{file:?}: {error:?}");
    }
}

#[test]
fn wrong_values_elsewhere_are_named_with_the_variable_or_the_flag() {
    let table = [
        (
            "DWAR_DATABASE__PTH",
            "x",
            "DWAR_DATABASE__PTH: database.pth = \"x\": unknown field `pth`",
        ),
        ("DWAR_DB__PATH", "x", "DWAR_DB__PATH: there is no section `db`; the sections are "),
        (
            "DWAR_EGRESS__ALLOW_HTTP",
            "1",
            "DWAR_EGRESS__ALLOW_HTTP: egress.allow_http = \"1\": \
          invalid type: string \"1\", expected a boolean (for example false)",
        ),
        (
            "DWAR_LIMITS__BODY_BYTES",
            "64k",
            "DWAR_LIMITS__BODY_BYTES: limits.body_bytes = \"64k\": \
          invalid type: string \"64k\", expected a nonzero usize (for example 65536)",
        ),
    ];
    for (variable, value, expected) in table {
        let error = read(None, &[(variable, value)], vec![]).unwrap_err();
        assert!(error.starts_with(expected), "{error:?}");
    }
    let flag = Flag { name: "--ops", sets: ("listen", "ops"), value: "8081".to_owned() };
    let error = read(None, &[], vec![flag]).unwrap_err();
    assert!(error.starts_with("--ops: listen.ops = \"8081\": invalid socket address"), "{error:?}");
    let missing = Path::new("no-such-folder/dwar.toml");
    let error = Loaded::read(Some(missing), std::iter::empty(), []).unwrap_err().to_string();
    assert!(error.starts_with("no-such-folder/dwar.toml: "), "{error:?}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_named() {
    use std::os::unix::ffi::OsStringExt as _;
    let variable = ("DWAR_DATABASE__PATH".into(), OsString::from_vec(vec![0xff]));
    let error = Loaded::read(None, std::iter::once(variable), []).unwrap_err().to_string();
    assert_eq!(error, "DWAR_DATABASE__PATH: the value is not UTF-8");
}

#[test]
fn public_urls_are_bare() {
    let table = [
        ("https://pay.example", Some("https://pay.example")),
        ("https://PAY.example:443/", Some("https://pay.example")),
        ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
        ("https://pay.example/pay", None),
        ("https://pay.example/?a=1", None),
        ("https://pay.example/#a", None),
        ("https://user@pay.example", None),
        ("ftp://pay.example", None),
    ];
    for (url, expected) in table {
        let loaded = read(None, &[("DWAR_PUBLIC__URL", url)], vec![]).ok();
        let read = loaded.as_ref().map(|loaded| loaded.config.public.url.as_str());
        assert_eq!(read, expected, "{url}");
    }
}

#[test]
fn every_default_is_explained() {
    let mut options = BTreeSet::new();
    let mut commented = false;
    let mut section = "";
    for line in DEFAULTS.lines() {
        if line.starts_with('[') {
            section = line;
            commented = false;
        } else if line.starts_with('#') {
            commented = true;
        } else if let Some((key, _value)) = line.split_once(" = ") {
            // The faces of `[listen]` share one comment.
            assert!(commented, "{section} {key}");
            options.insert((section, key));
        }
    }
    let printed = read(None, &[], vec![]).unwrap().print();
    assert_eq!(options.len(), printed.lines().count());
}

#[test]
fn master_keys_are_64_hexadecimal_digits() {
    let folder = TestFolder::new();
    let database = folder.0.join("dwar.db");
    let path = folder.0.join("dwar.db.key");
    let digits = "00ff".repeat(16);
    let table = [
        (digits.clone(), true),
        (format!("{}\n", digits.to_uppercase()), true),
        (String::new(), false),
        ("00ff".repeat(15), false),
        (format!("{digits}00"), false),
        ("00fg".repeat(16), false),
        ("é".repeat(32), false),
    ];
    for (text, good) in table {
        fs::write(&path, &text).unwrap();
        let key = MasterKeySource::File(path.clone()).read(&database);
        assert_eq!(key, MasterKeySource::BesideDatabase.read(&database));
        if good {
            assert_eq!(key.unwrap()[..4], [0, 255, 0, 255]);
        } else {
            let error = key.unwrap_err().to_string();
            assert!(error.ends_with("expected the master key, 64 hexadecimal digits"), "{error}");
            assert!(text.is_empty() || !error.contains(&text), "{error}");
        }
    }
    let error = MasterKeySource::Env("DWAR_NO_SUCH_KEY".to_owned()).read(&database).unwrap_err();
    assert!(error.to_string().starts_with("DWAR_NO_SUCH_KEY: "));
}

#[test]
fn trusted_proxies_are_addresses_or_ranges() {
    let variable = |text| ("DWAR_PUBLIC__TRUSTED_PROXIES", text);
    let loaded = read(None, &[variable("127.0.0.1, 10.0.0.0/8")], vec![]).unwrap();
    assert_eq!(loaded.config.public.trusted_proxies.0.len(), 2);
    let error = read(None, &[variable("localhost")], vec![]).unwrap_err();
    assert!(error.contains("`localhost` is no address or range"), "{error}");
}
