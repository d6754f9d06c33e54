//! Lives of a signature that went wrong elsewhere, or would have.

use paraph_tally::{
    Author, Entry, Event, Fold, IllegalMove, MAX_SET, MailboxId, Millis, Missing, PetitionId, RecountError, Rule,
    SignatureId, VerdictKind,
};

const PETITION: PetitionId = PetitionId(1);
const MAILBOX: MailboxId = MailboxId([0xaa; 16]);
const FORGED: SignatureId = SignatureId([1; 16]);
const REAL: SignatureId = SignatureId([2; 16]);

fn text(version: u16) -> Event {
    Event::TextAdopted {
        petition: PETITION,
        version,
        text: [1; 32],
        consent: [2; 32],
    }
}

fn signed(signature: SignatureId) -> Event {
    Event::Signed {
        signature,
        petition: PETITION,
        mailbox: MAILBOX,
        text_version: 1,
        record_version: 1,
    }
}

fn settled(signature: SignatureId) -> Event {
    Event::Settled {
        petition: PETITION,
        signatures: vec![signature],
    }
}

fn verdict(verdict: VerdictKind, signature: SignatureId, undoes: Option<u64>) -> Event {
    let (petition, evidence, author) = (PETITION, [3; 32], Author::Person([4; 16]));
    Event::Verdict {
        verdict,
        petition,
        reason: 1,
        policy: 1,
        evidence,
        author,
        undoes,
        signatures: vec![signature],
    }
}

/// Applies at the next position, `seconds` after the start.
fn apply(fold: &mut Fold, seconds: u64, event: Event) -> Result<(), IllegalMove> {
    let position = fold.end().map_or(1, |(position, _)| position + 1);
    fold.apply(&Entry {
        position,
        at: Millis(seconds * 1000),
        event,
    })
}

fn open_with_two_contributions() -> Fold {
    let opened = Event::Opened {
        petition: PETITION,
        settle_after_seconds: 120,
    };
    let mut fold = Fold::whole();
    for event in [text(1), opened, signed(FORGED), signed(REAL)] {
        apply(&mut fold, 0, event).expect("legal");
    }
    fold
}

fn counted(fold: &Fold) -> u64 {
    fold.petition(PETITION).expect("known").counts.counted
}

#[test]
fn naming_someone_first_takes_nothing_away_from_them() {
    let mut fold = open_with_two_contributions();
    apply(&mut fold, 1, verdict(VerdictKind::Held, FORGED, None)).expect("held");
    apply(&mut fold, 2, Event::Confirmed { signature: REAL }).expect("the real one, beside the forged one");
    assert_eq!(apply(&mut fold, 121, settled(REAL)), Err(Rule::TooEarlyToSettle.into()));
    apply(&mut fold, 122, settled(REAL)).expect("two minutes after its confirmation");
    apply(&mut fold, 123, Event::Disowned { signature: FORGED }).expect("not ended");
    assert_eq!((counted(&fold), fold.counted_of(MAILBOX)), (1, Some(REAL)));
}

#[test]
fn a_mailbox_freed_by_a_hold_does_not_count_twice_after_the_release() {
    let mut fold = open_with_two_contributions();
    for event in [
        Event::Confirmed { signature: FORGED },
        Event::Confirmed { signature: REAL },
    ] {
        apply(&mut fold, 0, event).expect("legal");
    }
    apply(&mut fold, 120, settled(FORGED)).expect("first");
    assert_eq!(apply(&mut fold, 120, settled(REAL)), Err(Rule::MailboxCounted.into()));
    apply(&mut fold, 121, verdict(VerdictKind::Held, FORGED, None)).expect("clear");
    assert_eq!((counted(&fold), fold.counted_of(MAILBOX)), (0, None));
    apply(&mut fold, 122, settled(REAL)).expect("the mailbox is free");

    let held_at = fold.end().expect("whole").0 - 1;
    let release = verdict(VerdictKind::Released, FORGED, Some(held_at));
    assert_eq!(apply(&mut fold, 123, release.clone()), Err(Rule::MailboxCounted.into()));
    assert_eq!(fold.legal_part(Millis(123_000), &release), Ok(vec![]));
    apply(
        &mut fold,
        124,
        Event::Withdrawn {
            signature: REAL,
            by: paraph_tally::WithdrawnBy::Holder,
        },
    )
    .expect("stands");
    apply(&mut fold, 125, release).expect("the mailbox is free again");
    assert_eq!((counted(&fold), fold.counted_of(MAILBOX)), (1, Some(FORGED)));
}

#[test]
fn confirming_while_held_is_remembered() {
    let mut fold = open_with_two_contributions();
    apply(&mut fold, 1, verdict(VerdictKind::Held, REAL, None)).expect("clear");
    apply(&mut fold, 2, Event::Confirmed { signature: REAL }).expect("axes are independent");
    assert_eq!(apply(&mut fold, 500, settled(REAL)), Err(Rule::NotClear.into()));
    apply(&mut fold, 501, verdict(VerdictKind::Released, REAL, None)).expect("held");
    apply(&mut fold, 501, settled(REAL)).expect("its two minutes ran while it was held");
}

#[test]
fn a_verdict_on_an_ended_signature_is_recorded_and_moves_no_count() {
    let mut fold = open_with_two_contributions();
    apply(&mut fold, 0, Event::Confirmed { signature: REAL }).expect("legal");
    apply(&mut fold, 120, settled(REAL)).expect("legal");
    apply(&mut fold, 121, Event::Disowned { signature: REAL }).expect("legal");
    apply(&mut fold, 122, verdict(VerdictKind::Invalidated, REAL, None)).expect("legal");
    let counts = fold.petition(PETITION).expect("known").counts;
    assert_eq!(
        (
            counts.counted,
            counts.invalidated,
            counts.disowned,
            counts.all_invalidated
        ),
        (0, 0, 1, 1)
    );
}

#[test]
fn a_closed_petition_takes_confirmations_but_no_signatures() {
    let mut fold = open_with_two_contributions();
    apply(&mut fold, 1, Event::Closed { petition: PETITION }).expect("open");
    assert_eq!(
        apply(&mut fold, 2, signed(SignatureId([3; 16]))),
        Err(Rule::PetitionNotOpen.into())
    );
    let reopened = Event::Opened {
        petition: PETITION,
        settle_after_seconds: 0,
    };
    assert_eq!(apply(&mut fold, 2, reopened), Err(Rule::PetitionNotDraft.into()));
    apply(&mut fold, 3, Event::Confirmed { signature: REAL }).expect("signed before");
    apply(&mut fold, 123, settled(REAL)).expect("legal");
    assert_eq!(counted(&fold), 1);
}

#[test]
fn a_draft_is_discarded_once_and_nothing_that_was_open_is() {
    let discarded = Event::Discarded { petition: PETITION };
    let opened = Event::Opened {
        petition: PETITION,
        settle_after_seconds: 0,
    };
    let mut fold = Fold::whole();
    assert_eq!(
        apply(&mut fold, 0, discarded.clone()),
        Err(Rule::PetitionUnknown.into())
    );
    apply(&mut fold, 0, text(1)).expect("a draft");
    apply(&mut fold, 1, discarded.clone()).expect("a draft");
    for (event, rule) in [
        (discarded.clone(), Rule::PetitionNotDraft),
        (opened, Rule::PetitionNotDraft),
        (text(2), Rule::PetitionDiscarded),
        (text(1), Rule::PetitionDiscarded),
        (Event::Closed { petition: PETITION }, Rule::PetitionNotOpen),
        (signed(REAL), Rule::PetitionNotOpen),
    ] {
        assert_eq!(apply(&mut fold, 2, event), Err(rule.into()));
    }
    let mut fold = open_with_two_contributions();
    assert_eq!(apply(&mut fold, 1, discarded), Err(Rule::PetitionNotDraft.into()));
}

#[test]
fn a_journal_with_a_gap_or_a_step_back_in_time_fails_the_recount() {
    let entry = |position, at, event| Entry {
        position,
        at: Millis(at),
        event,
    };
    let gap = Fold::recount([entry(1, 5, text(1)), entry(3, 6, text(2))]).map(|_| ());
    assert_eq!(
        gap,
        Err(RecountError {
            position: 3,
            source: Rule::PositionNotNext.into()
        })
    );
    let back = Fold::recount([entry(1, 5, text(1)), entry(2, 4, text(2))]).map(|_| ());
    assert_eq!(
        back,
        Err(RecountError {
            position: 2,
            source: Rule::TimeRunsBack.into()
        })
    );
}

#[test]
fn a_working_set_says_what_was_not_loaded() {
    let whole = open_with_two_contributions();
    let mut fold = Fold::new();
    let confirmed = Event::Confirmed { signature: REAL };
    assert_eq!(
        apply(&mut fold, 0, confirmed.clone()),
        Err(IllegalMove::NotLoaded(Missing::Signature))
    );
    fold.load_signature(REAL, *whole.signature(REAL).expect("known"));
    assert_eq!(
        apply(&mut fold, 0, confirmed.clone()),
        Err(IllegalMove::NotLoaded(Missing::Petition))
    );
    fold.load_petition(PETITION, *whole.petition(PETITION).expect("known"));
    apply(&mut fold, 0, confirmed).expect("all there");
    assert_eq!(
        apply(&mut fold, 120, settled(REAL)),
        Err(IllegalMove::NotLoaded(Missing::Mailbox))
    );
    fold.load_counted(MAILBOX, None);
    apply(&mut fold, 120, settled(REAL)).expect("all there");
}

#[test]
fn loaded_states_that_contradict_each_other_are_noticed() {
    let mut whole = open_with_two_contributions();
    apply(&mut whole, 0, Event::Confirmed { signature: REAL }).expect("legal");
    apply(&mut whole, 120, settled(REAL)).expect("legal");
    let mut petition = *whole.petition(PETITION).expect("known");
    let signature = *whole.signature(REAL).expect("known");

    let mut fold = Fold::new();
    fold.load_petition(PETITION, petition);
    fold.load_signature(REAL, signature);
    fold.load_counted(MAILBOX, Some(FORGED));
    let disowned = Event::Disowned { signature: REAL };
    assert_eq!(apply(&mut fold, 121, disowned.clone()), Err(IllegalMove::Contradiction));

    petition.counts.counted = 0;
    let mut fold = Fold::new();
    fold.load_petition(PETITION, petition);
    fold.load_signature(REAL, signature);
    assert_eq!(apply(&mut fold, 121, disowned), Err(IllegalMove::Contradiction));
}

#[test]
fn a_set_has_a_largest_size() {
    let mut fold = open_with_two_contributions();
    let signatures = vec![REAL; MAX_SET + 1];
    let expired = Event::Expired {
        petition: PETITION,
        signatures,
    };
    assert_eq!(apply(&mut fold, 1, expired), Err(Rule::SetTooLarge.into()));
}
