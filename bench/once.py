#!/usr/bin/env python3
"""What a program pays that makes one request and ends: loading the library,
curl_global_init, one transfer.

  once.py --lib NAME=PATH ... [--runs 200]

For each library: the size of its file and of all that the program maps,
relocations, and medians of interleaved runs: CPU and wall milliseconds, peak
RSS; instructions of the whole process (valgrind).  The servers must be up
(serve.sh start).  Standard library only.
"""
import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def environment(path):
    """LD_LIBRARY_PATH with the library alone in it, under its SONAME."""
    place = tempfile.mkdtemp()
    os.symlink(os.path.abspath(path), place + "/libcurl.so.4")
    inherited = os.environ.get("LD_LIBRARY_PATH")
    return dict(os.environ, LD_LIBRARY_PATH=":".join(
        filter(None, [place, os.path.dirname(os.path.abspath(path)),
                      inherited])))


def run(argv, env):
    """CPU and wall milliseconds and peak RSS (KiB) of one run."""
    begin = time.monotonic()
    child = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
    _, status, use = os.wait4(child.pid, 0)
    wall = time.monotonic() - begin
    with child.stdout:
        peak = int(child.stdout.read())
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{argv} ended with {child.returncode}")
    return (use.ru_utime + use.ru_stime) * 1e3, wall * 1e3, peak


def instructions(argv, env):
    r = subprocess.run(["valgrind", "--tool=callgrind",
                        "--callgrind-out-file=/dev/null", *argv], env=env,
                       capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", r.stderr)[1])


def files(program, env):
    """Bytes of every shared object that the program maps, and how many."""
    out = subprocess.run(["ldd", program], env=env, capture_output=True,
                         text=True).stdout
    paths = set(map(os.path.realpath, re.findall(r"(/\S+) \(0x", out)))
    return sum(map(os.path.getsize, paths)), len(paths)


def relocations(path):
    out = subprocess.run(["readelf", "-rW", path], capture_output=True,
                         text=True).stdout
    return sum(map(int, re.findall(r"contains (\d+) entr", out)))


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("--lib", action="append", default=[], help="NAME=PATH")
    ap.add_argument("--runs", type=int, default=200)
    ap.add_argument("--bin", default=os.environ.get("BIN", HERE + "/build"))
    ap.add_argument("--dir", default=os.environ.get("DIR", HERE + "/run"))
    ap.add_argument("--base", type=int,
                    default=int(os.environ.get("BASE", 24480)))
    a = ap.parse_args()
    once = a.bin + "/once"
    libs = [x.split("=", 1) for x in a.lib]
    env = {who: environment(path) for who, path in libs}
    ca = os.path.join(a.dir, "ca.pem")
    cases = {"load and set up": [once],
             "one http request": [once, f"http://127.0.0.1:{a.base}/small"],
             "one https request, one CA":
                 [once, f"https://127.0.0.1:{a.base + 2}/small", ca],
             "one https request, system's CAs":
                 [once, f"https://127.0.0.1:{a.base + 2}/small",
                  os.path.join(a.dir, "ca-all.pem")]}
    print("| library | file | all that is mapped | objects | relocations |"
          "\n|---|---|---|---|---|")
    for who, path in libs:
        size, count = files(once, env[who])
        print(f"| {who} | {os.path.getsize(os.path.realpath(path)):,} | "
              f"{size:,} | {count} | {relocations(path):,} |")
    print("\n| what | library | CPU ms | wall ms | peak RSS KiB | "
          "instructions |\n|---|---|---|---|---|---|")
    for case, argv in cases.items():
        seen = {who: [] for who, _ in libs}
        for _ in range(a.runs):
            for who, _ in libs:
                seen[who].append(run(argv, env[who]))
        for who, _ in libs:
            cpu, wall, rss = map(statistics.median, zip(*seen[who]))
            count = instructions(argv, env[who])
            print(f"| {case} | {who} | {cpu:.2f} | {wall:.2f} | {rss:,.0f} | "
                  f"{count:,} |", flush=True)


if __name__ == "__main__":
    main()
