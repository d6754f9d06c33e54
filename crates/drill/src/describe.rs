//! What each scenario does, in one line, for `drill list`, and what can be asked of it.

use crate::people::Lang;
use crate::scenario::Scenario;

impl Scenario {
    /// Whether its forgers sign at a rate that can be asked for. Twenty mailboxes are twenty at any.
    #[must_use]
    pub fn forges_at_a_rate(self) -> bool {
        match self {
            Self::Lockstep218
            | Self::MailBomb
            | Self::PreEmption
            | Self::SelfConfirm
            | Self::AliasFarm
            | Self::Impersonation
            | Self::Framing
            | Self::LowAndSlow
            | Self::BrowserFarm
            | Self::StoredUp
            | Self::StolenIdentities
            | Self::Noel2020 => true,
            Self::TwentyMailboxes
            | Self::Brigade
            | Self::HonestSurge
            | Self::SlowClients
            | Self::FullHouse
            | Self::H2Abuse
            | Self::GiantForms
            | Self::Flood4000
            | Self::Ipv6Rotation
            | Self::ForgedForwarding => false,
        }
    }

    /// Whether every request of it comes from a source of its own, of which there are as many as one asks for.
    #[must_use]
    pub fn has_new_sources(self) -> bool {
        self == Self::Ipv6Rotation
    }

    /// One line for `drill list`.
    #[must_use]
    pub fn describe(self, lang: Lang) -> &'static str {
        match self {
            Self::HonestSurge => lang.pick(
                "contrôle : une foule honnête arrive d’un coup, dont mille personnes derrière une seule adresse",
                "control: an honest crowd arrives at once, a thousand of them behind one address",
            ),
            Self::Lockstep218 => lang.pick(
                "218 serveurs loués signent d’un même nom et d’un même commentaire, à cadence égale, parmi des gens honnêtes",
                "218 rented servers sign with one name and one comment, at an even rate, among honest people",
            ),
            Self::SlowClients => lang.pick(
                "300 connexions qui n’envoient rien, envoient leur en-tête ou leur corps au compte-gouttes, ou lisent à peine, parmi des gens honnêtes",
                "300 connections that send nothing, drip their head or their body, or hardly read, among honest people",
            ),
            Self::FullHouse => lang.pick(
                "218 serveurs loués gardent chacun vingt connexions pour rien : muettes, un demi-en-tête, un demi-corps, ou le compte suivi en direct, parmi des gens honnêtes",
                "218 rented servers keep twenty connections each for nothing: silent, half a head, half a body, or watching the count, among honest people",
            ),
            Self::H2Abuse => lang.pick(
                "300 connexions HTTP/2 : annulations en rafale, CONTINUATION sans fin, pluies de SETTINGS et de PING, fenêtres nulles (par un mandataire de confiance)",
                "300 HTTP/2 connections: rapid reset, endless CONTINUATION, floods of SETTINGS and PING, zero windows (through a trusted proxy)",
            ),
            Self::GiantForms => lang.pick(
                "300 connexions qui envoient des formulaires d’un gigaoctet, de 5 000 champs ou d’un champ démesuré",
                "300 connections that send forms of a gigabyte, of 5,000 fields, or with one field beyond measure",
            ),
            Self::Flood4000 => lang.pick(
                "4 000 adresses demandent pages, puzzles et formulaires sans jamais en remplir un, parmi des gens honnêtes",
                "4,000 addresses ask for pages, puzzles and forms and never complete one, among honest people",
            ),
            Self::Ipv6Rotation => lang.pick(
                "chaque requête vient d’un autre réseau IPv6 /64 (20 000 ; un million avec --sources 1000000), parmi des gens honnêtes",
                "every request comes from another IPv6 /64 (20,000; a million with --sources 1000000), among honest people",
            ),
            Self::ForgedForwarding => lang.pick(
                "des faussaires prétendent, par X-Forwarded-For et Forwarded, être des gens honnêtes : pour passer, ou pour les faire exclure",
                "forgers claim, by X-Forwarded-For and Forwarded, to be honest people: to get through, or to get them banned",
            ),
            Self::MailBomb => lang.pick(
                "les mêmes serveurs saisissent l’adresse de trois victimes, sous toutes ses formes, sur toutes les pétitions du site",
                "the same servers enter the addresses of three victims, however spelled, on every petition of the site",
            ),
            Self::SelfConfirm => lang.pick(
                "des serveurs loués signent de noms inventés et confirment par des domaines de courriel à eux",
                "rented servers sign with invented names and confirm through mail domains of their own",
            ),
            Self::AliasFarm => lang.pick(
                "de même, avec quatre boîtes écrites de mille façons chez un grand fournisseur",
                "the same, with four mailboxes spelled in a thousand ways at a large provider",
            ),
            Self::Impersonation => lang.pick(
                "des tiers sont inscrits d’après un annuaire public, de A à Z, et ne confirment jamais",
                "third parties are signed out of a public directory, from A to Z, and never confirm",
            ),
            Self::Framing => lang.pick(
                "des faussaires qui confirment empruntent le commentaire et le navigateur de gens honnêtes, pour les faire suspendre",
                "forgers who confirm borrow the comment and the browser of honest people, to have these held",
            ),
            Self::TwentyMailboxes => lang.pick(
                "une personne seule, vingt boîtes, de la patience : elle est comptée vingt fois, et l’exercice le montre",
                "one person, twenty mailboxes, patience: counted twenty times, and the drill shows it",
            ),
            Self::PreEmption => lang.pick(
                "les adresses de quarante personnes sont saisies avant qu’elles ne signent elles-mêmes",
                "the addresses of forty people are entered before they sign themselves",
            ),
            Self::LowAndSlow => lang.pick(
                "par quelques plages étroites, jour et nuit, douze mille signatures forgées et confirmées en dix jours (temps et nombre comprimés)",
                "through a few narrow ranges, day and night, twelve thousand forged and confirmed in ten days (time and size compressed)",
            ),
            Self::BrowserFarm => lang.pick(
                "de vrais navigateurs, pilotés, mille signatures par jour, souvent depuis des lignes de foyers (temps et nombre comprimés)",
                "real browsers, driven, a thousand signatures a day, often on lines like homes (time and size compressed)",
            ),
            Self::StoredUp => lang.pick(
                "des signatures forgées attendent des jours sans confirmation, puis sont confirmées toutes ensemble (temps et nombre comprimés)",
                "forged signatures wait unconfirmed for days, then are confirmed all at once (time and size compressed)",
            ),
            Self::StolenIdentities => lang.pick(
                "une liste d’identités volées est signée de haut en bas, quelques centaines chaque minuit (temps et nombre comprimés)",
                "a list of stolen identities is signed from top to bottom, some hundreds each midnight (time and size compressed)",
            ),
            Self::Brigade => lang.pick(
                "contrôle : une foule de gens réels et hostiles vient se moquer ; aucun n’est suspendu ni invalidé",
                "control: a crowd of real but hostile people comes to mock; none of them is held or invalidated",
            ),
            Self::Noel2020 => lang.pick(
                "trois vagues sur une courbe honnête de 34 000 : signatures forgées de 218 serveurs, requêtes de 4 000 adresses, mille officiels inscrits à leur insu (8 minutes, comprimées)",
                "three waves over an honest curve of 34,000: forged signatures from 218 servers, requests from 4,000 addresses, a thousand officials signed unawares (8 minutes, compressed)",
            ),
        }
    }
}
