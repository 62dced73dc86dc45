#!/usr/bin/env python3
"""Many URLs at once: the command `tress` beside `curl --parallel`.

  command.py --curl NAME=PROGRAM[,DIR]... --tress PATH/tress [--urls 2000] [--rounds 5]

DIR is where that curl finds its libcurl. The servers must be up (serve.sh start; BASE and DIR as there).
Medians of interleaved rounds: CPU seconds of the command, seconds from begin to end, peak RSS (by GNU
time, which must be installed).
"""
import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BASE = int(os.environ.get("BASE", "24480"))
CA = os.path.join(os.environ.get("DIR", os.path.join(HERE, "run")), "ca.pem")
# What is fetched, and by how many at a time.
CASES = {
    "small ones, 50 at a time": (f"http://127.0.0.1:{BASE}/small", 50, False),
    "each answered after 50 ms, 250 at a time": (f"http://127.0.0.1:{BASE + 3}/delay/50", 250, False),
    "small ones over TLS (HTTP/2), 50 at a time": (f"https://127.0.0.1:{BASE + 2}/small", 50, False),
    "small ones into files, 50 at a time": (f"http://127.0.0.1:{BASE}/small", 50, True),
}


def run(argv, libs, where):
    """CPU seconds, seconds and peak RSS (KiB) of one run."""
    env = dict(os.environ, LD_LIBRARY_PATH=libs) if libs else os.environ
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *argv], env=env, cwd=where,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall = time.monotonic() - begun
    if done.returncode:
        raise SystemExit(f"{argv}: {done.stderr[-300:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, int(done.stderr.splitlines()[-1])


def curl(program, url, count, at_once, files, where):
    config = os.path.join(where, "config")
    with open(config, "w") as file:
        for number in range(count):
            output = f"file{number}" if files else "/dev/null"
            file.write(f'url = "{url}?{number}"\noutput = "{output}"\n')
    return [program, "-q", "-sS", "--cacert", CA, "--parallel", "--parallel-immediate",
            "--parallel-max", str(at_once), "-K", config]


def tress(program, url, count, at_once, files, where):
    urls = os.path.join(where, "urls")
    with open(urls, "w") as file:
        file.writelines(f"{url}?{number} file{number}\n" if files else f"{url}?{number}\n"
                        for number in range(count))
    output = ["-P", "."] if files else ["--discard"]
    return [program, "--quiet", "--cacert", CA, "-j", str(at_once), "--per-host", str(at_once), *output, "-i", urls]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--curl", action="append", default=[], metavar="NAME=PROGRAM[,DIR]")
    parser.add_argument("--tress", required=True, metavar="PROGRAM")
    parser.add_argument("--urls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    programs = {"tress": (tress, args.tress, "")}
    for name, program in (text.split("=", 1) for text in args.curl):
        program, _, libs = program.partition(",")
        programs[name] = (curl, program, libs)
    print(f"| {args.urls:,} URLs | | CPU s | s | peak RSS, KiB |\n| --- | --- | --- | --- | --- |")
    for case, (url, at_once, files) in CASES.items():
        seen = {name: [] for name in programs}
        for _ in range(args.rounds):
            for name, (how, program, libs) in programs.items():
                with tempfile.TemporaryDirectory() as where:
                    argv = how(program, url, args.urls, at_once, files, where)
                    seen[name].append(run(argv, libs, where))
        for name, runs in seen.items():
            cpu, wall, rss = map(statistics.median, zip(*runs))
            print(f"| {case} | {name} | {cpu:.2f} | {wall:.2f} | {rss:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
