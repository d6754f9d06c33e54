//! What must hold between the tables, each as a statement that counts where it does not.
//!
//! `k` is the file of keys, `temp.logged` the log of erasures, `temp.complete` since when, and what time it was a day ago. Axes are read by their bits: 1 confirmed, 2 and 4 the
//! verdict, 8 and 16 the end, 32 settled; counted is confirmed, clear, settled and not ended: exactly 33.

use super::Weight;
use super::Weight::{Fault, Note};

/// A relation between tables.
pub(super) struct Relation {
    pub(super) weight: Weight,
    pub(super) check: &'static str,
    /// What is counted, behind a number.
    pub(super) what: &'static str,
    /// Counts it.
    pub(super) sql: &'static str,
    /// Whether it need not hold while rows follow a verdict. The recount sees through that; these statements do not.
    pub(super) is_settled_later: bool,
}

const fn fault(check: &'static str, what: &'static str, sql: &'static str) -> Relation {
    Relation {
        weight: Fault,
        check,
        what,
        sql,
        is_settled_later: false,
    }
}

const fn note(check: &'static str, what: &'static str, sql: &'static str) -> Relation {
    Relation {
        weight: Note,
        check,
        what,
        sql,
        is_settled_later: false,
    }
}

/// A fault, unless rows still follow a verdict.
const fn later(check: &'static str, what: &'static str, sql: &'static str) -> Relation {
    Relation {
        is_settled_later: true,
        ..fault(check, what, sql)
    }
}

/// Keys that belong to no signature.
pub(super) const ORPHANED_KEYS: &str =
    "SELECT COUNT(*) FROM k.wrapped w WHERE NOT EXISTS (SELECT 1 FROM signature s WHERE s.id = w.id)";

/// Whether they are all that there is, and the files do not say that they belong together: a store that was killed in its very
/// first batch looks alike, but for that.
pub(super) const LEDGER_LOST: &str = "SELECT EXISTS (SELECT 1 FROM k.wrapped) AND NOT EXISTS (SELECT 1 FROM signature) \
     AND NOT EXISTS (SELECT 1 FROM main.meta m JOIN k.meta o ON o.name = m.name AND o.value = m.value WHERE m.name = 'store')";

/// Removes them.
pub(super) const SWEEP: &str =
    "DELETE FROM k.wrapped WHERE NOT EXISTS (SELECT 1 FROM signature s WHERE s.id = k.wrapped.id)";

pub(super) const ALL: &[Relation] = &[
    // The ledger, beside what the recount compares
    fault(
        "petitions",
        "petitions without the text in force",
        "SELECT COUNT(*) FROM petition p WHERE p.phase <> 3 AND NOT EXISTS \
         (SELECT 1 FROM petition_text t WHERE t.petition = p.id AND t.version = p.text_version)",
    ),
    fault(
        "petitions",
        "discarded drafts of which something is left",
        "SELECT COUNT(*) FROM petition p WHERE p.phase = 3 AND (p.slug <> '~' || p.id OR p.owner <> '' \
         OR EXISTS (SELECT 1 FROM petition_content c WHERE c.petition = p.id) \
         OR EXISTS (SELECT 1 FROM desk_petition d WHERE d.petition = p.id))",
    ),
    fault(
        "petitions",
        "petitions without a name in addresses, or with a goal below one",
        "SELECT COUNT(*) FROM petition WHERE slug = '' OR goal < 1",
    ),
    fault(
        "signatures",
        "signatures of a petition that does not exist",
        "SELECT COUNT(*) FROM signature s WHERE NOT EXISTS (SELECT 1 FROM petition p WHERE p.id = s.petition)",
    ),
    fault(
        "signatures",
        "signatures whose mark \"waiting\" is wrong",
        "SELECT COUNT(*) FROM signature WHERE waiting <> (axes & 25 = 0)",
    ),
    fault(
        "signatures",
        "signatures marked to settle that cannot",
        "SELECT COUNT(*) FROM signature WHERE unsettled NOT IN (0, 1) OR (unsettled = 1 AND axes <> 1)",
    ),
    later(
        "signatures",
        "confirmed signatures that would never settle",
        "SELECT COUNT(*) FROM signature s WHERE s.axes = 1 AND s.unsettled = 0 \
         AND NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.id = s.mailbox AND m.counted IS NOT NULL)",
    ),
    later(
        "mailboxes",
        "mailboxes with more than one counted signature",
        "SELECT COUNT(*) FROM (SELECT mailbox FROM signature WHERE axes = 33 GROUP BY mailbox HAVING COUNT(*) > 1)",
    ),
    later(
        "mailboxes",
        "mailboxes whose counted signature is not a counted signature of theirs",
        "SELECT COUNT(*) FROM mailbox m WHERE m.counted IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM signature s WHERE s.id = m.counted AND s.mailbox = m.id AND s.axes = 33)",
    ),
    fault(
        "mailboxes",
        "addresses of a mailbox that nobody signed with",
        "SELECT COUNT(*) FROM mailbox_tag WHERE mailbox NOT IN (SELECT mailbox FROM signature)",
    ),
    fault(
        "mailboxes",
        "signatures that stand with a mailbox whose address was forgotten: the address could count twice",
        "SELECT COUNT(*) FROM signature s WHERE s.axes & 24 = 0 \
         AND NOT EXISTS (SELECT 1 FROM mailbox_tag t WHERE t.mailbox = s.mailbox)",
    ),
    // Records
    fault(
        "records",
        "signatures without a record that were never erased",
        "SELECT COUNT(*) FROM signature s WHERE NOT EXISTS (SELECT 1 FROM vault v WHERE v.id = s.id) \
         AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.id = s.id)",
    ),
    fault(
        "records",
        "records without their key",
        "SELECT COUNT(*) FROM vault v WHERE NOT EXISTS (SELECT 1 FROM k.wrapped w WHERE w.id = v.id) \
         AND NOT EXISTS (SELECT 1 FROM temp.logged l WHERE l.id = v.id)",
    ),
    fault(
        "records",
        "records without a signature",
        "SELECT COUNT(*) FROM vault v WHERE NOT EXISTS (SELECT 1 FROM signature s WHERE s.id = v.id)",
    ),
    fault(
        "records",
        "records or keys that are not of the form that this version writes",
        // A version, a nonce of 24 bytes, what is sealed, 16 bytes that vouch for it; a key is 32 bytes.
        "SELECT (SELECT COUNT(*) FROM vault WHERE length(id) <> 16 OR length(sealed) < 41 OR substr(sealed, 1, 1) <> x'01') \
         + (SELECT COUNT(*) FROM k.wrapped WHERE length(id) <> 16 OR length(wrapped) <> 73 OR substr(wrapped, 1, 1) <> x'01')",
    ),
    fault(
        "features",
        "signatures that were never erased and whose features are missing",
        // They go by age, the oldest first: what is younger than one that is there must be there too, and none goes in a day.
        "SELECT COUNT(*) FROM signature s WHERE (s.id > (SELECT MIN(id) FROM features) OR s.signed_at > (SELECT day_ago FROM temp.complete)) \
         AND NOT EXISTS (SELECT 1 FROM features f WHERE f.id = s.id) \
         AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.id = s.id)",
    ),
    fault(
        "nonces",
        "spent puzzles or tickets that are not of the form that this version writes",
        "SELECT COUNT(*) FROM nonce WHERE length(nonce) <> 16 OR length(body_mac) <> 16 OR expires <= 0",
    ),
    fault(
        "features",
        "features without a signature",
        "SELECT COUNT(*) FROM features f WHERE NOT EXISTS (SELECT 1 FROM signature s WHERE s.id = f.id)",
    ),
    fault(
        "features",
        "observations of a confirmation that nobody made",
        "SELECT COUNT(*) FROM confirmed_from f WHERE NOT EXISTS \
         (SELECT 1 FROM signature s WHERE s.id = f.id AND s.confirmed_at IS NOT NULL)",
    ),
    // Erasures
    fault(
        "erasures",
        "erased records that are still there",
        "SELECT COUNT(*) FROM erasure e WHERE EXISTS (SELECT 1 FROM vault v WHERE v.id = e.id) \
         OR EXISTS (SELECT 1 FROM features f WHERE f.id = e.id) \
         OR EXISTS (SELECT 1 FROM confirmed_from f WHERE f.id = e.id)",
    ),
    fault(
        "erasures",
        "erased records whose key is still there",
        "SELECT COUNT(*) FROM erasure e WHERE e.done = 1 AND EXISTS (SELECT 1 FROM k.wrapped w WHERE w.id = e.id)",
    ),
    fault(
        "erasures",
        "erased records that are not in erasures.log: a restore would bring them back",
        // Older lines were dropped, once no backup of keys could need them.
        "SELECT COUNT(*) FROM erasure e WHERE e.done = 1 AND e.at >= (SELECT since FROM temp.complete) \
         AND NOT EXISTS (SELECT 1 FROM temp.logged l WHERE l.id = e.id)",
    ),
    note(
        "erasures",
        "erased records whose key goes at the next tick of a server",
        "SELECT COUNT(*) FROM erasure WHERE done = 0",
    ),
    note(
        "erasures",
        "records erased since these data were copied; the next start erases them again",
        "SELECT COUNT(*) FROM temp.logged l WHERE NOT EXISTS (SELECT 1 FROM erasure e WHERE e.id = l.id)",
    ),
    // What authors add and signatories ask for
    fault(
        "content",
        "choices, names or news of a record that was erased or never was",
        "SELECT (SELECT COUNT(*) FROM choice c WHERE NOT EXISTS (SELECT 1 FROM vault v WHERE v.id = c.id)) \
         + (SELECT COUNT(*) FROM shown_name n WHERE NOT EXISTS (SELECT 1 FROM vault v WHERE v.id = n.id)) \
         + (SELECT COUNT(*) FROM news n WHERE NOT EXISTS (SELECT 1 FROM vault v WHERE v.id = n.signature))",
    ),
    fault(
        "content",
        "news for a mailbox whose signature does not stand confirmed",
        "SELECT COUNT(*) FROM news n JOIN signature s ON s.id = n.signature WHERE s.confirmed_at IS NULL OR s.axes & 24 <> 0",
    ),
    fault(
        "content",
        "mails of an update that does not exist",
        "SELECT COUNT(*) FROM news_outbox o WHERE NOT EXISTS \
         (SELECT 1 FROM petition_update u WHERE u.petition = o.petition AND u.number = o.number)",
    ),
    fault(
        "content",
        "contents, updates or mails of a petition that does not exist",
        "SELECT (SELECT COUNT(*) FROM petition_content c WHERE NOT EXISTS (SELECT 1 FROM petition p WHERE p.id = c.petition)) \
         + (SELECT COUNT(*) FROM petition_update u WHERE NOT EXISTS (SELECT 1 FROM petition p WHERE p.id = u.petition)) \
         + (SELECT COUNT(*) FROM news_sent n WHERE NOT EXISTS (SELECT 1 FROM petition p WHERE p.id = n.petition)) \
         + (SELECT COUNT(*) FROM mail_sent m WHERE NOT EXISTS (SELECT 1 FROM petition p WHERE p.id = m.petition))",
    ),
    fault(
        "content",
        "names or news of another petition than that of their signature",
        "SELECT (SELECT COUNT(*) FROM shown_name n JOIN signature s ON s.id = n.id WHERE s.petition <> n.petition) \
         + (SELECT COUNT(*) FROM news n JOIN signature s ON s.id = n.signature WHERE s.petition <> n.petition)",
    ),
    note(
        "verdicts",
        "verdicts whose rows still follow: three relations were left out, look again in a minute",
        "SELECT COUNT(*) FROM verdict_work",
    ),
    // Mail
    fault(
        "outbox",
        "mails without a signature of their mailbox",
        "SELECT COUNT(*) FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM signature s \
         WHERE s.id = o.signature AND s.mailbox = o.mailbox AND s.petition = o.petition)",
    ),
    fault(
        "outbox",
        "addresses left alone that are not of the form that this version writes",
        "SELECT (SELECT COUNT(*) FROM mail_stop WHERE length(address) <> 16 OR kind NOT IN (1, 2) OR until < at) \
         + (SELECT COUNT(*) FROM mail_bounce WHERE length(address) <> 16 OR hard < 0 OR soft < 0)",
    ),
    fault(
        "outbox",
        "mails to held people without a signature of their mailbox, or with the address of one that was erased",
        "SELECT COUNT(*) FROM second_way w WHERE NOT EXISTS \
         (SELECT 1 FROM signature s WHERE s.id = w.signature AND s.mailbox = w.mailbox) \
         OR (length(w.address) > 0 AND EXISTS (SELECT 1 FROM erasure e WHERE e.id = w.signature))",
    ),
    // The desk
    fault(
        "desk",
        "sessions, recovery codes or links of a member who does not exist or was removed",
        "SELECT (SELECT COUNT(*) FROM desk_session o WHERE NOT EXISTS \
         (SELECT 1 FROM desk_member m WHERE m.id = o.member AND m.removed_at IS NULL)) + \
         (SELECT COUNT(*) FROM desk_recovery o WHERE NOT EXISTS \
         (SELECT 1 FROM desk_member m WHERE m.id = o.member AND m.removed_at IS NULL)) + \
         (SELECT COUNT(*) FROM desk_passkey o WHERE NOT EXISTS \
         (SELECT 1 FROM desk_member m WHERE m.id = o.member AND m.removed_at IS NULL)) + \
         (SELECT COUNT(*) FROM desk_invitation o WHERE o.member IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM desk_member m WHERE m.id = o.member AND m.removed_at IS NULL))",
    ),
    fault(
        "desk",
        "members who were removed and still have a name",
        "SELECT COUNT(*) FROM desk_member WHERE removed_at IS NOT NULL AND (login IS NOT NULL OR name <> '')",
    ),
    fault(
        "desk",
        "petitions at the desk that do not exist",
        "SELECT COUNT(*) FROM desk_petition d WHERE NOT EXISTS (SELECT 1 FROM petition p WHERE p.id = d.petition)",
    ),
];
