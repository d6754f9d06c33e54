//! Random journals: whatever is asked of it, the fold keeps its invariants, and a writer that loads only what a batch
//! touches ends where a recount of the whole journal ends.

use std::collections::{BTreeMap, BTreeSet};

use paraph_tally::{
    Author, Changed, Counts, End, Entry, Event, Fold, IllegalMove, Mailbox, MailboxId, Millis, Missing, PetitionId,
    PetitionState, Rule, SignatureId, SignatureState, Standing, Standings, VerdictKind, WithdrawnBy,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const SETTLE_AFTER_SECONDS: u32 = 60;

/// What someone asks of the writer, so many milliseconds after the last request.
#[derive(Clone, Debug)]
struct Request {
    after: u64,
    event: Event,
}

fn signature_id(number: u8) -> SignatureId {
    SignatureId([number; 16])
}

fn petition() -> impl Strategy<Value = PetitionId> {
    (0..2u32).prop_map(PetitionId)
}

fn signature() -> impl Strategy<Value = SignatureId> {
    (0..8u8).prop_map(signature_id)
}

/// Mostly signatures of one petition: those with an even number are at home in petition 0, the others in 1.
fn set() -> impl Strategy<Value = (PetitionId, Vec<SignatureId>)> {
    let member = (0..4u8, prop::bool::weighted(0.03));
    (petition(), prop::collection::vec(member, 0..5)).prop_map(|(petition, members)| {
        let number = |(number, stray): (u8, bool)| number * 2 + (petition.0 as u8 ^ u8::from(stray));
        (
            petition,
            members.into_iter().map(|member| signature_id(number(member))).collect(),
        )
    })
}

fn signed() -> impl Strategy<Value = Event> {
    let unusual = prop::bool::weighted(0.05);
    (0..8u8, 0..2u8, 1..=2u16, unusual, unusual).prop_map(|(number, mailbox, text_version, stray, odd)| {
        let petition = (number % 2) ^ u8::from(stray);
        Event::Signed {
            signature: signature_id(number),
            petition: PetitionId(petition.into()),
            mailbox: MailboxId([petition * 16 + mailbox; 16]),
            text_version,
            record_version: 1 + u8::from(odd),
        }
    })
}

fn verdict() -> impl Strategy<Value = Event> {
    let kind = prop_oneof![
        3 => Just(VerdictKind::Held),
        3 => Just(VerdictKind::Released),
        1 => Just(VerdictKind::Invalidated),
        2 => Just(VerdictKind::Reinstated),
        2 => Just(VerdictKind::Restored),
    ];
    let undoes = prop_oneof![9 => Just(None), 1 => (0..30u64).prop_map(Some)];
    (kind, set(), undoes).prop_map(|(verdict, (petition, signatures), undoes)| Event::Verdict {
        verdict,
        petition,
        reason: 3,
        policy: 1,
        evidence: [9; 32],
        author: Author::Scrutiny,
        undoes,
        signatures,
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (petition(), 1..4u16)
            .prop_map(|(petition, version)| Event::TextAdopted { petition, version, text: [1; 32], consent: [2; 32] }),
        4 => petition()
            .prop_map(|petition| Event::Opened { petition, settle_after_seconds: SETTLE_AFTER_SECONDS }),
        1 => petition().prop_map(|petition| Event::Closed { petition }),
        6 => petition().prop_map(|petition| Event::Discarded { petition }),
        40 => signed(),
        40 => signature().prop_map(|signature| Event::Confirmed { signature }),
        40 => set().prop_map(|(petition, signatures)| Event::Settled { petition, signatures }),
        4 => set().prop_map(|(petition, signatures)| Event::Expired { petition, signatures }),
        6 => signature().prop_map(|signature| Event::Withdrawn { signature, by: WithdrawnBy::Mail }),
        4 => signature().prop_map(|signature| Event::Disowned { signature }),
        40 => verdict(),
    ]
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let request = (prop_oneof![Just(0), 0..90_000u64], event()).prop_map(|(after, event)| Request { after, event });
    (prop::bool::weighted(0.9), prop::collection::vec(request, 0..120)).prop_map(|(opened, mut requests)| {
        let opening = (0..2).map(PetitionId).flat_map(|petition| {
            [
                Event::TextAdopted {
                    petition,
                    version: 1,
                    text: [1; 32],
                    consent: [2; 32],
                },
                Event::Opened {
                    petition,
                    settle_after_seconds: SETTLE_AFTER_SECONDS,
                },
            ]
        });
        if opened {
            requests.splice(0..0, opening.map(|event| Request { after: 1, event }));
        }
        requests
    })
}

/// The tables of a store, as a writer keeps them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Ledger {
    end: (u64, Millis),
    petitions: BTreeMap<PetitionId, PetitionState>,
    signatures: BTreeMap<SignatureId, SignatureState>,
    mailboxes: BTreeMap<MailboxId, Option<SignatureId>>,
}

impl Ledger {
    fn store(&mut self, end: (u64, Millis), changed: Changed) {
        self.end = end;
        self.petitions.extend(changed.petitions);
        self.signatures.extend(changed.signatures);
        self.mailboxes.extend(changed.mailboxes);
    }

    /// Loads exactly what the documentation of the fold asks for.
    fn load(&self, fold: &mut Fold, event: &Event) {
        let named = match event {
            Event::TextAdopted { petition, .. }
            | Event::Opened { petition, .. }
            | Event::Closed { petition }
            | Event::Discarded { petition }
            | Event::Signed { petition, .. }
            | Event::Settled { petition, .. }
            | Event::Expired { petition, .. }
            | Event::Verdict { petition, .. } => Some(*petition),
            Event::Confirmed { .. } | Event::Withdrawn { .. } | Event::Disowned { .. } => None,
        };
        let may_count = matches!(
            event,
            Event::Settled { .. }
                | Event::Verdict {
                    verdict: VerdictKind::Released | VerdictKind::Reinstated | VerdictKind::Restored,
                    ..
                }
        );
        let mut petitions = BTreeSet::from_iter(named);
        for id in event.signatures() {
            if let Some(state) = self.signatures.get(id) {
                fold.load_signature(*id, *state);
            }
            let Some(state) = fold.signature(*id).copied() else {
                continue;
            };
            petitions.insert(state.petition);
            if may_count {
                fold.load_counted(state.mailbox, self.mailboxes.get(&state.mailbox).copied().flatten());
            }
        }
        for id in petitions {
            if let Some(state) = self.petitions.get(&id) {
                fold.load_petition(id, *state);
            }
        }
    }
}

/// The same numbers, counted in the most pedestrian way from states alone.
fn pedestrian(states: &BTreeMap<SignatureId, SignatureState>, petition: PetitionId) -> Counts {
    let mut counts = Counts::default();
    for state in states.values().filter(|state| state.petition == petition) {
        let axes = state.axes;
        let tick = |number: &mut u64, yes: bool| *number += u64::from(yes);
        let shown = if axes.settled { axes.end } else { End::Expired };
        let invalidated = [Standing::Invalidated, Standing::InvalidatedWhileHeld].contains(&axes.verdict);
        tick(
            &mut counts.counted,
            shown == End::None && axes.verdict == Standing::Clear,
        );
        tick(&mut counts.held, shown == End::None && axes.verdict == Standing::Held);
        tick(&mut counts.invalidated, shown == End::None && invalidated);
        tick(&mut counts.withdrawn, shown == End::Withdrawn);
        tick(&mut counts.disowned, shown == End::Disowned);
        tick(&mut counts.settled, axes.settled);
        tick(&mut counts.all_signed, true);
        tick(&mut counts.all_confirmed, axes.mailbox == Mailbox::Confirmed);
        tick(&mut counts.all_held, axes.verdict == Standing::Held);
        tick(&mut counts.all_invalidated, invalidated);
        tick(&mut counts.all_expired, axes.end == End::Expired);
        tick(&mut counts.all_withdrawn, axes.end == End::Withdrawn);
        tick(&mut counts.all_disowned, axes.end == End::Disowned);
    }
    counts
}

fn check_invariants(ledger: &Ledger) {
    for (id, petition) in &ledger.petitions {
        assert_eq!(petition.counts, pedestrian(&ledger.signatures, *id));
    }
    let mut counted = BTreeMap::new();
    for (id, state) in &ledger.signatures {
        assert_eq!(state.confirmed_at.is_some(), state.axes.is_confirmed());
        assert_eq!(
            paraph_tally::Axes::from_bits(state.axes.to_bits()),
            Some(state.axes),
            "an impossible life"
        );
        if state.axes.is_counted() {
            assert_eq!(
                counted.insert(state.mailbox, *id),
                None,
                "two counted signatures for one mailbox"
            );
        }
    }
    for (mailbox, holder) in &ledger.mailboxes {
        assert_eq!(counted.remove(mailbox), *holder);
    }
    assert!(counted.is_empty(), "a counted signature that its mailbox does not know");
}

fn set_of(event: &mut Event) -> Option<&mut Vec<SignatureId>> {
    match event {
        Event::Settled { signatures, .. } | Event::Expired { signatures, .. } | Event::Verdict { signatures, .. } => {
            Some(signatures)
        }
        _ => None,
    }
}

/// The writer's way with a request: of a set, what exists and is legal, if any; else the event as it is.
fn narrowed(fold: &Fold, at: Millis, asked: &Event) -> Event {
    let mut event = asked.clone();
    let Some(set) = set_of(&mut event) else { return event };
    set.retain(|id| fold.signature(*id).is_some());
    match (fold.legal_part(at, &event), set_of(&mut event)) {
        (Ok(legal), Some(set)) if !legal.is_empty() => *set = legal,
        _ => return asked.clone(),
    }
    event
}

/// What a working set answers where the whole journal says that something does not exist.
fn as_seen_by_a_working_set(outcome: Result<(), IllegalMove>) -> Result<(), IllegalMove> {
    match outcome {
        Err(IllegalMove::Illegal(Rule::PetitionUnknown)) => Err(IllegalMove::NotLoaded(Missing::Petition)),
        Err(IllegalMove::Illegal(Rule::SignatureUnknown)) => Err(IllegalMove::NotLoaded(Missing::Signature)),
        other => other,
    }
}

#[derive(Default)]
struct Run {
    journal: Vec<Entry>,
    ledger: Ledger,
    refused: Vec<IllegalMove>,
}

/// Plays requests through small working sets, beside one fold that sees everything. Each event is tried as asked, and
/// if that is refused, again with what is legal of it.
fn play(requests: &[Request], batch: usize) -> Run {
    let mut run = Run::default();
    let mut whole = Fold::whole();
    for requests in requests.chunks(batch) {
        let mut fold = Fold::new();
        fold.load_end(run.ledger.end.0, run.ledger.end.1);
        for request in requests {
            run.ledger.load(&mut fold, &request.event);
            let (position, at) = fold.end().expect("told above");
            let at = Millis(at.0 + request.after);
            let asked = request.event.clone();
            let part = narrowed(&fold, at, &asked);
            assert_eq!(part, narrowed(&whole, at, &asked));
            for event in [asked, part] {
                let entry = Entry {
                    position: position + 1,
                    at,
                    event,
                };
                let before = (fold.clone(), whole.clone());
                let outcome = whole.apply(&entry);
                assert_eq!(fold.apply(&entry), as_seen_by_a_working_set(outcome));
                match outcome {
                    Ok(()) => {
                        run.journal.push(entry);
                        break;
                    }
                    Err(refusal) => {
                        assert!(
                            (&fold, &whole) == (&before.0, &before.1),
                            "a refused event left a trace"
                        );
                        run.refused.push(refusal);
                    }
                }
            }
        }
        run.ledger.store(fold.end().expect("told above"), fold.take_changed());
        assert_eq!(fold.take_changed(), Changed::default());
        check_invariants(&run.ledger);
    }
    run
}

proptest! {
    #[test]
    fn small_working_sets_end_where_a_recount_ends(requests in requests(), batch in 1..12usize) {
        let run = play(&requests, batch);
        let mut recount = Fold::recount(run.journal).expect("accepted once, legal for ever");
        let mut ledger = Ledger::default();
        ledger.store(recount.end().expect("whole"), recount.take_changed());
        prop_assert_eq!(ledger, run.ledger);
    }

    #[test]
    fn what_is_legal_of_a_set_is_legal(requests in requests(), asked in event(), after in 0..90_000u64) {
        let journal = play(&requests, 7).journal;
        let mut fold = Fold::recount(journal).expect("legal");
        let (position, at) = fold.end().expect("whole");
        let at = Millis(at.0 + after);
        let mut event = asked;
        // What is taken back comes before. Whether anything is, decides what is legal.
        if let Event::Verdict { undoes, .. } = &mut event {
            *undoes = undoes.filter(|undone| (1..=position).contains(undone));
        }
        let legal = fold.legal_part(at, &event).unwrap_or_default();
        if let Some(set) = set_of(&mut event) && !legal.is_empty() {
            *set = legal;
            prop_assert_eq!(fold.apply(&Entry { position: position + 1, at, event }), Ok(()));
        }
    }
}

/// A verdict whose members are only counted gives the numbers that it gives when each of them is loaded.
#[test]
fn a_verdict_on_counted_members_gives_the_numbers_of_one_on_loaded_members() {
    let mut runner = TestRunner::deterministic();
    let mut compared = 0;
    for _ in 0..300 {
        let requests = requests().new_tree(&mut runner).expect("generates").current();
        let mut whole = Fold::whole();
        for entry in play(&requests, 7).journal {
            if let Event::Verdict {
                petition, signatures, ..
            } = &entry.event
            {
                let mut entry = entry.clone();
                let mut members = signatures.clone();
                members.sort_unstable();
                let axes = members
                    .iter()
                    .filter_map(|id| whole.signature(*id))
                    .map(|state| state.axes);
                let axes: Standings = axes.collect();
                set_of(&mut entry.event).expect("a set").clone_from(&members);
                let (position, at) = whole.end().expect("whole");
                let mut fold = Fold::new();
                fold.load_end(position, at);
                fold.load_petition(*petition, *whole.petition(*petition).expect("known"));
                assert_eq!(
                    fold.apply_counted(&entry, &Standings::default()),
                    Err(IllegalMove::Contradiction)
                );
                assert_eq!(fold.apply_counted(&entry, &axes), Ok(()));
                let mut slowly = whole.clone();
                slowly.apply(&entry).expect("legal");
                assert_eq!(fold.petition(*petition), slowly.petition(*petition));
                assert_eq!(fold.end(), slowly.end());
                compared += 1;
                set_of(&mut entry.event).expect("a set").push(members[0]);
                let twice = whole.clone().apply_counted(&entry, &axes);
                assert!(twice.is_err(), "named twice");
            }
            whole.apply(&entry).expect("legal");
        }
    }
    assert!(compared > 100, "{compared}");
}

/// Whatever happened before: to invalidate some and take that back leaves everybody as they stood, and every number.
#[test]
fn an_invalidation_taken_back_leaves_everybody_as_they_stood() {
    let mut runner = TestRunner::deterministic();
    let mut mixed = 0;
    for _ in 0..300 {
        let requests = requests().new_tree(&mut runner).expect("generates").current();
        let mut fold = Fold::whole();
        for entry in play(&requests, 7).journal {
            fold.apply(&entry).expect("legal");
        }
        for petition in (0..2).map(PetitionId) {
            let mut before = fold.clone();
            let (position, at) = before.end().expect("whole");
            let next = |after, verdict, undoes, signatures| Entry {
                position: position + after,
                at,
                event: Event::Verdict {
                    verdict,
                    petition,
                    reason: 3,
                    policy: 1,
                    evidence: [9; 32],
                    author: Author::Scrutiny,
                    undoes,
                    signatures,
                },
            };
            let all = (0..8)
                .map(signature_id)
                .filter(|id| before.signature(*id).is_some())
                .collect();
            let asked = next(1, VerdictKind::Invalidated, None, all);
            let Ok(set) = before.legal_part(at, &asked.event) else {
                continue;
            };
            if set.is_empty() {
                continue;
            }
            let standing = |id: &SignatureId| before.signature(*id).map(|state| state.axes.verdict);
            let has = |verdict| set.iter().any(|id| standing(id) == Some(verdict));
            mixed += u32::from(has(Standing::Clear) && has(Standing::Held));
            let mut after = before.clone();
            let there = next(1, VerdictKind::Invalidated, None, set.clone());
            let back = next(2, VerdictKind::Restored, Some(position + 1), set);
            after.apply(&there).expect("legal");
            after.apply(&back).expect("legal");
            let (mut was, mut is) = (Ledger::default(), Ledger::default());
            was.store((position, at), before.take_changed());
            is.store((position, at), after.take_changed());
            was.mailboxes.retain(|_, counted| counted.is_some());
            is.mailboxes.retain(|_, counted| counted.is_some());
            assert_eq!(was, is);
        }
    }
    assert!(mixed > 20, "{mixed}");
}

/// Otherwise the properties above could hold because nothing ever happens.
#[test]
fn random_journals_meet_every_rule() {
    let mut runner = TestRunner::deterministic();
    let mut refused = BTreeSet::new();
    let mut shown = Counts::default().to_array();
    for _ in 0..300 {
        let requests = requests().new_tree(&mut runner).expect("generates").current();
        let run = play(&requests, 5);
        refused.extend(run.refused.iter().map(ToString::to_string));
        for petition in run.ledger.petitions.values() {
            shown = std::array::from_fn(|n| shown[n].max(petition.counts.to_array()[n]));
        }
    }
    let expected = [
        Rule::PetitionUnknown,
        Rule::TextVersionNotNext,
        Rule::PetitionNotDraft,
        Rule::PetitionNotOpen,
        Rule::PetitionClosed,
        Rule::PetitionDiscarded,
        Rule::SignatureExists,
        Rule::SignatureUnknown,
        Rule::TextVersionUnknown,
        Rule::RecordVersionUnknown,
        Rule::OtherPetition,
        Rule::AlreadyConfirmed,
        Rule::Unconfirmed,
        Rule::Ended,
        Rule::AlreadySettled,
        Rule::TooEarlyToSettle,
        Rule::MailboxCounted,
        Rule::NotClear,
        Rule::NotHeld,
        Rule::AlreadyInvalidated,
        Rule::NotInvalidated,
        Rule::SetEmpty,
        Rule::SetDuplicate,
        Rule::UndoesNotEarlier,
    ];
    let expected: BTreeSet<String> = expected.map(|rule| IllegalMove::Illegal(rule).to_string()).into();
    assert_eq!(refused, expected);
    assert!(shown.iter().all(|number| *number > 0), "{:?} {shown:?}", Counts::NAMES);
}
