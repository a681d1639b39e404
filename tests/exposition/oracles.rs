//! Programs of others that say whether an exposition is one. Where one is missing, the test says so and goes on.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::tools::{skipped, tool};

/// Reads OpenMetrics with Prometheus' own Python library, which is strict, and prints how many samples it found.
const PYTHON: &str = "import sys\n\
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
    print(sum(len(f.samples) for f in read(sys.stdin.read())))";

/// `promtool check metrics` has nothing to say about a text of format 0.0.4.
pub(crate) fn assert_promtool_is_content(text: &str) {
    let Some(promtool) = tool("promtool") else { return };
    let mut command = Command::new(promtool);
    command.args(["check", "metrics"]);
    let (succeeded, said) = ask(&mut command, text);
    assert!(succeeded && said.is_empty(), "{said}\n{text}");
}

/// Prometheus' Python library reads a text of OpenMetrics and finds every sample.
pub(crate) fn assert_python_reads(text: &str) {
    // A python3 beside the system's does not see the system's packages.
    let python = ["/usr/bin/python3", "python3"].into_iter().find(|python| {
        let mut command = Command::new(python);
        command.args(["-c", "import prometheus_client"]);
        ask(&mut command, "").0
    });
    let Some(python) = python else {
        skipped(
            "python3 with prometheus_client is not installed; OpenMetrics is read by our own reader only",
        );
        return;
    };
    let mut command = Command::new(python);
    command.args(["-c", PYTHON]);
    let (succeeded, said) = ask(&mut command, text);
    let samples = text.lines().filter(|line| !line.starts_with('#')).count();
    assert!(succeeded, "{said}\n{text}");
    assert_eq!(said.trim(), samples.to_string());
}

/// Gives a program an input; tells whether it succeeded, and all that it said.
fn ask(command: &mut Command, input: &str) -> (bool, String) {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return (false, "cannot be started".to_owned()) };
    // It may end before it has read all.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
