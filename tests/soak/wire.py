"""HTTP/1.1 as a client speaks it, strict in what it accepts: an answer is right to the last byte, or Wrong."""
import asyncio
import re
import socket
import struct

PATIENCE = 60.0  # seconds; nothing takes as long, on a busy machine either


class Wrong(Exception):
    """An answer that is not what it must be."""


class Gone(Exception):
    """The connection ended before the first byte of an answer."""


class Response:
    def __init__(self, status, fields, body, minor):
        self.status, self.fields, self.body, self.minor = status, fields, body, minor

    def get(self, name):
        return next((value for key, value in self.fields if key == name), None)

    @property
    def closes(self):
        tokens = (self.get("connection") or "").lower()
        return "close" in tokens or (self.minor == 0 and "keep-alive" not in tokens)


def parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"HTTP/1\.([01]) (\d{3}) [^\r\n\0]*", lines[0])
    if not match:
        raise Wrong(f"status line {lines[0][:100]!r}")
    fields = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[!#-'*+\-.0-9A-Z^-z|~]+", name) or re.search(r"[\r\n\0]", value):
            raise Wrong(f"field line {line[:100]!r}")
        fields.append((name.lower(), value.strip(" \t")))
    return int(match[2]), fields, int(match[1])


class Connection:
    """One connection. Whoever opened it closes it."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.answers = 0

    @classmethod
    async def open(cls, address, receive_buffer=None, limit=1 << 16):
        # Beyond the server's limit of connections the kernel makes one, and the server takes it when there is room.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if receive_buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            async with asyncio.timeout(PATIENCE):
                await asyncio.get_running_loop().sock_connect(sock, address)
                return cls(*await asyncio.open_connection(sock=sock, limit=limit))
        except BaseException:
            sock.close()
            raise

    async def send(self, data):
        self.writer.write(data)
        async with asyncio.timeout(PATIENCE):
            await self.writer.drain()

    async def response(self, method="GET"):
        """The next response, interim ones included."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = await self._head()
                try:
                    status, fields, minor = parse_head(head[:-4])
                    body = await self._body(method, status, dict(fields))
                except (asyncio.IncompleteReadError, OSError) as error:
                    raise Wrong(f"cut off: {error}") from error
        except TimeoutError:
            raise Wrong(f"no answer in {PATIENCE} s") from None
        self.answers += 1
        return Response(status, fields, body, minor)

    async def _head(self):
        try:
            return await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise Wrong(f"cut off in the head: {error.partial[:100]!r}") from error
            raise Gone("closed") from error
        except OSError as error:
            raise Gone(str(error)) from error

    async def _body(self, method, status, fields):
        if method == "HEAD" or status in (101, 204, 304) or status < 200:
            return b""
        if fields.get("transfer-encoding") == "chunked":
            return await self._chunks()
        if "content-length" in fields:
            return await self.reader.readexactly(int(fields["content-length"]))
        return await self.reader.read()

    async def _chunks(self):
        body = bytearray()
        while True:
            line = await self.reader.readuntil(b"\r\n")
            if not re.fullmatch(rb"[0-9a-fA-F]+\r\n", line):
                raise Wrong(f"chunk size {line[:100]!r}")
            size = int(line, 16)
            data = await self.reader.readexactly(size + 2)
            if data[size:] != b"\r\n":
                raise Wrong("no CRLF behind a chunk")
            if size == 0:
                return bytes(body)
            body += data[:size]

    async def read_chunk(self):
        """One chunk of a body, for who reads along while it writes; b"" is the last one."""
        try:
            async with asyncio.timeout(PATIENCE):
                size = int(await self.reader.readuntil(b"\r\n"), 16)
                return (await self.reader.readexactly(size + 2))[:size]
        except (asyncio.IncompleteReadError, OSError, TimeoutError) as error:
            raise Wrong(f"cut off in the body: {error!r}") from error

    async def rest(self, patience=PATIENCE):
        """What still comes until the server closes, which it must; a reset is an end, too."""
        data = bytearray()
        try:
            async with asyncio.timeout(patience):
                while piece := await self.reader.read(1 << 16):
                    data += piece
        except TimeoutError:
            raise Wrong(f"the connection is still open after {patience} s") from None
        except OSError:
            pass
        return bytes(data)

    def close(self):
        self.writer.close()

    def reset(self):
        """Ends it with RST."""
        sock = self.writer.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
