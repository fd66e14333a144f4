//! The support desk: pages from reports, as HTML.
//!
//! ```text
//!  Reports (reporting) --> a page's struct --page(&Frame)--> HTML
//! ```
//! This crate knows no HTTP, no clock, no disk and no network: what a page shows is in its fields, and the time
//! is in the [`Frame`]. The same struct gives the same bytes. Everything that somebody typed is escaped by
//! `maud`, and set apart from its surroundings so that right-to-left names turn nothing else round.
//!
//! | path | page | query or form |
//! |---|---|---|
//! | `/desk/sign-in` | [`SignInPage`] | POST `token`, `next`, `csrf` |
//! | `/desk/sign-out` | | POST `csrf` |
//! | `/desk` | [`AccountsPage`] | `search`, `sort`, `page` |
//! | `/desk/{account}` | [`BoardPage`] | |
//! | `/desk/{account}/sessions/{session}/release` | | POST `reason`, `note`, `forced`, `csrf` |
//! | `/desk/{account}/why` | [`WhyPage`] | `user`, `day` |
//! | `/desk/{account}/trail` | [`TrailPage`] | `from`, `to`, `user`, `page` |
//! | `/desk/{account}/usage` | [`UsagePage`] | `weeks`, `show` |
//! | `/desk/{account}/statements/{month}` | [`StatementPage`] | |
//! | `/desk/finance` | [`FinancePage`] | `month`, `page` |
//! | `/desk/finance/close` | | POST `month`, `account`, `reason`, `csrf` |
//! | `/desk/finance/exports/{kind}` | | POST `month`, `draft`, `reason`, `csrf` |
//! | `/desk/finance/reports/{kind}` | [`CommercialPage`] | `from`, `to`, `account` |
//! | `/desk/finance/reports/{kind}/file` | | `from`, `to`, `account` |
//! | `/desk/verify` | [`VerifyPage`] | |
//! | `/desk/reason` | [`ReasonPage`] | POST `reason`, `next`, `csrf` |
//! | any | [`FailurePage`] | |
//!
//! Links name accounts, sessions and users by number, so that no name stands in an address, and so in no
//! proxy's log. A form may leave a field empty; an empty field means the same as none.
//!
//! The pages need a style sheet ([`CSS`], at [`CSS_PATH`]), an icon ([`ICON`], at [`ICON_PATH`]) and a script
//! ([`SCRIPT`], at [`SCRIPT_PATH`]), and work without the latter. They are served under [`CONTENT_SECURITY_POLICY`], which admits nothing else:
//! no inline style, no inline script, no foreign host.

mod accounts;
mod board;
mod commercial;
mod days;
mod failure;
mod finance;
mod frame;
mod gantt;
mod grid;
mod href;
mod peaks;
mod reason;
mod release;
mod sign_in;
mod statement;
mod svg;
mod trail;
mod usage;
mod verify;
mod why;
mod wording;

pub use accounts::{AccountsPage, Sort};
pub use board::BoardPage;
pub use commercial::CommercialPage;
pub use failure::FailurePage;
pub use finance::FinancePage;
pub use frame::{Frame, Notice, Place, Tone};
pub use href::{account_path, finance_path, session_path};
pub use reason::ReasonPage;
pub use sign_in::SignInPage;
pub use statement::StatementPage;
pub use trail::TrailPage;
pub use usage::{Show, UsagePage};
pub use verify::VerifyPage;
pub use why::WhyPage;

/// The style sheet of every page.
pub const CSS: &str = include_str!("desk.css");
/// Where the pages look for it.
pub const CSS_PATH: &str = "/desk/desk.css";
/// The script: shows changes as they happen, copies, brings what matters into sight.
pub const SCRIPT: &str = include_str!("desk.js");
/// Where the pages look for it.
pub const SCRIPT_PATH: &str = "/desk/desk.js";

/// The icon, as SVG.
pub const ICON: &str = include_str!("desk.svg");
/// Where the pages look for it.
pub const ICON_PATH: &str = "/desk/desk.svg";

/// What the pages need of a browser, and all that it may do for them.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
