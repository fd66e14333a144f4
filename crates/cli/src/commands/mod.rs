//! One file a command.

pub(crate) mod account;
pub(crate) mod bench;
//mod demo;
pub(crate) mod import;
pub(crate) mod log;
pub(crate) mod people;
//mod reports;
pub(crate) mod seat;
//mod verify;
