//! What expressions may call, and the environment that they are evaluated in.
//!
//! Comes in: nothing. Goes out: the standard functions of CEL with two of ours, made once: `below` for names and `within` for
//! addresses, which plain comparisons of text get wrong.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use cel::common::types::{CelBool, CelString};
use cel::{Env, ExecutionError};

use crate::net::IpPrefix;

/// Functions that are called on a text: `flow.name.below("example.com")`.
pub(super) const MEMBERS: [&str; 6] =
    ["below", "contains", "endsWith", "size", "startsWith", "within"];

/// Functions that stand alone: `size(device.name)`.
pub(super) const GLOBALS: [&str; 3] = ["double", "int", "size"];

/// Macros that look at each entry of a list.
pub(super) const MACROS: [&str; 3] = ["all", "exists", "has"];

/// Shared by all evaluations; it never changes.
#[expect(elided_lifetimes_in_paths, reason = "the macro takes types without their lifetimes")]
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    // The library has no functions of these names; a test calls both.
    let _added = cel::add_member_overload!(env, fn below: (CelString, CelString) -> CelBool).and(
        cel::add_member_overload!(
            env,
            fn within: (CelString, CelString) -> Result<CelBool>
        ),
    );
    Arc::new(env)
});

pub(super) fn environment() -> Arc<Env> {
    Arc::clone(&ENVIRONMENT)
}

/// Tells whether a name is `domain` or one below it.
fn below(name: &CelString<'_>, domain: &CelString<'_>) -> CelBool {
    is_below(name.inner(), domain.inner()).into()
}

fn is_below(name: &str, domain: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let domain = domain.trim_matches('.').to_ascii_lowercase();
    name.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Tells whether an address lies in a block.
fn within(address: &CelString<'_>, block: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    let unknown = |_| ExecutionError::function_error("within", "no address");
    let address: IpAddr = address.inner().parse().map_err(unknown)?;
    let block = parse_block(block.inner())
        .ok_or_else(|| ExecutionError::function_error("within", "no block of addresses"))?;
    Ok(block.contains(address).into())
}

/// Reads a block of addresses.
pub(super) fn parse_block(text: &str) -> Option<IpPrefix> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_below_a_domain_and_not_below_what_it_merely_ends_with() {
        for (name, domain) in
            [("a.Example.com", "example.com"), ("example.com.", "example.COM"), ("a.b.c", ".b.c")]
        {
            assert!(is_below(name, domain), "{name} {domain}");
        }
        for (name, domain) in [("badexample.com", "example.com"), ("com", "example.com")] {
            assert!(!is_below(name, domain), "{name} {domain}");
        }
    }
}
