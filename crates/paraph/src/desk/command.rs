//! What the desk asks of the one writer. Whatever must not happen twice is decided there: an invitation, a code, a name.

use paraph_tally::Millis;

use super::role::Role;
use crate::incident::log::Entry;
use crate::intake::command::{PetitionAnswer, PetitionCommand};

/// Name of a member: random, and all that stays of one who was removed.
pub type MemberId = [u8; 16];
/// Who makes links at the command line. A link that nobody made is that of the first operator.
pub const COMMAND_LINE: MemberId = [0; 16];
/// SHA-256 of a random token: what the store knows of links and sessions.
pub type TokenHash = [u8; 32];

/// Something done at the desk, and by whom; `None`: at the command line.
#[derive(Clone, Debug)]
pub struct DeskCommand {
    /// The member who does it.
    pub by: Option<MemberId>,
    /// What.
    pub wish: Wish,
}

/// What can be done.
#[derive(Clone, Debug)]
pub enum Wish {
    /// A link for somebody to become a member, or for one to choose password and code generator anew.
    Invite(Invitation),
    /// The link of the first operator, in place of those before it; refused once there is an operator.
    FirstLink(TokenHash, Millis),
    /// A link that nobody used is good no more, by the hash of its token.
    TakeBack(TokenHash),
    /// Somebody used such a link.
    Join(Box<Join>),
    /// Somebody logged in.
    Open(Session, Proof),
    /// Somebody logged in by a passkey.
    OpenByPasskey(Session, PasskeyUse),
    /// Another passkey of the member.
    AddPasskey(NewPasskey),
    /// Forgets a passkey of the member, by its name.
    RemovePasskey(Vec<u8>),
    /// A session is in use.
    Seen(TokenHash),
    /// Ends one session of a member; `None`: all.
    End(MemberId, Option<TokenHash>),
    /// Another password; every other session ends.
    Password(Vec<u8>, TokenHash),
    /// New recovery codes in place of those before.
    Recovery(Vec<[u8; 16]>),
    /// Takes a member's name, ways in and sessions away.
    Remove(MemberId),
    /// Something about a petition.
    Petition(PetitionCommand),
    /// Opens a draft as it was read: `revision` of its content.
    Publish(PetitionCommand, u64),
    /// An author asks for review.
    Submit(String),
    /// A moderator sends a draft back: its slug, and why.
    SendBack(String, String),
    /// A line of the shift log, and the incident that it belongs to.
    Shift(Entry, String, Option<u64>),
    /// Something was done that another part of the program carries out: what, and about what.
    Did(&'static str, String),
    /// A store came out of a backup: what was open then is closed.
    Restored,
}

/// A link that is handed out.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Hash of its token.
    pub token: TokenHash,
    /// What who uses it becomes.
    pub role: Role,
    /// The member whom it is for, if there is one already.
    pub member: Option<MemberId>,
    /// Until when it can be used.
    pub expires: Millis,
}

/// What somebody chose who came by a link.
#[derive(Clone, Debug)]
pub struct Join {
    /// Hash of the link's token.
    pub link: TokenHash,
    /// Name of a new member; who has one keeps it.
    pub member: MemberId,
    /// As shown.
    pub name: String,
    /// As compared.
    pub login: String,
    /// Hash of the password.
    pub password: Vec<u8>,
    /// Secret of the code generator, sealed.
    pub totp: Vec<u8>,
    /// Step of the code that proved it.
    pub step: u64,
    /// Tags of the recovery codes.
    pub recovery: Vec<[u8; 16]>,
    /// Hash of the token of the session that begins.
    pub session: TokenHash,
}

/// A session that begins.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Hash of its token.
    pub token: TokenHash,
    /// Whose.
    pub member: MemberId,
}

/// A passkey that was made.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    /// Its name at the authenticator.
    pub id: Vec<u8>,
    /// As its member calls it.
    pub name: String,
    /// Its public key (COSE_Key).
    pub public_key: Vec<u8>,
    /// How often it has signed.
    pub counter: u32,
}

/// A passkey answered a challenge.
#[derive(Clone, Debug)]
pub struct PasskeyUse {
    /// Its name at the authenticator.
    pub id: Vec<u8>,
    /// How often it has signed.
    pub counter: u32,
    /// When the challenge was made.
    pub challenged: Millis,
}

/// The second proof of a login, good once.
#[derive(Clone, Copy, Debug)]
pub enum Proof {
    /// A code of this step (RFC 6238).
    Step(u64),
    /// Tag of a recovery code.
    Recovery([u8; 16]),
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskAnswer {
    /// Done.
    Done,
    /// There is no such link, member, session or petition, or no more.
    Unknown,
    /// The name is taken.
    Taken,
    /// The code was used before.
    Spent,
    /// Nobody would be left who can invite, or there is somebody already.
    Refused,
    /// The draft is not as it was read any more.
    Changed,
    /// As many as the bounds allow.
    Full,
    /// What became of a petition.
    Petition(PetitionAnswer),
}
