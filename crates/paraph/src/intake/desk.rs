//! What is done at the desk. Each command has a batch of its own, so that it decides on what the store holds.

use paraph_tally::{Millis, PetitionId};

use super::command::{Judgement, PetitionAnswer, PetitionCommand};
use super::decide::Decider;
use crate::desk::command::{
    COMMAND_LINE, DeskAnswer, DeskCommand, Invitation, Join, MemberId, NewPasskey, PasskeyUse, Proof, Session,
    TokenHash, Wish,
};
use crate::desk::role::Role;
use crate::desk::webauthn;
use crate::incident::Direction;
use crate::incident::log::Entry;
use crate::journal::desk::{DeskRow, Line, Member, Standing};
use crate::journal::integer;
use crate::store::db::{DbError, Value};
use crate::store::id;

/// A draft is with its author.
const WITH_AUTHOR: i64 = 0;
/// A draft waits for a moderator.
const TO_REVIEW: i64 = 1;
/// A draft was sent back.
const SENT_BACK: i64 = 2;

impl Decider<'_> {
    pub(super) async fn desk(&mut self, command: DeskCommand) -> Result<DeskAnswer, DbError> {
        let DeskCommand { by, wish } = command;
        match wish {
            Wish::Invite(link) => self.invite(by, link).await,
            Wish::FirstLink(token, expires) => self.first_link(token, expires).await,
            Wish::TakeBack(token) => self.take_back(by, token).await,
            Wish::Join(join) => self.join(*join).await,
            Wish::Open(session, proof) => self.open_session(session, proof).await,
            Wish::OpenByPasskey(session, used) => self.open_by_passkey(session, used).await,
            Wish::AddPasskey(passkey) => self.add_passkey(by, passkey).await,
            Wish::RemovePasskey(id) => self.remove_passkey(by, id).await,
            Wish::Seen(token) => {
                self.keep(DeskRow::Seen(token, self.at));
                Ok(DeskAnswer::Done)
            }
            Wish::End(member, token) => {
                self.keep(DeskRow::Ended(member, token, None));
                let act = if token.is_some() {
                    "session-ended"
                } else {
                    "sessions-ended"
                };
                self.note(by, act, hex(member));
                Ok(DeskAnswer::Done)
            }
            Wish::Password(password, kept) => {
                let Some(member) = by else {
                    return Ok(DeskAnswer::Unknown);
                };
                self.keep(DeskRow::Password(member, password));
                self.keep(DeskRow::Ended(member, None, Some(kept)));
                self.note(by, "password", String::new());
                Ok(DeskAnswer::Done)
            }
            Wish::Recovery(codes) => {
                let Some(member) = by else {
                    return Ok(DeskAnswer::Unknown);
                };
                self.keep(DeskRow::Recovery(member, codes));
                self.note(by, "recovery", String::new());
                Ok(DeskAnswer::Done)
            }
            Wish::Remove(member) => self.remove(by, member).await,
            Wish::Petition(command) => self.desk_petition(by, command).await,
            Wish::Publish(command, revision) => self.publish_as_read(by, command, revision).await,
            Wish::Submit(slug) => self.submit(by, slug).await,
            Wish::SendBack(slug, note) => self.send_back(by, slug, note).await,
            Wish::Shift(entry, text, incident) => {
                if !self.says_so_already(entry, incident).await? {
                    self.log_shift(by, entry, text, incident);
                }
                Ok(DeskAnswer::Done)
            }
            Wish::Did(act, subject) => {
                self.note(by, act, subject);
                Ok(DeskAnswer::Done)
            }
            Wish::Restored => {
                self.note(None, "store-restored", String::new());
                self.keep(DeskRow::NothingOpen);
                Ok(DeskAnswer::Done)
            }
        }
    }

    /// Whether the clocks of an incident run already, or stand, by a person's word: pressed twice at once, it is written down once.
    async fn says_so_already(&mut self, entry: Entry, incident: Option<u64>) -> Result<bool, DbError> {
        if !matches!(entry, Entry::Aware | Entry::Over) {
            return Ok(false);
        }
        let sql = "SELECT kind FROM desk_shift WHERE COALESCE(incident, -1) = ?1 AND kind IN ('aware', 'over') ORDER BY id DESC LIMIT 1";
        let of = incident.map_or(Value::Int(-1), integer);
        let last = self.db.query_one(sql, &[of]).await?;
        last.map_or(Ok(false), |row| Ok(row.text(0)? == entry.name()))
    }

    /// A line of the shift log; of the register too, where it is about something that was done.
    pub(super) fn log_shift(&mut self, by: Option<MemberId>, entry: Entry, text: String, incident: Option<u64>) {
        let line = Line {
            id: id::time_ordered(self.at),
            at: self.at,
            member: by,
            act: entry.name(),
            subject: text,
        };
        if entry.is_act() {
            self.keep(DeskRow::Audit(line.clone()));
        }
        self.keep(DeskRow::Shift(line, incident));
    }

    /// A person's verdict stands in the register by its number: on which petition, on how many, and which verdict it takes back, if
    /// it does.
    pub(super) async fn note_verdict(
        &mut self,
        account: MemberId,
        judgement: &Judgement,
        (position, judged): (u64, u64),
    ) -> Result<(), DbError> {
        // Whoever works at the machine has an account of verdicts, and is no member.
        let by = self.role(account).await?.map(|_| account);
        let sql = "SELECT slug FROM petition WHERE id = ?1";
        let petition = Value::Int(judgement.petition.0.into());
        let slug = self.db.query_one(sql, &[petition]).await?;
        let slug = slug.map_or(Ok(String::new()), |row| row.text(0).map(str::to_owned))?;
        let (act, undone) = match judgement.undoes {
            Some(verdict) => ("undone", format!(" {verdict}")),
            None => (Direction::from(judgement.kind).name(), String::new()),
        };
        self.note(by, act, format!("{slug} {judged}{undone} #{position}"));
        Ok(())
    }

    fn keep(&mut self, row: DeskRow) {
        self.decided.batch.desk.push(row);
    }

    fn note(&mut self, member: Option<MemberId>, act: &'static str, subject: String) {
        let line = Line {
            id: id::time_ordered(self.at),
            at: self.at,
            member,
            act,
            subject,
        };
        self.keep(DeskRow::Audit(line));
    }

    async fn invite(&mut self, by: Option<MemberId>, link: Invitation) -> Result<DeskAnswer, DbError> {
        let sql = "SELECT COUNT(*) FROM desk_invitation";
        if self.number(sql, &[]).await? >= self.limits.desk_links {
            return Ok(DeskAnswer::Full);
        }
        let subject = match link.member {
            Some(member) if self.role(member).await?.is_none() => return Ok(DeskAnswer::Unknown),
            Some(member) => hex(member),
            None => link.role.name().to_owned(),
        };
        let act = if link.member.is_some() { "reset" } else { "invited" };
        self.keep(DeskRow::Invitation(link, by.or(Some(COMMAND_LINE)), self.at));
        self.note(by, act, subject);
        Ok(DeskAnswer::Done)
    }

    async fn first_link(&mut self, token: TokenHash, expires: Millis) -> Result<DeskAnswer, DbError> {
        if self.operators().await? > 0 {
            return Ok(DeskAnswer::Refused);
        }
        let link = Invitation {
            token,
            role: Role::Operator,
            member: None,
            expires,
        };
        self.keep(DeskRow::NoFirstLinks);
        self.keep(DeskRow::Invitation(link, None, self.at));
        Ok(DeskAnswer::Done)
    }

    async fn take_back(&mut self, by: Option<MemberId>, token: TokenHash) -> Result<DeskAnswer, DbError> {
        let sql = "SELECT role, member FROM desk_invitation WHERE token = ?1";
        let Some(row) = self.db.query_one(sql, &[Value::Blob(&token)]).await? else {
            return Ok(DeskAnswer::Unknown);
        };
        let role = Role::from_code(row.int(0)?).map_or("", Role::name);
        let subject = row.maybe_array(1)?.map_or_else(|| role.to_owned(), hex);
        self.keep(DeskRow::InvitationSpent(token));
        self.note(by, "link-taken-back", subject);
        Ok(DeskAnswer::Done)
    }

    async fn join(&mut self, join: Join) -> Result<DeskAnswer, DbError> {
        let sql = "SELECT role, member, expires FROM desk_invitation WHERE token = ?1";
        let Some(row) = self.db.query_one(sql, &[Value::Blob(&join.link)]).await? else {
            return Ok(DeskAnswer::Unknown);
        };
        let (role, known) = (Role::from_code(row.int(0)?), row.maybe_array(1)?);
        let Some(role) = role.filter(|_| row.unsigned(2).is_ok_and(|expires| expires > self.at.0)) else {
            return Ok(DeskAnswer::Unknown);
        };
        if known.is_none() {
            let sql = "SELECT COUNT(*) FROM desk_member WHERE login = ?1";
            if self.number(sql, &[Value::Text(&join.login)]).await? > 0 {
                return Ok(DeskAnswer::Taken);
            }
            let sql = "SELECT COUNT(*) FROM desk_member WHERE removed_at IS NULL";
            if self.number(sql, &[]).await? >= self.limits.desk_members {
                return Ok(DeskAnswer::Full);
            }
        }
        let member = known.unwrap_or(join.member);
        self.keep(DeskRow::InvitationSpent(join.link));
        if role == Role::Operator {
            self.keep(DeskRow::NoFirstLinks);
        }
        self.keep(DeskRow::Ended(member, None, None));
        self.keep(DeskRow::Member(Member {
            id: member,
            name: join.name,
            login: join.login,
            role,
            password: join.password,
            totp: join.totp,
            step: join.step,
            made_at: self.at,
        }));
        self.keep(DeskRow::Recovery(member, join.recovery));
        // Whoever chooses anew has lost something; it may have been this.
        self.keep(DeskRow::NoPasskeys(member));
        self.keep(DeskRow::Session(join.session, member, self.at));
        let act = if known.is_some() { "renewed" } else { "joined" };
        self.note(Some(member), act, role.name().to_owned());
        Ok(DeskAnswer::Done)
    }

    async fn open_session(&mut self, session: Session, proof: Proof) -> Result<DeskAnswer, DbError> {
        let Session { token, member } = session;
        let act = match proof {
            Proof::Step(step) => {
                let sql = "SELECT totp_step FROM desk_member WHERE id = ?1 AND removed_at IS NULL";
                let last = self.db.query_one(sql, &[Value::Blob(&member)]).await?;
                let Some(last) = last.map(|row| row.unsigned(0)).transpose()? else {
                    return Ok(DeskAnswer::Unknown);
                };
                // A code is good once: whoever read it over a shoulder comes too late (RFC 6238, section 5.2).
                if step <= last {
                    return Ok(DeskAnswer::Spent);
                }
                self.keep(DeskRow::Step(member, step));
                "login"
            }
            Proof::Recovery(code) => {
                let sql = "SELECT COUNT(*) FROM desk_recovery WHERE member = ?1 AND code = ?2";
                let values = [Value::Blob(&member), Value::Blob(&code)];
                if self.number(sql, &values).await? == 0 {
                    return Ok(DeskAnswer::Spent);
                }
                self.keep(DeskRow::RecoverySpent(member, code));
                "login-recovery"
            }
        };
        self.begin_session(token, member, act).await
    }

    /// A passkey takes only challenges that are younger than the last one it answered, so that each is good once. One whose
    /// count does not rise has a copy somewhere: neither gets in any more, and the member still has password and code.
    async fn open_by_passkey(&mut self, session: Session, used: PasskeyUse) -> Result<DeskAnswer, DbError> {
        let Session { token, member } = session;
        let sql = "SELECT p.counter, p.challenged_at, COALESCE(p.stopped_at, 0), p.name FROM desk_passkey p \
                   JOIN desk_member m ON m.id = p.member WHERE p.id = ?1 AND p.member = ?2 AND m.removed_at IS NULL";
        let values = [Value::Blob(&used.id), Value::Blob(&member)];
        let Some(row) = self.db.query_one(sql, &values).await? else {
            return Ok(DeskAnswer::Unknown);
        };
        if row.unsigned(2)? > 0 {
            return Ok(DeskAnswer::Refused);
        }
        if used.challenged.0 <= row.unsigned(1)? {
            return Ok(DeskAnswer::Spent);
        }
        let last = u32::try_from(row.unsigned(0)?).unwrap_or(u32::MAX);
        if !webauthn::follows(used.counter, last) {
            let name = row.text(3)?.to_owned();
            self.keep(DeskRow::PasskeyStopped(used.id, self.at));
            self.note(Some(member), "passkey-stopped", name);
            return Ok(DeskAnswer::Refused);
        }
        self.keep(DeskRow::PasskeyUsed(used, self.at));
        self.begin_session(token, member, "login-passkey").await
    }

    async fn add_passkey(&mut self, by: Option<MemberId>, passkey: NewPasskey) -> Result<DeskAnswer, DbError> {
        let Some(member) = by else {
            return Ok(DeskAnswer::Unknown);
        };
        let sql = "SELECT COUNT(*) FROM desk_passkey WHERE id = ?1";
        if self.number(sql, &[Value::Blob(&passkey.id)]).await? > 0 {
            return Ok(DeskAnswer::Taken);
        }
        let sql = "SELECT COUNT(*) FROM desk_passkey WHERE member = ?1";
        if self.number(sql, &[Value::Blob(&member)]).await? >= self.limits.desk_passkeys {
            return Ok(DeskAnswer::Full);
        }
        self.note(by, "passkey-added", passkey.name.clone());
        self.keep(DeskRow::Passkey(member, passkey, self.at));
        Ok(DeskAnswer::Done)
    }

    async fn remove_passkey(&mut self, by: Option<MemberId>, id: Vec<u8>) -> Result<DeskAnswer, DbError> {
        let Some(member) = by else {
            return Ok(DeskAnswer::Unknown);
        };
        let sql = "SELECT name FROM desk_passkey WHERE id = ?1 AND member = ?2";
        let Some(row) = self
            .db
            .query_one(sql, &[Value::Blob(&id), Value::Blob(&member)])
            .await?
        else {
            return Ok(DeskAnswer::Unknown);
        };
        let name = row.text(0)?.to_owned();
        self.keep(DeskRow::PasskeyRemoved(id));
        self.note(by, "passkey-removed", name);
        Ok(DeskAnswer::Done)
    }

    async fn begin_session(
        &mut self,
        token: TokenHash,
        member: MemberId,
        act: &'static str,
    ) -> Result<DeskAnswer, DbError> {
        let sql = "SELECT token FROM desk_session WHERE member = ?1 ORDER BY seen_at DESC LIMIT 1 OFFSET ?2";
        let most = self.limits.desk_sessions.saturating_sub(1);
        let oldest = self.db.query_one(sql, &[Value::Blob(&member), integer(most)]).await?;
        if let Some(oldest) = oldest {
            self.keep(DeskRow::Ended(member, Some(oldest.array(0)?), None));
        }
        self.keep(DeskRow::Session(token, member, self.at));
        self.note(Some(member), act, String::new());
        Ok(DeskAnswer::Done)
    }

    async fn remove(&mut self, by: Option<MemberId>, member: MemberId) -> Result<DeskAnswer, DbError> {
        let Some(role) = self.role(member).await? else {
            return Ok(DeskAnswer::Unknown);
        };
        if role == Role::Operator && self.operators().await? <= 1 {
            return Ok(DeskAnswer::Refused);
        }
        self.keep(DeskRow::Removed(member, self.at));
        self.note(by, "removed", hex(member));
        Ok(DeskAnswer::Done)
    }

    async fn desk_petition(&mut self, by: Option<MemberId>, command: PetitionCommand) -> Result<DeskAnswer, DbError> {
        // What was changed after it was submitted has to be read again.
        let moved = match &command {
            PetitionCommand::Create { slug, .. } | PetitionCommand::Publish { slug, .. } => Some(slug.clone()),
            PetitionCommand::Edit(edit) => Some(edit.slug.clone()),
            _ => None,
        };
        let answer = self.petition_noted(by, command).await?;
        if let Some(slug) = moved.filter(|_| is_done(&answer)) {
            let new = self.decided.batch.petitions.last().map(|petition| petition.id);
            let petition = match new {
                Some(petition) => Some(petition),
                None => self.petition_called(&slug).await?,
            };
            if let Some(petition) = petition {
                self.stand(petition, new.and(by), WITH_AUTHOR, String::new());
            }
        }
        Ok(DeskAnswer::Petition(answer))
    }

    /// What is done with a petition stands in the register, also where it was typed at the machine.
    pub(super) async fn petition_noted(
        &mut self,
        by: Option<MemberId>,
        command: PetitionCommand,
    ) -> Result<PetitionAnswer, DbError> {
        let (act, slug) = match &command {
            PetitionCommand::Create { slug, .. } => ("created", slug.clone()),
            PetitionCommand::Edit(edit) => ("edited", edit.slug.clone()),
            PetitionCommand::Post(post) => ("posted", post.slug.clone()),
            PetitionCommand::Publish { slug, .. } => ("published", slug.clone()),
            PetitionCommand::Close { slug } => ("closed", slug.clone()),
            PetitionCommand::Discard { slug } => ("discarded", slug.clone()),
        };
        let opens = matches!(command, PetitionCommand::Create { publish: true, .. });
        let answer = self.petition_settled(command).await?;
        if is_done(&answer) {
            self.note(by, act, slug.clone());
            if opens {
                self.note(by, "published", slug);
            }
        }
        Ok(answer)
    }

    /// Publishes what the moderator has read, and nothing that its author has put in its place meanwhile.
    async fn publish_as_read(
        &mut self,
        by: Option<MemberId>,
        command: PetitionCommand,
        revision: u64,
    ) -> Result<DeskAnswer, DbError> {
        let PetitionCommand::Publish { slug, .. } = &command else {
            return Ok(DeskAnswer::Unknown);
        };
        let sql = "SELECT COUNT(*) FROM petition p LEFT JOIN petition_content c ON c.petition = p.id \
                   WHERE p.slug = ?1 AND COALESCE(c.revision, 0) = ?2";
        if self.number(sql, &[Value::Text(slug), integer(revision)]).await? == 0 {
            return Ok(DeskAnswer::Changed);
        }
        self.desk_petition(by, command).await
    }

    async fn submit(&mut self, by: Option<MemberId>, slug: String) -> Result<DeskAnswer, DbError> {
        let Some(petition) = self.draft(&slug).await? else {
            return Ok(DeskAnswer::Unknown);
        };
        self.stand(petition, None, TO_REVIEW, String::new());
        self.note(by, "submitted", slug);
        Ok(DeskAnswer::Done)
    }

    async fn send_back(&mut self, by: Option<MemberId>, slug: String, note: String) -> Result<DeskAnswer, DbError> {
        let Some(petition) = self.draft(&slug).await? else {
            return Ok(DeskAnswer::Unknown);
        };
        self.stand(petition, None, SENT_BACK, note);
        self.note(by, "sent-back", slug);
        Ok(DeskAnswer::Done)
    }

    async fn draft(&mut self, slug: &str) -> Result<Option<PetitionId>, DbError> {
        let sql = "SELECT COUNT(*) FROM petition WHERE slug = ?1 AND phase = ?2";
        let phase = crate::ledger::phase_code(paraph_tally::Phase::Draft);
        if self.number(sql, &[Value::Text(slug), Value::Int(phase)]).await? == 0 {
            return Ok(None);
        }
        self.petition_called(slug).await
    }

    fn stand(&mut self, petition: PetitionId, author: Option<MemberId>, review: i64, note: String) {
        let standing = Standing {
            author,
            review,
            note,
            since: self.at,
        };
        self.keep(DeskRow::Petition(petition, standing));
    }

    async fn operators(&mut self) -> Result<u64, DbError> {
        let sql = "SELECT COUNT(*) FROM desk_member WHERE role = ?1 AND removed_at IS NULL";
        self.number(sql, &[Value::Int(Role::Operator.code())]).await
    }

    async fn role(&mut self, member: MemberId) -> Result<Option<Role>, DbError> {
        let sql = "SELECT role FROM desk_member WHERE id = ?1 AND removed_at IS NULL";
        let row = self.db.query_one(sql, &[Value::Blob(&member)]).await?;
        Ok(row.map(|row| row.int(0)).transpose()?.and_then(Role::from_code))
    }

    async fn number(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, DbError> {
        let row = self.db.query_one(sql, values).await?;
        row.map_or(Ok(0), |row| row.unsigned(0))
    }
}

fn is_done(answer: &PetitionAnswer) -> bool {
    matches!(
        answer,
        PetitionAnswer::Done | PetitionAnswer::Edited { .. } | PetitionAnswer::Posted { .. }
    )
}

fn hex(member: MemberId) -> String {
    data_encoding::HEXLOWER.encode(&member)
}
