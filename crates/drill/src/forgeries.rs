//! What forgers send, scenario by scenario: pure, from a seed, like the rest of the plan.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::networks;
use crate::people::{self, FORGED_COMMENT, FORGED_NAME, Lang};
use crate::scenario::{ForgedRate, Options, Scenario, Strength, mix};
use crate::victim::Victim;

/// What one forgery tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// No clearance at all.
    NoClearance,
    /// A clearance whose signature is invented.
    ForgedClearance,
    /// One solved clearance, used again under other bodies.
    Replay,
    /// The way without script, with its patience.
    Ticket,
    /// A puzzle solved for this forgery.
    Solve,
    /// The same, then confirmed: the forgers read the mailbox.
    SolveAndConfirm,
}

/// What a forger writes into the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guise {
    /// One name and one comment, whosever the address.
    Lockstep,
    /// Names as people have them, no comment; addresses at three domains of the forgers' own.
    Invented,
    /// One mailbox in four, each spelled with dots in other places, at a provider to which they are the same.
    Spelled,
    /// Third parties out of a public directory, from A to Z.
    Directory,
    /// As [`Guise::Invented`], with the comment and the browser of honest people.
    Borrowed,
    /// A few mailboxes at a large provider, a name for each.
    Own,
}

/// One forged contribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgery {
    /// When it starts, from the start of the drill.
    pub at: Duration,
    /// Where it comes from.
    pub source: Ipv4Addr,
    /// Port of its connection.
    pub port: u16,
    /// What it tries.
    pub method: Method,
    /// What it pretends to be.
    pub guise: Guise,
    /// Number from which its recipient's address is made.
    pub number: u32,
    /// Place in the attack, from 0.
    pub nth: u32,
    /// Whom it is aimed at, where a scenario has victims of its own.
    pub victim: Option<Victim>,
    /// Which of the site's petitions it signs, counted round and round; 0 is the one under rehearsal.
    pub petition: usize,
    /// Which of the plan's waves it belongs to.
    pub wave: usize,
    /// What it shows, where that was drawn for it; takes the place of the guise.
    pub dress: Option<Arc<Dress>>,
}

/// What a forgery of a drawn campaign shows and how patient it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dress {
    /// Name on the form.
    pub name: String,
    /// Address on the form.
    pub address: String,
    /// Comment on the form.
    pub comment: &'static str,
    /// Number of the program.
    pub browser: u16,
    /// Filling in.
    pub dwell: Duration,
    /// When the button of its mail is pressed, if it is.
    pub confirms: Confirms,
}

/// When a forger presses the button of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirms {
    /// So long after its arrival.
    After(Duration),
    /// Not before so long after the drill's start.
    At(Duration),
}

impl Forgery {
    /// Address that the forger enters.
    #[must_use]
    pub fn address(&self) -> String {
        if let Some(dress) = &self.dress {
            return dress.address.clone();
        }
        if let Some(victim) = self.victim {
            return victim.spelling(self.number);
        }
        match self.guise {
            Guise::Lockstep => people::forged_address(self.number, self.method == Method::SolveAndConfirm),
            Guise::Invented | Guise::Borrowed => {
                let domain = ["collector-a.example", "collector-b.example", "collector-c.example"];
                let (name, number) = (self.invented(), self.number);
                format!("{}{number}@{}", people::slug(&name), domain[number as usize % 3])
            }
            Guise::Spelled => spelled(self.number, self.nth),
            Guise::Directory => people::directory_address(self.nth),
            Guise::Own => format!("{}{}@mail-a.example", people::slug(&self.invented()), self.number),
        }
    }

    /// Name that the forger enters.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(dress) = &self.dress {
            return dress.name.clone();
        }
        match self.guise {
            Guise::Lockstep => FORGED_NAME.to_owned(),
            Guise::Directory => people::directory_name(self.nth),
            Guise::Invented | Guise::Spelled | Guise::Borrowed | Guise::Own => self.invented(),
        }
    }

    /// Comment that the forger enters.
    #[must_use]
    pub fn comment(&self) -> &'static str {
        if let Some(dress) = &self.dress {
            return dress.comment;
        }
        match self.guise {
            Guise::Lockstep => FORGED_COMMENT,
            Guise::Borrowed => people::borrowed_comment(),
            Guise::Invented | Guise::Spelled | Guise::Directory | Guise::Own => "",
        }
    }

    /// A name from the lists that honest people have theirs from.
    fn invented(&self) -> String {
        let mut rng = ChaCha20Rng::seed_from_u64(mix(u64::from(self.number)));
        people::identity(&mut rng, Lang::Fr, "").name
    }
}

/// A mailbox of the forgers at a provider to which dots are nothing, with dots where the bits of `nth` say.
fn spelled(number: u32, nth: u32) -> String {
    let mut local = String::new();
    let name: Vec<char> = format!("zibelineducoin{}", char::from(b'a' + (nth % 4) as u8))
        .chars()
        .collect();
    let dots = (nth / 4) ^ ((number >> 20) << 4);
    for (place, letter) in name.iter().enumerate() {
        if place > 0 && dots >> (place - 1) & 1 == 1 {
            local.push('.');
        }
        local.push(*letter);
    }
    format!("{local}@mail-b.example")
}

const WITHOUT_PUZZLE: [Method; 4] = [
    Method::NoClearance,
    Method::ForgedClearance,
    Method::Replay,
    Method::Ticket,
];

/// Mailboxes of one hand.
const TWENTY: usize = 20;

/// The forgeries of a scenario, in order of time.
pub(crate) fn of(rng: &mut ChaCha20Rng, options: &Options) -> Vec<Forgery> {
    let all = || solving(options);
    match options.scenario {
        Scenario::Lockstep218 => lockstep(rng, options),
        Scenario::MailBomb | Scenario::PreEmption => aimed(lockstep(rng, options), options),
        Scenario::SelfConfirm => guised(lockstep(rng, &all()), Guise::Invented, Method::SolveAndConfirm),
        Scenario::AliasFarm => guised(lockstep(rng, &all()), Guise::Spelled, Method::SolveAndConfirm),
        Scenario::Impersonation => guised(lockstep(rng, &all()), Guise::Directory, Method::Solve),
        Scenario::Framing => guised(lockstep(rng, &all()), Guise::Borrowed, Method::SolveAndConfirm),
        Scenario::TwentyMailboxes => {
            let at_home = guised(lockstep(rng, &all()), Guise::Own, Method::SolveAndConfirm);
            let source = Ipv4Addr::new(198, 18, 200, 7);
            // Spread over the attack, as somebody would who is alone.
            let pause = options.attack / TWENTY as u32;
            let spread = at_home
                .into_iter()
                .take(TWENTY)
                .enumerate()
                .map(|(index, forgery)| Forgery {
                    source,
                    at: options.warm_up + pause * index as u32,
                    ..forgery
                });
            spread.collect()
        }
        // Drawn ones are made in `campaign.rs`.
        Scenario::LowAndSlow
        | Scenario::BrowserFarm
        | Scenario::StoredUp
        | Scenario::StolenIdentities
        | Scenario::Noel2020
        | Scenario::Brigade
        | Scenario::HonestSurge
        | Scenario::SlowClients
        | Scenario::FullHouse
        | Scenario::H2Abuse
        | Scenario::GiantForms
        | Scenario::Flood4000
        | Scenario::Ipv6Rotation
        | Scenario::ForgedForwarding => Vec::new(),
    }
}

/// Scenarios with a method of their own have forgers of one strength.
fn solving(options: &Options) -> Options {
    Options {
        strengths: [Strength::Solving].into(),
        ..options.clone()
    }
}

fn guised(forgeries: Vec<Forgery>, guise: Guise, method: Method) -> Vec<Forgery> {
    let dressed = forgeries.into_iter().map(|forgery| Forgery {
        guise,
        method,
        ..forgery
    });
    dressed.collect()
}

fn lockstep(rng: &mut ChaCha20Rng, options: &Options) -> Vec<Forgery> {
    let rate = match options.forged_rate {
        ForgedRate::InAll(rate) => rate,
        ForgedRate::PerSource(rate) => rate * networks::HOSTING_ADDRESSES as f64,
    };
    let strengths: Vec<Strength> = options.strengths.iter().copied().collect();
    if strengths.is_empty() || rate <= 0.0 {
        return Vec::new();
    }
    let first_number = (mix(options.seed) as u32) << 20;
    let count = ((rate * options.attack.as_secs_f64()).floor() as usize).min(options.max_forgeries);
    (0..count)
        .map(|index| {
            // Shifted by one each round, so that a server does not keep to one method.
            let turn = index + index / networks::HOSTING_ADDRESSES;
            let method = match strengths[turn % strengths.len()] {
                Strength::NoPuzzle => WITHOUT_PUZZLE[turn / strengths.len() % WITHOUT_PUZZLE.len()],
                Strength::Solving => Method::Solve,
                Strength::SelfConfirming => Method::SolveAndConfirm,
            };
            Forgery {
                at: options.warm_up + Duration::from_secs_f64(index as f64 / rate),
                source: networks::hosting_address(index),
                port: rng.random_range(1024..=u16::MAX),
                method,
                guise: Guise::Lockstep,
                number: first_number.wrapping_add(index as u32),
                nth: index as u32,
                victim: None,
                petition: 0,
                wave: 0,
                dress: None,
            }
        })
        .collect()
}

/// The victims of a scenario, by its seed.
pub(crate) fn victims(options: &Options) -> impl Iterator<Item = Victim> {
    let many = match options.scenario {
        Scenario::MailBomb => 3,
        Scenario::PreEmption => 40,
        _ => 0,
    };
    let first = mix(options.seed) as u32 % 1_000_000 * 1000;
    (first..first + many).map(Victim)
}

/// Aims forgeries at the victims: each victim is entered on the petition under rehearsal first; a bomb then goes on with all
/// petitions in turn. Nobody can confirm for a victim, so the third strength is the second here.
fn aimed(forgeries: Vec<Forgery>, options: &Options) -> Vec<Forgery> {
    let victims: Vec<Victim> = victims(options).collect();
    let everywhere = options.scenario == Scenario::MailBomb;
    let aimed = forgeries.into_iter().enumerate().map(|(index, forgery)| Forgery {
        victim: Some(victims[index % victims.len()]),
        petition: if everywhere { index / victims.len() } else { 0 },
        number: index as u32,
        method: match forgery.method {
            Method::SolveAndConfirm => Method::Solve,
            method => method,
        },
        ..forgery
    });
    aimed.collect()
}
