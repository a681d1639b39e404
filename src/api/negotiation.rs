//! In which form an answer is wanted.
//!
//! Comes in: the headers `Accept` and `Accept-Encoding` (RFC 9110 section 12.5). Goes out: one of the forms that we have. What
//! cannot be read is left out; where nothing fits, the oldest form is given, as other exporters do, and no refusal.

use axum::http::header::{ACCEPT, ACCEPT_ENCODING};
use axum::http::{HeaderMap, HeaderName};

use crate::metrics::ExpositionFormat;

/// Most members of a header that are read; guards against a list that is sent to be slow.
const MAX_MEMBERS: usize = 32;

/// The highest weight, in thousandths.
const FULL_WEIGHT: u16 = 1000;

/// The format of the exposition that a reader would rather have.
pub(super) fn exposition_format(headers: &HeaderMap) -> ExpositionFormat {
    let weight = |format| {
        members(headers, &ACCEPT)
            .filter_map(|member| Some((specificity(format, &member)?, member.weight)))
            // The most specific range that fits decides.
            .max_by_key(|(specificity, weight)| (*specificity, *weight))
            .map_or(0, |(_, weight)| weight)
    };
    if weight(ExpositionFormat::OpenMetrics) > weight(ExpositionFormat::Text) {
        ExpositionFormat::OpenMetrics
    } else {
        ExpositionFormat::Text
    }
}

/// Tells whether an answer may be packed with gzip.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let weight_of = |name: &str| {
        members(headers, &ACCEPT_ENCODING)
            .filter(|member| member.name.eq_ignore_ascii_case(name))
            .map(|member| member.weight)
            .max()
    };
    weight_of("gzip").or_else(|| weight_of("*")).is_some_and(|weight| weight > 0)
}

/// A member of a list: a name, its parameters, its weight in thousandths.
struct Member<'h> {
    name: &'h str,
    version: Option<&'h str>,
    weight: u16,
}

fn members<'h>(
    headers: &'h HeaderMap,
    header: &HeaderName,
) -> impl Iterator<Item = Member<'h>> + use<'h> {
    headers
        .get_all(header)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .take(MAX_MEMBERS)
        .filter_map(member)
}

fn member(text: &str) -> Option<Member<'_>> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let mut member = Member { name, version: None, weight: FULL_WEIGHT };
    for part in parts {
        let Some((key, value)) = part.split_once('=') else { continue };
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "q" => member.weight = weight(value)?,
            "version" => member.version = Some(value.trim_matches('"')),
            _ => {}
        }
    }
    Some(member)
}

/// Reads `0` to `1` with at most three decimals.
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_plain = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (is_plain, whole) {
        (true, "0") => Some(thousandths),
        (true, "1") if thousandths == 0 => Some(FULL_WEIGHT),
        _ => None,
    }
}

/// How closely a range of media types fits a format; nothing if it does not.
fn specificity(format: ExpositionFormat, member: &Member<'_>) -> Option<u8> {
    let (name, class, version) = match format {
        ExpositionFormat::Text => ("text/plain", "text/*", "0.0.4"),
        ExpositionFormat::OpenMetrics => ("application/openmetrics-text", "application/*", "1.0.0"),
    };
    let is = |range: &str| member.name.eq_ignore_ascii_case(range);
    match member.version {
        Some(wanted) if is(name) && wanted == version => Some(3),
        None if is(name) => Some(2),
        None if is(class) => Some(1),
        None if is("*/*") => Some(0),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExpositionFormat::{OpenMetrics, Text};

    #[test]
    fn the_format_with_the_highest_weight_is_given_and_text_where_nothing_fits() {
        for (accept, expected) in [
            // Prometheus 2.42, and 3.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                 text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                OpenMetrics,
            ),
            (
                "text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4",
                Text,
            ),
            ("application/openmetrics-text", OpenMetrics),
            ("Application/OpenMetrics-Text; Version=\"1.0.0\"", OpenMetrics),
            ("application/openmetrics-text;version=0.0.1", Text),
            ("application/openmetrics-text;version=2.0.0, text/plain;q=0.1", Text),
            ("application/openmetrics-text;q=0, */*", Text),
            ("application/openmetrics-text, text/plain", Text),
            ("application/*;q=0.9, text/*;q=0.8", OpenMetrics),
            ("*/*;q=1, text/plain;q=0.1", OpenMetrics),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Text),
            ("application/openmetrics-text;q=1.5, text/plain;q=0.1", Text),
            ("application/openmetrics-text;q=x;version", Text),
            ("", Text),
            (";;,,=;q=1", Text),
        ] {
            assert_eq!(exposition_format(&headers(&ACCEPT, accept)), expected, "{accept}");
        }
        assert_eq!(exposition_format(&HeaderMap::new()), Text);
    }

    #[test]
    fn gzip_is_used_where_it_is_taken() {
        for (accept, expected) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0, *", false),
            ("gzip; q=0.000", false),
            ("identity", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(&headers(&ACCEPT_ENCODING, accept)), expected, "{accept}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    fn headers(name: &HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.clone(), value.parse().unwrap())])
    }
}
