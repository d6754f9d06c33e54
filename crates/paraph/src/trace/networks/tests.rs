use std::net::IpAddr;

use paraph_scrutiny::Country;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::kinds::Rules;
use super::snapshot::{SnapshotError, decode, encode};
use super::table::{Places, Range, System, Table, TableError, read, read_places};
use super::{Kind, Networks, Odd};

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Invented systems and holders on reserved addresses; numbers of RFC 5398.
const V4: &str = "192.0.2.0,192.0.2.127,64500,\"Sample \"\"Hosting\"\", Ltd\"\n\
                  192.0.2.128,192.0.2.191,64501,Example Telecom\n\
                  3325256704,3325256959,64502,Invented\tUniversity\n";
const V6: &str = "2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,64500,Sample Hosting\n\
                  2001:db8:1::,2001:db8:1:0:ffff:ffff:ffff:ffff,64501,Example Telecom\n\
                  2001:db8:1:1::,2001:db8:1:1::2f,64501,Example Telecom\n\
                  2001:db8:1:1::30,2001:db8:1:1:ffff:ffff:ffff:ffff,64502,Invented University\n";

/// Countries that nobody has, with a gap between them.
const PLACES: (&str, &str) = (
    "192.0.2.0,192.0.2.127,QN\n192.0.2.128,192.0.2.191,QM\n192.0.2.192,192.0.2.223,QM\n198.51.100.0,255.255.255.255,QN\n",
    "2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,QM\n",
);

fn sample() -> Table {
    let rules = Rules::parse("hosting word hosting\naccess word telecom*\nother word university").expect("rules");
    let table = read(20_260_617, "invented".to_owned(), V4, V6, &rules).expect("a table");
    Table {
        places: read_places(PLACES.0, PLACES.1).expect("places"),
        ..table
    }
}

fn networks(table: &Table) -> Networks {
    Networks::from_bytes(&encode(table).expect("small")).expect("sound")
}

#[test]
fn an_address_is_found_in_its_range_and_nowhere_else() {
    let networks = networks(&sample());
    for (asked, expected) in [
        (
            "192.0.2.0",
            Some((64500, "Sample \"Hosting\", Ltd", Kind::Hosting, "192.0.2.0/25")),
        ),
        (
            "192.0.2.127",
            Some((64500, "Sample \"Hosting\", Ltd", Kind::Hosting, "192.0.2.0/25")),
        ),
        (
            "192.0.2.128",
            Some((64501, "Example Telecom", Kind::Access, "192.0.2.128/26")),
        ),
        ("192.0.2.192", None),
        ("192.0.1.255", None),
        (
            "198.51.100.7",
            Some((64502, "Invented University", Kind::Other, "198.51.100.0/24")),
        ),
        ("255.255.255.255", None),
        (
            "::ffff:192.0.2.1",
            Some((64500, "Sample \"Hosting\", Ltd", Kind::Hosting, "192.0.2.0/25")),
        ),
        (
            "2001:db8:0:9::1",
            Some((64500, "Sample \"Hosting\", Ltd", Kind::Hosting, "2001:db8::/48")),
        ),
        // Two ranges of one system in a row are one; of two systems in one /64 the first stays.
        (
            "2001:db8:1:1::40",
            Some((64501, "Example Telecom", Kind::Access, "2001:db8:1::/63")),
        ),
        ("2001:db8:1:2::", None),
        ("::", None),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
    ] {
        let found = networks.lookup(address(asked));
        let found = found.map(|origin| (origin.asn, origin.holder, origin.kind, origin.prefix.to_string()));
        let expected = expected.map(|(asn, holder, kind, prefix)| (asn, holder, kind, prefix.to_owned()));
        assert_eq!(found, expected, "{asked}");
    }
}

#[test]
fn an_address_has_the_country_of_its_range_and_between_ranges_none() {
    let networks = networks(&sample());
    for (asked, country) in [
        ("192.0.1.255", ""),
        ("192.0.2.0", "QN"),
        ("192.0.2.127", "QN"),
        ("192.0.2.128", "QM"),
        // Whether anybody announces it or not.
        ("192.0.2.223", "QM"),
        ("192.0.2.224", ""),
        ("255.255.255.255", "QN"),
        ("::ffff:192.0.2.1", "QN"),
        ("2001:db8:0:9::1", "QM"),
        ("2001:db8:1::", ""),
    ] {
        assert_eq!(networks.country(address(asked)), Country::from_code(country), "{asked}");
    }
    for spoilt in [
        "192.0.2.0,192.0.2.9,qm",
        "192.0.2.0,192.0.2.9",
        "192.0.2.9,192.0.2.0,QM",
        "192.0.2.0,192.0.2.9,QM,QN",
    ] {
        assert_eq!(read_places(spoilt, ""), Err(TableError::Place(1)), "{spoilt}");
    }
}

/// A table of the version before is read; of its addresses no country is known.
#[test]
fn a_snapshot_of_the_first_version_is_read_without_countries() {
    let body = [0, 0, 1, 5, 1, 1, b'x', 1, 9, 0, 0, 0];
    let networks = Networks::from_bytes(&sealed(1, &body)).expect("sound");
    assert_eq!(networks.lookup(address("0.0.0.9")).map(|origin| origin.asn), Some(5));
    assert!(!networks.knows_countries() && networks.country(address("0.0.0.9")) == Country::UNKNOWN);
    assert!(
        matches!(decode(&sealed(2, &body)), Err(SnapshotError::Malformed(_))),
        "version 2 says how many"
    );
}

#[test]
fn the_flaws_of_the_published_table_are_mended_and_nonsense_is_refused() {
    let rules = Rules::default();
    let read = |v4: &str| read(0, String::new(), v4, "", &rules);
    let table = read("9,12,3,C\n0,5,1,A\n4,8,2,B\n2,3,4,D\n13,20,3,C\n").expect("a table");
    let systems: Vec<u32> = table.systems.iter().map(|system| system.asn).collect();
    let ranges: Vec<_> = table
        .v4
        .iter()
        .map(|range| (range.first, range.last, systems[range.whose as usize]))
        .collect();
    assert_eq!(ranges, [(0, 5, 1), (6, 8, 2), (9, 20, 3)]);
    assert_eq!(read("5,4,1,A"), Err(TableError::Line(1)));
    assert_eq!(read("0,4,1,A\n\n5,6,7"), Err(TableError::Line(3)));
    assert_eq!(read("0,4,AS1,A"), Err(TableError::Line(1)));
    for holder in ["\"x", "x\"", "\"", "\"x\"\"", "\"x\"y\""] {
        assert_eq!(read(&format!("0,4,1,{holder}")), Err(TableError::Line(1)), "{holder}");
    }
    assert!(read("0,4,1,\"\"").is_ok() && read("0,4,1,The \"Best\" Host").is_ok());
    assert_eq!(read("2001:db8::,2001:db8::1,1,A"), Err(TableError::Family(1)));
}

#[test]
fn words_that_disagree_and_silence_are_unknown_and_a_number_decides_first() {
    let rules = Rules::parse("hosting word host\naccess word telecom*\nunknown as 64503 # both").expect("rules");
    for (asn, holder, kind) in [
        (1, "Sample Host, Inc.", Kind::Hosting),
        (1, "Ghost Farm", Kind::Unknown),
        (1, "Hostile Takeovers", Kind::Unknown),
        (1, "Example Telecommunications", Kind::Access),
        (1, "Telecom Host", Kind::Unknown),
        (1, "", Kind::Unknown),
        (64503, "Sample Host", Kind::Unknown),
    ] {
        assert_eq!(rules.kind(asn, holder), kind, "{holder}");
    }
    assert!(Rules::parse("hosting as 1\naccess as 1").is_err());
    assert!(Rules::parse("evil as 1").is_err());
    assert!(Rules::parse("hosting").is_err());
}

#[test]
fn the_programs_own_table_is_sound_and_knows_most_of_the_internet() {
    let networks = Networks::embedded();
    let (v4, v6, systems) = networks.sizes();
    assert!(v4 > 400_000 && v6 > 100_000 && systems > 90_000, "{v4} {v6} {systems}");
    assert_eq!(networks.provenance().sha256.len(), 64);
    // A resolver that everybody knows, of a country in America, and the root server that RIPE NCC keeps in Europe.
    for (asked, country) in [
        ("8.8.8.8", "US"),
        ("193.0.14.129", "NL"),
        ("2001:7fd::1", "NL"),
        ("192.0.2.1", ""),
    ] {
        assert_eq!(networks.country(address(asked)), Country::from_code(country), "{asked}");
    }
    assert!(networks.provenance().source.contains("SHA-256"));
    let of_kind = |kind| networks.systems.iter().filter(|system| system.kind == kind).count();
    // Kinds are marked by hand: were the rules lost, all would be unknown and nobody would notice.
    assert!(of_kind(Kind::Hosting) > 1000 && of_kind(Kind::Access) > 5000 && of_kind(Kind::Other) > 5000);
    // Nothing reserved is announced by anybody, and no drill's network is in the real table.
    for reserved in [
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "198.18.0.1",
        "100.64.0.1",
        "10.0.0.1",
        "127.0.0.1",
        "2001:db8::1",
        "::1",
        "fe80::1",
    ] {
        assert_eq!(networks.lookup(address(reserved)), None, "{reserved}");
    }
    assert!(Rules::embedded().is_ok());
}

#[test]
fn a_drill_has_invented_networks_only() {
    let networks = Networks::of_drill();
    for network in paraph_drill::networks::TABLE {
        let origin = networks.lookup(network.base).expect("of the drill");
        assert_eq!((origin.asn, origin.holder), (network.origin, network.holder));
        let is_rented = network.kind == paraph_drill::networks::Kind::Hosting;
        assert_eq!(origin.kind == Kind::Hosting, is_rented);
        assert_eq!(networks.country(network.base), Country::from_code(network.country));
    }
    assert_eq!(networks.lookup(address("9.9.9.9")), None);
}

#[test]
fn a_file_takes_the_place_of_the_programs_own_table_and_a_damaged_one_does_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let embedded = Networks::open(directory.path()).expect("embedded");
    assert!(embedded.sizes().0 > 400_000);
    let path = super::file(directory.path());
    let mut bytes = encode(&sample()).expect("small");
    super::replace(&path, &bytes).expect("written");
    assert_eq!(Networks::open(directory.path()).expect("the file").sizes(), (3, 2, 3));
    bytes[20] ^= 1;
    super::replace(&path, &bytes).expect("written");
    assert!(Networks::open(directory.path()).is_err());
    let known = super::Known::in_directory(directory.path());
    assert_eq!(
        known.get().provenance(),
        Networks::embedded().provenance(),
        "as if there were none"
    );
}

#[test]
fn an_older_or_a_broken_off_table_does_not_follow() {
    let present = networks(&sample());
    assert_eq!(present.follows(&present), Ok(()));
    let older = Table {
        date: 20_260_616,
        ..sample()
    };
    assert_eq!(
        networks(&older).follows(&present),
        Err(Odd::Older(20_260_616, 20_260_617))
    );
    let mut half = sample();
    half.v4.truncate(1);
    assert_eq!(networks(&half).follows(&present), Err(Odd::Smaller));
}

/// A body with a right length and digest, whatever it holds.
fn sealed(version: u8, body: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut out = Vec::from(*b"PARANET");
    out.push(version);
    out.extend_from_slice(&u32::try_from(body.len()).expect("short").to_le_bytes());
    let mut deflater = flate2::write::ZlibEncoder::new(out, flate2::Compression::fast());
    deflater.write_all(body).expect("memory");
    let mut out = deflater.finish().expect("memory");
    let digest = Sha256::digest(&out);
    out.extend_from_slice(&digest);
    out
}

#[test]
fn what_is_no_snapshot_is_refused_by_name() {
    let sound = encode(&sample()).expect("small");
    assert_eq!(decode(b"").err(), Some(SnapshotError::Foreign));
    assert_eq!(decode(&sound[..sound.len() - 1]).err(), Some(SnapshotError::Damaged));
    let mut later = sound.clone();
    later[7] = 3;
    assert_eq!(decode(&later).err(), Some(SnapshotError::Version(3)));
    // date 0, no source, then: more systems than bytes; a kind of 9; two ranges that overlap by wrapping around.
    for body in [
        &[0, 0, 0xff, 0xff, 0x03][..],
        &[0, 0, 1, 5, 9, 1, b'x', 0, 0],
        &[
            0, 0, 1, 5, 0, 1, b'x', 0, 2, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0, 0, 0,
        ],
        &[0, 0, 1, 5, 0, 1, b'\n', 0, 0],
        &[0, 0, 2, 5, 0, 0, 0, 1, 1, b'x', b'y', 0, 0],
        &[0, 0, 0, 0, 0, 7],
        &[0x80, 0x00, 0, 0, 0, 0],
    ] {
        assert!(
            matches!(decode(&sealed(1, body)), Err(SnapshotError::Malformed(_))),
            "{body:?}"
        );
    }
    assert!(decode(&sealed(1, &[0, 0, 0, 0, 0])).is_ok());
    // No networks, and countries: small letters, the same twice, a range of a third one.
    for places in [&b"\x01qm\0\0"[..], b"\x02QMQM\0\0", b"\x02QMQN\x01\0\0\x02\0", b"\0\0"] {
        let body = [&[0, 0, 0, 0, 0], places].concat();
        assert!(
            matches!(decode(&sealed(2, &body)), Err(SnapshotError::Malformed(_))),
            "{places:?}"
        );
    }
    assert!(decode(&sealed(2, b"\0\0\0\0\0\x02QMQN\x01\0\0\x01\0")).is_ok());
}

fn tables() -> impl Strategy<Value = Table> {
    let systems = prop::collection::btree_map(any::<u32>(), ("[^\\p{Cc}]{0,40}", 0_usize..4), 1..20);
    let v4 = prop::collection::btree_set(any::<u32>(), 0..40);
    let v6 = prop::collection::btree_set(any::<u64>(), 0..40);
    let parts = (any::<u32>(), "[ -~]{0,60}", systems, v4, v6, any::<u32>());
    parts.prop_map(|(date, source, systems, v4, v6, salt)| {
        let systems: Vec<System> = systems
            .into_iter()
            .map(|(asn, (holder, kind))| System {
                asn,
                holder: holder.into(),
                kind: [Kind::Unknown, Kind::Hosting, Kind::Access, Kind::Other][kind],
            })
            .collect();
        let count = u32::try_from(systems.len()).expect("few");
        let v4: Vec<u32> = v4.into_iter().collect();
        let v6: Vec<u64> = v6.into_iter().collect();
        // Each two keys in a row are the ends of a range.
        let narrow = |of: u32| {
            let ranges = v4.chunks_exact(2).map(move |ends| Range {
                first: ends[0],
                last: ends[1],
                whose: (ends[0] ^ salt) % of,
            });
            ranges.collect()
        };
        let wide = |of: u32| {
            let ranges = v6.chunks_exact(2).map(move |ends| Range {
                first: ends[0],
                last: ends[1],
                whose: ends[0] as u32 % of,
            });
            ranges.collect()
        };
        // One table in two was made without countries.
        let places = if salt % 2 == 0 {
            Places::default()
        } else {
            Places {
                countries: vec![*b"QM", *b"QN", *b"QO"],
                v4: narrow(3),
                v6: wide(3),
            }
        };
        Table {
            date,
            source,
            v4: narrow(count),
            v6: wide(count),
            systems,
            places,
        }
    })
}

proptest! {
    #[test]
    fn a_table_comes_back_as_it_was(table in tables()) {
        let bytes = encode(&table).expect("small");
        prop_assert_eq!(decode(&bytes).expect("sound").0, table);
    }

    #[test]
    fn a_lookup_agrees_with_reading_every_range(table in tables(), asked in any::<u32>(), near in any::<prop::sample::Index>()) {
        let keys = table.v4.iter().flat_map(|range| [range.first, range.last, range.last.wrapping_add(1)]);
        let keys: Vec<u32> = keys.chain([asked]).collect();
        let asked = keys[near.index(keys.len())];
        let expected = table.v4.iter().find(|range| (range.first..=range.last).contains(&asked));
        let networks = networks(&table);
        let address = IpAddr::V4(asked.into());
        let place = table.places.v4.iter().find(|range| (range.first..=range.last).contains(&asked));
        let letters = place.map(|range| Country(u16::from_be_bytes(table.places.countries[range.whose as usize])));
        prop_assert_eq!(networks.country(address), letters.unwrap_or_default());
        let found = networks.lookup(address);
        prop_assert_eq!(found.map(|origin| origin.asn), expected.map(|range| table.systems[range.whose as usize].asn));
        if let (Some(origin), Some(range)) = (found, expected) {
            prop_assert!(origin.prefix.contains(&address));
            for end in [origin.prefix.network(), origin.prefix.broadcast()] {
                let IpAddr::V4(end) = end else { panic!("of the same family") };
                prop_assert!((range.first..=range.last).contains(&end.to_bits()));
            }
        }
    }

    /// Whatever is read is written again as it was: no bytes but the table's own are accepted for it.
    #[test]
    fn hostile_bodies_are_refused_or_are_the_one_encoding(body in prop::collection::vec(any::<u8>(), 0..200), version in 1_u8..=2) {
        if let Ok((table, _)) = decode(&sealed(version, &body)) {
            prop_assert_eq!(decode(&encode(&table).expect("small")).expect("sound").0, table);
        }
    }

    #[test]
    fn a_changed_byte_anywhere_never_panics_and_never_passes(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut body = Vec::new();
        let sound = encode(&sample()).expect("small");
        std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(&sound[12..]), &mut body).expect("sound");
        let at = at.index(body.len());
        body[at] = to;
        // With the digest made anew, only the rules of the format are left to object.
        if let Ok((table, _)) = decode(&sealed(2, &body)) {
            prop_assert_eq!(decode(&encode(&table).expect("small")).expect("sound").0, table);
        }
    }

    #[test]
    fn hostile_tables_do_not_panic(text in "([0-9a-f:.,\"\n]|[a-z ]){0,80}") {
        let _ = read(0, String::new(), &text, &text, &Rules::default());
        let _ = read_places(&text, &text);
    }
}
