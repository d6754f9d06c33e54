//! Links to share a petition: plain addresses that a browser opens when they are clicked, and not before.
//!
//! None tells the other side more than the address of the petition and its title: no identity, no campaign mark, and
//! `noreferrer` keeps back where the click came from. Services without such a link (Signal) take the copied address.

use std::fmt::Write as _;

use askama::Template;

use super::model::Frame;

/// A way to share.
pub(crate) struct ShareLink {
    /// Name of the service, a proper noun; for what is none, the id of a message.
    name: Name,
    /// Where the link leads.
    pub(crate) href: String,
    /// Opens another site, in a tab of its own.
    pub(crate) is_elsewhere: bool,
}

enum Name {
    Proper(&'static str),
    Message(&'static str),
}

/// The part of a page that offers to share a petition.
#[derive(Template)]
#[template(path = "share.html")]
pub(crate) struct Share<'a> {
    pub(crate) f: &'a Frame<'a>,
    pub(crate) slug: &'a str,
    pub(crate) title: &'a str,
}

impl Share<'_> {
    /// The address that is shared, in the language of this page.
    fn address(&self) -> String {
        self.f.absolute(format!("/p/{}", self.slug))
    }

    /// What is said beside it.
    fn words(&self) -> String {
        self.f.lang.fill("share-words", &[("title", self.title.into())])
    }

    fn links(&self) -> Vec<ShareLink> {
        let address = encoded(&self.address());
        let (words, title) = (encoded(&self.words()), encoded(self.title));
        let both = encoded(&format!("{}\n{}", self.words(), self.address()));
        let here = |name, href| ShareLink {
            name: Name::Message(name),
            href,
            is_elsewhere: false,
        };
        let elsewhere = |name, href| ShareLink {
            name: Name::Proper(name),
            href,
            is_elsewhere: true,
        };
        vec![
            here("share-mail", format!("mailto:?subject={title}&body={both}")),
            here("share-sms", format!("sms:?&body={both}")),
            elsewhere("WhatsApp", format!("https://wa.me/?text={both}")),
            elsewhere("Telegram", format!("https://t.me/share/url?url={address}&text={words}")),
            elsewhere(
                "Facebook",
                format!("https://www.facebook.com/sharer/sharer.php?u={address}"),
            ),
            elsewhere("Bluesky", format!("https://bsky.app/intent/compose?text={both}")),
            elsewhere("X", format!("https://x.com/intent/post?text={words}&url={address}")),
            elsewhere(
                "LinkedIn",
                format!("https://www.linkedin.com/sharing/share-offsite/?url={address}"),
            ),
        ]
    }
}

impl ShareLink {
    fn name(&self, f: &Frame<'_>) -> String {
        match self.name {
            Name::Proper(name) => name.to_owned(),
            Name::Message(id) => f.t(id),
        }
    }
}

/// Percent-encodes all but unreserved characters (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing into a string does not fail");
        }
    }
    out
}
