//! `[mail]`: how letters leave, under which name, and where they come back to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error as SmtpError};
use lettre::{Address, AsyncSmtpTransport, Tokio1Executor};
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::listen::{Listen, collide};
use super::value::{Reader, Taken};
use super::written::Origin;
use crate::failure::Failure;
use crate::limits::{CERTIFICATES_FILE_BYTES, SECRET_FILE_BYTES};
use crate::mail::bounce::LONGEST_BOUNCE_LOCAL;
use crate::mail::dkim::Signer;
use crate::named;

/// `[mail]`.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Sender of every mail, with a display name.
    pub from: Mailbox,
    /// Where mail goes.
    pub delivery: Delivery,
    /// Signs letters, if a key is given.
    pub dkim: Option<Arc<Signer>>,
    /// Where letters come back to.
    pub bounce: Option<Bounce>,
}

/// How mail leaves the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Handed to a mail server.
    Smtp(SmtpServer),
    /// Written to a directory, for development and for other programs to take away.
    Maildir(PathBuf),
}

/// Where letters that cannot be delivered come back to, and how they get from there to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// `mail.bounce`: `+` and a token are put before its `@`.
    pub address: Address,
    /// A directory in Maildir form that a mail server delivers to.
    pub maildir: Option<PathBuf>,
    /// Where a mail server hands them over by LMTP.
    pub lmtp: Option<LmtpAddress>,
}

/// `mail.bounce_lmtp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LmtpAddress {
    /// Loopback only.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Whether the way to the mail server is encrypted. There is no "if it can": whoever sits between could say that it cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// `smtp://`
    Plain,
    /// `smtp+starttls://`: no letter leaves before TLS stands.
    StartTls,
    /// `smtps://`: TLS from the start.
    Tls,
}

/// A mail server and how to talk to it. Its password is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpServer {
    host: String,
    port: u16,
    security: Security,
    login: Option<(String, Zeroizing<String>)>,
    /// The only certificates to trust, in PEM; else those of the system.
    authority: Option<Vec<u8>>,
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}:{}", self.security, self.host, self.port)
    }
}

impl SmtpServer {
    /// Host, port, TLS and credentials as `lettre` understands them.
    ///
    /// # Errors
    /// The certificates are not PEM.
    pub fn transport(&self) -> Result<AsyncSmtpTransportBuilder, SmtpError> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host).port(self.port);
        let builder = match self.security {
            Security::Plain => builder.tls(Tls::None),
            Security::StartTls => builder.tls(Tls::Required(self.tls()?)),
            Security::Tls => builder.tls(Tls::Wrapper(self.tls()?)),
        };
        Ok(match &self.login {
            Some((user, password)) => builder.credentials(Credentials::new(user.clone(), String::clone(password))),
            None => builder,
        })
    }

    /// What TLS needs, for [`Self::connect`]; reading the system's certificates takes time.
    ///
    /// # Errors
    /// The certificates are not PEM.
    pub fn secured(&self) -> Result<Option<TlsParameters>, SmtpError> {
        match self.security {
            Security::Plain => Ok(None),
            Security::StartTls | Security::Tls => self.tls().map(Some),
        }
    }

    /// Connects, greets, secures and logs in: all that comes before a letter.
    ///
    /// # Errors
    /// One of these did not work.
    pub async fn connect(
        &self,
        secured: Option<&TlsParameters>,
        within: Duration,
    ) -> Result<AsyncSmtpConnection, SmtpError> {
        let (place, name) = ((self.host.as_str(), self.port), ClientId::default());
        let from_the_start = secured.filter(|_| self.security == Security::Tls).cloned();
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(place, Some(within), &name, from_the_start, None).await?;
        if let Some(secured) = secured.filter(|_| self.security == Security::StartTls) {
            connection.starttls(secured.clone(), &name).await?;
        }
        if let Some((user, password)) = &self.login {
            let login = Credentials::new(user.clone(), String::clone(password));
            connection.auth(DEFAULT_MECHANISMS, &login).await?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, SmtpError> {
        let builder = TlsParameters::builder(self.host.trim_matches(['[', ']']).to_owned());
        match &self.authority {
            Some(pem) => builder
                .certificate_store(CertificateStore::None)
                .add_root_certificate(Certificate::from_pem(pem)?)
                .build(),
            None => builder.build(),
        }
    }

    /// `scheme://[user[:password]@]host[:port]`, the first three letters percent-encoded where they have to be.
    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, query) = rest
            .split_once('?')
            .map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let security = match (scheme, query) {
            ("smtp", None) => Security::Plain,
            ("smtp+starttls", None) | ("smtp", Some("tls=required")) => Security::StartTls,
            ("smtps", None) => Security::Tls,
            _ => return None,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, authority) = match rest.rsplit_once('@') {
            Some((login, authority)) => (Some(login), authority),
            None => (None, rest),
        };
        let authority: http::uri::Authority = authority.parse().ok()?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(String::from);
        let login = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
            Some(("", _)) => return None,
            Some((user, password)) => Some((decoded(user)?, Zeroizing::new(decoded(password)?))),
            None => None,
        };
        let default = match security {
            Security::Plain => 25,
            Security::StartTls => 587,
            Security::Tls => 465,
        };
        let (host, port) = (authority.host().to_owned(), authority.port_u16());
        let port = if authority.port().is_some() { port? } else { default };
        (!host.is_empty() && port > 0).then_some(Self {
            host,
            port,
            security,
            login,
            authority: None,
        })
    }

    /// Name or address of the server, an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    /// Whether mail crosses a network without TLS.
    #[must_use]
    pub fn is_readable_on_the_way(&self) -> bool {
        self.security == Security::Plain && !self.is_here()
    }

    fn is_here(&self) -> bool {
        let ip = self.host.trim_matches(['[', ']']).parse::<IpAddr>();
        self.host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    }
}

pub(super) fn mail(
    reader: &mut Reader<'_>,
    site_name: &str,
    directory: &Path,
    listen: &Listen,
) -> Result<Mail, Failure> {
    let from = reader.text("mail.from", "petitions@example.org");
    let mut sender = from.mailbox()?;
    sender.name.get_or_insert_with(|| site_name.to_owned());
    let smtp = reader.secret("mail.smtp", "none");
    let default = if smtp.is_some() {
        "none".to_owned()
    } else {
        directory.join("mail").display().to_string()
    };
    let maildir = reader.optional("mail.maildir", &default);
    let given = smtp.is_some();
    let server = smtp.as_ref().map(|smtp| server(reader, smtp)).transpose()?;
    if !given {
        nothing_for_a_server(reader)?;
    }
    let delivery = match (smtp, server, maildir) {
        (Some(smtp), _, Some(_)) => {
            return Err(smtp.refuse(
                "stands beside mail.maildir",
                "keep exactly one of mail.smtp and mail.maildir",
            ));
        }
        (Some(_), _, None) if from.origin == Origin::Default => {
            let hint = "set mail.from to an address whose domain your mail server may send for";
            return Err(Failure::usage("mail.smtp is set and mail.from is not", hint));
        }
        (_, Some(server), None) => Delivery::Smtp(server),
        (_, None, Some(maildir)) => Delivery::Maildir(maildir.path()?),
        _ => Delivery::Maildir(directory.join("mail")),
    };
    Ok(Mail {
        dkim: dkim(reader, sender.email.domain())?,
        bounce: bounce(reader, &delivery, listen)?,
        from: sender,
        delivery,
    })
}

/// Keys that say how to talk to a mail server, where none is named.
fn nothing_for_a_server(reader: &mut Reader<'_>) -> Result<(), Failure> {
    for key in [
        "mail.smtp_user",
        "mail.smtp_password",
        "mail.smtp_password_file",
        "mail.smtp_ca",
    ] {
        if let Some(taken) = reader.secret(key, "none") {
            return Err(taken.refuse_unseen("is set without mail.smtp", "name the mail server too, or remove it"));
        }
    }
    Ok(())
}

fn server(reader: &mut Reader<'_>, smtp: &Taken) -> Result<SmtpServer, Failure> {
    let hint = "write smtp://127.0.0.1:25, smtp+starttls://mail.example.org:587 or smtps://mail.example.org:465; \
                STARTTLS only if the server offers it (opportunistic) does not exist here";
    let mut server =
        SmtpServer::parse(&smtp.text).ok_or_else(|| smtp.refuse("is not the address of a mail server", hint))?;
    let holds_password = server.login.as_ref().is_some_and(|(_, secret)| !secret.is_empty());
    if holds_password && matches!(smtp.origin, Origin::File { .. }) {
        let hint = "leave it out there, and put it into a file of its own (mail.smtp_password_file) or into \
                    PARAPH__MAIL__SMTP_PASSWORD";
        return Err(smtp.refuse("holds a password, in the configuration file", hint));
    }
    let user = reader.optional("mail.smtp_user", "none");
    let password = secret_of(reader, "mail.smtp_password")?;
    if let Some(user) = &user {
        server.login = Some((user.text.clone(), Zeroizing::default()));
    }
    match (&mut server.login, password) {
        (Some((_, secret)), Some(password)) => *secret = password,
        (None, Some(_)) => {
            let hint = "set mail.smtp_user, or remove the password";
            return Err(Failure::usage(
                "a password for the mail server is given without a user",
                hint,
            ));
        }
        _ => {}
    }
    if server.login.as_ref().is_some_and(|(_, secret)| secret.is_empty()) {
        let hint = "set mail.smtp_password_file, or PARAPH__MAIL__SMTP_PASSWORD in the environment";
        return Err(smtp.refuse("has a user without a password", hint));
    }
    if server.login.is_some() && server.security == Security::Plain && !server.is_here() {
        let hint = "use smtp+starttls:// or smtps://";
        return Err(smtp.refuse("would send the password readable over the network", hint));
    }
    if let Some(ca) = reader.optional("mail.smtp_ca", "those of the system") {
        let pem = named::bytes(&ca.path()?, CERTIFICATES_FILE_BYTES)
            .map_err(|error| ca.refuse(&format!("cannot be read: {error}"), "name a readable file"))?;
        server.authority = Some(pem);
        if server.tls().is_err() {
            return Err(ca.refuse("does not hold certificates", "write certificates in PEM into it"));
        }
    }
    Ok(server)
}

/// A password stands in a file of its own (`key` and `_file`) or in the environment: configuration files are shown to
/// people and copied.
pub(super) fn secret_of(reader: &mut Reader<'_>, key: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    let written = reader.hidden(key, "none");
    let file = reader.optional(&format!("{key}_file"), "none");
    if let Some(written) = written {
        if let Origin::File { .. } = written.origin {
            let variable = key.to_uppercase().replace('.', "__");
            let hint = format!("put it into a file of its own ({key}_file), or into PARAPH__{variable}");
            return Err(written.refuse_unseen("stands in the configuration file", &hint));
        }
        return Ok(Some(Zeroizing::new(written.text)));
    }
    let Some(file) = file else { return Ok(None) };
    let path = file.path()?;
    let unreadable = |error: std::io::Error| file.refuse(&format!("cannot be read: {error}"), "name a readable file");
    if let Some(mode) = named::exposed(&path).map_err(unreadable)? {
        return Err(file.refuse(&format!("can be read by others (mode {mode:o})"), "chmod 600 the file"));
    }
    let text = Zeroizing::new(named::text(&path, SECRET_FILE_BYTES).map_err(unreadable)?);
    Ok(Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}

fn dkim(reader: &mut Reader<'_>, sender_domain: &str) -> Result<Option<Arc<Signer>>, Failure> {
    let domain = reader.text("mail.dkim_domain", sender_domain);
    let selector = reader.optional("mail.dkim_selector", "none");
    let key = reader.optional("mail.dkim_key", "letters are not signed here");
    let (selector, key) = match (selector, key) {
        (Some(selector), Some(key)) => (selector, key),
        (None, None) if domain.origin != Origin::Default => {
            return Err(domain.refuse("is set without mail.dkim_key", "set it too, or remove this"));
        }
        (None, None) => return Ok(None),
        (Some(lone), None) => return Err(lone.refuse("is set without mail.dkim_key", "set both, or neither")),
        (None, Some(lone)) => return Err(lone.refuse("is set without mail.dkim_selector", "set both, or neither")),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    for name in [&selector, &domain] {
        if !name.text.split('.').all(is_label) {
            return Err(name.refuse("is not a name in the DNS", "write letters, digits, hyphens and dots"));
        }
    }
    let signer = Signer::open(&key.path()?, &selector.text, &domain.text).map_err(|error| {
        let hint = "make one with openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048, mode 600";
        key.refuse(&error.to_string(), hint)
    })?;
    Ok(Some(Arc::new(signer)))
}

fn bounce(reader: &mut Reader<'_>, delivery: &Delivery, listen: &Listen) -> Result<Option<Bounce>, Failure> {
    let address = reader.optional("mail.bounce", "mail comes back to mail.from and is not read");
    let maildir = reader.optional("mail.bounce_maildir", "none");
    let lmtp = reader.optional("mail.bounce_lmtp", "none");
    let Some(address) = address else {
        return match maildir.or(lmtp) {
            Some(way) => Err(way.refuse("is set without mail.bounce", "set the address that comes back there")),
            None => Ok(None),
        };
    };
    if maildir.is_none() && lmtp.is_none() {
        let hint =
            "set mail.bounce_lmtp or mail.bounce_maildir to where your mail server hands over what comes back there";
        return Err(address.refuse("is read by nobody", hint));
    }
    if let (Some(taken), Delivery::Maildir(out)) = (&maildir, delivery)
        && is_same(&taken.path()?, out)
    {
        let hint = "give what comes back a directory of its own: every file there is removed once it is read";
        return Err(taken.refuse("is where letters go out to (mail.maildir)", hint));
    }
    let mailbox = address.mailbox()?.email;
    let local: &str = mailbox.user();
    if local.contains('+') || local.len() > LONGEST_BOUNCE_LOCAL {
        let hint = format!("at most {LONGEST_BOUNCE_LOCAL} characters before the @, and no +: a token follows them");
        return Err(address.refuse("leaves no room for a token", &hint));
    }
    Ok(Some(Bounce {
        address: mailbox,
        maildir: maildir.map(|taken| taken.path()).transpose()?,
        lmtp: lmtp.map(|taken| lmtp_address(&taken, listen)).transpose()?,
    }))
}

/// Whether both lead to the same directory, whichever way it is written.
fn is_same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.components().collect());
    real(a) == real(b)
}

fn lmtp_address(taken: &Taken, listen: &Listen) -> Result<LmtpAddress, Failure> {
    if let Some(path) = taken.text.strip_prefix("unix:") {
        return Ok(LmtpAddress::Unix(PathBuf::from(path)));
    }
    let address = taken.address()?;
    if !address.ip().is_loopback() {
        let hint = "use 127.0.0.1:PORT or unix:/run/paraph/bounce.sock: LMTP knows no password";
        return Err(taken.refuse("can be reached from elsewhere", hint));
    }
    let https = listen.https.as_ref().map(|https| https.address);
    let others = [Some(listen.http), https, Some(listen.operations), listen.desk];
    if others.into_iter().flatten().any(|other| collide(address, other)) {
        return Err(taken.refuse("is taken by another listener", "give it a port of its own"));
    }
    Ok(LmtpAddress::Tcp(address))
}
