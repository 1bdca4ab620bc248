"""scripts/bench http: what a request costs Gale and its competitors, in CPU time of the server.

Every server has one worker on one CPU, the load another. wrk saturates before the servers do, so requests per
second hide the differences; CPU time per request shows them. Rounds alternate between the servers, and the
ratio to the floor (benchmarks/floor) is the median of the rounds' ratios: a noisy machine disturbs both sides of
a ratio alike.
"""

import argparse
import contextlib
import os
import resource
import signal
import statistics
import sys
import time

import load
import processes
from servers import COMMANDS, Server, Skip, tool
from table import print_table


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench http")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of load per server and round")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--idle", type=int, default=5000, help="idle connections in the memory measurement")
    parser.add_argument("--settle", type=float, default=8, help="seconds before memory is read")
    parser.add_argument("--only", default="", help=f"servers, of {','.join(COMMANDS)} and those of --also")
    parser.add_argument("--modes", default="keep-alive,pipelined,close,memory")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=COMMAND",
                        help="one more server; {port} in the command is replaced")
    arguments = parser.parse_args()
    arguments.modes = arguments.modes.split(",")
    unknown = set(arguments.modes) - set(load.MODES) - {"memory"}
    if unknown:
        parser.error(f"unknown modes: {' '.join(sorted(unknown))}")
    return arguments


def commands_to_compare(arguments: argparse.Namespace) -> dict:
    commands = dict(COMMANDS)
    for also in arguments.also:
        name, _, command = also.partition("=")
        commands[name] = lambda port, work_dir, close, words=command.split(): [
            word.replace("{port}", str(port)) for word in words]
    if arguments.only:
        chosen = arguments.only.split(",")
        unknown = set(chosen) - set(commands)
        if unknown:
            sys.exit(f"bench: unknown servers: {' '.join(sorted(unknown))}")
        commands = {name: commands[name] for name in chosen}
    return commands


def start_all(commands: dict, cpu: int, close: bool, stack: contextlib.ExitStack) -> list[Server]:
    started = []
    for name, command in commands.items():
        try:
            server = Server(name, command, cpu, close)
        except Skip as reason:
            print(f"{name}: skipped, {reason}", flush=True)
            continue
        stack.callback(server.stop)
        started.append(server)
    return started


def measure_load(mode: str, servers: list[Server], arguments: argparse.Namespace, cpu: int) -> None:
    def once(server: Server, seconds: int) -> tuple[float, float, str]:
        before = processes.cpu_ns(server.process.pid)
        done = load.run_wrk(server.port, mode, arguments.connections, seconds, cpu)
        used = processes.cpu_ns(server.process.pid) - before
        if server.process.poll() is not None:
            sys.exit(f"bench: {server.name} ended under load with status {server.process.returncode}")
        return used / 1000 / max(done.requests, 1), done.requests / done.seconds, done.errors

    for server in servers:
        once(server, 1)
    results = {server.name: [] for server in servers}
    for _ in range(arguments.rounds):
        for server in servers:
            results[server.name].append(once(server, arguments.seconds))

    rows = []
    for name, rounds in results.items():
        ratio = "-"
        if "floor" in results:
            ratio = f"{statistics.median(own[0] / floor[0] for own, floor in zip(rounds, results['floor'])):.2f}"
        rows.append([name, f"{statistics.median(cost for cost, _, _ in rounds):.2f}", ratio,
                     f"{statistics.median(rate for _, rate, _ in rounds):,.0f}"])
    print_table(f"{mode}, {arguments.connections} connections, {arguments.rounds} rounds of {arguments.seconds} s",
                ["server", "CPU us/request", "/ floor", "requests/s"], rows)
    for name, rounds in results.items():
        for errors in sorted({errors for _, _, errors in rounds if errors}):
            print(f"{name}: {errors}")


def measure_memory(servers: list[Server], arguments: argparse.Namespace) -> None:
    rows = []
    for server in servers:
        pid = server.process.pid
        for connection in load.open_idle_connections(server.port, 100):
            connection.close()
        time.sleep(arguments.settle)
        before = processes.resident_bytes(pid)
        try:
            connections = load.open_idle_connections(server.port, arguments.idle)
        except OSError as error:
            print(f"{server.name}: no memory measurement, {error}")
            continue
        time.sleep(arguments.settle)
        used = processes.resident_bytes(pid) - before
        for connection in connections:
            connection.close()
        rows.append([server.name, f"{used / arguments.idle:,.0f}"])
    print_table(f"memory, {arguments.idle} idle keep-alive connections after {arguments.settle:g} s",
                ["server", "bytes/connection"], rows)


def main() -> None:
    arguments = parse_arguments()
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        sys.exit("bench: needs two CPUs, one for the server and one for the load")
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        tool("wrk")
        tool("taskset")
    except Skip as reason:
        sys.exit(f"bench: {reason}")

    commands = commands_to_compare(arguments)
    for close in (False, True):
        modes = [mode for mode in arguments.modes if (mode == "close") == close]
        if not modes:
            continue
        with contextlib.ExitStack() as stack:
            servers = start_all(commands, cpus[0], close, stack)
            for mode in modes:
                if mode == "memory":
                    measure_memory(servers, arguments)
                else:
                    measure_load(mode, servers, arguments, cpus[1])


if __name__ == "__main__":
    main()
