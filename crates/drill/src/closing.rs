//! The closing table of a drill, for people.

use std::io::{self, Write};

use crate::abuse::Abusers;
use crate::people::Lang;
use crate::report::{Report, Wave};

impl Report {
    /// Writes the closing table.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn print(&self, out: &mut impl Write, lang: Lang) -> io::Result<()> {
        let (honest, forged, count) = (&self.honest, &self.forged, &self.count);
        writeln!(out)?;
        writeln!(
            out,
            "{} {} ({} {}, {:.0} s)",
            lang.pick("Exercice :", "Drill:"),
            self.scenario,
            lang.pick("graine", "seed"),
            self.seed,
            self.seconds
        )?;
        self.print_compression(out, lang)?;
        writeln!(out)?;
        table(
            out,
            "",
            &[lang.pick("honnêtes", "honest"), lang.pick("forgées", "forged")],
        )?;
        let rows = [
            (lang.pick("envoyées", "sent"), honest.sent, forged.sent),
            (lang.pick("acceptées", "accepted"), honest.accepted, forged.admitted),
            (
                lang.pick("courriels reçus", "mails received"),
                honest.mailed,
                forged.mailed,
            ),
            (lang.pick("confirmées", "confirmed"), honest.confirmed, forged.confirmed),
        ];
        for (label, honest, forged) in rows {
            table(out, label, &[&honest.to_string(), &forged.to_string()])?;
        }
        let withdrawn = lang.pick("retirées", "withdrawn");
        table(out, withdrawn, &[&honest.withdrawn.to_string(), ""])?;
        table(
            out,
            lang.pick("comptées", "counted"),
            &[&or_dash(honest.counted), &forged.counted_final.to_string()],
        )?;
        if count.guests > 0 {
            let label = lang.pick("dont à la main, au plus", "by hand among them, at most");
            table(out, label, &[&count.guests.to_string(), ""])?;
        }
        self.print_verdicts(out, lang)?;
        if let Some(waiting) = self.count.waiting.filter(|waiting| *waiting > 0) {
            let label = lang.pick("attendent encore l’examen", "still waiting for scrutiny");
            table(out, label, &[&waiting.to_string()])?;
        }
        if let Some(brigade) = &self.brigade {
            let label = lang.pick("dont hostiles, et suspendus", "hostile among them, and held");
            table(out, label, &[&brigade.people.to_string(), &or_dash(brigade.held)])?;
        }
        if let Some(victims) = &self.victims {
            let label = lang.pick("courriels par victime, au plus", "mails per victim, at most");
            table(out, label, &["", &victims.max_mails.to_string()])?;
            let label = lang.pick("victimes ayant signé elles-mêmes", "victims who signed themselves");
            table(out, label, &[&format!("{}/{}", victims.signed, victims.people), ""])?;
        }
        for (label, refused) in &forged.refused {
            table(
                out,
                &format!("  {} {label}", lang.pick("refus :", "refused:")),
                &["", &refused.to_string()],
            )?;
        }
        for (label, people) in &honest.gave_up {
            table(
                out,
                &format!("  {} {label}", lang.pick("abandons :", "gave up:")),
                &[&people.to_string(), ""],
            )?;
        }
        self.print_abuse(out, lang)?;
        self.print_waves(out, lang)?;
        writeln!(out)?;
        table(
            out,
            lang.pick("signer, en millisecondes", "signing, in milliseconds"),
            &[
                lang.pick("avant", "before"),
                lang.pick("pendant", "during"),
                lang.pick("après", "after"),
            ],
        )?;
        for (label, times) in [
            (lang.pick("médiane", "median"), honest.p50_ms),
            (lang.pick("99e centile", "99th percentile"), honest.p99_ms),
            (
                lang.pick("99e centile, attentes comprises", "99th percentile, waits included"),
                honest.accepted_p99_ms,
            ),
        ] {
            table(
                out,
                label,
                &[&millis(times.before), &millis(times.during), &millis(times.after)],
            )?;
        }
        if honest.crowded > 0 {
            let label = lang.pick(
                "  attentes dues à l’exercice seul",
                "  waits that the drill alone caused",
            );
            table(out, label, &[&honest.crowded.to_string()])?;
        }
        writeln!(out)?;
        table(
            out,
            lang.pick("compteur affiché à la fin", "count shown at the end"),
            &[&count.r#final.to_string()],
        )?;
        table(
            out,
            lang.pick("vérité à la fin", "truth at the end"),
            &[&count.truth.to_string()],
        )?;
        let checks = lang.pick("vérifications du compteur", "checks of the count");
        table(out, checks, &[&count.checks.len().to_string()])?;
        table(
            out,
            lang.pick("plus grande erreur", "largest error"),
            &[&count.error_max.to_string()],
        )?;
        let wrong = lang.pick("secondes avec erreur", "seconds with an error");
        table(out, wrong, &[&format!("{:.0}", count.error_seconds)])?;
        if let Some(seconds) = self.server.cpu_seconds {
            let label = lang.pick("processeur du serveur, secondes", "server processor, seconds");
            table(out, label, &[&format!("{seconds:.1}")])?;
        }
        if self.puzzle.drill_only == Some(true) {
            writeln!(
                out,
                "{}",
                lang.pick(
                    "(énigme au prix réduit, réservé aux exercices)",
                    "(puzzle at a reduced price that only drills may ask for)"
                )
            )?;
        }
        writeln!(out)?;
        writeln!(out, "{}", self.verdict(lang))
    }

    fn print_verdicts(&self, out: &mut impl Write, lang: Lang) -> io::Result<()> {
        let (forged, verdicts) = (&self.forged, &self.verdicts);
        if let (Some(honest), Some(held)) = (verdicts.honest_held, forged.held) {
            table(
                out,
                lang.pick("suspendues", "held"),
                &[&honest.to_string(), &held.to_string()],
            )?;
        }
        if let Some(without) = forged.counted_without_scrutiny.filter(|without| *without > 0) {
            let label = lang.pick("compteraient sans examen", "would count without scrutiny");
            table(out, label, &["", &without.to_string()])?;
        }
        if let Some(seconds) = verdicts.seconds_to_first_hold {
            let label = lang.pick("première suspension après, secondes", "first held after, seconds");
            table(out, label, &["", &format!("{seconds:.1}")])?;
        }
        Ok(())
    }

    fn print_compression(&self, out: &mut impl Write, lang: Lang) -> io::Result<()> {
        let Some(stands_for) = self.compression.stands_for else {
            return Ok(());
        };
        let (hours, time) = (stands_for.seconds / 3600, self.compression.time.unwrap_or(1.0));
        let crowd = stands_for.honest.map_or_else(String::new, |honest| {
            format!(", {honest} {}", lang.pick("personnes", "people"))
        });
        match lang {
            Lang::Fr => writeln!(
                out,
                "Temps comprimé {time:.0} fois ; l’attaque représente {hours} h, {} signatures forgées{crowd}.",
                stands_for.forged
            ),
            Lang::En => writeln!(
                out,
                "Time compressed {time:.0} times; the attack stands for {hours} h, {} forged signatures{crowd}.",
                stands_for.forged
            ),
        }
    }

    fn print_waves(&self, out: &mut impl Write, lang: Lang) -> io::Result<()> {
        let Some(waves) = &self.waves else {
            return Ok(());
        };
        writeln!(out)?;
        let columns = [
            lang.pick("acceptées", "accepted"),
            lang.pick("suspendues", "held"),
            lang.pick("groupes", "clusters"),
            lang.pick("incidents", "incidents"),
        ];
        table(out, lang.pick("vagues", "waves"), &columns)?;
        for wave in waves {
            let incidents = wave.incidents.as_ref().map_or_else(
                || "-".to_owned(),
                |all| all.iter().map(u64::to_string).collect::<Vec<_>>().join(","),
            );
            let cells = [
                wave.admitted.to_string(),
                or_dash(wave.held),
                or_dash(wave.clusters),
                incidents,
            ];
            table(out, wave.name, &cells.each_ref().map(String::as_str))?;
        }
        Ok(())
    }

    fn print_abuse(&self, out: &mut impl Write, lang: Lang) -> io::Result<()> {
        let Some(tales) = &self.abuse else {
            return Ok(());
        };
        writeln!(out)?;
        let columns = [
            lang.pick("essayées", "tried"),
            lang.pick("closes", "ended"),
            lang.pick("au plus, s", "longest, s"),
        ];
        table(out, lang.pick("connexions abusives", "abusive connections"), &columns)?;
        for (name, tale) in tales {
            let longest = format!("{:.1}", tale.longest_seconds);
            table(out, name, &[&tale.tried.to_string(), &tale.ended.to_string(), &longest])?;
        }
        match self.abusers {
            Some(Abusers { wanted, at_once }) if at_once < wanted => writeln!(
                out,
                "{at_once} {} {wanted}{}",
                lang.pick("connexions à la fois, et non", "connections at once, not"),
                lang.pick(
                    "\u{a0}: le système ne laisse pas ce processus ouvrir plus de fichiers (ulimit -Hn)",
                    ": the system lets this process open no more files (ulimit -Hn)",
                ),
            ),
            _ => Ok(()),
        }
    }

    fn verdict(&self, lang: Lang) -> &'static str {
        if !self.complete {
            lang.pick(
                "Exercice interrompu : le résultat est partiel.",
                "Drill cut short: the result is partial.",
            )
        } else if self.count.checks.is_empty() {
            lang.pick("Le compteur n’a jamais pu être lu.", "The count could never be read.")
        } else if self.verdicts.honest_held.is_some_and(|held| held > 0) {
            lang.pick("Des personnes honnêtes sont suspendues.", "Honest people are held.")
        } else if self.is_waiting() {
            lang.pick(
                "Des signatures attendent encore l’examen : le compteur affiché n’est pas définitif.",
                "Signatures still wait for scrutiny: the count shown is not final.",
            )
        } else if self.counted_forgeries() {
            lang.pick(
                "Des signatures forgées et confirmées par leurs auteurs ont été comptées.",
                "Forged signatures that the forgers confirmed themselves were counted.",
            )
        } else if !self.waves.iter().flatten().all(Wave::is_known) {
            lang.pick(
                "Une vague de l’attaque n’apparaît dans aucun incident, ou ses groupes en contiennent d’autres.",
                "A wave of the attack shows in no incident, or its clusters hold others too.",
            )
        } else if self.passed() && self.count.error_max > 0 && self.count.above_max == 0 {
            lang.pick(
                "L’examen a fait attendre des signatures ; le compteur affiché est juste.",
                "Scrutiny made signatures wait; the count shown is right.",
            )
        } else if self.passed() && self.count.error_max > 0 {
            lang.pick(
                "Les signatures forgées ont été suspendues ; le compteur affiché est juste, après un écart bref.",
                "The forged signatures were held; the count shown is right, after being off for a moment.",
            )
        } else if self.count.error_max == 0 && !self.everyone_could_sign() {
            lang.pick(
                "Le compteur est resté exact, mais des personnes honnêtes n’ont pas pu signer.",
                "The count stayed right, but honest people could not sign.",
            )
        } else if self.count.error_max == 0 && self.count.confirmed_at_outside > 0 {
            lang.pick(
                "Le compteur est resté exact, mais l’horloge du serveur ne suit pas celle de l’exercice.",
                "The count stayed right, but the server’s clock does not follow the drill’s.",
            )
        } else if self.victims.as_ref().is_some_and(|victims| !victims.are_spared()) {
            lang.pick(
                "Des victimes ont reçu trop de courriels, ou n’ont pas pu signer.",
                "Victims received too many mails, or could not sign.",
            )
        } else if self.passed() {
            lang.pick(
                "Le compteur affiché est resté exact à chaque vérification.",
                "The count shown was right at every check.",
            )
        } else {
            lang.pick("Le compteur affiché a été faux.", "The count shown was wrong.")
        }
    }
}

fn or_dash(value: Option<u64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn millis(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"))
}

/// One row: a label, then columns aligned to the right.
fn table(out: &mut impl Write, label: &str, columns: &[&str]) -> io::Result<()> {
    write!(out, "  {label:<38}")?;
    for column in columns {
        write!(out, "{column:>11}")?;
    }
    writeln!(out)
}
