//! Styles and scripts, inside the binary: no folder to deploy, no third party to ask.
//!
//! An address holds the hash of its content, so it can be cached for ever. A page cached from before an upgrade asks for
//! an old hash; it gets today's content, marked not to be kept, rather than a page without style or script.

/// A file as it is served.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// The content as it is.
    pub bytes: &'static [u8],
    /// The same, gzip, for `Accept-Encoding: gzip`.
    pub gzip: &'static [u8],
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Strong `ETag` of the content as it is, quotes included.
    pub etag: &'static str,
    /// The same of the compressed bytes.
    pub gzip_etag: &'static str,
    /// The address named this very content: `Cache-Control: public, max-age=31536000, immutable`. Else `no-cache`.
    pub immutable: bool,
}

struct Embedded {
    name: &'static str,
    hash: &'static str,
    etag: &'static str,
    gzip_etag: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The asset at a path such as `/assets/0123456789abcdef/site.css`.
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    let (hash, name) = path.strip_prefix("/assets/")?.split_once('/')?;
    let found = ASSETS.iter().find(|asset| asset.name == name)?;
    Some(Asset {
        bytes: found.bytes,
        gzip: found.gzip,
        content_type: found.content_type,
        etag: found.etag,
        gzip_etag: found.gzip_etag,
        immutable: found.hash == hash,
    })
}

#[cfg(test)]
mod tests {
    use super::{SITE_CSS, asset};

    #[test]
    fn an_address_names_its_content_and_an_old_one_still_answers() {
        let today = asset(SITE_CSS).expect("embedded");
        assert!(today.immutable && today.gzip.len() < today.bytes.len());
        let old = asset("/assets/0000000000000000/site.css").expect("known name");
        assert!(!old.immutable && old.etag == today.etag);
        for stranger in [
            "/assets/site.css",
            "/assets/x/LICENSE.txt",
            "/assets/x/../site.css",
            "/site.css",
        ] {
            assert!(asset(stranger).is_none(), "{stranger}");
        }
    }
}
