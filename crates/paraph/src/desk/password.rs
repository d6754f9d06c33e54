//! Passwords: Argon2id (RFC 9106) under a key of the data directory, few at a time.
//!
//! The key is derived from the master key, which no backup of the data holds: who has a backup alone cannot even begin to
//! guess. Hashing runs beside the threads that serve, `limits.desk_hashing` at once: a flood of logins waits for itself, and
//! whoever a browser of theirs vouches for does not wait behind it.

use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::admit::lane::{Busy, Lane, Permit};
use crate::keys::Keys;
use crate::limits::Limits;
use crate::store::id;

const VERSION: u8 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// Version, memory, passes, salt, hash.
const STORED_BYTES: usize = 1 + 4 + 4 + SALT_BYTES + HASH_BYTES;
/// Longest wait of a login for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hashes and compares passwords.
pub struct Passwords {
    key: [u8; 32],
    kib: u32,
    passes: u32,
    most_kib: u32,
    known: Lane,
    strangers: Lane,
}

/// Who waits for a password to be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Somebody who is logged in, or whose browser bears the mark of the member whose name was typed.
    Known,
    /// Anybody.
    Stranger,
}

impl Passwords {
    /// With the costs and the concurrency that `limits` says.
    #[must_use]
    pub fn new(keys: &Keys, limits: &Limits) -> Self {
        let number = |limit: u64| u32::try_from(limit).unwrap_or(u32::MAX);
        let lane = || Lane::new("desk_hash", limits.desk_hashing, limits.desk_hashing_waiting, PATIENCE);
        Self {
            key: keys.derive("desk password v1"),
            kib: number(limits.desk_hash_kib),
            passes: number(limits.desk_hash_passes),
            most_kib: Limits::TABLE
                .iter()
                .find(|bound| bound.name == "desk_hash_kib")
                .map_or(0, |bound| number(bound.max)),
            known: lane(),
            strangers: lane(),
        }
    }

    /// The stored form of a password.
    ///
    /// # Errors
    /// Too many wait for their turn.
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<Vec<u8>, Busy> {
        let salt: [u8; SALT_BYTES] = id::random();
        // Only who is logged in, or has a link of ours, chooses a password.
        let place = self.known.enter().await?;
        let hash = self.work(place, password, salt, (self.kib, self.passes)).await?;
        let mut stored = vec![VERSION];
        stored.extend_from_slice(&self.kib.to_be_bytes());
        stored.extend_from_slice(&self.passes.to_be_bytes());
        stored.extend_from_slice(&salt);
        stored.extend_from_slice(&hash);
        Ok(stored)
    }

    /// Whether a password is the stored one. Without a stored one it takes as long and is not: the time that an answer
    /// takes does not tell whether there is such a member.
    ///
    /// # Errors
    /// Too many wait for their turn.
    pub async fn is(&self, password: Zeroizing<String>, stored: Option<&[u8]>, whose: Whose) -> Result<bool, Busy> {
        let read = stored.and_then(|stored| self.read(stored));
        let (kib, passes, salt, hash) = read.unwrap_or((self.kib, self.passes, [0; SALT_BYTES], [0; HASH_BYTES]));
        let place = match whose {
            Whose::Known => self.known.enter().await?,
            Whose::Stranger => self.strangers.enter().await?,
        };
        let found = self.work(place, password, salt, (kib, passes)).await?;
        Ok(read.is_some() & bool::from(found.ct_eq(&hash)))
    }

    fn read(&self, stored: &[u8]) -> Option<(u32, u32, [u8; SALT_BYTES], [u8; HASH_BYTES])> {
        let stored: &[u8; STORED_BYTES] = stored.try_into().ok()?;
        let number = |at: usize| Some(u32::from_be_bytes(stored.get(at..at + 4)?.try_into().ok()?));
        let (kib, passes) = (number(1)?, number(5)?);
        // A spoilt row must not take all the memory there is.
        let is_sane = stored[0] == VERSION && kib <= self.most_kib && passes <= 16;
        let (salt, hash) = stored[9..].split_first_chunk::<SALT_BYTES>()?;
        is_sane
            .then(|| Some((kib, passes, *salt, hash.try_into().ok()?)))
            .flatten()
    }

    async fn work(
        &self,
        place: Permit,
        password: Zeroizing<String>,
        salt: [u8; SALT_BYTES],
        (kib, passes): (u32, u32),
    ) -> Result<[u8; HASH_BYTES], Busy> {
        let key = Zeroizing::new(self.key);
        let hashed = tokio::task::spawn_blocking(move || {
            // Held by the work itself, which goes on when whoever asked has gone.
            let _place = place;
            let params = Params::new(kib, passes, 1, Some(HASH_BYTES)).ok()?;
            let argon2 = Argon2::new_with_secret(&*key, Algorithm::Argon2id, Version::V0x13, params).ok()?;
            let mut hash = [0; HASH_BYTES];
            argon2.hash_password_into(password.as_bytes(), &salt, &mut hash).ok()?;
            Some(hash)
        });
        match hashed.await {
            Ok(Some(hash)) => Ok(hash),
            // No memory, or a panic: as good as a full lane, and never "the right password".
            _ => Err(Busy { retry_after: 10 }),
        }
    }
}

/// Characters of a password at the least.
pub const LEAST_CHARS: usize = 12;
/// Bytes of a password at the most.
pub const MOST_BYTES: usize = 256;

/// Whether a password is good enough: long, not the name, not one character again and again (NIST SP 800-63B asks for
/// length and no rules of composition).
#[must_use]
pub fn is_fit(password: &str, name: &str) -> bool {
    let mut letters: Vec<char> = password.to_lowercase().chars().collect();
    let long = letters.len() >= LEAST_CHARS && password.len() <= MOST_BYTES;
    letters.sort_unstable();
    letters.dedup();
    let (name, mut rest) = (name.to_lowercase(), password.to_lowercase());
    let names_itself = name.chars().count() >= 6 && rest.contains(&name);
    // "olga olga olga" is as short as what is left of it.
    for word in name.split(' ').filter(|word| word.chars().count() >= 3) {
        rest = rest.replace(word, "");
    }
    let is_enough = rest.chars().filter(|letter| letter.is_alphanumeric()).count() * 2 >= LEAST_CHARS;
    long && letters.len() >= 5 && !names_itself && is_enough
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::{Passwords, Whose, is_fit};
    use crate::keys::Keys;
    use crate::limits::Limits;

    fn text(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_again_under_its_own_key_only() {
        let limits = Limits {
            desk_hash_kib: 8192,
            desk_hash_passes: 1,
            ..Limits::default()
        };
        let keys = Keys::random();
        let passwords = Passwords::new(&keys, &limits);
        let stored = passwords.hash(text("correct horse battery")).await.expect("free");
        assert!(
            passwords
                .is(text("correct horse battery"), Some(&stored), Whose::Stranger)
                .await
                .expect("free")
        );
        assert!(
            !passwords
                .is(text("correct horse batterY"), Some(&stored), Whose::Stranger)
                .await
                .expect("free")
        );
        assert!(!passwords.is(text(""), None, Whose::Known).await.expect("free"));
        // The costs are those it was hashed with.
        let dearer = Passwords::new(&keys, &Limits::default());
        assert!(
            dearer
                .is(text("correct horse battery"), Some(&stored), Whose::Stranger)
                .await
                .expect("free")
        );
        let elsewhere = Passwords::new(&Keys::random(), &limits);
        assert!(
            !elsewhere
                .is(text("correct horse battery"), Some(&stored), Whose::Stranger)
                .await
                .expect("free")
        );
    }

    #[test]
    fn what_is_a_password() {
        for fit in ["correct horse battery", "été à la plage"] {
            assert!(is_fit(fit, "Zoé"), "{fit}");
        }
        for unfit in [
            "short",
            "aaaaaaaaaaaaaaaa",
            "my maelle password",
            &"long and varied ".repeat(20),
        ] {
            assert!(!is_fit(unfit, "Maelle"), "{unfit}");
        }
        assert!(!is_fit("olga olga olga", "Olga") && !is_fit("Martin-Olga-Olga", "Olga Martin"));
        assert!(is_fit("olga horse battery", "Olga"));
    }
}
