//! Every bound of the program, with its unit, its range and its reason.
//!
//! No request can make the server do more than this page says: every queue, map, body, batch, file and retry has
//! a bound here. Each can be set by name under `[limits]` in `paraph.toml`; `paraph check-config` prints them all.

use std::time::Duration;

/// One bound as `check-config` explains it.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Name under `[limits]`.
    pub name: &'static str,
    /// Value when the configuration says nothing.
    pub default: u64,
    /// Smallest value accepted.
    pub min: u64,
    /// Largest value accepted.
    pub max: u64,
    /// Unit and reason, one sentence.
    pub why: &'static str,
}

/// Why a value given under `[limits]` was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No bound has this name.
    #[error("limits.{0} is not a bound that this version knows")]
    Unknown(String),
    /// The value lies outside the range within which the program was tested.
    #[error("limits.{name} = {value} is outside {min}..={max}")]
    OutOfRange {
        /// Name of the bound.
        name: &'static str,
        /// Value that was given.
        value: u64,
        /// Smallest value accepted.
        min: u64,
        /// Largest value accepted.
        max: u64,
    },
}

macro_rules! limits {
    ($($name:ident = $default:literal in $min:literal..=$max:literal, $why:literal;)*) => {
        /// The bounds in force. Fields are in the unit that their documentation names.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $(#[doc = $why] pub $name: u64,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        // A default outside its own range would be a bound that nobody could write down again.
        $(const _: () = assert!($min <= $default); const _: () = assert!($default <= $max);)*

        impl Limits {
            /// Every bound, in the order of this file.
            pub const TABLE: &'static [Bound] = &[
                $(Bound { name: stringify!($name), default: $default, min: $min, max: $max, why: $why },)*
            ];

            /// Sets one bound by its name.
            ///
            /// # Errors
            /// The name is unknown, or the value lies outside the bound's range.
            pub fn set(&mut self, name: &str, value: u64) -> Result<(), LimitError> {
                match name {
                    $(stringify!($name) => {
                        if !($min..=$max).contains(&value) {
                            return Err(LimitError::OutOfRange { name: stringify!($name), value, min: $min, max: $max });
                        }
                        self.$name = value;
                    })*
                    _ => return Err(LimitError::Unknown(name.to_owned())),
                }
                Ok(())
            }

            /// The value of one bound by its name.
            #[must_use]
            pub fn get(&self, name: &str) -> Option<u64> {
                match name {
                    $(stringify!($name) => Some(self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

limits! {
    // Connections
    connections = 4096 in 16..=65536, "Open connections in all; each costs a descriptor and about 26 KiB, 16 of them buffers of the HTTP library.";
    connections_per_address = 256 in 1..=65536, "Open connections of one address; a carrier's NAT holds hundreds of people.";
    connections_per_network = 1024 in 1..=65536, "Open connections of one /24 or /48; four such addresses.";
    operations_connections = 32 in 4..=1024, "Open connections of listen.operations, and as many of listen.desk beside desk_watchers, whatever the public side has; a browser makes six, a program that collects metrics one.";
    connection_requests = 1000 in 1..=1000000, "Requests of one connection before a new one is asked for; a visit makes under 50.";
    requests_ahead = 16 in 1..=1000000, "Requests of one home (an IPv4 address or an IPv6 /56) at once that are answered ahead; who asks for more is served behind the others. A first visit makes seven at once, and fifteen with signing.";
    requests_ahead_a_minute = 30 in 1..=60000, "How many more a minute; a family that signs together makes under 30.";
    connection_seconds = 1800 in 10..=86400, "Seconds that a connection may last; who watches a count comes back by itself.";
    header_bytes = 16384 in 4096..=65536, "Bytes of a request's head; browsers send under 4 KiB.";
    header_seconds = 10 in 1..=60, "Seconds to send a request's head; a slow phone needs under 3.";
    body_bytes = 16384 in 4096..=65536, "Bytes of a request's body; most honest forms are under 6 KiB, one with 1,000 letters outside Latin in its comment up to 14.";
    body_seconds = 20 in 1..=120, "Seconds to send a request's body.";
    body_grace_seconds = 8 in 1..=60, "Seconds of a body before its rate is looked at; a phone that changes its cell pauses for 5.";
    body_bytes_per_second = 500 in 1..=100000, "Least bytes a second of a body, on average after the grace; 2G at its worst gives 1,000.";
    form_fields = 32 in 16..=256, "Fields of one form; ours has eleven.";

    // HTTP/2: requests at once, and what a connection may send that is no request
    h2_streams = 32 in 4..=256, "Requests at once on one HTTP/2 connection; a page of ours makes under ten.";
    h2_spare_bytes = 65536 in 16384..=1048576, "Bytes of an HTTP/2 connection beyond what its requests explain; pings and settings take under 1,000.";

    // TLS: a handshake costs 0.2 ms, more than anything else that a stranger can ask for
    handshakes_per_second = 1000 in 10..=100000, "TLS handshakes a second in all; a fifth of one core. When they run short, who had fewest goes first.";
    handshakes_per_address = 600 in 10..=1000000, "TLS handshakes a minute of one address; the 100 people a minute behind a carrier's NAT make 300.";
    handshakes_per_network = 2400 in 10..=1000000, "TLS handshakes a minute of one /24 or /48; four such addresses.";
    handshakes_open = 2048 in 16..=65536, "Connections whose handshake is not done; they never take the places of those that are.";
    handshake_seconds = 10 in 1..=60, "Seconds to finish a TLS handshake; a slow phone needs under 4.";

    // Form
    name_chars = 100 in 40..=400, "Characters of a name; the longest in civil registers stay under 100.";
    comment_chars = 1000 in 100..=4000, "Characters of a comment; fits the body bound in any script.";
    postcode_chars = 12 in 8..=32, "Characters of a postcode; the longest in use has 10.";

    // Lanes: how many requests are worked on at once, and how many may wait for a place
    lane_operator = 32 in 1..=1024, "Requests of the operations listener in work at once, apart from all others.";
    lane_operator_waiting = 256 in 0..=65536, "Such requests waiting for a place.";
    lane_sign = 256 in 1..=8192, "Signatures with script in work at once; most of that time is the group commit.";
    lane_sign_waiting = 1024 in 0..=65536, "Signatures waiting for a place in their lane.";
    lane_plain = 64 in 1..=8192, "Signatures without script in work at once.";
    lane_plain_waiting = 512 in 0..=65536, "Signatures without script waiting for a place.";
    lane_challenge = 256 in 1..=8192, "Challenges being issued at once; issuing costs about 7 microseconds.";
    lane_challenge_waiting = 1024 in 0..=65536, "Challenges waiting for a place.";
    lane_confirm = 256 in 1..=8192, "Confirmations in work at once; never shed while anything else is.";
    lane_confirm_waiting = 4096 in 0..=65536, "Confirmations waiting for a place.";
    lane_manage = 64 in 1..=8192, "Withdrawals and objections in work at once.";
    lane_manage_waiting = 1024 in 0..=65536, "Withdrawals and objections waiting for a place.";
    links_per_address = 4 in 1..=8192, "Links of mails of one address that are worked on at once or wait for a place; further ones wait for these. Each takes milliseconds, so it is hundreds a second.";
    lane_wait_ms = 4000 in 10..=30000, "Milliseconds that a request may wait for a place before it is told to come back.";
    lane_target_ms = 250 in 10..=30000, "Milliseconds of waiting that may stand: where nobody waits less for a second, who waited twice as long is told to come back. Never a confirmation.";

    // Admission: connections and who they come from
    forwarded_hops = 8 in 1..=32, "Proxies in one Forwarded chain; honest chains have two or three.";
    proxy_header_bytes = 1024 in 232..=16384, "Bytes of a PROXY header; 232 is the longest without extensions, load balancers add under 300.";
    write_stall_seconds = 20 in 1..=300, "Seconds of waiting for a client to read its answer before its rate is looked at; with none, the connection is closed.";
    write_bytes_per_second = 500 in 1..=100000, "Least bytes a second that a client reads of its answer, on average after that; 2G at its worst gives 1,000.";
    drain_seconds = 20 in 0..=300, "Seconds that open connections get to finish at shutdown.";

    // Certificates fetched from an authority
    acme_answer_seconds = 30 in 1..=300, "Seconds for one answer of the authority; one that hangs is asked again later.";
    acme_order_seconds = 300 in 5..=3600, "Seconds for one order; one that is not done goes on at the next attempt.";
    acme_retry_seconds = 60 in 1..=86400, "Seconds from an order that failed to the next, also across restarts; each further failure doubles them. Authorities allow five failures of a name an hour.";
    acme_retry_most_seconds = 21600 in 1..=86400, "Longest such pause; four attempts a day for the last third of a certificate's life.";
    acme_renew_seconds = 3600 in 1..=604800, "Least seconds between two certificates, whatever life they say; authorities give a name few a week.";
    acme_later_seconds = 86400 in 60..=604800, "Longest time that an authority that says 'later' is left alone.";

    // Admission: budgets a minute, per address (IPv4 address, IPv6 /64) and wide (IPv4 /24, IPv6 /48). From a quarter of a
    // budget its source pays more, from half of it goes behind those who use less; only all of it refuses
    budget_sign = 480 in 1..=1000000, "Signatures a minute by one address: 1,000 people behind a carrier's NAT in ten minutes send 100, in a bad minute 200, and a forger of four cores among them 300.";
    budget_sign_wide = 1920 in 1..=1000000, "Signatures a minute by one /24 or /48; four such addresses.";
    budget_challenge = 1920 in 1..=1000000, "Challenges a minute for one address, four a signature; beyond them each costs the most and is still given, as refusing one costs as much.";
    budget_challenge_wide = 7680 in 1..=1000000, "Challenges a minute for one /24 or /48.";
    budget_ticket = 1920 in 1..=1000000, "Forms with a ticket a minute for one address; people without script reload.";
    budget_ticket_wide = 7680 in 1..=1000000, "Forms with a ticket a minute for one /24 or /48.";
    budget_miss = 60 in 1..=1000000, "Unknown confirm, withdraw and receipt links a minute from one address; honest ones are typing errors.";
    budget_miss_wide = 240 in 1..=1000000, "Unknown links a minute from one /24 or /48.";
    budget_refused = 240 in 1..=1000000, "Forms a minute of one address that are refused with an explanation; after that the answer is short. Never those of others behind it that hold.";
    budget_refused_wide = 960 in 1..=1000000, "Forms a minute of one /24 or /48 that are refused with an explanation.";
    budget_site_times = 2 in 1..=256, "Budgets of an IPv6 /56, the network of one home, in budgets of one address.";
    budget_hosting_times = 1 in 1..=1000, "Budgets of a whole network that rents out servers, in wide budgets; people behind a VPN come from there.";
    budget_access_times = 16 in 1..=1000, "Budgets of any other whole network, in wide budgets; it prices and never refuses: half a country may be behind it.";
    budget_slots = 131072 in 1024..=1048576, "Columns of each counting sketch, 32 bytes each once they are used, eleven sketches; with as many, a million other keys add 11 to a reading at most times, ten million 87.";
    budget_heavy = 16384 in 256..=1048576, "Sources of each budget with an exact count of their own, about 100 bytes each; the others are read from the sketch.";
    budget_room_times = 4 in 1..=4, "Times by which the budget of a shared address grows while people behind it sign; 1: never.";
    budget_room_addresses = 4096 in 16..=1048576, "Shared addresses whose room is remembered, at most 1.5 KiB each.";
    budget_room_waiting = 65536 in 16..=1048576, "Confirmed signatures from which room may be earned once they settle, about 60 bytes each.";

    // Shield: what earns a ban within ten minutes, and how long it lasts
    shield_forged = 20 in 5..=1000000, "Clearances that we never signed, from one address, that earn a ban; a quarter with the hidden field filled. No browser makes one.";
    shield_minutes = 5 in 2..=10, "Minutes of ten in which a rented server used a budget up that earn a ban; shared addresses are only priced.";
    shield_widen_at = 8 in 4..=256, "Banned addresses of one /24 or /48 after which all of it is, where it rents out servers; never an access network.";
    shield_ban_seconds = 600 in 10..=86400, "Seconds of a first ban of a rented server; each further one within a week lasts twice as long.";
    shield_shared_seconds = 60 in 10..=600, "Seconds of a first ban where no servers are rented out, as people may share the address; each further one twice as long, up to shield_ban_seconds.";
    shield_spared_seconds = 300 in 60..=3600, "Seconds after such a ban in which its address is priced and not banned: time for one of them to sign, which keeps it open.";
    shield_ban_ceiling_seconds = 86400 in 60..=604800, "Seconds of the longest ban; addresses change hands.";
    shield_bans = 16384 in 64..=65536, "Bans remembered, about 100 bytes each; four times the largest attack on record.";
    shield_suspects = 65536 in 1024..=1048576, "Addresses about which there is evidence, about 100 bytes each; the quiet ones are forgotten first.";

    // Admission: clearances, tickets and what was spent
    challenge_seconds = 1200 in 120..=7200, "Seconds that a challenge is valid; people think about a comment.";
    puzzle_rounds = 1000 in 1000..=5000, "Rounds per guess in calm times: 0.3 s on average on a slow phone.";
    puzzle_rounds_ceiling = 3000 in 1000..=5000, "Rounds per guess at most: the slowest hundredth of slow phones then needs 4 s.";
    puzzle_waiting = 1024 in 0..=65536, "Clearances waiting for verification; a core checks about 1,500 a second.";
    clearance_bytes = 2048 in 1024..=8192, "Bytes of the clearance in a form; the widget's has about 950.";
    ticket_seconds = 7200 in 300..=86400, "Seconds that a ticket is valid; writing without script may be interrupted.";
    ticket_age_seconds = 4 in 0..=60, "Seconds that a ticket must have waited in calm times; nobody fills the form faster.";
    ticket_age_ceiling_seconds = 60 in 4..=600, "Seconds that a ticket must have waited when its source is under pressure.";
    ticket_moved_seconds = 30 in 0..=600, "Seconds that a ticket must have waited when it comes back from another network, as phones do.";
    spent_script = 1000000 in 1000..=20000000, "Spent challenges remembered, about 100 bytes each; beyond them the store alone tells repeats.";
    spent_plain = 500000 in 1000..=20000000, "Spent tickets remembered, about 100 bytes each, apart from challenges as anybody can have many.";
    repeats_waiting = 4 in 0..=64, "Repeats of one submission that wait for the first one's outcome; a double click makes one.";

    // Intake and store
    intake_queue = 4096 in 64..=65536, "Commands waiting for the writer; full means 503, never a loss.";
    intake_batch = 1024 in 1..=8192, "Commands in one commit; more gains nothing on a single disk.";
    intake_gather_ms = 3 in 0..=50, "Milliseconds that the writer waits for more when several come at once, or did the moment before: a commit costs the same for one as for many. Otherwise whoever comes alone is not kept waiting.";
    waiting_contributions = 5000000 in 1000..=100000000, "Unconfirmed contributions kept; about 1 KiB each on disk, and at most one mail each in the outbox.";
    waiting_shown = 20 in 1..=200, "Contributions waiting for one address that one page shows; older ones are a page further.";
    disk_floor_mib = 256 in 1..=1048576, "Free MiB below which signing answers 503: a full disk must never meet a half-written commit.";
    wal_mib = 128 in 4..=1024, "MiB of write-ahead log before it is written back; fewer cost speed on large stores, and the disk floor counts free space without them.";
    erasure_log_days = 45 in 31..=3650, "Days that a line stays in erasures.log: backups of keys live 30 days, and a destruction may have been held up.";
    fsck_records = 100000 in 1..=1000000000, "Records that a check opens, under 0.2 ms each (measured in a debug build); of more so many, evenly by row. `paraph fsck --all` opens each.";
    event_streams = 1024 in 0..=65536, "Browsers that watch a count change; each holds a connection, the others ask again now and then.";
    event_streams_per_address = 64 in 1..=65536, "Of these, behind one address: three quarters of its connections stay free for those who sign.";
    read_connections = 4 in 1..=64, "Connections that answer pages from the ledger.";

    // Share cards
    card_seconds = 60 in 1..=86400, "Seconds before a share card is drawn again when its numbers moved; a drawing costs about 0.1 s of one core.";
    cards_kept = 256 in 2..=65536, "Share cards kept, one for each petition and language that was asked for, about 50 kB each; at most as many are drawn in card_seconds.";

    // Count
    settle_after_seconds = 120 in 0..=86400, "Seconds between confirmation and the displayed count: time for scrutiny to look.";
    settle_every_seconds = 60 in 1..=3600, "Seconds between two updates of the displayed count.";
    settle_batch = 50000 in 100..=1000000, "Signatures settled by one event; the rest follow in the next.";
    unconfirmed_days = 14 in 1..=90, "Days until an unconfirmed contribution and its data are erased.";
    features_days = 90 in 1..=365, "Days until pseudonymous observations are erased.";

    // Verdicts
    holds_per_hour = 5000 in 0..=1000000, "Signatures that scrutiny holds in an hour without a person; the rest wait outside the count, and somebody is told.";
    suspect_wait_seconds = 420 in 0..=3600, "Seconds from its confirmation that a signature of a group that scrutiny watches may wait before it settles: while a petition is attacked all groups are looked at every three minutes, which is twice in this, and people among them are in the count within ten.";
    cap_raised_minutes = 60 in 5..=1440, "Minutes that a person's higher limit of holds lasts; then the usual one is in force again, whoever has fallen asleep.";
    verdict_signatures = 1000000 in 1000..=1000000, "Signatures that one verdict judges; its event names each of them, in 16 bytes.";
    verdict_rows = 4096 in 16..=65536, "Rows that one commit brings up to date after a verdict; 4,096 take about 60 ms, which is what signing waits.";
    evidence_bytes = 65536 in 4096..=1048576, "Bytes of a verdict's evidence, and of its note; a finding says itself in under 4 KiB.";

    // Incidents
    incident_refusals = 300 in 10..=1000000, "Refusals of signatures in a minute, twice in a row, that open an incident; a crowd's typing errors stay under 100.";
    incident_quiet_minutes = 60 in 1..=10080, "Minutes without anything seen after which an incident is closed; attackers pause for less.";
    incident_lines = 2000 in 100..=20000, "Lines of an incident's timeline, about 100 bytes each; a night of holds makes some hundreds.";

    // What authors add
    text_versions = 50 in 1..=500, "Versions of one petition's text; each is kept, and shown with what changed in it.";
    first_signatories = 50 in 0..=500, "First signatories that an author can name; they are a list, not a count.";
    updates = 200 in 1..=2000, "Updates of one petition; all of them stay on its pages.";
    names_batch = 16 in 2..=1000, "Names that wait until they are shown together, so that a watcher cannot tell who signed when; else until the day is over.";
    names_shown = 60 in 0..=1000, "Recent names on a petition's page; each is opened and kept in memory.";

    // Mail
    mail_connections = 4 in 1..=64, "Letters handed to the mail server at once, each over its own connection.";
    mail_claimed = 256 in 1..=10000, "Mails taken out of the outbox at once; a process that dies sends these ten minutes later.";
    mail_seconds = 60 in 1..=600, "Seconds to hand over one mail; a slower server is tried again later.";
    mail_rest_seconds = 60 in 1..=3600, "Longest pause between two tries while mails cannot even be prepared, as with no descriptors left; the first is a quarter of a second, and each doubles.";
    second_way_per_hour = 120 in 1..=100000, "Mails an hour to held people of one incident: what goes to strangers whose address a forger typed can be called back in time.";
    second_way_domain_per_hour = 60 in 1..=100000, "Of these, to one mail domain: most people are at few, and so are a forger's mailboxes.";
    second_way_offered = 20000 in 1..=1000000, "Held signatures that one press asks by mail; a week of the drip. Each record is opened for its address, about 0.1 ms.";
    mail_stop_days = 180 in 1..=3650, "Days that a stop of confirmation mails lasts unless it is lifted; mailboxes change hands.";
    mail_bounce_days = 7 in 1..=90, "Days that an address is left alone after its mail server said that there is no such mailbox.";
    bounce_bytes = 262144 in 16384..=16777216, "Bytes of a report about mail that came back; what follows is not looked at.";
    bounce_connections = 16 in 1..=256, "Connections of the listener for mail that came back.";
    bounce_seconds = 60 in 1..=600, "Seconds within which such a connection must send its next line.";
    mail_domains = 4096 in 64..=65536, "Recipient domains whose pace is remembered; about 100 bytes each.";
    mail_per_minute = 600 in 1..=100000, "Mails a minute to one ordinary domain; more looks like a flood to it.";
    mail_provider_per_minute = 6000 in 1..=1000000, "Mails a minute to one large mailbox provider, where most people are.";
    news_claimed = 64 in 1..=1000, "Mails of an update taken out at once, only while no confirmation mail is due; these finish first.";
    news_per_minute = 200 in 1..=100000, "Mails of updates a minute to one ordinary domain, beside the confirmation mails.";
    news_provider_per_minute = 2000 in 1..=1000000, "Mails of updates a minute to one large mailbox provider.";

    // Desk
    lane_desk = 16 in 1..=1024, "Requests in work at once of those who have logged in at the desk; three people work there, each page makes a few.";
    lane_desk_waiting = 64 in 0..=65536, "Such requests waiting for a place.";
    lane_desk_door = 8 in 1..=1024, "Requests in work at once of everybody else at the desk; each is a look or two into the store.";
    lane_desk_door_waiting = 1024 in 0..=65536, "Such requests waiting for a place.";
    desk_door_per_address = 1 in 1..=1024, "Of these, of one address in work, waiting for a place or for a password to be hashed; further ones wait for these.";
    desk_hash_kib = 19456 in 8192..=1048576, "KiB of memory for one password (Argon2id): OWASP's least for two passes; 30 ms of one core.";
    desk_hash_passes = 2 in 1..=16, "Passes over that memory.";
    desk_hashing = 1 in 1..=16, "Passwords hashed at once: a flood of logins takes one core for 30 ms at a time, and never the others.";
    desk_hashing_waiting = 256 in 0..=1024, "Logins waiting for that, one of an address: eight seconds of work, behind which a stranger waits. Who was in before, or is in, has a queue apart.";
    desk_tries = 5 in 1..=100, "Wrong logins of one name before the next has to wait; from browsers that never got in, apart from those that did.";
    desk_tries_per_address = 20 in 1..=10000, "Wrong logins and links of one address before the next has to wait; an office shares one.";
    desk_delay_seconds = 300 in 1..=3600, "Longest wait after wrong logins, in seconds; the first is one second, and each doubles. Nobody is locked out for good.";
    desk_failures = 4096 in 64..=1048576, "Names and addresses whose wrong logins are remembered, about 80 bytes each; those of an hour ago are forgotten.";
    desk_idle_minutes = 60 in 5..=1440, "Minutes after which a session that nobody uses ends; long enough for a phone call at night.";
    desk_session_hours = 12 in 1..=168, "Hours after which a session ends, used or not.";
    desk_sessions = 8 in 1..=100, "Sessions of one member; the one unused longest ends for another.";
    desk_link_hours = 24 in 1..=168, "Hours that a link to join is good, the first operator's too.";
    desk_links = 100 in 1..=10000, "Links to join that nobody has used yet.";
    desk_members = 200 in 1..=10000, "Members of the desk.";
    desk_audit_days = 365 in 30..=3650, "Days that the log of who did what at the desk is kept.";
    desk_passkeys = 10 in 1..=100, "Passkeys of one member; a phone, a computer and a key on the ring are three.";
    desk_challenge_seconds = 900 in 60..=3600, "Seconds that a page may lie open before its passkey button is pressed.";
    desk_watchers = 16 in 0..=1024, "Browsers that watch the incident room; each holds a connection, the others ask again every 30 seconds.";
    desk_body_bytes = 262144 in 65536..=1048576, "Bytes of a form of the desk, once logged in; a text of 64 KiB takes up to three bytes a byte.";
    desk_lost_forms = 4 in 0..=64, "Forms read at once of browsers whose session has ended, so that what somebody wrote is shown to them again; each is desk_body_bytes at the most.";

    // Alerts
    alert_repeat_seconds = 300 in 1..=86400, "Seconds between two repeats of an alert that nobody has acknowledged.";
    alert_repeat_most_seconds = 3600 in 1..=86400, "Longest pause between two repeats; after the second list was told the pauses double up to this.";
    alert_escalate_after = 3 in 1..=1000, "Repeats without an acknowledgement until alerts.second is told too.";
    alert_quiet_seconds = 60 in 1..=3600, "Seconds that a trouble must be gone before it is over: what flickers is one alert.";
    alert_mail_seconds = 900 in 1..=86400, "Seconds that no mail has left, or one was due, until somebody is told; a mail server restarts in less.";
    alert_scrutiny_seconds = 180 in 5..=86400, "Seconds that scrutiny may lag behind the journal until somebody is told: nothing settles meanwhile; a start reads a million contributions in about 20.";
    alert_shed_seconds = 60 in 1..=3600, "Seconds that people who want to sign are sent away until somebody is told.";
}

// What somebody types or names: no request reaches it, and the bounds are the same for everybody.

/// Most signatures a second of a rehearsal: several times what the drill makes on a large machine.
pub const DRILL_RATE_MOST: u32 = 10_000;
/// Longest rehearsal: a flood that lasts a day has shown what it does.
pub const DRILL_LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Seconds to read a file that somebody named; a pipe of a program that decrypts it takes one or two.
pub const NAMED_FILE_SECONDS: Duration = Duration::from_secs(10);
/// Bytes of a configuration; every key with its explanation comes to under 50 KiB.
pub const CONFIG_FILE_BYTES: u64 = 1 << 20;
/// Bytes of a file with a key or a password; an RSA key of 8192 bits in PEM has 6.5 KiB.
pub const SECRET_FILE_BYTES: u64 = 64 * 1024;
/// Bytes of a file of certificates; that of all the authorities a system trusts has 220 KiB.
pub const CERTIFICATES_FILE_BYTES: u64 = 4 << 20;
/// Bytes of a file of an added language; the largest of ours has under 100 KiB.
pub const LOCALE_FILE_BYTES: u64 = 1 << 20;
/// Bytes of a file with a comment that is looked for; `comment_chars` in the longest script comes to a quarter of this.
pub const COMMENT_FILE_BYTES: u64 = 64 * 1024;
/// Bytes of the manifest of a backup; ours has under 2 KiB.
pub const MANIFEST_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::{LimitError, Limits};

    #[test]
    fn a_bound_is_set_by_name_within_its_range() {
        let mut limits = Limits::default();
        limits.set("body_bytes", 8192).expect("in range");
        assert_eq!(limits.get("body_bytes"), Some(8192));
        assert!(matches!(
            limits.set("body_bytes", 1),
            Err(LimitError::OutOfRange { name: "body_bytes", .. })
        ));
        assert_eq!(
            limits.set("body_bites", 1),
            Err(LimitError::Unknown("body_bites".into()))
        );
    }
}
