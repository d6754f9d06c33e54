//! Who is behind a mail domain: the large providers, since that two people have their mailbox at one of them says nothing; and
//! whose the others are.

use std::collections::HashSet;
use std::sync::LazyLock;

const FILE: &str = include_str!("../../networks/mail-providers.txt");

static LARGE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = FILE
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).collect()
});

/// Whether a domain, in lower case, is one of the large providers, free or of an access network. In a drill its invented
/// providers are.
pub(super) fn is_large(domain: &str, drill: bool) -> bool {
    if drill {
        return paraph_drill::people::is_large_provider(domain);
    }
    LARGE.contains(domain)
}

/// The domain that somebody registered, of which this one is or is a part: whoever owns it can take mail under as many names below
/// it as they like. By the [Public Suffix List](https://publicsuffix.org/), as of the day of the library.
pub(super) fn registered(domain: &str) -> &str {
    psl::domain_str(domain).unwrap_or(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_one_of_domains_and_a_drill_has_its_own() {
        assert!(LARGE.len() > 50);
        let is_domain = |domain: &&str| domain.contains('.') && domain.to_ascii_lowercase() == **domain;
        assert!(LARGE.iter().all(is_domain));
        assert!(is_large("gmail.com", false) && !is_large("gmail.com", true));
        assert!(is_large("mail-a.example", true) && !is_large("mail-a.example", false));
        assert!(!is_large("collector.example", true));
    }

    #[test]
    fn what_is_below_a_registered_domain_is_its_owners() {
        for (domain, owners) in [
            ("mail.cliff-house.example", "cliff-house.example"),
            ("a.b.cliff-house.example", "cliff-house.example"),
            ("cliff-house.example", "cliff-house.example"),
            ("mairie.ville.asso.fr", "ville.asso.fr"),
            ("etu.univ.ac.uk", "univ.ac.uk"),
            ("x.xn--fiqs8s", "x.xn--fiqs8s"),
            ("co.uk", "co.uk"),
            ("", ""),
        ] {
            assert_eq!(registered(domain), owners, "{domain}");
        }
    }
}
