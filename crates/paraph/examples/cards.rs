//! Share cards as files, to be looked at: `cargo run --example cards -- DIR`. Everything in them is invented.

use paraph::card::{Card, draw};
use paraph::views::Lang;

const LONG: &str = "Pour que la bibliothèque municipale, l’école du quai, le marché couvert et la piscine de Val-Mérand restent \
ouverts le samedi, le dimanche et chaque soir de la semaine jusqu’à vingt-deux heures, été compris, sans condition";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).ok_or("usage: cards DIR")?);
    std::fs::create_dir_all(&folder)?;
    let cards = [
        ("short", "Un marché pour tous", 33_764, Some(50_000), false),
        (
            "accents",
            "Où étaient l’œuvre, la forêt et l’Île d’Ér\u{202f}? À Noël, ça\u{a0}gèle déjà\u{202f}!",
            0,
            Some(500),
            false,
        ),
        ("one", "Gardons le marché couvert de Valmure", 1, Some(20_000), false),
        ("long", LONG, 6_103_056, Some(6_000_000), false),
        (
            "no-goal",
            "Le quai des Tanneurs sans voitures le dimanche",
            12_847,
            None,
            true,
        ),
        (
            "word",
            "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
            999,
            Some(1000),
            false,
        ),
        (
            "greek",
            "Να μείνει ανοιχτή η βιβλιοθήκη · Бібліотека має бути відкрита",
            4_210,
            Some(5000),
            false,
        ),
        ("arabic", "أبقوا السوق مفتوحا", 4_210, Some(5000), false),
    ];
    for (name, title, counted, goal, closed) in cards {
        for lang in ["fr", "en"].into_iter().filter_map(Lang::from_code) {
            let percent = |goal: u64| (counted * 100 / goal).min(100);
            let words = |goal: u64| {
                let id = if counted < goal { "goal" } else { "goal-reached" };
                lang.fill(id, &[("goal", goal.into()), ("percent", percent(goal).into())])
            };
            let card = Card {
                lang,
                site: "Pétitions de Val-Mérand".into(),
                address: format!("petitions.example.org/p/{name}"),
                title: title.into(),
                counted,
                goal: goal.map(|goal| (percent(goal), words(goal))),
                state: closed.then(|| lang.text("closed-short")),
            };
            let began = std::time::Instant::now();
            let picture = draw(&card)?;
            let file = folder.join(format!("{name}.{}.png", lang.code()));
            eprintln!("{} {} bytes, {:?}", file.display(), picture.len(), began.elapsed());
            std::fs::write(file, picture)?;
        }
    }
    Ok(())
}
