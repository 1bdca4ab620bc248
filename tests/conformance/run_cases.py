#!/usr/bin/env python3
"""Plays wire cases against a server and checks what comes back.

    run_cases.py --server build/release/tests/conformance/conformance_server
    run_cases.py --connect 127.0.0.1:8080 --only 'te-.*'

Every plain case is played three times: in one write, split at every CRLF and byte by byte. The result must be the
required one each time. A case that must leave the connection open is followed by a request of our own, which must be
answered as the next one on it; so nothing is waited for in vain.
"""
import argparse
import concurrent.futures
import json
import pathlib
import re
import socket
import struct
import subprocess
import sys
import time

SEGMENTATIONS = ("whole", "lines", "bytes")
PATIENCE = 10.0  # seconds; nothing that the server does by itself takes longer
PROBE = b"GET /probe HTTP/1.1\r\nHost: probe\r\n\r\n"
# Pieces beyond this number are sent together: what is left then is a large value, or a body.
MOST_PIECES = 600
PAUSE = 0.0002  # lets the server read a piece before the next one is there


class Malformed(Exception):
    pass


class Response:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def get(self, name):
        return next((value for key, value in self.fields if key.lower() == name), None)


def parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"HTTP/1\.\d (\d{3}) [^\r\n\0]*", lines[0])
    if not match:
        raise Malformed(f"status line {lines[0]!r}")
    fields = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[!#-'*+\-.0-9A-Z^-z|~]+", name) or re.search(r"[\r\n\0]", value):
            raise Malformed(f"field line {line!r}")
        fields.append((name, value.strip(" \t")))
    return int(match[1]), fields


def parse_chunked(data, at):
    body = b""
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(data[at:end].decode("latin-1"), 16)
        at = end + 2
        if size == 0:
            end = data.find(b"\r\n", at)
            return None if end < 0 else (body, end + 2)
        if len(data) < at + size + 2:
            return None
        body += data[at:at + size]
        if data[at + size:at + size + 2] != b"\r\n":
            raise Malformed("chunk")
        at += size + 2


def parse_response(data, at, method, ended):
    """Returns a response and where it ends, or None if it is not all there."""
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return None
    status, fields = parse_head(data[at:end])
    response, at = Response(status, fields, b""), end + 4
    length, coding = response.get("content-length"), response.get("transfer-encoding")
    if length is not None and coding is not None:
        raise Malformed("Content-Length and Transfer-Encoding")
    if status < 200 or status == 204:
        if length is not None or coding is not None:
            raise Malformed(f"{status} with framing")
        return response, at
    if method == "HEAD" or status == 304:
        return response, at
    if coding is not None:
        chunked = parse_chunked(data, at)
        if chunked is None:
            return None
        response.body, at = chunked
    elif length is not None:
        if len(data) < at + int(length):
            return None
        response.body, at = data[at:at + int(length)], at + int(length)
    else:
        if not ended:
            return None
        response.body, at = data[at:], len(data)
    return response, at


class Play:
    """One connection."""

    def __init__(self, address, methods):
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.methods = methods
        self.received = b""
        self.parsed = 0
        self.ended = self.timed_out = False
        self.interim, self.final = [], []

    def send(self, pieces):
        pause = PAUSE if len(pieces) > 1 else 0
        try:
            for piece in pieces:
                self.socket.sendall(piece)
                if pause:
                    time.sleep(pause)
        except OSError:
            pass  # the server has closed; what it said is read later

    def receive(self):
        """Reads once. Returns whether there may be more."""
        try:
            data = self.socket.recv(1 << 16)
        except TimeoutError:
            self.timed_out = True
            return False
        except OSError:
            data = b""
        self.received += data
        self.ended = not data
        self.parse()
        return not self.ended

    def parse(self):
        while self.parsed < len(self.received):
            method = dict(enumerate(self.methods)).get(len(self.final), "GET")
            result = parse_response(self.received, self.parsed, method, self.ended)
            if result is None:
                return
            response, self.parsed = result
            (self.interim if response.status < 200 else self.final).append(response)

    def read_until(self, done):
        while not done() and self.receive():
            pass

    def close(self):
        self.socket.close()


def pieces_of(raw, segmentation):
    if segmentation == "whole" or not raw:
        return [raw]
    if segmentation == "lines":
        pieces = re.findall(rb".*?\r\n|.+", raw, re.S)
    else:
        pieces = [raw[i:i + 1] for i in range(min(len(raw), MOST_PIECES))] + [raw[MOST_PIECES:]]
    pieces = pieces[:MOST_PIECES] + [b"".join(pieces[MOST_PIECES:])]
    return [piece for piece in pieces if piece]


def transmit(play, case, raw, segmentation):
    mode = case.get("mode", "single")
    if mode == "drip_300ms":
        deadline = time.monotonic() + PATIENCE
        play.socket.settimeout(0.3)
        for byte in raw:
            play.send([bytes([byte])])
            if not play.receive() and play.ended or time.monotonic() > deadline:
                break
        play.timed_out = False
        play.socket.settimeout(PATIENCE)
        return
    play.send(pieces_of(raw, segmentation))
    if mode == "shutdown_wr":
        try:
            play.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    elif mode == "send_after_100":
        play.read_until(lambda: play.interim or play.final)
        play.send([case["tail"].encode("latin-1").decode("unicode_escape").encode("latin-1")])
    elif mode == "rst":
        play.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def is_probe(response):
    return response.get("x-request-uri") == "/probe"


def play_case(address, case, segmentation):
    """Returns what is wrong, as a list of texts."""
    raw = case["bytes"].encode("latin-1").decode("unicode_escape").encode("latin-1")
    expect = case["expect"]
    play = Play(address, re.findall(r"\b([A-Z]{1,20}) \S+ HTTP/1", raw.decode("latin-1")))
    try:
        transmit(play, case, raw, segmentation)
        if case.get("mode") == "rst":
            return []
        counts = {expect["responses"], *expect.get("tolerated_responses", [])}
        play.read_until(lambda: len(play.final) >= max(counts))
        stays_open = not play.ended and expect["close"] is not True
        if stays_open and case.get("mode") in (None, "single", "send_after_100"):
            play.send([PROBE])
            play.read_until(lambda: play.final and is_probe(play.final[-1]))
        else:
            play.read_until(lambda: False)
    except Malformed as error:
        return [f"malformed response: {error}"]
    except (OSError, ValueError) as error:
        return [repr(error)]
    finally:
        play.close()
    return judge(case, play, counts)


def judge(case, play, counts):
    expect = case["expect"]
    faults = []
    answers = list(play.final)
    alive = bool(answers) and is_probe(answers[-1])
    if alive:
        answers.pop()
    statuses = [response.status for response in answers]
    if play.timed_out:
        faults.append("the server neither answered nor closed")
    if play.parsed != len(play.received):
        faults.append(f"bytes that are no response: {play.received[play.parsed:][:80]!r}")
    if not (not statuses and expect.get("allow_empty")):
        if len(statuses) not in counts:
            faults.append(f"{len(statuses)} responses {statuses}, expected {sorted(counts)}")
        allowed = expect["status"] + expect.get("tolerated_status", [])
        if statuses and statuses[0] not in allowed:
            faults.append(f"status {statuses[0]}, expected {allowed}")
        if "statuses" in expect and statuses != expect["statuses"]:
            faults.append(f"statuses {statuses}, expected {expect['statuses']}")
        tolerated = statuses and statuses[0] not in expect["status"]
        if expect["close"] is False and not alive and not tolerated:
            faults.append("the connection was closed")
        if "body" in expect and statuses and statuses[0] == 200 and answers[0].body != expect["body"].encode("latin-1"):
            faults.append(f"body {answers[0].body[:80]!r}, expected {expect['body']!r}")
    if expect["close"] is True and not play.ended:
        faults.append("the connection stayed open")
    if play.ended and answers and not expected_end(case, answers[-1]):
        faults.append("closed without announcing it")
    judge_content(expect, play, answers, faults)
    return faults


def expected_end(case, last):
    """A server that closes says so, unless the client has ended the connection or its protocol is HTTP/1.0."""
    if case.get("mode") == "shutdown_wr" or " HTTP/1.0" in case["bytes"]:
        return True
    return "close" in (last.get("connection") or "").lower()


def judge_content(expect, play, answers, faults):
    if "interim" in expect:
        needed = [status for status in expect["interim"] if status is not None]
        seen = [response.status for response in play.interim]
        if seen != needed and not (None in expect["interim"] and seen == []):
            faults.append(f"interim {seen}, expected {expect['interim']}")
    if "forbid" in expect:
        forbidden = expect["forbid"].encode("latin-1").decode("unicode_escape").encode("latin-1")
        if forbidden in play.received:
            faults.append(f"{forbidden!r} in the response")
    uris = [response.get("x-request-uri") or "" for response in answers]
    if any(expect.get("forbid_path", "\0") in uri for uri in uris):
        faults.append(f"the handler was called for {uris}")
    if "authority" in expect and answers and answers[0].status == 200:
        if answers[0].get("x-authority") != expect["authority"]:
            faults.append(f"authority {answers[0].get('x-authority')!r}, expected {expect['authority']!r}")


def start_server(path):
    process = subprocess.Popen(path, stdout=subprocess.PIPE, text=True)
    match = re.fullmatch(r"listening on (.*):(\d+)\n", process.stdout.readline())
    if not match:
        sys.exit("run_cases: the server did not start")
    return process, (match[1], int(match[2]))


def plays_of(cases):
    # Those that wait for a timeout start first.
    for case in sorted(cases, key=lambda case: "mode" not in case):
        for segmentation in SEGMENTATIONS if case.get("mode", "single") == "single" else SEGMENTATIONS[:1]:
            yield case, segmentation


def run(address, cases, jobs):
    failed = 0
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = [(case, how, pool.submit(play_case, address, case, how)) for case, how in plays_of(cases)]
        for case, how, future in futures:
            for fault in future.result():
                print(f"{case['id']} ({how}, {case['level']}): {fault}\n    {case['why']} [{case['source']}]")
            failed += bool(future.result())
    print(f"{len(cases)} cases, {len(futures)} plays, {failed} failed, {time.monotonic() - started:.1f} s")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", nargs=argparse.REMAINDER,
                        help="start this program with its arguments, and end it when the cases are played; comes last")
    parser.add_argument("--connect", help="host:port of a server that runs already")
    here = pathlib.Path(__file__)
    files = [here.with_name(name) for name in ("h1_cases.jsonl", "more_cases.jsonl")]
    parser.add_argument("--cases", nargs="*", default=files)
    parser.add_argument("--only", default="", help="a regular expression for the ids")
    parser.add_argument("--jobs", type=int, default=24)
    arguments = parser.parse_args()

    lines = [line for path in arguments.cases for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]
    cases = [case for case in map(json.loads, lines) if re.search(arguments.only, case["id"])]
    if arguments.server:
        process, address = start_server(arguments.server)
    else:
        host, _, port = arguments.connect.rpartition(":")
        process, address = None, (host, int(port))
    try:
        failed = run(address, cases, arguments.jobs)
        died = process is not None and process.poll() is not None
    finally:
        if process is not None:
            process.kill()
            process.wait()
    if died:
        sys.exit(f"run_cases: the server has died: {process.returncode}")
    sys.exit(1 if failed or not cases else 0)


if __name__ == "__main__":
    main()
