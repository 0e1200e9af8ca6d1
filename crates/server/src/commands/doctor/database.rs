//! The database file and its master key.

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use app::platform::Platform;
use store::{StoreError, Tx, health};

use super::findings::Findings;
use crate::config::Config;

/// Who may read the files.
pub(super) fn check_files(config: &Config, findings: &mut Findings) {
    let path = &config.database.path;
    let Ok(database) = path.metadata() else { return };
    check_mode("database file", path, &database, findings);
    let Some(key) = config.master_key.from.file(path) else {
        findings.fine("master key", "comes from the environment");
        return;
    };
    match key.metadata() {
        Ok(metadata) => check_mode("master key file", &key, &metadata, findings),
        Err(error) => findings.wrong(
            "master key file",
            format!("{}: {error}", key.display()),
            "put it back from its copy, or say where it is: master_key.from in the configuration",
        ),
    }
}

fn check_mode(check: &'static str, path: &Path, file: &Metadata, findings: &mut Findings) {
    let mode = file.permissions().mode() & 0o777;
    let (of_others, shown) = (mode & 0o077, path.display());
    if of_others == 0 {
        findings.fine(check, format!("{shown}, {} bytes, read by its owner only", file.len()));
    } else {
        let cure = format!("chmod 600 {shown}");
        findings.wrong(check, format!("{shown} can be read by others (mode {mode:o})"), cure);
    }
}

/// What to do when the database can't be opened.
pub(super) fn cure(error: &anyhow::Error) -> &'static str {
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::MigrationUnknown { .. }) => {
            "a newer program has used it: install that version again, or restore a backup"
        }
        Some(StoreError::DiskFull) => "make room on the disk",
        Some(_) => {
            "check that this user may write the file and its folder, that the disk is not full, \
             and that it is a local one"
        }
        None => "name it with --database or --config, or begin one: dwar project create",
    }
}

/// What the engine says.
pub(super) async fn check(platform: &Platform, deep: bool, findings: &mut Findings) {
    match platform.store().read(health::engine).await {
        Ok(engine) if engine.journal_mode == "wal" => findings.fine(
            "database",
            format!("SQLite {}, write-ahead log, schema {}", engine.version, engine.migration),
        ),
        Ok(engine) => findings.wrong(
            "database",
            format!("its journal mode is {} and not wal", engine.journal_mode),
            "it was changed by another program; stop the server and start it again",
        ),
        Err(error) => {
            findings.wrong("database", error.to_string(), "see the log of the server");
        }
    }
    if deep {
        check_integrity(platform, findings).await;
    }
}

async fn check_integrity(platform: &Platform, findings: &mut Findings) {
    let broken = |tx: &mut dyn Tx| health::broken_parts(tx);
    match platform.store().read(broken).await {
        Ok(broken) if broken.is_empty() => findings.fine("database content", "the file is whole"),
        Ok(broken) => findings.wrong(
            "database content",
            broken.join("; "),
            "stop the server, keep a copy of the file, and restore the newest backup",
        ),
        Err(error) => {
            findings.wrong("database content", error.to_string(), "restore the newest backup");
        }
    }
}
