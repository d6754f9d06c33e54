//! Answers of held people, sorted for whoever decides about them: those that are alike, and those apart. Pure.
//!
//! A press says that somebody reads the mailbox, and nothing else. Forgers who confirm what they forge read theirs too: so
//! nobody is released by pressing. What sets people apart is that they press from their own lines, at their own time, from
//! mailboxes that have nothing to do with each other.

use std::collections::HashMap;

use paraph_scrutiny::{NetworkKind, Source, Tag};
use paraph_tally::{PetitionId, SignatureId};
use serde::{Deserialize, Serialize};

use crate::ledger::second_way::Answered;
use crate::scrutiny::features::month_of;
use crate::scrutiny::rows::ConfirmedFrom;

/// So many that share something are alike; two may be a household.
const ALIKE: usize = 3;
/// Nobody has read the mail and the page, and pressed, so soon after it was sent.
const READING_MILLIS: u64 = 15_000;

/// Which answers a person means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// The incident that they were asked in.
    pub incident: u64,
    /// Only those that are not alike.
    pub apart: bool,
}

/// An answer, and whether it is like others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sorted {
    /// The signature.
    pub signature: SignatureId,
    /// Its petition.
    pub petition: PetitionId,
    /// Pressed like by a machine, or together with others.
    pub alike: bool,
}

/// Says which of the answers of one incident are alike: several pressed from one line or with mailboxes at one small domain,
/// one pressed from a rented server, or faster than anybody reads.
#[must_use]
pub fn sorted(answers: &[Answered]) -> Vec<Sorted> {
    let sources: Vec<Source> = answers
        .iter()
        .map(|answer| ConfirmedFrom::source(&answer.from, month_of(answer.at)))
        .collect();
    let mut lines: HashMap<Tag, usize> = HashMap::new();
    let mut domains: HashMap<&[u8], usize> = HashMap::new();
    for (answer, source) in answers.iter().zip(&sources) {
        *lines.entry(source.near).or_default() += 1;
        *domains.entry(&answer.domain).or_default() += 1;
    }
    let of = |(answer, source): (&Answered, &Source)| {
        let line = source.near != Tag::NONE && lines[&source.near] >= ALIKE;
        let domain = !answer.common && domains[&*answer.domain] >= ALIKE;
        let rented = source.kind == NetworkKind::Hosting;
        let fast = answer.at.0.saturating_sub(answer.mailed_at.0) < READING_MILLIS;
        Sorted {
            signature: answer.signature,
            petition: answer.petition,
            alike: line || domain || rented || fast,
        }
    };
    answers.iter().zip(&sources).map(of).collect()
}

#[cfg(test)]
mod tests {
    use paraph_tally::{Millis, PetitionId, SignatureId};

    use super::sorted;
    use crate::ledger::second_way::Answered;

    fn answer(near: u32, kind: &str, domain: u8, common: bool, seconds: u64) -> Answered {
        let from = format!(r#"{{"version":2,"month":0,"near":{near},"origin":1,"kind":"{kind}"}}"#);
        Answered {
            signature: SignatureId([1; 16]),
            petition: PetitionId(1),
            domain: vec![domain; 16],
            common,
            mailed_at: Millis(1_000),
            at: Millis(1_000 + seconds * 1000),
            from: from.into_bytes(),
        }
    }

    #[test]
    fn people_answer_from_their_own_lines_and_forgers_together() {
        let answers = [
            // Two at one line, and three at one large provider: people.
            answer(1, "access", 1, true, 600),
            answer(1, "access", 1, true, 900),
            answer(2, "access", 1, true, 4000),
            // Three at one small domain.
            answer(3, "access", 2, false, 700),
            answer(4, "access", 2, false, 800),
            answer(5, "access", 2, false, 900),
            // Three at one line.
            answer(6, "access", 3, true, 700),
            answer(6, "access", 4, true, 800),
            answer(6, "access", 5, false, 900),
            // A rented server; faster than anybody reads; nothing known of where from.
            answer(7, "hosting", 6, true, 700),
            answer(8, "access", 7, true, 2),
            answer(0, "unknown", 8, true, 700),
        ];
        let alike: Vec<bool> = sorted(&answers).iter().map(|sorted| sorted.alike).collect();
        let wanted = [
            false, false, false, true, true, true, true, true, true, true, true, false,
        ];
        assert_eq!(alike, wanted);
    }
}
