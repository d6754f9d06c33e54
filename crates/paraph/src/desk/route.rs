//! Every address of the desk, what it takes, and what it needs: one table.

use super::role::Act;

/// An address under `/desk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'p> {
    /// `login`
    Login,
    /// `login/passkey`
    LoginPasskey,
    /// `join/{token}`
    Join(&'p str),
    /// `logout`
    Logout,
    /// The petitions.
    Home,
    /// `petitions/new`
    New,
    /// `petitions/{slug}`
    Petition(&'p str),
    /// `petitions/{slug}/edit`
    Edit(&'p str),
    /// `petitions/{slug}/submit`
    Submit(&'p str),
    /// `petitions/{slug}/publish`
    Publish(&'p str),
    /// `petitions/{slug}/send-back`
    SendBack(&'p str),
    /// `petitions/{slug}/update`
    Update(&'p str),
    /// `petitions/{slug}/close`
    Close(&'p str),
    /// `petitions/{slug}/discard`
    Discard(&'p str),
    /// `account`
    Account,
    /// `account/password`
    Password,
    /// `account/recovery`
    Recovery,
    /// `account/sessions`
    Sessions,
    /// `account/passkeys`
    AddPasskey,
    /// `account/passkeys/remove`
    RemovePasskey,
    /// `members`
    Members,
    /// `members/invite`
    Invite,
    /// `members/reset`
    Reset,
    /// `members/remove`
    Remove,
    /// `members/take-back`
    TakeBack,
    /// `audit`
    Audit,
    /// `mail`
    Mail,
    /// `incident`
    Incident,
    /// `incident/events`
    Events,
    /// `incident/acknowledge`
    Acknowledge,
    /// `incident/log`
    Log,
    /// `incident/clock`
    Clock,
    /// `incident/line`
    Line,
    /// `incident/copy/{slug}`
    Copy(&'p str),
    /// `incident/statement`
    Statement,
    /// `incident/decide`
    Decide,
    /// `incident/undo`
    Undo,
    /// `incident/read-only`
    ReadOnly,
    /// `incident/cap`
    Cap,
    /// `incident/second-way`
    SecondWay,
    /// `incidents`
    Incidents,
    /// `incidents/{number}`
    OneIncident(&'p str),
}

/// Which methods an address takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A page.
    Get,
    /// A button.
    Post,
    /// A page with a form that is sent back to it.
    Both,
}

/// What can have been done before a page: as `?done=` has it, and its message.
pub(super) const DONE: &[(&str, &str)] = &[
    ("logged-out", "desk-done-logged-out"),
    ("saved", "desk-done-saved"),
    ("adopted", "desk-done-adopted"),
    ("unchanged", "desk-done-unchanged"),
    ("submitted", "desk-done-submitted"),
    ("submitted-own", "desk-done-submitted-own"),
    ("published", "desk-done-published"),
    ("sent-back", "desk-done-sent-back"),
    ("posted", "desk-done-posted"),
    ("closed", "desk-done-closed"),
    ("discarded", "desk-done-discarded"),
    ("password", "desk-done-password"),
    ("passkey", "desk-done-passkey"),
    ("passkey-removed", "desk-done-passkey-removed"),
    ("ended", "desk-done-ended"),
    ("all-ended", "desk-done-all-ended"),
    ("removed", "desk-done-removed"),
    ("taken-back", "desk-done-taken-back"),
    ("acknowledged", "desk-done-acknowledged"),
    ("noted", "desk-done-noted"),
    ("judged", "desk-done-judged"),
    ("undone", "desk-done-undone"),
    ("paused", "desk-done-paused"),
    ("resumed", "desk-done-resumed"),
    ("cap-raised", "desk-done-cap-raised"),
    ("cap-lowered", "desk-done-cap-lowered"),
    ("asked", "desk-done-asked"),
    ("called-back", "desk-done-called-back"),
    ("all-left", "desk-done-all-left"),
    ("asked-already", "desk-done-asked-already"),
];

impl<'p> Route<'p> {
    /// Reads what stands behind `/desk`.
    #[must_use]
    pub fn read(path: &[&'p str]) -> Option<Self> {
        Some(match *path {
            [] | [""] => Self::Home,
            ["login"] => Self::Login,
            ["login", "passkey"] => Self::LoginPasskey,
            ["logout"] => Self::Logout,
            ["join", token] => Self::Join(token),
            ["petitions", "new"] => Self::New,
            ["petitions", slug] => Self::Petition(slug),
            ["petitions", slug, "edit"] => Self::Edit(slug),
            ["petitions", slug, "submit"] => Self::Submit(slug),
            ["petitions", slug, "publish"] => Self::Publish(slug),
            ["petitions", slug, "send-back"] => Self::SendBack(slug),
            ["petitions", slug, "update"] => Self::Update(slug),
            ["petitions", slug, "close"] => Self::Close(slug),
            ["petitions", slug, "discard"] => Self::Discard(slug),
            ["account"] => Self::Account,
            ["account", "password"] => Self::Password,
            ["account", "recovery"] => Self::Recovery,
            ["account", "sessions"] => Self::Sessions,
            ["account", "passkeys"] => Self::AddPasskey,
            ["account", "passkeys", "remove"] => Self::RemovePasskey,
            ["members"] => Self::Members,
            ["members", "invite"] => Self::Invite,
            ["members", "reset"] => Self::Reset,
            ["members", "remove"] => Self::Remove,
            ["members", "take-back"] => Self::TakeBack,
            ["audit"] => Self::Audit,
            ["mail"] => Self::Mail,
            ["incident"] => Self::Incident,
            ["incident", "events"] => Self::Events,
            ["incident", "acknowledge"] => Self::Acknowledge,
            ["incident", "log"] => Self::Log,
            ["incident", "clock"] => Self::Clock,
            ["incident", "line"] => Self::Line,
            ["incident", "copy", slug] => Self::Copy(slug),
            ["incident", "statement"] => Self::Statement,
            ["incident", "decide"] => Self::Decide,
            ["incident", "undo"] => Self::Undo,
            ["incident", "read-only"] => Self::ReadOnly,
            ["incident", "cap"] => Self::Cap,
            ["incident", "second-way"] => Self::SecondWay,
            ["incidents"] => Self::Incidents,
            ["incidents", number] => Self::OneIncident(number),
            _ => return None,
        })
    }

    /// What it takes, and what a member must be allowed to do; `None`: it is for who has not logged in. Whether a petition is
    /// one's own comes on top, where the petition is looked at.
    #[must_use]
    pub fn needs(self) -> (Takes, Option<Act>) {
        match self {
            Self::Login | Self::Join(_) => (Takes::Both, None),
            Self::LoginPasskey => (Takes::Post, None),
            Self::Logout
            | Self::Password
            | Self::Recovery
            | Self::Sessions
            | Self::AddPasskey
            | Self::RemovePasskey => (Takes::Post, Some(Act::Own)),
            Self::Account => (Takes::Get, Some(Act::Own)),
            Self::Home | Self::Petition(_) => (Takes::Get, Some(Act::Write)),
            Self::New | Self::Edit(_) | Self::Update(_) | Self::Close(_) | Self::Discard(_) => {
                (Takes::Both, Some(Act::Write))
            }
            Self::Submit(_) => (Takes::Post, Some(Act::Write)),
            Self::Publish(_) | Self::SendBack(_) => (Takes::Post, Some(Act::Review)),
            Self::Members => (Takes::Get, Some(Act::Members)),
            Self::Invite | Self::Reset | Self::Remove | Self::TakeBack => (Takes::Post, Some(Act::Members)),
            Self::Audit => (Takes::Get, Some(Act::Audit)),
            Self::Mail => (Takes::Get, Some(Act::Mail)),
            Self::Incident | Self::Events | Self::Line | Self::Copy(_) | Self::Incidents | Self::OneIncident(_) => {
                (Takes::Get, Some(Act::Watch))
            }
            Self::Acknowledge | Self::Clock => (Takes::Post, Some(Act::Watch)),
            Self::Statement | Self::Log => (Takes::Both, Some(Act::Watch)),
            Self::Decide => (Takes::Both, Some(Act::Judge)),
            Self::Undo | Self::ReadOnly | Self::Cap | Self::SecondWay => (Takes::Post, Some(Act::Judge)),
        }
    }

    /// The fields that its form may have, beside the secret of all forms.
    #[must_use]
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Login => &["name", "password", "code"],
            Self::Join(_) => &["name", "password", "code"],
            Self::Password => &["old", "password"],
            Self::Recovery => &["old"],
            Self::LoginPasskey => &["challenge", "id", "client", "data", "signature", "member"],
            Self::AddPasskey => &["old", "name", "challenge", "client", "object"],
            Self::RemovePasskey => &["passkey"],
            Self::Sessions => &["session"],
            Self::New | Self::Edit(_) => &[
                "slug",
                "language",
                "owner",
                "title",
                "addressee",
                "goal",
                "body",
                "first",
                "video",
                "do",
            ],
            Self::Publish(_) => &["revision"],
            Self::SendBack(_) => &["note"],
            Self::Update(_) => &["title", "body", "mail", "do"],
            Self::Close(_) | Self::Discard(_) => &["sure"],
            Self::Invite => &["role"],
            Self::Reset => &["member"],
            Self::Remove => &["member", "sure"],
            Self::TakeBack => &["link"],
            Self::Log => &["text", "incident"],
            Self::Clock => &["do", "incident"],
            Self::ReadOnly => &["do"],
            Self::Cap => &["incident", "to", "do"],
            Self::SecondWay => &["incident", "finding", "do"],
            Self::Statement => &["set_aside", "before", "after", "unknown", "complaint", "no_names"],
            Self::Decide => &[
                "petition",
                "direction",
                "from",
                "to",
                "network",
                "domain",
                "comment",
                "verdict",
                "finding",
                "answered",
                "apart",
                "reason",
                "note",
                "until",
                "previewed",
                "do",
            ],
            Self::Undo => &["verdict"],
            _ => &[],
        }
    }

    /// Fields of its form that hold what somebody wrote, with the ids of their labels.
    #[must_use]
    pub fn written(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::New | Self::Edit(_) => &[
                ("title", "desk-label-title"),
                ("owner", "desk-label-owner"),
                ("addressee", "desk-label-addressee"),
                ("body", "desk-label-body"),
                ("first", "desk-label-first"),
                ("video", "desk-label-video"),
            ],
            Self::Update(_) => &[("title", "desk-label-title"), ("body", "desk-label-body")],
            Self::SendBack(_) => &[("note", "desk-label-note")],
            Self::Log => &[("text", "desk-label-shift")],
            Self::Statement => &[("unknown", "desk-label-unknown")],
            Self::Decide => &[("note", "desk-label-why")],
            _ => &[],
        }
    }
}

/// Whether a path is that of a page of the desk, which members look at: where a login may lead.
#[must_use]
pub fn is_page_of_members(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_');
    let Some(rest) = path.strip_prefix("/desk/").filter(|rest| rest.bytes().all(is_plain)) else {
        return false;
    };
    let parts: Vec<&str> = rest.split('/').collect();
    let route = Route::read(&parts).filter(|route| !matches!(route, Route::Events));
    route.is_some_and(|route| matches!(route.needs(), (Takes::Get | Takes::Both, Some(_))))
}
