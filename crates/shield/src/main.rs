//! The `paraph-shield` program.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::ExitCode;

use paraph_shield::privileges;
use paraph_shield::protected::{Block, Protected};
use paraph_shield::serve::{Helper, say};
use paraph_shield::table::Table;

const USAGE: &str = "\
Keeps banned addresses in a table of nftables, for a paraph server that has no privileges.

usage: paraph-shield --user NAME-OR-ID [--socket FILE] [--ports N,N] [--protect ADDRESS[/LENGTH]]... [--nft FILE]
       paraph-shield --remove [--nft FILE]

  --user NAME-OR-ID     the user that the server runs as; nobody else is listened to
  --socket FILE         where it listens [default: /run/paraph-shield/shield.sock]
  --ports N,N           the TCP ports that banned addresses cannot reach [default: 80,443]
  --protect A[/L]       never banned: trusted proxies, your own addresses, monitoring; may be repeated. Loopback,
                        link-local and the default gateways never are
  --nft FILE            the nft program [default: /usr/sbin/nft]
  --remove              removes the table with every ban in it, and ends
  --help, --version

It needs CAP_NET_ADMIN and drops every other privilege. When it ends, bans end by themselves, each in its time.
";

struct Options {
    user: Option<u32>,
    socket: PathBuf,
    ports: Vec<u16>,
    protected: Vec<Block>,
    nft: PathBuf,
    remove: bool,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, what, hint)) => {
            say(&format!("error: {what}\nhint: {hint}"));
            ExitCode::from(code)
        }
    }
}

type Failure = (u8, String, &'static str);

fn run() -> Result<(), Failure> {
    let Some(options) = options(std::env::args_os().skip(1))? else {
        return Ok(());
    };
    let needs = "start it as root, or with CAP_NET_ADMIN, as the unit in docs/shield.md does";
    privileges::keep_net_admin().map_err(|error| (1, format!("CAP_NET_ADMIN: {error}"), needs))?;
    let table = Table { nft: options.nft };
    let filter = |error| {
        (
            1,
            format!("the table could not be changed: {error}"),
            "apt-get install nftables; the kernel needs nf_tables",
        )
    };
    if options.remove {
        return table.remove().map_err(filter);
    }
    let user = options.user.ok_or((
        2,
        "--user is missing".to_owned(),
        "--user names the user that the server runs as",
    ))?;
    table.make(&options.ports).map_err(filter)?;
    let listener = listen(&options.socket)?;
    let mut helper = Helper {
        table,
        protected: Protected::new(options.protected),
        user,
        bans: HashMap::new(),
    };
    say("ready");
    helper.serve(&listener);
    Ok(())
}

/// A socket that everybody may knock at; who is listened to is decided by the user id that the kernel names.
fn listen(path: &PathBuf) -> Result<UnixListener, Failure> {
    let hint = "its directory must exist and belong to the user that runs paraph-shield";
    let failed = |error: std::io::Error| (1, format!("{}: {error}", path.display()), hint);
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666)).map_err(failed)?;
    Ok(listener)
}

/// What was asked for; `None` if that was a text.
fn options(arguments: impl Iterator<Item = OsString>) -> Result<Option<Options>, Failure> {
    let wrong = |what: String| (2, what, "paraph-shield --help says what there is");
    let mut options = Options {
        user: None,
        socket: "/run/paraph-shield/shield.sock".into(),
        ports: vec![80, 443],
        protected: Vec::new(),
        nft: "/usr/sbin/nft".into(),
        remove: false,
    };
    let mut arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--help" => return text(USAGE),
            "--version" => return text(concat!("paraph-shield ", env!("CARGO_PKG_VERSION"), "\n")),
            "--remove" => {
                options.remove = true;
                continue;
            }
            _ => {}
        }
        let value = arguments
            .next()
            .ok_or_else(|| wrong(format!("{name} is unknown or lacks its value")))?;
        let means_nothing = || wrong(format!("{name} {value} means nothing here"));
        match name.as_str() {
            "--user" => options.user = Some(user(&value).ok_or_else(means_nothing)?),
            "--socket" => options.socket = value.into(),
            "--nft" => options.nft = value.into(),
            "--protect" => options.protected.push(Block::parse(&value).ok_or_else(means_nothing)?),
            "--ports" => {
                let ports: Result<Vec<u16>, _> = value.split(',').map(str::parse).collect();
                options.ports = ports.map_err(|_| means_nothing())?;
            }
            _ => return Err(wrong(format!("{name} is unknown"))),
        }
    }
    Ok(Some(options))
}

/// A user id, or the id of a user that /etc/passwd names.
fn user(text: &str) -> Option<u32> {
    if let Ok(id) = text.parse() {
        return Some(id);
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = users.lines().map(|line| line.split(':'));
    fields.find_map(|mut line| (line.next() == Some(text)).then(|| line.nth(1)?.parse().ok()).flatten())
}

#[expect(clippy::print_stdout, reason = "a text that was asked for")]
fn text(text: &str) -> Result<Option<Options>, Failure> {
    print!("{text}");
    Ok(None)
}
