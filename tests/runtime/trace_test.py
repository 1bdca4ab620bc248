"""Checks the files that StartTrace writes: python3 trace_test.py <command of trace_program>...."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from collections import Counter, defaultdict

PROGRAM = sys.argv[1:]


def run(path, *arguments):
    return subprocess.run(PROGRAM + [path, *arguments], timeout=120, check=False).returncode


def trace(*arguments, whole=True):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace.json")
        status = run(path, *arguments)
        with open(path, encoding="utf-8", errors="strict") as file:
            text = file.read()
    if whole:
        assert status == 0, status
    else:
        assert not text.rstrip().endswith("]"), "the process was not killed in the middle"
        text += "]"
    return json.loads(text), len(text)


class WholeTrace(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.events, _ = trace()
        cls.by_phase = defaultdict(list)
        for event in cls.events:
            cls.by_phase[event["ph"]].append(event)

    def test_tracks_are_named_after_ps(self):
        names = {e["tid"]: e["args"]["name"] for e in self.by_phase["M"] if e["name"] == "thread_name"}
        slices = {e["tid"] for e in self.by_phase["X"]}
        self.assertLessEqual(slices, set(names))
        ps = [name for name in names.values() if name.startswith("P ")]
        self.assertIn("P 0", ps + ["P 0"] * bool(ps))
        self.assertGreaterEqual(len(ps), 1)
        self.assertLessEqual(len(ps), int(os.environ.get("GALE_MAXPROCS", 1024)))
        for name in names.values():
            self.assertRegex(name, r"^(P \d+|M \d+ without a P|thread \d+)$")

    def test_slices_have_durations_and_do_not_overlap(self):
        tracks = defaultdict(list)
        for event in self.by_phase["X"]:
            self.assertGreaterEqual(event["dur"], 0)
            self.assertGreaterEqual(event["ts"], 0)
            if event["cat"] != "wake":
                tracks[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
        for spans in tracks.values():
            spans.sort()
            for (_, end), (begin, _) in zip(spans, spans[1:]):
                self.assertLessEqual(end, begin + 0.0015)  # rounding

    def test_slices_are_named_after_functions(self):
        names = Counter(e["name"] for e in self.by_phase["X"] if e["cat"] == "goroutine")
        self.assertTrue(any("Consumer" in name for name in names), names)

    def test_a_goroutine_runs_in_one_place_at_a_time(self):
        spans = defaultdict(list)
        for event in self.by_phase["X"]:
            if event["cat"] == "goroutine":
                spans[event["args"]["goroutine"]].append((event["ts"], event["ts"] + event["dur"]))
        for list_of_one in spans.values():
            list_of_one.sort()
            for (_, end), (begin, _) in zip(list_of_one, list_of_one[1:]):
                self.assertLessEqual(end, begin + 0.0015)

    def test_arrows_have_both_ends_and_lead_forward(self):
        begins = {e["id"]: e for e in self.by_phase["s"]}
        ends = {e["id"]: e for e in self.by_phase["f"]}
        self.assertEqual(len(begins), len(self.by_phase["s"]))
        self.assertEqual(set(begins), set(ends))
        self.assertGreater(len(begins), 100)
        starts = {(e["tid"], e["ts"]) for e in self.by_phase["X"]}
        for number, begin in begins.items():
            end = ends[number]
            self.assertLessEqual(begin["ts"], end["ts"])
            self.assertEqual(end["bp"], "e")
            self.assertIn((end["tid"], end["ts"]), starts)  # it ends where a slice begins
        slices = defaultdict(list)
        for event in self.by_phase["X"]:
            slices[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
        for begin in begins.values():
            self.assertTrue(any(a - 0.0015 <= begin["ts"] <= b + 0.0015 for a, b in slices[begin["tid"]]), begin)

    def test_waits_begin_and_end(self):
        open_spans = Counter()
        for event in sorted(self.by_phase["b"] + self.by_phase["e"], key=lambda e: (e["ts"], e["ph"])):
            key = (event["cat"], event["id"], event["name"])
            open_spans[key] += 1 if event["ph"] == "b" else -1
        self.assertEqual([key for key, count in open_spans.items() if count != 0], [])
        names = {e["name"] for e in self.by_phase["b"]}
        for reason in ["IO wait", "sleep", "runnable", "chan receive (nil chan)", "sync.WaitGroup.Wait"]:
            self.assertIn(reason, names)

    def test_a_call_of_blocking_leaves_the_p(self):
        names = {e["tid"]: e["args"]["name"] for e in self.by_phase["M"] if e["name"] == "thread_name"}
        (mark,) = [e for e in self.by_phase["i"] if e["cat"] == "blocking"]
        self.assertRegex(names[mark["tid"]], r"^M \d+ without a P$")
        around = [
            e
            for e in self.by_phase["X"]
            if e["tid"] == mark["tid"] and e["ts"] <= mark["ts"] <= e["ts"] + e["dur"]
        ]
        self.assertEqual(len(around), 1)
        self.assertIn("handed over", {e["args"]["end"] for e in self.by_phase["X"] if e["cat"] == "goroutine"})
        self.assertIn("Blocking", {e["name"] for e in self.by_phase["b"]})

    def test_regions_and_marks_are_escaped(self):
        names = [e["name"] for e in self.by_phase["b"] if e["args"]["kind"] == "region"]
        self.assertEqual(names.count('consume "all"\\\n\x01\ufffd\u20ac'), 3)
        self.assertEqual(names.count("one"), 320)
        marks = [e for e in self.by_phase["i"] if e["cat"] == "progress"]
        self.assertIn('at 50\t"quoted" \ufffd', {e["name"] for e in marks})

    def test_nothing_was_dropped(self):
        self.assertEqual([e for e in self.by_phase["i"] if e["cat"] == "gale"], [])


class OtherTraces(unittest.TestCase):
    def test_a_killed_process_leaves_a_readable_file(self):
        events, _ = trace("killed", whole=False)
        self.assertTrue(any("Consumer" in e["name"] for e in events if e["ph"] == "X"))

    def test_the_size_is_bounded(self):
        events, size = trace("50000")
        self.assertLessEqual(size, 50000)
        self.assertGreater(size, 25000)
        self.assertEqual(events[-1]["name"], "the trace has reached its greatest size")

    def test_a_file_that_cannot_be_made_is_an_error(self):
        result = subprocess.run(PROGRAM + ["/nonexistent/trace"], capture_output=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"start trace /nonexistent/trace: no such file or directory", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
