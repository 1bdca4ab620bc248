"""The server's process, and how it is doing."""
import csv
import json
import os
import re
import signal
import subprocess
import time
import urllib.request


# An exception that a handler throws on purpose, with its stack: each function, and where it is.
THROWN = re.compile(r"^.*thrown on purpose.*\n"
                    r"(?:goroutine \d+ \[running\]:\n(?:[^\t\n].*\n\t.*\n|\.\.\.\d+ frames elided\.\.\.\n)*)?", re.MULTILINE)


class Server:
    """soak_server with a log in a file."""

    def __init__(self, command, log_path, environment):
        self.log_path = log_path
        with open(log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log,
                                            env=os.environ | environment)
        line = self.process.stdout.readline().decode()
        match = re.fullmatch(r"listening on ([\d.]+):(\d+), statistics on ([\d.:]+)\n", line)
        if not match:
            self.process.kill()
            raise SystemExit(f"soak: the server does not start: {line!r} {self.log()[-1000:]}")
        self.address = (match[1], int(match[2]))
        self.statistics = f"http://{match[3]}/"

    def stats(self):
        with urllib.request.urlopen(self.statistics, timeout=60) as answer:
            return json.load(answer)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def unexpected(self):
        """The lines of the log that are not there on purpose."""
        return THROWN.sub("", self.log()).splitlines()

    def terminate(self, patience=60):
        """SIGTERM; returns the status, or None if that is not the end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)  # a dump of the goroutines for the log
            time.sleep(2)
            self.process.kill()
            return None


class Samples:
    """Stats with their time in seconds, in memory and in a CSV file."""

    def __init__(self, path):
        self.file = open(path, "w", newline="", encoding="utf-8")
        self.writer = None
        self.rows = []

    def add(self, seconds, world, stats):
        row = {"seconds": round(seconds, 1), "good": world.good, "bad": world.bad, "wrong": len(world.wrong),
               "retried": world.retried, "wrk": world.wrk} | stats
        if self.writer is None:
            self.writer = csv.DictWriter(self.file, row)
            self.writer.writeheader()
        self.writer.writerow(row)
        self.file.flush()
        self.rows.append(row)

    def between(self, first, last):
        return [row for row in self.rows if first <= row["seconds"] <= last]
