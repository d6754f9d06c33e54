//! The real `paraph serve`, in a process of its own, with one open petition.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Outcome, machine};

/// The petition that everything is about.
pub(crate) const SLUG: &str = "fountain";

/// Where the server's mail goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mail<'a> {
    /// Into a Maildir beside the data, each letter made durable.
    Maildir,
    /// To an SMTP server.
    Smtp(&'a str),
}

/// Why everybody is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusing {
    /// Every client is banned.
    ByBan,
    /// Every client's budget is used up with its first signature; a form that is refused costs none of it.
    ByBudget,
}

/// A running server. Dropping it ends it.
pub(crate) struct Server {
    process: Child,
    /// Where pages and forms are.
    pub(crate) address: String,
    operations: String,
    /// From starting the process until `/readyz` said yes.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts one with its data in `place`.
    ///
    /// Budgets, and what earns a ban, are raised, as a loader is one crowd behind few connections that stay open; tickets hold at once; the puzzle is one
    /// guess, which is verified as always; mail leaves as fast as it can be written.
    pub(crate) fn start(place: &Path, mail: Mail<'_>, separate: bool) -> Outcome<Self> {
        configure(place, mail)?;
        create_petition(place)?;
        Self::serve(place, separate)
    }

    /// The same with every limit as it is by default.
    pub(crate) fn start_as_it_is(place: &Path, mail: Mail<'_>, separate: bool) -> Outcome<Self> {
        configure(place, mail)?;
        let file = place.join("paraph.toml");
        let text = std::fs::read_to_string(&file)?;
        let (kept, _) = text.split_once("[limits]").ok_or("no limits in the configuration")?;
        std::fs::write(file, kept)?;
        create_petition(place)?;
        Self::serve(place, separate)
    }

    /// The same; scrutiny looks at who signs, or does not.
    pub(crate) fn start_signing(place: &Path, mail: Mail<'_>, watched: bool, separate: bool) -> Outcome<Self> {
        configure(place, mail)?;
        if !watched {
            let file = place.join("paraph.toml");
            let text = std::fs::read_to_string(&file)?;
            std::fs::write(file, text + "[scrutiny]\nenabled = false\n")?;
        }
        create_petition(place)?;
        Self::serve(place, separate)
    }

    /// Starts one that bans a range, or whose budget for signatures is one a minute.
    pub(crate) fn start_refusing(place: &Path, refusing: Refusing, separate: bool) -> Outcome<Self> {
        configure(place, Mail::Maildir)?;
        create_petition(place)?;
        if refusing == Refusing::ByBudget {
            let file = place.join("paraph.toml");
            let text = std::fs::read_to_string(&file)?;
            std::fs::write(file, text.replace("budget_sign = 1000000", "budget_sign = 1"))?;
        }
        let server = Self::serve(place, separate)?;
        if refusing == Refusing::ByBan {
            for index in 0..64 {
                run_paraph(place, &["shield", "ban", &crate::wire::client(index).to_string()])?;
            }
        }
        Ok(server)
    }

    /// Serves the data that are in `place` already.
    pub(crate) fn serve(place: &Path, separate: bool) -> Outcome<Self> {
        let begun = Instant::now();
        let mut process = machine::on_servers_core(PROGRAM, separate)
            .arg("serve")
            .arg("--config")
            .arg(place.join("paraph.toml"))
            .env("PARAPH_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()?;
        let said = first_line(&mut process)?;
        let mut addresses = said
            .split("http://")
            .skip(1)
            .filter_map(|rest| rest.split([' ', ')']).next());
        let (Some(address), Some(operations)) = (addresses.next(), addresses.next()) else {
            return Err("the server did not say where it is".into());
        };
        until_ready(operations)?;
        Ok(Self {
            process,
            address: address.to_owned(),
            operations: operations.to_owned(),
            ready_after: begun.elapsed(),
        })
    }

    /// Waits until scrutiny has read the last ten days, which it does beside serving, and remembers so many contributions at least.
    pub(crate) fn until_remembered(&self, least: u32) -> Outcome<()> {
        let remembered = |metrics: &str| {
            let mut lines = metrics.lines();
            let value = lines.find_map(|line| line.strip_prefix("paraph_scrutiny_remembered "));
            value.and_then(|value| value.parse::<f64>().ok())
        };
        let longest = Instant::now() + Duration::from_secs(300);
        while remembered(&asked(&self.operations, "/metrics")?).is_none_or(|number| number < f64::from(least)) {
            if Instant::now() > longest {
                return Err("scrutiny did not read what is stored".into());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

/// The whole of an answer of the operations listener.
fn asked(operations: &str, path: &str) -> Outcome<String> {
    let mut tcp = TcpStream::connect(operations)?;
    tcp.write_all(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    tcp.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Asks `/readyz` until it says yes.
fn until_ready(operations: &str) -> Outcome<()> {
    let longest = Instant::now() + Duration::from_secs(60);
    loop {
        if asked(operations, "/readyz")?.starts_with("HTTP/1.1 200") {
            return Ok(());
        }
        if Instant::now() > longest {
            return Err("the server is not ready".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_paraph");

/// Writes the configuration of a server with its data in `place`.
pub(crate) fn configure(place: &Path, mail: Mail<'_>) -> Outcome<()> {
    let mail = match mail {
        Mail::Maildir => format!("maildir = {:?}", place.join("mail")),
        Mail::Smtp(address) => format!("from = \"petitions@site.example\"\nsmtp = \"smtp://{address}\""),
    };
    let budgets: String = ["sign", "challenge", "ticket", "refused"]
        .iter()
        .map(|of| format!("budget_{of} = 1000000\nbudget_{of}_wide = 1000000\n"))
        .collect();
    let text = format!(
        "[listen]\nhttp = \"127.0.0.1:0\"\noperations = \"127.0.0.1:0\"\ntrusted_proxies = [\"127.0.0.0/8\"]\n\
             proxy_protocol = \"required\"\n[store]\ndirectory = {:?}\n[mail]\n{mail}\n[drill]\nprice = 1\n[limits]\n\
             header_seconds = 60\nconnection_requests = 1000000\nshield_forged = 1000000\nticket_age_seconds = 0\nticket_age_ceiling_seconds = 4\n\
             mail_per_minute = 100000\nmail_provider_per_minute = 1000000\n{budgets}",
        place.join("data"),
    );
    std::fs::write(place.join("paraph.toml"), text)?;
    Ok(())
}

fn create_petition(place: &Path) -> Outcome<()> {
    let petition = place.join("petition.txt");
    std::fs::write(&petition, TEXT)?;
    let created = Command::new(PROGRAM)
        .args(["petition", "create", "--publish", "--slug", SLUG, "--language", "en"])
        .args([
            "--title",
            "Repair the fountain",
            "--owner",
            "Friends of the fountain",
            "--text",
        ])
        .args([
            petition.as_os_str(),
            "--config".as_ref(),
            place.join("paraph.toml").as_os_str(),
        ])
        .output()?;
    if created.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&created.stderr).into())
    }
}

/// Runs a command on the data in `place`.
fn run_paraph(place: &Path, command: &[&str]) -> Outcome<()> {
    let ran = Command::new(PROGRAM)
        .args(command)
        .arg("--config")
        .arg(place.join("paraph.toml"))
        .output()?;
    if ran.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&ran.stderr).into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        ended(&mut self.process);
    }
}

/// Ends a process of ours; what it stored is thrown away with its directory.
pub(crate) fn ended(process: &mut Child) {
    if process.kill().and_then(|()| process.wait()).is_err() {
        eprintln!("process {} could not be ended", process.id());
    }
}

/// What a process says first, once it is ready.
pub(crate) fn first_line(process: &mut Child) -> Outcome<String> {
    let out = process.stdout.as_mut().ok_or("the process has no output")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    if line.is_empty() {
        return Err("a process ended before it was ready".into());
    }
    Ok(line.trim_end().to_owned())
}

const TEXT: &str = "The fountain on the market square has been dry for two years. It was given to the town by those who lived \
here before us, so that nobody would go thirsty on a market day.\n\nWe ask the council to repair it before next summer: \
to replace the pump, to mend the basin where the frost has split it, and to say every year in public what has been \
done and what it has cost.\n\nThe works were voted, the money was set aside, and nothing has happened since. Children \
born in the meantime have never heard it. We do not ask for a new fountain, only for ours.\n";
