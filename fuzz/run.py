#!/usr/bin/env python3
"""Runs targets until each has had so many minutes of a core, least-run first, and says what it came to:
run.py [--minutes N] [--by clock] [--sanitizer address] [TARGET...]

What counts is the time of the processor that the fuzzer itself has had, unless the clock's is asked for: on a
busy machine the two are far apart, and both are told. A tally is kept in `corpus/TARGET.json` (one by itself with a sanitizer), so that it can be stopped and go
on; delete it when a target or what it feeds has changed. A target that finds something goes no further."""
import argparse
import json
import os
import re
import signal
import subprocess
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
# A target's turn, in seconds of a core and of the clock.
TURN, LONGEST = 60, 600


def core_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def turn(target, sanitizer, left):
    """One turn of a target: seconds of a core and of the clock, runs, edges, and whether nothing was found."""
    corpus, found = HERE / "corpus" / target, HERE / "artifacts" / target
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    folder = "target-asan" if sanitizer == "address" else "target"
    program = HERE / folder / "x86_64-unknown-linux-gnu" / "release" / target
    log = tally_of(target, sanitizer).with_suffix(".log")
    with log.open("w") as out:
        fuzzer = subprocess.Popen(
            [program, "-max_len=4096", "-timeout=600", "-rss_limit_mb=4096", "-print_final_stats=1",
             f"-artifact_prefix={found}/", corpus, HERE / "seeds" / target], stdout=out, stderr=out)
    began, spent = time.time(), 0
    while fuzzer.poll() is None:
        spent = core_seconds(fuzzer.pid)
        if spent >= min(TURN, left) or time.time() - began > LONGEST:
            fuzzer.send_signal(signal.SIGINT)
            fuzzer.wait()
            break
        time.sleep(0.5)
    said = log.read_text(errors="replace")
    runs = re.findall(r"^#(\d+)\s", said, re.M) + re.findall(r"executed_units:\s+(\d+)", said)
    edges = re.findall(r" cov: (\d+) ", said)
    # The fuzzer ends by 0 when it is interrupted before it begins, by 72 after that.
    found_nothing = fuzzer.returncode in (0, 72)
    return spent, time.time() - began, int(runs[-1]) if runs else 0, int(edges[-1]) if edges else 0, found_nothing


def tally_of(target, sanitizer):
    return HERE / "corpus" / f"{target}{'-' + sanitizer if sanitizer != 'none' else ''}.json"


def read(target, sanitizer):
    tally = tally_of(target, sanitizer)
    nothing = dict(seconds=0, clock=0, runs=0, edges=0, clean=True)
    return nothing | json.loads(tally.read_text()) if tally.exists() else nothing


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=30)
    arguments.add_argument("--by", choices=["core", "clock"], default="core")
    arguments.add_argument("--sanitizer", choices=["none", "address"], default="none")
    arguments.add_argument("targets", nargs="*")
    asked = arguments.parse_args()
    bins = tomllib.loads((HERE / "Cargo.toml").read_text())["bin"]
    targets = asked.targets or [it["name"] for it in bins]
    tally = {target: read(target, asked.sanitizer) for target in targets}
    by = "seconds" if asked.by == "core" else "clock"
    while True:
        waiting = [t for t in targets if tally[t]["clean"] and tally[t][by] < asked.minutes * 60]
        if not waiting:
            break
        target = min(waiting, key=lambda it: tally[it][by])
        it = tally[target]
        seconds, clock, runs, edges, clean = turn(target, asked.sanitizer, asked.minutes * 60 - it[by])
        it["seconds"], it["clock"], it["runs"] = it["seconds"] + seconds, it["clock"] + clock, it["runs"] + runs
        it["edges"], it["clean"] = max(edges, it["edges"]), clean
        tally_of(target, asked.sanitizer).write_text(json.dumps(it))
        print(f"{target}: {it['seconds'] / 60:.1f} min of a core, {it['clock'] / 60:.1f} by the clock, {it['runs']} runs, {it['edges']} edges"
              f"{'' if clean else ', FOUND SOMETHING: artifacts/' + target}", flush=True)


if __name__ == "__main__":
    main()
