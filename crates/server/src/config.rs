//! What the operator can choose. Four layers, each over the one before: `config.default.toml`
//! (compiled in; it says what every option means), a file, the environment, flags. A wrong value is
//! named with the place it was written at.

mod layers;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::{env, fs};

use ipnet::IpNet;
use serde::Deserialize;
use thiserror::Error;
use tracing_subscriber::filter::{LevelFilter, Targets};
use url::Url;

pub(crate) use layers::{Flag, Loaded};

/// Every option with its default and its reason, as people read it.
pub(crate) const DEFAULTS: &str = include_str!("../../../config.default.toml");

/// The options in force. What each means stands in `config.default.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) database: Database,
    pub(crate) master_key: MasterKey,
    pub(crate) public: Public,
    pub(crate) listen: Listen,
    pub(crate) workers: Workers,
    pub(crate) egress: Egress,
    pub(crate) log: Log,
    pub(crate) limits: Limits,
    pub(crate) test: Test,
}

/// Where the data lies.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    pub(crate) path: PathBuf,
}

/// The key that encrypts secrets at rest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MasterKey {
    pub(crate) from: MasterKeySource,
}

/// Where the master key is read from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum MasterKeySource {
    /// The file beside the database that has its name with `.key` added.
    BesideDatabase,
    /// A file's content.
    File(PathBuf),
    /// An environment variable's value.
    Env(String),
}

/// How the world reaches this server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Public {
    pub(crate) url: PublicUrl,
    pub(crate) trusted_proxies: Proxies,
}

/// A scheme, a host and perhaps a port, without a slash at the end: paths are appended to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Url")]
pub(crate) struct PublicUrl(String);

/// Address ranges, written one after the other with commas between them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Proxies(pub(crate) Vec<IpNet>);

impl TryFrom<String> for Proxies {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let ranges = text.split(',').map(str::trim).filter(|range| !range.is_empty());
        let read = |range: &str| {
            let single = || range.parse::<IpAddr>().map(IpNet::from);
            range.parse().or_else(|_| single()).map_err(|_| {
                format!("`{range}` is no address or range, such as 127.0.0.1 or 10.0.0.0/8")
            })
        };
        ranges.map(read).collect::<Result<_, _>>().map(Self)
    }
}

/// The address of each face.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    pub(crate) gate: SocketAddr,
    pub(crate) data_api: SocketAddr,
    pub(crate) page: SocketAddr,
    pub(crate) provider: SocketAddr,
    pub(crate) dashboard: SocketAddr,
    pub(crate) ops: SocketAddr,
}

/// How much is done at once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workers {
    pub(crate) provider_concurrency: NonZeroUsize,
    pub(crate) callback_concurrency: NonZeroUsize,
}

/// Where requests of ours may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Egress {
    pub(crate) allow_private: bool,
    pub(crate) allow_http: bool,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) level: LogLevel,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// Text for people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Which log lines are written: a level, and levels of modules.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct LogLevel(Targets);

/// Bounds on what comes in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) body_bytes: NonZeroUsize,
}

/// What only demonstrations and tests need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    pub(crate) clock: bool,
}

/// A configuration that can't be used: where it is wrong, and what is expected there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {problem}")]
pub(crate) struct ConfigError {
    place: String,
    problem: String,
}

impl ConfigError {
    fn new(place: &str, problem: impl Into<String>) -> Self {
        Self { place: place.to_owned(), problem: problem.into() }
    }
}

impl TryFrom<String> for MasterKeySource {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once(':') {
            None if text == "database" => Ok(Self::BesideDatabase),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err("expected `database`, `env:NAME` or `file:PATH`"),
        }
    }
}

impl MasterKeySource {
    /// The file that holds the key, unless it comes from the environment.
    pub(crate) fn file(&self, database: &Path) -> Option<PathBuf> {
        match self {
            Self::BesideDatabase => Some(database.with_added_extension("key")),
            Self::File(path) => Some(path.clone()),
            Self::Env(_) => None,
        }
    }

    /// Reads the key. Errors name the place and never what stands there.
    pub(crate) fn read(&self, database: &Path) -> Result<[u8; 32], ConfigError> {
        let from_file = |path: &Path| {
            let text = fs::read_to_string(path).map_err(|error| error.to_string());
            (path.display().to_string(), text)
        };
        let (place, text) = match self {
            Self::BesideDatabase => from_file(&database.with_added_extension("key")),
            Self::File(path) => from_file(path),
            Self::Env(name) => (name.clone(), env::var(name).map_err(|error| error.to_string())),
        };
        let text = text.map_err(|problem| ConfigError::new(&place, problem))?;
        key_of_hex(text.trim()).ok_or_else(|| {
            let expected = "expected the master key, 64 hexadecimal digits";
            ConfigError::new(&place, expected)
        })
    }
}

fn key_of_hex(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if text.len() != 64 {
        return None;
    }
    let digits = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<_>>>()?;
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::try_from(pair.iter().fold(0, |high, low| high * 16 + low)).ok()?;
    }
    Some(key)
}

impl TryFrom<Url> for PublicUrl {
    type Error = &'static str;

    fn try_from(url: Url) -> Result<Self, Self::Error> {
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        if bare && matches!(url.scheme(), "http" | "https") {
            Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
        } else {
            Err("expected http or https, a host, perhaps a port, and nothing more")
        }
    }
}

impl PublicUrl {
    /// The URL, without a slash at its end.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LogLevel {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let expected =
            "expected error, warn, info, debug or trace, also as module=level, by commas";
        // A word alone is also a module's name to the library, so a misspelt level would pass.
        let misspelt = |part: &&str| !part.contains('=') && LevelFilter::from_str(part).is_err();
        if text.split(',').any(|part| misspelt(&part)) {
            return Err(expected);
        }
        Targets::from_str(&text).map(Self).map_err(|_error| expected)
    }
}

impl LogLevel {
    /// The filter of log lines.
    pub(crate) fn targets(&self) -> Targets {
        self.0.clone()
    }
}
