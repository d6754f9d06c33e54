//! Every bound of the engine, with its reason. None grows with what a forger sends.

/// Contributions remembered at most; beyond it the oldest are forgotten first. One takes 60 to 75 bytes with what finds
/// it again.
pub const MAX_RECORDS: usize = 10_000_000;

/// Bytes of them at most, so that all of the engine stays within 1 GiB. A forger who makes up another browser, network,
/// domain and pattern for each contribution costs twice as much as people do; then the oldest are forgotten sooner.
pub const MOST_BYTES: usize = 896 << 20;

/// Records are allocated in chunks, so that growing never copies what is there; what they share is numbered chunk by chunk,
/// in 16 bits.
pub const CHUNK: usize = 1 << 15;

/// The longest window: a forger who keeps below the rate of honest people still shows within ten days, and mail links
/// rarely live longer.
pub const WINDOW_SECONDS: u64 = 10 * 24 * 3600;

/// Groups watched one by one: what shares a value (or two) that came up at least [`FIRST_SIGHT`] times within two days.
/// 64 to 560 bytes each, 36 MB in all; beyond it the one unused for longest gives way.
pub const MAX_GROUPS: usize = 1 << 16;

/// Latest members that a group remembers. Enough for every test to reach its confidence, few enough to read in
/// microseconds. Counting in members rather than minutes makes the window fit the pace: from a minute to ten days.
pub const RING: usize = 128;

/// Where the latest of a group come faster than the others, those are looked at by themselves who came in so many times what the
/// latest [`MIN_CLUSTER`] took: four times as many, if they keep their pace, and few of those who came before.
pub const SURGE: u32 = 4;

/// How often a value has to come up before it is watched. What comes up less often cannot be a cluster.
pub const FIRST_SIGHT: u8 = 4;

/// Cells of each of the two day-long sketches that count first sights: 4 MiB each.
pub const SKETCH_CELLS: usize = 1 << 23;

/// Smallest cluster that is held. Below it chance and families explain too much; what a forger gains by staying below
/// is stated in `docs/scrutiny.md`.
pub const MIN_CLUSTER: usize = 12;

/// Smallest group that makes its members wait for more to be known.
pub const MIN_WATCHED: usize = 6;

/// Independent families that must agree.
pub const FAMILIES_NEEDED: usize = 3;

/// Decades of surprise from which a family agrees: one in a million. There are some thousand groups and a dozen tests at
/// any time; by chance one in a hundred runs would see one family agree, and three are needed.
pub const DECADES_TO_AGREE: f64 = 6.0;

/// Share of a group's members that a family's evidence must cover.
pub const COVERAGE: f64 = 0.6;

/// How many times more frequent than expected a shared value must be to weigh at all.
pub const LIFT: f64 = 5.0;

/// Decades from which a crowd that copies leans to rented servers or away from home, and how many times more of it than
/// expected does. One in a thousand is enough for a second look by a person, and for nothing else.
pub const DECADES_TO_LEAN: f64 = 3.0;

/// See [`DECADES_TO_LEAN`].
pub const LEAN: f64 = 2.5;

/// Two families hold where they are extreme: so many contributions at least, from as many prefixes of rented servers as
/// [`MIN_CLUSTER`], or confirmed on one server, nine in ten of the group, with mailboxes at two to so many domains that nobody
/// else has. A firm has one domain; one holder's proxy is one network.
pub const OWNED: (usize, u32) = (24, 8);

/// One family's surprise is printed and added up to this many decades: beyond it, more says nothing more.
pub const MOST_DECADES: f64 = 60.0;

/// Share of honest people that a cluster's rule may be expected to catch, at most. A rule that is less specific is shown to
/// a person and never acts by itself.
pub const RULE_SPECIFICITY: f64 = 3e-4;

/// Signatures under one mail domain from one place that may simply be an organisation: a school, a town hall, a firm behind
/// its own proxy. Up to this many are shown and not held, as long as their times are those of people.
pub const ORGANISATION: u64 = 300;

/// Who signs in one room without a domain of their own: a class, a home, a queue at one device. They are called up in the order
/// of a list, and one after another; more than so many of them are not.
pub const ROOM: u64 = 64;

/// Prefixes that one organisation may sign from.
pub const ISLAND_PLACES: u32 = 2;

/// How long those of a place wait in which nobody has a domain of their own yet, in seconds and in members of the same attack. In
/// a school or a firm people sign when others do.
pub const ISLAND_PATIENCE: (f64, u64) = (300.0, 128);

/// Prefixes, mail domains and mailboxes of attacks under way that are known to hang together, or not; 80 bytes each. Beyond it all are
/// forgotten, and learned again.
pub const MAX_ISLAND_NODES: usize = 1 << 16;

/// A place, or a mail domain, is an attack's where so many times as many are held as others have come from there, or have a mailbox
/// there.
pub const HELD_PLACE: u64 = 2;

/// Contributions to petitions under attack that no rule takes and that are asked, when more is held, whether all around them is; 4 to 80
/// bytes each. Beyond it all are forgotten, and remembered again with the next rule.
pub const MAX_REMNANTS: usize = 1 << 16;

/// Contributions in the reference of a petition that are recent, that are drawn evenly from all its life, and that were
/// confirmed lately by people at home.
pub const REFERENCE: usize = 256;

/// Petitions whose surroundings are kept unpacked from tick to tick; 110 KB each, 7 MB in all. One after another gives way.
pub const AROUND: usize = 64;

/// Hours of signing of which it is known whether our mail stood still: those of the window, and the one that has begun. 3 KB.
pub const MAIL_HOURS: usize = 256;

/// Petitions with a reference of their own; 3 KB each. The one unused for longest gives way.
pub const MAX_PETITIONS: usize = 1024;

/// Signatures waiting for their 24 hours before they may enter the baseline, at most. Beyond it they are left out: a
/// baseline is a sample.
pub const MAX_RIPENING: usize = 1 << 20;

/// How long a signature must have stood before it may teach what is normal.
pub const RIPE_SECONDS: u64 = 24 * 3600;

/// Signatures that the platform's prior weighs: until so many have ripened it speaks louder than they do.
pub const PRIOR: f64 = 1000.0;

/// Share of the baseline that one prefix or one uncommon mail domain may make up.
pub const BASELINE_CAP: f64 = 0.01;

/// Cells of the baseline's counts of values; 1 MiB.
pub const BASELINE_CELLS: usize = 1 << 18;

/// Clusters that take in new members at the same time; each contribution is compared with those of its petition.
pub const MAX_CLUSTERS: usize = 256;

/// Clusters of one petition at the same time.
pub const MAX_CLUSTERS_PER_PETITION: usize = 48;

/// Values of one kind that the rule of a cluster names at most.
pub const RULE_VALUES: usize = 32;

/// Rules that a person has called innocent, remembered so that they are not found again.
pub const MAX_PARDONS: usize = 256;

/// Contributions that something shown to a person names, for them to look at and to judge; 16 bytes each. The first are kept, so that
/// whom a preview has shown is still meant when it is decided upon.
pub const MAX_SHOWN: usize = 1024;

/// Holds without a person, per hour. Beyond it, signatures wait outside the count and a person is asked.
pub const HOLDS_PER_HOUR: u64 = 5_000;

/// Of each thousand of these, so many are only for what the count has already: the last of an attack are found when most of it is held,
/// and the others wait outside the count all the same.
pub const HOLDS_RESERVED: u64 = 20;

/// How long a signature may wait, from its confirmation, because its group is being watched. Honest people among them
/// are in the count within ten minutes.
pub const WAIT_SECONDS: u64 = 7 * 60;

/// Contributions of the same millisecond that are put in order of their ids before they are looked at.
pub const SAME_MOMENT: usize = 4096;

/// News after which a group is looked at again, at the least and at the most; between them as much as it has had. A
/// contribution is two news, a confirmation one. What many share is looked at seldom: an attack among them also shares
/// something that few do. What may become a cluster is looked at after the least, and while a petition is under attack all of
/// its groups are every few minutes.
pub const LOOK_AGAIN: (u32, u32) = (12, 8 * RING as u32);

/// By how many contributions the country of a petition's audience must be ahead of all others together: fewer may be the first
/// friends of its author, or the first forgers.
pub const AUDIENCE: u32 = 64;
