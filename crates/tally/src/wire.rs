//! Bytes in and out, strictly: for every value one encoding, and nothing else decodes.
//!
//! Numbers in events are unsigned LEB128: seven bits a byte, lowest first, the high bit set on all but the last byte.
//! The shortest form is the only one.

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeError {
    /// The first byte names a format that this version of the program does not know.
    #[error("unknown format version {0}")]
    Version(u8),
    /// The second byte names no kind.
    #[error("unknown kind {0}")]
    Kind(u8),
    /// A byte that chooses between alternatives holds none of them.
    #[error("unknown alternative {0}")]
    Alternative(u8),
    /// The bytes end early, or a set claims more members than they hold.
    #[error("the bytes end early")]
    Truncated,
    /// A number is not in its shortest form.
    #[error("a number is not in its shortest form")]
    Overlong,
    /// A number is larger than its field.
    #[error("a number is larger than its field")]
    OutOfRange,
    /// A sorted list is not strictly ascending, or is empty where it must not be.
    #[error("a list is empty or not strictly ascending")]
    NotAscending,
    /// Text is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// Longer than its kind may be.
    #[error("longer than its kind may be")]
    TooLong,
    /// Bytes follow the end.
    #[error("bytes follow the end")]
    Trailing,
}

/// Appends a number as LEB128.
pub(crate) fn put_varint(out: &mut Vec<u8>, number: impl Into<u64>) {
    let mut rest: u64 = number.into();
    while rest >= 0x80 {
        out.push(rest as u8 & 0x7f | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends a length as LEB128, then the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes values from the front of a slice. Allocates nothing but what the slice pays for.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn remaining(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(DecodeError::OutOfRange);
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 {
                    Err(DecodeError::Overlong)
                } else {
                    Ok(number)
                };
            }
        }
        Err(DecodeError::OutOfRange)
    }

    /// A varint that has to fit a narrower field.
    pub(crate) fn narrow<T: TryFrom<u64>>(&mut self) -> Result<T, DecodeError> {
        T::try_from(self.varint()?).map_err(|_| DecodeError::OutOfRange)
    }

    /// A count of members that take at least `member_bytes` each, checked against what is there.
    pub(crate) fn count(&mut self, member_bytes: usize) -> Result<usize, DecodeError> {
        let count: usize = self.narrow()?;
        match count.checked_mul(member_bytes) {
            Some(bytes) if bytes <= self.remaining() => Ok(count),
            _ => Err(DecodeError::Truncated),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, DecodeError> {
        let len = self.count(1)?;
        let text = std::str::from_utf8(self.take(len)?).map_err(|_| DecodeError::NotUtf8)?;
        Ok(text.to_owned())
    }

    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Trailing)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DecodeError, Reader, put_varint};

    #[test]
    fn a_number_has_one_encoding() {
        for number in [
            0,
            1,
            127,
            128,
            16_383,
            16_384,
            u64::from(u32::MAX),
            u64::MAX - 1,
            u64::MAX,
        ] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.varint(), Ok(number));
            assert_eq!(reader.finish(), Ok(()));
        }
        let read = |bytes: &[u8]| Reader::new(bytes).varint();
        assert_eq!(read(&[0x80, 0x00]), Err(DecodeError::Overlong));
        assert_eq!(read(&[0xff; 9]), Err(DecodeError::Truncated));
        let mut past = [0xff; 10];
        past[9] = 0x02;
        assert_eq!(read(&past), Err(DecodeError::OutOfRange));
        assert_eq!(read(&[0xff; 11]), Err(DecodeError::OutOfRange));
    }
}
