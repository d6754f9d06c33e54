//! The drill’s report: the JSON that checking scripts read. `closing.rs` prints it for people.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::abuse::{Abusers, Tale};
use crate::scenario::StandsFor;

/// The whole report. What does not exist yet is null, never invented.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Public name of the scenario.
    pub scenario: String,
    /// Seed of the plan.
    pub seed: u64,
    /// Length of the run.
    pub seconds: f64,
    /// False if it was stopped early or did not reach the end of its waits.
    pub complete: bool,
    /// What was made shorter or smaller than life.
    pub compression: Compression,
    /// Price of signing.
    pub puzzle: Puzzle,
    /// Honest people.
    pub honest: Honest,
    /// Forgers.
    pub forged: Forged,
    /// Clients that misused the protocol, by kind; null where the scenario has none.
    pub abuse: Option<BTreeMap<&'static str, Tale>>,
    /// How many such clients there were at once, and whether as many as the scenario has; null likewise.
    pub abusers: Option<Abusers>,
    /// Those whose address forgers entered again and again; null in other scenarios.
    pub victims: Option<Victims>,
    /// A crowd of real but hostile people, who count; null in other scenarios.
    pub brigade: Option<Brigade>,
    /// Parts of the attack, where there are several; null elsewhere.
    pub waves: Option<Vec<Wave>>,
    /// Whether the page was up.
    pub page: Page,
    /// The count against the truth.
    pub count: Count,
    /// Quality of verdicts.
    pub verdicts: Verdicts,
    /// Cost to the server.
    pub server: Server,
    /// Public log.
    pub log: Log,
}

/// What was made shorter or smaller than life.
#[derive(Clone, Debug, Serialize)]
pub struct Compression {
    /// Human delays (reading, fetching mail) are divided by this.
    pub delays: f64,
    /// The time of filling in is divided by this.
    pub typing: f64,
    /// The attack is so many times shorter than what it stands for; null where a scenario runs at its own pace.
    pub time: Option<f64>,
    /// What it stands for; null likewise.
    pub stands_for: Option<StandsFor>,
}

/// A crowd of real but hostile people.
#[derive(Clone, Debug, Serialize)]
pub struct Brigade {
    /// How many.
    pub people: u64,
    /// Of these, held.
    pub held: Option<u64>,
    /// Of these, invalidated.
    pub invalidated: Option<u64>,
}

/// A part of the attack.
#[derive(Clone, Debug, Serialize)]
pub struct Wave {
    /// What it is.
    pub name: &'static str,
    /// When it began, seconds from the drill's start.
    pub from: f64,
    /// When it ended.
    pub to: f64,
    /// Forgeries that were tried; 0 in a flood of requests.
    pub sent: u64,
    /// Those answered "check your mail".
    pub admitted: u64,
    /// Those confirmed by their authors.
    pub confirmed: u64,
    /// Those held, of the ones that got a mail; the others cannot be asked about from outside.
    pub held: Option<u64>,
    /// Clusters that hold any of them.
    pub clusters: Option<u64>,
    /// Contributions of honest people or of other waves in the same clusters.
    pub strangers: Option<u64>,
    /// Families of evidence of these clusters.
    pub families: Option<Vec<String>>,
    /// Incidents in which something of it was seen, by their numbers.
    pub incidents: Option<Vec<u64>>,
}

/// Whether the page was up, as seen by a reader who asks every second.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Page {
    /// Times that it was asked for.
    pub asked: u64,
    /// Times that it came.
    pub shown: u64,
    /// Longest time from one to the next, seconds.
    pub longest_gap: f64,
}

/// Price of signing.
#[derive(Clone, Debug, Serialize)]
pub struct Puzzle {
    /// Mean guesses of the challenges handed out; null if none was.
    pub price: Option<f64>,
    /// Mean rounds of one guess.
    pub rounds: Option<f64>,
    /// True if the price is one that only a drill may ask for: at most 4 guesses.
    pub drill_only: Option<bool>,
}

/// One value for each part of the plan, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ByPhase {
    /// Honest people alone.
    pub before: Option<f64>,
    /// Under attack.
    pub during: Option<f64>,
    /// Afterwards.
    pub after: Option<f64>,
}

/// Honest people.
#[derive(Clone, Debug, Serialize)]
pub struct Honest {
    /// People who sent a form.
    pub sent: u64,
    /// People who were told to check their mail.
    pub accepted: u64,
    /// People who received a mail.
    pub mailed: u64,
    /// People whose confirmation was acknowledged.
    pub confirmed: u64,
    /// People whose withdrawal was acknowledged.
    pub withdrawn: u64,
    /// Of the final count, at most the truth.
    pub counted: Option<u64>,
    /// People who gave up, by what they were told last.
    pub gave_up: BTreeMap<String, u64>,
    /// "Come back later" answers on the way.
    pub asked_to_wait: u64,
    /// Times that somebody waited for one of the drill's own connections: no time below has that in it, `accepted` but.
    pub crowded: u64,
    /// From sending the form to the head of the first answer, puzzle solving apart.
    pub p50_ms: ByPhase,
    /// The same, 99th percentile.
    pub p99_ms: ByPhase,
    /// From first sending the form to being accepted, with every wait and retry.
    pub accepted_p50_ms: ByPhase,
    /// The same, 99th percentile.
    pub accepted_p99_ms: ByPhase,
    /// 99th percentile of the page.
    pub page_p99_ms: ByPhase,
    /// 99th percentile of a confirmation.
    pub confirm_p99_ms: ByPhase,
}

/// Forgers.
#[derive(Clone, Debug, Serialize)]
pub struct Forged {
    /// Forgeries that were tried.
    pub sent: u64,
    /// Those answered "check your mail".
    pub admitted: u64,
    /// Mails that went to addresses which forgers entered.
    pub mailed: u64,
    /// Most mails that one such address received.
    pub max_mails_per_address: u64,
    /// Forgeries confirmed through the forgers' own domain.
    pub confirmed: u64,
    /// Most that the count exceeded the truth.
    pub counted_peak: u64,
    /// What it exceeded it by at the end.
    pub counted_final: u64,
    /// Held by scrutiny.
    pub held: Option<u64>,
    /// Invalidated.
    pub invalidated: Option<u64>,
    /// Counted with scrutiny off, same seed: confirmed by their authors, and due. Known to the auditor, not from a second
    /// run.
    pub counted_without_scrutiny: Option<u64>,
    /// Refusals by reason.
    pub refused: BTreeMap<String, u64>,
    /// Not tried, because the drill had reached its own bound.
    pub skipped: u64,
}

/// People whose mailbox the forgers aim at.
#[derive(Clone, Debug, Serialize)]
pub struct Victims {
    /// How many.
    pub people: u64,
    /// Petitions on which they were entered.
    pub petitions: u64,
    /// Most mails that one of them received, however the address was spelled.
    pub max_mails: u64,
    /// What one of them may receive in a day: one about each petition and one more to another spelling of the address, three in all.
    pub mails_allowed: u64,
    /// Those who signed themselves afterwards, and confirmed it.
    pub signed: u64,
}

/// The count against the truth.
#[derive(Clone, Debug, Serialize)]
pub struct Count {
    /// Truth at the last check.
    pub truth: u64,
    /// Count at the last check.
    pub r#final: u64,
    /// Largest distance at any check.
    pub error_max: u64,
    /// Seconds during which the count was wrong.
    pub error_seconds: f64,
    /// Longest time in a row by more than 1 % and more than five signatures; whom scrutiny may make wait is not missed.
    pub off_seconds: f64,
    /// `[seconds, truth, shown]` of every check.
    pub checks: Vec<(f64, u64, u64)>,
    /// Count before the drill, part of every truth.
    pub baseline: u64,
    /// People outside the plan who got a mail during the drill: each makes truth uncertain by one.
    pub guests: u64,
    /// Requests whose answer was lost for good: each makes truth uncertain by one.
    pub unanswered: u64,
    /// Acknowledged times outside request and answer.
    pub confirmed_at_outside: u64,
    /// Signatures of the drill that were still waiting to be counted or judged when it ended; null where nobody can say.
    pub waiting: Option<u64>,
    /// Most that the count was above the truth.
    pub above_max: u64,
    /// Most that it lacked of those whom scrutiny may not make wait any longer.
    pub overdue_max: u64,
    /// Checks that got no answer.
    pub checks_lost: u64,
    /// Most that the count exceeded truth and forgers' confirmations together: neither explains it.
    pub unexplained_max: u64,
}

/// Quality of verdicts. `recall` follows from the count; the rest is null where nobody can be asked who is held.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verdicts {
    /// Share of the held that was forged.
    pub precision: Option<f64>,
    /// Share of the forged that was kept out by scrutiny; who still waits is not. Null where some may wait and nobody can say.
    pub recall: Option<f64>,
    /// Honest people held, hostile ones among them.
    pub honest_held: Option<u64>,
    /// Honest people invalidated.
    pub honest_invalidated: Option<u64>,
    /// Seconds from the attack's start.
    pub seconds_to_first_hold: Option<f64>,
}

/// Cost to the server.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Server {
    /// Processor seconds.
    pub cpu_seconds: Option<f64>,
    /// Largest resident memory of its process, MiB.
    pub rss_mib_max: Option<f64>,
    /// Whether the drill runs in that process, too, and its memory is part of the number, as in `paraph demo`.
    pub rss_with_drill: Option<bool>,
}

/// Public log, once there is one.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Log {
    /// Leaves.
    pub size: Option<u64>,
    /// Whether the outsider's recount agreed.
    pub recount_ok: Option<bool>,
}

/// How long the count may be off by more than 1 % and five signatures while forgers confirm what they forge.
const MOST_OFF_SECONDS: f64 = 60.0;
/// How far off it may be in the end, as a share.
const MOST_OFF_AT_LAST: f64 = 0.001;

impl Victims {
    /// Whether no mailbox was flooded, and everybody in spite of all could sign.
    pub(crate) fn are_spared(&self) -> bool {
        self.max_mails <= self.mails_allowed && self.signed == self.people
    }
}

impl Wave {
    /// Whether an incident tells of it, and no cluster of it holds anybody else; where nobody can say, nothing is against it.
    pub(crate) fn is_known(&self) -> bool {
        // Refusals make an incident after two minutes in a row; a flood of some seconds in a shortened drill makes none.
        let is_brief = self.sent == 0 && self.to - self.from < 60.0;
        let is_told = self.incidents.as_ref().is_none_or(|incidents| !incidents.is_empty());
        (is_told || is_brief) && self.strangers.is_none_or(|many| many == 0)
    }
}

impl Report {
    /// Whether the drill shows what it is there to show: the count was right at every check but for those whom scrutiny may
    /// make wait, no forgery was counted, every honest person could sign, nobody waits any more, and the run was whole. Where forgers confirm what they forge, the count may be off
    /// by a little for as long as it takes to notice, and must be right in the end; nobody honest may be held.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.complete
            && self.count_held()
            && !self.is_waiting()
            && self.verdicts.honest_held.is_none_or(|held| held == 0)
            && self.verdicts.honest_invalidated.is_none_or(|gone| gone == 0)
            && self.waves.iter().flatten().all(Wave::is_known)
            && self.count.confirmed_at_outside == 0
            && !self.count.checks.is_empty()
            && self.everyone_could_sign()
            && self.victims.as_ref().is_none_or(Victims::are_spared)
    }

    pub(crate) fn count_held(&self) -> bool {
        let count = &self.count;
        if self.forged.confirmed == 0 {
            let is_right = count.r#final == count.truth && count.above_max == 0;
            return is_right && count.overdue_max == 0 && self.forged.counted_peak == 0;
        }
        let off = count.r#final.abs_diff(count.truth) as f64;
        count.off_seconds <= MOST_OFF_SECONDS && off <= MOST_OFF_AT_LAST * count.truth as f64
    }

    /// Whether somebody was still to be counted or judged; where nobody can say, whoever may still be is.
    pub(crate) fn is_waiting(&self) -> bool {
        let count = &self.count;
        let may_be = || count.r#final < count.truth && count.overdue_max == 0;
        count.waiting.map_or_else(may_be, |waiting| waiting > 0)
    }

    /// Whether forgeries are what was wrong with the count.
    pub(crate) fn counted_forgeries(&self) -> bool {
        let forged = &self.forged;
        let too_long = self.count.off_seconds > MOST_OFF_SECONDS && forged.counted_peak > 0;
        forged.confirmed > 0 && !self.count_held() && (forged.counted_final > 0 || too_long)
    }

    pub(crate) fn everyone_could_sign(&self) -> bool {
        self.honest.gave_up.is_empty() && self.honest.accepted == self.honest.sent
    }
}
