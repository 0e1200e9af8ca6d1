//! The machine: the disk the database is on, and how many files may be open.

use std::fs;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::findings::Findings;
use crate::config::Config;

/// Free space that is too little, and little, in mebibytes.
const TOO_LITTLE_MIB: u64 = 64;
const LITTLE_MIB: u64 = 1_024;

/// Open files that are too few: connections of customers, merchants and Paytm are files.
const FEW_FILES: u64 = 4_096;

/// File systems over a network, on which SQLite's write-ahead log does not work.
const NETWORK_FILE_SYSTEMS: [&str; 8] =
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "9p"];

/// Checks what can be known on this system.
pub(super) async fn check(config: &Config, findings: &mut Findings) {
    let folder = folder_of(&config.database.path);
    check_file_system(&folder, findings);
    check_space(&folder, findings).await;
    check_open_files(findings);
}

fn folder_of(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    folder.canonicalize().unwrap_or_else(|_missing| folder.to_owned())
}

/// The file system of the longest mount point that the folder is under.
fn check_file_system(folder: &Path, findings: &mut Findings) {
    let Ok(mounts) = fs::read_to_string("/proc/self/mounts") else { return };
    let mounted = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (_device, point, kind) = (fields.next()?, fields.next()?, fields.next()?);
        folder.starts_with(point).then_some((point, kind))
    });
    let Some((_, kind)) = mounted.max_by_key(|(point, _)| point.len()) else { return };
    if NETWORK_FILE_SYSTEMS.contains(&kind) {
        findings.wrong(
            "file system",
            format!("{} is on {kind}, a network file system", folder.display()),
            "move the database to a local disk: its log does not work over a network",
        );
    }
}

async fn check_space(folder: &Path, findings: &mut Findings) {
    let told = Command::new("df").arg("-Pk").arg(folder).output().await;
    let told = told.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let Some(free_mib) = told.as_deref().and_then(free_mib) else { return };
    let found = format!("{free_mib} MiB are free at {}", folder.display());
    let cure = "make room; when the disk is full no payment is accepted";
    match free_mib {
        ..TOO_LITTLE_MIB => findings.wrong("disk", found, cure),
        TOO_LITTLE_MIB..LITTLE_MIB => findings.doubtful("disk", found, cure),
        LITTLE_MIB.. => findings.fine("disk", found),
    }
}

/// The fourth field of the second line of `df -Pk`: free kibibytes.
fn free_mib(told: &str) -> Option<u64> {
    let free: u64 = told.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(free / 1_024)
}

fn check_open_files(findings: &mut Findings) {
    let Ok(limits) = fs::read_to_string("/proc/self/limits") else { return };
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    match soft {
        Some(few) if few < FEW_FILES => findings.doubtful(
            "open files",
            format!("a process may open {few} files; under load each connection is one"),
            "LimitNOFILE=65536 in the systemd unit, or ulimit -n 65536",
        ),
        Some(enough) => findings.fine("open files", format!("a process may open {enough}")),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_from_df() {
        let told = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                    /dev/sda1 102400 51200 20480 50% /data\n";
        assert_eq!(free_mib(told), Some(20));
        assert_eq!(free_mib("df: nothing there"), None);
    }
}
