#!/usr/bin/env python3
"""Lets good and bad clients at a server for a while, and watches it.

    soak.py --seconds 1200 --output build/soak --server build/release/tests/soak/soak_server

Fails if a good client gets anything but the right answer; if a bad one is not got rid of; if the server's memory grows
after the warm-up; if, with all clients gone, goroutines, connections and descriptors are not exactly as many as before the
first; if the log has a line that is not there on purpose; if a request that SIGTERM meets is not answered, or if the
server then does not end with status 0, which it does only if no goroutine is left.
"""
import argparse
import asyncio
import collections
import os
import pathlib
import random
import re
import shutil
import sys
import time

sys.dont_write_bytecode = True  # the folder is the source's

import bad_clients
import exchanges
import good_clients
import verdict
from watch import Samples, Server
from wire import Connection, Gone, Wrong


class World:
    """What all clients share."""

    def __init__(self, address, files, seed):
        self.address, self.files = address, files
        self.random = random.Random(seed)
        self.good = self.bad = self.retried = self.wrk = 0
        self.visits = collections.Counter()
        self.wrong = []
        self.slowness = 0.02  # seconds: a good client's mean pause; the governor changes it
        self.over = asyncio.Event()
        self.floods = 0
        self.flood_ended = -1e9

    async def pause(self):
        await self.sleep(self.random.expovariate(1 / self.slowness))

    async def sleep(self, seconds):
        """Like asyncio.sleep, but returns at once when all is over."""
        if self.over.is_set():
            return
        try:
            await asyncio.wait_for(self.over.wait(), seconds)
        except TimeoutError:
            pass

    def flood_begins(self):
        self.floods += 1

    def flood_ends(self):
        self.floods -= 1
        self.flood_ended = time.monotonic()

    def flooded_since(self, moment):
        # What waits in the kernel's queue outlives the flood.
        return self.floods > 0 or self.flood_ended + 10 > moment

    def complain(self, text):
        self.wrong.append(text)
        if len(self.wrong) <= 20:
            print(f"soak: WRONG: {text}", flush=True)


async def visit(world, client):
    """One visit of one client."""
    world.visits[client.__name__] += 1
    try:
        await client(world)
    except (Wrong, Gone, OSError) as error:
        world.complain(f"{client.__name__}: {type(error).__name__}: {error}")


async def visit_for_ever(world, clients):
    while not world.over.is_set():
        await visit(world, world.random.choice(clients))
        await world.pause()


async def flood_and_wrk(world, period, flood, wrk):
    """In turns, so that wrk's connections are never closed to make room for a flood."""
    while not world.over.is_set():
        await world.sleep(period)
        if world.over.is_set():
            return
        world.visits["flood"] += 1
        await bad_clients.flood(world, flood)
        await world.sleep(period)
        if wrk and not world.over.is_set():
            await run_wrk(world, wrk)


async def run_wrk(world, wrk):
    world.visits["wrk"] += 1
    process = await asyncio.create_subprocess_exec(
        wrk, "-t1", "-c16", "-d1s", "--timeout", "60s", "http://%s:%d/items/7" % world.address,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    text = (await process.communicate())[0].decode()
    if match := re.search(r"(\d+) requests in", text):
        world.wrk += int(match[1])
    if process.returncode or "Non-2xx" in text or "Socket errors" in text:
        world.complain(f"wrk: {text}")


async def watch(world, server, samples, begin, interval, load):
    """Samples, and has good clients pause so long that clients and server use `load` CPUs."""
    before = None
    while True:
        stats = await asyncio.to_thread(server.stats)
        now = time.monotonic()
        samples.add(now - begin, world, stats)
        cpu = time.process_time() + stats["cpu_ms"] / 1000
        if before:
            used = (cpu - before[1]) / (now - before[0])
            world.slowness = min(5.0, max(0.001, world.slowness * min(2.0, max(0.5, used / load))))
        before = now, cpu
        if world.over.is_set():
            return
        await world.sleep(interval)


async def measure_base(world, server):
    """The stats of a server that has begun to serve and has nothing to do."""
    connection = await Connection.open(world.address)
    await good_clients.converse(connection, exchanges.plain(world.random, None), says="close")
    await connection.rest()
    connection.close()
    before = None
    while True:
        stats = await asyncio.to_thread(server.stats)
        if stats["connections"] == 0 and before and not verdict.leaked(before, stats):
            return stats
        before = stats
        await asyncio.sleep(0.3)


async def settle(server, base, patience):
    """Waits for the end of what clients have left behind; returns the last stats."""
    for _ in range(patience):
        stats = await asyncio.to_thread(server.stats)
        if not verdict.leaked(base, stats):
            break
        await asyncio.sleep(1)
    return stats


async def drain(world, server):
    """SIGTERM in the middle of a request, which must be answered, and be the last one."""
    connection = await Connection.open(world.address)
    try:
        await connection.send(exchanges.Exchange("GET", "/sleep/1000", None).encode())
        await asyncio.sleep(0.3)
        ending = asyncio.create_task(asyncio.to_thread(server.terminate))
        response = await connection.response()
        exchanges.expect(200, b"slept\n", connection="close")(response)
        await connection.rest()
    except (Wrong, Gone, OSError) as error:
        world.complain(f"drain: {error!r}")
    finally:
        connection.close()
    if (status := await ending) != 0:
        world.complain(f"the server ended with status {status}")


def make_files(folder):
    """What FileServer serves; returns the content by path."""
    source = random.Random(1)
    files = {"empty.txt": b"", "small.txt": b"a small file\n" * 50, "middle.bin": source.randbytes(100_000),
             "large.bin": source.randbytes(3_000_000), "folder/page.html": b"<p>page</p>\n" * 100}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (exchanges.MODIFIED, exchanges.MODIFIED))
    return files


async def soak(args, server, files, samples):
    world = World(server.address, files, args.seed)
    base = await measure_base(world, server)
    print(f"soak: before the first client: {base}", flush=True)
    begin = time.monotonic()
    scale = 0.5 if args.seconds < 60 else 1
    clients = [visit_for_ever(world, good_clients.CLIENTS) for _ in range(int(24 * scale))]
    clients += [visit_for_ever(world, bad_clients.CLIENTS) for _ in range(int(40 * scale))]
    clients.append(flood_and_wrk(world, min(15, args.seconds / 4), 300, shutil.which("wrk")))
    tasks = [asyncio.create_task(client) for client in clients]
    watching = asyncio.create_task(watch(world, server, samples, begin, min(5, args.seconds / 20), args.load))
    # A mistake in a client's own code ends the soak.
    done, _ = await asyncio.wait([*tasks, watching], timeout=args.seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        world.complain(f"soak.py: {task.exception()!r}")
    end = time.monotonic() - begin
    world.over.set()
    await asyncio.wait(tasks, timeout=120)
    for result in await asyncio.gather(*tasks, watching, return_exceptions=True):
        if isinstance(result, BaseException) and not done:
            world.complain(f"soak.py: {result!r}")
    if server.process.poll() is not None:
        world.complain(f"the server is dead: {server.process.returncode}")
        return world, end
    settled = await settle(server, base, 60)
    print(f"soak: after the last client: {settled}", flush=True)
    for complaint in verdict.leaked(base, settled):
        world.complain(complaint)
    await drain(world, server)
    return world, end


def report(args, world, samples, end):
    for text, complaint in verdict.growth(samples, end, args.loose):
        print(f"soak: {text}")
        if complaint:
            world.complain(complaint)
    print(verdict.table(samples, [end / 60 * quarter / 4 for quarter in range(5)]))
    print("soak: visits: " + ", ".join(f"{name} {count}" for name, count in sorted(world.visits.items())))
    print(f"soak: {world.good} good requests, {world.wrk} by wrk, {world.bad} bad connections, {world.retried} retried "
          f"after an idle connection was closed, {len(world.wrong)} wrong")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--load", type=float, default=0.4, help="CPUs that clients and server use together")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/soak"))
    parser.add_argument("--loose", action="store_true", help="bounds of memory for short runs and sanitizers")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--server", nargs=argparse.REMAINDER, required=True)
    args = parser.parse_args()

    shutil.rmtree(args.output, ignore_errors=True)
    temporary = args.output / "temporary"
    temporary.mkdir(parents=True)
    files = make_files(args.output / "files")
    samples = Samples(args.output / "samples.csv")
    # ASan's quarantine would grow to 256 MiB, whatever the server does.
    environment = {"GALE_MAXPROCS": "2", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=16"}
    print(f"soak: seed {args.seed}", flush=True)
    server = Server([*args.server, "--root", str(args.output / "files"), "--temporary", str(temporary)],
                    args.output / "server.log", environment)
    try:
        world, end = asyncio.run(soak(args, server, files, samples))
    finally:
        if server.process.poll() is None:
            server.process.kill()
    report(args, world, samples, end)
    for line in server.unexpected()[:20]:
        world.complain(f"in the log: {line}")
    if left := os.listdir(temporary):
        world.complain(f"uploads left on disk: {left[:5]}")
    print("soak: FAILED" if world.wrong else "soak: passed")
    return 1 if world.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
