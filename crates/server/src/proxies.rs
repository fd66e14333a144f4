//! Where a call comes from, behind a proxy.
//!
//! A proxy adds the address that it was called from to `X-Forwarded-For`, on the right. Only what a proxy of the
//! settings has written is believed: from the right, each entry is believed for as long as the one who wrote
//! it is trusted. The first address that is no such proxy is whoever calls; what stands to its left is what
//! that one claims, and counts for nothing.

use axum::http::HeaderMap;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The proxies that are believed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Proxies(Vec<Network>);

/// An address and how many of its leading bits count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Network {
    address: u128,
    bits: u32,
}

impl FromStr for Proxies {
    type Err = ();

    /// Reads `10.0.0.0/8, ::1`.
    fn from_str(text: &str) -> Result<Proxies, ()> {
        let written = text.split(',').map(str::trim).filter(|network| !network.is_empty());
        written.map(Network::read).collect::<Option<_>>().map(Proxies).ok_or(())
    }
}

impl Network {
    fn read(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(longest);
        // An IPv4 address is looked at as the IPv6 address that it is mapped to.
        let bits = (bits <= longest).then_some(bits.saturating_add(128 - longest))?;
        Some(Network { address: number(address), bits })
    }

    fn holds(&self, address: IpAddr) -> bool {
        let differing = self.address ^ number(address);
        differing.leading_zeros() >= self.bits
    }
}

impl Proxies {
    /// Where a call comes from that was made from `connected`, with these headers.
    pub(crate) fn caller(&self, connected: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = connected;
        let lines: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .map(|line| line.to_str().unwrap_or_default())
            .collect();
        let said = lines.iter().flat_map(|line| line.split(',')).rev();
        for entry in said {
            if !self.trust(caller) {
                break;
            }
            // What cannot be read was written by nobody who is believed: it is the last proxy's call.
            let Some(address) = read(entry.trim()) else { break };
            caller = address;
        }
        caller
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// An address, perhaps with a port.
fn read(text: &str) -> Option<IpAddr> {
    let plain = text.trim_start_matches('[').trim_end_matches(']');
    plain.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(trusted: &str, connected: &str, forwarded: &[&str], caller: &str) {
        let proxies: Proxies = trusted.parse().unwrap();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let found = proxies.caller(connected.parse().unwrap(), &headers);
        assert_eq!(found, caller.parse::<IpAddr>().unwrap());
    }

    #[test]
    fn only_what_a_trusted_proxy_wrote_is_believed() {
        check("", "10.0.0.1", &["1.2.3.4"], "10.0.0.1");
        check("10.0.0.0/8", "10.0.0.1", &["1.2.3.4"], "1.2.3.4");
        check("10.0.0.0/8", "11.0.0.1", &["1.2.3.4"], "11.0.0.1");
        check("10.0.0.0/8", "10.0.0.1", &["6.6.6.6, 1.2.3.4, 10.9.9.9"], "1.2.3.4");
        check("10.0.0.0/8", "10.0.0.1", &["6.6.6.6", "1.2.3.4:5678"], "1.2.3.4");
        check("10.0.0.0/8", "10.0.0.1", &["1.2.3.4, unknown"], "10.0.0.1");
        check("10.0.0.0/8", "10.0.0.1", &[], "10.0.0.1");
        check("127.0.0.1", "::ffff:127.0.0.1", &["2001:db8::7"], "2001:db8::7");
        check("fd00::/8", "fd12::1", &["[2001:db8::7]:80"], "2001:db8::7");
        check("10.0.0.0/8", "10.0.0.1", &["10.0.0.2, 10.0.0.3"], "10.0.0.2");
    }

    #[test]
    fn networks_that_are_none_are_refused() {
        for wrong in ["10.0.0.0/33", "x", "10.0.0.0/", "::/129", "10.0.0"] {
            assert!(wrong.parse::<Proxies>().is_err(), "{wrong}");
        }
    }
}
