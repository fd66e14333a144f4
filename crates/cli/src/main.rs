//! The one binary: reads the command line, does what it says, prints the answer.
//!
//! One file a command in `commands`; what may be said is in `args`; where the ledger is opened and names
//! are looked up is in `place`; who asks is in `caller`; what is printed goes through `output`; what fails through `failure`.

mod args;
mod caller;
mod commands;
mod failure;
mod output;
mod place;
mod policy;

use args::{Cli, Command, HandOver};
use caller::Caller;
use clap::{CommandFactory, Parser};
use commands::remote::Remote;
use commands::reports::Shown;
use failure::Failure;
use output::Output;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let output = Output { format: cli.format, part_of: None };
    if let Some(url) = &cli.server {
        let remote = Remote { url, token: cli.token.as_deref(), reason: cli.reason.as_deref() };
        return commands::remote::run(&remote, cli.command, output);
    }
    let caller = &Caller { actor: cli.actor, reason: cli.reason, clock: None };
    let given = cli.data.as_deref();
    let data = given.unwrap_or(Path::new("seatledger-data"));
    match cli.command {
        Command::Demo { seed } => commands::demo::run(given, seed, output),
        Command::Serve(serve) => commands::serve::run(given, data, &serve),
        Command::Token(token) => commands::token::run(data, token, caller, output),
        Command::Webhook(_) => Err(Failure::usage(
            "server: the running server tells webhooks; give --server and --token",
        )),
        Command::Config(config) => commands::config::run(&config, output),
        Command::Account(account) => commands::account::run(data, account, caller, output),
        Command::User(user) => commands::people::user(data, user, caller, output),
        Command::Device(device) => commands::people::device(data, &device, caller, output),
        Command::Site(site) => commands::people::site(data, site, caller, output),
        Command::Login(login) => commands::login::run(data, login, None, caller, output),
        Command::HandOver(HandOver::Ask { login, seat }) => {
            commands::login::run(data, login, Some(seat), caller, output)
        }
        Command::HandOver(HandOver::Answer { session, answer }) => {
            commands::seat::answer(data, &session, answer, caller, output)
        }
        Command::Logout(session) => commands::seat::logout(data, &session, caller, output),
        Command::Heartbeat { session, idle } => {
            commands::seat::heartbeat(data, &session, idle, caller, output)
        }
        Command::Goodbye(session) => commands::seat::goodbye(data, &session, caller, output),
        Command::Release(release) => commands::seat::release(data, &release, caller, output),
        Command::Who { account, at, naming } => {
            let shown = Shown { caller, naming };
            commands::reports::who(data, &account, at.as_deref(), shown, output)
        }
        Command::Why { account, user, at, naming } => {
            let shown = Shown { caller, naming };
            commands::reports::why(data, &account, &user, at.as_deref(), shown, output)
        }
        Command::Trail { account, user, range, naming } => {
            let shown = Shown { caller, naming };
            commands::reports::trail(data, &account, user.as_deref(), &range, shown, output)
        }
        Command::Access { account, range } => {
            commands::access::run(data, account.as_deref(), &range, output)
        }
        Command::Usage { account, range } => {
            commands::reports::usage(data, &account, &range, output)
        }
        Command::Statement { account, month } => {
            commands::reports::statement(data, &account, &month, output)
        }
        Command::Close(close) => commands::close::run(data, &close, caller, output),
        Command::Export(asked) => commands::finance::export(data, &asked, caller, output),
        Command::Report(report) => commands::commercial::run(data, &report, caller, output),
        Command::Reconcile { account } => {
            commands::close::reconcile(data, account.as_deref(), caller.clock, output)
        }
        Command::Preview(asked) => commands::reports::preview(data, &asked, output),
        Command::Import(import) => commands::import::run(data, import, output),
        Command::Log { from, account, naming } => {
            let shown = Shown { caller, naming };
            commands::log::run(data, from, account.as_deref(), shown, output)
        }
        Command::Retention(retention) => {
            commands::forget::retention(data, &retention, caller, output)
        }
        Command::Clock(clock) => commands::clock::run(data, clock, caller, output),
        Command::Verify(verify) => commands::verify::run(data, &verify, output),
        Command::Key(key) => commands::key::run(data, &key, output),
        Command::Seal { policy } => commands::seal::make(data, policy.as_deref(), output),
        Command::Witness(witness) => commands::witness::run(&witness),
        Command::Seals => commands::seal::list(data, output),
        Command::Evidence(evidence) => commands::evidence::run(data, &evidence, caller, output),
        Command::Explain { account, month, line } => {
            commands::explain::explain(data, &account, &month, line, output)
        }
        Command::Trace { position, naming } => {
            commands::explain::trace(data, position, Shown { caller, naming }, output)
        }
        Command::Repair { into, lost } => {
            commands::repair::run(data, &into, lost.as_deref(), output)
        }
        Command::Backup { dest } => commands::backup::backup(data, dest.as_deref(), output),
        Command::Restore { from } => commands::backup::restore(data, &from, output),
        Command::Bench(bench) => commands::bench::run(given, bench, output),
        Command::Completions { shell } => {
            let mut command = Cli::command();
            clap_complete::generate(shell, &mut command, "seatledger", &mut std::io::stdout());
            Ok(())
        }
    }
}
