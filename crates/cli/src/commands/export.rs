//! `user export`: everything that is held about one person.

use crate::args::Naming;
use crate::caller::Caller;
use crate::commands::reports::{self, Shown};
use crate::failure::Failure;
use crate::output::Output;
use reporting::Report;
use seats::Look;
use std::fs::File;
use std::io::Write;
use std::path::Path;

pub(crate) fn run(
    data: &Path,
    account: &str,
    user: &str,
    file: Option<&Path>,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let failed = |file: &Path, error: std::io::Error| {
        Failure::usage(format!("output: {}: {error}", file.display()))
    };
    // What is somebody's own is written over nothing.
    let made = file.map(|file| File::create_new(file).map_err(|error| failed(file, error)));
    let made = made.transpose()?;
    let shown = Shown { caller, naming: Naming::default() };
    let told = reports::look(data, account, Look::SubjectAccess, shown, |question| {
        let user = question.reports.user(question.account, user)?;
        Ok((question.reports.subject_access(question.account, user)?, Some(user)))
    });
    let Some(file) = file else { return output.text(&told?.json()) };
    let told = told.inspect_err(|_| {
        let _ = std::fs::remove_file(file); // Made a moment ago, and empty.
    })?;
    let mut made = made.ok_or_else(|| Failure::unexpected("the file was not made"))?;
    made.write_all(told.json().as_bytes())
        .and_then(|()| made.sync_all())
        .map_err(|error| failed(file, error))?;
    output.done(&format!("{account}: what is held about {} is in {}", told.number, file.display()))
}
