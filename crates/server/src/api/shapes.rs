//! The shapes of JSON at the edge. They are their own, so that the rules may change without a client noticing.

use reporting::At;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An instant: RFC 3339 in UTC.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub(crate) struct Instant(String);

impl From<At> for Instant {
    fn from(at: At) -> Instant {
        Instant(reporting::civil::show_utc(at.0))
    }
}

/// A problem (RFC 9457). Codes may bring further members.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProblemBody {
    /// Where the code is explained.
    pub(crate) r#type: String,
    /// What the code means.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The stable code.
    pub(crate) code: String,
    /// What is wrong this time, for people.
    pub(crate) detail: String,
}

/// Who wants a seat.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogInBody {
    /// The user's name in the vendor's application. One not met before becomes a user.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) user: String,
    /// From which site; it must have been added.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) site: Option<String>,
    /// From which device.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) device: Option<String>,
}

/// A seat, until told otherwise.
#[derive(Serialize, ToSchema)]
pub(crate) struct Granted {
    /// The session.
    pub(crate) session: u64,
    /// The seat, from 1.
    pub(crate) seat: u32,
    /// The user's number in the account.
    pub(crate) user: u32,
    /// Granted above the licences bought.
    pub(crate) overdraft: bool,
    /// The attempt was made before; this is the first answer.
    pub(crate) again: bool,
    /// When that was decided.
    pub(crate) answered_at: Instant,
    /// The commit that records it.
    pub(crate) position: Option<u64>,
    /// The session now: `live`, `dormant` or `ended`.
    pub(crate) state: String,
    /// The seat token; `null` if the session has ended.
    pub(crate) token: Option<String>,
    /// When the token ends.
    pub(crate) expires_at: Option<Instant>,
    /// Seconds until the next sign of life is due.
    pub(crate) heartbeat_after_s: u64,
}

/// Who holds a seat, as far as a refused user may see it.
#[derive(Serialize, ToSchema)]
pub(crate) struct HolderShown {
    /// The seat.
    pub(crate) seat: u32,
    /// The holder's name or initials; `null` if the policy hides them.
    pub(crate) user: Option<String>,
    /// Since when.
    pub(crate) since: Option<Instant>,
    /// The last sign of life.
    pub(crate) last_seen: Option<Instant>,
    /// How long ago that was when the login was refused, in seconds.
    pub(crate) silent_s: Option<u64>,
    /// `live`, `dormant` or `lingering`.
    pub(crate) state: String,
    /// From which site.
    pub(crate) site: Option<String>,
}

/// Something that can be done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Remedy {
    /// For programs.
    pub(crate) code: String,
    /// For people.
    pub(crate) words: String,
}

/// A sign of life.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeartbeatBody {
    /// Whether the user did something since the last one.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(crate) active: bool,
}

fn yes() -> bool {
    true
}

/// A session that holds its seat.
#[derive(Serialize, ToSchema)]
pub(crate) struct Seated {
    /// `live` or `dormant`.
    pub(crate) state: String,
    /// The seat.
    pub(crate) seat: u32,
    /// A new seat token.
    pub(crate) token: String,
    /// When it ends.
    pub(crate) expires_at: Instant,
    /// Seconds until the next sign of life is due.
    pub(crate) heartbeat_after_s: u64,
    /// Somebody asks for the seat.
    pub(crate) asked_for: Option<AskedForShown>,
}

/// A session as it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionShown {
    /// The session.
    pub(crate) session: u64,
    /// The seat.
    pub(crate) seat: u32,
    /// The user's number.
    pub(crate) user: u32,
    /// `live` or `dormant`.
    pub(crate) state: String,
    /// When it was granted.
    pub(crate) since: Instant,
    /// The last sign of life.
    pub(crate) last_seen: Instant,
    /// Granted above the licences bought.
    pub(crate) overdraft: bool,
}

/// A seat was given up.
#[derive(Serialize, ToSchema)]
pub(crate) struct GivenUp {
    /// `ended`.
    pub(crate) state: String,
    /// The seat it held.
    pub(crate) seat: u32,
}

/// Why a seat is released.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseBody {
    /// One of `browser-closed`, `holder-away`, `holder-asked`, `needed-elsewhere`, `unauthorised`, `other`.
    #[schema(
        pattern = "^(browser-closed|holder-away|holder-asked|needed-elsewhere|unauthorised|other)$"
    )]
    pub(crate) reason: String,
    /// In your own words; no patient's name belongs here.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) note: Option<String>,
    /// Even within the account's release floor.
    #[serde(default)]
    pub(crate) forced: bool,
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenBody {
    /// Its name, unlike any other account's.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// IANA time zone its days are counted in.
    #[serde(default = "london")]
    #[schema(default = "Europe/London")]
    pub(crate) time_zone: String,
    /// Licences bought.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub(crate) licences: u32,
    /// Settings of the policy, such as `{"lease": "120 s", "reclaim": "on-demand"}`.
    #[serde(default)]
    pub(crate) policy: std::collections::BTreeMap<String, String>,
    /// The text of a price plan.
    pub(crate) plan: Option<String>,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: Option<String>,
}

fn london() -> String {
    "Europe/London".to_owned()
}

/// How many licences there are to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LicencesBody {
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub(crate) licences: u32,
    /// From when on: a day such as 2026-12-01 in the account's zone, or an instant; now if left out.
    pub(crate) from: Option<String>,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: Option<String>,
}

/// Settings to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyBody {
    /// Settings by name, such as `{"lease": "120 s"}`; see `seatledger account set-policy --help`.
    pub(crate) policy: std::collections::BTreeMap<String, String>,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: Option<String>,
}

/// A price plan to assign.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanBody {
    /// The text of the plan file.
    pub(crate) plan: String,
    /// From when on: a day in the account's zone, or an instant; now if left out.
    pub(crate) from: Option<String>,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: Option<String>,
}

/// Somebody or something by name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameBody {
    /// The name.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: Option<String>,
}

/// Why something is done.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonBody {
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: Option<String>,
}

/// Something was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    /// The account's name.
    pub(crate) account: String,
    /// The account's number.
    pub(crate) account_id: u64,
    /// The commit that records it; `null` if nothing was to be recorded.
    pub(crate) position: Option<u64>,
    /// The number of the user or site it is about.
    pub(crate) number: Option<u32>,
    /// What counts from within closed months changes none of them: the open month, as `2026-06`, in which it becomes
    /// an adjustment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) adjustment_in: Option<String>,
}

/// Who asks a holder for the seat.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskBody {
    /// The user's name in the vendor's application. One not met before becomes a user.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) user: String,
    /// From which site; it must have been added.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) site: Option<String>,
    /// From which device.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) device: Option<String>,
    /// Whose seat; that of the holder who did nothing for longest if left out.
    #[schema(minimum = 1)]
    pub(crate) seat: Option<u32>,
}

/// What was asked of a holder.
#[derive(Serialize, ToSchema)]
pub(crate) struct Asking {
    /// The number of the asking in the account.
    pub(crate) handover: u32,
    /// `asked` or `declined`.
    pub(crate) state: String,
    /// Which seat is asked for.
    pub(crate) seat: Option<u32>,
    /// Who is asked, as far as the policy shows names.
    pub(crate) of: Option<String>,
    /// Until when there is time to answer; then silence is consent.
    pub(crate) until: Option<Instant>,
}

/// A holder is asked; the login waits in line.
#[derive(Serialize, ToSchema)]
pub(crate) struct Asked {
    /// The place in line, from 1.
    pub(crate) place: u32,
    /// What was asked.
    pub(crate) hand_over: Asking,
    /// Log in again with the same `Idempotency-Key` after so many seconds.
    pub(crate) retry_after_s: u64,
}

/// An asking that is not answered.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenHandOver {
    /// Its number in the account.
    pub(crate) handover: u32,
    /// Which seat is asked for.
    pub(crate) seat: u32,
    /// The number of the user who is asked.
    pub(crate) holder: u32,
    /// The number of the user who asks.
    pub(crate) asker: u32,
    /// Since when.
    pub(crate) asked_at: Instant,
    /// Until when there is time to answer; then silence is consent.
    pub(crate) until: Instant,
}

/// The askings that are not answered.
#[derive(Serialize, ToSchema)]
pub(crate) struct HandOversShown {
    /// By number.
    pub(crate) hand_overs: Vec<OpenHandOver>,
}

/// Somebody asks for the seat of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct AskedForShown {
    /// Who, as far as the policy shows names.
    pub(crate) by: String,
    /// Until when there is time to answer; then silence is consent.
    pub(crate) until: Instant,
    /// What is to be answered.
    pub(crate) handover: u32,
}

/// A holder's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerBody {
    /// What is answered.
    pub(crate) handover: u32,
    /// Whether the seat is given away.
    pub(crate) consent: bool,
}

/// A holder's answer was recorded.
#[derive(Serialize, ToSchema)]
pub(crate) struct HandOverAnswered {
    /// `ended`: the seat was given away; `live`: it is kept.
    pub(crate) state: String,
    /// The seat.
    pub(crate) seat: u32,
}
