//! Which host a request names, and whether this emulator goes by that name: the protection against DNS rebinding.
//!
//! A page whose owner points its domain at this machine still sends that domain as the host. Nobody can point an
//! address elsewhere, so hosts that are addresses are always admitted.

use http::request::Parts;
use http::{Version, header};
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// Names that always mean this machine, and LocalStack's, which its domain resolves to 127.0.0.1.
const LOCAL_NAMES: [&str; 2] = ["localhost", "localhost.localstack.cloud"];
/// Domains that only AWS can point at an address.
const AWS_DOMAINS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
/// The services of this emulator, as their endpoints spell them.
const AWS_SERVICES: [&str; 12] = [
    "apigateway",
    "control-kinesis",
    "data-kinesis",
    "execute-api",
    "iam",
    "kinesis",
    "lambda",
    "logs",
    "monitoring",
    "queue",
    "sqs",
    "sts",
];

/// A host that `--allowed-host` admits: a name, or `*.` and the domain whose subdomains it admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost(String);

/// A value of `--allowed-host` that is not a host name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a host name: give a name without scheme and port, or *.DOMAIN for its subdomains")]
pub struct NotAHost(String);

impl FromStr for AllowedHost {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let name = text.strip_prefix("*.").unwrap_or(text);
        if is_name(name) { Ok(Self(text.to_ascii_lowercase())) } else { Err(NotAHost(text.to_owned())) }
    }
}

impl AllowedHost {
    fn admits(&self, name: &str) -> bool {
        match self.0.strip_prefix('*') {
            Some(domain) => name.len() > domain.len() && name.ends_with(domain),
            None => name == self.0,
        }
    }
}

/// Why a request's host is unknown. Each is a 400 (RFC 9112, 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHost {
    /// HTTP/1 without the header, or HTTP/2 without an authority.
    #[error("the request names no host")]
    Missing,
    /// Two headers, or one that differs from the request line's own.
    #[error("the request names two hosts")]
    Twice,
    /// Neither a name nor an address.
    #[error("the request's host is malformed")]
    Malformed,
}

/// The host that a request names, with its port if it has one. Fails with [`BadHost`] if there is not exactly one.
pub fn of(request: &Parts) -> Result<&str, BadHost> {
    let mut headers = request.headers.get_all(header::HOST).iter();
    let header = headers.next().map(|value| value.to_str().map_err(|_| BadHost::Malformed)).transpose()?;
    if headers.next().is_some() {
        return Err(BadHost::Twice);
    }
    let authority = request.uri.authority().map(http::uri::Authority::as_str);
    let host = match (header, authority) {
        (Some(header), Some(authority)) if !is_same(header, authority) => return Err(BadHost::Twice),
        (Some(header), _) => header,
        (None, Some(authority)) if request.version >= Version::HTTP_2 => authority,
        (None, _) => return Err(BadHost::Missing),
    };
    name(host).map(|_| host).ok_or(BadHost::Malformed)
}

/// Whether two hosts are the same; one may leave out HTTP's default port.
pub fn is_same(one: &str, other: &str) -> bool {
    let bare = |host: &str| host.strip_suffix(":80").map_or(host.len(), str::len);
    one[..bare(one)].eq_ignore_ascii_case(&other[..bare(other)])
}

/// A host without its port, as far as it can be parsed.
pub(super) fn without_port(host: &str) -> &str {
    name(host).unwrap_or(host)
}

/// Whether a host is a name or an address of this emulator.
pub fn is_admitted(host: &str, allowed: &[AllowedHost]) -> bool {
    let Some(name) = name(host) else { return false };
    if is_address(name) {
        return true;
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_local =
        |local: &str| name.strip_suffix(local).is_some_and(|below| below.is_empty() || below.ends_with('.'));
    LOCAL_NAMES.into_iter().any(is_local) || is_aws(&name) || allowed.iter().any(|host| host.admits(&name))
}

/// `{service}`, `{service}.{region}`, `{account or api}.{service}.{region}` or `{region}.queue` below a domain of AWS,
/// with or without `-fips` after the service.
fn is_aws(name: &str) -> bool {
    let Some(below) = AWS_DOMAINS.iter().find_map(|domain| name.strip_suffix(domain)) else { return false };
    let is_service = |label: &str| AWS_SERVICES.contains(&label.strip_suffix("-fips").unwrap_or(label));
    let mut labels = [""; 3];
    for (index, label) in below.split('.').enumerate() {
        match labels.get_mut(index) {
            Some(place) if !label.is_empty() => *place = label,
            _ => return false,
        }
    }
    match labels {
        [service, _, ""] if is_service(service) => true,
        [_, "queue", ""] => true,
        [_, service, region] => !region.is_empty() && is_service(service),
    }
}

/// A host without its port; `None` where it is malformed.
fn name(host: &str) -> Option<&str> {
    if let Some(rest) = host.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        address.parse::<Ipv6Addr>().ok()?;
        return is_port(port).then_some(&host[..address.len() + 2]);
    }
    let name = host.split(':').next().unwrap_or_default();
    (is_name(name.strip_suffix('.').unwrap_or(name)) && is_port(&host[name.len()..])).then_some(name)
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

fn is_address(name: &str) -> bool {
    name.starts_with('[') || name.parse::<IpAddr>().is_ok()
}

/// Letters, digits, hyphens and underscores, separated by single dots.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    #[test]
    fn addresses_local_names_and_aws_names_are_admitted() {
        for host in [
            "127.0.0.1:4566",
            "127.0.0.1",
            "[::1]:4566",
            "0.0.0.0:4566",
            "172.17.0.2:4566",
            "localhost",
            "LocalHost:4566",
            "localhost.:4566",
            "abc.localhost:4566",
            "localhost.localstack.cloud:4566",
            "abc.execute-api.localhost.localstack.cloud:4566",
            "abc.execute-api.us-east-1.amazonaws.com",
            "abc.execute-api.cn-north-1.amazonaws.com.cn",
            "kinesis.us-east-1.amazonaws.com:443",
            "kinesis-fips.us-east-1.amazonaws.com",
            "000000000000.control-kinesis.us-east-1.amazonaws.com",
            "iam.amazonaws.com",
            "us-east-1.queue.amazonaws.com",
            "lambda.us-east-1.api.aws",
        ] {
            assert!(is_admitted(host, &[]), "{host}");
        }
    }

    #[test]
    fn every_other_name_is_refused() {
        for host in [
            "",
            "evil.example",
            "evil.example:4566",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "evil-localhost.localstack.cloud.example",
            "notlocalhost.localstack.cloud",
            "sluicegate",
            "host.docker.internal",
            "amazonaws.com",
            ".amazonaws.com",
            "evil.amazonaws.com",
            "evil.s3.us-east-1.amazonaws.com",
            "bucket.s3.amazonaws.com",
            "ec2-1-2-3-4.compute-1.amazonaws.com",
            "x.lb.sqs.us-east-1.amazonaws.com",
            "evilamazonaws.com",
            "127.0.0.1:4566:4566",
            "127.0.0.1:x",
            "[::1",
            "[evil.example]",
            "user@localhost",
            "local host",
        ] {
            assert!(!is_admitted(host, &[]), "{host}");
        }
    }

    #[test]
    fn a_host_that_was_allowed_is_admitted() {
        let allowed = ["emulator", "*.Example.test"].map(|name| name.parse().unwrap());
        for (host, is_in) in [
            ("emulator:4566", true),
            ("EMULATOR", true),
            ("a.example.test", true),
            ("a.b.example.test:80", true),
            ("example.test", false),
            ("evilexample.test", false),
            ("emulators", false),
        ] {
            assert_eq!(is_admitted(host, &allowed), is_in, "{host}");
        }
        for wrong in ["", "*", "*.", "http://x", "x:4566", "a b", "a..b"] {
            assert!(wrong.parse::<AllowedHost>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_request_names_exactly_one_host() {
        let named = of;
        let of = |version, uri: &str, hosts: &[&str]| {
            let mut request = Request::builder().version(version).uri(uri);
            for host in hosts {
                request = request.header("host", *host);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            named(&parts).map(str::to_owned)
        };
        let (one, two) = (Version::HTTP_11, Version::HTTP_2);
        let found = |host: &str| Ok(host.to_owned());
        assert_eq!(of(one, "/", &["a:1"]), found("a:1"));
        assert_eq!(of(one, "http://a/", &["A:80"]), found("A:80"));
        assert_eq!(of(two, "http://a:1/", &[]), found("a:1"));
        assert_eq!(of(one, "/", &[]), Err(BadHost::Missing));
        assert_eq!(of(Version::HTTP_10, "/", &[]), Err(BadHost::Missing));
        assert_eq!(of(one, "http://a/", &[]), Err(BadHost::Missing));
        assert_eq!(of(one, "/", &["a", "a"]), Err(BadHost::Twice));
        assert_eq!(of(one, "http://evil.example/", &["localhost"]), Err(BadHost::Twice));
        assert_eq!(of(two, "http://evil.example/", &["localhost"]), Err(BadHost::Twice));
        assert_eq!(of(one, "/", &[""]), Err(BadHost::Malformed));
        assert_eq!(of(one, "/", &["a/b"]), Err(BadHost::Malformed));
    }
}
