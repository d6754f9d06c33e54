//! The tables, written once for both stores.
//!
//! Only `journal::append` writes `journal`, `signature`, `mailbox` and the counts of `petition`.

use super::db::{Db, DbError, Value};

/// Tables of a file as they came to be: step `n` makes version `n` out of version `n - 1`, and an empty file is version 0.
/// So a new store and one that was upgraded are the same by construction. A step that a release has shipped never changes.
pub type Steps = &'static [&'static str];

/// Version of a file's tables once every step was taken.
#[must_use]
pub fn version(steps: Steps) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}

/// Tables of the store.
pub const MAIN: Steps = &[
    FIRST, MAILING, CONTENT, VERDICTS, SCRUTINY, LEAN, DESK, INCIDENTS, NIGHT, PASSKEYS, RESTORED, DISCARDED, SPELT,
    OTHERWISE, SPOKEN,
];

/// Tables of the key file.
pub const KEYS: Steps = &[FIRST_KEYS];

const FIRST: &str = "
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value {INT} NOT NULL);
-- Tells the right master key from another one, and nothing else about it.
CREATE TABLE IF NOT EXISTS key_check (id {KEY} PRIMARY KEY, tag {BLOB} NOT NULL);

-- The one source of truth: events in order. Everything count-bearing below can be computed from it again.
CREATE TABLE IF NOT EXISTS journal (position {KEY} PRIMARY KEY, at {INT} NOT NULL, event {BLOB} NOT NULL);

CREATE TABLE IF NOT EXISTS petition (
  id {KEY} PRIMARY KEY, slug TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, language TEXT NOT NULL, goal {INT},
  created_at {INT} NOT NULL, phase {INT} NOT NULL, text_version {INT} NOT NULL, settle_after_seconds {INT} NOT NULL,
  counts {BLOB} NOT NULL);
CREATE TABLE IF NOT EXISTS petition_text (
  petition {INT} NOT NULL, version {INT} NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,
  text_hash {BLOB} NOT NULL, consent_hash {BLOB} NOT NULL, adopted_at {INT} NOT NULL, PRIMARY KEY (petition, version));

CREATE TABLE IF NOT EXISTS signature (
  id {BLOB} PRIMARY KEY, petition {INT} NOT NULL, mailbox {BLOB} NOT NULL, signed_at {INT} NOT NULL, confirmed_at {INT},
  axes {INT} NOT NULL, waiting {INT} NOT NULL, unsettled {INT} NOT NULL) {BY_KEY};
-- Partial indexes hold what is in flight, not the history: they stay small whatever has been signed.
CREATE INDEX IF NOT EXISTS signature_waiting ON signature (id) WHERE waiting = 1;
CREATE INDEX IF NOT EXISTS signature_waiting_for ON signature (mailbox, id) WHERE waiting = 1;
CREATE INDEX IF NOT EXISTS signature_confirmed_by ON signature (mailbox, id) WHERE confirmed_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS signature_unsettled ON signature (petition, confirmed_at) WHERE unsettled = 1;

-- Who counts for a mailbox. `tag` (below) is the only way from an address to a mailbox, and is erasable.
CREATE TABLE IF NOT EXISTS mailbox (id {BLOB} PRIMARY KEY, counted {BLOB}) {BY_KEY};
CREATE TABLE IF NOT EXISTS mailbox_tag (tag {BLOB} PRIMARY KEY, mailbox {BLOB} NOT NULL) {BY_KEY};
CREATE INDEX IF NOT EXISTS mailbox_tag_of ON mailbox_tag (mailbox);

-- The unique key that decides, after every race and restart, that a clearance admits one contribution.
CREATE TABLE IF NOT EXISTS nonce (nonce {BLOB} PRIMARY KEY, body_mac {BLOB} NOT NULL, expires {INT} NOT NULL) {BY_KEY};
CREATE INDEX IF NOT EXISTS nonce_expires ON nonce (expires);

-- Personal data, sealed under a key of the record's own; the wrapped keys lie in another file.
CREATE TABLE IF NOT EXISTS vault (id {BLOB} PRIMARY KEY, sealed {BLOB} NOT NULL) {BY_KEY};
-- Pseudonymous observations for scrutiny.
CREATE TABLE IF NOT EXISTS features (id {BLOB} PRIMARY KEY, observed {BLOB} NOT NULL) {BY_KEY};
-- Records whose key must go (`done` = 0) or is gone: a restore replays them.
CREATE TABLE IF NOT EXISTS erasure (id {BLOB} PRIMARY KEY, at {INT} NOT NULL, done {INT} NOT NULL) {BY_KEY};
CREATE INDEX IF NOT EXISTS erasure_open ON erasure (id) WHERE done = 0;

-- One pending mail a mailbox. `address` is a keyed tag of the canonical address over all petitions, for the budgets.
CREATE TABLE IF NOT EXISTS outbox (
  id {BLOB} PRIMARY KEY, mailbox {BLOB} NOT NULL UNIQUE, signature {BLOB} NOT NULL, address {BLOB} NOT NULL,
  petition {INT} NOT NULL, due_at {INT} NOT NULL, attempts {INT} NOT NULL) {BY_KEY};
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due_at);
CREATE TABLE IF NOT EXISTS mail_sent (
  address {BLOB} NOT NULL, at {INT} NOT NULL, outbox {BLOB} NOT NULL, petition {INT} NOT NULL, PRIMARY KEY (address, at, outbox)) {BY_KEY};
CREATE INDEX IF NOT EXISTS mail_sent_at ON mail_sent (at);
";

const MAILING: &str = "
-- Who wants no more mail of a kind, by keyed tag of the address; `until` is NULL where it has no end.
CREATE TABLE IF NOT EXISTS mail_stop (
  address {BLOB} NOT NULL, kind {INT} NOT NULL, at {INT} NOT NULL, until {INT}, PRIMARY KEY (address, kind)) {BY_KEY};
-- Mail that came back. `until` is when the address is worth another try; NULL after passing troubles only.
CREATE TABLE IF NOT EXISTS mail_bounce (
  address {BLOB} PRIMARY KEY, hard {INT} NOT NULL, soft {INT} NOT NULL, last_at {INT} NOT NULL, until {INT}) {BY_KEY};
CREATE INDEX IF NOT EXISTS mail_bounce_last ON mail_bounce (last_at);
-- Why a mail was put off (`journal::Why`), so that it is found again when that ends.
ALTER TABLE outbox ADD COLUMN held {INT} NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS outbox_held ON outbox (address) WHERE held = 1;
";

/// What authors add to a petition, and what signatories asked for beside their signature.
const CONTENT: &str = "
-- To whom a version of the text is addressed: part of what is signed, so part of the version.
ALTER TABLE petition_text ADD COLUMN addressee TEXT NOT NULL DEFAULT '';
-- Beside the text. `revision` rises with every change of it, of the text or of the updates.
CREATE TABLE IF NOT EXISTS petition_content (
  petition {KEY} PRIMARY KEY, revision {INT} NOT NULL, first_signatories TEXT NOT NULL, video TEXT NOT NULL);
-- News by the author. While `mailing` is 1, mailboxes up to `mailed_to` have had their mail made.
CREATE TABLE IF NOT EXISTS petition_update (
  petition {INT} NOT NULL, number {INT} NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, posted_at {INT} NOT NULL,
  mailing {INT} NOT NULL, mailed_to {BLOB} NOT NULL, PRIMARY KEY (petition, number));
CREATE INDEX IF NOT EXISTS petition_update_mailing ON petition_update (posted_at) WHERE mailing = 1;

-- What was asked for with the form beside signing, of those who asked for anything; goes with the record.
CREATE TABLE IF NOT EXISTS choice (
  id {BLOB} PRIMARY KEY, name {INT} NOT NULL, news {INT} NOT NULL, address {BLOB} NOT NULL) {BY_KEY};
-- Contributions that signed another version than the one in force when they came.
CREATE TABLE IF NOT EXISTS signed_earlier (id {BLOB} PRIMARY KEY, version {INT} NOT NULL) {BY_KEY};
-- Whose name may be shown: settled ones that wait for their batch (NULL), or stand in one. Never the name itself.
CREATE TABLE IF NOT EXISTS shown_name (
  id {BLOB} PRIMARY KEY, petition {INT} NOT NULL, since {INT} NOT NULL, batch {INT}, place {INT}) {BY_KEY};
CREATE INDEX IF NOT EXISTS shown_name_waiting ON shown_name (petition, since) WHERE batch IS NULL;
CREATE INDEX IF NOT EXISTS shown_name_in_batch ON shown_name (petition, batch, place) WHERE batch IS NOT NULL;

-- Who asked for news and confirmed: a row for each mailbox. Deleting it is all that unsubscribing does.
CREATE TABLE IF NOT EXISTS news (
  mailbox {BLOB} PRIMARY KEY, petition {INT} NOT NULL, signature {BLOB} NOT NULL, address {BLOB} NOT NULL,
  since {INT} NOT NULL) {BY_KEY};
CREATE INDEX IF NOT EXISTS news_of ON news (petition, mailbox);
CREATE INDEX IF NOT EXISTS news_by_signature ON news (signature);
-- Mails of updates that are under way; a budget of their own.
CREATE TABLE IF NOT EXISTS news_outbox (
  petition {INT} NOT NULL, number {INT} NOT NULL, mailbox {BLOB} NOT NULL, made_at {INT} NOT NULL, due_at {INT} NOT NULL,
  attempts {INT} NOT NULL, PRIMARY KEY (petition, number, mailbox)) {BY_KEY};
CREATE INDEX IF NOT EXISTS news_outbox_due ON news_outbox (due_at);
CREATE INDEX IF NOT EXISTS news_outbox_to ON news_outbox (mailbox);
CREATE TABLE IF NOT EXISTS news_sent (
  address {BLOB} NOT NULL, at {INT} NOT NULL, petition {INT} NOT NULL, number {INT} NOT NULL,
  PRIMARY KEY (address, petition, number)) {BY_KEY};
CREATE INDEX IF NOT EXISTS news_sent_at ON news_sent (at);
";

/// Who works at the desk, and what they did there. Nothing here bears on the count, and nothing is of a signatory.
const DESK: &str = "
-- A member. `login` is the name as it is compared; both are gone once the member was removed, and so is what opens.
CREATE TABLE IF NOT EXISTS desk_member (
  id {BLOB} PRIMARY KEY, name TEXT NOT NULL, login TEXT UNIQUE, role {INT} NOT NULL, password {BLOB} NOT NULL,
  totp {BLOB} NOT NULL, totp_step {INT} NOT NULL, made_at {INT} NOT NULL, removed_at {INT}) {BY_KEY};
-- Keyed tags of recovery codes; each opens once.
CREATE TABLE IF NOT EXISTS desk_recovery (
  member {BLOB} NOT NULL, code {BLOB} NOT NULL, PRIMARY KEY (member, code)) {BY_KEY};
-- Links that make a member, or let one (`member`) choose password and code generator anew. Only the hash of each.
CREATE TABLE IF NOT EXISTS desk_invitation (
  token {BLOB} PRIMARY KEY, role {INT} NOT NULL, member {BLOB}, made_by {BLOB}, made_at {INT} NOT NULL,
  expires {INT} NOT NULL) {BY_KEY};
CREATE TABLE IF NOT EXISTS desk_session (
  token {BLOB} PRIMARY KEY, member {BLOB} NOT NULL, made_at {INT} NOT NULL, seen_at {INT} NOT NULL) {BY_KEY};
CREATE INDEX IF NOT EXISTS desk_session_of ON desk_session (member);
-- Who did what when. `subject` is a petition's slug, a role, or a member's id as hexadecimal digits.
CREATE TABLE IF NOT EXISTS desk_audit (
  id {BLOB} PRIMARY KEY, at {INT} NOT NULL, member {BLOB}, act TEXT NOT NULL, subject TEXT NOT NULL) {BY_KEY};
-- What was seen and done at night: `kind` is note, aware (the legal clocks begin) or over (they end).
CREATE TABLE IF NOT EXISTS desk_shift (
  id {BLOB} PRIMARY KEY, at {INT} NOT NULL, member {BLOB}, kind TEXT NOT NULL, text TEXT NOT NULL) {BY_KEY};
-- Where a draft stands between its author and the moderators: 0 with its author, 1 to be reviewed, 2 sent back.
CREATE TABLE IF NOT EXISTS desk_petition (
  petition {KEY} PRIMARY KEY, author {BLOB}, review {INT} NOT NULL, note TEXT NOT NULL, since {INT} NOT NULL);
";

/// Judgements on sets of signatures.
const VERDICTS: &str = "
-- What stands behind each event of a verdict. `author` is the random name of an account, NULL for the program itself.
CREATE TABLE IF NOT EXISTS verdict (
  position {KEY} PRIMARY KEY, petition {INT} NOT NULL, kind {INT} NOT NULL, reason {INT} NOT NULL, author {BLOB},
  evidence {BLOB} NOT NULL, at {INT} NOT NULL, judged {INT} NOT NULL, undoes {INT}, note TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS verdict_undone ON verdict (undoes) WHERE undoes IS NOT NULL;
-- The verdict whose members' rows still follow, and up to which of them they are up to date: one row, or none.
CREATE TABLE IF NOT EXISTS verdict_work (position {KEY} PRIMARY KEY, done_to {BLOB} NOT NULL);
-- Confirmed ones set aside because another of their mailbox counts.
CREATE INDEX IF NOT EXISTS signature_set_aside ON signature (mailbox) WHERE axes = 1 AND unsettled = 0;
";

/// What scrutiny needs to know beside the features.
const SCRUTINY: &str = "
-- Pseudonymous observations of the requests that confirmed, beside `features`.
CREATE TABLE IF NOT EXISTS confirmed_from (id {BLOB} PRIMARY KEY, observed {BLOB} NOT NULL) {BY_KEY};
";

/// What every signature wrote and nobody needed goes; what a spent budget puts off is found.
const LEAN: &str = "
-- Nonces sort by the time they were made: the order of expiry needs no index of its own.
DROP INDEX IF EXISTS nonce_expires;
-- A mailbox has a row once something counted for it.
DELETE FROM mailbox WHERE counted IS NULL;
-- Mail put off because the budget of its address is spent (`held` = 2): the pages behind the mail that spent it show what
-- it would have said.
CREATE INDEX IF NOT EXISTS outbox_put_off ON outbox (address) WHERE held = 2;
";

/// Attacks, from what was first seen of them to the end of a quiet time.
const INCIDENTS: &str = "
CREATE TABLE IF NOT EXISTS incident (id {KEY} PRIMARY KEY, opened_at {INT} NOT NULL, body TEXT NOT NULL);
";

/// Held people who are asked once by mail, and whose shift log it is.
const NIGHT: &str = "
-- A row a mailbox, for good: nobody is asked twice. `domain` is a keyed tag of the mail domain, for the drip; `common` says
-- that it is a large provider. `due_at` is NULL once there is nothing more to send, `counted_at` is when the mail was taken out
-- to be sent. Address, domain and answer go with the record.
CREATE TABLE IF NOT EXISTS second_way (
  mailbox {BLOB} PRIMARY KEY, id {BLOB} NOT NULL, signature {BLOB} NOT NULL, incident {INT} NOT NULL, petition {INT} NOT NULL,
  address {BLOB} NOT NULL, domain {BLOB} NOT NULL, common {INT} NOT NULL, offered_at {INT} NOT NULL, due_at {INT},
  attempts {INT} NOT NULL, counted_at {INT}, answered_at {INT}, answered_from {BLOB}) {BY_KEY};
CREATE INDEX IF NOT EXISTS second_way_due ON second_way (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS second_way_id ON second_way (id);
CREATE INDEX IF NOT EXISTS second_way_signature ON second_way (signature);
CREATE INDEX IF NOT EXISTS second_way_incident ON second_way (incident, counted_at);
CREATE INDEX IF NOT EXISTS second_way_domain ON second_way (domain, counted_at);
-- Withdrawn or disowned: the mailboxes of those who have said what they want.
CREATE INDEX IF NOT EXISTS signature_taken_back ON signature (mailbox) WHERE axes & 16 = 16;
-- The incident that a line of the shift log belongs to, if there was one.
ALTER TABLE desk_shift ADD COLUMN incident {INT};
CREATE INDEX IF NOT EXISTS desk_shift_of ON desk_shift (incident, id) WHERE incident IS NOT NULL;
";

/// Another way into the desk.
const PASSKEYS: &str = "
-- Passkeys of members: public keys, nothing that opens. `challenged_at` is the age of the youngest challenge answered, `counter`
-- how often the authenticator said that it has signed; where that does not rise, there is a copy, and it is stopped.
CREATE TABLE IF NOT EXISTS desk_passkey (
  id {BLOB} PRIMARY KEY, member {BLOB} NOT NULL, name TEXT NOT NULL, public_key {BLOB} NOT NULL, counter {INT} NOT NULL,
  challenged_at {INT} NOT NULL, made_at {INT} NOT NULL, used_at {INT}, stopped_at {INT}) {BY_KEY};
CREATE INDEX IF NOT EXISTS desk_passkey_of ON desk_passkey (member);
";

/// Signatures that are invalidated and were held before say so in their axes.
const RESTORED: &str = "
-- What it changes follows from events, which SQL cannot read: `merge::held_before`.
";

/// Drafts can be discarded.
const DISCARDED: &str = "
-- Nothing changes: programs before this must not read a journal that may hold an event they do not know, and phase 3.
";

/// Mail to another spelling of a mailbox that came back.
const SPELT: &str = "
ALTER TABLE mail_sent ADD COLUMN spelt {BLOB};
ALTER TABLE mail_sent ADD COLUMN came_back {INT} NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS mail_sent_spelt ON mail_sent (spelt) WHERE spelt IS NOT NULL;
CREATE INDEX IF NOT EXISTS outbox_put_off ON outbox (address) WHERE held = 2;
";

/// Mail to another spelling of a mailbox that may have reached nobody.
const OTHERWISE: &str = "
-- The contribution that a mail speaks of, or the mail that left, names another spelling than the mailbox's own.
ALTER TABLE outbox ADD COLUMN otherwise {INT} NOT NULL DEFAULT 0;
ALTER TABLE mail_sent ADD COLUMN otherwise {INT} NOT NULL DEFAULT 0;
UPDATE mail_sent SET otherwise = 1 WHERE spelt IS NOT NULL;
";

/// What was done at the desk was kept in the language of who did it.
const SPOKEN: &str = "
UPDATE desk_shift SET kind = 'paused', text = '' WHERE kind = 'note' AND text IN
  ('Signing is paused: pages only.', 'Les signatures sont suspendues\u{a0}: lecture seule.');
UPDATE desk_shift SET kind = 'resumed', text = '' WHERE kind = 'note' AND text IN
  ('People can sign again.', 'On peut signer de nouveau.');
UPDATE verdict SET note = '' WHERE undoes IS NOT NULL AND note IN ('Taken back at the desk.', 'D\u{e9}fait au bureau.');
";

const FIRST_KEYS: &str = "
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value {INT} NOT NULL);
CREATE TABLE IF NOT EXISTS wrapped (id {BLOB} PRIMARY KEY, wrapped {BLOB} NOT NULL) {BY_KEY};
";

/// Why tables cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// They were made by a newer program: this one cannot know what it would spoil.
    #[error("the store has version {found}, this program knows up to {known}")]
    Newer {
        /// Version that was found.
        found: i64,
        /// Version of this program.
        known: i64,
    },
    /// They were made by an older program, and whoever asks only reads.
    #[error("the store has version {found}, this program reads {known}")]
    Older {
        /// Version that was found.
        found: i64,
        /// Version of this program.
        known: i64,
    },
    /// The store refused.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// For those who only read: refuses tables of any other version than this program's.
///
/// # Errors
/// They are newer or older, or the store refused.
pub async fn check(db: &mut Db, steps: Steps) -> Result<(), SchemaError> {
    let (found, known) = (found(db, steps).await?, version(steps));
    if found < known {
        return Err(SchemaError::Older { found, known });
    }
    Ok(())
}

/// Brings tables to this program's version, all steps in one transaction, and refuses those of a newer version before
/// touching anything.
///
/// # Errors
/// The tables are newer than this program, or the store refused.
pub async fn prepare(db: &mut Db, steps: Steps) -> Result<(), SchemaError> {
    db.run("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value {INT} NOT NULL)")
        .await?;
    let found = found(db, steps).await?;
    let missing = usize::try_from(found).ok().and_then(|taken| steps.get(taken..));
    let Some(missing @ [_, ..]) = missing else {
        return Ok(());
    };
    db.begin().await?;
    for step in missing {
        db.run(step).await?;
        if *step == NIGHT {
            super::merge::shift_logs(db).await?;
        }
        if *step == RESTORED {
            super::merge::held_before(db).await?;
        }
    }
    db.execute(
        "INSERT INTO meta (name, value) VALUES ('version', ?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[Value::Int(version(steps))],
    )
    .await?;
    db.commit().await?;
    Ok(())
}

async fn found(db: &mut Db, steps: Steps) -> Result<i64, SchemaError> {
    let row = db
        .query_one("SELECT value FROM meta WHERE name = 'version'", &[])
        .await?;
    let (found, known) = (row.map_or(Ok(0), |row| row.int(0))?, version(steps));
    if found > known {
        return Err(SchemaError::Newer { found, known });
    }
    Ok(found)
}
