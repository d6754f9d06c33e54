//! As much CBOR (RFC 8949) as authenticators speak (CTAP2 canonical form): whole numbers, bytes, text, lists and maps of a
//! stated length, true, false and null. Everything else is refused.

/// Levels of lists and maps in each other; CTAP2 allows four.
const MOST_DEPTH: u8 = 4;
/// Entries of one list or map; an RSA key has four.
const MOST_ENTRIES: u64 = 64;

/// One item; bytes and texts stay where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Item<'a>>),
    Map(Vec<(Item<'a>, Item<'a>)>),
    /// true, false or null; none of them is asked for.
    Simple,
}

impl<'a> Item<'a> {
    /// Reads one item, and what is behind it.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::read_at(bytes, 0)
    }

    fn read_at(bytes: &'a [u8], depth: u8) -> Option<(Self, &'a [u8])> {
        let (&first, rest) = bytes.split_first()?;
        let (value, rest) = argument(first & 0x1f, rest)?;
        let many = || (depth < MOST_DEPTH && value <= MOST_ENTRIES).then_some(value);
        Some(match first >> 5 {
            0 => (Self::Number(i64::try_from(value).ok()?), rest),
            1 => (Self::Number(-1 - i64::try_from(value).ok()?), rest),
            2 => {
                let (content, rest) = rest.split_at_checked(usize::try_from(value).ok()?)?;
                (Self::Bytes(content), rest)
            }
            3 => {
                let (content, rest) = rest.split_at_checked(usize::try_from(value).ok()?)?;
                (Self::Text(std::str::from_utf8(content).ok()?), rest)
            }
            4 => {
                let (mut items, mut rest) = (Vec::new(), rest);
                for _ in 0..many()? {
                    let (item, behind) = Self::read_at(rest, depth + 1)?;
                    items.push(item);
                    rest = behind;
                }
                (Self::List(items), rest)
            }
            5 => {
                let (mut pairs, mut rest) = (Vec::<(Self, Self)>::new(), rest);
                for _ in 0..many()? {
                    let (key, behind) = Self::read_at(rest, depth + 1)?;
                    let (item, behind) = Self::read_at(behind, depth + 1)?;
                    if pairs.iter().any(|(known, _)| *known == key) {
                        return None;
                    }
                    pairs.push((key, item));
                    rest = behind;
                }
                (Self::Map(pairs), rest)
            }
            7 if matches!(first & 0x1f, 20..=22) => (Self::Simple, rest),
            _ => return None,
        })
    }

    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// What a map holds under a number.
    pub(super) fn get_number(&self, key: i64) -> Option<&Self> {
        self.get(&Item::Number(key))
    }

    /// What a map holds under a text.
    pub(super) fn get_text(&self, key: &str) -> Option<&Self> {
        self.get(&Item::Text(key))
    }

    fn get(&self, key: &Item<'_>) -> Option<&Self> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(known, _)| known == key).map(|(_, item)| item)
    }
}

/// The number in an item's head, and what is behind it.
fn argument(short: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    let length = match short {
        0..=23 => return Some((u64::from(short), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (digits, rest) = rest.split_at_checked(length)?;
    Some((digits.iter().fold(0, |sum, digit| sum << 8 | u64::from(*digit)), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Item;

    #[test]
    fn only_what_authenticators_speak_is_read() {
        let read = |bytes: &'static [u8]| Item::read(bytes).map(|(item, rest)| (item, rest.len()));
        assert_eq!(read(b"\x26\x00"), Some((Item::Number(-7), 1)));
        assert_eq!(read(b"\x39\x01\x00"), Some((Item::Number(-257), 0)));
        assert_eq!(read(b"\x62no"), Some((Item::Text("no"), 0)));
        for wrong in [
            &b""[..],
            b"\x5f\x41a\xff",
            b"\x44abc",
            b"\x9f\xff",
            b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xa2\x01\x01\x01\x02",
            b"\xfb\x00\x00\x00\x00\x00\x00\x00\x00",
            b"\xc0\x00",
            b"\x61\xff",
            &[0x81; 9],
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some((_, rest)) = Item::read(&bytes) {
                prop_assert!(bytes.ends_with(rest));
            }
        }
    }
}
