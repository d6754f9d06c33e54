//! The country of a night: its networks, clients, names, mail providers. And an ordinary person in it.

use super::chance::{Chance, Zipf};
use super::{Contribution, Line, Moment, Place};

/// Where the petition's audience lives.
pub(super) const HOME: [u8; 2] = *b"QA";
/// Where some of them have moved, and how many hours ahead clocks are there.
pub(super) const ABROAD: [([u8; 2], i8); 5] = [(*b"QB", 0), (*b"QC", -6), (*b"QD", 7), (*b"QE", -1), (*b"QF", 3)];

/// Networks that serve homes; their numbers begin with 1.
const ACCESS_NETWORKS: u32 = 5;
const SMALL_NETWORKS: u32 = 150;
pub(super) const CLIENTS: u32 = 2500;
const PROVIDERS: u32 = 30;

/// All there is to draw from.
pub(super) struct World {
    pub(super) chance: Chance,
    clients: Zipf,
    phones: Zipf,
    first_names: Zipf,
    last_names: Zipf,
    shapes: Zipf,
    providers: Zipf,
    small_domains: Zipf,
    comments: Zipf,
    /// Share of honest people behind a service that hides their address.
    pub(super) hiding: f64,
    /// Share of people on networks that no list knows.
    unlisted: f64,
    /// Prefixes behind which carriers put their telephones.
    nat_prefixes: u32,
    fill_median: f64,
    gap_median: f64,
    next: u32,
}

impl World {
    pub(super) fn new(mut chance: Chance) -> Self {
        Self {
            clients: Zipf::new(CLIENTS, chance.between(0.95, 1.15)),
            phones: Zipf::new(400, chance.between(0.9, 1.1)),
            first_names: Zipf::new(1500, 0.9),
            last_names: Zipf::new(20_000, 0.6),
            shapes: Zipf::new(60, chance.between(1.0, 1.3)),
            providers: Zipf::new(PROVIDERS, chance.between(1.1, 1.4)),
            small_domains: Zipf::new(400, 0.8),
            comments: Zipf::new(40, 1.0),
            hiding: chance.between(0.01, 0.04),
            unlisted: chance.between(0.03, 0.08),
            nat_prefixes: chance.number(6, 20),
            fill_median: chance.between(28_000.0, 70_000.0),
            gap_median: chance.between(100_000.0, 300_000.0),
            next: 1000,
            chance,
        }
    }

    /// A number that nothing else has.
    pub(super) fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// An ordinary line at home.
    pub(super) fn home(&mut self) -> Place {
        let kind = self.chance.unit();
        let (network, prefix, line) = if kind < self.hiding {
            let network = 9000 + self.chance.number(0, 25);
            (network, network * 1000 + self.chance.number(0, 40), Line::Hosting)
        } else if kind < self.hiding + self.unlisted {
            let network = 5000 + self.chance.number(0, SMALL_NETWORKS);
            (network, network * 1000 + self.chance.number(0, 8), Line::Unknown)
        } else {
            let network = 1 + self.chance.number(0, ACCESS_NETWORKS - 1);
            (
                network,
                network * 1_000_000 + self.chance.number(0, 12_000),
                Line::Access,
            )
        };
        Place {
            prefix,
            network,
            line,
            country: HOME,
        }
    }

    /// A telephone behind a carrier's NAT.
    pub(super) fn mobile(&mut self) -> Place {
        let prefix = self.chance.number(0, self.nat_prefixes - 1);
        let network = 21 + prefix % 4;
        Place {
            prefix: network * 1000 + prefix,
            network,
            line: Line::Access,
            country: HOME,
        }
    }

    /// A line that homes have in another country.
    pub(super) fn away(&mut self, (country, _): ([u8; 2], i8)) -> Place {
        let network = 3000 + u32::from(country[1]) * 10 + self.chance.number(0, 4);
        let line = if self.chance.yes(0.85) {
            Line::Access
        } else {
            Line::Unknown
        };
        Place {
            prefix: network * 100_000 + self.chance.number(0, 2_000),
            network,
            line,
            country,
        }
    }

    /// A network that rents out servers; some stand in other countries.
    pub(super) fn rented(&mut self, line: Line) -> Place {
        let network = match line {
            Line::Hosting => 9000 + self.chance.number(0, 60),
            Line::Access => 7000 + self.chance.number(0, 40),
            Line::Unknown => 6000 + self.chance.number(0, 60),
        };
        let country = if self.chance.yes(0.6) {
            HOME
        } else {
            self.chance.pick(&ABROAD).map_or(HOME, |(country, _)| country)
        };
        Place {
            prefix: self.fresh(),
            network,
            line,
            country,
        }
    }

    pub(super) fn client(&mut self) -> u32 {
        if self.chance.yes(0.06) {
            return 100_000 + self.fresh(); // an extension, an old version: nobody else has it
        }
        1 + self.clients.draw(&mut self.chance)
    }

    pub(super) fn phone(&mut self) -> u32 {
        50_000 + self.phones.draw(&mut self.chance)
    }

    /// A name, and its place in a directory.
    pub(super) fn name(&mut self) -> (u32, u16) {
        let (first, last) = (
            self.first_names.draw(&mut self.chance),
            self.last_names.draw(&mut self.chance),
        );
        (first * 20_000 + last + 1, place_of(last))
    }

    pub(super) fn comment(&mut self) -> u32 {
        match self.chance.unit() {
            share if share < 0.7 => 0,
            share if share < 0.76 => 1 + self.comments.draw(&mut self.chance),
            _ => self.fresh(),
        }
    }

    /// Seconds from form to confirmation: mostly minutes; some read their mail the next day.
    pub(super) fn gap(&mut self) -> u64 {
        if self.chance.yes(0.06) {
            self.chance.about(11.0 * 3.6e6, 0.6) as u64
        } else {
            self.chance.about(self.gap_median, 1.3).max(8_000.0) as u64
        }
    }

    pub(super) fn fill(&mut self) -> u64 {
        self.chance.about(self.fill_median, 0.6).max(6_000.0) as u64
    }

    pub(super) fn read(&mut self) -> u64 {
        self.chance.about(40_000.0, 1.0).max(1_500.0) as u64
    }

    /// An ordinary person, at this time.
    pub(super) fn person(&mut self, at: Moment) -> Contribution {
        let mobile = self.chance.yes(0.45);
        let place = if mobile { self.mobile() } else { self.home() };
        let client = if mobile { self.phone() } else { self.client() };
        let (name, name_order) = self.name();
        let mut person = Contribution {
            at,
            petition: 1,
            mailbox: self.fresh(),
            place,
            client,
            language: if self.chance.yes(0.96) { 1 } else { 2 },
            script: self.chance.yes(0.97),
            fill_ms: self.fill(),
            read_ms: self.read(),
            name,
            name_order,
            name_upper: self.chance.yes(0.05),
            comment: self.comment(),
            shape: 1 + self.shapes.draw(&mut self.chance),
            stem: 0,
            domain: 0,
            mx: 0,
            common_mail: false,
            declared: if self.chance.yes(0.97) { HOME } else { place.country },
        };
        self.give_mailbox(&mut person);
        person
    }

    /// A mailbox as people have them: nine in ten at thirty providers.
    pub(super) fn give_mailbox(&mut self, person: &mut Contribution) {
        let kind = self.chance.unit();
        (person.domain, person.mx, person.common_mail) = if kind < 0.88 {
            let provider = self.providers.draw(&mut self.chance);
            (1 + provider, 1 + provider, true)
        } else if kind < 0.95 {
            let domain = self.small_domains.draw(&mut self.chance);
            // Most small domains are on somebody's mail hosting.
            let mx = if domain % 5 < 3 {
                200 + domain % 15
            } else {
                400 + domain
            };
            (500 + domain, mx, false)
        } else {
            let mx = 200 + self.chance.number(0, 14);
            (self.fresh(), mx, false)
        };
        // Namesakes at one provider have stems in common; others have none.
        person.stem = if person.shape.is_multiple_of(3) && person.common_mail {
            person.name.wrapping_mul(31) ^ person.domain << 27
        } else {
            self.fresh() | 1 << 31
        };
    }
}

/// First two letters of a last name, by its rank: some letters begin more names than others.
pub(super) fn place_of(last: u32) -> u16 {
    const FIRST: &[u8] = b"aabbbbcccddddeffgghhijkllllmmmmnopppqrrrsssttuvvwyz";
    const SECOND: &[u8] = b"aaaaeeeeiiioooouuhlrrtymn";
    let mixed = last.wrapping_mul(0x9e37_79b9);
    let first = FIRST[(mixed >> 8) as usize % FIRST.len()] - b'a';
    let second = SECOND[(mixed >> 18) as usize % SECOND.len()] - b'a';
    26 * u16::from(first) + u16::from(second) + 1
}
