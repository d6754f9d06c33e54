//! A night: the scenario, everybody's steps in the order of time, and the truth about each.

use super::chance::Chance;
use super::registry::Registry;
use super::seed::Seed;
use super::world::World;
use super::{Act, Contribution, HOUR, Step, Truth, crowd, forgers};

/// What is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SimScenario {
    /// Nobody forges anything.
    Honest,
    /// Rented servers, one name, one comment, a domain of their own.
    Lockstep218,
    /// Domains of their own, names and clients and times as people have them.
    SelfConfirm,
    /// Left unconfirmed for days, confirmed within half an hour.
    StoredUp,
    /// Few mailboxes, many spellings.
    AliasFarm,
    /// Twelve thousand in ten days, through a narrow range.
    LowAndSlow,
    /// Real browsers on lines like homes, a thousand a day.
    BrowserFarm,
    /// Names from a stolen list, at midnight.
    StolenIdentities,
    /// A hostile crowd of real people.
    Brigade,
    /// Forgeries made to look like an honest group, so that it is held.
    Framing,
    /// A directory of officials.
    Impersonation,
    /// The addresses of people who have yet to sign.
    PreEmption,
    /// One person's address, on many petitions.
    MailBomb,
    /// A journalist with twenty mailboxes.
    TwentyMailboxes,
    /// The three waves.
    Noel2020,
    /// Rented servers in the network of a firm's own proxy, with the firm's browser, addresses and hours.
    Mimicry,
    /// Some dozens to three hundred, with times as people have them, in one of three ways.
    FewHundred,
}

impl SimScenario {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Honest,
        Self::Lockstep218,
        Self::SelfConfirm,
        Self::StoredUp,
        Self::AliasFarm,
        Self::LowAndSlow,
        Self::BrowserFarm,
        Self::StolenIdentities,
        Self::Brigade,
        Self::Framing,
        Self::Impersonation,
        Self::PreEmption,
        Self::MailBomb,
        Self::TwentyMailboxes,
        Self::Noel2020,
        Self::Mimicry,
        Self::FewHundred,
    ];

    /// Public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Lockstep218 => "lockstep-218",
            Self::SelfConfirm => "self-confirm",
            Self::StoredUp => "stored-up",
            Self::AliasFarm => "alias-farm",
            Self::LowAndSlow => "low-and-slow",
            Self::BrowserFarm => "browser-farm",
            Self::StolenIdentities => "stolen-identities",
            Self::Brigade => "brigade",
            Self::Framing => "framing",
            Self::Impersonation => "impersonation",
            Self::PreEmption => "pre-emption",
            Self::MailBomb => "mail-bomb",
            Self::TwentyMailboxes => "twenty-mailboxes",
            Self::Noel2020 => "noel-2020",
            Self::Mimicry => "mimicry",
            Self::FewHundred => "few-hundred",
        }
    }

    /// Finds a scenario by its public name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    /// Whether it is so slow by nature that what gets through is measured a day later.
    #[must_use]
    pub fn is_slow(self) -> bool {
        matches!(self, Self::LowAndSlow | Self::BrowserFarm | Self::StolenIdentities)
    }
}

/// Everything that happens in ten days, and the truth.
#[derive(Clone, Debug)]
pub struct Night<S> {
    /// What is simulated.
    pub scenario: SimScenario,
    /// From which seed.
    pub seed: S,
    /// Contributions, in the order of time.
    pub contributions: Vec<Contribution>,
    /// Who each of them really comes from.
    pub truth: Vec<Truth>,
    /// What happens, in the order of time.
    pub steps: Vec<Step>,
    /// What a server can know of places.
    pub registry: Registry,
    /// Names of the honest groups.
    pub groups: Vec<&'static str>,
    /// Mailboxes whose holders were forged first and who then sign themselves.
    pub victims: Vec<u32>,
    /// Names of the waves of forgers.
    pub waves: Vec<&'static str>,
}

/// A night while it is written.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) contributions: Vec<Contribution>,
    pub(super) truth: Vec<Truth>,
    pub(super) steps: Vec<Step>,
    pub(super) groups: Vec<&'static str>,
    pub(super) victims: Vec<u32>,
    pub(super) waves: Vec<&'static str>,
}

impl Draft {
    pub(super) fn group(&mut self, name: &'static str) -> u8 {
        self.groups.push(name);
        (self.groups.len() - 1) as u8
    }

    pub(super) fn wave(&mut self, name: &'static str) -> u8 {
        self.waves.push(name);
        (self.waves.len() - 1) as u8
    }

    pub(super) fn sign(&mut self, contribution: Contribution, truth: Truth) -> u32 {
        let index = self.contributions.len() as u32;
        self.step(contribution.at, index, Act::Sign);
        self.contributions.push(contribution);
        self.truth.push(truth);
        index
    }

    pub(super) fn step(&mut self, at: u64, whose: u32, act: Act) {
        self.steps.push(Step { at, whose, act });
    }
}

impl Draft {
    /// In three nights of ten our own mail stands still for hours. Who signed meanwhile has it when it moves again, and
    /// does then what they would have done at once; forgers who meant to wait for longer do not notice.
    fn stop_the_mail(&mut self, chance: &mut Chance) {
        if !chance.yes(0.3) {
            return;
        }
        let from = u64::from(chance.number(24, 200)) * HOUR;
        let to = from + (chance.between(3.0, 14.0) * HOUR as f64) as u64;
        // The queue takes half an hour to empty.
        let delivered: Vec<u64> = self.truth.iter().map(|_| to + (chance.unit() * 1.8e6) as u64).collect();
        for step in &mut self.steps {
            let signed = self.contributions[step.whose as usize].at;
            if step.act == Act::Sign || !(from..to).contains(&signed) {
                continue;
            }
            let delivered = delivered[step.whose as usize];
            step.at = match self.truth[step.whose as usize] {
                Truth::Honest(_) => step.at + (delivered - signed),
                Truth::Forged(_) => step.at.max(delivered + 1000),
            };
        }
    }
}

/// Writes a night. Honest people are the same whatever the scenario does beside them, but for those it needs.
#[must_use]
pub fn simulate<S: Seed>(scenario: SimScenario, seed: S) -> Night<S> {
    let mut draft = Draft::default();
    let mut chance = seed.chance();
    chance.set_stream(1);
    let mut world = World::new(Chance(chance));
    let people = match scenario {
        // With its groups, about the 34,000 that the petition of the event had.
        SimScenario::Noel2020 => 26_500,
        _ => world.chance.number(5_000, 9_000),
    };
    crowd::everybody(&mut draft, &mut world, people);
    let mut chance = seed.chance();
    chance.set_stream(2 + scenario as u64);
    world.chance = Chance(chance);
    forgers::join(&mut draft, &mut world, scenario);
    let mut chance = seed.chance();
    chance.set_stream(1000);
    draft.stop_the_mail(&mut Chance(chance));
    let mut chance = seed.chance();
    chance.set_stream(1001);
    let registry = Registry::new(&mut Chance(chance));
    // Stable: of one moment, what was written first comes first.
    draft.steps.sort_by_key(|step| step.at);
    Night {
        scenario,
        seed,
        contributions: draft.contributions,
        truth: draft.truth,
        steps: draft.steps,
        registry,
        groups: draft.groups,
        victims: draft.victims,
        waves: draft.waves,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ReportingSeed, Truth, TuningSeed};
    use super::{Night, SimScenario, simulate};

    fn first<S>(night: &Night<S>, count: usize) -> String {
        format!("{:?}", &night.contributions[..count])
    }

    #[test]
    fn a_seed_is_a_night_and_the_two_kinds_of_seeds_share_none() {
        let tuning: Vec<TuningSeed> = TuningSeed::all(2).collect();
        let night = simulate(SimScenario::SelfConfirm, tuning[0]);
        assert_eq!(
            first(&night, 500),
            first(&simulate(SimScenario::SelfConfirm, tuning[0]), 500)
        );
        assert_ne!(
            first(&night, 500),
            first(&simulate(SimScenario::SelfConfirm, tuning[1]), 500)
        );
        for seed in ReportingSeed::all(1) {
            assert_ne!(
                first(&night, 500),
                first(&simulate(SimScenario::SelfConfirm, seed), 500)
            );
        }
        assert!(night.steps.is_sorted_by_key(|step| step.at));
    }

    #[test]
    fn forgers_do_not_change_a_single_honest_person() {
        for seed in TuningSeed::all(1) {
            let alone = simulate(SimScenario::Honest, seed);
            let attacked = simulate(SimScenario::StoredUp, seed);
            let honest = alone.contributions.len();
            assert_eq!(first(&alone, honest), first(&attacked, honest));
            assert!(
                attacked.truth[honest..]
                    .iter()
                    .all(|truth| matches!(truth, Truth::Forged(_)))
            );
            assert!(attacked.truth.len() > honest + 1000);
        }
    }
}
