"""scripts/bench runtime: what an operation of the runtime costs Gale and Go, in nanoseconds.

benchmarks/runtime_bench.cc and benchmarks/go/runtime_test.go have benchmarks of the same names, BM_Yield here and
BenchmarkYield there. Rounds alternate between the two; the ratio is the median of the rounds' ratios.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from servers import Skip, build_go, built
from table import print_table

NS_PER_UNIT = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def run_gale(binary: str, procs: int, seconds: float, only: str) -> dict[str, float]:
    command = [binary, "--benchmark_format=json", f"--benchmark_min_time={seconds}", f"--benchmark_filter={only or '.'}"]
    output = subprocess.run(command, env=os.environ | {"GALE_MAXPROCS": str(procs)}, capture_output=True, text=True)
    if output.returncode != 0:
        sys.exit(f"bench: runtime_bench failed with status {output.returncode}:\n{output.stderr}")
    results = {}
    for benchmark in json.loads(output.stdout or '{"benchmarks": []}')["benchmarks"]:
        name = benchmark["name"].removeprefix("BM_").split("/")[0]
        results[name] = benchmark["real_time"] * NS_PER_UNIT[benchmark["time_unit"]]
    return results


def run_go(binary: str, procs: int, seconds: float, only: str) -> dict[str, float]:
    command = [binary, "-test.run=^$", f"-test.bench={only or '.'}", f"-test.benchtime={seconds}s", f"-test.cpu={procs}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^Benchmark(\w+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op", output, re.MULTILINE)
    return {name: float(cost) for name, cost in rows}


def find_runners(directory: str) -> dict:
    """The two sides that are there, each as a function of procs, seconds and filter."""
    runners = {}
    for name, find, run in (
            ("gale", lambda: built("runtime_bench"), run_gale),
            ("go", lambda: build_go("./go", Path(directory) / "runtime_test", "test", "-c"), run_go)):
        try:
            binary = find()
        except Skip as reason:
            print(f"{name}: skipped, {reason}", flush=True)
            continue
        runners[name] = lambda *arguments, binary=binary, run=run: run(binary, *arguments)
    return runners


def median_ratio(own: list[dict], other: list[dict], name: str) -> str:
    ratios = [mine[name] / theirs[name] for mine, theirs in zip(own, other) if name in mine and name in theirs]
    return f"{statistics.median(ratios):.2f}" if ratios else "-"


def median_cost(rounds: list[dict], name: str) -> str:
    costs = [costs_of_round[name] for costs_of_round in rounds if name in costs_of_round]
    return f"{statistics.median(costs):,.1f}" if costs else "-"


def measure(runners: dict, procs: int, arguments: argparse.Namespace) -> None:
    rounds = {"gale": [], "go": []}
    for _ in range(arguments.rounds):
        for side, run in runners.items():
            rounds[side].append(run(procs, arguments.seconds, arguments.only))
    names = list(dict.fromkeys(name for side in rounds.values() for costs in side for name in costs))
    rows = [[name, median_cost(rounds["gale"], name), median_cost(rounds["go"], name),
             median_ratio(rounds["gale"], rounds["go"], name)] for name in names]
    print_table(f"{procs} procs, {arguments.rounds} rounds", ["operation", "Gale ns", "Go ns", "Gale / Go"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench runtime")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3, help="at least, per benchmark and round")
    parser.add_argument("--only", default="", help="a regular expression for the names")
    parser.add_argument("--procs", default="1,2")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gale-bench-") as directory:
        runners = find_runners(directory)
        for procs in arguments.procs.split(","):
            measure(runners, int(procs), arguments)


if __name__ == "__main__":
    main()
