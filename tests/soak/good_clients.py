"""Good clients: each is one coroutine that behaves well, for one visit, and checks every byte of what it gets."""
import asyncio
import time
from contextlib import closing

import exchanges
from exchanges import PATTERN, Exchange, expect
from wire import Connection, Gone, Wrong


async def converse(connection, exchange, minor=1, says=None):
    await connection.send(exchange.encode(minor, says))
    response = await connection.response(exchange.method)
    if response.status == 100:
        raise Wrong("100 without being asked")
    check(exchange, response)
    return response


def check(exchange, response):
    try:
        exchange.check(response)
    except Wrong as error:
        raise Wrong(f"{exchange.method} {exchange.target[:60]} {exchange.fields}: {error}") from None


async def converse_again(world, connection, exchange, last, **options):
    """Returns None if the connection has ended since `last`, when it was idle. A server may do that, and this one does
    when others wait for room."""
    try:
        response = await converse(connection, exchange, **options)
    except (Gone, OSError) as error:
        if connection.answers == 0 or not (world.flooded_since(last) or time.monotonic() - last > 5):
            raise Wrong(f"{exchange.method} {exchange.target[:60]}: no answer, {error!r}") from error
        world.retried += 1
        return None
    world.good += 1
    return response


async def keep_alive(world):
    """A number of requests on one connection, with pauses."""
    with closing(await Connection.open(world.address)) as connection:
        last = time.monotonic()
        for _ in range(world.random.randrange(1, 40)):
            exchange = exchanges.pick(world.random, world.files)
            response = await converse_again(world, connection, exchange, last)
            if response is None:
                return
            last = time.monotonic()
            if response.closes:
                await connection.rest()
                return
            await world.pause()


async def single(world):
    """A connection for each request, in HTTP/1.1 or 1.0."""
    exchange = exchanges.pick(world.random, world.files)
    minor = 1 if exchange.chunked else world.random.choice([0, 1])
    if exchange.target == "*":
        minor = 1
    with closing(await Connection.open(world.address)) as connection:
        response = await converse(connection, exchange, minor=minor, says="close" if minor else None)
        if await connection.rest():
            raise Wrong("bytes behind the last answer")
        if not response.closes:
            raise Wrong("closes without saying so")
        world.good += 1


async def http10_keep_alive(world):
    with closing(await Connection.open(world.address)) as connection:
        for _ in range(3):
            exchange = exchanges.plain(world.random, None)
            response = await converse_again(world, connection, exchange, time.monotonic(), minor=0, says="keep-alive")
            if response is None or response.closes:
                return


async def pipeline(world):
    """Many requests at once, whose answers must come in their order."""
    count = world.random.choice([2, 5, 30])
    kinds = [exchanges.plain, exchanges.item, exchanges.pattern, exchanges.head, exchanges.cookie, exchanges.unread]
    asked = [world.random.choice(kinds)(world.random, None) for _ in range(count)]
    with closing(await Connection.open(world.address)) as connection:
        connection.writer.write(b"".join(exchange.encode() for exchange in asked))
        for exchange in asked:
            response = await connection.response(exchange.method)
            check(exchange, response)
            world.good += 1
            if response.closes:
                # Others wait for room: what is behind this answer was not read.
                if not world.flooded_since(time.monotonic() - 5):
                    raise Wrong("a pipeline was broken off")
                return


async def expect_continue(world):
    body = PATTERN[:world.random.randrange(1, 100_000)]
    exchange = Exchange("POST", "/echo", expect(200, body), ["Expect: 100-continue"], body)
    data = exchange.encode()
    with closing(await Connection.open(world.address)) as connection:
        await connection.send(data[:-len(body)])
        interim = await connection.response()
        if interim.status != 100 or interim.fields:
            raise Wrong(f"{interim.status} {interim.fields} instead of 100")
        await connection.send(body)
        check(exchange, await connection.response())
        world.good += 1


async def refused_continue(world):
    """A body that is not wanted is not asked for."""
    with closing(await Connection.open(world.address)) as connection:
        await connection.send(b"POST /unread HTTP/1.1\r\nHost: soak\r\nExpect: 100-continue\r\nContent-Length: 9000\r\n\r\n")
        response = await connection.response()
        expect(200, b"not read\n")(response)
        if not response.closes:
            raise Wrong("goes on although the body may or may not come")
        await connection.rest()
        world.good += 1


async def conversation(world):
    """Writes and reads in turn within one request."""
    connection = await Connection.open(world.address)
    try:
        await connection.send(b"POST /conversation HTTP/1.1\r\nHost: soak\r\nTransfer-Encoding: chunked\r\n\r\n")
        for i in range(world.random.randrange(2, 15)):
            word = b"word %d" % i
            await connection.send(b"%x\r\n%s\r\n" % (len(word), word))
            if i == 0:
                head = await asyncio.wait_for(connection.reader.readuntil(b"\r\n\r\n"), 60)
                if not head.startswith(b"HTTP/1.1 200 "):
                    raise Wrong(f"{head[:100]!r}")
            if (got := await connection.read_chunk()) != word:
                raise Wrong(f"{got!r} instead of {word!r}")
        await connection.send(b"0\r\n\r\n")
        if (got := await connection.read_chunk()) != b"":
            raise Wrong(f"{got!r} at the end")
        world.good += 1
    except (asyncio.IncompleteReadError, OSError) as error:
        raise Wrong(f"conversation: {error!r}") from error
    finally:
        connection.close()


async def hijack(world):
    with closing(await Connection.open(world.address)) as connection:
        await connection.send(b"GET /hijack HTTP/1.1\r\nHost: soak\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
        response = await connection.response()
        if response.status != 101:
            raise Wrong(f"{response.status} instead of 101")
        await connection.send(b" and later")
        connection.writer.write_eof()
        if (got := await connection.rest()) != b"early and later":
            raise Wrong(f"hijacked: {got!r}")
        world.good += 1


async def broken_off(world):
    """A handler that throws in the middle: its answer must not look complete."""
    with closing(await Connection.open(world.address)) as connection:
        await connection.send(b"GET /late HTTP/1.1\r\nHost: soak\r\n\r\n")
        data = await connection.rest()
        if not data.startswith(b"HTTP/1.1 200 ") or not data.endswith(b"the beginning\n\r\n"):
            raise Wrong(f"broken off: {data!r}")
        world.good += 1


async def half_closed(world):
    """Says that it will send no more, and still gets its answer."""
    exchange = exchanges.pattern(world.random, None)
    with closing(await Connection.open(world.address)) as connection:
        connection.writer.write(exchange.encode())
        connection.writer.write_eof()
        check(exchange, await connection.response())
        if await connection.rest():
            raise Wrong("bytes behind the last answer")
        world.good += 1


CLIENTS = [keep_alive] * 12 + [single] * 4 + [pipeline] * 3 + [http10_keep_alive, expect_continue, refused_continue,
                                                               conversation, hijack, broken_off, half_closed]
