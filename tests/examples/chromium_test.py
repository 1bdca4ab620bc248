#!/usr/bin/env python3
"""A real browser against the examples: chromium_test.py <folder of the examples> [<launcher>...]

Fills in and submits forms, uploads a file, keeps a cookie, listens to events, seeks in a sound, and is refused from
another site. Drives Chromium by its DevTools protocol over a pipe. Ends with status 77, for CTest "skipped", where
there is no Chromium, or where it does not start.
"""
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

PATIENCE = 60  # seconds for anything that must happen


class Browser:
    """Chromium with one page. Commands are those of https://chromedevtools.github.io/devtools-protocol/."""

    def __init__(self, program, profile):
        read_end, their_write = os.pipe()
        their_read, self.write_end = os.pipe()
        # Chromium reads commands from descriptor 3 and writes to 4.
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" 3<&{their_read} 4>&{their_write}', "sh", program, "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required",
             f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
            pass_fds=(their_read, their_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(their_read)
        os.close(their_write)
        self.answers = os.fdopen(read_end, "rb")
        self.buffer = b""
        self.last_id = 0
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")

    def call(self, method, **params):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.last_id:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def receive(self):
        while b"\0" not in self.buffer:
            piece = self.answers.read1(65536)
            if not piece:
                raise EOFError("Chromium has ended")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def evaluate(self, script):
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, script):
        """Waits until the script is true, in whatever page there is by then."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if self.evaluate(script):
                    return
            except RuntimeError:
                pass  # the page is just being replaced
            time.sleep(0.1)
        raise AssertionError(f"never true: {script}; the page is {self.evaluate('document.documentElement.outerHTML')!r}")

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.until(f"location.href == {json.dumps(url)} && document.readyState == 'complete'")

    def close(self):
        self.process.kill()
        self.process.wait()


def start(command):
    """Starts an example and returns it with its port."""
    for _ in range(5):
        port = random.randrange(20000, 30000)
        process = subprocess.Popen(command + ["--addr", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return process, port
            except OSError:
                time.sleep(0.1)
    sys.exit(f"{command} does not start")


def check_forms(browser, port, scratch):
    site = f"http://localhost:{port}"
    browser.open(site + "/")
    browser.evaluate("""document.querySelector("[name=name]").value = "Ada L;ö"; document.forms[0].submit()""")
    browser.until("""document.title == "Forms" && performance.getEntriesByType("navigation")[0].redirectCount == 1""")

    path = os.path.join(scratch, "trip.jpg")
    with open(path, "wb") as file:
        file.write(os.urandom(3_000_000))
    root = browser.call("DOM.getDocument")["root"]["nodeId"]
    chooser = browser.call("DOM.querySelector", nodeId=root, selector="[type=file]")["nodeId"]
    browser.call("DOM.setFileInputFiles", nodeId=chooser, files=[path])
    browser.evaluate("""document.querySelector("[name=title]").value = "Trip"; document.forms[1].submit()""")
    browser.until("""document.body.innerText.includes('from: Ada L;ö\\ntitle: "Trip"\\n"""
                  """photo: "trip.jpg", 3000000 bytes, on disk')""")

    browser.open(site + "/")
    sizes = browser.evaluate("""Promise.all([...Array(100).keys()].map(async (i) => {
        const form = new FormData();
        form.append("photo", new File(["x".repeat(i)], "x"));
        return (await (await fetch("/upload", {method: "POST", body: form})).text()).includes(`, ${i} bytes`);
    })).then((answers) => answers.filter((right) => right).length)""")
    assert sizes == 100, sizes

    # Another site: 127.0.0.1 is not localhost.
    browser.open(f"http://127.0.0.1:{port}/")
    browser.evaluate(f"""document.forms[0].action = "{site}/name"; document.forms[0].submit()""")
    browser.until("document.body.innerText.includes('cross-origin request detected')")


def check_events(browser, port):
    browser.open(f"http://localhost:{port}/")
    browser.evaluate("""document.querySelector("[name=text]").value = "hello <b>"; document.forms[0].submit()""")
    # The stream may have been opened only after that.
    browser.until("""document.forms[0].submit(), document.querySelector("li")?.textContent == "hello <b>" """)


def check_files(browser, port, folder):
    browser.open(f"http://localhost:{port}/")
    assert browser.evaluate("[...document.links].map((a) => a.innerText).join()") == "a <b>.html,long.wav"
    browser.evaluate("document.links[0].click()")
    browser.until("document.title == 'Page'")

    # Seeking needs ranges: 100 s of silence.
    browser.evaluate("""new Promise((done, fail) => {
        window.sound = new Audio("/long.wav");
        sound.onerror = () => fail(sound.error.message);
        sound.onloadedmetadata = () => { sound.currentTime = 90; };
        sound.onseeked = done;
    })""")
    assert browser.evaluate("sound.duration == 100 && sound.currentTime == 90 && sound.seekable.end(0) == 100")

    # Preconnected sockets that stay idle harm nobody.
    browser.evaluate("""for (let i = 0; i < 3; ++i) {
        const link = document.createElement("link");
        Object.assign(link, {rel: "preconnect", href: location.origin, crossOrigin: ["anonymous", "", null][i]});
        document.head.append(link);
    }""")
    assert browser.evaluate("""new Promise((go_on) => setTimeout(go_on, 500)).then(() => Promise.all(
        [...Array(100).keys()].map((i) => fetch("/long.wav?" + i, {headers: {Range: "bytes=0-9"}}).then((r) => r.status)))
    ).then((all) => all.every((status) => status == 206))""")


def fill(folder):
    with open(os.path.join(folder, "a <b>.html"), "w", encoding="utf-8") as file:
        file.write("<!doctype html><title>Page</title>")
    rate = 48000
    with open(os.path.join(folder, "long.wav"), "wb") as file:
        size = 100 * rate * 2
        file.write(struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVEfmt ", 16, 1, 1, rate, rate * 2, 2, 16,
                               b"data", size))
        file.truncate(44 + size)


def main():
    examples, launcher = sys.argv[1], sys.argv[2:]
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        print("skipped: there is no Chromium")
        return 77
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = os.path.join(scratch, "files")
        os.mkdir(folder)
        fill(folder)
        try:
            browser = Browser(program, os.path.join(scratch, "profile"))
        except (EOFError, BrokenPipeError):
            print("skipped: Chromium does not start here")
            return 77
        processes = []
        try:
            def serve(name, *arguments):
                process, port = start(launcher + [os.path.join(examples, name), *arguments])
                processes.append(process)
                return port

            check_forms(browser, serve("forms"), scratch)
            check_events(browser, serve("events"))
            check_files(browser, serve("files", "--root", folder), folder)
        finally:
            browser.close()
            for process in processes:
                process.kill()
                process.wait()
    return 0


sys.exit(main())
