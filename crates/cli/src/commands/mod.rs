//! One file a command.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod clock;
pub(crate) mod close;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod evidence;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod forget;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod log;
pub(crate) mod login;
pub(crate) mod people;
pub(crate) mod remote;
pub(crate) mod repair;
pub(crate) mod reports;
pub(crate) mod seal;
pub(crate) mod seat;
pub(crate) mod serve;
pub(crate) mod token;
pub(crate) mod verify;
pub(crate) mod witness;
