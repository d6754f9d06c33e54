//! Verdicts taken back, in whatever order, on every store.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use paraph::clock;
use paraph::intake::command::JudgeAnswer;
use paraph::intake::verdict::reason::Reason;
use paraph::ledger::taking_back;
use paraph_tally::{SignatureId, VerdictKind};

use crate::crash::Dice;
use crate::journal::recount_agrees;
use crate::stores::{Kind, Running, Store};
use crate::verdict::{crowd, judge, judgement, small_steps};

/// A verdict as the test remembers it.
struct Remembered {
    position: u64,
    kind: VerdictKind,
    set: Vec<SignatureId>,
    /// Somebody was moved when it was taken back.
    undone: bool,
    /// Who was, by holding and by invalidity.
    moved: [BTreeSet<SignatureId>; 2],
}

/// Whether somebody is held, and whether they are invalidated: the latest of those verdicts says it that still stand.
fn stands(given: &[Remembered], id: SignatureId, without: Option<usize>) -> [bool; 2] {
    let mut standing = [false; 2];
    for (at, verdict) in given.iter().enumerate() {
        if without == Some(at) || !verdict.set.contains(&id) {
            continue;
        }
        for (fact, is_so) in standing.iter_mut().enumerate() {
            let says = match (verdict.kind, fact) {
                (VerdictKind::Held, 0) | (VerdictKind::Invalidated, 1) => !verdict.undone,
                (VerdictKind::Released, 0) | (VerdictKind::Reinstated, _) => !verdict.moved[fact].contains(&id),
                _ => false,
            };
            if says {
                *is_so = matches!(verdict.kind, VerdictKind::Held | VerdictKind::Invalidated);
            }
        }
    }
    standing
}

/// Whom of these the store has so, once all rows have followed: by id, whether held and whether invalidated.
async fn stored(store: &Store, running: &Running) -> BTreeMap<SignatureId, [bool; 2]> {
    while running.intake.judged().now().is_some() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let rows = store
        .connect()
        .await
        .main
        .query("SELECT id, axes FROM signature", &[])
        .await;
    let standing = |axes: i64| [[false, false], [true, false], [false, true], [true, true]][(axes >> 1 & 3) as usize];
    let rows = rows.expect("read");
    let read = rows.iter().map(|row| {
        let id = SignatureId(row.array(0).expect("an id"));
        (id, standing(row.int(1).expect("axes")))
    });
    read.collect()
}

/// Takes a verdict back, as the desk does: exactly those are moved who stand otherwise without it.
async fn take_back(running: &Running, given: &mut [Remembered], at: usize, what: &str) -> u64 {
    let mut judged = 0;
    for back in taking_back::ways_back(given[at].kind) {
        let fact = usize::from(!matches!(back, VerdictKind::Held | VerdictKind::Released));
        let differs = |id: &&SignatureId| stands(given, **id, Some(at))[fact] != stands(given, **id, None)[fact];
        let moved: BTreeSet<_> = given[at].set.iter().filter(differs).copied().collect();
        let mut undo = judgement(*back, Reason::Mistake, &given[at].set);
        undo.undoes = Some(given[at].position);
        match running.intake.judge(undo).await {
            Ok(JudgeAnswer::Judged { judged: many, .. }) => assert_eq!(many, moved.len() as u64, "{what}"),
            Ok(JudgeAnswer::Nothing) => assert!(moved.is_empty(), "{what}"),
            other => panic!("{what}: {other:?}"),
        }
        judged += moved.len() as u64;
        given[at].undone |= !moved.is_empty();
        given[at].moved[fact].extend(moved);
    }
    judged
}

/// Holds, releases, invalidations, reinstatements and their undoing, as they come: everybody stands by the verdicts that still
/// stand, after each of them; and once all of them are taken back, as if there had been none.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_taken_back_in_whatever_order_everybody_stands_by_what_still_stands() {
    use VerdictKind::{Held, Invalidated, Reinstated, Released};
    for (kind, seeds) in Kind::BOTH.into_iter().zip([0..6_u64, 0..2]) {
        let store = Store::new(kind);
        let mut running = store.start_with(small_steps(), clock::now, 0).await;
        let ids = crowd(&running, 0..40).await;
        running.intake.tick().await.expect("tick");
        for seed in seeds {
            let (mut dice, mut given) = (Dice(seed * 2 + 11), Vec::<Remembered>::new());
            for step in 0..40 {
                let what = format!("{kind:?}, seed {seed}, step {step}");
                if !given.is_empty() && dice.roll(5) < 2 {
                    let at = dice.roll(given.len() as u64) as usize;
                    take_back(&running, &mut given, at, &what).await;
                } else {
                    let which = [Held, Released, Invalidated, Reinstated][dice.roll(4) as usize];
                    let asked: Vec<_> = ids.iter().copied().filter(|_| dice.roll(2) == 0).collect();
                    let set: Vec<_> = asked
                        .iter()
                        .copied()
                        .filter(|id| match (which, stands(&given, *id, None)) {
                            (Held, standing) => standing == [false, false],
                            (Released, standing) => standing == [true, false],
                            (Invalidated, [_, invalid]) => !invalid,
                            (_, [_, invalid]) => invalid,
                        })
                        .collect();
                    let why = match which {
                        Held | Invalidated => Reason::Machine,
                        _ => Reason::Reviewed,
                    };
                    match running.intake.judge(judgement(which, why, &asked)).await {
                        Ok(JudgeAnswer::Judged { position, judged, .. }) => {
                            assert_eq!(judged, set.len() as u64, "{what}");
                            let (kind, moved) = (which, Default::default());
                            given.push(Remembered {
                                position,
                                kind,
                                set,
                                undone: false,
                                moved,
                            });
                        }
                        Ok(JudgeAnswer::Nothing) => assert!(set.is_empty(), "{what}"),
                        other => panic!("{what}: {other:?}"),
                    }
                }
                let stored = stored(&store, &running).await;
                for id in &ids {
                    assert_eq!(stored[id], stands(&given, *id, None), "{what}: {id:?}");
                }
            }
            // In any order, as long as it changes anything for anybody.
            let mut unchanged = 0;
            while unchanged < 3 * given.len() {
                let at = dice.roll(given.len() as u64) as usize;
                let moved = take_back(&running, &mut given, at, "at the end").await;
                unchanged = if moved == 0 { unchanged + 1 } else { 0 };
            }
            for at in (0..given.len()).rev() {
                take_back(&running, &mut given, at, "at the very end").await;
            }
            let stored = stored(&store, &running).await;
            assert!(
                stored.values().all(|standing| *standing == [false, false]),
                "{kind:?}, seed {seed}"
            );
            running.intake.tick().await.expect("tick");
            assert_eq!(running.counted(), ids.len() as u64, "{kind:?}, seed {seed}");
        }
        running.stop();
        running = store.start(0).await;
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), ids.len() as u64, "{kind:?}: after a start");
        recount_agrees(&store, running).await;
    }
}

/// As it was found: held, some of them invalidated with others, the hold taken back, then the invalidation.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_stays_held_by_a_hold_that_was_taken_back_beneath_an_invalidation() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start_with(small_steps(), clock::now, 0).await;
        let ids = crowd(&running, 0..60).await;
        running.intake.tick().await.expect("tick");
        let (held, invalidated) = (ids[..40].to_vec(), ids[30..55].to_vec());
        let (_, hold) = judge(&running, judgement(VerdictKind::Held, Reason::Machine, &held)).await;
        let (_, invalidation) = judge(
            &running,
            judgement(VerdictKind::Invalidated, Reason::Machine, &invalidated),
        )
        .await;
        let mut release = judgement(VerdictKind::Released, Reason::Mistake, &held);
        release.undoes = Some(hold);
        assert_eq!(
            judge(&running, release).await.0,
            40,
            "{kind:?}: those beneath the invalidation too"
        );
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 35, "{kind:?}");
        let mut back = judgement(VerdictKind::Restored, Reason::Mistake, &invalidated);
        back.undoes = Some(invalidation);
        assert_eq!(judge(&running, back).await.0, 25, "{kind:?}");
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 60, "{kind:?}");
        recount_agrees(&store, running).await;
    }
}
