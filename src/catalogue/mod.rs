//! Compiled vendor knowledge: address block -> maker; domain, framing or port -> service, role and region.
//!
//! Comes in: the text of catalogue files. Goes out: look-ups, each answer with its source and grade.
//! It never reads a file itself and never guesses.

mod builtin;
mod check;
mod compile;
mod compile_cloud;
mod compile_wire;
mod compiled;
mod domain_table;
mod entry;
mod explanation;
mod exploits;
mod framing;
mod label_pattern;
mod ledger;
mod lookup;
mod lookup_wire;
mod maker_table;
mod problem;
mod raw;
mod read;
mod region_code;
mod signed_update;
mod vocabulary;

pub use compiled::{Catalogue, CatalogueCounts};
pub use domain_table::MAX_NAME_LEN;
pub use entry::{
    CloudEntry, CloudMatch, Exactness, FramingEntry, Maker, Negative, NegativeSubject, PortEntry,
    Resolver, Source, ThirdParty, Vendor,
};
pub use explanation::{
    CitedSource, CloudFinding, Explanation, Finding, MakerFinding, Verdict, WireFinding,
};
pub use exploits::{Exploit, ExploitError, Exploits, RtspLengths};
pub use framing::Framing;
pub use problem::{CatalogueProblem, CatalogueProblems, CatalogueText};
pub use signed_update::{SIGNATURE_SUFFIX, SIGNED_PREFIX, SignedUpdate, UpdateError, UpdateKey};
pub use vocabulary::{CloudRole, Grade, Region, Speaker};
