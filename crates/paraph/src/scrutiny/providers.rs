//! The large mail providers: that two people have their mailbox at one of them says nothing.

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
}
