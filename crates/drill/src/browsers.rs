//! The programs of the invented country, by what they say of themselves: few that many people use, many that few use.

use crate::scenario::mix;

/// How many there are.
pub(crate) const BROWSERS: u16 = 240;

/// Number of a program as people have them, from any number at all; log-uniform, which is nearly Zipf's law.
pub(crate) fn of_somebody(number: u64) -> u16 {
    let unit = (mix(number) >> 11) as f64 / (1_u64 << 53) as f64;
    (f64::from(BROWSERS).powf(unit) - 1.0) as u16
}

/// What a program says it is. Real families, so that a server sees what it sees anywhere; who has which is invented.
pub(crate) fn agent(number: u16) -> String {
    let version = 143 - number / 6;
    match number % 6 {
        0 => format!("Mozilla/5.0 (Linux; Android 15; Mobile; rv:{version}.0) Gecko/{version}.0 Firefox/{version}.0"),
        1 => format!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS {}_{} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
            version / 8,
            version % 8
        ),
        2 => format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
        ),
        3 => {
            format!("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:{version}.0) Gecko/20100101 Firefox/{version}.0")
        }
        4 => format!(
            "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Mobile Safari/537.36"
        ),
        _ => format!("Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{BROWSERS, agent, of_somebody};

    #[test]
    fn few_are_common_and_each_is_its_own() {
        let all: HashSet<String> = (0..BROWSERS).map(agent).collect();
        assert_eq!(all.len(), usize::from(BROWSERS));
        let people: Vec<u16> = (0..10_000).map(of_somebody).collect();
        let share = |number| people.iter().filter(|person| **person == number).count();
        assert!((1000..1600).contains(&share(0)), "{}", share(0));
        assert!(people.iter().collect::<HashSet<_>>().len() > 200);
    }
}
