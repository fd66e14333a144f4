//! wip
pub mod billing;
pub mod civil;
pub mod money;
pub mod nearest;
pub mod plan;
