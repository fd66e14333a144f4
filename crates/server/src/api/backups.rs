//! A backup of the running ledger, into the folder of the settings.
//!
//! The folder is the operator's choice, not the caller's: whoever has an administrator's token still writes
//! nowhere else. One backup is made at a time; logins go on meanwhile.

use crate::access::Act;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::Service;
use axum::Json;
use axum::extract::State;
use ledger::backup::{BackupError, Saved};
use serde::Serialize;
use std::sync::{Arc, TryLockError};
use utoipa::ToSchema;

type Shared = State<Arc<Service>>;

/// What a backup came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct BackupShown {
    /// The folder, on the server.
    backup: String,
    /// Commits that it held before; 0: it is the first.
    before: u64,
    /// Commits that it holds now.
    size: u64,
    /// The Merkle root of these, in hexadecimal.
    root: String,
}

/// Back up the ledger, or add what is new to the backup that is there. Answers when it is on disk.
#[utoipa::path(
    post, path = "/v1/backups", tag = "audit",
    responses((status = 200, description = "Backed up", body = BackupShown)),
)]
pub(crate) async fn make(
    State(service): Shared,
    caller: Caller,
) -> Result<Json<BackupShown>, Problem> {
    caller.may(Act::Administer)?;
    caller.for_all_accounts()?;
    let place = service.settings.backup_dir.clone().ok_or_else(|| {
        Problem::new("not_found", "the server has no folder for backups; set backup_dir")
    })?;
    // It may take minutes, and goes on if the caller does not wait.
    let working = Arc::clone(&service);
    let done = tokio::task::spawn_blocking(move || {
        let _alone = match working.backing_up.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(Problem::new("busy", "a backup is being made").retry_after(10));
            }
        };
        let saved = working.ledger.backup(&place).map_err(|error| {
            tracing::error!(%error, "a backup failed");
            failed(&error)
        })?;
        let Saved { before, head } = saved;
        let backup = place.display().to_string();
        Ok(BackupShown { backup, before, size: head.size, root: head.root.to_string() })
    });
    done.await.map_err(|error| Problem::new("unexpected", error))?.map(Json)
}

fn failed(error: &BackupError) -> Problem {
    match error {
        BackupError::Taken(_) | BackupError::OtherHistory { .. } => {
            Problem::new("unprocessable", error)
        }
        BackupError::Read(_) => Problem::new("unreadable", error),
        error => Problem::new("unexpected", error),
    }
}
