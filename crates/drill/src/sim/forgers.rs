//! Forgers, none of them made to be caught. Each knows what the one before was caught by: names come from the same lists
//! as those of honest people, clients are copied from what honest people use, times are drawn from people's own
//! distributions wherever a program can do so as cheaply. What they cannot have for nothing is what the world charges
//! for: addresses, mailboxes that they can read, and machines.

use super::chance::local_hour;
use super::crowd::{Where, brigade};
use super::night::{Draft, SimScenario};
use super::world::{CLIENTS, HOME, World, place_of};
use super::{Act, Contribution, DAY, HOUR, Line, Moment, Place, Truth};

/// Adds the forgers of a scenario, and the honest people whom it needs.
pub(super) fn join(draft: &mut Draft, world: &mut World, scenario: SimScenario) {
    match scenario {
        SimScenario::Honest => {}
        SimScenario::Lockstep218 => lockstep(draft, world),
        SimScenario::SelfConfirm => self_confirm(draft, world),
        SimScenario::StoredUp => stored_up(draft, world),
        SimScenario::AliasFarm => alias_farm(draft, world),
        SimScenario::LowAndSlow => low_and_slow(draft, world),
        SimScenario::BrowserFarm => browser_farm(draft, world),
        SimScenario::StolenIdentities => stolen_identities(draft, world),
        SimScenario::Brigade => brigade(draft, world),
        SimScenario::Framing => framing(draft, world),
        SimScenario::Impersonation => impersonation(draft, world, 3),
        SimScenario::PreEmption => pre_emption(draft, world),
        SimScenario::MailBomb => mail_bomb(draft, world),
        SimScenario::TwentyMailboxes => twenty_mailboxes(draft, world),
        SimScenario::Noel2020 => {
            lockstep(draft, world);
            impersonation(draft, world, 8);
        }
        SimScenario::Mimicry => mimicry(draft, world),
        SimScenario::FewHundred => few_hundred(draft, world),
    }
}

/// What a forger has bought or prepared.
struct Kit {
    places: Vec<Place>,
    clients: Vec<u32>,
    /// Domain and mail servers, of their own.
    domains: Vec<(u32, u32)>,
    shapes: Vec<u32>,
    /// Share of contributions with a comment, and the texts; none means as people write.
    texts: Vec<u32>,
    /// Median and sigma of the time to fill in; none means as people do.
    fill: Option<(f64, f64)>,
}

impl Kit {
    /// Servers in a few networks; clients copied from those that people use; domains on one or a few mail servers of their
    /// own. Numbers within these bounds.
    fn new(world: &mut World, line: Line, networks: (u32, u32), addresses: (u32, u32), clients: (u32, u32)) -> Self {
        let networks: Vec<Place> = (0..world.chance.number(networks.0, networks.1))
            .map(|_| world.rented(line))
            .collect();
        let prefixes = world.chance.number(addresses.0, addresses.1);
        let mut places: Vec<Place> = Vec::new();
        for _ in 0..prefixes {
            if let Some(network) = world.chance.pick(&networks) {
                places.push(Place {
                    prefix: world.fresh(),
                    ..network
                });
            }
        }
        let clients = (0..world.chance.number(clients.0, clients.1))
            .map(|_| world.client())
            .collect();
        // Some pay for mail hosting that honest domains use too, and spread over many domains.
        let hosted = world.chance.yes(0.4);
        let servers: Vec<u32> = (0..world.chance.number(1, 3))
            .map(|_| {
                if hosted {
                    200 + world.chance.number(0, 14)
                } else {
                    world.fresh()
                }
            })
            .collect();
        let domains = (0..world.chance.number(1, if hosted { 40 } else { 8 }))
            .map(|_| (world.fresh(), world.chance.pick(&servers).unwrap_or_default()))
            .collect();
        let shapes = (0..world.chance.number(1, 4))
            .map(|_| world.chance.number(1, 60))
            .collect();
        Self {
            places,
            clients,
            domains,
            shapes,
            texts: Vec::new(),
            fill: None,
        }
    }

    /// One forgery: a person as the world has them, with what the kit puts in their place.
    fn forge(&self, world: &mut World, at: Moment) -> Contribution {
        let mut forged = world.person(at);
        forged.place = world.chance.pick(&self.places).unwrap_or(forged.place);
        forged.client = world.chance.pick(&self.clients).unwrap_or(forged.client);
        forged.shape = world.chance.pick(&self.shapes).unwrap_or(forged.shape);
        forged.declared = HOME;
        forged.script = true;
        forged.language = 1;
        if let Some((domain, mx)) = world.chance.pick(&self.domains) {
            (forged.domain, forged.mx, forged.common_mail) = (domain, mx, false);
            forged.stem = world.fresh() | 1 << 31;
        }
        if let Some(text) = world.chance.pick(&self.texts) {
            forged.comment = text;
        }
        if let Some((median, sigma)) = self.fill {
            forged.fill_ms = world.chance.about(median, sigma).max(2_500.0) as u64;
        }
        forged
    }

    /// Signs, and confirms from one of the kit's places, or the same.
    fn confirmed(&self, draft: &mut Draft, world: &mut World, wave: u8, forged: Contribution, after: u64) {
        let index = draft.sign(forged, Truth::Forged(wave));
        let from = if world.chance.yes(0.5) {
            forged.place
        } else {
            world.chance.pick(&self.places).unwrap_or(forged.place)
        };
        draft.step(forged.at + after, index, Act::Confirm(from));
    }
}

/// 218 servers or so in a few networks, one well-known name, one comment; confirms through a domain of its own. At an even
/// rate or with chance between; the time of filling in is a constant or a person's.
fn lockstep(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("lockstep");
    let mut kit = Kit::new(world, Line::Hosting, (2, 4), (60, 120), (1, 2));
    kit.texts = vec![world.fresh()];
    kit.fill = if world.chance.yes(0.5) {
        None
    } else {
        Some((world.chance.between(3_000.0, 20_000.0), 0.1))
    };
    let (name, name_order) = world.name();
    let rate = world.chance.between(1.0, 7.0);
    let even = world.chance.yes(0.5);
    let mut at = u64::from(world.chance.number(1, 7)) * DAY + u64::from(world.chance.number(0, 23)) * HOUR;
    for _ in 0..world.chance.number(8_000, 24_000) {
        let pause = if even {
            1.0 / rate
        } else {
            world.chance.wait(1.0 / rate)
        };
        at += (pause * 1000.0) as Moment;
        let mut forged = kit.forge(world, at);
        (forged.name, forged.name_order) = (name, name_order);
        let after = world.chance.about(9_000.0, 0.8) as u64;
        kit.confirmed(draft, world, wave, forged, after);
    }
}

/// Rented servers, own domains, and otherwise all that people do: names, comments, clients, times of filling in and
/// confirming, and in half of the seeds the curve of a day.
fn self_confirm(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("self-confirm");
    let kit = Kit::new(world, Line::Hosting, (1, 4), (10, 60), (3, 10));
    let hours = world.chance.number(3, 36);
    let start = u64::from(world.chance.number(1, 7)) * DAY + u64::from(world.chance.number(0, 23)) * HOUR;
    let by_day = world.chance.yes(0.5);
    for _ in 0..world.chance.number(1_500, 6_000) {
        let length = u64::from(hours) * HOUR;
        let at = if by_day {
            world.chance.by_day(start, start + length, 0)
        } else {
            start + (world.chance.unit() * length as f64) as Moment
        };
        let forged = kit.forge(world, at);
        let after = world.gap();
        kit.confirmed(draft, world, wave, forged, after);
    }
}

/// Signed slowly over days through proxies that no list knows, or rented servers, and confirmed within half an hour.
fn stored_up(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("stored-up");
    let line = if world.chance.yes(0.5) {
        Line::Hosting
    } else {
        Line::Unknown
    };
    let kit = Kit::new(world, line, (1, 5), (10, 80), (4, 12));
    let start = u64::from(world.chance.number(0, 2)) * DAY;
    let end = start + u64::from(world.chance.number(3, 5)) * DAY;
    let opened = end + u64::from(world.chance.number(4, 30)) * HOUR;
    let minutes = world.chance.between(10.0, 45.0);
    for _ in 0..world.chance.number(1_500, 6_000) {
        let at = world.chance.by_day(start, end, 0);
        let forged = kit.forge(world, at);
        let confirmed = opened + (world.chance.unit() * minutes * 60_000.0) as Moment;
        kit.confirmed(draft, world, wave, forged, confirmed - at);
    }
}

/// Some mailboxes at large providers, each spelt in a hundred ways, from one to six rented prefixes.
fn alias_farm(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("alias-farm");
    let mut kit = Kit::new(world, Line::Hosting, (1, 2), (1, 6), (1, 3));
    kit.domains.clear();
    let mailboxes: Vec<(u32, u32, u32)> = (0..world.chance.number(6, 30))
        .map(|_| {
            let person = world.person(0);
            (person.domain, person.mx, world.fresh())
        })
        .collect();
    // Dots in other places make other shapes; a tag after + makes one.
    kit.shapes = if world.chance.yes(0.5) {
        (0..30).map(|_| 70 + world.chance.number(0, 40)).collect()
    } else {
        vec![120]
    };
    let hours = world.chance.between(2.0, 24.0);
    let start = u64::from(world.chance.number(1, 7)) * DAY + u64::from(world.chance.number(0, 23)) * HOUR;
    for _ in 0..world.chance.number(600, 2_500) {
        let at = start + (world.chance.unit() * hours * HOUR as f64) as Moment;
        let mut forged = kit.forge(world, at);
        if let Some((domain, mx, stem)) = world.chance.pick(&mailboxes) {
            (forged.domain, forged.mx, forged.common_mail, forged.stem) = (domain, mx, true, stem);
        }
        let after = world.gap();
        kit.confirmed(draft, world, wave, forged, after);
    }
}

/// Twelve thousand in ten days through a few neighbouring prefixes, day and night, with accounts bought at large providers
/// or domains of its own.
fn low_and_slow(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("low-and-slow");
    let line = if world.chance.yes(0.5) {
        Line::Unknown
    } else {
        Line::Hosting
    };
    let mut kit = Kit::new(world, line, (1, 1), (1, 6), (2, 5));
    if world.chance.yes(0.5) {
        kit.domains.clear();
    }
    let mut at = 0;
    let pause = 10.0 * DAY as f64 / f64::from(world.chance.number(9_000, 13_000));
    while at < 10 * DAY {
        // Its own clock with a little chance in it, as cautious programs have.
        at += (pause * world.chance.between(0.6, 1.4)) as Moment;
        let forged = kit.forge(world, at);
        let after = world.gap();
        kit.confirmed(draft, world, wave, forged, after);
    }
}

/// Real browsers, driven: the same dwell each time, day and night; on lines that look like homes in half of the seeds.
fn browser_farm(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("browser-farm");
    let homes = world.chance.yes(0.5);
    let line = if homes { Line::Access } else { Line::Hosting };
    let mut kit = Kit::new(world, line, (3, 12), (200, 900), (2, 6));
    kit.fill = Some((
        world.chance.between(15_000.0, 60_000.0),
        world.chance.between(0.05, 0.2),
    ));
    let days = world.chance.number(3, 6);
    let start = u64::from(world.chance.number(1, 3)) * DAY;
    let mut at = start;
    while at < start + u64::from(days) * DAY {
        at += world.chance.wait(86.4e6 / 1000.0) as Moment;
        let forged = kit.forge(world, at);
        let after = world.gap();
        kit.confirmed(draft, world, wave, forged, after);
    }
}

/// A leaked list, from top to bottom, a few hundred each midnight; as it was written, often in capitals.
fn stolen_identities(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("stolen-identities");
    let line = if world.chance.yes(0.7) {
        Line::Hosting
    } else {
        Line::Unknown
    };
    let kit = Kit::new(world, line, (1, 3), (3, 30), (2, 4));
    let (sorted, capitals) = (world.chance.yes(0.7), world.chance.yes(0.5));
    let first = u64::from(world.chance.number(0, 3));
    for night in first..first + u64::from(world.chance.number(4, 6)) {
        let start = night * DAY + (world.chance.between(23.5, 25.0) * HOUR as f64) as Moment;
        let mut list: Vec<(u16, u32)> = (0..world.chance.number(200, 600))
            .map(|_| {
                let (name, place) = world.name();
                (place, name)
            })
            .collect();
        if sorted {
            list.sort_unstable();
        }
        let mut at = start;
        for (place, name) in list {
            at += world.chance.wait(15_000.0) as Moment;
            let mut forged = kit.forge(world, at);
            (forged.name, forged.name_order, forged.name_upper) = (name, place, capitals);
            let after = world.gap();
            kit.confirmed(draft, world, wave, forged, after);
        }
    }
}

/// A thousand pupils' addresses of one school, entered from rented servers with the school's own client, sentence and hours,
/// so that the school is held; nobody can confirm those. The pupils sign themselves, after or between.
fn framing(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("framing");
    let group = draft.group("framed school");
    let mut kit = Kit::new(world, Line::Hosting, (2, 4), (20, 80), (1, 1));
    let image = 1 + world.chance.number(0, CLIENTS);
    let (domain, mx, sentence) = (world.fresh(), 200 + world.chance.number(0, 14), world.fresh());
    (kit.clients, kit.domains, kit.texts) = (vec![image], vec![(domain, mx)], vec![sentence]);
    let school = Place {
        prefix: world.fresh(),
        network: world.fresh(),
        line: Line::Unknown,
        country: HOME,
    };
    let start = u64::from(world.chance.number(3, 6)) * DAY + 8 * HOUR;
    for _ in 0..1000 {
        let at = start + (world.chance.unit() * 6.0 * HOUR as f64) as Moment;
        let forged = kit.forge(world, at);
        draft.sign(forged, Truth::Forged(wave));
        draft.victims.push(forged.mailbox);
        let mut pupil = forged;
        pupil.at = world.chance.by_day(start + HOUR / 2, start + 30 * HOUR, 0);
        let in_class = (8..17).contains(&local_hour(pupil.at, 0));
        pupil.place = if in_class { school } else { world.home() };
        pupil.client = if in_class { image } else { world.client() };
        (pupil.fill_ms, pupil.read_ms) = (world.fill(), world.read());
        (pupil.name, pupil.name_order) = world.name();
        pupil.comment = if world.chance.yes(0.7) { sentence } else { 0 };
        draft.person(world, group, pupil, Where::There(0.5));
    }
}

/// Beside a firm that signs through a rented proxy: servers in the same network, the firm's browser, its pattern of
/// addresses, its hours. What they cannot have is the firm's prefix and its mailboxes. A list, or always the same time.
fn mimicry(draft: &mut Draft, world: &mut World) {
    let firm = draft
        .groups
        .iter()
        .position(|group| *group == "firm")
        .unwrap_or_default() as u8;
    let staff: Vec<Contribution> = draft
        .truth
        .iter()
        .zip(&draft.contributions)
        .filter(|(truth, one)| **truth == Truth::Honest(firm) && !one.common_mail)
        .map(|(_, one)| *one)
        .collect();
    let Some(model) = world.chance.pick(&staff) else { return };
    let wave = draft.wave("mimicry");
    let mut kit = Kit::new(world, Line::Hosting, (1, 1), (10, 60), (1, 1));
    for place in &mut kit.places {
        (place.network, place.country) = (model.place.network, HOME);
    }
    (kit.clients, kit.shapes) = (vec![model.client], vec![model.shape]);
    let listed = world.chance.yes(0.5);
    if !listed {
        kit.fill = Some((world.chance.between(20_000.0, 60_000.0), 0.1));
    }
    let start = model.at / DAY * DAY + u64::from(world.chance.number(9, 12)) * HOUR;
    let hours = world.chance.between(1.0, 8.0);
    for _ in 0..world.chance.number(600, 3_000) {
        let at = start + (world.chance.unit() * hours * HOUR as f64) as Moment;
        let mut forged = kit.forge(world, at);
        forged.name_upper = listed || forged.name_upper;
        let after = world.gap();
        kit.confirmed(draft, world, wave, forged, after);
    }
}

/// As few as may go unseen, within an hour or some: with domains of their own, and names, comments and times as people have them.
/// From rented servers of several holders with browsers of all kinds; or from lines like homes, with one browser; or from such
/// lines with browsers of all kinds, and all confirmed on one server.
fn few_hundred(draft: &mut Draft, world: &mut World) {
    let way = world.chance.number(0, 2);
    let wave = draft.wave(["rented", "one browser", "confirmed in one place"][way as usize]);
    let line = if way == 0 { Line::Hosting } else { Line::Access };
    let kit = Kit::new(world, line, (2, 6), (20, 120), (1, 1));
    let server = world.rented(Line::Hosting);
    let hours = world.chance.between(0.3, 8.0);
    let start = u64::from(world.chance.number(1, 7)) * DAY + u64::from(world.chance.number(7, 22)) * HOUR;
    for _ in 0..world.chance.number(60, 300) {
        let at = start + (world.chance.unit() * hours * HOUR as f64) as Moment;
        let mut forged = kit.forge(world, at);
        let person = world.person(at);
        (forged.shape, forged.client) = match way {
            1 => (person.shape, forged.client),
            _ => (person.shape, person.client),
        };
        let index = draft.sign(forged, Truth::Forged(wave));
        let from = if way == 2 { server } else { forged.place };
        draft.step(at + world.gap(), index, Act::Confirm(from));
    }
}

/// A directory of officials, from top to bottom, within an hour or a few; nobody confirms, some say that it was not them.
fn impersonation(draft: &mut Draft, world: &mut World, day: u64) {
    let wave = draft.wave("impersonation");
    let kit = Kit::new(world, Line::Hosting, (1, 3), (1, 20), (1, 3));
    let domains = [(world.fresh(), world.fresh()), (world.fresh(), world.fresh())];
    let mut list: Vec<(u16, u32)> = (0..world.chance.number(900, 1_100))
        .map(|_| {
            let last = world.chance.number(0, 19_999);
            (place_of(last), last)
        })
        .collect();
    list.sort_unstable();
    let mut at = day * DAY + u64::from(world.chance.number(8, 23)) * HOUR;
    let pause = world.chance.between(3_000.0, 12_000.0);
    for (place, name) in list {
        at += world.chance.wait(pause) as Moment;
        let mut forged = kit.forge(world, at);
        (forged.name, forged.name_order, forged.shape) = (name, place, 2);
        (forged.domain, forged.mx) = world.chance.pick(&domains).unwrap_or_default();
        let index = draft.sign(forged, Truth::Forged(wave));
        if world.chance.yes(0.06) {
            draft.step(at + world.gap(), index, Act::Disown);
        }
    }
}

/// A thousand people who have yet to sign are entered first, from rented servers. Then they sign, as people do.
fn pre_emption(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("pre-emption");
    let group = draft.group("victims");
    let kit = Kit::new(world, Line::Hosting, (1, 3), (5, 60), (1, 4));
    let start = u64::from(world.chance.number(2, 5)) * DAY;
    for _ in 0..1000 {
        let at = world.chance.by_day(start + 6 * HOUR, start + 4 * DAY, 0);
        let person = world.person(at);
        let earlier = start + (world.chance.unit() * 5.0 * HOUR as f64) as Moment;
        let forged = Contribution {
            mailbox: person.mailbox,
            name: person.name,
            name_order: person.name_order,
            domain: person.domain,
            mx: person.mx,
            common_mail: person.common_mail,
            shape: person.shape,
            stem: person.stem,
            ..kit.forge(world, earlier)
        };
        draft.sign(forged, Truth::Forged(wave));
        draft.victims.push(person.mailbox);
        draft.person(world, group, person, Where::AsUsual);
    }
}

/// One person's address on five hundred petitions, from rented servers. Then that person signs.
fn mail_bomb(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("mail-bomb");
    let group = draft.group("victims");
    let kit = Kit::new(world, Line::Hosting, (1, 2), (5, 40), (1, 3));
    let start = u64::from(world.chance.number(2, 6)) * DAY;
    for _ in 0..20 {
        let person = world.person(start + DAY);
        for _ in 0..50 {
            let at = start + (world.chance.unit() * 3.0 * HOUR as f64) as Moment;
            let forged = Contribution {
                mailbox: person.mailbox,
                petition: world.chance.number(1, 25),
                domain: person.domain,
                mx: person.mx,
                common_mail: person.common_mail,
                shape: person.shape,
                stem: person.stem,
                ..kit.forge(world, at)
            };
            draft.sign(forged, Truth::Forged(wave));
        }
        draft.victims.push(person.mailbox);
        let mut person = person;
        person.at = world.chance.by_day(start + DAY, start + 2 * DAY, 0);
        draft.person(world, group, person, Where::AsUsual);
    }
}

/// Twenty mailboxes at large providers, one evening, one computer at home.
fn twenty_mailboxes(draft: &mut Draft, world: &mut World) {
    let wave = draft.wave("twenty-mailboxes");
    let (place, client) = (world.home(), world.client());
    let mut at = u64::from(world.chance.number(2, 7)) * DAY + 20 * HOUR;
    for _ in 0..20 {
        at += world.chance.about(150_000.0, 0.5) as Moment;
        let mut forged = world.person(at);
        (forged.place, forged.client) = (place, client);
        let index = draft.sign(forged, Truth::Forged(wave));
        draft.step(
            at + world.chance.about(40_000.0, 0.4) as Moment,
            index,
            Act::Confirm(place),
        );
    }
}
