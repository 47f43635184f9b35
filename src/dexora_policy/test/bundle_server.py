"""A web server of bundles on 127.0.0.1 that can break off, ignore ranges and serve other content."""

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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/nano/", behaviour
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
