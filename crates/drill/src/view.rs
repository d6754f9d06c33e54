//! The drill as it runs: drawn in a terminal, or one plain line every few seconds where there is none.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, LegendPosition, Paragraph};
use ratatui::{DefaultTerminal, Frame};

use crate::door::DoorNow;
use crate::people::Lang;
use crate::progress::{Progress, Watched};
use crate::scenario::Phase;
use crate::world::Stop;

/// Between two plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(5);
/// Points of the curve kept; the oldest are thinned out.
const POINTS: usize = 2400;
/// Rows of a terminal from which the lanes of the front door are shown one by one; below, one line says it.
const ROWS_FOR_LANES: u16 = 40;

/// Shows progress. Restores the terminal when dropped, and on a panic.
pub struct LiveView {
    lang: Lang,
    surface: Mutex<Surface>,
    keys: Option<JoinHandle<()>>,
    done: Stop,
}

enum Surface {
    Terminal {
        terminal: Box<DefaultTerminal>,
        curve: Curve,
        notes: Vec<String>,
    },
    Plain {
        last: Option<Instant>,
    },
}

#[derive(Default)]
struct Curve {
    points: VecDeque<(f64, f64, f64)>,
}

impl LiveView {
    /// Takes the terminal over if standard output is one. `notes` are lines kept in sight, such as addresses to open;
    /// `q`, escape and ctrl-c ask `stop` to end the drill.
    ///
    /// # Errors
    /// The terminal cannot be set up.
    pub fn start(lang: Lang, stop: &Stop, notes: Vec<String>) -> io::Result<Self> {
        let done = Stop::default();
        if !io::stdout().is_terminal() {
            let surface = Mutex::new(Surface::Plain { last: None });
            return Ok(Self {
                lang,
                surface,
                keys: None,
                done,
            });
        }
        let terminal = Box::new(ratatui::try_init()?);
        let (asked, ended) = (stop.clone(), done.clone());
        let keys = std::thread::Builder::new()
            .name("drill-keys".to_owned())
            .spawn(move || watch_keys(&asked, &ended))?;
        let surface = Surface::Terminal {
            terminal,
            curve: Curve::default(),
            notes,
        };
        Ok(Self {
            lang,
            surface: Mutex::new(surface),
            keys: Some(keys),
            done,
        })
    }

    /// Shows one snapshot; give this to [`crate::run`]. A terminal that cannot be written to is no reason to end a drill.
    pub fn observe(&self, progress: &Progress) {
        let mut surface = self.surface.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *surface {
            Surface::Terminal { terminal, curve, notes } => {
                curve.add(progress);
                drop(terminal.draw(|frame| draw(frame, self.lang, progress, curve, notes)));
            }
            Surface::Plain { last } => {
                if last.is_none_or(|last| last.elapsed() >= PLAIN_EVERY) {
                    *last = Some(Instant::now());
                    drop(writeln!(io::stdout(), "{}", plain(self.lang, progress)));
                }
            }
        }
    }
}

impl Drop for LiveView {
    fn drop(&mut self) {
        self.done.request();
        if let Some(keys) = self.keys.take() {
            drop(keys.join());
            ratatui::restore();
        }
    }
}

fn watch_keys(stop: &Stop, done: &Stop) {
    while !done.is_requested() {
        if !event::poll(Duration::from_millis(100)).unwrap_or(false) {
            continue;
        }
        if let Ok(Event::Key(key)) = event::read()
            && key.kind == KeyEventKind::Press
        {
            let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if interrupt || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                stop.request();
            }
        }
    }
}

impl Curve {
    fn add(&mut self, progress: &Progress) {
        let Some(shown) = progress.shown else { return };
        if self.points.len() >= POINTS {
            let mut keep = false;
            self.points.retain(|_| {
                keep = !keep;
                keep
            });
        }
        let truth = progress.truth.nearest(shown);
        self.points
            .push_back((progress.elapsed.as_secs_f64(), shown as f64, truth as f64));
    }
}

fn error_now(progress: &Progress) -> u64 {
    progress.shown.map_or(0, |shown| progress.truth.error(shown))
}

fn phase_name(lang: Lang, progress: &Progress) -> String {
    if let Some(watched) = progress.watched {
        return watched_name(lang, watched);
    }
    let (begun, waves) = progress.waves;
    let name = match (progress.closing, progress.phase) {
        (true, _) => lang.pick(
            "derniers courriels, dernier arrêt du compteur",
            "last mails, last settling",
        ),
        (_, Phase::Before) => lang.pick("avant l’attaque", "before the attack"),
        (_, Phase::During) => lang.pick("ATTAQUE EN COURS", "UNDER ATTACK"),
        (_, Phase::After) if begun < waves => lang.pick("entre deux vagues", "between two waves"),
        (_, Phase::After) => lang.pick("après l’attaque", "after the attack"),
    };
    if waves > 1 && begun > 0 && !progress.closing {
        return format!("{name} ({} {begun}/{waves})", lang.pick("vague", "wave"));
    }
    name.to_owned()
}

/// Whom the end waits for, and for how long at most.
fn watched_name(lang: Lang, watched: Watched) -> String {
    let many = watched.waiting.map_or_else(String::new, |many| format!(" ({many})"));
    let seconds = watched.left.as_secs();
    match lang {
        Lang::Fr => format!("signatures que l’examen fait attendre{many}, encore {seconds} s au plus"),
        Lang::En => format!("signatures that scrutiny makes wait{many}, {seconds} s more at most"),
    }
}

/// The front door in one line of a narrow terminal: price, slowest lane, what was sent away, budgets, bans.
fn door_line(lang: Lang, door: &DoorNow) -> String {
    let slowest = door.slowest().map_or_else(String::new, |lane| {
        format!(
            "{} {} ms ({}), ",
            lang.pick("attente", "wait"),
            lane.delay_ms,
            lane.label
        )
    });
    format!(
        "{} {}, {slowest}{} {}, {} {}, {} {}",
        lang.pick("prix", "price"),
        door.rounds,
        lang.pick("refus", "sent away"),
        door.shed(),
        lang.pick("hors budget", "over budget"),
        door.budgets_refused.unwrap_or_default(),
        lang.pick("exclus", "bans"),
        door.bans
    )
}

fn plain(lang: Lang, progress: &Progress) -> String {
    let shown = progress.shown.map_or_else(|| "-".to_owned(), |shown| shown.to_string());
    let truth = progress.truth.nearest(progress.shown.unwrap_or_default());
    let refused: u64 = progress.refused.values().sum();
    let [sent, accepted, mailed, confirmed, _] = progress.honest;
    let [forged, admitted, forged_mailed, _] = progress.forged;
    let seconds = progress.elapsed.as_secs();
    let door = progress.door.as_ref();
    let door = door.map_or_else(String::new, |door| format!(" | {}", door_line(lang, door)));
    match lang {
        Lang::Fr => format!(
            "{seconds:>4} s  compteur {shown}, vérité {truth} | honnêtes : {sent} envoyées, {accepted} acceptées, {mailed} courriels, {confirmed} confirmées | forgées : {forged} envoyées, {refused} refusées, {admitted} admises, {forged_mailed} courriels | {}{door}",
            phase_name(lang, progress)
        ),
        Lang::En => format!(
            "{seconds:>4} s  count {shown}, truth {truth} | honest: {sent} sent, {accepted} accepted, {mailed} mailed, {confirmed} confirmed | forged: {forged} sent, {refused} refused, {admitted} admitted, {forged_mailed} mailed | {}{door}",
            phase_name(lang, progress)
        ),
    }
}

fn draw(frame: &mut Frame<'_>, lang: Lang, progress: &Progress, curve: &Curve, notes: &[String]) {
    let door = progress.door.as_ref().filter(|_| frame.area().height >= ROWS_FOR_LANES);
    let [head, chart, columns, lanes, lamps, foot] = Layout::vertical([
        Constraint::Length(4),
        Constraint::Min(5),
        Constraint::Length(10),
        Constraint::Length(door.map_or(0, |door| door.lanes.len() as u16 + 3)),
        Constraint::Length(4),
        Constraint::Length(notes.len() as u16 + 1),
    ])
    .areas(frame.area());
    if let Some(door) = door {
        frame.render_widget(door_block(lang, door), lanes);
    }
    draw_head(frame, head, lang, progress);
    draw_curve(frame, chart, lang, curve);
    let [honest, forged] = Layout::horizontal([Constraint::Percentage(45), Constraint::Percentage(55)]).areas(columns);
    frame.render_widget(honest_block(lang, progress, honest.width), honest);
    frame.render_widget(forged_block(lang, progress, forged.width), forged);
    frame.render_widget(Paragraph::new(lamp_lines(lang, progress)), lamps);
    let quit = lang.pick("q : terminer", "q: end");
    let lines: Vec<Line<'_>> = notes.iter().map(String::as_str).chain([quit]).map(Line::from).collect();
    frame.render_widget(Paragraph::new(lines).dim(), foot);
}

/// Every lane of the front door.
fn door_block(lang: Lang, door: &DoorNow) -> Paragraph<'static> {
    let columns = |cells: [&str; 5]| {
        let [label, working, waiting, delay, shed] = cells;
        Line::from(format!(" {label:<14}{working:>12}{waiting:>12}{delay:>12}{shed:>12}"))
    };
    let heads = [
        lang.pick("file", "lane"),
        lang.pick("en cours", "in work"),
        lang.pick("en attente", "waiting"),
        lang.pick("délai, ms", "delay, ms"),
        lang.pick("renvoyées", "sent away"),
    ];
    let lanes = door.lanes.iter().map(|lane| {
        let working = format!("{}/{}", lane.working, lane.width);
        let (waiting, delay, shed) = (
            lane.waiting.to_string(),
            lane.delay_ms.to_string(),
            lane.shed.to_string(),
        );
        columns([&lane.label, &working, &waiting, &delay, &shed])
    });
    let lines: Vec<Line<'_>> = std::iter::once(columns(heads)).chain(lanes).collect();
    let title = lang.pick("Porte, prix de", "Front door, price from");
    let title = format!(
        " {title} {} {} {} ",
        door.rounds_floor,
        lang.pick("à", "to"),
        door.rounds_ceiling
    );
    Paragraph::new(lines).block(Block::bordered().title(title))
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, lang: Lang, progress: &Progress) {
    let shown = progress.shown.map_or_else(|| "-".to_owned(), |shown| shown.to_string());
    let truth = progress.truth.nearest(progress.shown.unwrap_or_default());
    let (colour, word) = match error_now(progress) {
        0 => (Color::Green, lang.pick("exact", "right")),
        _ => (Color::Red, lang.pick("FAUX", "WRONG")),
    };
    let big = Style::new().fg(colour).add_modifier(Modifier::BOLD);
    let lines = vec![
        Line::from(vec![
            Span::raw(lang.pick("Compteur affiché ", "Count shown ")),
            Span::styled(shown, big),
            Span::raw(lang.pick("   vérité ", "   truth ")),
            Span::styled(truth.to_string(), big),
            Span::styled(format!("   {word}"), big),
        ]),
        Line::from(format!(
            "{}  {} / {} s",
            phase_name(lang, progress),
            progress.elapsed.as_secs(),
            progress.planned.as_secs()
        )),
    ];
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" Paraph ")), area);
}

fn draw_curve(frame: &mut Frame<'_>, area: Rect, lang: Lang, curve: &Curve) {
    let shown: Vec<(f64, f64)> = curve.points.iter().map(|&(at, shown, _)| (at, shown)).collect();
    let truth: Vec<(f64, f64)> = curve.points.iter().map(|&(at, _, truth)| (at, truth)).collect();
    let end = shown.last().map_or(1.0, |last| last.0.max(1.0));
    let top = shown.iter().chain(&truth).map(|point| point.1).fold(10.0, f64::max) * 1.05;
    let set = |data, name, colour| {
        Dataset::default()
            .name(name)
            .data(data)
            .graph_type(GraphType::Line)
            .marker(Marker::Braille)
            .fg(colour)
    };
    // Truth lies beneath: it is seen only where the two differ.
    // Shown even where the terminal is small: without names two colours mean nothing.
    let chart = Chart::new(vec![
        set(&truth, lang.pick("vérité", "truth"), Color::Yellow),
        set(&shown, lang.pick("affiché", "shown"), Color::Cyan),
    ])
    .legend_position(Some(LegendPosition::TopLeft))
    .hidden_legend_constraints((Constraint::Ratio(1, 2), Constraint::Ratio(1, 1)))
    .x_axis(
        Axis::default()
            .bounds([0.0, end])
            .labels(["0 s".to_owned(), format!("{end:.0} s")]),
    )
    .y_axis(
        Axis::default()
            .bounds([0.0, top])
            .labels(["0".to_owned(), format!("{top:.0}")]),
    );
    frame.render_widget(chart, area);
}

fn honest_block(lang: Lang, progress: &Progress, width: u16) -> Paragraph<'static> {
    let [sent, accepted, mailed, confirmed, withdrawn] = progress.honest;
    let rows = [
        (lang.pick("envoyées", "sent"), sent),
        (lang.pick("acceptées", "accepted"), accepted),
        (lang.pick("courriels reçus", "mails received"), mailed),
        (lang.pick("confirmées", "confirmed"), confirmed),
        (lang.pick("retirées", "withdrawn"), withdrawn),
        (lang.pick("abandons", "gave up"), progress.gave_up),
    ];
    let lines: Vec<Line<'_>> = rows
        .into_iter()
        .map(|(label, value)| row(label, value, width))
        .collect();
    Paragraph::new(lines).block(Block::bordered().title(lang.pick(" Gens honnêtes ", " Honest people ")))
}

fn forged_block(lang: Lang, progress: &Progress, width: u16) -> Paragraph<'static> {
    let [sent, admitted, mailed, confirmed] = progress.forged;
    let excess = progress
        .shown
        .map_or(0, |shown| shown.saturating_sub(progress.truth.most));
    let mut lines = vec![
        row(lang.pick("envoyées", "sent"), sent, width),
        row(lang.pick("admises", "admitted"), admitted, width),
        row(lang.pick("courriels partis", "mails sent out"), mailed, width),
        row(lang.pick("confirmées", "confirmed"), confirmed, width),
        row(
            lang.pick("COMPTÉES", "COUNTED"),
            if sent == 0 { 0 } else { excess },
            width,
        ),
    ];
    let mut reasons: Vec<(&String, &u64)> = progress.refused.iter().collect();
    reasons.sort_unstable_by(|a, b| b.1.cmp(a.1));
    let refused = lang.pick("refus", "refused");
    lines.extend(
        reasons
            .into_iter()
            .take(3)
            .map(|(why, &times)| row(&format!("{refused} {why}"), times, width)),
    );
    Paragraph::new(lines).block(Block::bordered().title(lang.pick(" Forgeurs ", " Forgers ")))
}

/// A label to the left and a number to the right of a bordered block of this width.
fn row(label: &str, value: u64, width: u16) -> Line<'static> {
    let room = usize::from(width).saturating_sub(12).min(34);
    let label: String = label.chars().take(room).collect();
    Line::from(format!(" {label:<room$}{value:>8}"))
}

/// Three lamps, in words as well as in colour: signing, count, server; and the front door.
fn lamp_lines(lang: Lang, progress: &Progress) -> Vec<Line<'static>> {
    let lamp = |good: bool, label: &str, text: String| {
        let (mark, colour) = if good {
            ("●", Color::Green)
        } else {
            ("▲", Color::Red)
        };
        Line::from(vec![
            Span::styled(format!(" {mark} "), Style::new().fg(colour)),
            Span::raw(format!("{label:<12}{text}")),
        ])
    };
    let p50 = match progress.phase {
        Phase::Before => progress.p50_ms.before,
        Phase::During => progress.p50_ms.during,
        Phase::After => progress.p50_ms.after,
    };
    let time = p50.map_or_else(String::new, |p50| format!("{p50:.1} ms"));
    let cpu = progress.cpu_seconds.map_or_else(String::new, |cpu| {
        format!("{cpu:.1} {}", lang.pick("s de processeur", "s of processor"))
    });
    let error = error_now(progress);
    let count = if error == 0 {
        lang.pick("juste", "right").to_owned()
    } else {
        format!("{} {error}", lang.pick("écart de", "off by"))
    };
    let lost = match progress.checks_lost {
        0 => cpu,
        lost => format!(
            "{lost} {}",
            lang.pick("lectures du compteur sans réponse", "readings of the count unanswered")
        ),
    };
    let mut lamps = vec![
        lamp(progress.gave_up == 0, lang.pick("signer", "signing"), time),
        lamp(error == 0, lang.pick("compteur", "count"), count),
        lamp(progress.checks_lost == 0, lang.pick("serveur", "server"), lost),
    ];
    // No lamp: that the door refuses is what it is there for.
    lamps.extend(progress.door.as_ref().map(|door| {
        let label = lang.pick("porte", "door");
        Line::from(format!("   {label} {}", door_line(lang, door)))
    }));
    lamps
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::{Curve, draw};
    use crate::auditor::Truth;
    use crate::door::{DoorNow, LaneNow};
    use crate::people::Lang;
    use crate::progress::{Progress, Watched};
    use crate::report::ByPhase;
    use crate::scenario::Phase;

    fn lane(label: &str) -> LaneNow {
        LaneNow {
            label: label.to_owned(),
            working: 3,
            width: 64,
            waiting: 2,
            delay_ms: 40,
            shed: 5,
        }
    }

    fn screen(lang: Lang, width: u16, height: u16, shown: u64) -> String {
        screen_at_the_end(lang, width, height, shown, None)
    }

    fn screen_at_the_end(lang: Lang, width: u16, height: u16, shown: u64, watched: Option<Watched>) -> String {
        let mut curve = Curve::default();
        let mut progress = Progress {
            elapsed: Duration::from_secs(31),
            planned: Duration::from_secs(60),
            phase: Phase::During,
            waves: (2, 3),
            closing: false,
            shown: Some(shown),
            truth: Truth { least: 42, most: 42 },
            baseline: 0,
            honest: [61, 60, 58, 49, 2],
            forged: [90, 45, 45, 0],
            refused: BTreeMap::from([("clearance_refused".to_owned(), 40), ("slow_down".to_owned(), 5)]),
            gave_up: 0,
            p50_ms: ByPhase {
                during: Some(3.2),
                ..ByPhase::default()
            },
            cpu_seconds: Some(1.5),
            checks_lost: 0,
            watched,
            door: Some(DoorNow {
                rounds: 1200,
                rounds_floor: 1000,
                rounds_ceiling: 3000,
                bans: 17,
                lanes: ["operator", "confirm", "sign"].map(lane).into(),
                budgets_refused: Some(23),
            }),
        };
        for second in 0..31 {
            progress.elapsed = Duration::from_secs(second);
            curve.add(&progress);
        }
        let notes = ["http://127.0.0.1:8080/p/sample".to_owned()];
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("terminal");
        terminal
            .draw(|frame| draw(frame, lang, &progress, &curve, &notes))
            .expect("draws");
        terminal.backend().to_string()
    }

    #[test]
    fn the_view_says_in_words_whether_the_count_is_right() {
        let right = screen(Lang::En, 80, 24, 42);
        for text in [
            "61 ",
            "Count shown 42",
            "truth 42",
            "right",
            "UNDER ATTACK",
            "refused clearance_refused",
            "127.0.0.1",
        ] {
            assert!(right.contains(text), "{text}\n{right}");
        }
        let wrong = screen(Lang::Fr, 120, 40, 45);
        for text in ["FAUX", "écart de 3", "COMPTÉES"] {
            assert!(wrong.contains(text), "{text}\n{wrong}");
        }
        // The door: a line where there is little room, every lane where there is more.
        for text in [
            "price 1200",
            "wait 40 ms (sign)",
            "over budget 23",
            "bans 17",
            "wave 2/3",
        ] {
            assert!(right.contains(text), "{text}\n{right}");
        }
        for text in ["refus 15", "Porte", "operator", "3/64", "vague 2/3"] {
            assert!(wrong.contains(text), "{text}\n{wrong}");
        }
        let watched = |waiting| {
            let left = Duration::from_secs(9);
            screen_at_the_end(Lang::En, 80, 24, 40, Some(Watched { waiting, left }))
        };
        for (text, screen) in [
            ("wait (2), 9 s more", watched(Some(2))),
            ("wait, 9 s more", watched(None)),
        ] {
            assert!(screen.contains(text), "{text}\n{screen}");
        }
        // A terminal too small shows less, it does not end the drill.
        screen(Lang::Fr, 20, 5, 45);
    }
}
