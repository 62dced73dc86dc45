#!/usr/bin/env python3
"""Curves from 10 connections to as many as the descriptor limit allows.

  scale.py measure --lib NAME=PATH... [--rounds 3] [--points N...] [--what active idle memory]
                   [--out ../docs/scale/figures.json]
  scale.py shards --lib NAME=PATH [--processes 6] [--connections 16700]
  scale.py plot [--figures ../docs/scale/figures.json]

`measure` runs build/mbench against tinyd (serve.sh start; BASE as there), libraries in turn, and
keeps the median of the rounds; what is not measured again stays. `plot` draws the SVG files beside the figures, without any library. `shards`
has more connections than a process may have descriptors: some in each of several processes, as
docs/scale.md has it, with a tinyd of its own; it prints what they take and what the kernel does.
"""
import argparse
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FIGURES = os.path.join(HERE, "..", "docs", "scale", "figures.json")
PORT = int(os.environ.get("BASE", "24480")) + 3
POINTS = [10, 100, 1000, 2000, 5000, 10000, 19900]
COLOURS = ["#1b6ca8", "#c1440e", "#6a8f2f", "#7a4fa3"]


def delay(connections):
    """Milliseconds that the server waits, so that some 5,000 answers come a second."""
    return max(20, connections // 5)


def mbench(lib, mode, *args):
    # Many destinations: with one, connect(2) searches long for a free local port.
    command = [os.path.join(HERE, "build", "mbench"), mode, "--lib", lib, "--max-sec", "600",
               "--ndst", "64"]
    done = subprocess.run(command + [str(arg) for arg in args], capture_output=True, text=True)
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{' '.join(command)} {args}: {done.stdout}{done.stderr}")


def active(lib, connections):
    wait = delay(connections)
    requests = max(3000, 2 * connections)
    url = f"http://127.0.0.{{d}}:{PORT}/delay/{wait}"
    got = mbench(lib, "small", "-n", requests, "-c", connections, "--url", url)
    if not got["complete"]:
        return {"errors": requests - got["requests"]}
    late = (got["p50_us"] - 1000 * wait) / 1000
    return {"active_cpu": got["cpu_us_per_req"], "active_late": late, "errors": got["errors"]}


def idle(lib, connections):
    url = f"http://127.0.0.1:{PORT}/small"
    stall = f"http://127.0.0.{{d}}:{PORT}/stall"
    got = mbench(lib, "idle", "-n", 5000, "-c", 10, "--url", url,
                 "--idle", connections, "--idle-url", stall)
    if not got.get("complete"):
        return {"errors": 5000}
    return {"idle_cpu": got["cpu_us_per_req"], "errors": got["errors"]}


def memory(lib, connections):
    base = f"http://127.0.0.1:{PORT}"
    got = mbench(lib, "mem", "--what", "inflight", "--idle", connections, "--url", base + "/small",
                 "--idle-url", f"http://127.0.0.{{d}}:{PORT}/stall",
                 "--release-url", base + "/release")
    return {"memory": got["heap_each"], "errors": got["errors"]}


PARTS = {"active": active, "idle": idle, "memory": memory}


def measure(libs, rounds, points, parts, out):
    figures = {name: {} for name in libs}
    if os.path.exists(out):
        with open(out) as file:
            figures.update(json.load(file))
    for point in points:
        taken = {name: {} for name in libs}
        for _ in range(rounds):
            for name, path in libs.items():
                for what in parts:
                    for key, value in what(path, point).items():
                        taken[name].setdefault(key, []).append(value)
        for name in libs:
            medians = {key: round(statistics.median(values), 2)
                       for key, values in taken[name].items() if key != "errors"}
            medians["errors"] = sum(taken[name]["errors"])
            figures[name].setdefault(str(point), {}).update(medians)
            print(point, name, medians, flush=True)
        os.makedirs(os.path.dirname(out), exist_ok=True)
        with open(out, "w") as file:
            json.dump(figures, file, indent=1)


def shards(lib, processes, connections):
    port = PORT + 1
    wait = processes * connections // 5
    url = f"http://127.0.0.{{d}}:{port}/delay/{wait}"
    command = [os.path.join(HERE, "build", "mbench"), "small", "--lib", lib, "--max-sec", "600",
               "--ndst", "64", "-n", str(3 * connections), "-c", str(connections), "--url", url]
    server = subprocess.Popen([os.path.join(HERE, "build", "tinyd"), "-p", str(port),
                               "-w", str(processes)], process_group=0)
    time.sleep(0.5)
    before = kernel()
    clients = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
               for _ in range(processes)]
    most = before
    while any(client.poll() is None for client in clients):
        now = kernel()
        most = max(most, now, key=lambda held: held["sockets"])
        time.sleep(0.2)
    os.killpg(server.pid, signal.SIGTERM)
    sockets = most["sockets"] - before["sockets"]
    # Each connection has two ends here.
    print(f"{sockets // 2:,} connections; of the kernel {(most['slab'] - before['slab']) // sockets} "
          "bytes of slab an end")
    for client in clients:
        got = json.loads(client.stdout.read())
        print(f"{got['requests']:,} requests, {got['errors']} errors, "
              f"{got['cpu_us_per_req']:.1f} us of CPU each, peak RSS {got['maxrss_kb']:,} KiB")


def kernel():
    """TCP sockets in use, and bytes of slab."""
    with open("/proc/net/sockstat") as file:
        sockets = next(int(line.split()[2]) for line in file if line.startswith("TCP:"))
    with open("/proc/meminfo") as file:
        slab = next(int(line.split()[1]) * 1024 for line in file if line.startswith("Slab:"))
    return {"sockets": sockets, "slab": slab}


def plot(path):
    with open(path) as file:
        figures = json.load(file)
    where = os.path.dirname(path)
    for key, title, unit in [
        ("active_cpu", "CPU a request, all connections at work", "microseconds"),
        ("idle_cpu", "CPU a request, ten at work among idle ones", "microseconds"),
        ("active_late", "median latency beyond the server's own", "milliseconds"),
        ("memory", "heap for each transfer under way, with its connection", "bytes"),
    ]:
        curves = {name: sorted((int(point), values[key]) for point, values in points.items()
                              if key in values)
                  for name, points in figures.items()}
        with open(os.path.join(where, key.replace("_", "-") + ".svg"), "w") as file:
            file.write(svg(curves, title, unit))


def svg(curves, title, unit):
    """One diagram, both axes logarithmic."""
    width, height, left, bottom, top, right = 720, 420, 80, 60, 50, 150
    xs = [x for points in curves.values() for x, _ in points]
    ys = [max(y, 0.1) for points in curves.values() for _, y in points]
    x_low, x_high = math.log10(min(xs)), math.log10(max(xs))
    y_low, y_high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def place(x, y):
        across = (math.log10(x) - x_low) / (x_high - x_low)
        up = (math.log10(max(y, 0.1)) - y_low) / (y_high - y_low)
        return (left + across * (width - left - right),
                height - bottom - up * (height - top - bottom))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="28" font-size="16">{title}</text>',
        f'<text x="{left}" y="{height - 14}">connections</text>',
        f'<text x="16" y="{height - bottom}" transform="rotate(-90 16 {height - bottom})">'
        f'{unit}</text>',
    ]
    for power in range(y_low, y_high + 1):
        for step in (1, 2, 5):
            value = step * 10 ** power
            if math.log10(value) > y_high:
                continue
            _, y = place(min(xs), value)
            parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" '
                         f'stroke="{"#bbb" if step == 1 else "#eee"}"/>')
            parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in sorted(set(xs)):
        x, y = place(value, 10 ** y_low)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{y:.1f}" stroke="#eee"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle" font-size="11">'
                     f'{value:,}</text>')
    names = sorted(curves, key=lambda name: -curves[name][-1][1])
    beside = top
    for colour, name in zip(COLOURS, names):
        points = [place(x, y) for x, y in curves[name]]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" '
                     'stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        beside = max(beside + 18, points[-1][1] + 4)
        parts.append(f'<text x="{width - right + 8}" y="{beside:.1f}" fill="{colour}">'
                     f'{name}</text>')
    return "\n".join(parts + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["measure", "shards", "plot"])
    parser.add_argument("--lib", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--points", type=int, nargs="+", default=POINTS)
    parser.add_argument("--what", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--processes", type=int, default=6)
    parser.add_argument("--connections", type=int, default=16_700)
    parser.add_argument("--out", default=FIGURES)
    parser.add_argument("--figures", default=FIGURES)
    args = parser.parse_args()
    libs = dict(lib.split("=", 1) for lib in args.lib)
    if args.task == "shards":
        shards(*libs.values(), args.processes, args.connections)
    elif args.task == "measure":
        measure(libs, args.rounds, args.points,
                [PARTS[what] for what in args.what], args.out)
    else:
        plot(args.figures)


if __name__ == "__main__":
    main()
