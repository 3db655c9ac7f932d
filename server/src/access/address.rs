//! Where a request comes from: the connection's own address, or what a trusted proxy says.

use std::net::{IpAddr, Ipv6Addr};

/// A range of addresses: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: u128,
    /// Leading bits that count.
    bits: u32,
}

/// Several ranges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

/// A client as limits count it: an IPv4 address, or the /64 of an IPv6 one, which one customer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(u128);

impl Network {
    /// `None` when `text` is no range.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then(|| Self { address: wide(address), bits: bits + (128 - most) })
    }

    fn holds(self, address: IpAddr) -> bool {
        let differing = self.address ^ wide(address);
        self.bits == 0 || differing >> (128 - self.bits) == 0
    }
}

impl Networks {
    /// Ranges that parse; the others were refused when the settings were read.
    pub fn new(texts: &[String]) -> Self {
        Self(texts.iter().filter_map(|t| Network::parse(t)).collect())
    }

    pub fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|n| n.holds(address))
    }

    /// The client behind trusted proxies: the last address of `forwarded` (`X-Forwarded-For`) that is
    /// no trusted proxy. Anything before it was written by somebody who is not trusted.
    pub fn client(&self, peer: IpAddr, forwarded: Option<&str>) -> IpAddr {
        let mut client = peer;
        if !self.hold(client) {
            return client;
        }
        for part in forwarded.unwrap_or_default().rsplit(',').take(32) {
            let Ok(address) = part.trim().parse() else { break };
            client = address;
            if !self.hold(client) {
                break;
            }
        }
        client
    }
}

impl ClientAddress {
    /// Whether it is this machine.
    pub fn is_own(self) -> bool {
        let address = Ipv6Addr::from(self.0);
        // ::1 counts as its /64.
        self.0 == 0 || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        let wide = wide(address);
        let v4 = Ipv6Addr::from(wide).to_ipv4_mapped().is_some();
        Self(if v4 { wide } else { wide >> 64 << 64 })
    }
}

/// All addresses as IPv6.
fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_hold_what_they_say() {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.1.2", "11.0.0.1"),
            ("192.168.1.7", "192.168.1.7", "192.168.1.8"),
            ("::1", "::1", "::2"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
            ("0.0.0.0/0", "1.2.3.4", "2001:db8::1"),
        ] {
            let network = Network::parse(range).unwrap();
            assert!(network.holds(ip(inside)) && !network.holds(ip(outside)), "{range}");
        }
        for bad in ["", "10.0.0.0/33", "::/129", "a.b.c.d", "10.0.0.0/-1"] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = Networks::new(&["10.0.0.0/8".to_owned()]);
        let client = |peer: &str, header: Option<&str>| trusted.client(ip(peer), header);
        assert_eq!(client("203.0.113.9", Some("1.2.3.4")), ip("203.0.113.9"), "a forged header");
        assert_eq!(client("10.0.0.1", Some("1.2.3.4")), ip("1.2.3.4"));
        assert_eq!(client("10.0.0.1", Some("6.6.6.6, 1.2.3.4, 10.0.0.2")), ip("1.2.3.4"));
        assert_eq!(client("10.0.0.1", Some("6.6.6.6, nonsense")), ip("10.0.0.1"));
        assert_eq!(client("10.0.0.1", None), ip("10.0.0.1"));
    }

    #[test]
    fn one_customer_of_ipv6_counts_once() {
        let of = |text| ClientAddress::from(ip(text));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert!(of("::1").is_own() && of("127.0.0.1").is_own());
        assert!(!of("192.0.2.1").is_own() && !of("2001:db8::1").is_own());
    }
}
