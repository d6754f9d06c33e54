use super::*;

const LONG: &str = "Pour que la bibliothèque municipale, l’école du quai, le marché couvert et la piscine de Val-Mérand restent \
ouverts le samedi, le dimanche et chaque soir de la semaine jusqu’à vingt-deux heures, été compris, sans condition";

fn card(title: &str, counted: u64) -> Card {
    Card {
        lang: Lang::from_code("fr").expect("French"),
        site: "Pétitions de Val-Mérand".into(),
        address: "petitions.example.org/p/marche-couvert".into(),
        title: title.into(),
        counted,
        goal: None,
        state: None,
    }
}

fn check(text: &str, drawn: Option<&str>) {
    assert_eq!(drawable(&SEMIBOLD, text).as_deref(), drawn, "{text:?}");
}

#[test]
fn letters_that_are_not_ours_are_never_drawn_as_boxes() {
    check("Sauvons\u{a0}l’eau\u{202f}!", Some("Sauvons\u{a0}l’eau\u{202f}!"));
    check("e\u{301}te\u{301}", Some("été"));
    check("Żółć, ørret, ğ, Ầ, Ωδή, Їжак", Some("Żółć, ørret, ğ, Ầ, Ωδή, Їжак"));
    check("Trees \u{1f333}\u{fe0f} for\nall \u{2764}", Some("Trees for all"));
    check("c’est \u{2265} juste", Some("c’est >= juste"));
    check("c’est \u{2222} juste", None);
    check("شجرة", None);
    check("Save 東京", None);
    check("\u{1f333}", None);
}

#[test]
fn titles_are_broken_at_spaces_and_cut_with_an_ellipsis() {
    let letters = Type {
        face: &SEMIBOLD,
        size: 56.0,
    };
    assert!(letters.lines(LONG, ROOM, 4).is_none());
    let cut = letters.cut(LONG, ROOM, 4);
    assert!(
        cut.len() == 4 && cut[3].ends_with('…') && LONG.starts_with(&cut[0]),
        "{cut:?}"
    );
    assert!(cut.iter().all(|line| letters.width(line) <= ROOM), "{cut:?}");
    let word = "a".repeat(300);
    let cut = letters.cut(&word, ROOM, 4);
    assert!(
        cut.len() == 4 && cut.iter().all(|line| letters.width(line) <= ROOM),
        "{cut:?}"
    );
    let lines = letters
        .lines("Une rue pour les enfants et pour\u{a0}tous", 700.0, 2)
        .expect("fits");
    assert!(lines.len() == 2 && lines[1].ends_with("pour\u{a0}tous"), "{lines:?}");
}

#[test]
fn a_card_is_a_picture_of_its_size_and_says_what_it_says() {
    let picture = draw(&card("Un marché", 33_764)).expect("drawn");
    assert!(
        picture.starts_with(b"\x89PNG\r\n\x1a\n") && picture.len() < 120_000,
        "{}",
        picture.len()
    );
    let size = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((size(16), size(20)), (WIDTH, HEIGHT));
    assert_eq!(picture, draw(&card("Un marché", 33_764)).expect("drawn"));
    assert_ne!(picture, draw(&card("Un marché", 33_765)).expect("drawn"));
    assert_ne!(picture, draw(&card("Deux marchés", 33_764)).expect("drawn"));
}
