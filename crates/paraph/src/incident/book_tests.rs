use super::*;

fn hold(position: u64, at: u64) -> Given {
    Given {
        position,
        at: Millis(at),
        by: None,
        direction: Direction::Hold,
        judged: 10,
        petition: PetitionId(1),
        concerns: None,
        set_aside: Vec::new(),
    }
}

fn whats(incident: &Incident) -> Vec<What> {
    incident.timeline.iter().map(|line| line.what.clone()).collect()
}

#[test]
fn an_automatic_hold_opens_an_incident_and_quiet_closes_it() {
    let (limits, mut book) = (Limits::default(), Book::default());
    let by_hand = Given {
        by: Some([1; 16]),
        ..hold(3, 500)
    };
    book.judged(&by_hand, &limits);
    assert_eq!((book.open(), book.verdicts_to()), (None, 3));
    assert_eq!(book.take_changed(), []);
    book.judged(&hold(7, 1_000), &limits);
    book.judged(
        &Given {
            position: 9,
            set_aside: vec![(1, 20)],
            ..by_hand.clone()
        },
        &limits,
    );
    let invalidated = Given {
        position: 10,
        direction: Direction::Invalidate,
        set_aside: vec![(1, 24)],
        ..by_hand.clone()
    };
    book.judged(&invalidated, &limits);
    let kept = book.take_changed().pop().expect("to be kept");
    assert_eq!(
        (kept.id, kept.held, kept.aware_at, kept.verdicts_to),
        (1, 24, Some(500), 10),
        "held and invalidated by whomever, each once"
    );
    assert_eq!(kept.petitions, [1]);
    let quiet = limits.incident_quiet_minutes * MINUTE;
    book.look(Pressure::default(), Millis(1_000 + quiet - 1), &limits);
    assert!(book.open().is_some());

    // A start knows it again, and goes on from there.
    let mut book = Book::new(vec![kept], 1);
    assert_eq!(book.verdicts_to(), 10);
    book.look(Pressure::default(), Millis(1_000 + quiet), &limits);
    assert_eq!(book.open(), None);
    assert_eq!(whats(&book.incidents()[0]).last(), Some(&What::Closed));
    book.judged(&hold(12, 2_000 + quiet), &limits);
    assert_eq!(
        book.incidents().iter().map(|incident| incident.id).collect::<Vec<_>>(),
        [1, 2]
    );

    // What a person decides in the morning stands where it belongs, though that is closed and another one is open.
    let later = Given {
        position: 14,
        concerns: Some(1),
        set_aside: vec![(1, 5)],
        direction: Direction::Invalidate,
        ..by_hand
    };
    book.judged(&later, &limits);
    let first = &book.incidents()[0];
    assert!(first.tells(14) && !book.incidents()[1].tells(14));
    assert_eq!((first.held, first.verdicts_to, book.incidents()[1].held), (5, 14, 10));
    let kept: Vec<u64> = book.take_changed().iter().map(|kept| kept.id).collect();
    assert_eq!(kept, [1, 2], "both, in one commit");
    book.to_be_kept(kept);
    assert_eq!(book.take_changed().len(), 2);
}

#[test]
fn refusals_open_one_only_minute_after_minute_and_a_full_hour_of_holds_at_once() {
    let (limits, mut book) = (Limits::default(), Book::default());
    let at = |minute: u64| Millis(1_000 + minute * MINUTE);
    let many = limits.incident_refusals;
    for (minute, refused) in [(0, 0), (1, many), (2, many), (3, 2 * many), (4, 3 * many)] {
        let pressure = Pressure {
            refused,
            bans: 3,
            ..Pressure::default()
        };
        book.look(pressure, at(minute), &limits);
        assert_eq!(book.open().is_some(), minute == 4, "minute {minute}");
    }
    let incident = book.open().expect("open");
    assert_eq!(
        (incident.opened_at, incident.refused),
        (at(2).0, 2 * many),
        "from the minute that armed it"
    );
    let (requests, bans) = (many, 3);
    assert_eq!(
        whats(incident),
        [What::Opened, What::Refused { requests }, What::Bans { bans }]
    );
    let mut book = Book::default();
    let pressure = Pressure {
        over_cap: 5,
        ..Pressure::default()
    };
    for minute in 0..3 {
        book.look(pressure, at(minute), &limits);
    }
    let incident = book.open().expect("open");
    assert_eq!(whats(incident), [What::Opened, What::AtCap { waiting: 5 }], "said once");
    assert_eq!(incident.seen_at, at(2).0);
}

#[test]
fn a_timeline_is_bounded_and_its_end_is_always_written() {
    let (mut limits, mut book) = (Limits::default(), Book::default());
    limits.set("incident_lines", 100).expect("within its range");
    for position in 0..200 {
        book.judged(&hold(position, 1_000), &limits);
    }
    let incident = book.open().expect("open");
    assert_eq!((incident.timeline.len(), incident.left_out), (100, 101));
    let quiet = limits.incident_quiet_minutes * MINUTE;
    book.look(Pressure::default(), Millis(1_000 + quiet), &limits);
    assert_eq!(whats(&book.incidents()[0]).last(), Some(&What::Closed));
}

#[test]
fn a_raised_cap_ends_with_its_incident() {
    let (limits, mut book) = (Limits::default(), Book::default());
    let cap = Some(RaisedCap {
        to: 20_000,
        until: 9_000,
    });
    assert_eq!(book.set_cap(1, cap), None, "none is open");
    book.judged(&hold(1, 1_000), &limits);
    assert_eq!(book.set_cap(2, cap), None);
    assert_eq!(book.set_cap(1, cap).and_then(|kept| kept.cap), cap);
    assert_eq!(
        Book::new(book.incidents().to_vec(), book.last).cap(),
        cap,
        "a start knows it"
    );
    let mut beside_damaged = Book::new(Vec::new(), 4);
    beside_damaged.judged(&hold(7, 1_000), &limits);
    let number = beside_damaged.open().map(|incident| incident.id);
    assert_eq!(number, Some(5), "not the place of one that cannot be read");
    let quiet = limits.incident_quiet_minutes * MINUTE;
    book.look(Pressure::default(), Millis(1_000 + quiet), &limits);
    assert_eq!((book.cap(), book.incidents()[0].cap), (None, None));
}

/// The count that people saw before an attack, of each petition that it attacked, is known as long as the server saw both.
#[test]
fn an_incident_remembers_what_the_pages_showed_before_it_began() {
    let (limits, mut book) = (Limits::default(), Book::default());
    let counts = |as_of: u64, counted: [u64; 2]| ShownCounts {
        as_of: Millis(as_of),
        of: BTreeMap::from([(1, counted[0]), (2, counted[1])]),
    };
    for (as_of, counted) in [(100, [30, 5]), (900, [34, 6]), (1_900, [90, 7])] {
        assert!(!book.has_shown(Millis(as_of)));
        book.show(counts(as_of, counted));
        assert!(book.has_shown(Millis(as_of)));
    }
    book.note_before();
    book.judged(&hold(7, 1_000), &limits);
    book.note_before();
    let before = |book: &Book| book.open().expect("open").counted_before();
    assert_eq!(before(&book), Some((Millis(900), 34)));
    assert_eq!(book.take_changed().len(), 1, "it is kept");
    book.note_before();
    assert_eq!(book.take_changed(), [], "once");
    // Many updates later another petition is attacked: of the same moment.
    for later in 0..100 {
        book.show(counts(2_000 + later, [500, 600]));
    }
    let second = Given {
        petition: PetitionId(2),
        ..hold(8, 3_000)
    };
    book.judged(&second, &limits);
    assert_eq!(before(&book), None, "not of all of it");
    book.note_before();
    assert_eq!(before(&book), Some((Millis(900), 40)));

    // After a start only what is shown now is known, and that is not from before.
    let mut again = Book::new(book.incidents().to_vec(), 1);
    again.show(counts(9_000, [1, 1]));
    let third = Given {
        petition: PetitionId(3),
        ..hold(9, 9_100)
    };
    again.judged(&third, &limits);
    again.note_before();
    assert_eq!(before(&again), None);
}
