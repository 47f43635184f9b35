"""A web server of bundles on 127.0.0.1 that can break off, ignore ranges and serve other content."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Behaviour:
    """What the server does beside serving: everything is off at first."""

    def __init__(self, folder):
        self.folder = folder
        self.break_after = {}  # name -> bytes of the body that are sent, once
        self.ignores_ranges = False
        self.replaced = {}  # name -> other content
        self.requests = []  # (name, range)


@contextmanager
def serving(folder):
    """Yield (address, behaviour)."""
    behaviour = Behaviour(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rsplit("/", 1)[-1]
            wanted = self.headers.get("Range", "")
            behaviour.requests.append((name, wanted))
            file = behaviour.folder / name
            if name not in behaviour.replaced and not file.is_file():
                self.send_error(404)
                return
            content = behaviour.replaced.get(name) or file.read_bytes()
            start = 0
            if wanted and not behaviour.ignores_ranges:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                self.send_response(206)
            else:
                self.send_response(200)
            body = content[start:]
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: behaviour.break_after.pop(name, len(body))])

        def log_message(self, *_):
            pass

    with _running(Handler) as port:
        yield f"http://127.0.0.1:{port}/nano/", behaviour


@contextmanager
def serving_hub(folder, commit):
    """Yield the address of a model hub that has one repository, `owner/name`, at one commit."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            path = self.path.partition("?")[0]
            file = folder / path.rsplit("/", 1)[-1]
            if path == f"/api/models/owner/name/tree/{commit}":
                self.answer(json.dumps([entry(file) for file in sorted(folder.iterdir())]).encode(), {})
            elif path == f"/owner/name/resolve/{commit}/{file.name}" and file.is_file():
                self.answer(file.read_bytes(), {"ETag": f'"{digest(file)}"', "X-Repo-Commit": commit})
            else:
                self.send_error(404)

        def answer(self, content, headers):
            self.send_response(200)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    def digest(file):
        return hashlib.sha256(file.read_bytes()).hexdigest()[:40]

    def entry(file):
        return {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": digest(file)}

    with _running(Handler) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
