//! Calls that the server makes itself: to receivers of webhooks and to the provider of the desk's sign-in.
//!
//! Whoever may name an address that the server calls must not reach with it what only the server can reach:
//! so an address is looked at *after* its name was resolved, on every new connection, and the connection goes
//! to the address that was looked at. Redirects are not followed, and no proxy is taken from the environment.
//! Time and length of an answer are bounded.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;
use thiserror::Error;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, config::Config};

/// How long a call may take altogether.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);
/// The longest URL that is taken, in bytes.
const URL_BYTES_MAX: usize = 2_000;

/// A caller of other people's servers.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    agent: Agent,
    allow_private: bool,
}

/// What was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Answered {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body, as far as it was wanted; empty if it could not be read as text.
    pub(crate) text: String,
}

/// Why a URL is not called. Whoever gave it gives another.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub(crate) enum UrlError {
    /// It is no URL of HTTP, or has parts that it must not have.
    #[error("url: {0}")]
    Unusable(&'static str),
    /// It is not reached by TLS.
    #[error("url: https is wanted")]
    NotSecure,
    /// It names an address that only this network reaches.
    #[error("url: {0} is no address of the public internet")]
    Private(IpAddr),
}

impl Outgoing {
    /// A caller. With `allow_private` also addresses of this machine and network are called, and plain HTTP;
    /// `roots` are trusted instead of those of the public internet, if there are any.
    pub(crate) fn new(allow_private: bool, roots: &[Certificate<'static>]) -> Outgoing {
        let trusted = match roots {
            [] => RootCerts::WebPki,
            roots => RootCerts::new_with_certs(roots),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("seatledger/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(trusted).build())
            .build();
        let resolver = Looking { allow_private, resolver: DefaultResolver::default() };
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        Outgoing { agent, allow_private }
    }

    /// Refuses a URL that would never be called. What its name leads to is looked at again with each call.
    pub(crate) fn check(&self, url: &str) -> Result<(), UrlError> {
        if url.len() > URL_BYTES_MAX {
            return Err(UrlError::Unusable("it is too long"));
        }
        let uri: Uri = url.parse().map_err(|_| UrlError::Unusable("it is no URL"))?;
        let authority = uri.authority().ok_or(UrlError::Unusable("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(UrlError::Unusable("a name or password in it is not sent"));
        }
        if url.contains('#') {
            return Err(UrlError::Unusable("a fragment (#) is not sent"));
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if self.allow_private => {}
            Some("http") => return Err(UrlError::NotSecure),
            _ => return Err(UrlError::Unusable("it is not https")),
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(address) if !self.allow_private && !is_public(address) => {
                Err(UrlError::Private(address))
            }
            _ => Ok(()),
        }
    }

    /// Sends a body with headers; reads at most `wanted` bytes of the answer.
    pub(crate) fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
        wanted: u64,
    ) -> Result<Answered, String> {
        let mut request = self.agent.post(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answered(request.send(body), wanted)
    }

    /// Fetches something; reads at most `wanted` bytes of the answer.
    pub(crate) fn get(&self, url: &str, wanted: u64) -> Result<Answered, String> {
        answered(self.agent.get(url).header("accept", "application/json").call(), wanted)
    }
}

/// The certificates of a PEM file.
pub(crate) fn roots(path: &Path) -> io::Result<Vec<Certificate<'static>>> {
    let content = std::fs::read(path)?;
    let read = CertificateDer::pem_slice_iter(&content);
    let read = read.map(|found| found.map(|der| Certificate::from_der(&der).to_owned()));
    let wrong = |error| io::Error::other(format!("{}: {error}", path.display()));
    let read = read.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    match read.is_empty() {
        true => Err(io::Error::other(format!("{}: it holds no certificate", path.display()))),
        false => Ok(read),
    }
}

fn answered(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    wanted: u64,
) -> Result<Answered, String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let read = answer.body_mut().with_config().limit(wanted).read_to_string();
    Ok(Answered { status, text: read.unwrap_or_default() })
}

/// Resolves names, and leaves out what must not be called.
#[derive(Debug)]
struct Looking {
    allow_private: bool,
    resolver: DefaultResolver,
}

impl Resolver for Looking {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.resolver.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in &*found {
            if self.allow_private || is_public(address.ip()) {
                kept.push(*address);
            }
        }
        if kept.is_empty() {
            let host = uri.host().unwrap_or_default();
            let why = format!("{host} leads to no address of the public internet");
            return Err(ureq::Error::Other(why.into()));
        }
        Ok(kept)
    }
}

/// Whether an address is one of the public internet, as IANA's registries of special addresses say.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let within = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        // An IPv4 address in another dress: mapped, translated (NAT64), or 6to4.
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => within(g, h),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => within(g, h),
        (0x2002, _) => within(b, c),
        // Teredo and other protocol assignments, benchmarks, documentation.
        (0x2001, 0..0x200 | 0xdb8) | (0x3fff, 0..0x1000) => false,
        // All that was ever given out is in 2000::/3.
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_this_network_reaches_is_not_public() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "64:ff9b:1::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn urls_that_would_never_be_called_are_refused() {
        let (public, private) = (Outgoing::new(false, &[]), Outgoing::new(true, &[]));
        assert_eq!(public.check("https://example.com/hook?x=1"), Ok(()));
        assert_eq!(public.check("http://example.com"), Err(UrlError::NotSecure));
        let metadata = "169.254.169.254".parse().unwrap();
        assert_eq!(public.check("https://169.254.169.254/"), Err(UrlError::Private(metadata)));
        assert!(public.check("https://[::1]:8/").is_err());
        for wrong in ["", "/hook", "ftp://example.com", "https://a:b@example.com", "https://x/#y"] {
            assert!(public.check(wrong).is_err() && private.check(wrong).is_err(), "{wrong}");
        }
        assert_eq!(private.check("http://127.0.0.1:8080/hook"), Ok(()));
    }

    #[test]
    fn a_name_that_leads_to_this_machine_is_not_called() {
        let said = Outgoing::new(false, &[]).post("https://localhost:1/", &[], "", 10).unwrap_err();
        assert!(said.contains("no address of the public internet"), "{said}");
    }
}
