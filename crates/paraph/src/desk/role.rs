//! Who may do what at the desk: one table.

use serde::{Deserialize, Serialize};

/// What somebody is at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Launches petitions.
    Author = 1,
    /// Reviews them, and is woken at night.
    Moderator = 2,
    /// Runs the platform.
    Operator = 3,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Author, Self::Moderator, Self::Operator];

    /// As the store, forms and messages have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Moderator => "moderator",
            Self::Operator => "operator",
        }
    }

    /// The role with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// As a number in the store.
    #[must_use]
    pub fn code(self) -> i64 {
        self as i64
    }

    /// Reads [`Role::code`].
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// What can be done at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// See and change one's own account: sessions, password, recovery codes.
    Own,
    /// Create petitions; edit, submit and close one's own, and post their updates.
    Write,
    /// See petitions of others.
    ReadOthers,
    /// Edit petitions of others, and post their updates.
    WriteOthers,
    /// Change a text that people are signing already.
    EditOpen,
    /// Publish a draft, or send it back.
    Review,
    /// Close petitions of others.
    CloseOthers,
    /// See whether mail arrives.
    Mail,
    /// See who did what.
    Audit,
    /// Invite and remove members.
    Members,
}

/// The table: author, moderator, operator.
const TABLE: &[(Act, [bool; 3])] = &[
    (Act::Own, [true, true, true]),
    (Act::Write, [true, true, true]),
    (Act::ReadOthers, [false, true, true]),
    (Act::WriteOthers, [false, false, true]),
    (Act::EditOpen, [false, true, true]),
    (Act::Review, [false, true, true]),
    (Act::CloseOthers, [false, true, true]),
    (Act::Mail, [false, true, true]),
    (Act::Audit, [false, true, true]),
    (Act::Members, [false, false, true]),
];

impl Role {
    /// Whether the table lets this role do that. What is not in the table, nobody may.
    #[must_use]
    pub fn may(self, act: Act) -> bool {
        let row = TABLE.iter().find(|(known, _)| *known == act);
        row.is_some_and(|(_, roles)| roles[self as usize - 1])
    }
}
