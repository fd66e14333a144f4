//! Commercial reports of a running server.

use super::call::Server;
use crate::args::Report;
use crate::commands::commercial::keep;
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn run(server: &Server<'_>, asked: &Report, output: Output) -> Result<(), Failure> {
    let months = asked.months()?;
    let path = format!("/v1/reports/{}", asked.kind.word());
    let query = [
        ("from", Some(months.first().to_string())),
        ("to", Some(months.last().to_string())),
        ("account", asked.account.clone()),
    ];
    match &asked.csv {
        Some(file) => keep(file, &server.bytes(&path, &query, "text/csv")?, output),
        None => server.report(&path, &query, output),
    }
}
