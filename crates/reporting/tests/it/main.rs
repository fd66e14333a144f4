//! Reports against worked examples and simple models.

mod billing;
mod civil;
