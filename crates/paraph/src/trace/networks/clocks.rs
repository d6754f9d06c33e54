//! The hour of the day in a country, as far as its clocks agree, by the lines of `networks/clocks.txt`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use paraph_scrutiny::Country;
use paraph_tally::Millis;

/// The lines that come with the program.
const EMBEDDED: &str = include_str!("../../../networks/clocks.txt");

const HOUR: i64 = 3_600_000;

/// Hours ahead of UTC.
type Clocks = BTreeMap<Country, i64>;

/// Hour of the day, 0 to 23, in a country at that moment, an hour more or less; `None` if its clocks do not agree.
#[must_use]
pub fn hour(country: Country, at: Millis) -> Option<u8> {
    // A test reads the lines: a program in which one is spoilt is not released.
    static CLOCKS: LazyLock<Clocks> = LazyLock::new(|| parse(EMBEDDED).unwrap_or_default());
    let there = i64::try_from(at.0).ok()? + CLOCKS.get(&country)? * HOUR;
    u8::try_from(there.div_euclid(HOUR).rem_euclid(24)).ok()
}

/// Lines of hours and countries; `#` begins a comment. `None` if one is neither, or says a second time what a country has.
fn parse(text: &str) -> Option<Clocks> {
    let mut clocks = Clocks::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let (hours, countries) = line.split_once(':')?;
        let hours = hours.parse().ok().filter(|hours| (-12..=14).contains(hours))?;
        for code in countries.split_whitespace() {
            let country = Country::from_code(code);
            let earlier = clocks.insert(country, hours);
            if country == Country::UNKNOWN || earlier.is_some() {
                return None;
            }
        }
    }
    Some(clocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_night_where_it_is_night_and_nowhere_where_clocks_do_not_agree() {
        let noon = Millis(1_767_268_800_000); // 2026-01-01, 12:00 UTC
        for (code, expected) in [
            ("FR", Some(13)),
            ("fr", Some(13)),
            ("GB", Some(12)),
            ("JP", Some(21)),
            ("NZ", Some(0)),
            ("CO", Some(7)),
            ("US", None),
            ("RU", None),
            ("EU", None),
            ("", None),
        ] {
            assert_eq!(hour(Country::from_code(code), noon), expected, "{code}");
        }
        assert!(
            parse(EMBEDDED).is_some_and(|clocks| clocks.len() > 200),
            "every line is read"
        );
        for spoilt in ["one: FR", "1: FR DE FR", "1: FRA", "20: FR", "FR"] {
            assert_eq!(parse(spoilt), None, "{spoilt}");
        }
    }
}
