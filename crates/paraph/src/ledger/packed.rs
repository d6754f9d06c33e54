//! A record as bytes, before it is sealed.
//!
//! Small on purpose: a row of a table without rowid keeps about 1,000 bytes on its own page (SQLite file format, section
//! 1.6), and what is longer takes a page of 4,096 more, to be written, synced and kept for each signature. So hashes and
//! secrets are bytes instead of hexadecimal, and headers that every browser sends are numbers.
//!
//! The first byte is the format: `{` begins a record of format 1, which was JSON; 2 is followed by the structure in the
//! postcard wire format, version 1.0.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::record::Personal;

const FORMAT: u8 = 2;

/// Headers of browsers, by number. Only ever added to, at the end: records name them by their place.
const HEADERS: [&str; 34] = [
    "host",
    "user-agent",
    "accept",
    "accept-language",
    "accept-encoding",
    "content-type",
    "content-length",
    "origin",
    "referer",
    "connection",
    "upgrade-insecure-requests",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "priority",
    "te",
    "dnt",
    "sec-gpc",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "cache-control",
    "pragma",
    "save-data",
    "x-requested-with",
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-real-ip",
    "alt-used",
    "sec-ch-prefers-color-scheme",
];

/// A record that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a record of a format that this program knows")]
pub struct Malformed;

impl Personal {
    /// As bytes.
    ///
    /// # Errors
    /// A hash or secret is not 64 hexadecimal digits.
    pub fn pack(&self) -> Result<Zeroizing<Vec<u8>>, Malformed> {
        let begun = Vec::from([FORMAT]);
        let packed = postcard::to_extend(self, begun).map_err(|_| Malformed)?;
        Ok(Zeroizing::new(packed))
    }

    /// From bytes of any format so far.
    ///
    /// # Errors
    /// They are of none.
    pub fn unpack(bytes: &[u8]) -> Result<Self, Malformed> {
        match bytes.split_first() {
            Some((b'{', _)) => serde_json::from_slice(bytes).map_err(|_| Malformed),
            Some((&FORMAT, packed)) => postcard::from_bytes(packed).map_err(|_| Malformed),
            _ => Err(Malformed),
        }
    }
}

/// 32 bytes that the program knows in hexadecimal.
pub(super) mod hex32 {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::ledger) fn serialize<S: Serializer>(hex: &str, out: S) -> Result<S::Ok, S::Error> {
        if out.is_human_readable() {
            return hex.serialize(out);
        }
        let bytes = data_encoding::HEXLOWER
            .decode(hex.as_bytes())
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes
            .ok_or_else(|| serde::ser::Error::custom("not 64 hexadecimal digits"))?
            .serialize(out)
    }

    pub(in crate::ledger) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        if from.is_human_readable() {
            return String::deserialize(from);
        }
        <[u8; 32]>::deserialize(from).map(|bytes| data_encoding::HEXLOWER.encode(&bytes))
    }
}

/// Headers, those that are known by their number: `number + 1`, or 0 and the name. In format 1, pairs of name and value.
pub(super) mod headers {
    use http::{HeaderName, HeaderValue};
    use serde::de::Error;

    use super::{Deserialize, Deserializer, HEADERS, Serialize, Serializer};

    type Headers = Vec<(HeaderName, HeaderValue)>;

    #[derive(Serialize, Deserialize)]
    struct Line<'a> {
        known: u8,
        name: &'a str,
        value: &'a str,
    }

    pub(in crate::ledger) fn serialize<S: Serializer>(headers: &Headers, out: S) -> Result<S::Ok, S::Error> {
        let pairs = headers.iter().map(|(name, value)| {
            let value = std::str::from_utf8(value.as_bytes()).unwrap_or_default();
            (name.as_str(), value)
        });
        if out.is_human_readable() {
            return out.collect_seq(pairs);
        }
        let lines = pairs.map(|(name, value)| {
            let place = HEADERS.iter().position(|known| *known == name);
            let known = place.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(0);
            let name = if known == 0 { name } else { "" };
            Line { known, name, value }
        });
        out.collect_seq(lines)
    }

    pub(in crate::ledger) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Headers, D::Error> {
        if from.is_human_readable() {
            let pairs = Vec::<(String, String)>::deserialize(from)?;
            return pairs.iter().map(|(name, value)| header(name, value)).collect();
        }
        let lines = Vec::<Line<'de>>::deserialize(from)?;
        let headers = lines.into_iter().map(|line| {
            let name = match usize::from(line.known).checked_sub(1) {
                None => line.name,
                Some(at) => HEADERS
                    .get(at)
                    .ok_or_else(|| Error::custom("a header of a later format"))?,
            };
            header(name, line.value)
        });
        headers.collect()
    }

    fn header<E: Error>(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), E> {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(E::custom)?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(E::custom)?;
        Ok((name, value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Malformed;
    use crate::ledger::record::{Personal, Request};

    fn someone(headers: &[(&str, &str)]) -> Personal {
        let hex = |byte: &str| byte.repeat(32);
        Personal {
            version: 1,
            name: "Élodie d’Arc".to_owned(),
            email: "elodie@mail.example".to_owned(),
            postcode: "49400".to_owned(),
            country: "FR".to_owned(),
            comment: String::new(),
            show_name: true,
            news: false,
            language: "fr".to_owned(),
            text_version: 3,
            text_hash: hex("07"),
            consent_hash: hex("a8"),
            receipt_secret: hex("09"),
            withdrawal_secret: hex("ff"),
            request: Request {
                at: 1_795_388_819_129,
                address: "2001:db8::7".parse().expect("an address"),
                port: 50_123,
                forwarded_by: Some("192.0.2.1".parse().expect("an address")),
                headers: headers
                    .iter()
                    .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
                    .collect(),
                issued_at: 1_795_388_700_000,
                price: 1000,
            },
        }
    }

    #[test]
    fn a_record_comes_back_and_so_does_one_of_format_1() {
        let record = someone(&[("user-agent", "Example/1.0"), ("x-own", "1"), ("host", "")]);
        let packed = record.pack().expect("packed");
        assert_eq!(Personal::unpack(&packed), Ok(record.clone()));
        let json = serde_json::to_vec(&record).expect("JSON");
        assert_eq!(Personal::unpack(&json), Ok(record));
        assert!(packed.len() * 2 < json.len(), "{} of {}", packed.len(), json.len());
    }

    #[test]
    fn what_is_cut_or_of_a_later_format_is_refused() {
        let packed = someone(&[("user-agent", "Example/1.0")]).pack().expect("packed");
        for end in 0..packed.len() {
            assert_eq!(Personal::unpack(&packed[..end]), Err(Malformed), "{end}");
        }
        let later = [&[3], &packed[1..]].concat();
        assert_eq!(Personal::unpack(&later), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Personal::unpack(&bytes);
            let _ = Personal::unpack(&[&[2], &bytes[..]].concat());
        }
    }
}
