//! Merchants' projects.

use domain::id::ProjectId;
use domain::time::Timestamp;

use crate::error::Result;
use crate::params;
use crate::tx::{Row, Tx};

/// A project as stored. Settings and secrets are opaque here: the settings are JSON, the secrets
/// are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRow {
    /// Its number.
    pub id: ProjectId,
    /// Its name, unique.
    pub name: String,
    /// JSON.
    pub settings: String,
    /// Sealed with the master key.
    pub secrets: Vec<u8>,
    /// When it was made.
    pub created: Timestamp,
}

/// Stores a new project.
pub fn insert(tx: &mut dyn Tx, row: &ProjectRow) -> Result<()> {
    tx.execute(
        "INSERT INTO project (id, name, settings, secrets, created_at) \
         VALUES ($1, $2, $3, $4, $5)",
        params![row.id.0, &row.name, &row.settings, &row.secrets, row.created.0],
    )?;
    Ok(())
}

/// Stores changed settings and secrets of a project. Returns whether there is one.
pub fn update(tx: &mut dyn Tx, row: &ProjectRow) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE project SET name = $1, settings = $2, secrets = $3 WHERE id = $4",
        params![&row.name, &row.settings, &row.secrets, row.id.0],
    )?;
    Ok(changed == 1)
}

/// The project with this number.
pub fn find(tx: &mut dyn Tx, id: ProjectId) -> Result<Option<ProjectRow>> {
    tx.query_opt(
        "SELECT id, name, settings, secrets, created_at FROM project WHERE id = $1",
        params![id.0],
        read,
    )
}

/// All projects, in order of their numbers.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<ProjectRow>> {
    tx.query_all(
        "SELECT id, name, settings, secrets, created_at FROM project ORDER BY id",
        params![],
        read,
    )
}

fn read(row: &dyn Row) -> Result<ProjectRow> {
    Ok(ProjectRow {
        id: ProjectId(row.int(0)?),
        name: row.text(1)?.to_owned(),
        settings: row.text(2)?.to_owned(),
        secrets: row.blob(3)?.to_vec(),
        created: Timestamp(row.int(4)?),
    })
}
