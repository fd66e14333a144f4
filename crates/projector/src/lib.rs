//! Views: what the log comes to, for one account at any instant, or over any range of time.
//!
//! ```text
//!                       +-> Occupancy   who sits where, as of now, an instant or a position
//!  log --catch up--> snapshots
//!                       +-> Usage       peak, time held, time at capacity, refusals
//!                       +-> Sessions    from request to end, with silences
//!                       +-> Episodes    runs of refusals, and what they came to
//! ```
//!
//! Every view is a fold over commits: give it the commits in order, in one go or in pieces, and it is the
//! same. Nothing here is precious: what the [`Projector`] saves ([`snapshots`](Projector)) makes reading
//! fast and may be deleted at any time. This crate knows no clock and no HTTP, and forms no words: that is
//! done by `reporting`.
//!
//! Read in this order: [`Occupancy`] and the folds ([`Sessions`], [`Episodes`], [`Meter`]), then [`Views`],
//! which finds the commits to fold, then [`Projector`].

mod asked;
mod attempts;
mod commits;
mod denials;
mod endings;
mod evidence;
mod heads;
mod kept;
mod occupancy;
mod projector;
mod ranges;
mod refusals;
mod sessions;
mod slots;
mod snapshots;
mod usage;
mod views;

pub use asked::Request;
pub use denials::{Denial, Episode, Episodes, GAP, Outcome};
pub use endings::ends_session;
pub use evidence::Evidence;
pub use occupancy::{ClosedNote, LicenceChange, Marks, Notes, Occupancy, PlanChange};
pub use projector::{Lag, ProjectError, Projector, Spacing};
pub use refusals::Refusal;
pub use sessions::{Ended, SessionView, Sessions, Silence};
pub use snapshots::SnapshotError;
pub use usage::{Meter, Peak, Usage};
pub use views::{AsOf, Views};
