//! The one list of what admission can answer instead of "check your mail".

use super::budget::SlowDown;
use super::challenge::ClearanceError;
use super::form::FieldError;
use super::lane::Busy;
use super::ticket::TicketError;
use super::upload::Unread;

/// Why a request was not admitted. `respond.rs` turns each into an HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: these fields.
    InvalidForm(Vec<FieldError>),
    /// 413: the body is larger than `limits.body_bytes`.
    TooLarge,
    /// 415: not `application/x-www-form-urlencoded`, in another charset than UTF-8, or compressed.
    UnsupportedMedia,
    /// 408: the body took longer than `limits.body_seconds`, or came slower than the least rate.
    SlowBody,
    /// 400: the body broke off, or broke its protocol.
    BrokenBody,
    /// 403: ticket or challenge are too old; a fresh form, input kept.
    TicketExpired,
    /// 429: the ticket is good, only too young; the form again with the same ticket, input kept.
    TooEarly {
        /// Seconds until the ticket holds.
        wait_seconds: u64,
    },
    /// 403: no clearance, or one that does not hold, for this reason; a fresh form, input kept.
    ClearanceRefused(&'static str),
    /// 429: the source has used its budget up.
    SlowDown {
        /// Seconds, jittered.
        retry_after: u64,
    },
    /// 503: a queue is full.
    Busy {
        /// Seconds, jittered.
        retry_after: u64,
    },
    /// 503: the site shows its pages only, by its operators' word.
    ReadOnly {
        /// Seconds, jittered.
        retry_after: u64,
    },
    /// 410: the petition is closed.
    Closed,
    /// 404: there is no such petition.
    NotFound,
}

impl Refusal {
    /// The stable code of the contract.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidForm(_) => "invalid_form",
            Self::TooLarge => "too_large",
            Self::UnsupportedMedia => "unsupported_type",
            Self::SlowBody => "too_slow",
            Self::BrokenBody => "bad_request",
            Self::TicketExpired => "ticket_expired",
            Self::TooEarly { .. } | Self::SlowDown { .. } => "slow_down",
            Self::ClearanceRefused(_) => "clearance_refused",
            Self::Busy { .. } | Self::ReadOnly { .. } => "busy",
            Self::Closed => "closed",
            Self::NotFound => "not_found",
        }
    }

    /// Label for metrics and logs, finer than the code.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::TooEarly { .. } => "too_early",
            Self::ReadOnly { .. } => "read_only",
            Self::BrokenBody => "broken_body",
            Self::ClearanceRefused(reason) => reason,
            other => other.code(),
        }
    }

    /// Whether no browser that was on our page is refused so.
    #[must_use]
    pub fn is_forged(&self) -> bool {
        matches!(
            self,
            Self::ClearanceRefused("malformed" | "parameters" | "binding" | "signature" | "ticket")
        )
    }

    /// Seconds for `Retry-After`, where there is one.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooEarly { wait_seconds: seconds }
            | Self::SlowDown { retry_after: seconds }
            | Self::Busy { retry_after: seconds }
            | Self::ReadOnly { retry_after: seconds } => Some(*seconds),
            _ => None,
        }
    }
}

impl From<SlowDown> for Refusal {
    fn from(SlowDown { retry_after }: SlowDown) -> Self {
        Self::SlowDown { retry_after }
    }
}

impl From<Busy> for Refusal {
    fn from(Busy { retry_after }: Busy) -> Self {
        Self::Busy { retry_after }
    }
}

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooLarge => Self::TooLarge,
            Unread::TooSlow => Self::SlowBody,
            Unread::Broken => Self::BrokenBody,
        }
    }
}

impl From<Vec<FieldError>> for Refusal {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::InvalidForm(errors)
    }
}

impl From<ClearanceError> for Refusal {
    fn from(error: ClearanceError) -> Self {
        match error {
            ClearanceError::Expired => Self::TicketExpired,
            other => Self::ClearanceRefused(other.label()),
        }
    }
}

impl From<TicketError> for Refusal {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::Forged => Self::ClearanceRefused("ticket"),
            TicketError::Expired => Self::TicketExpired,
            TicketError::TooEarly(wait_seconds) => Self::TooEarly { wait_seconds },
        }
    }
}
