"""Bad clients: each is one coroutine that does one bad thing. What is promised to good ones is promised to nobody here,
but the server must get rid of them, and must not answer what nobody has asked for."""
import asyncio
import os

from exchanges import PATTERN
from wire import Connection, Wrong, parse_head

GET = b"GET %s HTTP/1.1\r\nHost: soak\r\n\r\n"


class Visit:
    """A connection that is reset at the end, if nothing else has ended it."""

    def __init__(self, world, **options):
        self.world, self.options = world, options

    async def __aenter__(self):
        self.connection = await Connection.open(self.world.address, **self.options)
        self.world.bad += 1
        return self.connection

    async def __aexit__(self, kind, error, _):
        if self.world.random.random() < 0.7:
            self.connection.reset()
        else:
            self.connection.close()
        # What the server does to a client that is in the wrong is its business.
        return kind is not None and issubclass(kind, OSError) and not issubclass(kind, TimeoutError)


def must_be_refused(data, least=400, most=431):
    """Exactly one answer, with such a status, or none."""
    if not data:
        return
    head, _, body = data.partition(b"\r\n\r\n")
    status, fields, _ = parse_head(head)
    if not least <= status <= most and status not in (501, 505):
        raise Wrong(f"{status} for what is malformed: {data[:200]!r}")
    length = dict(fields).get("content-length")
    if length is None or len(body) != int(length):
        raise Wrong(f"more than one answer: {data[:500]!r}")


async def drip(world, connection, data, pause):
    """Byte by byte until the server has had enough."""
    for i in range(len(data)):
        if connection.reader.at_eof() or connection.writer.is_closing():
            return
        await connection.send(data[i:i + 1])
        await world.sleep(pause)


async def slow_head(world):
    async with Visit(world) as connection:
        await drip(world, connection, b"GET / HTTP/1.1\r\nHost: soak\r\nX-Slow: " + b"s" * 200, 0.3)
        must_be_refused(await connection.rest())


async def slow_body(world):
    async with Visit(world) as connection:
        await connection.send(b"POST /echo HTTP/1.1\r\nHost: soak\r\nContent-Length: 100000\r\n\r\n")
        await drip(world, connection, b"b" * 200, 0.4)
        await connection.rest()


async def slow_chunks(world):
    async with Visit(world) as connection:
        await connection.send(b"POST /conversation HTTP/1.1\r\nHost: soak\r\nTransfer-Encoding: chunked\r\n\r\n")
        await drip(world, connection, b"1\r\nc\r\n" * 50, 0.3)
        await connection.rest()


async def slow_reader(world):
    async with Visit(world, receive_buffer=4096, limit=2048) as connection:
        target = world.random.choice([b"/pattern/8000000", b"/chunked/8000000", b"/files/large.bin", b"/stream/100000"])
        await connection.send(GET % target)
        for _ in range(12):
            if not await connection.reader.read(512):
                return
            await world.sleep(0.8)


async def never_reads(world):
    async with Visit(world, receive_buffer=4096, limit=2048) as connection:
        await connection.send((GET % b"/pattern/100000") * 60)
        await world.sleep(8)


async def silence(world):
    async with Visit(world) as connection:
        if world.random.random() < 0.5:
            await connection.send(b"GET / HT")
        must_be_refused(await connection.rest())


async def idle(world):
    async with Visit(world) as connection:
        await connection.send(GET % b"/")
        await connection.response()
        if await connection.rest():
            raise Wrong("bytes on an idle connection")


async def half_close(world):
    async with Visit(world) as connection:
        await connection.send(world.random.choice([
            b"", b"GET / HTTP/1.1\r\nHos", b"POST /echo HTTP/1.1\r\nHost: soak\r\nContent-Length: 50000\r\n\r\nhalf",
            b"POST /conversation HTTP/1.1\r\nHost: soak\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", GET % b"/wait",
            GET % b"/hijack"]))
        connection.writer.write_eof()
        await connection.rest()


async def reset(world):
    """RST at every place."""
    async with Visit(world) as connection:
        await connection.send(world.random.choice([
            b"", b"GET / HTTP/1.1\r\nHos", b"POST /echo HTTP/1.1\r\nHost: soak\r\nContent-Length: 50000\r\n\r\nhalf",
            b"POST /upload HTTP/1.1\r\nHost: soak\r\nContent-Length: 50000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n", GET % b"/pattern/3000000",
            GET % b"/files/large.bin", GET % b"/stream/1000", GET % b"/wait", GET % b"/sleep/300", GET % b"/hijack",
            GET % b"/limited/60000", GET % b"/limited/0", GET % b"/numbers/100", GET % b"/throw", GET % b"/late",
            (GET % b"/") * 50, (GET % b"/items/7") * 20 + b"GET"]))
        await world.sleep(world.random.choice([0, 0, 0.001, 0.01, 0.1, 0.5]))
        connection.reset()


async def gives_up(world):
    """Closes in good order while the handler works."""
    async with Visit(world) as connection:
        await connection.send(GET % world.random.choice([b"/wait", b"/wait", b"/sleep/500", b"/limited/60000"]))
        await world.sleep(world.random.uniform(0, 0.5))
        connection.close()


async def garbage(world):
    async with Visit(world) as connection:
        data = world.random.choice([
            os.urandom(world.random.randrange(1, 3000)) + b"\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9,
            b"SSH-2.0-OpenSSH_9.2\r\n", b"\r\n\r\n\r\nGET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/3.7\r\n\r\n"])
        await connection.send(data)
        connection.writer.write_eof()
        must_be_refused(await connection.rest(), most=505)


async def too_long(world):
    async with Visit(world) as connection:
        await connection.send(world.random.choice([
            b"GET /" + b"l" * 20_000 + b" HTTP/1.1\r\nHost: soak\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: soak\r\nX-Long: " + b"l" * 70_000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: soak\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(150)) + b"\r\n",
            b"POST /echo HTTP/1.1\r\nHost: soak\r\nContent-Length: 99999999\r\n\r\n"]))
        must_be_refused(await connection.rest())


SMUGGLED = b"GET /items/smuggled HTTP/1.1\r\nHost: soak\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: soak\r\n"
SHAPES = [
    POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG" + SMUGGLED,
    POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" + SMUGGLED,
    POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    POST + b"Content-Length: +5\r\n\r\nhello" + SMUGGLED,
    POST + b"Content-Length: 0x5\r\n\r\nhello" + SMUGGLED,
    POST + b"X: a\r\n folded\r\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
    POST + b"X: a\0b\r\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
    b"GET / HTTP/1.1\nHost: soak\n\n" + SMUGGLED,
    b"GET / HTTP/1.1\r\nHost: soak\r\nHost: other\r\n\r\n" + SMUGGLED,
    b"GET / HTTP/1.1\r\n\r\n" + SMUGGLED,
]
CHUNKS = [b"5;" + b"e" * 20_000 + b"\r\nhello\r\n0\r\n\r\n", b"5\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n",
          b"fffffffffffffffff\r\nhello\r\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"0\r\nContent-Length\r\n\r\n"]


async def smuggle(world):
    async with Visit(world) as connection:
        await connection.send(world.random.choice(SHAPES))
        must_be_refused(await connection.rest())


async def bad_chunks(world):
    async with Visit(world) as connection:
        await connection.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + world.random.choice(CHUNKS) + SMUGGLED)
        must_be_refused(await connection.rest())


async def aborted_upload(world):
    """A form whose file is already on the server's disk when the client stops."""
    async with Visit(world) as connection:
        head = (b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + PATTERN[:300_000])
        await connection.send(b"POST /upload HTTP/1.1\r\nHost: soak\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                              b"Content-Length: %d\r\n\r\n" % (len(head) + world.random.choice([0, 100])) + head)
        what = world.random.randrange(3)
        if what == 0:
            connection.writer.write_eof()
            await connection.rest()
        elif what == 1:
            await connection.response()
        else:
            await world.sleep(0.05)


async def ignored_upload(world):
    """More than a server reads of a body that its handler left alone."""
    async with Visit(world) as connection:
        await connection.send(b"POST /unread HTTP/1.1\r\nHost: soak\r\nContent-Length: 3000000\r\n\r\n" + PATTERN[:3_000_000])
        await connection.rest()


async def expects_and_sends_nothing(world):
    async with Visit(world) as connection:
        await connection.send(POST + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n")
        await connection.response()
        await connection.rest()


async def hijack_and_silence(world):
    async with Visit(world) as connection:
        await connection.send(GET % b"/hijack")
        await connection.response()
        await connection.rest()


async def flood(world, count):
    """More connections than the server takes, all of them useless."""
    opened = []
    world.flood_begins()
    try:
        for _ in range(count):
            opened.append(await Connection.open(world.address))
            world.bad += 1
            if len(opened) % 3 == 0:
                await opened[-1].send(b"GET / HTTP/1.1\r\n")
            if len(opened) % 50 == 0:
                await asyncio.sleep(0.01)
        await world.sleep(1.5)
    except OSError:
        pass
    finally:
        for connection in opened:
            connection.reset() if world.random.random() < 0.5 else connection.close()
        world.flood_ends()


# Most take seconds, reset and gives_up hardly any time.
CLIENTS = [slow_head, slow_body, slow_chunks, slow_reader, never_reads, silence, idle, half_close, reset, reset, reset,
           gives_up, gives_up, garbage, garbage, too_long, smuggle, smuggle, bad_chunks, aborted_upload, aborted_upload,
           ignored_upload, expects_and_sends_nothing, hijack_and_silence]
