//! What a drill rehearses, and the whole timed schedule of its actors: pure, from a seed, without any input or output.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::Serialize;

use crate::forgeries::{self, Forgery};
use crate::people::{self, Lang};
use crate::probe::ServerProbe;
use crate::target::Target;
use crate::victim::Victim;
use crate::witness::Witness;
use crate::{brigade, browsers, campaign, networks};

/// A rehearsal that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Only honest people, arriving all at once.
    HonestSurge,
    /// 218 rented servers sign with one name and one comment while honest people sign.
    Lockstep218,
    /// Clients that send nothing, or slowly, or read slowly.
    SlowClients,
    /// 218 rented servers keep twenty connections each for nothing.
    FullHouse,
    /// Clients that misuse HTTP/2.
    H2Abuse,
    /// Forms that are too large in every way.
    GiantForms,
    /// 4,000 addresses ask for pages, puzzles and forms, and never complete one.
    Flood4000,
    /// Every request from another IPv6 /64.
    Ipv6Rotation,
    /// Forgeries that claim, in the headers of proxies, to come from honest people.
    ForgedForwarding,
    /// The same servers enter a few victims' addresses, in every spelling, on every petition of the site.
    MailBomb,
    /// Rented servers with invented names confirm through mail domains of their own.
    SelfConfirm,
    /// The same, with few mailboxes in many spellings at a large provider.
    AliasFarm,
    /// Third parties are signed out of a public directory, and never confirm.
    Impersonation,
    /// Forgers who confirm borrow the comment and the browser of honest people, to have these held.
    Framing,
    /// One person with twenty mailboxes and patience.
    TwentyMailboxes,
    /// Forgers enter people's addresses before these sign themselves.
    PreEmption,
    /// A steady trickle through a narrow range, for ten days.
    LowAndSlow,
    /// Real browsers, driven: the same pace each time, day and night.
    BrowserFarm,
    /// Signed over days, confirmed in one burst.
    StoredUp,
    /// A stolen list of names, in its order, each midnight.
    StolenIdentities,
    /// A crowd of real people who are hostile: they count.
    Brigade,
    /// The three waves of November 2020.
    Noel2020,
}

impl Scenario {
    /// Every scenario, for `drill list`.
    pub const ALL: [Self; 22] = [
        Self::HonestSurge,
        Self::Lockstep218,
        Self::SelfConfirm,
        Self::AliasFarm,
        Self::Impersonation,
        Self::Framing,
        Self::TwentyMailboxes,
        Self::LowAndSlow,
        Self::BrowserFarm,
        Self::StoredUp,
        Self::StolenIdentities,
        Self::Brigade,
        Self::PreEmption,
        Self::MailBomb,
        Self::Noel2020,
        Self::Flood4000,
        Self::Ipv6Rotation,
        Self::ForgedForwarding,
        Self::SlowClients,
        Self::FullHouse,
        Self::H2Abuse,
        Self::GiantForms,
    ];

    /// Public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HonestSurge => "honest-surge",
            Self::Lockstep218 => "lockstep-218",
            Self::SlowClients => "slow-clients",
            Self::FullHouse => "full-house",
            Self::H2Abuse => "h2-abuse",
            Self::GiantForms => "giant-forms",
            Self::MailBomb => "mail-bomb",
            Self::SelfConfirm => "self-confirm",
            Self::AliasFarm => "alias-farm",
            Self::Impersonation => "impersonation",
            Self::Framing => "framing",
            Self::TwentyMailboxes => "twenty-mailboxes",
            Self::PreEmption => "pre-emption",
            Self::Flood4000 => "flood-4000",
            Self::Ipv6Rotation => "ipv6-rotation",
            Self::ForgedForwarding => "forged-forwarding",
            Self::LowAndSlow => "low-and-slow",
            Self::BrowserFarm => "browser-farm",
            Self::StoredUp => "stored-up",
            Self::StolenIdentities => "stolen-identities",
            Self::Brigade => "brigade",
            Self::Noel2020 => "noel-2020",
        }
    }

    /// Finds a scenario by its public name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    /// Whether [`Options::strengths`] says how able its forgers are. Those of the others have a method of their own.
    #[must_use]
    pub fn takes_strengths(self) -> bool {
        matches!(self, Self::Lockstep218 | Self::MailBomb | Self::PreEmption)
    }
}

/// Between two waves an incident closes, which takes minutes that nothing shortens.
const NOEL_SECONDS: u64 = 480;

/// Leaves a farm at least five seconds a form, and nobody more than a minute and a half.
const FARM_COMPRESSION: f64 = 3.0;

/// How able the forgers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// One: without solving puzzles.
    NoPuzzle,
    /// Two: solves the real puzzle for each forgery.
    Solving,
    /// Three: solves, and confirms through a domain of their own where every address arrives.
    SelfConfirming,
}

/// How fast the forgers are, in forgeries a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ForgedRate {
    /// All servers together.
    InAll(f64),
    /// Each server.
    PerSource(f64),
}

/// Everything a drill is told. Bounds are kept: never more actors, never longer.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to rehearse.
    pub scenario: Scenario,
    /// Same seed, same plan, same mailboxes: a second drill on the same petition needs another seed, since who has
    /// signed is not counted again and gets no second mail that day.
    pub seed: u64,
    /// Honest arrivals a second, mean over the whole plan.
    pub honest_rate: f64,
    /// Pace of the forgers.
    pub forged_rate: ForgedRate,
    /// Other petitions of the site, which some scenarios attack too. None named: those on its home page.
    pub also: Vec<String>,
    /// Which forgers take part, in equal shares, where the scenario leaves that open.
    pub strengths: BTreeSet<Strength>,
    /// Honest people alone, before.
    pub warm_up: Duration,
    /// While the forgers are at work.
    pub attack: Duration,
    /// Honest people alone, after.
    pub calm: Duration,
    /// Human delays (reading, fetching mail) are divided by this.
    pub compression: f64,
    /// Whether connections announce their actor's source by PROXY v2; otherwise each source leaves from an address of
    /// its own in 127.0.0.0/8.
    pub proxy_protocol: bool,
    /// Most honest people.
    pub max_people: usize,
    /// Most forgeries.
    pub max_forgeries: usize,
    /// Most sources of a flood that changes its address each time.
    pub max_sources: u32,
    /// Most connections open at once, for honest people and for forgers each.
    pub connections: usize,
    /// How often an honest person tries again before giving up.
    pub tries: u32,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// How long an actor waits for a mail.
    pub mail_wait: Duration,
    /// How long the end waits for the last actors, and then for the last settling.
    pub final_wait: Duration,
    /// How much later than it is due a signature may be counted, as scrutiny watches it; zero where nothing watches.
    pub suspect_wait: Duration,
    /// How far the server's `confirmed_at` may lie outside request and answer.
    pub clock_tolerance: Duration,
    /// How the server's processor time and memory are read.
    pub probe: ServerProbe,
    /// Who knows of single contributions whether they are held, if anybody does.
    pub witness: Option<Witness>,
    /// Where the server's operations listener is, whose numbers the live view shows.
    pub operations: Option<Target>,
}

impl Options {
    /// Sensible values for a minute on a small machine; eight minutes for the three waves.
    #[must_use]
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        let options = Self {
            scenario,
            seed,
            honest_rate: 2.0,
            forged_rate: ForgedRate::InAll(5.0),
            also: Vec::new(),
            strengths: BTreeSet::from([Strength::NoPuzzle, Strength::Solving]),
            warm_up: Duration::ZERO,
            attack: Duration::ZERO,
            calm: Duration::ZERO,
            compression: 30.0,
            proxy_protocol: true,
            max_people: 200_000,
            max_forgeries: 1_000_000,
            max_sources: 20_000,
            connections: 256,
            tries: 12,
            request_timeout: Duration::from_secs(30),
            mail_wait: Duration::from_secs(120),
            final_wait: Duration::from_secs(240),
            suspect_wait: Duration::ZERO,
            clock_tolerance: Duration::from_millis(50),
            probe: ServerProbe::None,
            witness: None,
            operations: None,
        };
        let seconds = if scenario == Scenario::Noel2020 {
            NOEL_SECONDS
        } else {
            60
        };
        options.with_duration(Duration::from_secs(seconds))
    }

    /// What the time of filling in is divided by. A farm is known by its pace, and a thirtieth of that is less than a puzzle
    /// and a busy machine add: people and farm type more slowly there.
    pub(crate) fn typing(&self) -> f64 {
        match self.scenario {
            Scenario::BrowserFarm => self.compression.min(FARM_COMPRESSION),
            _ => self.compression,
        }
    }

    /// Splits a duration: a fifth before the attack, three fifths of attack, a fifth after.
    #[must_use]
    pub fn with_duration(self, duration: Duration) -> Self {
        Self {
            warm_up: duration / 5,
            attack: duration * 3 / 5,
            calm: duration / 5,
            ..self
        }
    }
}

/// Part of the plan that a moment belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the forgers.
    Before,
    /// While they are at work.
    During,
    /// After them.
    After,
}

/// How an honest person passes the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// With script: the puzzle.
    Puzzle,
    /// Without script: the ticket.
    Ticket,
}

/// What a person does besides signing once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Signs once.
    Once,
    /// Presses the button twice: the same body again.
    PressesTwice,
    /// Comes back later and signs again, with another visit.
    SignsAgain,
}

/// What a person does with the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Never opens it.
    NeverConfirms,
    /// Confirms.
    Confirms,
    /// Confirms, and withdraws after this long.
    Withdraws(Duration),
}

/// One honest person.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Arrival on the page, from the start of the drill.
    pub at: Duration,
    /// Address that the person is seen under.
    pub source: IpAddr,
    /// Port of the first connection.
    pub port: u16,
    /// Name on the form.
    pub name: String,
    /// Address as typed.
    pub email: String,
    /// Address as the mail server sees it.
    pub mailbox: String,
    /// Comment, if any.
    pub comment: Option<&'static str>,
    /// Language of the browser.
    pub lang: Lang,
    /// With or without script.
    pub way: Way,
    /// Reading and filling in.
    pub dwell: Duration,
    /// From the mail's arrival to opening its link.
    pub mail_delay: Duration,
    /// Once, twice, again.
    pub habit: Habit,
    /// Confirms or not.
    pub fate: Fate,
    /// Whether the name may be shown.
    pub show_name: bool,
    /// Whose address forgers enter too.
    pub victim: Option<Victim>,
    /// Number of the program that the person uses.
    pub browser: u16,
    /// Came with others to mock. Counts like everybody.
    pub hostile: bool,
}

/// A part of the attack.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// What it is called in the report.
    pub name: &'static str,
    /// When it begins.
    pub from: Duration,
    /// When it ends.
    pub to: Duration,
}

/// What a compressed attack stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StandsFor {
    /// Seconds of the attack.
    pub seconds: u64,
    /// Forged contributions.
    pub forged: u64,
    /// Honest people, where the scenario says how many.
    pub honest: Option<u64>,
}

/// The whole schedule, in order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Honest people by arrival.
    pub honest: Vec<Person>,
    /// Forgeries by start.
    pub forgeries: Vec<Forgery>,
    /// Parts of the attack in order; most have one.
    pub waves: Vec<Wave>,
    /// Which of them misuses the protocol, where one does.
    pub abuse: Option<usize>,
    /// What it stands for; nothing where it runs as it is.
    pub stands_for: Option<StandsFor>,
    /// When the attack starts.
    pub attack_from: Duration,
    /// When it ends.
    pub attack_to: Duration,
    /// When the last person arrives at the latest.
    pub end: Duration,
}

impl Plan {
    /// Makes the plan of a seed.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let end = options.warm_up + options.attack + options.calm;
        // Streams of their own, so that adding forgers does not change a single honest person.
        let mut crowd = ChaCha20Rng::seed_from_u64(options.seed);
        let (mut attackers, mut hostile) = (crowd.clone(), crowd.clone());
        crowd.set_stream(1);
        attackers.set_stream(2);
        hostile.set_stream(3);
        let campaign = campaign::of(&mut attackers, options);
        let mut honest = honest(&mut crowd, options, end);
        // After the attack, its victims want to sign.
        let attack_to = options.warm_up + options.attack;
        let victims = forgeries::victims(options);
        honest.extend(victims.map(|victim| victim.person(attack_to, options.calm / 2)));
        if options.scenario == Scenario::Brigade {
            honest.extend(brigade::of(&mut hostile, options));
        }
        honest.sort_by_key(|person| person.at);
        Self {
            honest,
            attack_from: campaign.waves.first().map_or(options.warm_up, |wave| wave.from),
            attack_to: campaign.waves.last().map_or(attack_to, |wave| wave.to),
            forgeries: campaign.forgeries,
            waves: campaign.waves,
            abuse: campaign.abuse,
            stands_for: campaign.stands_for,
            end,
        }
    }

    /// Part of the plan that a moment belongs to. Between two waves is after the attack.
    #[must_use]
    pub fn phase(&self, at: Duration) -> Phase {
        if at < self.attack_from {
            Phase::Before
        } else if self.waves.iter().any(|wave| wave.from <= at && at < wave.to) {
            Phase::During
        } else {
            Phase::After
        }
    }

    /// How many waves have begun.
    #[must_use]
    pub fn waves_begun(&self, at: Duration) -> usize {
        self.waves.iter().filter(|wave| wave.from <= at).count()
    }
}

fn honest(rng: &mut ChaCha20Rng, options: &Options, end: Duration) -> Vec<Person> {
    let wanted = (options.honest_rate.max(0.0) * end.as_secs_f64()).round() as usize;
    let mut arrivals: Vec<Duration> = (0..wanted.min(options.max_people))
        .map(|_| end.mul_f64(arrival(rng, options.scenario)))
        .collect();
    arrivals.sort_unstable();
    let (mut classroom, mut behind_one) = (0, 0);
    arrivals
        .into_iter()
        .enumerate()
        .map(|(index, at)| {
            let mut person = person(rng, options, index, at, &mut classroom);
            // Every second one, until they are a thousand.
            if options.scenario == Scenario::HonestSurge && index % 2 == 0 && behind_one < BEHIND_ONE {
                behind_one += 1;
                person.source = networks::SHARED.into();
            }
            person
        })
        .collect()
}

/// Where in the plan someone arrives, 0 to 1: by rejection under a smooth curve whose mean is 1.
fn arrival(rng: &mut ChaCha20Rng, scenario: Scenario) -> f64 {
    loop {
        let x: f64 = rng.random();
        let density = match scenario {
            Scenario::HonestSurge => 0.25 + 1.5 * (std::f64::consts::PI * x).sin().powi(2),
            // Five days from one midnight on, each with more people than the one before, fewer at night.
            Scenario::Noel2020 => (0.4 + 1.2 * x) * (1.0 - 0.7 * (std::f64::consts::TAU * NOEL_DAYS * x).cos()) * 0.6,
            _ => 0.3 + 1.4 * x * x * (3.0 - 2.0 * x),
        };
        if rng.random::<f64>() * 1.75 < density {
            return x;
        }
    }
}

/// From the night of the first wave to the evening of the third.
pub(crate) const NOEL_DAYS: f64 = 5.0;

/// People behind one address in a surge.
const BEHIND_ONE: usize = 1000;

pub(crate) fn person(
    rng: &mut ChaCha20Rng,
    options: &Options,
    index: usize,
    at: Duration,
    classroom: &mut u32,
) -> Person {
    let lang = if rng.random_ratio(3, 4) { Lang::Fr } else { Lang::En };
    let identity = people::identity(rng, lang, &format!("{index}{}", letters(options.seed)));
    let fate = match rng.random_range(0..100u8) {
        0..10 => Fate::NeverConfirms,
        10..13 => Fate::Withdraws(human_delay(rng, 240.0, 0.8, options.compression)),
        _ => Fate::Confirms,
    };
    let habit = match rng.random_range(0..100u8) {
        0..4 => Habit::PressesTwice,
        4..8 => Habit::SignsAgain,
        _ => Habit::Once,
    };
    Person {
        at,
        source: honest_source(rng, classroom),
        port: rng.random_range(1024..=u16::MAX),
        name: identity.name,
        email: identity.email,
        mailbox: identity.mailbox,
        comment: people::comment(rng, lang),
        lang,
        way: if rng.random_ratio(1, 20) {
            Way::Ticket
        } else {
            Way::Puzzle
        },
        dwell: human_delay(rng, 35.0, 0.6, options.typing()),
        mail_delay: human_delay(rng, 90.0, 1.0, options.compression),
        habit,
        fate,
        show_name: rng.random_ratio(1, 3),
        victim: None,
        // Not drawn from the stream: what was drawn before there were so many programs stays as it was.
        browser: browsers::of_somebody(mix(options.seed).wrapping_add(index as u64)),
        hostile: false,
    }
}

/// Four letters by which the mailboxes of one seed differ from those of another.
pub(crate) fn letters(seed: u64) -> String {
    let mixed = mix(seed);
    (0..4)
        .map(|place| char::from(b'a' + (mixed >> (8 * place) & 0xff) as u8 % 26))
        .collect()
}

/// Spreads neighbouring seeds apart (the finalizer of SplitMix64).
pub(crate) fn mix(seed: u64) -> u64 {
    let mixed = (seed.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Home lines mostly; a fifth on IPv6, a seventh behind a carrier's eight addresses, up to 60 in one school.
fn honest_source(rng: &mut ChaCha20Rng, classroom: &mut u32) -> IpAddr {
    let share = rng.random_range(0..100u8);
    if share < 5 && *classroom < 60 {
        *classroom += 1;
        return Ipv4Addr::new(198, 19, 7, 20).into();
    }
    match share {
        5..20 => Ipv4Addr::new(100, 64, 0, 16 + rng.random_range(0..8u8)).into(),
        20..40 => {
            let home = rng.random_range(0..0x0fff_ffffu32);
            let (high, low) = ((home >> 16) as u16, (home & 0xffff) as u16);
            Ipv6Addr::new(
                0x2001,
                0xdb8,
                0x1000 | high,
                low,
                rng.random(),
                rng.random(),
                rng.random(),
                rng.random(),
            )
            .into()
        }
        _ => Ipv4Addr::new(198, 18, rng.random(), rng.random_range(1..=254)).into(),
    }
}

/// A log-normal delay with the given median in seconds, divided by the compression, within a tenth and eight medians.
pub(crate) fn human_delay(rng: &mut ChaCha20Rng, median: f64, sigma: f64, compression: f64) -> Duration {
    // Box-Muller; 1 - u is never zero, so the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * rng.random::<f64>()).cos();
    let seconds = median * (sigma * normal).exp().clamp(0.1, 8.0);
    Duration::from_secs_f64(seconds / compression.max(0.01))
}
