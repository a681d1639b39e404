//! The rules of the comparison, on names made up for it.

use std::collections::BTreeSet;

use super::compare::{Grain, Score, Scores, Side, compare};
use super::sighting::{Flow, Kind, Sighting};
use super::spelling;

const HOST: Option<Kind> = Some(Kind::HttpHost);

#[test]
fn what_two_tools_say_is_the_truth_and_what_one_says_a_hint() {
    let tools = [
        says("tshark", HOST, "a.example"),
        says("tshark", HOST, "a.example"),
        says("tshark", HOST, "b.example"),
        says("nDPI", HOST, "b.example"),
    ];
    let (score, disputed) = compared(&tools, &[], Grain::Name, false);

    assert_eq!((score.truth, score.found, score.hints, score.hints_found), (1, 0, 1, 0));
    assert_eq!(disputed, [(Kind::HttpHost, "b.example".into(), Side::Missed)].into());
}

#[test]
fn a_name_that_no_tool_says_is_unseen_and_one_in_another_kind_as_well() {
    let tools = [says("tshark", Some(Kind::TlsSni), "a.example"), says("nDPI", HOST, "b.example")];
    let ours = [says("", HOST, "a.example"), says("", HOST, "b.example")];
    let (score, disputed) = compared(&tools, &ours, Grain::Name, false);

    assert_eq!((score.ours, score.unseen, score.hints_found), (2, 1, 1));
    assert_eq!(disputed, [(Kind::HttpHost, "a.example".into(), Side::OnlyOurs)].into());
}

#[test]
fn what_is_optional_is_neither_missed_nor_unseen() {
    let optional = Sighting { is_optional: true, ..says("tshark", HOST, "a.example") };
    let tools = [optional, says("nDPI", HOST, "a.example")];
    let (score, disputed) = compared(&tools, &[], Grain::Name, false);
    assert_eq!((score.truth, score.hints, disputed.len()), (0, 1, 0));

    let ours = [says("", HOST, "a.example")];
    let (score, _) = compared(&tools[..1], &ours, Grain::Name, false);
    assert_eq!((score.ours, score.unseen), (1, 0));
}

#[test]
fn a_tool_that_tells_no_kind_or_cuts_the_name_agrees_with_one_that_does_not() {
    let long = format!("{}.example", "x".repeat(90));
    let tools = [
        says("tshark", HOST, "a.example"),
        says("ja4", None, "a.example"),
        says("tshark", HOST, &long),
        says("nDPI", HOST, &long[long.len() - 79..]),
    ];
    let (score, _) = compared(&tools, &[], Grain::Name, false);

    assert_eq!((score.truth, score.hints), (2, 0));
}

#[test]
fn answers_are_true_when_tshark_alone_says_so() {
    let answer = Some(Kind::DnsAnswer);
    let tools =
        [says("tshark", answer, "a.example A 192.0.2.1"), says("suricata", answer, "b.example NS")];
    let mut scores = Scores::new();
    compare(&tools, &[], Grain::Name, false, &mut scores);

    assert_eq!(scores.get(&Kind::DnsAnswer).map(|score| (score.truth, score.hints)), Some((1, 1)));
}

#[test]
fn a_part_of_a_name_is_excused_only_where_frames_were_cut() {
    let tools = [says("tshark", HOST, "camera.example"), says("nDPI", HOST, "camera.example")];
    let ours = [says("", HOST, "camera.exa")];
    for (is_cut_short, truth, unseen) in [(false, 1, 1), (true, 0, 0)] {
        let (score, _) = compared(&tools, &ours, Grain::Name, is_cut_short);
        assert_eq!((score.truth, score.unseen), (truth, unseen));
    }
}

#[test]
fn a_flow_is_the_same_whoever_began_it_and_another_flow_has_names_of_its_own() {
    let flow = |sport, dport| Flow::new("192.0.2.1", sport, "192.0.2.2", dport);
    assert_eq!(flow("1", "2"), Flow::new("192.0.2.2", "2", "192.0.2.1", "1"));

    let within = |tool, flow| Sighting { flow, ..says(tool, HOST, "a.example") };
    let tools = [within("tshark", flow("1", "2")), within("nDPI", flow("1", "2"))];
    let (score, _) = compared(&tools, &[within("", flow("3", "2"))], Grain::Flow, false);
    assert_eq!((score.truth, score.found, score.ours, score.unseen), (1, 0, 1, 1));
    let (score, _) = compared(&tools, &[within("", flow("3", "2"))], Grain::Name, false);
    assert_eq!((score.truth, score.found, score.ours, score.unseen), (1, 1, 1, 0));
}

#[test]
fn names_are_spelled_alike_whoever_writes_them() {
    let same = |one: &str, other: &str| assert_eq!(spelling::domain(one), spelling::domain(other));
    same("Camera.Example.", "camera.example");
    same(r"a\046b.example", "a.b.example");
    same(r"J\228\228ger.example", "J\u{fffd}ger.example");
    same(r"a\rb.example", r"a\013b.example");
    same(&"x".repeat(300), &"x".repeat(262));
    same("小佛.example", "????.example");
    assert_eq!(spelling::domain("<Root>"), None);
    assert_eq!(spelling::domain("."), None);
    for authority in ["192.0.2.1:80", "user:secret@192.0.2.1", "192.0.2.1"] {
        assert_eq!(spelling::host(authority).as_deref(), Some("192.0.2.1"));
    }
    for authority in ["[2001:db8::1]:80", "[2001:DB8::1]", "2001:db8::1", "[2001:db8::1"] {
        assert_eq!(spelling::host(authority).as_deref(), Some("2001:db8::1"));
    }
    let target = |method, target| spelling::host_of_target(method, target);
    assert_eq!(target("CONNECT", "example.com:443").as_deref(), Some("example.com"));
    assert_eq!(target("GET", "http://example.com/x:y").as_deref(), Some("example.com"));
    assert_eq!(target("GET", "/index.html"), None);
    assert_eq!(
        spelling::answer("A.example", "aaaa", "2001:0db8:0::1").as_deref(),
        Some("a.example AAAA 2001:db8::1")
    );
    assert_eq!(spelling::answer("a.example", "TXT", "any").as_deref(), Some("a.example TXT"));
    assert!(spelling::is_cut(&"x".repeat(79), &"x".repeat(90)));
    assert!(!spelling::is_cut("example", "example.com"));
}

fn says(tool: &str, kind: Option<Kind>, name: &str) -> Sighting {
    let (tool, name) = (tool.to_owned(), name.to_owned());
    Sighting { tool, kind, name, flow: None, is_optional: false }
}

/// The score of hosts, and all that is disputed.
fn compared(
    tools: &[Sighting],
    ours: &[Sighting],
    grain: Grain,
    is_cut_short: bool,
) -> (Score, BTreeSet<(Kind, String, Side)>) {
    let mut scores = Scores::new();
    let disputed = compare(tools, ours, grain, is_cut_short, &mut scores);
    (scores.get(&Kind::HttpHost).copied().unwrap_or_default(), disputed)
}
