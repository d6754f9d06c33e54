//! Pages of the desk: like all pages, pure functions from plain data.

use askama::Template;
use jiff::tz::TimeZone;
use paraph_tally::Millis;

use super::incident::written;
use super::model::{self, Frame, MailStatusPage};
use super::poster::{Code, code};
use super::refusal::Problem;
use super::room::{Noting, moment};
use super::{Lang, markup};
use crate::desk::books::{Line, Link, Member, Open, Passkey, Review};
use crate::desk::draft::Typed;
use crate::desk::role::{Act, Role};
use crate::incident::log;

/// What every page of the desk needs.
pub struct DeskFrame<'a> {
    /// Site, language, path.
    pub f: Frame<'a>,
    /// Who is logged in.
    pub member: Option<&'a Member>,
    /// What every form carries.
    pub secret: &'a str,
    /// Time zone of those who work here.
    pub zone: &'a TimeZone,
    /// Drafts that wait for a moderator, for those who may review.
    pub waiting: u64,
    /// The page that was asked for before a login, which it leads to in any language.
    pub to: Option<&'a str>,
    /// What was just done: id of a message.
    pub done: Option<&'static str>,
    /// Which of [`FOLDS`] is open. Without script a page that loads itself again would close it.
    pub open: Option<&'static str>,
}

/// Parts of the incident room that open, by their ids, and all of them.
pub const FOLDS: [&str; 4] = ["all", "earlier-lines", "other-findings", "earlier-verdicts"];

impl DeskFrame<'_> {
    pub(super) fn is_open(&self, fold: &str) -> bool {
        self.open.is_some_and(|open| open == "all" || open == fold)
    }

    /// The room with a part of it open, which then does not load itself again.
    pub(super) fn unfolded(&self, fold: &str) -> String {
        let page = self.link("/desk/incident");
        let joint = if page.contains('?') { '&' } else { '?' };
        format!("{page}{joint}open={fold}#{fold}")
    }

    pub(super) fn may(&self, act: Act) -> bool {
        self.member.is_some_and(|member| member.role.may(act))
    }

    pub(super) fn t(&self, id: &str) -> String {
        self.f.t(id)
    }

    /// A moment where the reader is, and in UTC.
    pub(super) fn moment(&self, at: impl std::borrow::Borrow<u64>) -> String {
        moment(&self.f, &Millis(*at.borrow()), self.zone)
    }

    pub(super) fn role(&self, role: &Role) -> String {
        self.f.t(&format!("desk-role-{}", role.name()))
    }

    pub(super) fn link(&self, path: &str) -> String {
        self.f.link(path)
    }

    /// Where an incident is.
    pub(super) fn incident(&self, id: impl std::borrow::Borrow<u64>) -> String {
        self.f.to("/desk/incidents/", &id.borrow().to_string(), "")
    }

    pub(super) fn petition(&self, slug: &str, page: &str) -> String {
        self.f.link(&["/desk/petitions/", slug, page].concat())
    }
}

/// A field and what is wrong with it.
fn problem_of(f: &Frame<'_>, problems: &[(&'static str, Problem)], field: &str) -> Option<String> {
    let found = problems.iter().find(|(known, _)| *known == field);
    found.map(|(_, problem)| match (field, problem) {
        ("slug" | "video" | "goal" | "first", Problem::BadValue) => f.t(&format!("desk-problem-{field}")),
        _ => problem.message(f.lang),
    })
}

/// `GET /desk/login`, and again when it was refused.
pub struct LoginPage<'a> {
    /// The name that was typed.
    pub name: &'a str,
    /// Why it was refused.
    pub refused: Option<Denied>,
    /// What is asked of an authenticator, where browsers have passkeys for this site.
    pub passkey: Option<Using>,
    /// The page that was asked for, and is shown after the login.
    pub to: Option<&'a str>,
}

impl LoginPage<'_> {
    /// Where the form is sent, which has to remember the page that was asked for.
    fn action(&self, f: &Frame<'_>, path: &str) -> String {
        f.login(path, self.to)
    }
}

/// What a page asks of an authenticator to log somebody in.
pub struct Using {
    /// The host that passkeys are for.
    pub party: String,
    /// Challenge, in base64url.
    pub challenge: String,
}

/// What a page asks of an authenticator to make a passkey.
pub struct Making {
    /// Host and challenge.
    pub using: Using,
    /// The member's name in the store, in base64url.
    pub member: String,
    /// Passkeys that are there, in base64url, a space between them.
    pub known: String,
    /// Kinds of keys, the first preferred, a space between them.
    pub algorithms: String,
}

/// Why somebody is not let in. The same for every name, whether or not a member has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Name, password or code are not right.
    Wrong,
    /// No such passkey, or not by its owner.
    Passkey,
    /// The page lay open for too long, or was used already.
    Late,
    /// There may be a copy of this passkey.
    Stopped,
    /// Too many were wrong before: seconds to wait.
    Wait(u64),
    /// Too many log in at once: seconds to wait.
    Busy(u64),
}

impl Denied {
    fn message(&self, f: &Frame<'_>) -> String {
        match *self {
            Self::Wrong => f.t("desk-login-wrong"),
            Self::Passkey => f.t("desk-login-passkey-wrong"),
            Self::Late => f.t("desk-passkey-late"),
            Self::Stopped => f.t("desk-login-passkey-stopped"),
            Self::Wait(wait) => f.t1("desk-login-wait", "wait", wait),
            Self::Busy(wait) => f.t1("desk-login-busy", "wait", wait),
        }
    }
}

/// `GET /desk/join/{token}`, and again when something was wrong.
pub struct JoinPage<'a> {
    /// The token, as in the address.
    pub token: &'a str,
    /// What the link is for.
    pub link: &'a Link,
    /// The name that was typed.
    pub name: &'a str,
    /// What a generator of codes reads.
    pub uri: &'a str,
    /// The same, to be typed.
    pub spelled: &'a str,
    /// Messages about fields: field and id of the message.
    pub wrong: &'a [(&'static str, &'static str)],
}

impl JoinPage<'_> {
    fn code(&self) -> Option<Code> {
        code(self.uri)
    }

    /// In groups of four, as people type it.
    fn grouped(&self) -> String {
        let letters: Vec<char> = self.spelled.chars().collect();
        let groups = letters.chunks(4).map(|group| group.iter().collect::<String>());
        groups.collect::<Vec<_>>().join(" ")
    }

    fn problem(&self, f: &Frame<'_>, field: &str) -> Option<String> {
        let found = self.wrong.iter().find(|(known, _)| *known == field);
        found.map(|(_, id)| f.t(id))
    }
}

/// New recovery codes, shown once.
pub struct CodesPage<'a> {
    /// As they are written down.
    pub codes: &'a [String],
}

/// A petition in the list.
pub struct Entry {
    /// Its name in addresses.
    pub slug: String,
    /// Title.
    pub title: String,
    /// Who launches it.
    pub owner: String,
    /// Id of the message that names its state.
    pub state: &'static str,
    /// Its count, once it has been open.
    pub counted: Option<u64>,
}

/// `GET /desk`
pub struct DeskHomePage<'a> {
    /// Groups in order: id of the heading, petitions.
    pub groups: &'a [(&'static str, Vec<Entry>)],
}

/// What can be done with a petition, by who looks at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Can {
    /// Change it.
    pub edit: bool,
    /// Ask for review.
    pub submit: bool,
    /// Publish it or send it back.
    pub review: bool,
    /// Post an update.
    pub update: bool,
    /// Close it.
    pub close: bool,
    /// Give it up.
    pub discard: bool,
}

/// `GET /desk/petitions/{slug}`
pub struct DeskPetitionPage<'a> {
    /// As a form would hold it.
    pub says: &'a Typed,
    /// Id of the message that names its state.
    pub state: &'static str,
    /// Whether others can see it.
    pub is_public: bool,
    /// Where its draft stands.
    pub review: Review,
    /// Why it was sent back.
    pub note: &'a str,
    /// Name of the member who wrote it.
    pub author: Option<&'a str>,
    /// Its numbers: id of the message, number.
    pub numbers: &'a [(&'static str, u64)],
    /// As of when they hold.
    pub as_of: u64,
    /// Revision of what is shown.
    pub revision: u64,
    /// What can be done.
    pub can: Can,
    /// The note with which it is sent back, as it was typed.
    pub noting: Noting<'a>,
}

impl DeskPetitionPage<'_> {
    fn text(&self) -> String {
        markup::to_html(&self.says.body)
    }

    fn sent_back(&self) -> bool {
        self.review == Review::SentBack
    }

    fn is_waiting(&self) -> bool {
        self.review == Review::Waiting
    }
}

/// `GET` and `POST /desk/petitions/new` and `/desk/petitions/{slug}/edit`
pub struct EditPage<'a> {
    /// The petition that is changed; `None`: a new one.
    pub slug: Option<&'a str>,
    /// What the form holds.
    pub typed: &'a Typed,
    /// What a petition may be written in.
    pub languages: &'a [Lang],
    /// What is wrong.
    pub problems: &'a [(&'static str, Problem)],
    /// Id of a message about the whole.
    pub trouble: Option<&'static str>,
    /// Whether the text is shown as it would be.
    pub preview: bool,
    /// Whether people are signing it.
    pub is_open: bool,
}

impl EditPage<'_> {
    fn text(&self) -> String {
        markup::to_html(&self.typed.body)
    }

    fn problem(&self, f: &Frame<'_>, field: &str) -> Option<String> {
        problem_of(f, self.problems, field)
    }

    fn action(&self, d: &DeskFrame<'_>) -> String {
        match self.slug {
            Some(slug) => d.petition(slug, "/edit"),
            None => d.link("/desk/petitions/new"),
        }
    }
}

/// `GET` and `POST /desk/petitions/{slug}/update`
pub struct DeskUpdatePage<'a> {
    /// The petition.
    pub slug: &'a str,
    /// Its title.
    pub of: &'a str,
    /// Title of the update.
    pub title: &'a str,
    /// Its text.
    pub body: &'a str,
    /// Whether it is mailed.
    pub mail: bool,
    /// What is wrong.
    pub problems: &'a [(&'static str, Problem)],
    /// Whether the text is shown as it would be.
    pub preview: bool,
}

impl DeskUpdatePage<'_> {
    fn text(&self) -> String {
        markup::to_html(self.body)
    }

    fn problem(&self, f: &Frame<'_>, field: &str) -> Option<String> {
        problem_of(f, self.problems, field)
    }
}

/// `GET /desk/petitions/{slug}/close`
pub struct ClosePage<'a> {
    /// The petition.
    pub slug: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its count.
    pub counted: u64,
}

/// `GET /desk/petitions/{slug}/discard`
pub struct DiscardPage<'a> {
    /// The draft.
    pub slug: &'a str,
    /// Its title.
    pub title: &'a str,
}

/// `GET /desk/account`
pub struct AccountPage<'a> {
    /// Open sessions.
    pub sessions: &'a [Open],
    /// The one that looks.
    pub current: [u8; 32],
    /// Passkeys that are there.
    pub passkeys: &'a [Passkey],
    /// What is asked of an authenticator for another one, where browsers have them for this site.
    pub making: Option<Making>,
    /// Recovery codes that are left.
    pub recovery_left: u64,
    /// Id of a message about what was refused.
    pub wrong: Option<&'static str>,
}

impl AccountPage<'_> {
    fn id(&self, session: &Open) -> String {
        data_encoding::HEXLOWER.encode(&session.token)
    }

    fn passkey_id(&self, passkey: &Passkey) -> String {
        data_encoding::HEXLOWER.encode(&passkey.id)
    }

    fn is_current(&self, session: &Open) -> bool {
        session.token == self.current
    }
}

/// `GET /desk/members`
pub struct MembersPage<'a> {
    /// Who works here.
    pub members: &'a [Member],
    /// Links that nobody has used yet.
    pub links: &'a [Link],
    /// A link just made, shown once, and for what.
    pub made: Option<(&'a str, &'a str)>,
    /// Id of a message about what was refused.
    pub wrong: Option<&'static str>,
}

impl MembersPage<'_> {
    fn id(&self, member: &Member) -> String {
        data_encoding::HEXLOWER.encode(&member.id)
    }

    fn token(&self, link: &Link) -> String {
        data_encoding::HEXLOWER.encode(&link.token)
    }

    fn roles(&self) -> [Role; 3] {
        Role::ALL
    }
}

/// `GET /desk/audit`
pub struct AuditPage<'a> {
    /// Lines, the latest first.
    pub lines: &'a [Line],
    /// What members are called, former ones by a number, by their id as hexadecimal digits.
    pub names: &'a std::collections::BTreeMap<String, String>,
    /// Time zone of who reads.
    pub zone: &'a TimeZone,
}

impl AuditPage<'_> {
    fn act(&self, f: &Frame<'_>, line: &Line) -> String {
        if let Some(entry) = log::Entry::from_name(&line.act) {
            return written(f, entry, &line.subject, self.zone);
        }
        let id = format!("desk-act-{}", line.act);
        match judged(line) {
            Some(Judged {
                undone: Some(verdict), ..
            }) => f.lang.fill(&id, &[("verdict", verdict.to_owned().into())]),
            _ => f.t(&id),
        }
    }

    /// A role in words, a member by name, a petition by its name in addresses.
    fn subject(&self, d: &DeskFrame<'_>, line: &Line) -> String {
        if log::Entry::from_name(&line.act).is_some() {
            return String::new();
        }
        if let Some(Judged {
            petition, many, own, ..
        }) = judged(line)
        {
            let numbers = [("petition", petition.to_owned().into()), ("count", many.into())];
            let whom = d.f.lang.fill("desk-audit-judged", &numbers);
            return match own {
                Some(own) => format!("{} {own}{}{whom}", d.t("desk-found-number"), d.t("desk-semicolon")),
                None => whom,
            };
        }
        if let Some(role) = Role::from_name(&line.subject) {
            return d.role(&role);
        }
        let is_member = matches!(
            &*line.act,
            "removed" | "reset" | "link-taken-back" | "session-ended" | "sessions-ended"
        );
        match self.names.get(&line.subject) {
            Some(name) => name.clone(),
            None if is_member => d.t("desk-former"),
            None => line.subject.clone(),
        }
    }

    fn who(&self, d: &DeskFrame<'_>, line: &Line) -> String {
        let Some(member) = &line.member else {
            let is_link = line.act == log::Entry::LinkPressed.name();
            return d.t(match &*line.act {
                // Whoever sent the signal is not known.
                "reloaded" => "desk-by-signal",
                _ if is_link => "desk-who-link",
                _ => "desk-by-command",
            });
        };
        let name = self.names.get(&data_encoding::HEXLOWER.encode(member));
        name.cloned().unwrap_or_else(|| d.t("desk-former"))
    }
}

/// What the register says of a verdict.
struct Judged<'a> {
    petition: &'a str,
    many: u64,
    undone: Option<&'a str>,
    /// Its own number, which lines of an earlier version do not have.
    own: Option<&'a str>,
}

/// Reads `{petition} {how many} {verdict that was taken back} #{its own number}`, of which the last two are not always there.
fn judged(line: &Line) -> Option<Judged<'_>> {
    if !matches!(&*line.act, "hold" | "release" | "invalidate" | "reinstate" | "undone") {
        return None;
    }
    let (rest, own) = line.subject.split_once(" #").unzip();
    let mut parts = rest.unwrap_or(&line.subject).split(' ');
    Some(Judged {
        petition: parts.next()?,
        many: parts.next()?.parse().ok()?,
        undone: parts.next(),
        own,
    })
}

/// An answer that is no page: ids `desk-no-{what}` and `desk-no-{what}-why`.
pub struct NoPage<'a> {
    /// Whether it was pressed in the incident room, where the way goes on.
    pub in_room: bool,
    /// What who asks is at the desk, where it is their role that does not allow it: nobody is sent to themselves.
    pub role: Option<Role>,
    /// Which.
    pub what: &'a str,
    /// What somebody wrote that was not taken, by the label of its field.
    pub written: &'a [(&'static str, String)],
}

impl NoPage<'_> {
    fn why(&self, f: &Frame<'_>) -> String {
        let role = self.role.map_or_else(String::new, |role| format!("-{}", role.name()));
        f.t(&format!("desk-no-{}-why{role}", self.what))
    }
}

/// Pages of the desk: a function for each, over its template.
macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident($page:ident) = $path:tt;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(d: &DeskFrame<'_>, p: &$page<'_>) -> String {
            #[derive(Template)]
            #[template(path = $path)]
            struct View<'a> {
                d: &'a DeskFrame<'a>,
                f: &'a Frame<'a>,
                p: &'a $page<'a>,
            }
            View { d, f: &d.f, p }.render().expect("writing into a string does not fail")
        })*
    };
}

pub(super) use pages;

pages! {
    /// `GET /desk/login`
    desk_login(LoginPage) = "desk/login.html";
    /// `GET /desk/join/{token}`
    desk_join(JoinPage) = "desk/join.html";
    /// After joining, and after new codes were asked for.
    desk_codes(CodesPage) = "desk/codes.html";
    /// `GET /desk`
    desk_home(DeskHomePage) = "desk/home.html";
    /// `GET /desk/petitions/{slug}`
    desk_petition(DeskPetitionPage) = "desk/petition.html";
    /// `GET /desk/petitions/new`
    desk_edit(EditPage) = "desk/edit.html";
    /// `GET /desk/petitions/{slug}/update`
    desk_update(DeskUpdatePage) = "desk/update.html";
    /// `GET /desk/petitions/{slug}/close`
    desk_close(ClosePage) = "desk/close.html";
    /// `GET /desk/petitions/{slug}/discard`
    desk_discard(DiscardPage) = "desk/discard.html";
    /// `GET /desk/account`
    desk_account(AccountPage) = "desk/account.html";
    /// `GET /desk/members`
    desk_members(MembersPage) = "desk/members.html";
    /// `GET /desk/audit`
    desk_audit(AuditPage) = "desk/audit.html";
    /// `GET /desk/mail`
    desk_mail(MailStatusPage) = "desk/mail.html";
    /// Every answer that is not what was asked for.
    desk_no(NoPage) = "desk/no.html";
}
