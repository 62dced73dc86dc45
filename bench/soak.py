#!/usr/bin/env python3
"""Long runs: does anything grow?

  soak.py run --lib PATH [--quick] [--leak BYTES] [--only WORDS] [--out ../docs/scale/soak.json]
  soak.py plot [--figures ../docs/scale/soak.json]

`run` lets build/mbench work against the servers (serve.sh start; BASE and DIR as there) and keeps what
it held in between: heap, resident memory, descriptors. It fails when one of them grows. `plot` draws
soak.svg beside the figures. --quick takes about a minute, for CI. --leak loses so many bytes a request,
to see it fail.

What counts as growth does not depend on the load of the machine. A run is looked at in four stretches,
each twice as long as the one before: from a sixteenth of its requests to an eighth, to a quarter, to half,
to the end. The least of the samples of a stretch stands for it, and something grows when each stretch has
more than the one before, by more than ALLOWED bytes a request. A queue that finds its size late grows
once; what is lost at each request, or kept in a list whose room is doubled, grows each time.
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("BIN", os.path.join(HERE, "build"))
FIGURES = os.path.join(HERE, "..", "docs", "scale", "soak.json")
CA = os.path.join(os.environ.get("DIR", os.path.join(HERE, "run")), "ca.pem")
BASE = int(os.environ.get("BASE", "24480"))
COLOURS = ["#1b6ca8", "#c1440e", "#6a8f2f", "#7a4fa3", "#b8860b", "#008080", "#b03060", "#888888"]

ONE = f"http://127.0.0.1:{BASE + 3}"
MANY = f"http://127.0.0.{{d}}:{BASE + 3}"
H2C = f"http://127.0.0.1:{BASE + 1}"
TLS = f"https://127.0.0.1:{BASE + 2}"

# What mbench is told (WAIT: milliseconds, 1000 or with --quick 200); how many requests in all and with --quick, how many at once (with --quick a
# fortieth of the requests at most); does every transfer fail?
Run = collections.namedtuple("Run", "command requests quick connections fails", defaults=[False])
RUNS = {
    "one after the other": Run(["small", "--url", ONE + "/small"], 1_000_000, 200_000, 1),
    "each with a new handle and connection": Run(
        ["conn", "--fresh", "--ndst", "200", "--url", MANY + "/small"], 1_000_000, 40_000, 1),
    "an hour of 19,900 connections, a request each ten seconds": Run(
        ["small", "--ndst", "64", "--url", MANY + "/delay/WAIT"], 7_164_000, 40_000, 19_900),
    "HTTP/2, 100 streams": Run(["h2c", "--url", H2C + "/small"], 1_000_000, 100_000, 100),
    "TLS, each with a new handle and connection": Run(
        ["tlsresume", "--fresh", "--url", TLS + "/small", "--ca", CA], 50_000, 3_200, 1),
    "uploads": Run(["upload", "--upload", "2000", "--url", ONE + "/put"], 500_000, 40_000, 10),
    "time-outs": Run(["small", "--timeout-ms", "20", "--ndst", "200", "--url", MANY + "/never"],
                     200_000, 20_000, 100, True),
    "refused connections": Run(["small", "--url", "http://127.0.0.1:9/"], 200_000, 40_000, 10, True),
}

# Bytes a request, and bytes a stretch, that are taken for chance.
ALLOWED = {"heap": (1, 2_000), "rss": (8, 16_000)}
# Descriptors that the last stretch may have more than the first.
DESCRIPTORS = 8
# The C library counts what it keeps for the next allocation of the same size as in use: it is to keep
# nothing.
EXACT = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"}


def run(lib, quick, leak, only, out):
    figures, grown = {}, []
    for name, workload in RUNS.items():
        if only not in name:
            continue
        figures[name] = measure(lib, workload, quick, leak)
        held = [list(stretch.values()) for stretch in stretches(figures[name])]
        print(f"{name}, {figures[name]['requests']:,} in {figures[name]['seconds']} s: "
              f"heap, RSS, descriptors {held}", flush=True)
        grown += [f"{what} of '{name}'" for what in grows(figures[name])]
        if out:
            with open(out, "w") as file:
                json.dump(figures, file)
    if grown:
        sys.exit("something grows: " + ", ".join(grown))


def measure(lib, workload, quick, leak):
    requests = workload.quick if quick else workload.requests
    at_once = min(workload.connections, requests // 40) if quick else workload.connections
    begun = time.time()
    wait = "200" if quick else "1000"
    args = [os.path.join(BIN, "mbench"), *(arg.replace("WAIT", wait) for arg in workload.command),
            "--lib", lib, "--max-sec", "7200",
            "-n", str(requests), "-c", str(at_once), "--sample", str(requests // 80),
            "--leak", str(leak)]
    done = subprocess.run(args, capture_output=True, text=True, env=os.environ | EXACT)
    try:
        got = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{' '.join(args)}: {done.stdout}{done.stderr}")
    if not got["complete"] or got["errors"] != (requests if workload.fails else 0):
        sys.exit(f"{' '.join(args)}: {got['requests']} requests, {got['errors']} errors, "
                 f"{got.get('last_error')}")
    return {"requests": requests, "connections": got["c"], "seconds": round(time.time() - begun, 1),
            "cpu_us": got["cpu_us_per_req"], "samples": got["samples"]}


def stretches(figure):
    """The least heap and RSS in bytes, and descriptors, of each of the four stretches."""
    requests = figure["requests"]
    for start in (requests // 16, requests // 8, requests // 4, requests // 2):
        end = 2 * start if start < requests // 2 else requests
        within = [sample for sample in figure["samples"] if start <= sample[0] <= end]
        yield {"heap": min(sample[2] for sample in within),
               "rss": min(sample[3] for sample in within) * 1024,
               "descriptors": min(sample[4] for sample in within)}


def grows(figure):
    """What of it does."""
    held = list(stretches(figure))
    lengths = [figure["requests"] // 16, figure["requests"] // 8, figure["requests"] // 4]

    def each_time(what):
        a_request, a_stretch = ALLOWED[what]
        return all(after[what] - before[what] > max(a_request * length, a_stretch)
                   for before, after, length in zip(held, held[1:], lengths))

    grown = [what for what in ALLOWED if each_time(what)]
    if held[-1]["descriptors"] > held[0]["descriptors"] + DESCRIPTORS:
        grown.append("descriptors")
    return grown


def plot(path):
    with open(path) as file:
        figures = json.load(file)
    width, height, left, bottom, top, right = 720, 380, 60, 50, 40, 20
    most = max(sample[3] for figure in figures.values() for sample in figure["samples"]) / 1024
    most = -(-most // 50) * 50

    def place(part, mb):
        return (left + part * (width - left - right),
                height - bottom - mb / most * (height - top - bottom))

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             'font-family="sans-serif" font-size="13">',
             f'<rect width="{width}" height="{height}" fill="white"/>',
             f'<text x="{left}" y="24" font-size="16">Resident memory over a run, MB</text>',
             f'<text x="{left}" y="{height - 14}">from the first request to the last</text>']
    step = most / 5
    for line in range(6):
        _, y = place(0, line * step)
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" '
                     'stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">'
                     f'{line * step:g}</text>')
    for row, (colour, (name, figure)) in enumerate(zip(COLOURS, figures.items())):
        points = [place(sample[0] / figure["requests"], sample[3] / 1024)
                  for sample in figure["samples"]]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{left + 180}" y="{top + 90 + 20 * row}" fill="{colour}">{name} '
                     f'({figure["requests"]:,})</text>')
    with open(os.path.join(os.path.dirname(path), "soak.svg"), "w") as file:
        file.write("\n".join(parts + ["</svg>", ""]))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["run", "plot"])
    parser.add_argument("--lib", metavar="PATH")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--leak", type=int, default=0, metavar="BYTES")
    parser.add_argument("--only", default="", metavar="WORDS")
    parser.add_argument("--out", default=None)
    parser.add_argument("--figures", default=FIGURES)
    args = parser.parse_args()
    if args.task == "plot":
        plot(args.figures)
    else:
        run(args.lib, args.quick, args.leak, args.only,
            args.out or (None if args.quick else FIGURES))


if __name__ == "__main__":
    main()
