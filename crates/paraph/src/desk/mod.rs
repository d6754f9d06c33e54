//! The desk: where authors, moderators and operators work. `/desk/...`
//!
//! Every request takes the same way ([`Desk::answer`]): the address in the one table of routes; for a POST, that it comes
//! from a page of the desk (Origin), its body, and that it carries the secret of the browser that fetched the form; a place
//! in a lane, who has a session of our making apart from everybody else; the session, unless the page is for who has none;
//! the role, in the one table of roles. Whatever must not happen twice is decided by the writer (`intake/desk.rs`).

pub mod books;
pub mod command;
pub mod decide;
mod door;
pub mod draft;
pub mod form;
mod incidents;
mod members;
mod moment;
pub mod names;
pub mod night;
pub mod pace;
pub mod passkeys;
pub mod password;
mod petitions;
pub mod role;
pub mod room;
pub mod route;
pub mod session;
pub mod totp;
pub mod webauthn;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use http::header::{HeaderName, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use paraph_tally::Millis;
use tokio::sync::Semaphore;

use self::books::{Books, Open};
use self::command::{DeskAnswer, Invitation, MemberId, Wish};
use self::form::Form;
use self::night::Night;
use self::pace::Pace;
use self::passkeys::Challenges;
use self::password::Passwords;
use self::role::{Act, Role};
use self::room::chart::Minutes;
use self::route::{DONE, Route, Takes};
use self::session::{Cookie, Cookies, Token, hashed};
use self::totp::Codes;
use crate::admit::Admitter;
use crate::admit::behind::Ahead;
use crate::admit::lane::{Permit, Rank};
use crate::admit::source::Source;
use crate::alerts::Alerts;
use crate::clock;
use crate::handlers::Request;
use crate::handlers::mail_status::MailStatus;
use crate::handlers::shelf::Published;
use crate::incident::Office;
use crate::incident::sources::HeldSources;
use crate::intake::{Intake, Unavailable};
use crate::keys::Keys;
use crate::limits::Limits;
use crate::respond::{self, Answer, Asked};
use crate::scrutiny::board::Board;
use crate::shield::Shield;
use crate::store::db::DbError;
use crate::store::id;
use crate::trace::networks::Known;
use crate::views::desk::{DeskFrame, FOLDS, NoPage, desk_no};
use crate::views::{Refusal, Site};

/// Seconds before a busy desk is asked again.
const TRY_AGAIN_SECONDS: u64 = 3;
/// Bytes of a form of somebody who has not logged in.
const DOOR_BYTES: u64 = 4096;
/// A session's last use is kept to the minute: not every look at a page is a commit.
const SEEN_MILLIS: u64 = 60_000;

/// What the desk works with, for as long as the server runs.
pub struct Parts {
    around: Around,
    passwords: Passwords,
    codes: Codes,
    challenges: Challenges,
    pace: Pace,
    cookies: Cookies,
    names: [u8; 32],
    minutes: Mutex<Minutes>,
    holders: Mutex<BTreeSet<String>>,
    held: tokio::sync::Mutex<HeldSources>,
    watchers: Arc<Semaphore>,
    /// Forms that may be read at once of who has no session.
    lost: Semaphore,
    limits: Limits,
}

/// What of the server the desk reaches.
pub struct Around {
    /// The way to the writer.
    pub intake: Intake,
    /// What it reads of its own.
    pub books: Books,
    /// Petitions as of now, and up to when the pages show them.
    pub published: Published,
    /// Whether mail arrives.
    pub mail: MailStatus,
    /// Who is woken, and why.
    pub alerts: Arc<Alerts>,
    /// Its lanes count those sent away.
    pub admitter: Arc<Admitter>,
    /// Who is banned.
    pub shield: Arc<Shield>,
    /// Whose networks those are.
    pub networks: Arc<Known>,
    /// Where verdicts are previewed and given.
    pub office: Office,
    /// How far scrutiny is; `None` where it is off.
    pub board: Option<Arc<Board>>,
}

impl std::ops::Deref for Parts {
    type Target = Around;

    fn deref(&self) -> &Around {
        &self.around
    }
}

impl Parts {
    /// A desk over a store. `is_secure`: browsers reach it over https.
    #[must_use]
    pub fn new(keys: &Keys, limits: &Limits, is_secure: bool, around: Around) -> Self {
        let [watchers, lost] =
            [limits.desk_watchers, limits.desk_lost_forms].map(|most| usize::try_from(most).unwrap_or(1));
        Self {
            around,
            passwords: Passwords::new(keys, limits),
            codes: Codes::new(keys),
            challenges: Challenges::new(keys, limits.desk_challenge_seconds),
            pace: Pace::new(limits),
            cookies: Cookies::new(keys, is_secure),
            names: keys.derive("desk name v1"),
            minutes: Mutex::default(),
            holders: Mutex::default(),
            held: tokio::sync::Mutex::default(),
            watchers: Arc::new(Semaphore::new(watchers)),
            lost: Semaphore::new(lost),
            limits: limits.clone(),
        }
    }

    /// Closes the store. Nothing may be asked any more.
    pub async fn close(&self) {
        self.books.close().await;
    }

    /// A link for somebody to become a member, or for the member called `name` to choose password and code generator anew,
    /// made at the command line.
    ///
    /// # Errors
    /// It could not be made durable, or the store does not answer.
    pub async fn link(&self, role: Role, name: Option<&str>) -> Result<Option<Token>, Unavailable> {
        let known = match name {
            None => None,
            Some(name) => {
                let known = self
                    .books
                    .credentials(names::login(name))
                    .await
                    .map_err(|_| Unavailable)?;
                let Some(known) = known else { return Ok(None) };
                Some(known.member)
            }
        };
        let token: Token = id::random();
        let link = Invitation {
            token: hashed(&token),
            role: known.as_ref().map_or(role, |known| known.role),
            member: known.map(|known| known.id),
            expires: self.link_expires(),
        };
        let answer = self.intake.desk(None, Wish::Invite(link)).await?;
        Ok((answer == DeskAnswer::Done).then_some(token))
    }

    /// The token of a link that makes the first operator, in place of those before it; `None` once there is an operator.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn first_link(&self) -> Result<Option<Token>, Unavailable> {
        let token: Token = id::random();
        let wish = Wish::FirstLink(hashed(&token), self.link_expires());
        let answer = self.intake.desk(None, wish).await?;
        Ok((answer == DeskAnswer::Done).then_some(token))
    }

    fn link_expires(&self) -> Millis {
        Millis(clock::now().0 + self.limits.desk_link_hours * 3_600_000)
    }
}

/// Where a link leads that somebody joins by, within the desk's site.
#[must_use]
pub fn link_path(token: &Token) -> String {
    format!("/desk/join/{}", session::spelled(token))
}

/// The desk of a site.
#[derive(Clone)]
pub struct Desk {
    /// Texts, and the languages of petitions.
    pub site: Arc<Site>,
    /// The same in the languages of the desk itself.
    pub spoken: Arc<Site>,
    /// Whom to call at night, and in which zone.
    pub night: Arc<Night>,
    /// What links to it begin with, without a slash at the end.
    pub url: Arc<str>,
    /// What it works with.
    pub parts: Arc<Parts>,
}

/// Why something was not done.
enum No {
    /// No such page, or not for this member.
    Page,
    /// The link was used, or has run out.
    Link,
    /// The role does not allow it.
    Right,
    /// The form does not carry the secret of this browser, or does not come from here.
    Form,
    /// The same of a form from here with words that somebody wrote, by the label of their field: their session has ended.
    Written(Vec<(&'static str, String)>),
    /// Things do not stand so that it can be done: what is so instead, one of the `desk-no-` texts.
    Stands(&'static str),
    /// Not with this method.
    Method,
    /// Nothing can be recorded now.
    Busy,
    /// The store does not answer.
    Broken,
    /// As on the public side.
    Refusal(Refusal),
    /// Log in first.
    LogIn,
}

impl From<DbError> for No {
    fn from(error: DbError) -> Self {
        tracing::error!(%error, "the desk cannot read its store");
        Self::Broken
    }
}

impl From<Unavailable> for No {
    fn from(_: Unavailable) -> Self {
        Self::Busy
    }
}

type Outcome = Result<Answer, No>;

/// One request on its way.
struct Visit<'a> {
    asked: Asked<'a>,
    source: Source,
    headers: &'a HeaderMap,
    now: Millis,
    /// The open session, with its token.
    session: Option<(Token, Open)>,
    /// Drafts that wait for a moderator, for who may review.
    waiting: u64,
    /// What was done before this page: `?done=`.
    done: Option<&'static str>,
    /// What is open on it: `?open=`.
    open: Option<&'static str>,
    /// The page of the desk that was asked for before a login: `?to=`.
    to: Option<&'a str>,
}

impl Visit<'_> {
    /// The same, for a page that a GET of its address would not give again.
    fn without_path(&self) -> Self {
        Self {
            asked: self.asked.without_path(),
            session: self.session.clone(),
            ..*self
        }
    }

    /// Who is logged in. Called behind the gate, where somebody is.
    fn member(&self) -> Result<&books::Member, No> {
        let session = self.session.as_ref().ok_or(No::LogIn)?;
        Ok(&session.1.member)
    }

    fn by(&self) -> Result<MemberId, No> {
        Ok(self.member()?.id)
    }

    fn may(&self, act: Act) -> bool {
        self.session.as_ref().is_some_and(|(_, open)| open.member.role.may(act))
    }
}

impl Desk {
    /// Answers one request to `/desk/...`; `path` is what stands behind.
    pub async fn answer(&self, source: Source, request: Request, path: &[String]) -> Answer {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let (head, body) = request.into_parts();
        let asked = Asked {
            json: false,
            ..Asked::of(&self.spoken, &head.uri, &head.headers)
        };
        let query = head.uri.query().unwrap_or_default();
        let named = |key| query.split('&').find_map(|pair| pair.strip_prefix(key));
        let done = named("done=").and_then(|done| DONE.iter().find(|(name, _)| *name == done).map(|(_, id)| *id));
        let open = named("open=").and_then(|open| FOLDS.into_iter().find(|fold| *fold == open));
        let mut visit = Visit {
            asked,
            source,
            headers: &head.headers,
            now: clock::now(),
            session: None,
            waiting: 0,
            done,
            open,
            to: named("to=").filter(|path| route::is_page_of_members(path)),
        };
        let outcome = self.go(&mut visit, &head.method, &path, body).await;
        let mut answer = outcome.unwrap_or_else(|no| self.no(&visit, no));
        // Under "no-referrer" browsers would send `Origin: null` with every form.
        let policy = HeaderName::from_static("referrer-policy");
        answer
            .headers_mut()
            .insert(policy, HeaderValue::from_static("same-origin"));
        if visit.session.is_some() {
            answer.extensions_mut().insert(Ahead);
        }
        answer
    }

    async fn go(&self, visit: &mut Visit<'_>, method: &Method, path: &[&str], body: crate::handlers::Body) -> Outcome {
        let route = Route::read(path).ok_or(No::Page)?;
        let (takes, act) = route.needs();
        let is_post = *method == Method::POST;
        let is_get = *method == Method::GET || *method == Method::HEAD;
        let fits = match takes {
            Takes::Get => is_get,
            Takes::Post => is_post,
            Takes::Both => is_get || is_post,
        };
        if !fits {
            return Err(No::Method);
        }
        let session = self.parts.cookies.session_token(visit.headers);
        let form = if is_post {
            Some(self.form(visit, route, session, body).await?)
        } else {
            None
        };
        // Nobody who only knocks takes anything from who is in, and no address from the others.
        let rank = if session.is_some() { Rank::Desk } else { Rank::DeskDoor };
        let entered = self.parts.admitter.lanes.enter_in_turn(rank, &visit.source).await;
        let (_turn, place) = entered.map_err(|_| No::Busy)?;
        if let Some(token) = session {
            self.recognise(visit, token).await?;
        }
        if let Some(act) = act {
            let Some((_, open)) = &visit.session else {
                return Err(form.map_or(No::LogIn, |form| No::Written(form.written(route))));
            };
            if !open.member.role.may(act) {
                return Err(No::Right);
            }
        }
        match form {
            None => self.look(visit, route).await,
            Some(form) if !form.has_only(route.fields()) => Err(No::Refusal(Refusal::BadRequest)),
            Some(form) => self.act(visit, route, form, place).await,
        }
    }

    /// The form that was sent, if it comes from a page of ours. Read before there is a place in any lane: who sends it slowly
    /// keeps nobody waiting.
    async fn form(
        &self,
        visit: &Visit<'_>,
        route: Route<'_>,
        session: Option<Token>,
        body: crate::handlers::Body,
    ) -> Result<Form, No> {
        if !session::is_from_here(visit.headers, &self.url) {
            return Err(No::Form);
        }
        let cookies = &self.parts.cookies;
        let (token, most) = match route.needs().1 {
            Some(_) => (session, self.parts.limits.desk_body_bytes),
            None => (cookies.form_token(visit.headers), DOOR_BYTES),
        };
        // Whose session is gone altogether loses no words either, a few at a time: nothing is done with them but to show them again.
        let _few = match (token, route.written()) {
            (Some(_), _) => None,
            (None, []) => return Err(No::Form),
            (None, _) => Some(self.parts.lost.try_acquire().map_err(|_| No::Form)?),
        };
        let form = Form::read(visit.headers, body, most).await.map_err(No::Refusal)?;
        if !token.is_some_and(|token| cookies.is_secret(&token, form.get("secret"))) {
            return Err(No::Written(form.written(route)));
        }
        Ok(form)
    }

    /// Finds a session, if it still is good, and keeps it so.
    async fn recognise(&self, visit: &mut Visit<'_>, token: Token) -> Result<(), No> {
        let Some(open) = self.parts.books.session(hashed(&token)).await? else {
            return Ok(());
        };
        let limits = &self.parts.limits;
        let now = visit.now.0;
        let idle = now.saturating_sub(open.seen_at.0) > limits.desk_idle_minutes * 60_000;
        let over = now.saturating_sub(open.made_at.0) > limits.desk_session_hours * 3_600_000;
        if idle || over {
            return Ok(());
        }
        if now.saturating_sub(open.seen_at.0) > SEEN_MILLIS {
            // Whoever looks at a page while nothing can be recorded still sees it.
            let _ = self.parts.intake.desk(None, Wish::Seen(open.token)).await;
        }
        if open.member.role.may(Act::Review) {
            let standings = self.parts.books.standings().await?;
            let waits = |standing: &&books::Standing| standing.review == books::Review::Waiting;
            visit.waiting = standings.values().filter(waits).count() as u64;
        }
        visit.session = Some((token, open));
        Ok(())
    }

    async fn look(&self, visit: &Visit<'_>, route: Route<'_>) -> Outcome {
        match route {
            Route::Login => self.login_page(visit),
            Route::Join(token) => self.join_page(visit, token).await,
            Route::Home => self.home(visit).await,
            Route::New => self.new_page(visit),
            Route::Petition(slug) => self.petition_page(visit, slug).await,
            Route::Edit(slug) => self.edit_page(visit, slug).await,
            Route::Update(slug) => self.update_page(visit, slug).await,
            Route::Close(slug) => self.close_page(visit, slug).await,
            Route::Discard(slug) => self.discard_page(visit, slug).await,
            Route::Account => self.account_page(visit, StatusCode::OK, None).await,
            Route::Members => self.members_page(visit, StatusCode::OK, None, None).await,
            Route::Audit => self.audit_page(visit).await,
            Route::Mail => self.mail_page(visit).await,
            Route::Incident => self.room_page(visit).await,
            Route::Events => self.watch_room(visit),
            Route::Log => self.log_page(visit).await,
            Route::Line => self.line_page(visit),
            Route::Copy(slug) => self.copy_page(visit, slug),
            Route::Statement => self.statement_page(visit),
            Route::Decide => self.decide_page(visit),
            Route::Incidents => self.incidents_page(visit).await,
            Route::OneIncident(number) => self.incident_page(visit, number).await,
            _ => Err(No::Method),
        }
    }

    async fn act(&self, visit: &Visit<'_>, route: Route<'_>, form: Form, place: Permit) -> Outcome {
        match route {
            Route::Login => self.login(visit, &form, place).await,
            Route::LoginPasskey => self.login_by_passkey(visit, &form).await,
            Route::Join(token) => self.join(visit, token, &form, place).await,
            Route::Logout => self.log_out(visit).await,
            Route::New => self.create(visit, &form).await,
            Route::Edit(slug) => self.edit(visit, slug, &form).await,
            Route::Submit(slug) => self.submit(visit, slug).await,
            Route::Publish(slug) => self.publish(visit, slug, &form).await,
            Route::SendBack(slug) => self.send_back(visit, slug, &form).await,
            Route::Update(slug) => self.post_update(visit, slug, &form).await,
            Route::Close(slug) => self.close(visit, slug, &form).await,
            Route::Discard(slug) => self.discard(visit, slug, &form).await,
            Route::Password => self.change_password(visit, &form).await,
            Route::Recovery => self.new_codes(visit, &form).await,
            Route::AddPasskey => self.add_passkey(visit, &form).await,
            Route::RemovePasskey => self.remove_passkey(visit, &form).await,
            Route::Sessions => self.end_sessions(visit, &form).await,
            Route::Invite => self.invite(visit, &form).await,
            Route::Reset => self.reset(visit, &form).await,
            Route::Remove => self.remove(visit, &form).await,
            Route::TakeBack => self.take_back(visit, &form).await,
            Route::Acknowledge => self.acknowledge(visit).await,
            Route::Log => self.log_shift(visit, &form).await,
            Route::Clock => self.set_clock(visit, &form).await,
            Route::Statement => self.make_statement(visit, &form),
            Route::Decide => self.decide(visit, &form).await,
            Route::Undo => self.undo(visit, &form).await,
            Route::ReadOnly => self.set_read_only(visit, &form).await,
            Route::Cap => self.set_cap(visit, &form).await,
            Route::SecondWay => self.second_way(visit, &form).await,
            _ => Err(No::Method),
        }
    }

    /// A page for whoever is logged in.
    fn page(&self, visit: &Visit<'_>, status: StatusCode, render: impl FnOnce(&DeskFrame<'_>) -> String) -> Answer {
        let secret = match &visit.session {
            Some((token, _)) => self.parts.cookies.secret(token),
            None => String::new(),
        };
        self.page_with(visit, status, &secret, render)
    }

    fn page_with(
        &self,
        visit: &Visit<'_>,
        status: StatusCode,
        secret: &str,
        render: impl FnOnce(&DeskFrame<'_>) -> String,
    ) -> Answer {
        let frame = DeskFrame {
            f: visit.asked.frame(),
            member: visit.session.as_ref().map(|(_, open)| &open.member),
            secret,
            zone: &self.night.zone,
            waiting: visit.waiting,
            to: visit.to,
            done: visit.done,
            open: visit.open,
        };
        respond::page(&visit.asked, status, render(&frame))
    }

    /// "See other", and what was done.
    fn go_to(&self, visit: &Visit<'_>, path: &str, done: Option<&str>) -> Answer {
        let mut answer = respond::see_other(&visit.asked, path);
        if let Some(done) = done {
            let link = visit.asked.frame().link(path);
            let joint = if link.contains('?') { '&' } else { '?' };
            if let Ok(location) = HeaderValue::try_from(format!("{link}{joint}done={done}")) {
                answer.headers_mut().insert(LOCATION, location);
            }
        }
        answer
    }

    /// To the login, and from there to the page that was asked for: the link of an alert leads to the room.
    fn log_in_first(&self, visit: &Visit<'_>) -> Answer {
        let mut answer = self.go_to(visit, "/desk/login", None);
        let to = visit.asked.path.filter(|path| route::is_page_of_members(path));
        if let Some(Ok(location)) =
            to.map(|to| HeaderValue::try_from(visit.asked.frame().login("/desk/login", Some(to))))
        {
            answer.headers_mut().insert(LOCATION, location);
        }
        answer
    }

    fn no(&self, visit: &Visit<'_>, no: No) -> Answer {
        let mut written = Vec::new();
        let (status, what) = match no {
            No::LogIn => return self.log_in_first(visit),
            // The public pages speak of signing.
            No::Refusal(refusal) => of_form(refusal),
            No::Page => (StatusCode::NOT_FOUND, "page"),
            No::Link => (StatusCode::NOT_FOUND, "link"),
            No::Right => (StatusCode::FORBIDDEN, "right"),
            No::Form => (StatusCode::FORBIDDEN, "form"),
            No::Written(words) => {
                written = words;
                (StatusCode::FORBIDDEN, "form")
            }
            No::Stands(how) => (StatusCode::CONFLICT, how),
            No::Method => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            No::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            No::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "broken"),
        };
        let page = NoPage {
            in_room: matches!(what, "undone" | "nobody" | "over" | "no-scrutiny"),
            role: visit
                .session
                .as_ref()
                .map(|(_, open)| open.member.role)
                .filter(|_| what == "right"),
            what,
            written: &written,
        };
        let mut answer = self.page(visit, status, |frame| desk_no(frame, &page));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            respond::set_retry_after(&mut answer, Some(TRY_AGAIN_SECONDS));
        }
        answer
    }

    /// A form for somebody who has not logged in: bound to the browser by a cookie of its own, whose token is given too.
    fn door_form(
        &self,
        visit: &Visit<'_>,
        status: StatusCode,
        render: impl FnOnce(&DeskFrame<'_>, &Token) -> String,
    ) -> Answer {
        let cookies = &self.parts.cookies;
        let known = cookies.form_token(visit.headers);
        let token = known.unwrap_or_else(id::random);
        let mut answer = self.page_with(visit, status, &cookies.secret(&token), |frame| render(frame, &token));
        if known.is_none() {
            let cookie = cookies.set(Cookie::Form, &session::spelled(&token));
            answer.headers_mut().append(SET_COOKIE, cookie);
        }
        answer
    }
}

/// Why a form was not taken, in the words of the desk.
fn of_form(refusal: Refusal) -> (StatusCode, &'static str) {
    match refusal {
        Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "large"),
        Refusal::UnsupportedType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "type"),
        Refusal::TooSlow => (StatusCode::REQUEST_TIMEOUT, "slow"),
        _ => (StatusCode::BAD_REQUEST, "field"),
    }
}
