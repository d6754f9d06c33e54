//! How English counts at a terminal and in a log; pages and mails have their own words for it, in every language.

/// "1 line", "2 lines".
#[must_use]
pub fn many(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::many;

    #[test]
    fn one_is_one() {
        let lines = |count| many(count, "line is no erasure", "lines are no erasures");
        assert_eq!(lines(1), "1 line is no erasure");
        assert_eq!(
            (lines(0), lines(2)),
            (
                "0 lines are no erasures".to_owned(),
                "2 lines are no erasures".to_owned()
            )
        );
    }
}
