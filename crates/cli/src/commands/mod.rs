//! One file a command.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod bench;
pub(crate) mod clock;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod forget;
pub(crate) mod import;
pub(crate) mod log;
pub(crate) mod login;
pub(crate) mod people;
pub(crate) mod repair;
pub(crate) mod reports;
pub(crate) mod seat;
pub(crate) mod verify;
