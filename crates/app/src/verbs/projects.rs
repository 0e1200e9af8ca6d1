//! Making and changing projects.

use domain::id::ProjectId;
use store::{StoreError, Tx, payments, projects};

use crate::platform::{Fault, Platform};
use crate::project::{Keys, Project, ProjectError, Settings, SigningKey, new_secret};

/// Successful payments that the base time is measured over.
const BASE_TIME_PAYMENTS: i64 = 1_000;

/// What a new project is made of.
#[derive(Debug)]
pub struct NewProject {
    /// Its number; the next free one when nothing is said.
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its signing secret; a random one when nothing is said.
    pub secret: Option<String>,
    /// The key of its account at Paytm.
    pub paytm_key: String,
    /// Its settings.
    pub settings: Settings,
}

/// A project and what was measured of it.
#[derive(Debug)]
pub struct ProjectView {
    /// The project.
    pub project: Project,
    /// Mean time from acceptance to success, over the newest successful payments.
    pub base_time: payments::BaseTime,
}

impl Platform {
    /// Makes a project.
    ///
    /// # Errors
    /// [`Fault`] when the store fails, for instance because the number or the name is taken.
    pub async fn create_project(&self, new: NewProject) -> Result<Project, Fault> {
        let now = self.now();
        let secret = new.secret.unwrap_or_else(|| new_secret(self.entropy()));
        let keys =
            Keys { signing: vec![SigningKey { secret, created: now }], paytm: new.paytm_key };
        let id = match new.id {
            Some(id) => id,
            None => self.next_project_id().await?,
        };
        let project = Project {
            id: ProjectId(id),
            name: new.name,
            settings: new.settings,
            keys,
            created: now,
        };
        let row = project.seal(self.vault(), self.entropy())?;
        self.store().write(move |tx| projects::insert(tx, &row)).await.map_err(Fault::Store)?;
        Ok(project)
    }

    /// All projects.
    ///
    /// # Errors
    /// [`Fault`] when the store fails or a project's secrets don't open.
    pub async fn projects_list(&self) -> Result<Vec<Project>, Fault> {
        let rows = self.store().read(|tx| projects::list(tx)).await.map_err(Fault::Store)?;
        let opened: Result<Vec<_>, ProjectError> =
            rows.into_iter().map(|row| Project::open(row, self.vault())).collect();
        Ok(opened?)
    }

    /// A project with its base time.
    ///
    /// # Errors
    /// [`Fault`] when the store fails or the secrets don't open.
    pub async fn project_view(&self, id: ProjectId) -> Result<Option<ProjectView>, Fault> {
        let look = move |tx: &mut dyn Tx| -> Result<_, StoreError> {
            Ok((projects::find(tx, id)?, payments::base_time(tx, id, BASE_TIME_PAYMENTS)?))
        };
        let (row, base_time) = self.store().read(look).await.map_err(Fault::Store)?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(ProjectView { project: Project::open(row, self.vault())?, base_time }))
    }

    /// Stores a changed project.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn save_project(&self, project: &Project) -> Result<(), Fault> {
        let row = project.seal(self.vault(), self.entropy())?;
        self.store().write(move |tx| projects::update(tx, &row)).await.map_err(Fault::Store)?;
        self.forget_project(project.id);
        Ok(())
    }

    /// Gives a project a new signing secret. The one before stays accepted until the next
    /// rotation. Returns the project with the new secret in front.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn rotate_key(&self, mut project: Project) -> Result<Project, Fault> {
        project.rotate(self.entropy(), self.now());
        self.save_project(&project).await?;
        Ok(project)
    }

    async fn next_project_id(&self) -> Result<i64, Fault> {
        let rows = self.store().read(|tx| projects::list(tx)).await.map_err(Fault::Store)?;
        Ok(rows.iter().map(|row| row.id.0).max().unwrap_or(0).saturating_add(1))
    }
}
