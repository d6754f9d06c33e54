//! Coming in: login, links, logout; and the account of who is in.

use http::StatusCode;
use http::header::SET_COOKIE;
use zeroize::Zeroizing;

use super::books::{Credentials, Link};
use super::command::{DeskAnswer, Join, Proof, Session, Wish};
use super::form::Form;
use super::password::Whose;
use super::session::{Cookie, Token, hashed, read, spelled};
use super::totp::{self, Codes};
use super::{Desk, No, Outcome, Visit, names, password};
use crate::admit::lane::Permit;
use crate::keys::tag;
use crate::respond::{Answer, set_retry_after};
use crate::store::id;
use crate::views::desk::{
    AccountPage, CodesPage, Denied, JoinPage, LoginPage, desk_account, desk_codes, desk_join, desk_login,
};

/// Seconds before a login is tried again that could not be recorded.
const TRY_AGAIN_SECONDS: u64 = 5;

/// What may be wrong with the form of a link: field, and id of the message.
type Wrong = Vec<(&'static str, &'static str)>;

impl Desk {
    pub(super) fn login_page(&self, visit: &Visit<'_>) -> Outcome {
        if visit.session.is_some() {
            return Ok(self.go_to(visit, visit.to.unwrap_or("/desk"), None));
        }
        Ok(self.denied(visit, "", None))
    }

    pub(super) fn denied(&self, visit: &Visit<'_>, name: &str, refused: Option<Denied>) -> Answer {
        let (status, wait) = match refused {
            None => (StatusCode::OK, None),
            Some(Denied::Wrong | Denied::Passkey | Denied::Late | Denied::Stopped) => (StatusCode::FORBIDDEN, None),
            Some(Denied::Wait(wait)) => (StatusCode::TOO_MANY_REQUESTS, Some(wait)),
            Some(Denied::Busy(wait)) => (StatusCode::SERVICE_UNAVAILABLE, Some(wait)),
        };
        let outcome = match refused {
            None => "shown",
            Some(Denied::Wrong | Denied::Passkey) => "wrong",
            Some(Denied::Late) => "late",
            Some(Denied::Stopped) => "stopped",
            Some(Denied::Wait(_)) => "wait",
            Some(Denied::Busy(_)) => "busy",
        };
        crate::handlers::count("desk_login", outcome);
        let mut answer = self.door_form(visit, status, |frame, browser| {
            let passkey = self.using(browser, visit.now);
            let to = visit.to;
            desk_login(
                frame,
                &LoginPage {
                    name,
                    refused,
                    passkey,
                    to,
                },
            )
        });
        set_retry_after(&mut answer, wait);
        answer
    }

    /// Whether or not there is such a member, the same is done and the same is said.
    pub(super) async fn login(&self, visit: &Visit<'_>, form: &Form, place: Permit) -> Outcome {
        let parts = &self.parts;
        let login = names::login(form.get("name"));
        let name = tag(&parts.names, &[login.as_bytes()]);
        let known = parts.books.credentials(login).await?;
        // The password has a queue of its own: who waits there keeps nobody from the login page.
        drop(place);
        let marked = known
            .as_ref()
            .is_some_and(|known| parts.cookies.is_marked(visit.headers, &known.member.id));
        if let Err(wait) = parts.pace.begin(name, marked, &visit.source, visit.now) {
            return Ok(self.denied(visit, form.get("name"), Some(Denied::Wait(wait.div_ceil(1000)))));
        }
        let given = Zeroizing::new(form.get("password").to_owned());
        let stored = known.as_ref().map(|known| &known.password[..]);
        let whose = if marked { Whose::Known } else { Whose::Stranger };
        let is_right = match parts.passwords.is(given, stored, whose).await {
            Ok(is_right) => is_right,
            Err(busy) => return Ok(self.denied(visit, form.get("name"), Some(Denied::Busy(busy.retry_after)))),
        };
        let proof = known
            .as_ref()
            .and_then(|known| self.proof(known, form.get("code"), visit));
        let (Some(known), Some(proof), true) = (known, proof, is_right) else {
            return Ok(self.denied(visit, form.get("name"), Some(Denied::Wrong)));
        };
        let token: Token = id::random();
        let session = Session {
            token: hashed(&token),
            member: known.member.id,
        };
        match parts.intake.desk(None, Wish::Open(session, proof)).await {
            Ok(DeskAnswer::Done) => {}
            Ok(_) => return Ok(self.denied(visit, form.get("name"), Some(Denied::Wrong))),
            Err(_) => return Ok(self.denied(visit, form.get("name"), Some(Denied::Busy(TRY_AGAIN_SECONDS)))),
        }
        parts.pace.succeeded(name, marked, &visit.source);
        crate::handlers::count("desk_login", "in");
        let mut answer = self.go_to(visit, visit.to.unwrap_or("/desk"), None);
        self.let_in(&mut answer, &token, known.member.id);
        Ok(answer)
    }

    fn proof(&self, known: &Credentials, typed: &str, visit: &Visit<'_>) -> Option<Proof> {
        let member = &known.member.id;
        if let Some(code) = self.parts.codes.recovery_tag(member, typed) {
            return Some(Proof::Recovery(code));
        }
        let secret = self.parts.codes.open(member, &known.totp)?;
        totp::find(&secret, typed, visit.now).map(Proof::Step)
    }

    pub(super) fn let_in(&self, answer: &mut Answer, token: &Token, member: [u8; 16]) {
        let cookies = &self.parts.cookies;
        let headers = answer.headers_mut();
        headers.append(SET_COOKIE, cookies.set(Cookie::Session, &cookies.session(token)));
        headers.append(SET_COOKIE, cookies.set(Cookie::Mark, &cookies.mark(&member)));
        headers.append(SET_COOKIE, cookies.clear(Cookie::Form));
    }

    pub(super) async fn log_out(&self, visit: &Visit<'_>) -> Outcome {
        let Some((_, open)) = &visit.session else {
            return Err(No::Form);
        };
        let wish = Wish::End(open.member.id, Some(open.token));
        self.parts.intake.desk(Some(open.member.id), wish).await?;
        let mut answer = self.go_to(visit, "/desk/login", Some("logged-out"));
        let cookie = self.parts.cookies.clear(Cookie::Session);
        answer.headers_mut().append(SET_COOKIE, cookie);
        Ok(answer)
    }

    async fn link(&self, visit: &Visit<'_>, token: &str) -> Result<(Token, Link), No> {
        let token = read(token).ok_or(No::Link)?;
        let link = self.parts.books.link(hashed(&token), visit.now).await?;
        link.map(|link| (token, link)).ok_or(No::Link)
    }

    pub(super) async fn join_page(&self, visit: &Visit<'_>, token: &str) -> Outcome {
        let (token, link) = self.link(visit, token).await?;
        Ok(self.joining(visit, StatusCode::OK, &token, &link, "", &[]))
    }

    fn joining(
        &self,
        visit: &Visit<'_>,
        status: StatusCode,
        token: &Token,
        link: &Link,
        name: &str,
        wrong: &[(&'static str, &'static str)],
    ) -> Answer {
        let secret = self.parts.codes.of_link(token);
        let shown = link.member.as_ref().map_or(link.role.name(), |member| &member.name);
        let (uri, key) = (totp::uri(&secret, &self.site.name, shown), totp::spelled(&secret));
        let page = JoinPage {
            token: &spelled(token),
            link,
            name,
            uri: &uri,
            spelled: &key,
            wrong,
        };
        self.door_form(visit, status, |frame, _| desk_join(frame, &page))
    }

    pub(super) async fn join(&self, visit: &Visit<'_>, token: &str, form: &Form, place: Permit) -> Outcome {
        let (token, link) = self.link(visit, token).await?;
        drop(place);
        let name = match &link.member {
            Some(member) => member.name.clone(),
            None => form.get("name").trim().to_owned(),
        };
        let secret = self.parts.codes.of_link(&token);
        let step = totp::find(&secret, form.get("code"), visit.now);
        let mut wrong = Wrong::new();
        if !names::is_fit(&name) {
            wrong.push(("name", "desk-wrong-name"));
        }
        if !password::is_fit(form.get("password"), &name) {
            wrong.push(("password", "desk-wrong-password"));
        }
        let Some(step) = step.filter(|_| wrong.is_empty()) else {
            if step.is_none() {
                wrong.push(("code", "desk-wrong-code"));
            }
            return Ok(self.joining(visit, StatusCode::BAD_REQUEST, &token, &link, &name, &wrong));
        };
        let Ok(hash) = self
            .parts
            .passwords
            .hash(Zeroizing::new(form.get("password").to_owned()))
            .await
        else {
            return Err(No::Busy);
        };
        let member = link.member.as_ref().map_or_else(id::random, |member| member.id);
        let (codes, session): (_, Token) = (Codes::new_recovery(), id::random());
        let tagged = codes
            .iter()
            .filter_map(|code| self.parts.codes.recovery_tag(&member, code));
        let join = Join {
            link: hashed(&token),
            member,
            login: names::login(&name),
            name: name.clone(),
            password: hash,
            totp: self.parts.codes.seal(&member, &secret),
            step,
            recovery: tagged.collect(),
            session: hashed(&session),
        };
        match self.parts.intake.desk(None, Wish::Join(Box::new(join))).await? {
            DeskAnswer::Done => {}
            DeskAnswer::Taken => {
                let wrong = [("name", "desk-wrong-taken")];
                return Ok(self.joining(visit, StatusCode::CONFLICT, &token, &link, &name, &wrong));
            }
            _ => return Err(No::Link),
        }
        tracing::info!(role = link.role.name(), "somebody joined the desk");
        let mut answer = self.codes_page(visit, &codes);
        self.let_in(&mut answer, &session, member);
        Ok(answer)
    }

    fn codes_page(&self, visit: &Visit<'_>, codes: &[String]) -> Answer {
        let visit = visit.without_path();
        self.page(&visit, StatusCode::OK, |frame| desk_codes(frame, &CodesPage { codes }))
    }

    pub(super) async fn account_page(
        &self,
        visit: &Visit<'_>,
        status: StatusCode,
        wrong: Option<&'static str>,
    ) -> Outcome {
        let Some((_, open)) = &visit.session else {
            return Err(No::LogIn);
        };
        let sessions = self.parts.books.sessions(open.member.id).await?;
        let passkeys = self.parts.books.passkeys(open.member.id).await?;
        let page = AccountPage {
            sessions: &sessions,
            making: self.making(visit, &passkeys),
            passkeys: &passkeys,
            current: open.token,
            recovery_left: self.parts.books.recovery_left(open.member.id).await?,
            wrong,
        };
        Ok(self.page(visit, status, |frame| desk_account(frame, &page)))
    }

    /// Whether the password of who is logged in was typed right: a browser left open is not enough to change how one gets
    /// in. Guesses are slowed down like logins.
    pub(super) async fn knows_password(&self, visit: &Visit<'_>, typed: &str) -> Result<Result<(), Answer>, No> {
        let parts = &self.parts;
        let member = visit.member()?;
        let login = names::login(&member.name);
        let name = tag(&parts.names, &[login.as_bytes()]);
        let refused = async |status| self.account_page(visit, status, Some("desk-old-wrong")).await;
        if parts.pace.begin(name, true, &visit.source, visit.now).is_err() {
            return Ok(Err(refused(StatusCode::TOO_MANY_REQUESTS).await?));
        }
        let known = parts.books.credentials(login).await?;
        let stored = known.as_ref().map(|known| &known.password[..]);
        let given = Zeroizing::new(typed.to_owned());
        let is_right = parts.passwords.is(given, stored, Whose::Known).await;
        if !is_right.map_err(|_| No::Busy)? {
            return Ok(Err(refused(StatusCode::FORBIDDEN).await?));
        }
        parts.pace.succeeded(name, true, &visit.source);
        Ok(Ok(()))
    }

    pub(super) async fn change_password(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let Some((_, open)) = &visit.session else {
            return Err(No::Form);
        };
        if let Err(answer) = self.knows_password(visit, form.get("old")).await? {
            return Ok(answer);
        }
        if !password::is_fit(form.get("password"), &open.member.name) {
            return self
                .account_page(visit, StatusCode::BAD_REQUEST, Some("desk-hint-password"))
                .await;
        }
        let new = Zeroizing::new(form.get("password").to_owned());
        let hash = self.parts.passwords.hash(new).await.map_err(|_| No::Busy)?;
        let wish = Wish::Password(hash, open.token);
        self.parts.intake.desk(Some(open.member.id), wish).await?;
        Ok(self.go_to(visit, "/desk/account", Some("password")))
    }

    pub(super) async fn new_codes(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let member = visit.by()?;
        if let Err(answer) = self.knows_password(visit, form.get("old")).await? {
            return Ok(answer);
        }
        let codes = Codes::new_recovery();
        let tagged = codes
            .iter()
            .filter_map(|code| self.parts.codes.recovery_tag(&member, code));
        let wish = Wish::Recovery(tagged.collect());
        self.parts.intake.desk(Some(member), wish).await?;
        Ok(self.codes_page(visit, &codes))
    }

    /// One session of one's own, or all of them.
    pub(super) async fn end_sessions(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let member = visit.by()?;
        let named = form.get("session");
        let token = if named.is_empty() {
            None
        } else {
            let bytes = data_encoding::HEXLOWER.decode(named.as_bytes()).ok();
            Some(bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(No::Page)?)
        };
        self.parts.intake.desk(Some(member), Wish::End(member, token)).await?;
        let (page, done) = match token {
            Some(_) => ("/desk/account", "ended"),
            None => ("/desk/login", "all-ended"),
        };
        Ok(self.go_to(visit, page, Some(done)))
    }
}
