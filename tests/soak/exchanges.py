"""What good clients ask for, and the only answer that is right."""
import email.utils
import re
import urllib.parse
import zlib

from wire import Wrong

MODIFIED = 1_700_000_000  # of everything that has a date
DATE = email.utils.formatdate(MODIFIED, usegmt=True)
PATTERN = bytes(range(251)) * 20_000
DOCUMENT = b"".join(b"line %d of the document\n" % i for i in range(500))


class Exchange:
    def __init__(self, method, target, check, fields=(), body=None, chunked=None, trailer=b""):
        self.method, self.target, self.check = method, target, check
        self.fields, self.body, self.chunked, self.trailer = list(fields), body, chunked, trailer

    def encode(self, minor=1, connection=None):
        head = [f"{self.method} {self.target} HTTP/1.{minor}", "Host: soak"] + self.fields
        if connection:
            head.append(f"Connection: {connection}")
        body = self.body or b""
        if self.chunked:
            head.append("Transfer-Encoding: chunked")
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in self.chunked if piece)
            body += b"0\r\n" + self.trailer + b"\r\n"
        elif self.body is not None:
            head.append(f"Content-Length: {len(body)}")
        return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def expect(status, body=None, **fields):
    def check(response):
        if response.status != status:
            raise Wrong(f"status {response.status}, not {status}: {response.body[:200]!r}")
        if body is not None and response.body != body:
            at = next((i for i, (a, b) in enumerate(zip(response.body, body)) if a != b), min(len(body), len(response.body)))
            raise Wrong(f"{len(response.body)} bytes, not {len(body)}, or different from byte {at}: "
                        f"{response.body[at:at + 100]!r}")
        for name, value in fields.items():
            got = response.get(name.replace("_", "-"))
            if got != value:
                raise Wrong(f"{name} is {got!r}, not {value!r}")
    return check


def expect_ranges(content, ranges):
    """multipart/byteranges with these, in order."""
    def check(response):
        expect(206)(response)
        match = re.fullmatch(r"multipart/byteranges; boundary=(\S+)", response.get("content-type") or "")
        if not match:
            raise Wrong(f"content type {response.get('content-type')!r}")
        boundary = b"--" + match[1].strip('"').encode()
        parts = response.body.split(boundary)
        if len(parts) != len(ranges) + 2 or parts[-1].strip() != b"--":
            raise Wrong(f"{len(parts)} pieces for {len(ranges)} ranges")
        for part, (first, last) in zip(parts[1:], ranges):
            head, _, data = part.partition(b"\r\n\r\n")
            if b"bytes %d-%d/%d" % (first, last, len(content)) not in head or data != content[first:last + 1] + b"\r\n":
                raise Wrong(f"range {first}-{last}: {part[:200]!r}")
    return check


def plain(random, _):
    return Exchange("GET", "/", expect(200, b"hello world\n", content_length="12"))


def item(random, _):
    name = random.choice(["7", "a%20b", "%C3%A4", "x" * random.randrange(1, 2000), "a%2Fb"])
    return Exchange("GET", f"/items/{name}", expect(200, b"item " + urllib.parse.unquote_to_bytes(name) + b"\n"),
                    [f"X-Filler-{i}: {'v' * random.randrange(60)}" for i in range(random.randrange(20))])


def pattern(random, _):
    size = random.choice([0, 1, 2047, 2048, 2049, 65536, random.randrange(200_000)])
    how = random.choice(["pattern", "chunked"])
    return Exchange("GET", f"/{how}/{size}", expect(200, PATTERN[:size]))


def large(random, _):
    size = random.randrange(1_000_000, 3_000_000)
    return Exchange("GET", f"/pattern/{size}", expect(200, PATTERN[:size], content_length=str(size)))


def head(random, _):
    size = random.randrange(3_000_000)
    return Exchange("HEAD", f"/pattern/{size}", expect(200, b"", content_length=str(size)))


def stream(random, _):
    count = random.randrange(1, 30)
    return Exchange("GET", f"/stream/{count}", expect(200, b"".join(b"line %d\n" % i for i in range(count))))


def sleep(random, _):
    return Exchange("GET", f"/sleep/{random.randrange(200)}", expect(200, b"slept\n"))


def goroutines(random, _):
    count = random.randrange(1, 100)
    if random.random() < 0.5:
        return Exchange("GET", f"/workers/{count}", expect(200, b"%d\n" % sum(i * i for i in range(count))))
    return Exchange("GET", f"/numbers/{count}", expect(200, b"".join(b"%d " % i for i in range(count))))


def limited(random, _):
    if random.random() < 0.8:
        return Exchange("GET", "/limited/0", expect(200, b"in time\n"))
    return Exchange("GET", "/limited/60000", expect(503, b"too late"))


def echo(random, _):
    size = random.choice([0, 1, 1000, 70_000, random.randrange(600_000)])
    body = PATTERN[3:3 + size]
    if random.random() < 0.5:
        return Exchange("POST", "/echo", expect(200, body), body=body)
    step = random.choice([1000, 4096, 70_000])
    pieces = [body[i:i + step] for i in range(0, size, step)] or [b""]
    return Exchange("POST", "/echo", expect(200, body, x_trailer="X-Sum=17"), ["Trailer: X-Sum"], chunked=pieces,
                    trailer=b"X-Sum: 17\r\n")


def unread(random, _):
    return Exchange("POST", "/unread", expect(200, b"not read\n"), body=b"u" * random.randrange(5000))


def form(random, _):
    name, text = f"n{random.randrange(1000)}", "t&ä=+%" * random.randrange(200)
    body = urllib.parse.urlencode({"name": name, "text": text}).encode()
    return Exchange("POST", "/form?page=3", expect(200, f"{name}|{text}|3\n".encode()),
                    ["Content-Type: application/x-www-form-urlencoded"], body)


def upload(random, _):
    """Files below and above what the server keeps in memory."""
    boundary = f"----soak{random.randrange(1 << 60):x}"
    parts, report = [], "title=A title\n"
    kept = 0
    for i in range(random.randrange(1, 4)):
        data = PATTERN[i:i + random.choice([0, 100, 30_000, random.randrange(70_000, 400_000)])]
        parts.append(b'Content-Disposition: form-data; name="f%d"; filename="%d.bin"\r\n'
                     b"Content-Type: application/octet-stream\r\n\r\n" % (i, i) + data)
        where = "memory" if kept + len(data) <= 64 << 10 else "disk"
        kept += len(data) if where == "memory" else 0
        report += f"f{i} {i}.bin {len(data)} {where} {zlib.adler32(data):08x}\n"
    parts.append(b'Content-Disposition: form-data; name="title"\r\n\r\nA title')
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts) + b"--%s--\r\n" % boundary.encode()
    fields = [f"Content-Type: multipart/form-data; boundary={boundary}"]
    if random.random() < 0.3:
        pieces = [body[i:i + 50_000] for i in range(0, len(body), 50_000)]
        return Exchange("POST", "/upload", expect(200, report.encode()), fields, chunked=pieces)
    return Exchange("POST", "/upload", expect(200, report.encode()), fields, body)


def cookie(random, _):
    visits = random.randrange(100)
    return Exchange("GET", "/cookie",
                    expect(200, b"visit %d\n" % (visits + 1), set_cookie=f"visits={visits + 1}; Path=/; HttpOnly"),
                    [f"Cookie: a=b; visits={visits}"])


def content(random, files):
    """Files and ServeContent, whole and in parts, with conditions."""
    if random.random() < 0.4:
        target, data, tag = "/document", DOCUMENT, '"v1"'
    else:
        name = random.choice(list(files))
        target, data, tag = f"/files/{name}", files[name], None
    fits, size = random.randrange(8), len(data)
    if fits == 0 and tag:
        return Exchange("GET", target, expect(304, b"", etag=tag), [f'If-None-Match: "x", {tag}'])
    if fits == 1:
        return Exchange("GET", target, expect(304, b""), [f"If-Modified-Since: {DATE}"])
    if fits == 2:
        return Exchange("GET", target, expect(412), ['If-Match: "other"'])
    if fits == 3:
        return Exchange("HEAD", target, expect(200, b"", content_length=str(size), last_modified=DATE))
    if fits == 4 and size > 0:  # any range of nothing is all of it
        return Exchange("GET", target, expect(416, content_range=f"bytes */{size}"), [f"Range: bytes={size + 1}-"])
    if fits in (5, 6) and size > 100:
        first = random.randrange(size - 50)
        last = min(random.randrange(first, size), first + 300_000)
        if fits == 5:
            return Exchange("GET", target, expect(206, data[first:last + 1],
                                                  content_range=f"bytes {first}-{last}/{size}"),
                            [f"Range: bytes={first}-{last}", f"If-Range: {DATE}"])
        return Exchange("GET", target, expect_ranges(data, [(0, 9), (size - 20, size - 1)]),
                        ["Range: bytes=0-9,-20"])
    return Exchange("GET", target, expect(200, data, content_length=str(size)))


def refused(random, _):
    """Answers that are no success, and right."""
    return random.choice([
        Exchange("GET", "/nowhere", expect(404, b"404 page not found\n")),
        Exchange("DELETE", "/echo", expect(405, allow="POST")),
        Exchange("GET", "/files/folder", expect(301, location="folder/")),
        Exchange("GET", "/files/../files/", expect(307)),
        Exchange("POST", "/upload", expect(400), body=b"no form"),
        Exchange("OPTIONS", "*", expect(200, b"")),
        Exchange("GET", "/throw", expect(500)),
    ])


# With how many of a hundred requests each has.
MIX = [(plain, 20), (item, 14), (pattern, 8), (large, 1), (head, 4), (stream, 5), (sleep, 3), (goroutines, 8), (limited, 3),
       (echo, 9), (unread, 2), (form, 4), (upload, 5), (cookie, 3), (content, 9), (refused, 2)]
KINDS = [kind for kind, _ in MIX]
WEIGHTS = [weight for _, weight in MIX]


def pick(random, files):
    return random.choices(KINDS, WEIGHTS)[0](random, files)
