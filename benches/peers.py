#!/usr/bin/env python3
"""hikwatch beside other programs that read captures: CPU time and memory of whole processes, as ratios.

usage: benches/peers.py [--rounds N] [--write] [HIKWATCH [FOLDER]]

FOLDER has mixed.pcap and bulk.pcap. In each round every program reads each capture once, one after the other, so that
whatever else the machine does hits all of them. A ratio is the median over the rounds of a program's CPU time divided by
tcpdump's in the same round. Programs that are not here are left out, and named. With --write the table replaces the one
in benches/README.md.
"""

import argparse
import datetime
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MARKS = ("<!-- peers: begin -->", "<!-- peers: end -->")

# Name, what it does, arguments (FILE is the capture, DIR a folder to write to), how to ask for its version, and in how
# many of the rounds it takes part: what needs a minute a capture does once.
PROGRAMS = [
    ("tcpdump", "reads and copies", ["-nn", "-r", "FILE", "-w", "/dev/null"], ["--version"], None),
    ("hikwatch", "all of it on", ["replay", "FILE", "--summary", "none"], ["--version"], None),
    ("softflowd", "flows, no names", ["-d", "-r", "FILE", "-m", "2000000"], ["-h"], None),
    ("nfpcapd", "flows, no names", ["-r", "FILE", "-l", "DIR"], ["-V"], None),
    ("argus", "flows, no names", ["-r", "FILE", "-w", "DIR/argus"], ["-h"], None),
    ("p0f", "fingerprints of TCP and HTTP", ["-r", "FILE", "-o", "DIR/p0f"], ["-h"], None),
    ("ndpiReader", "flows and protocols", ["-i", "FILE", "-q"], ["-h"], None),
    ("tshark", "all of each packet", ["-n", "-r", "FILE"], ["--version"], 1),
]


def version(path, arguments):
    answer = subprocess.run([path, *arguments], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    found = re.search(r"\d+\.\d+[\w.]*", answer.stdout + answer.stderr)
    return found.group() if found else "?"


def run(command):
    """CPU seconds and peak KiB of a command; None when it fails."""
    with open(os.devnull, "r+b") as null:
        process = subprocess.Popen(command, stdin=null, stdout=null, stderr=null)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        return None
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def packets(capture):
    """Packets of a pcap file (draft-ietf-opsawg-pcap: records of a 16-byte header and the bytes)."""
    count = 0
    with open(capture, "rb", buffering=1 << 20) as file:
        order = "little" if file.read(24)[:1] in (b"\xd4", b"\x4d") else "big"
        while len(header := file.read(16)) == 16:
            file.seek(int.from_bytes(header[8:12], order), os.SEEK_CUR)
            count += 1
    return count


def measure(capture, programs, rounds):
    """For each program its runs: seconds, ratio to tcpdump, KiB. A program that fails once is dropped."""
    runs = {name: [] for name in programs}
    failed = set()
    for number in range(rounds):
        floor = None
        for name, _, arguments, _, most in PROGRAMS:
            if name not in programs or name in failed or (most is not None and number >= most):
                continue
            with tempfile.TemporaryDirectory() as folder:
                command = [programs[name]] + [
                    word.replace("FILE", str(capture)).replace("DIR", folder) for word in arguments
                ]
                result = run(command)
            if result is None:
                print(f"{name} failed: {' '.join(command)}", file=sys.stderr)
                failed.add(name)
                continue
            seconds, peak = result
            floor = seconds if name == "tcpdump" else floor
            runs[name].append((seconds, seconds / floor, peak))
            print(f"{capture.name}, round {number + 1}: {name} {seconds:.3f} s", file=sys.stderr)
    return {name: found for name, found in runs.items() if found and name not in failed}


def table(capture, runs, versions, rounds):
    total = packets(capture)
    lines = [
        f"`{capture.name}`: {total:,} packets, {capture.stat().st_size / (1 << 20):.0f} MiB; {rounds} rounds.",
        "",
        "| program | does | CPU s: median (min to max) | ns a packet | times tcpdump | peak MiB |",
        "|---|---|---|---|---|---|",
    ]
    for name, does, *_ in PROGRAMS:
        if name not in runs:
            continue
        seconds = [one[0] for one in runs[name]]
        median = statistics.median(seconds)
        ratio = statistics.median(one[1] for one in runs[name])
        peak = max(one[2] for one in runs[name]) / 1024
        lines.append(
            f"| {name} {versions[name]} | {does} | {median:.2f} ({min(seconds):.2f} to {max(seconds):.2f}) "
            f"| {median / total * 1e9:.0f} | {ratio:.2f} | {peak:.0f} |"
        )
    return "\n".join(lines)


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("hikwatch", nargs="?", default="target/release/hikwatch")
    parser.add_argument("folder", nargs="?", default="target/perf-captures")
    wishes = parser.parse_args()
    captures = [pathlib.Path(wishes.folder) / name for name in ("mixed.pcap", "bulk.pcap")]
    for capture in captures:
        if not capture.is_file():
            sys.exit(f"{capture} is missing; `make bench-peers` makes it")
    programs, missing = {}, []
    for name, *_ in PROGRAMS:
        path = wishes.hikwatch if name == "hikwatch" else shutil.which(name)
        if path and shutil.which(path):
            programs[name] = shutil.which(path)
        else:
            missing.append(name)
    if "tcpdump" in missing or "hikwatch" in missing:
        sys.exit(f"cannot compare without {' and '.join(set(missing) & {'tcpdump', 'hikwatch'})}")
    versions = {name: version(programs[name], ask) for name, _, _, ask, _ in PROGRAMS if name in programs}
    for capture in captures:
        capture.read_bytes()  # Into the page cache.
    tables = [table(one, measure(one, programs, wishes.rounds), versions, wishes.rounds) for one in captures]
    head = (
        f"{datetime.date.today()}, {processor()}, {os.cpu_count()} processors, Linux {platform.release()}. "
        "Not here: " + (", ".join(missing) or "none") + "."
    )
    text = "\n\n".join([head, *tables])
    print(text)
    if wishes.write:
        readme = HERE / "README.md"
        before, rest = readme.read_text().split(MARKS[0])
        _, after = rest.split(MARKS[1])
        readme.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
