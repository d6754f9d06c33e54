//! Verdicts: judgements on sets of signatures, with reason, evidence, author and a way back.

pub mod reason;

use paraph_tally::{Event, VerdictKind};
use sha2::{Digest, Sha256};

use super::command::{JudgeAnswer, Judgement, Malformed};
use super::decide::Decider;
use crate::journal::NewVerdict;
use crate::store::db::DbError;
use reason::{POLICY, Reason};

impl Decider<'_> {
    /// Judges those of the set whose standing allows it, in one event.
    pub(super) async fn judge(&mut self, judgement: Judgement) -> Result<JudgeAnswer, DbError> {
        if let Err(malformed) = self.check(&judgement) {
            return Ok(JudgeAnswer::Malformed(malformed));
        }
        let asked = judgement.set.len() as u64;
        if self.load_petition(judgement.petition).await?.is_none() {
            return Ok(JudgeAnswer::Nothing);
        }
        let mut known = Vec::with_capacity(judgement.set.len());
        for id in judgement.set {
            let Some(state) = self.load_signature(id).await? else {
                continue;
            };
            if matches!(judgement.kind, VerdictKind::Released | VerdictKind::Reinstated) {
                self.load_counted(state.mailbox).await?;
            }
            known.push(id);
        }
        let mut event = Event::Verdict {
            verdict: judgement.kind,
            petition: judgement.petition,
            reason: judgement.reason,
            policy: POLICY,
            evidence: Sha256::digest(&judgement.evidence).into(),
            author: judgement.author,
            undoes: judgement.undoes,
            signatures: known,
        };
        let legal = self
            .fold
            .legal_part(self.at, &event)
            .map_err(|_| DbError::Shape("what is to be judged"))?;
        let judged = legal.len() as u64;
        if let Event::Verdict { signatures, .. } = &mut event {
            *signatures = legal;
        }
        if judged == 0 || self.record(event)?.is_err() {
            return Ok(JudgeAnswer::Nothing);
        }
        let position = self.position();
        self.decided.batch.verdicts.push(NewVerdict {
            position,
            petition: judgement.petition,
            kind: judgement.kind,
            reason: judgement.reason,
            author: judgement.author,
            evidence: judgement.evidence,
            at: self.at,
            judged,
            undoes: judgement.undoes,
            note: judgement.note,
        });
        Ok(JudgeAnswer::Judged {
            position,
            judged,
            left_out: asked - judged,
        })
    }

    fn check(&self, judgement: &Judgement) -> Result<(), Malformed> {
        if !Reason::from_code(judgement.reason).is_some_and(|reason| reason.is_for(judgement.kind)) {
            return Err(Malformed::Reason);
        }
        if judgement.set.len() as u64 > self.limits.verdict_signatures {
            return Err(Malformed::TooMany);
        }
        if judgement.evidence.len() as u64 > self.limits.evidence_bytes
            || judgement.note.len() as u64 > self.limits.evidence_bytes
        {
            return Err(Malformed::TooLong);
        }
        Ok(())
    }
}
