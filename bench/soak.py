#!/usr/bin/env python3
"""Long runs: does anything grow?

  soak.py run --lib PATH [--quick] [--out ../docs/scale/soak.json]
  soak.py plot [--figures ../docs/scale/soak.json]

`run` lets build/mbench work against tinyd (serve.sh start; BASE as there) and keeps what it held in
between: heap, resident memory, descriptors. It fails when one of them grew after the first tenth of a
run. `plot` draws soak.svg beside the figures. With --quick everything is a hundredth as long.
"""
import argparse
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FIGURES = os.path.join(HERE, "..", "docs", "scale", "soak.json")
PORT = int(os.environ.get("BASE", "24480")) + 3
COLOURS = ["#1b6ca8", "#c1440e", "#6a8f2f", "#7a4fa3", "#888888"]

ONE = f"http://127.0.0.1:{PORT}"
MANY = f"http://127.0.0.{{d}}:{PORT}"

# Name: what mbench is told, requests, connections; true: every transfer fails.
RUNS = {
    "one after the other": (["small", "--url", ONE + "/small"], 1_000_000, 1, False),
    "each with a new handle and connection":
        (["conn", "--fresh", "--ndst", "200", "--url", MANY + "/small"], 1_000_000, 1, False),
    "an hour of 19,900 connections, a request each ten seconds":
        (["small", "--ndst", "64", "--url", MANY + "/delay/1000"], 7_164_000, 19_900, False),
    "time-outs": (["small", "--timeout-ms", "20", "--ndst", "200", "--url", MANY + "/never"],
                  200_000, 100, True),
    "refused connections": (["small", "--url", "http://127.0.0.1:9/"], 200_000, 10, True),
}


def run(lib, quick, out):
    figures, grown = {}, []
    for name, (command, requests, connections, fails) in RUNS.items():
        requests //= 100 if quick else 1
        begun = time.time()
        args = [os.path.join(HERE, "build", "mbench"), *command, "--lib", lib, "--max-sec", "7200",
                "-n", str(requests), "-c", str(min(connections, requests // 40)),
                "--sample", str(requests // 40)]
        done = subprocess.run(args, capture_output=True, text=True)
        try:
            got = json.loads(done.stdout)
        except ValueError:
            sys.exit(f"{' '.join(args)}: {done.stdout}{done.stderr}")
        if not got["complete"] or got["errors"] != (requests if fails else 0):
            sys.exit(f"{name}: {got['requests']} requests, {got['errors']} errors, "
                     f"{got.get('last_error')}")
        figures[name] = {"requests": requests, "connections": got["c"],
                         "seconds": round(time.time() - begun, 1),
                         "cpu_us": got["cpu_us_per_req"], "samples": got["samples"]}
        print(name, growth(figures[name]), flush=True)
        grown += [name] if too_much(figures[name]) else []
        if out:
            with open(out, "w") as file:
                json.dump(figures, file)
    if grown:
        sys.exit("something grows: " + "; ".join(grown))


def growth(figure):
    """From the first tenth of a run to its end: bytes of heap a request, KB of RSS, descriptors."""
    samples = figure["samples"]
    # The end itself is when the last connections run dry: one sample before it.
    last = samples[-2]
    first = next(sample for sample in samples if sample[0] >= figure["requests"] // 10)
    requests = last[0] - first[0]
    return {"requests": requests, "heap_each": round((last[2] - first[2]) / requests, 3),
            "rss_kb": [first[3], last[3]], "descriptors": [first[4], last[4]]}


def too_much(figure):
    grown = growth(figure)
    (rss, rss_last), (descriptors, descriptors_last) = grown["rss_kb"], grown["descriptors"]
    # A run of a hundredth has few requests to spread a buffer's growth over.
    return (grown["heap_each"] > max(1, 100_000 / grown["requests"])
            or rss_last > rss * 1.05 + 1024 or descriptors_last > descriptors + 20)


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
    parser.add_argument("--out", default=None)
    parser.add_argument("--figures", default=FIGURES)
    args = parser.parse_args()
    if args.task == "plot":
        plot(args.figures)
    else:
        run(args.lib, args.quick, args.out or (None if args.quick else FIGURES))


if __name__ == "__main__":
    main()
