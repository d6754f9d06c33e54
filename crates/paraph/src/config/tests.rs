use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Config, Delivery, Overrides, ProxyProtocol, load};
use crate::failure::{Exit, Failure};

/// Loads a file of this content, with these environment variables.
fn config(file: &str, environment: &[(&str, &str)]) -> Result<Config, Failure> {
    let directory = Scratch::new();
    let path = directory.0.join("paraph.toml");
    std::fs::write(&path, file).expect("write");
    let environment: Vec<_> = environment
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let overrides = Overrides {
        file: Some(path),
        ..Overrides::default()
    };
    load(&overrides, &environment, &["en", "fr"])
}

/// The error for this content: `what`, without the directory, and `hint`.
fn refusal(file: &str, environment: &[(&str, &str)]) -> (String, String) {
    let failure = config(file, environment).expect_err("must be refused");
    assert_eq!(failure.exit, Exit::Usage);
    let from = failure.what.find("paraph.toml").unwrap_or(0);
    (failure.what[from..].to_owned(), failure.hint)
}

struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new() -> Self {
        let mut name = [0; 8];
        getrandom::fill(&mut name).expect("random");
        let path = std::env::temp_dir().join(format!("paraph-config-{}", data_encoding::HEXLOWER.encode(&name)));
        std::fs::create_dir(&path).expect("create");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn nothing_written_means_loopback() {
    let config = config("", &[]).expect("defaults are valid");
    assert!(config.listen.http.ip().is_loopback() && config.listen.operations.ip().is_loopback());
    assert_eq!(config.mail.delivery, Delivery::Maildir("data/mail".into()));
    assert_eq!(config.site.languages, ["fr", "en"]);
    assert_eq!(
        config.site.base_url_for("127.0.0.1:4000".parse().expect("address")),
        "http://127.0.0.1:4000"
    );
    assert_eq!(config.remarks(), []);
}

#[test]
fn later_layers_win_and_say_so() {
    let file = "[site]\nname = \"From the file\"\n[limits]\nbody_bytes = 8_192\n";
    let environment = [
        ("PARAPH__SITE__NAME", "From outside"),
        ("PARAPH__LISTEN__TRUSTED_PROXIES", "192.0.2.7, 10.0.0.0/8"),
    ];
    let config = config(file, &environment).expect("valid");
    assert_eq!(config.site.name, "From outside");
    assert_eq!(config.limits.body_bytes, 8192);
    assert_eq!(config.listen.trusted_proxies.len(), 2);
    assert_eq!(config.listen.proxy_protocol, ProxyProtocol::Off);
    let explained = config.explain();
    assert!(explained.contains("From outside  # PARAPH__SITE__NAME"), "{explained}");
    assert!(
        explained.contains("8192  # ") && explained.contains("paraph.toml:4"),
        "{explained}"
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_name() {
    let (what, hint) = refusal("[site]\nname = \"x\"\nlangages = [\"fr\"]\n", &[]);
    assert_eq!(
        what,
        "paraph.toml:3: `site.langages` is not a key that this version knows"
    );
    assert!(hint.contains("`site.languages`"), "{hint}");
    let (what, hint) = refusal("[limit]\nbody_bytes = 1\n", &[]);
    assert!(
        what.starts_with("paraph.toml:1: `limit`") && hint.contains("`limits`"),
        "{what} {hint}"
    );
    let (what, hint) = refusal("", &[("PARAPH__MAIL__FORM", "x@example.org")]);
    assert!(
        what.contains("PARAPH__MAIL__FORM") && hint.contains("PARAPH__MAIL__FROM"),
        "{what} {hint}"
    );
    // Only a key of the same section, and only where it is near.
    let (_, hint) = refusal("[limits]\nfoo = 1\n", &[]);
    assert!(!hint.contains("did you mean"), "{hint}");
    let (_, hint) = refusal("", &[("PARAPH__LIMITS__NAME_CHAR", "1")]);
    assert!(hint.contains("PARAPH__LIMITS__NAME_CHARS"), "{hint}");
    let (_, hint) = refusal("", &[("PARAPH__SITE", "x")]);
    assert!(
        hint.contains("a section") && hint.contains("PARAPH__SITE__BASE_URL"),
        "{hint}"
    );
    // One underscore too few must not leave a site with its default.
    for (typed, meant) in [
        ("PARAPH_SITE__NAME", "PARAPH__SITE__NAME"),
        ("PARAPH_SITE_NAME", "PARAPH__SITE__NAME"),
        ("PARAPH_LIMITS_NAME_CHARS", "PARAPH__LIMITS__NAME_CHARS"),
        ("PARAPH_LISTEN_ACME_CONTACT", "PARAPH__LISTEN__ACME__CONTACT"),
    ] {
        let (what, hint) = refusal("", &[(typed, "x")]);
        assert!(what.contains(typed) && hint.contains(meant), "{what} {hint}");
    }
    let (what, _) = refusal("", &[("PARAPH__SITE__NAME", "caf\u{FFFD}")]);
    assert!(what.contains("not UTF-8"), "{what}");
    let (what, _) = refusal("[site]\nname = x y\n", &[]);
    assert!(what.starts_with("paraph.toml:2: "), "{what}");
}

#[test]
fn values_that_cannot_work_are_refused() {
    for (file, telling) in [
        ("site = 1", "site"),
        ("[site]\nname = 1", "a text in quotes"),
        ("[site]\nname = \" \"", "is empty"),
        ("[site]\nlanguages = []", "empty"),
        ("[site]\nlanguages = [\"tlh\"]", "not a language"),
        ("[site]\nbase_url = \"https://example.org/\"", "base_url"),
        ("[site]\nbase_url = \"https://example.org/petitions\"", "base_url"),
        ("[site]\nbase_url = \"example.org\"", "base_url"),
        ("[site]\nbase_url = \"https://user@example.org\"", "base_url"),
        ("[site]\nbase_url = \"https://user:1@example.org\"", "base_url"),
        ("[site]\nbase_url = \"https://example.org?page=1\"", "base_url"),
        ("[site]\nbase_url = \"https://example.org#top\"", "base_url"),
        ("[site]\nbase_url = \"https://example.org:99999\"", "site.base_url"),
        ("[site]\nbase_url = \"https://example.org:99999\"", "port \"99999\""),
        ("[site]\nbase_url = \"https://example.org:0\"", "port \"0\""),
        ("[site]\nbase_url = \"https://example.org:\"", "port \"\""),
        ("[site]\nbase_url = \"https://[2001:db8::1]:065\"", "port \"065\""),
        ("[listen]\nhttp = \"localhost\"", "address and port"),
        ("[listen]\noperations = \"0.0.0.0:9090\"", "from anywhere"),
        ("[listen]\noperations = \"203.0.113.5:9090\"", "from anywhere"),
        ("[listen]\noperations = \"127.0.0.1:8080\"", "also listen.http"),
        ("[listen]\ntrusted_proxies = [\"0.0.0.0/0\"]", "trust everybody"),
        ("[listen]\ntrusted_proxies = [\"::ffff:0:0/96\"]", "trust everybody"),
        ("[listen]\nproxy_protocol = \"required\"", "no peer to believe"),
        ("[listen]\nhttps = \"0.0.0.0:443\"", "no certificate"),
        ("[listen]\ncertificate = \"fullchain.pem\"", "without listen.https"),
        (
            "[listen]\nhttp = \"127.0.0.1:443\"\nhttps = \"127.0.0.1:443\"\ncertificate = \"a\"\ncertificate_key = \"b\"",
            "also listen.http",
        ),
        ("[store]\nurl = \"postgres://db\"", "not in this version"),
        ("[intake]\nnats = [\"nats://127.0.0.1:4222\"]", "not in this version"),
        ("[mail]\nsmtp = \"smtp://127.0.0.1:1025\"", "mail.from is not"),
        (
            "[mail]\nfrom = \"a@example.org\"\nsmtp = \"smtp://127.0.0.1:25\"\nmaildir = \"m\"",
            "stands beside",
        ),
        (
            "[mail]\nfrom = \"a@example.org\"\nsmtp = \"http://127.0.0.1\"",
            "mail server",
        ),
        (
            "[mail]\nfrom = \"a@example.org\"\nsmtp = \"smtps://mail.example.org:0\"",
            "mail server",
        ),
        ("[mail]\ndkim_domain = \"example.org\"", "without mail.dkim_key"),
        (
            "[mail]\nbounce = \"b@example.org\"\nbounce_lmtp = \"127.0.0.1:8080\"",
            "taken by another",
        ),
        (
            "[listen.acme]\nchallenge = \"whatever\"",
            "without listen.acme.directory",
        ),
        ("[mail]\nfrom = \"nobody\"", "mail address"),
        (
            "[mail]\nfrom = \"a@example.org\\r\\nBcc: b@example.org\"",
            "mail.from holds a line break",
        ),
        (
            "[site]\nname = \"Petitions\\nBcc: b@example.org\"",
            "site.name holds a line break",
        ),
        ("[site]\nhosting = \"a\\u0007\"", "site.hosting holds a line break"),
        (
            "[site]\nname = \"Petitions\\u2028of here\"",
            "site.name holds a line break",
        ),
        (
            "[alerts]\nfirst = [\"push+https://example.org/a\\n\"]",
            "alerts.first holds a line break",
        ),
        ("[site]\ncontact = \"nope\"", "not a mail address"),
        (
            "[alerts]\nsecond = [\"push+https://example.org/a\"]",
            "alerts.first, which is empty",
        ),
        (
            "[limits]\npuzzle_rounds = 4000",
            "more than limits.puzzle_rounds_ceiling",
        ),
        (
            "[limits]\nticket_age_seconds = 60\nticket_age_ceiling_seconds = 5",
            "more than limits.ticket_age_c",
        ),
        (
            "[limits]\nshield_ban_seconds = 600\nshield_ban_ceiling_seconds = 60",
            "more than limits.shield_ban_ceiling",
        ),
        (
            "[limits]\nacme_retry_seconds = 30000",
            "more than limits.acme_retry_most",
        ),
        (
            "[limits]\nalert_repeat_seconds = 30000",
            "more than limits.alert_repeat_most",
        ),
        ("[store]\ndirectory = \"Cargo.toml\"", "is a file"),
        ("[store]\ndirectory = \"Cargo.toml/data\"", "behind a file"),
        (
            "[secrets]\nkey_file = \"nowhere/master.key\"",
            "directory that does not exist",
        ),
        ("[listen]\nhttp = \"0.0.0.0:9090\"", "also listen.http"),
        ("[listen]\nhttp = \"[::]:9090\"", "also listen.http"),
        (
            "[listen]\nhttp = \"0.0.0.0:8081\"\ndesk = \"127.0.0.1:8081\"",
            "taken by another",
        ),
        (
            "[listen]\nhttps = \"0.0.0.0:8080\"\ncertificate = \"a\"\ncertificate_key = \"b\"",
            "also listen.http",
        ),
        (
            "[listen]\nhttps = \"0.0.0.0:9090\"\ncertificate = \"a\"\ncertificate_key = \"b\"",
            "also listen.https",
        ),
        (
            "[listen]\ntrusted_proxies = [\"0.0.0.0/1\", \"128.0.0.0/1\"]",
            "with those before it would trust everybody",
        ),
        ("[shield]\nprotect = [\"0.0.0.0/0\"]", "would protect everybody"),
        (
            "[shield]\nhaproxy_map = \"a\"\nnginx_geo = \"b\"\ncidr_list = \"a\"",
            "shield.haproxy_map and shield.cidr_list name the same file",
        ),
        (
            "[listen]\ncertificate = \"a\"\ncertificate_key = \"b\"\n[listen.acme]\nterms_agreed = true",
            "stands beside [listen.acme]",
        ),
        ("[drill]\nprice = 2", "drill.price = 2"),
        ("[drill]\nprice = 1\n[listen]\nhttp = \"192.0.2.1:80\"", "loopback only"),
        ("[limits]\nbody_bytes = 1", "outside 4096..=65536"),
        ("[limits]\nbody_bytes = -1", "not a whole number"),
        ("[secrets]\nkey_file = \"\"", "not a path"),
    ] {
        let (what, _) = refusal(file, &[]);
        assert!(what.contains(telling), "{file} -> {what}");
    }
}

#[test]
fn an_empty_or_short_secret_is_refused() {
    let directory = Scratch::new();
    let path = directory.0.join("master.key");
    let (what, _) = {
        std::fs::write(&path, "0".repeat(64)).expect("write");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
        refusal("", &[("PARAPH__SECRETS__KEY_FILE", &path.display().to_string())])
    };
    assert!(what.contains("no random key"), "{what}");
    let secrets = [
        (String::new(), 0o600, false),
        ("\n".repeat(64), 0o600, false),
        ("0".repeat(64), 0o600, false),
        ("0123456789abcdef".repeat(3), 0o600, false),
        ("0123456789abcdef".repeat(4), 0o644, false),
        ("0123456789abcdef".repeat(4), 0o600, true),
    ];
    for (secret, mode, expect) in secrets {
        std::fs::write(&path, &secret).expect("write");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("mode");
        let name = path.display().to_string();
        assert_eq!(
            config("", &[("PARAPH__SECRETS__KEY_FILE", &name)]).is_ok(),
            expect,
            "{} bytes, mode {mode:o}",
            secret.len()
        );
    }
}

#[test]
fn a_mail_password_is_never_printed() {
    let file = "[mail]\nfrom = \"a@example.org\"\n";
    let url = ("PARAPH__MAIL__SMTP", "smtps://user:pa%40ss@mail.example.org");
    let config = config(file, &[url]).expect("valid");
    let printed = format!("{}{}{config:?}", config.explain(), config.explain_json());
    assert!(
        printed.contains("***@mail.example.org") && !printed.contains("pa%40ss"),
        "{printed}"
    );
    let (what, hint) = refusal(
        "[mail]\nfrom = \"a@example.org\"\nsmtp = \"smtp://u:se@cret@h?tls=maybe\"",
        &[],
    );
    assert!(!what.contains("cret") && !hint.contains("cret"), "{what}");
}

#[test]
fn a_password_is_taken_from_a_file_of_its_own_or_the_environment() {
    let directory = Scratch::new();
    let path = directory.0.join("smtp.password");
    fs::write(&path, "open sesame\n").expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode");
    let server = "[mail]\nfrom = \"a@example.org\"\nsmtp = \"smtp+starttls://mail.example.org\"\nsmtp_user = \"ada\"\n";
    let with_file = format!("{server}smtp_password_file = \"{}\"", path.display());
    let by_environment = [("PARAPH__MAIL__SMTP_PASSWORD", "open sesame")];
    let expect = "smtp+starttls://ada:open%20sesame@mail.example.org:587";
    let expect = config("[mail]\nfrom = \"a@example.org\"", &[("PARAPH__MAIL__SMTP", expect)]).expect("valid");
    for config in [config(&with_file, &[]), config(server, &by_environment)] {
        let config = config.expect("valid");
        assert_eq!(config.mail.delivery, expect.mail.delivery);
        let printed = format!("{}{}{config:?}", config.explain(), config.explain_json());
        assert!(!printed.contains("sesame"), "{printed}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("mode");
    assert!(refusal(&with_file, &[]).0.contains("read by others"));
    let (what, hint) = refusal(&format!("{server}smtp_password = \"open sesame\""), &[]);
    assert!(what.contains("stands in the configuration file") && !(what + &hint).contains("sesame"));
    assert!(refusal(server, &[]).0.contains("without a password"));
}

#[test]
fn mail_is_never_downgraded_and_never_half_configured() {
    let with = |rest: &str| format!("[mail]\nfrom = \"a@example.org\"\n{rest}");
    for (rest, telling) in [
        (
            "smtp = \"smtp://mail.example.org:587?tls=opportunistic\"",
            "mail server",
        ),
        ("smtp = \"smtp://u:p@127.0.0.1:25\"", "holds a password"),
        ("bounce = \"b@example.org\"", "read by nobody"),
        (
            "maildir = \"m/out\"\nbounce = \"b@example.org\"\nbounce_maildir = \"m/./out/\"",
            "letters go out to",
        ),
        ("smtp_user = \"ada\"", "without mail.smtp"),
        ("dkim_selector = \"s\"", "without mail.dkim_key"),
        ("dkim_key = \"k\"", "without mail.dkim_selector"),
        ("dkim_key = \"/nowhere/k\"\ndkim_selector = \"s\"", "cannot be read"),
        (
            "dkim_key = \"k\"\ndkim_selector = \"s; d=evil\"",
            "not a name in the DNS",
        ),
        ("bounce_lmtp = \"127.0.0.1:24\"", "without mail.bounce"),
        (
            "bounce = \"b@example.org\"\nbounce_lmtp = \"192.0.2.1:24\"",
            "from elsewhere",
        ),
        (
            "bounce = \"a-name-that-is-long@example.org\"\nbounce_maildir = \"b\"",
            "no room for a token",
        ),
        (
            "bounce = \"b+c@example.org\"\nbounce_maildir = \"b\"",
            "no room for a token",
        ),
    ] {
        let (what, _) = refusal(&with(rest), &[]);
        assert!(what.contains(telling), "{rest} -> {what}");
    }
    let abroad = [("PARAPH__MAIL__SMTP", "smtp://u:p@mail.example.org:25")];
    assert!(refusal(&with(""), &abroad).0.contains("readable over the network"));
    let local = config(&with(""), &[("PARAPH__MAIL__SMTP", "smtp://u:p@127.0.0.1:25")]);
    assert!(local.is_ok(), "this machine may read what it sends");
}

/// What `check-config` says of every key, without where it came from.
fn in_force(config: &Config) -> Vec<(String, serde_json::Value)> {
    config
        .settings
        .iter()
        .map(|setting| {
            // The default mail directory is shown in parentheses, the same one written down without.
            let value = match setting.value.as_str() {
                Some(text) => text.trim_matches(['(', ')']).into(),
                None => setting.value.clone(),
            };
            (setting.key.clone(), value)
        })
        .collect()
}

/// Of a test, and of nothing else: `openssl genpkey -algorithm ed25519`.
const ED25519_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";

const EXAMPLE: &str = include_str!("../../../../paraph.example.toml");

/// The example with every `# key = value` turned into a key.
fn example_with_every_key() -> String {
    let key = |line: &str| {
        let (name, _) = line.strip_prefix("# ")?.split_once(" = ")?;
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            .then(|| line[2..].to_owned())
    };
    let lines: Vec<String> = EXAMPLE
        .lines()
        .map(|line| key(line).unwrap_or_else(|| line.to_owned()))
        .collect();
    lines.join("\n")
}

#[test]
fn the_example_is_the_defaults() {
    let (example, nothing) = (config(EXAMPLE, &[]).expect("valid"), config("", &[]).expect("valid"));
    assert_eq!(in_force(&example), in_force(&nothing));
}

#[test]
fn the_example_names_every_key_and_its_comments_are_valid() {
    let certificate = rcgen::generate_simple_self_signed(vec!["mail.example.org".to_owned()]).expect("made");
    let (certificate, directory) = (certificate.cert.pem(), Scratch::new());
    for (name, text) in [
        ("smtp.password", "secret\n"),
        ("mail-ca.pem", &certificate),
        ("dkim.pem", ED25519_KEY),
        ("authority.pem", &certificate),
        ("crowdsec.password", "secret\n"),
        ("eab.key", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG4\n"),
    ] {
        let path = directory.0.join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode");
    }
    let every = example_with_every_key()
        .replace("\nmaildir = \"data/mail\"", "")
        .replace("\ncertificate = \"/etc/paraph/fullchain.pem\"", "")
        .replace("\ncertificate_key = \"/etc/paraph/privkey.pem\"", "")
        .replace("\nterms_agreed = false", "\nterms_agreed = true")
        .replace("/etc/paraph/", &format!("{}/", directory.0.display()));
    let every = config(&every, &[]).expect("valid");
    assert_eq!(every.limits, crate::limits::Limits::default());
    let remarked: Vec<&str> = every.remarks().iter().map(|remark| remark.key).collect();
    assert_eq!(remarked, ["alerts.first", "drill.price"]);
    // What stands in the place of another key, and what may not stand in a file.
    let apart = [
        "mail.maildir",
        "mail.smtp_password",
        "listen.certificate",
        "listen.certificate_key",
        "listen.acme.eab_key",
        "shield.crowdsec_password",
    ];
    for setting in &every.settings {
        assert!(
            apart.contains(&setting.key.as_str()) || setting.origin != super::Origin::Default,
            "{} is not in the example",
            setting.key
        );
    }
}

#[test]
fn who_is_woken_is_read_in_their_language_and_secrets_are_never_shown() {
    let file = "[alerts]\nfirst = [\"en push+https://duty:unspeakable@push.example.org/@topic\", \"webhook+http://127.0.0.1:9/hook\"]\n\
                webhook_secret = \"unspeakable\"\nwebhook_bearer = \"unspeakable\"\n";
    let read = config(file, &[]).expect("valid");
    let languages: Vec<&str> = read
        .alerts
        .first
        .iter()
        .map(|recipient| recipient.lang.as_str())
        .collect();
    assert_eq!(languages, ["en", "fr"]);
    assert!(read.explain().contains("push+https://***@push.example.org/@topic"));
    assert!(!read.explain().contains("unspeakable") && !format!("{read:?}").contains("unspeakable"));
    for (wrong, telling) in [
        ("mailto:duty@example.org", "mail goes to a directory"),
        ("duty@example.org", "not a way"),
        ("webhook+example.org", "not a way"),
        ("push+http://duty:p@push.example.org/t", "readable"),
        (
            "webhook+http://sms.example.org/hook\"]\nwebhook_bearer = \"b\"\nsecond = [\"webhook+https://x.example/h",
            "readable",
        ),
        ("tlh push+https://push.example.org/t", "language"),
    ] {
        let (what, hint) = refusal(&format!("[alerts]\nfirst = [\"{wrong}\"]\n"), &[]);
        assert!(what.contains(telling) && !hint.is_empty(), "{what}");
    }
}

#[test]
fn each_remark_is_made_where_it_belongs_and_says_what_to_write() {
    const RIGHT: &str = "[site]\nbase_url = \"https://petitions.example.org\"\npublisher = \"Example association\"\n\
        contact = \"contact@example.org\"\n[listen]\nhttp = \"0.0.0.0:8080\"\ntrusted_proxies = [\"127.0.0.1\"]\n\
        [mail]\nfrom = \"a@example.org\"\nsmtp = \"smtp://127.0.0.1:25\"\n[secrets]\nkey_file = \"/tmp/master.key\"\n\
        [alerts]\nfirst = [\"push+https://push.example.org/topic\"]\n[scrutiny]\n";
    let remarked = |file: &str| -> Vec<&'static str> {
        let config = config(file, &[]).expect(file);
        let explained = config.explain();
        let remarks = config.remarks();
        assert!(
            remarks.iter().all(|remark| explained.contains(&remark.mend)),
            "{explained}"
        );
        remarks.iter().map(|remark| remark.key).collect()
    };
    assert_eq!(remarked(RIGHT), [""; 0]);
    for (right, wrong, key) in [
        ("base_url = \"https://petitions.example.org\"\n", "", "site.base_url"),
        ("https://petitions", "http://petitions", "site.base_url"),
        ("publisher = \"Example association\"\n", "", "site.publisher"),
        ("contact = \"contact@example.org\"\n", "", "site.contact"),
        ("trusted_proxies = [\"127.0.0.1\"]\n", "", "listen.trusted_proxies"),
        ("smtp = \"smtp://127.0.0.1:25\"\n", "", "mail.smtp"),
        ("key_file = \"/tmp/master.key\"\n", "", "secrets.key_file"),
        (
            "first = [\"push+https://push.example.org/topic\"]\n",
            "",
            "alerts.first",
        ),
        ("[scrutiny]\n", "[scrutiny]\nenabled = false\n", "scrutiny.enabled"),
    ] {
        let file = RIGHT.replace(right, wrong);
        assert_ne!(file, RIGHT, "{right}");
        assert_eq!(remarked(&file), [key], "{file}");
    }
}
