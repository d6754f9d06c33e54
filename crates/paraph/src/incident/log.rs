//! What happened in an incident, told in one order: what the program saw and what was judged stands with the incident, what
//! people wrote and did stands in the shift log, and nothing stands in both.

use paraph_tally::Millis;
use serde::{Deserialize, Serialize};

use super::book::{Incident, What};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The program.
    Program,
    /// A member of the desk, by name.
    Member(String),
    /// A member who was removed, by the number that the register of the desk has for them too; 0 if none is known.
    Former(u64),
    /// Whoever works at the machine itself.
    CommandLine,
    /// Whoever had the link of an alert.
    Link,
}

/// A line of the shift log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftLine {
    /// When, milliseconds UTC.
    pub at: u64,
    /// Who.
    pub who: Who,
    /// The incident that it belongs to, if there was one.
    pub incident: Option<u64>,
    /// What kind of line.
    pub entry: Entry,
    /// What they wrote; for acts, their numbers.
    pub text: String,
}

/// What the shift log keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// What somebody did or saw.
    Note,
    /// The moment from which the clocks run: somebody knew.
    Aware,
    /// The clocks are stopped: it is over, or was none.
    Over,
    /// More holds an hour without a person, for a while: how many, and until when in milliseconds.
    CapRaised,
    /// No longer.
    CapLowered,
    /// Held people are asked by mail: how many.
    SecondWay,
    /// Their mails that had not left were called back.
    CalledBack,
    /// Alerts were acknowledged: how many.
    Acknowledged,
    /// The button behind the link of an alert was pressed: to whom that link had been sent, as the configuration calls them.
    LinkPressed,
    /// People cannot sign any more: pages only.
    Paused,
    /// They can again.
    Resumed,
}

impl Entry {
    /// All of them.
    const ALL: [Self; 11] = [
        Self::Note,
        Self::Aware,
        Self::Over,
        Self::CapRaised,
        Self::CapLowered,
        Self::SecondWay,
        Self::CalledBack,
        Self::Acknowledged,
        Self::LinkPressed,
        Self::Paused,
        Self::Resumed,
    ];

    /// Signing was paused, or goes on.
    #[must_use]
    pub fn of_read_only(read_only: bool) -> Self {
        if read_only { Self::Paused } else { Self::Resumed }
    }

    /// Whether it changed something of the site: then it stands in the register of the desk too. What somebody wrote, or knew, did not.
    #[must_use]
    pub fn is_act(self) -> bool {
        !matches!(self, Self::Note | Self::Aware | Self::Over)
    }

    /// As the store has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Aware => "aware",
            Self::Over => "over",
            Self::CapRaised => "cap-raised",
            Self::CapLowered => "cap-lowered",
            Self::SecondWay => "second-way",
            Self::CalledBack => "called-back",
            Self::Acknowledged => "acknowledged",
            Self::LinkPressed => "link-pressed",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
        }
    }

    /// Reads [`Entry::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entry| entry.name() == name)
    }
}

/// A line of an incident's story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When, milliseconds UTC.
    pub at: u64,
    /// Who.
    pub who: Who,
    /// What.
    pub what: Happened,
}

/// What a line of the story says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// Seen by the program, or judged.
    Seen(What),
    /// Written or done by a person.
    Written(Entry, String),
}

/// The story of an incident, the first line first. `name` says who an account is.
#[must_use]
pub fn story(incident: &Incident, shift: &[ShiftLine], name: impl Fn(&str) -> Who) -> Vec<Told> {
    let seen = incident.timeline.iter().map(|line| Told {
        at: line.at,
        who: line.by.as_deref().map_or(Who::Program, &name),
        what: Happened::Seen(line.what.clone()),
    });
    let written = shift.iter().filter(|line| line.incident == Some(incident.id));
    let written = written.map(|line| Told {
        at: line.at,
        who: line.who.clone(),
        what: Happened::Written(line.entry, line.text.clone()),
    });
    let mut story: Vec<Told> = seen.chain(written).collect();
    story.sort_by_key(|line| line.at);
    story
}

/// The moment of awareness, from which the legal clocks run: when a person first judged, wrote or did something in an
/// incident; outside one, when somebody said so. `None` if nobody has, or if the clocks were stopped since.
#[must_use]
pub fn aware(incident: Option<&Incident>, shift: &[ShiftLine]) -> Option<Millis> {
    let of = incident.map(|incident| incident.id);
    let lines = || shift.iter().filter(|line| line.incident == of);
    let stopped = lines()
        .filter(|line| line.entry == Entry::Over)
        .map(|line| line.at)
        .max();
    let tells = |line: &&ShiftLine| match stopped {
        Some(stopped) => line.entry == Entry::Aware && line.at > stopped,
        None => line.entry == Entry::Aware || of.is_some(),
    };
    let first_act = incident
        .and_then(|incident| incident.aware_at)
        .filter(|_| stopped.is_none());
    lines()
        .filter(tells)
        .map(|line| line.at)
        .chain(first_act)
        .min()
        .map(Millis)
}

#[cfg(test)]
mod tests {
    use super::{Entry, Happened, ShiftLine, Who, aware, story};
    use crate::incident::Direction;
    use crate::incident::book::{Book, Given};
    use crate::limits::Limits;
    use paraph_tally::{Millis, PetitionId};

    fn line(at: u64, incident: Option<u64>, entry: Entry) -> ShiftLine {
        ShiftLine {
            at,
            who: Who::Member("Bastien".to_owned()),
            incident,
            entry,
            text: "seen".to_owned(),
        }
    }

    #[test]
    fn the_clocks_run_from_the_first_thing_that_a_person_did_until_they_are_stopped() {
        let (limits, mut book) = (Limits::default(), Book::default());
        let hold = |position, at, by| Given {
            position,
            at: Millis(at),
            by,
            direction: Direction::Hold,
            judged: 3,
            petition: PetitionId(1),
            concerns: None,
            set_aside: Vec::new(),
        };
        book.judged(&hold(1, 1_000, None), &limits);
        let incident = book.open().expect("open").clone();
        assert_eq!(aware(Some(&incident), &[]), None, "the program knows, and no person");
        let elsewhere = [line(1_500, None, Entry::Note), line(1_600, Some(9), Entry::Aware)];
        assert_eq!(aware(Some(&incident), &elsewhere), None);
        let lines = [line(3_000, Some(1), Entry::Aware), line(2_000, Some(1), Entry::Note)];
        assert_eq!(aware(Some(&incident), &lines), Some(Millis(2_000)));
        book.judged(&hold(2, 1_800, Some([1; 16])), &limits);
        let incident = book.open().expect("open").clone();
        assert_eq!(
            aware(Some(&incident), &lines),
            Some(Millis(1_800)),
            "a verdict is an act"
        );
        let stopped = [&lines[..], &[line(4_000, Some(1), Entry::Over)]].concat();
        assert_eq!(aware(Some(&incident), &stopped), None);
        let again = [
            &stopped[..],
            &[line(5_000, Some(1), Entry::Note), line(6_000, Some(1), Entry::Aware)],
        ]
        .concat();
        assert_eq!(aware(Some(&incident), &again), Some(Millis(6_000)));
        // Outside an incident only who says so starts them.
        assert_eq!(
            aware(None, &[line(1, None, Entry::Note), line(2, None, Entry::Aware)]),
            Some(Millis(2))
        );

        let told = story(&incident, &lines, |_| Who::CommandLine);
        let who: Vec<_> = told.iter().map(|line| (line.at, line.who.clone())).collect();
        let bastien = || Who::Member("Bastien".to_owned());
        let program = || Who::Program;
        assert_eq!(
            who,
            [
                (1_000, program()),
                (1_000, program()),
                (1_800, Who::CommandLine),
                (2_000, bastien()),
                (3_000, bastien())
            ]
        );
        assert!(matches!(told[3].what, Happened::Written(Entry::Note, _)));
    }
}
