"""What the servers are loaded with: wrk for throughput, plain sockets for idle connections."""

import re
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from servers import ROOT, tool

# How wrk is called for each kind of load.
MODES = {
    "keep-alive": [],
    "pipelined": ["-s", str(ROOT / "benchmarks/http/pipeline.lua")],
    "close": ["-H", "Connection: close"],
}
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass
class Load:
    """What wrk did: how many responses it got, in how many seconds, and what went wrong ("" if nothing)."""

    requests: int
    seconds: float
    errors: str


def seconds_of(text: str) -> float:
    value, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(value) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60}[unit]


def run_wrk(port: int, mode: str, connections: int, seconds: int, cpu: int) -> Load:
    command = [tool("taskset"), "-c", str(cpu), tool("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", *MODES[mode],
               f"http://127.0.0.1:{port}/"]
    output = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path("/")).stdout
    requests, duration = re.search(r"(\d+) requests in ([\d.a-z]+),", output).groups()
    errors = re.findall(r"(?:Socket errors|Non-2xx or 3xx responses): .*", output)
    return Load(int(requests), seconds_of(duration), "; ".join(errors))


def open_idle_connections(port: int, count: int) -> list[socket.socket]:
    """Opens connections that have each had one request answered and are left open."""
    connections = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        connections.append(connection)
        connection.sendall(REQUEST)
        answer = b""
        while not answer.endswith(b"Hello, World!"):
            part = connection.recv(4096)
            if not part:
                raise ConnectionError(f"the server closed connection {len(connections)}")
            answer += part
    return connections
