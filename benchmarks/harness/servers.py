"""The servers that are compared: how each is started, asked once whether it answers right, and ended."""

import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build/release/benchmarks"
SEARCH_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/go/bin"
BODY = b"Hello, World!"


class Skip(Exception):
    """Why a server cannot be measured here."""


def tool(name: str) -> str:
    path = shutil.which(name, path=SEARCH_PATH)
    if path is None:
        raise Skip(f"{name} is not installed (scripts/setup bench)")
    return path


def built(name: str) -> str:
    path = BUILT / name
    if not path.exists():
        raise Skip(f"{path.relative_to(ROOT)} is not built")
    return str(path)


def build_go(package: str, output: Path, *arguments: str) -> str:
    """Compiles a Go package of benchmarks/ with the installed Go."""
    command = [tool("go"), *(arguments or ("build",)), "-o", str(output), package]
    subprocess.run(command, cwd=ROOT / "benchmarks", env=os.environ | {"GOTOOLCHAIN": "local"}, check=True)
    return str(output)


def floor_command(port: int, work_dir: Path, close: bool) -> list[str]:
    return [built("epoll_floor"), str(port), *(["close"] if close else [])]


def gale_command(port: int, work_dir: Path, close: bool) -> list[str]:
    return [built("gale_hello"), "--addr", f"127.0.0.1:{port}"]


def nginx_command(port: int, work_dir: Path, close: bool) -> list[str]:
    template = (ROOT / "benchmarks/http/nginx.conf.in").read_text()
    configuration = work_dir / "nginx.conf"
    configuration.write_text(template.replace("@DIR@", str(work_dir)).replace("@PORT@", str(port)))
    return [tool("nginx"), "-p", str(work_dir), "-e", str(work_dir / "error.log"), "-c", str(configuration)]


def go_command(port: int, work_dir: Path, close: bool) -> list[str]:
    return [build_go("./http/go", work_dir / "go_hello"), "-addr", f"127.0.0.1:{port}"]


COMMANDS = {"floor": floor_command, "gale": gale_command, "nginx": nginx_command, "go": go_command}
ONE_PROC = {"GALE_MAXPROCS": "1", "GOMAXPROCS": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server on a port of its own, pinned to one CPU.

    make_command gets the port, a directory for temporary files and whether the server is to close every
    connection by itself (only the floor cannot see it from the request). Raises Skip if it cannot be started.
    """

    def __init__(self, name: str, make_command, cpu: int, close: bool = False):
        self.name = name
        self.port = free_port()
        self.work_dir = tempfile.TemporaryDirectory(prefix=f"gale-bench-{name}-")
        os.chmod(self.work_dir.name, 0o755)  # nginx's worker runs as another user
        self.process = None
        try:
            command = make_command(self.port, Path(self.work_dir.name), close)
            self.process = subprocess.Popen([tool("taskset"), "-c", str(cpu), *command], env=os.environ | ONE_PROC,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            self.wait_until_listening()
            self.check_answer()
        except BaseException:
            self.stop()
            raise

    def wait_until_listening(self, seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Skip(f"it ended at once with status {self.process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Skip(f"it does not listen after {seconds} s")

    def check_answer(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Skip(f"it does not answer: {error!r}") from error
        finally:
            connection.close()
        if response.status != 200 or body != BODY:
            raise Skip(f"it answers {response.status} with {body!r}")
        for field in ("Date", "Content-Type", "Content-Length"):
            if field not in response.headers:
                raise Skip(f"it answers without {field}")

    def stop(self) -> None:
        """Ends the process, and with it its children. May be called again."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        self.work_dir.cleanup()
