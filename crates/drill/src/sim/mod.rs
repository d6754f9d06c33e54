//! Ten days of traffic without a network: who signed, from where, with what, and who they really were. What scrutiny is
//! measured with.
//!
//! Every number of a night is drawn from its seed: sizes, rates, networks, clients, domains, names. Seeds for tuning and
//! seeds for reporting are different types over different streams ([`TuningSeed`], [`ReportingSeed`]), so that code which
//! tunes cannot read a night that is reported on.
//!
//! All places, clients, names and domains are numbers; nothing here stands for anybody.

mod chance;
mod crowd;
mod forgers;
mod institutions;
mod night;
mod registry;
mod seed;
mod world;

pub use night::{Night, SimScenario, simulate};
pub use registry::Registry;
pub use seed::{ReportingSeed, Seed, TuningSeed};

/// Milliseconds since the midnight, at home, with which a night begins.
pub type Moment = u64;

/// Milliseconds of an hour.
pub const HOUR: Moment = 3_600_000;

/// Milliseconds of a day.
pub const DAY: Moment = 24 * HOUR;

/// What a network serves, as a list of networks would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Homes, telephones.
    Access,
    /// Rented servers, proxies.
    Hosting,
    /// Not on any list.
    Unknown,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the /24, or /64.
    pub prefix: u32,
    /// Number of the network that announces it.
    pub network: u32,
    /// What that serves.
    pub line: Line,
    /// Where it is, whatever a registry says: ISO 3166 letters of an invented assignment.
    pub country: [u8; 2],
}

/// One contribution that was admitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// When the form arrived.
    pub at: Moment,
    /// Which petition; 1 is the one that the night is about.
    pub petition: u32,
    /// Number of the mailbox; the same for every contribution in its name.
    pub mailbox: u32,
    /// Where from.
    pub place: Place,
    /// Number of the client's fingerprint.
    pub client: u32,
    /// Language of the page, by number.
    pub language: u8,
    /// Whether script ran.
    pub script: bool,
    /// Form to contribution, milliseconds.
    pub fill_ms: u64,
    /// Page to form, milliseconds. No server knows it: pages come out of caches.
    pub read_ms: u64,
    /// Number of the name.
    pub name: u32,
    /// First two letters of its last word, `26 * first + second + 1`.
    pub name_order: u16,
    /// Written in capitals.
    pub name_upper: bool,
    /// Number of the comment; 0 for none.
    pub comment: u32,
    /// Number of the local part's shape.
    pub shape: u32,
    /// Number of the local part without dots, tags and, at a large provider, final digits, with its domain.
    pub stem: u32,
    /// Number of the mail domain.
    pub domain: u32,
    /// Number of its mail servers. No server knows it: nobody is asked about a signatory's domain.
    pub mx: u32,
    /// Whether it is one of the large providers.
    pub common_mail: bool,
    /// Country given in the form by whoever gives one: [`Registry::declared`].
    pub declared: [u8; 2],
}

/// Who a contribution really comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// A person who wants to sign. The number is that of an honest group in [`Night::groups`].
    Honest(u8),
    /// A forger. The number is that of the wave.
    Forged(u8),
}

/// What happens, to which contribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    /// It arrives.
    Sign,
    /// The button of its mail is pressed, from there.
    Confirm(Place),
    /// It is taken back.
    Withdraw,
    /// "It wasn't me."
    Disown,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub at: Moment,
    /// To which of [`Night::contributions`].
    pub whose: u32,
    /// What.
    pub act: Act,
}
