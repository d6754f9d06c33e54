//! What scrutiny says: plain facts, what was expected, how sure it is, and the innocent explanation. Texts are messages of
//! `locales/`, found by the keys given here; the numbers go in as arguments.

use paraph_tally::{Millis, PetitionId, SignatureId};

/// A cluster, by its number since the engine began. The same journal gives the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub u16);

/// Families of evidence. What one cause explains is one family, however many facts it shows in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Rented servers, narrow ranges, one place that confirms for many.
    Network,
    /// Handshake, headers, language, script or not.
    Client,
    /// Name, comment, local part, mail domain and its servers.
    Content,
    /// Regularity, night, times of filling in and confirming.
    Time,
    /// Order of a directory, capitals, one mailbox under many spellings, "it wasn't me".
    Identity,
    /// Elsewhere than the petition's audience.
    Geography,
}

impl Family {
    /// All six.
    pub const ALL: [Self; 6] = [
        Self::Network,
        Self::Client,
        Self::Content,
        Self::Time,
        Self::Identity,
        Self::Geography,
    ];

    /// Key of its name.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Network => "scrutiny-family-network",
            Self::Client => "scrutiny-family-client",
            Self::Content => "scrutiny-family-content",
            Self::Time => "scrutiny-family-time",
            Self::Identity => "scrutiny-family-identity",
            Self::Geography => "scrutiny-family-geography",
        }
    }
}

/// What was seen of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// They come from rented servers.
    Hosting,
    /// They come from few networks that are not known to serve homes.
    FewNetworks,
    /// They come from few narrow ranges that are not known to serve homes.
    NarrowRanges,
    /// They were signed in many places and confirmed in few.
    ConfirmedInOnePlace,
    /// They were confirmed from rented servers.
    ConfirmedFromHosting,
    /// They share few clients.
    SameClients,
    /// They came without script.
    NoScript,
    /// They share a language that is rare here.
    SameLanguage,
    /// They share few names.
    SameNames,
    /// They share few comments.
    SameComments,
    /// Their addresses are made after few patterns.
    SamePatterns,
    /// Their mailboxes are at few uncommon domains.
    SameDomains,
    /// Their mailboxes are at domains that hardly anybody else has.
    OwnMail,
    /// They come at regular intervals.
    Regular,
    /// They come at night as by day.
    DayAndNight,
    /// They come in the same few hours of several days, when hardly anybody else does.
    SmallHours,
    /// They took the same time to fill in the form.
    SameFillTime,
    /// They were confirmed after the same time.
    SameGap,
    /// They waited unconfirmed for six hours or longer, while others confirmed as usual.
    StoredUp,
    /// Their names come in the order of a directory.
    DirectoryOrder,
    /// Their names are in capitals.
    Capitals,
    /// Few mailboxes, many spellings.
    ManySpellings,
    /// People say "it wasn't me".
    Disowned,
    /// They come from few countries outside the petition's audience.
    Abroad,
    /// They come from another country than they declare.
    Elsewhere,
}

impl Fact {
    /// Every fact.
    pub const ALL: [Self; 25] = [
        Self::Hosting,
        Self::FewNetworks,
        Self::NarrowRanges,
        Self::ConfirmedInOnePlace,
        Self::ConfirmedFromHosting,
        Self::SameClients,
        Self::NoScript,
        Self::SameLanguage,
        Self::SameNames,
        Self::SameComments,
        Self::SamePatterns,
        Self::SameDomains,
        Self::OwnMail,
        Self::Regular,
        Self::DayAndNight,
        Self::SmallHours,
        Self::SameFillTime,
        Self::SameGap,
        Self::StoredUp,
        Self::DirectoryOrder,
        Self::Capitals,
        Self::ManySpellings,
        Self::Disowned,
        Self::Abroad,
        Self::Elsewhere,
    ];

    /// The family that it belongs to.
    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Self::Hosting
            | Self::FewNetworks
            | Self::NarrowRanges
            | Self::ConfirmedInOnePlace
            | Self::ConfirmedFromHosting => Family::Network,
            Self::SameClients | Self::NoScript | Self::SameLanguage => Family::Client,
            Self::SameNames | Self::SameComments | Self::SamePatterns | Self::SameDomains | Self::OwnMail => {
                Family::Content
            }
            Self::Regular
            | Self::DayAndNight
            | Self::SmallHours
            | Self::SameFillTime
            | Self::SameGap
            | Self::StoredUp => Family::Time,
            Self::DirectoryOrder | Self::Capitals | Self::ManySpellings | Self::Disowned => Family::Identity,
            Self::Abroad | Self::Elsewhere => Family::Geography,
        }
    }

    /// Key of its sentence. Arguments: `seen`, `of`, `values`, `expected`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Hosting => "scrutiny-fact-hosting",
            Self::FewNetworks => "scrutiny-fact-few-networks",
            Self::NarrowRanges => "scrutiny-fact-narrow-ranges",
            Self::ConfirmedInOnePlace => "scrutiny-fact-confirmed-in-one-place",
            Self::ConfirmedFromHosting => "scrutiny-fact-confirmed-from-hosting",
            Self::SameClients => "scrutiny-fact-same-clients",
            Self::NoScript => "scrutiny-fact-no-script",
            Self::SameLanguage => "scrutiny-fact-same-language",
            Self::SameNames => "scrutiny-fact-same-names",
            Self::SameComments => "scrutiny-fact-same-comments",
            Self::SamePatterns => "scrutiny-fact-same-patterns",
            Self::SameDomains => "scrutiny-fact-same-domains",
            Self::OwnMail => "scrutiny-fact-own-mail",
            Self::Regular => "scrutiny-fact-regular",
            Self::DayAndNight => "scrutiny-fact-day-and-night",
            Self::SmallHours => "scrutiny-fact-small-hours",
            Self::SameFillTime => "scrutiny-fact-same-fill-time",
            Self::SameGap => "scrutiny-fact-same-gap",
            Self::StoredUp => "scrutiny-fact-stored-up",
            Self::DirectoryOrder => "scrutiny-fact-directory-order",
            Self::Capitals => "scrutiny-fact-capitals",
            Self::ManySpellings => "scrutiny-fact-many-spellings",
            Self::Disowned => "scrutiny-fact-disowned",
            Self::Abroad => "scrutiny-fact-abroad",
            Self::Elsewhere => "scrutiny-fact-elsewhere",
        }
    }

    /// Whether a crowd of people cannot easily show it, however it is brought together: a machine's mark. Without one, a
    /// cluster is shown and not held.
    pub(crate) fn is_a_mark(self) -> bool {
        matches!(self.family(), Family::Time | Family::Identity)
            || matches!(
                self,
                Self::Hosting | Self::ConfirmedInOnePlace | Self::ConfirmedFromHosting
            )
    }
}

/// One fact about a group of members that was looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// What was seen.
    pub fact: Fact,
    /// Members that show it.
    pub seen: u32,
    /// Members that were looked at.
    pub of: u32,
    /// Different values among those that show it; 0 where that means nothing. Of times that hardly differ: by how many per cent
    /// they do, the middle half of them.
    pub values: u32,
    /// Of as many honest people, how many would be expected to show it. Of times: by how many per cent theirs differ.
    pub expected: f64,
    /// How surprising that is: 6 is one in a million.
    pub decades: f64,
}

/// What may explain it without anybody having done wrong. Printed beside the evidence, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Innocent {
    /// A school, a town hall, a firm: one place, one mail domain.
    Organisation,
    /// A call with a text to copy.
    FormLetter,
    /// People who live abroad.
    Abroad,
    /// A hostile crowd of real people.
    Brigade,
    /// People behind a service that hides their address, or a firm's own proxy.
    PrivacyService,
    /// An association that signs for its members from lists.
    CollectedByOne,
    /// Mail that came hours late, ours or theirs.
    LateMail,
}

impl Innocent {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Organisation,
        Self::FormLetter,
        Self::Abroad,
        Self::Brigade,
        Self::PrivacyService,
        Self::CollectedByOne,
        Self::LateMail,
    ];

    /// Key of its sentence.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Organisation => "scrutiny-innocent-organisation",
            Self::FormLetter => "scrutiny-innocent-form-letter",
            Self::Abroad => "scrutiny-innocent-abroad",
            Self::Brigade => "scrutiny-innocent-brigade",
            Self::PrivacyService => "scrutiny-innocent-privacy-service",
            Self::CollectedByOne => "scrutiny-innocent-collected-by-one",
            Self::LateMail => "scrutiny-innocent-late-mail",
        }
    }
}

/// How sure, in words. Never more than "very likely": that somebody did wrong is not for a program to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Look at it.
    Possible,
    /// Three families agree, or two that are extreme.
    Likely,
    /// Four or more agree, and strongly.
    VeryLikely,
}

impl Confidence {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Possible, Self::Likely, Self::VeryLikely];

    /// Key of its words.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Possible => "scrutiny-confidence-possible",
            Self::Likely => "scrutiny-confidence-likely",
            Self::VeryLikely => "scrutiny-confidence-very-likely",
        }
    }
}

/// What the engine recommends for a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Hold its members, without asking, within the hourly cap.
    Hold,
    /// Show it to a person; its members count meanwhile.
    Ask,
}

impl Advice {
    /// Key of its sentence.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Hold => "scrutiny-advice-hold",
            Self::Ask => "scrutiny-advice-ask",
        }
    }
}

/// What a finding is called by people and in evidence. It is made from what its members share: a cluster that is found
/// again after a restart has its name again, whatever its number then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingName(pub u32);

impl FindingName {
    /// FNV-1a over a description, folded to 32 bits: a name, not a secret.
    pub(crate) fn of(description: &str) -> Self {
        let hash = description.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self((hash >> 32) as u32 ^ hash as u32)
    }

    /// Reads what [`Display`](std::fmt::Display) writes.
    #[must_use]
    pub fn read(typed: &str) -> Option<Self> {
        let is_hex = typed.len() == 8 && typed.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u32::from_str_radix(typed, 16).ok().map(Self))?
    }
}

impl std::fmt::Display for FindingName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// What there is to say about one cluster, and what is new since it was said last.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The cluster.
    pub cluster: ClusterId,
    /// What it is called.
    pub name: FindingName,
    /// Its petition.
    pub petition: PetitionId,
    /// Hold, or ask.
    pub advice: Advice,
    /// First contribution of a member.
    pub first: Millis,
    /// Latest contribution of a member.
    pub last: Millis,
    /// Members by now.
    pub members: u64,
    /// Of these, handed out to be held so far.
    pub held: u64,
    /// Members that wait outside the count because this hour's holds are used up: a person is asked.
    pub over_cap: u64,
    /// Different families that agree, strongest first in `evidence`.
    pub evidence: Vec<Evidence>,
    /// When the evidence was seen: that of a cluster is what its rule was found by, while members go on coming.
    pub seen_at: Millis,
    /// Until when it stands, if nothing of it is seen any more.
    pub until: Millis,
    /// Sum of the families' surprise, in decades.
    pub score: f64,
    /// In words.
    pub confidence: Confidence,
    /// What may explain it innocently.
    pub innocent: Innocent,
    /// Honest people that the rule may have caught, at most, as far as the baselines tell.
    pub may_catch: f64,
    /// To be held now: members that were not handed out before.
    pub to_hold: Vec<SignatureId>,
    /// Of a notice: members that were looked at, for a person to look at too. Empty where members are held.
    pub looked_at: Vec<SignatureId>,
}

impl Finding {
    /// The families that agree, in their order.
    #[must_use]
    pub fn families(&self) -> Vec<Family> {
        let agrees = |family: &Family| self.evidence.iter().any(|evidence| evidence.fact.family() == *family);
        Family::ALL.into_iter().filter(agrees).collect()
    }
}
