//! Invented people: names, addresses, comments. None is real; every mail domain is reserved (RFC 2606).

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha20Rng;

/// Language that a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// French.
    Fr,
    /// English.
    En,
}

impl Lang {
    /// Two-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// Picks one of two texts.
    #[must_use]
    pub fn pick(self, fr: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
    }
}

const FIRST_FR: &[&str] = &[
    "Zoé",
    "Maëlys",
    "Anaïs",
    "Jean-Loup",
    "Marie-Ève",
    "Gwenaël",
    "Solène",
    "Théo",
    "Aïssatou",
    "Noémie",
    "Loïc",
    "Clémence",
    "Ambre",
    "Yaël",
    "François-Xavier",
    "Bérénice",
    "Océane",
    "Corentin",
    "Ælis",
    "Mohamed",
];
const LAST_FR: &[&str] = &[
    "Brindavoine",
    "d'Aubécourt",
    "Le Quémener",
    "Tarvellec",
    "L'Hermière",
    "Poncelœuvre",
    "N'Dombé",
    "Vau-Lambert",
    "Fauchegrain",
    "de la Ravinière",
    "Esquirolle",
    "Çelikoba",
    "Mirefleur",
    "Grandépeautre",
    "Sauvelin",
    "Ozénac",
];
const FIRST_EN: &[&str] = &[
    "Maud",
    "Orla",
    "Seán",
    "Priya",
    "Edith",
    "Tomasz",
    "Ngozi",
    "Hamish",
    "Siân",
    "Jo-Ann",
    "Ruth",
    "Kwame",
    "Bryony",
    "Xiulan",
    "Leopold",
    "Agnieszka",
];
const LAST_EN: &[&str] = &[
    "O'Marrow",
    "Thistlewick",
    "Penhallard",
    "McAlderney",
    "Ashby-Crane",
    "Wrenfield",
    "Okonjo-Hale",
    "Pikestaff",
    "Lindqvister",
    "Tregarthick",
    "Żurowiak",
    "Quillfeather",
];
// Many people of the world have one name; a form that wants two turns them away.
const ONE_WORD: &[&str] = &["Suharti", "Nandalal", "Ōe", "Thiruvel", "Ravao"];

/// Mail domains of honest people with their share in percent, so that most mail goes to few domains.
const DOMAINS: &[(&str, u32)] = &[
    ("mail-a.example", 40),
    ("mail-b.example", 20),
    ("orangeade.example", 12),
    ("example.org", 8),
    ("example.com", 6),
    ("example.net", 5),
    ("fibre-mail.example", 4),
    ("town-hall.example", 2),
    ("school.example", 2),
    (TYPED_IDN, 1),
];
const TYPED_IDN: &str = "dépêche.example";
const MAILED_IDN: &str = "xn--dpche-bsai.example";

/// Whether a domain is one of the large mail providers of the invented country: what the server under rehearsal is told in
/// place of the real ones.
#[must_use]
pub fn is_large_provider(domain: &str) -> bool {
    const LARGE: u32 = 4;
    DOMAINS.iter().any(|(name, share)| *name == domain && *share >= LARGE)
}

const COMMENTS_FR: &[&str] = &[
    "Pour que la bibliothèque reste ouverte le samedi.",
    "J'y ai appris à lire, mes enfants aussi.",
    "Merci de porter cela !",
    "Nous sommes 40 dans l'immeuble à y tenir ; l'été, c'est le seul lieu frais.",
    "Une ville sans livres, « non merci ».",
];
/// What a crowd writes that came to mock, as its members pass it on.
const COMMENTS_HOSTILE: &[&str] = &[
    "Signé pour rire, fermez donc tout.",
    "Encore une pétition de gens qui ne lisent jamais.",
    "Je signe contre, comptez-moi quand même.",
    "Voilà une signature de plus pour votre fontaine à sec.",
    "On vient tous du forum d'en face, bonjour chez vous.",
];
const COMMENTS_EN: &[&str] = &[
    "The reading room is where half the town meets.",
    "Please keep it open. It's the only quiet place we have.",
    "I'm 81 & I walk there every day.",
    "For my pupils.",
];

/// Domains that receive the mail of forged signatures of invented third parties.
pub(crate) const VICTIM_DOMAINS: &[&str] = &["assembly.example", "newsroom.example", "clinic.example"];
/// The forgers' own domain: any local part arrives.
pub(crate) const CATCH_ALL: &str = "collector.example";
/// How many invented third parties a forger has on the list.
const VICTIMS: u32 = 1000;
/// The one name on every forged signature: invented, and well known in an invented country.
pub const FORGED_NAME: &str = "Capitaine Zibeline";
/// The one comment on every forged signature.
pub const FORGED_COMMENT: &str = "Signez donc, braves gens, pendant que je compte mes carrosses !";

/// Names that everybody in the invented country knows, and what is written below them: what a wave of forgeries is signed
/// with.
const WELL_KNOWN: &[(&str, &str)] = &[
    (FORGED_NAME, FORGED_COMMENT),
    (
        "Baron Tirelire",
        "Merci à tous de signer, mes coffres n'en dormiront que mieux !",
    ),
    (
        "Duchesse Vermeille",
        "Que c'est mignon, une pétition. Livrez-la donc à mon château.",
    ),
    ("Colonel Poudrebois", "Signez, signez, mon cheval a besoin de litière."),
];

// What names of a long list are made of; no list of real ones is needed for names that nobody has.
const STARTS: &[&str] = &[
    "Alb", "Ard", "Bal", "Brin", "Cal", "Cham", "Dor", "Dru", "Elv", "Esq", "Fau", "Fro", "Gal", "Gri", "Hal", "Her",
    "Ild", "Jar", "Kel", "Lam", "Lor", "Mar", "Mir", "Nar", "Nov", "Or", "Pal", "Pon", "Quer", "Rav", "Rol", "Sal",
    "Sou", "Tar", "Ter", "Urv", "Val", "Vor", "Wal", "Yv", "Zel",
];
const MIDDLES: &[&str] = &["a", "ande", "e", "ico", "ime", "o", "ouvre", "u"];
const ENDS: &[&str] = &[
    "barre", "court", "dec", "fleur", "goulet", "lard", "mont", "nac", "quin", "voine",
];

/// One of several thousand invented last names.
pub(crate) fn last_name(rng: &mut ChaCha20Rng) -> String {
    format!("{}{}{}", any(rng, STARTS), any(rng, MIDDLES), any(rng, ENDS))
}

/// A first name as people of the invented country have it.
pub(crate) fn first_name(rng: &mut ChaCha20Rng) -> &'static str {
    any(rng, FIRST_FR)
}

/// First and last name from the lists that honest people have theirs from.
pub(crate) fn ordinary_name(rng: &mut ChaCha20Rng) -> (&'static str, &'static str) {
    (any(rng, FIRST_FR), any(rng, LAST_FR))
}

/// A name that everybody knows, and the comment below it.
pub(crate) fn well_known(rng: &mut ChaCha20Rng) -> (&'static str, &'static str) {
    WELL_KNOWN.choose(rng).copied().unwrap_or((FORGED_NAME, FORGED_COMMENT))
}

/// What one of a hostile crowd writes.
pub(crate) fn hostile_comment(rng: &mut ChaCha20Rng) -> &'static str {
    any(rng, COMMENTS_HOSTILE)
}

/// A mail domain that somebody has registered for themselves.
pub(crate) fn own_domain(rng: &mut ChaCha20Rng) -> String {
    format!(
        "{}-{}.example",
        last_name(rng).to_lowercase(),
        rng.random_range(10..100u8)
    )
}

/// One of the large mail providers, by how many people have their mailbox there.
pub(crate) fn large_provider(rng: &mut ChaCha20Rng) -> &'static str {
    loop {
        let domain = domain(rng);
        if is_large_provider(domain) {
            return domain;
        }
    }
}

/// The local part of an address in one of [`STYLES`] styles.
pub(crate) fn local_part(style: u8, first: &str, last: &str, number: &str) -> String {
    match style {
        0 => format!("{}.{}{number}", slug(first), slug(last)),
        1 => format!("{}{}{number}", slug(last), slug(first)),
        2 => format!("{}-{}-{number}", slug(first), slug(last)),
        _ => format!("{}{number}", slug(first)),
    }
}

/// Ways in which people make an address of their name.
pub(crate) const STYLES: u8 = 4;

/// Name, address as typed, address as a mail server sees it.
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) mailbox: String,
}

/// Invents an honest person. The `number`, which nobody else has, stands in the local part, so no two share a mailbox
/// whatever dots, tags or letter case a mail provider ignores.
pub(crate) fn identity(rng: &mut ChaCha20Rng, lang: Lang, number: &str) -> Identity {
    let (firsts, lasts) = match lang {
        Lang::Fr => (FIRST_FR, LAST_FR),
        Lang::En => (FIRST_EN, LAST_EN),
    };
    let (first, last) = (any(rng, firsts), any(rng, lasts));
    let name = if rng.random_ratio(1, 50) {
        any(rng, ONE_WORD).to_owned()
    } else {
        format!("{first} {last}")
    };
    let typed_domain = domain(rng);
    let local = local_part(rng.random_range(0..STYLES), first, last, number);
    let local = if rng.random_ratio(1, 20) {
        format!("{local}+petitions")
    } else {
        local
    };
    let mail_domain = if typed_domain == TYPED_IDN {
        MAILED_IDN
    } else {
        typed_domain
    };
    Identity {
        name,
        email: format!("{local}@{typed_domain}"),
        mailbox: format!("{local}@{mail_domain}"),
    }
}

/// What the person writes, if anything.
pub(crate) fn comment(rng: &mut ChaCha20Rng, lang: Lang) -> Option<&'static str> {
    let pool = if lang == Lang::Fr { COMMENTS_FR } else { COMMENTS_EN };
    rng.random_ratio(3, 10).then(|| any(rng, pool))
}

/// Address that a forger enters: a third party from the list, or one at the forgers' own domain.
#[must_use]
pub(crate) fn forged_address(number: u32, own_domain: bool) -> String {
    if own_domain {
        return format!("s{number:06}@{CATCH_ALL}");
    }
    let victim = number % VICTIMS;
    let domain = VICTIM_DOMAINS[victim as usize % VICTIM_DOMAINS.len()];
    let first = FIRST_FR[victim as usize % FIRST_FR.len()];
    let last = LAST_FR[victim as usize / FIRST_FR.len() % LAST_FR.len()];
    format!("{}.{}{victim}@{domain}", slug(first), slug(last))
}

/// The `nth` name of a public directory, in its order.
#[must_use]
pub(crate) fn directory_name(nth: u32) -> String {
    let mut lasts: Vec<&str> = LAST_FR.iter().chain(LAST_EN).copied().collect();
    lasts.sort_by_key(|last| slug(last));
    let place = (nth / DIRECTORY_STEP) as usize;
    let first = FIRST_FR[nth as usize % FIRST_FR.len()];
    format!("{first} {}", lasts[place % lasts.len()])
}

/// Entries of the directory under one last name.
const DIRECTORY_STEP: u32 = 7;

/// The address beside it.
#[must_use]
pub(crate) fn directory_address(nth: u32) -> String {
    let domain = VICTIM_DOMAINS[nth as usize % VICTIM_DOMAINS.len()];
    format!("{}{nth}@{domain}", slug(&directory_name(nth)))
}

/// A comment that honest people have, as forgers copy it.
#[must_use]
pub(crate) fn borrowed_comment() -> &'static str {
    COMMENTS_FR[0]
}

fn domain(rng: &mut ChaCha20Rng) -> &'static str {
    let mut left = rng.random_range(0..DOMAINS.iter().map(|(_, share)| share).sum::<u32>());
    for (domain, share) in DOMAINS {
        if left < *share {
            return domain;
        }
        left -= share;
    }
    DOMAINS[0].0
}

fn any(rng: &mut ChaCha20Rng, pool: &[&'static str]) -> &'static str {
    pool.choose(rng).copied().unwrap_or_default()
}

/// The name as people spell it in an address: ASCII letters only.
pub(crate) fn slug(name: &str) -> String {
    let mut out = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'a'..='z' => out.push(letter),
            'à' | 'â' | 'ä' => out.push('a'),
            'ç' => out.push('c'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'î' | 'ï' => out.push('i'),
            'ô' | 'ö' => out.push('o'),
            'ù' | 'û' | 'ü' => out.push('u'),
            'ż' => out.push('z'),
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            _ => {}
        }
    }
    out
}
