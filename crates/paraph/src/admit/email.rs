//! E-mail addresses: as typed, as mail is sent to, and as one mailbox is recognised again.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

use super::contribution::is_unseen;

/// One address in three forms.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email {
    /// As it was typed, surrounding blanks removed.
    pub typed: String,
    /// Where mail goes: the same local part, the domain in ASCII (IDNA) and lower case.
    pub address: String,
    /// What repetitions are recognised by: lower case, without `+tag`; Gmail's dots and second name removed.
    pub canonical: String,
}

/// Never shows the address.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(..)")
    }
}

/// RFC 5321 section 4.5.3.1: what an SMTP path can hold.
const ADDRESS_BYTES: usize = 254;
const LOCAL_BYTES: usize = 64;

impl Email {
    /// Reads an address as people type it.
    ///
    /// # Errors
    /// A message id: `email_missing`, `email_too_long`, `email_bad`, `email_rare`, `domain_bad`.
    pub fn parse(typed: &str) -> Result<Self, &'static str> {
        // Copied from a page, an address brings the marks of direction around it along.
        let typed = typed.trim_matches(|c: char| c.is_whitespace() || is_unseen(c));
        if typed.is_empty() {
            return Err("email_missing");
        }
        // Before anything that costs more with length.
        if typed.len() > 4 * ADDRESS_BYTES {
            return Err("email_too_long");
        }
        // Input methods for Chinese and Japanese write full-width signs.
        let plain: String = typed.nfkc().collect();
        let (local, domain) = plain.rsplit_once('@').ok_or("email_bad")?;
        if !is_dot_atom(local) {
            let is_quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
            let is_beyond_ascii = !local.is_ascii() && is_dot_atom(&local.replace(|c: char| c.is_alphabetic(), "a"));
            return Err(if is_quoted || is_beyond_ascii {
                "email_rare"
            } else {
                "email_bad"
            });
        }
        let domain = ascii_domain(domain).ok_or("domain_bad")?;
        if local.len() > LOCAL_BYTES || local.len() + 1 + domain.len() > ADDRESS_BYTES {
            return Err("email_too_long");
        }
        Ok(Self {
            typed: typed.to_owned(),
            address: format!("{local}@{domain}"),
            canonical: canonical(local, &domain),
        })
    }
}

impl Email {
    /// The address as its mail server may tell it from others: lower case. Of spellings that surely lead to one mailbox, the
    /// canonical one: case matters nowhere, and at Gmail neither do dots and what follows a plus. Elsewhere `ada+x@` may be a name
    /// that the server does not know, or swallows.
    #[must_use]
    pub fn spelt(&self) -> String {
        match self.canonical.ends_with("@gmail.com") {
            true => self.canonical.clone(),
            false => self.address.to_ascii_lowercase(),
        }
    }
}

/// `dot-atom` of RFC 5322 section 3.2.3, ASCII. Quoted local parts and those beyond ASCII are refused: hardly anybody
/// has one, and most mail servers on the way refuse them too.
fn is_dot_atom(local: &str) -> bool {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// The domain in ASCII, at least two labels, and no number at the end (an IP address is no domain).
pub fn ascii_domain(domain: &str) -> Option<String> {
    let ascii = Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .ok()?;
    let (_, top) = ascii.rsplit_once('.')?;
    (top.len() >= 2 && !top.bytes().all(|byte| byte.is_ascii_digit())).then(|| ascii.to_ascii_lowercase())
}

fn canonical(local: &str, domain: &str) -> String {
    let lower = local.to_ascii_lowercase();
    // A leading plus is the name itself.
    let name = match lower.split_once('+') {
        Some((name, _tag)) if !name.is_empty() => name.trim_end_matches('.'),
        _ => lower.as_str(),
    };
    match domain {
        "gmail.com" | "googlemail.com" => format!("{}@gmail.com", name.replace('.', "")),
        _ => format!("{name}@{domain}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(typed: &str, expect: &str) {
        let got = Email::parse(typed).map(|email| format!("{} {}", email.address, email.canonical));
        assert_eq!(got.unwrap_or_else(str::to_owned), expect, "{typed}");
    }

    #[test]
    fn real_people_have_such_addresses() {
        check("  Ada@Example.ORG ", "Ada@example.org ada@example.org");
        check(
            "o'neil+petition@example.org",
            "o'neil+petition@example.org o'neil@example.org",
        );
        check("\u{202a}ada@example.org\u{202c}", "ada@example.org ada@example.org");
        check("\u{200e} ada@example.org\u{feff}", "ada@example.org ada@example.org");
        // It may exist, and is not ours to serve: said in other words than what is no address.
        check("jürg@example.org", "email_rare");
        check(
            "jurg@bücher.example",
            "jurg@xn--bcher-kva.example jurg@xn--bcher-kva.example",
        );
        check("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah a@xn--r8jz45g.xn--zckzah");
        check("ａｄａ＠example.org", "ada@example.org ada@example.org");
        check(
            "x_1-2@sub.sub.example.co",
            "x_1-2@sub.sub.example.co x_1-2@sub.sub.example.co",
        );
    }

    #[test]
    fn spellings_that_may_lead_elsewhere_are_told_from_the_name_of_a_mailbox() {
        let is_its_name = |typed| {
            let email = Email::parse(typed).expect("valid");
            email.spelt() == email.canonical
        };
        for typed in [
            "Ada@Example.org",
            "a.d.a@gmail.com",
            "ADA+x@googlemail.com",
            "+ada@example.org",
        ] {
            assert!(is_its_name(typed), "{typed}");
        }
        for typed in ["ada+x@example.org", "ada.+x@example.org"] {
            assert!(!is_its_name(typed), "{typed}");
        }
    }

    #[test]
    fn aliases_of_one_mailbox_are_one() {
        for alias in [
            "a.da@gmail.com",
            "ADA@googlemail.com",
            "a.d.a+x@gmail.com",
            "ada+@gmail.com",
        ] {
            assert_eq!(Email::parse(alias).expect("valid").canonical, "ada@gmail.com");
        }
        assert_eq!(
            Email::parse("a.da@example.org").expect("valid").canonical,
            "a.da@example.org"
        );
        assert_eq!(
            Email::parse("+tag@example.org").expect("valid").canonical,
            "+tag@example.org"
        );
    }

    #[test]
    fn what_cannot_be_mailed_is_refused() {
        check(" ", "email_missing");
        for bad in [
            "ada",
            "@example.org",
            "a da@example.org",
            ".ada@example.org",
            "ada.@example.org",
            "a..a@example.org",
        ] {
            check(bad, "email_bad");
        }
        check("\"a da\"@example.org", "email_rare");
        check("é..a@example.org", "email_bad");
        check("\"\"@example.org", "email_bad");
        check("ada\r\nBcc: b@example.org", "email_bad");
        check("ada@x@example.org", "email_bad");
        check("ada\u{200b}@example.org", "email_bad");
        for bad in [
            "ada@",
            "ada@localhost",
            "ada@[192.0.2.1]",
            "ada@192.0.2.1",
            "ada@-x.org",
            "ada@a..org",
            "ada@a_b.org",
        ] {
            check(bad, "domain_bad");
        }
        check(&format!("{}@example.org", "a".repeat(65)), "email_too_long");
        check(&format!("a@{}.org", "a.".repeat(125)), "domain_bad");
        check(&"a".repeat(5000), "email_too_long");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_is_plain(typed in "\\PC{0,60}", domain in "[a-zé.-]{0,30}") {
            for typed in [typed.clone(), format!("{typed}@{domain}")] {
                if let Ok(email) = Email::parse(&typed) {
                    prop_assert!(email.address.is_ascii() && email.address.len() <= ADDRESS_BYTES);
                    prop_assert_eq!(&Email::parse(&email.address).expect("again").canonical, &email.canonical);
                    prop_assert_eq!(&Email::parse(&email.canonical).expect("again").canonical, &email.canonical);
                }
            }
        }
    }
}
