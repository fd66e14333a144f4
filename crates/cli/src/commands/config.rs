//! `config`: what the settings are, and what they come to.

use crate::args::{Config, ConfigCommand, Format};
use crate::failure::Failure;
use crate::output::{self, Output};
use serde_json::{Value, json};
use server::settings::{Given, KEYS, Settings};
use std::fs;

pub(crate) fn run(command: &ConfigCommand, output: Output) -> Result<(), Failure> {
    match command {
        ConfigCommand::Keys => {
            let rows: Vec<Value> = KEYS
                .iter()
                .map(|(key, default, meaning)| {
                    json!({ "key": key, "default": default, "meaning": meaning })
                })
                .collect();
            print(&rows, &["key", "default", "meaning"], output)
        }
        ConfigCommand::Check(config) => {
            let given = given(config)?;
            Settings::read(&given).map_err(Failure::usage)?;
            let rows: Vec<Value> = KEYS
                .iter()
                .map(|(key, default, _)| {
                    let set = given.iter().rev().find(|given| given.key == *key);
                    let (value, from) =
                        set.map_or((*default, "default"), |g| (&g.value, &g.source_name));
                    json!({ "key": key, "value": value, "from": from })
                })
                .collect();
            print(&rows, &["key", "value", "from"], output)
        }
    }
}

fn print(rows: &[Value], columns: &[&str], output: Output) -> Result<(), Failure> {
    match output.format {
        Format::Json => output.json(&json!({ "settings": rows })),
        Format::Table => output.table(output::table(columns, rows)),
    }
}

/// The settings from file, environment and flags, in that order.
pub(crate) fn settings(config: &Config) -> Result<Settings, Failure> {
    Settings::read(&given(config)?).map_err(Failure::usage)
}

fn given(config: &Config) -> Result<Vec<Given>, Failure> {
    let mut given = Vec::new();
    if let Some(path) = &config.config {
        let name = path.display().to_string();
        let content = fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("config: {name}: {error}")))?;
        given.extend(Settings::from_file(&name, &content).map_err(Failure::usage)?);
    }
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    given.extend(Settings::from_environment(environment));
    for set in &config.set {
        let (key, value) = set.split_once('=').ok_or_else(|| {
            Failure::usage(format!("set: {set:?} is not like body_bytes_max=65536"))
        })?;
        let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
        given.push(Given { source_name: "--set".to_owned(), key, value });
    }
    if let Some(listen) = &config.listen {
        let (source_name, key) = ("--listen".to_owned(), "listen".to_owned());
        given.push(Given { source_name, key, value: listen.clone() });
    }
    Ok(given)
}
