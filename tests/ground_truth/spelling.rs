//! One spelling for a name, whoever wrote it.
//!
//! Tools differ in case, in the final dot of a name, in the port behind a host, in how they show bytes that
//! are not printable ASCII (escapes, U+FFFD, question marks), and nDPI cuts long names. What is compared
//! is therefore: lower case, no final dot, no port, and `?` for each run of odd bytes.

/// Bytes that nDPI keeps of a host name: `host_server_name` of its `ndpi_typedefs.h` less the final zero.
const NDPI_NAME: usize = 79;

/// Characters of a name that are compared: a longer one is no domain name (RFC 1035, 2.3.4), and may be cut.
const MAX_NAME: usize = 253;

/// A domain name, or none: the root, and what tshark writes in place of a name (`<Root>`, `<Name too long>`).
pub(crate) fn domain(name: &str) -> Option<String> {
    if name.contains('<') && name.ends_with('>') {
        return None;
    }
    let mut plain = String::new();
    let mut rest = name.trim().chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => plain.push(escaped(&mut rest)),
            ' '..='~' => plain.push(c.to_ascii_lowercase()),
            _ => plain.push('?'),
        }
    }
    let mut name = String::new();
    for c in plain.trim_end_matches('.').chars() {
        if c != '?' || !name.ends_with('?') {
            name.push(c);
        }
    }
    name.truncate(MAX_NAME);
    (!name.is_empty()).then_some(name)
}

/// The host of an authority (RFC 3986, 3.2): without user, port and the brackets of an IPv6 address.
pub(crate) fn host(authority: &str) -> Option<String> {
    let authority = authority.trim();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => match host.split_once(':') {
            Some((host, port)) if !port.contains(':') => host,
            _ => host,
        },
    };
    domain(host)
}

/// The host of a request target that has one: the authority form and the absolute form (RFC 9112, 3.2).
pub(crate) fn host_of_target(method: &str, target: &str) -> Option<String> {
    if method == "CONNECT" {
        return host(target);
    }
    let (_, rest) = target.split_once("://")?;
    host(rest.split(['/', '?']).next()?)
}

/// What a record says: `owner TYPE content`; the content only of types that each tool spells alike.
pub(crate) fn answer(owner: &str, rtype: &str, content: &str) -> Option<String> {
    let owner = domain(owner)?;
    let rtype = rtype.to_ascii_uppercase();
    let content = match rtype.as_str() {
        "A" | "AAAA" => content.parse::<std::net::IpAddr>().ok()?.to_string(),
        "CNAME" | "PTR" => domain(content)?,
        // tshark's table has no owner of these: it takes the name apart.
        "SRV" => return None,
        "UNUSED" => return Some(format!("{owner} 0")),
        _ => return Some(format!("{owner} {rtype}")),
    };
    Some(format!("{owner} {rtype} {content}"))
}

/// Whether `shown` is how nDPI cuts `name`.
pub(crate) fn is_cut(shown: &str, name: &str) -> bool {
    shown.len() >= NDPI_NAME && (name.starts_with(shown) || name.ends_with(shown))
}

/// The character behind a backslash: three decimal digits (RFC 1035, 5.1; ours), or an escape of C (tshark).
fn escaped(rest: &mut std::str::Chars<'_>) -> char {
    let digits: String = rest.as_str().chars().take(3).collect();
    match digits.parse::<u8>() {
        Ok(byte) if digits.len() == 3 => {
            rest.nth(2);
            if matches!(byte, b' '..=b'~') { char::from(byte).to_ascii_lowercase() } else { '?' }
        }
        _ => match rest.next() {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v') => '?',
            other => other.unwrap_or('\\'),
        },
    }
}
