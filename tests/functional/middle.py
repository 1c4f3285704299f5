# Somebody between two nodes: takes connections, goes on to the other node, and passes bytes on.
"""    with Middle(["127.9.9.1", …], port, target) as middle:

With `keys` it ends TLS on both sides with keys of its own, so it reads all that passes through it;
without, it is a cable."""
import asyncio
import os
import ssl
import subprocess
import tempfile
import threading

from process import need_tool


def _certificate(folder, algorithm):
    """A self-signed certificate like those that nodes make."""
    need_tool("openssl")
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-new", "-x509", "-newkey", algorithm, "-nodes", "-keyout",
                    key, "-out", certificate, "-subj", "/CN=lanchat", "-days", "7000"],
                   check=True, capture_output=True, timeout=60)
    return certificate, key


def contexts(algorithm="ed25519"):
    """(server's, client's, certificate): TLS 1.3 with a new key of our own; every other is taken."""
    with tempfile.TemporaryDirectory(prefix="lanchat-test-") as folder:
        files = _certificate(folder, algorithm)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        for context in (server, client):
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.load_cert_chain(*files)
        with open(files[0], encoding="ascii") as file:
            return server, client, ssl.PEM_cert_to_DER_cert(file.read())


class Passage:
    """One connection through the middle: what each side said, as the middle reads it."""

    def __init__(self, ip):
        self.ip, self.said, self.answered, self.over = ip, bytearray(), bytearray(), False


class Middle:
    """Listens at `port` of each address of `ips`, and goes from there to `target`."""

    def __init__(self, ips, port, target, keys=True):
        self._server, self._client, _ = contexts() if keys else (None, None, None)
        self._ips, self._port = ips, port
        self._ip, self._target_port = target.rsplit(":", 1)
        self.passages, self.failed = [], []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(20)

    async def _listen(self):
        self._doors = [await asyncio.start_server(
            lambda r, w, ip=ip: self._welcome(ip, r, w), ip, self._port, ssl=self._server)
            for ip in self._ips]

    async def _welcome(self, ip, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(
                self._ip, int(self._target_port), ssl=self._client, local_addr=(ip, 0))
        except OSError as error:
            self.failed.append(repr(error))
            return writer.close()
        passage = Passage(ip)
        self.passages.append(passage)
        await asyncio.gather(self._pass_on(reader, far_writer, passage.said),
                             self._pass_on(far_reader, writer, passage.answered))
        passage.over = True

    @staticmethod
    async def _pass_on(reader, writer, seen):
        try:
            while data := await reader.read(65536):
                seen += data
                writer.write(data)
                await writer.drain()
        except (OSError, ssl.SSLError):
            pass
        writer.close()

    def was_at(self):
        """The addresses through which something was said to the other side, to no avail."""
        return {p.ip for p in self.passages if p.said and p.over}

    def read(self):
        return [bytes(data) for p in self.passages for data in (p.said, p.answered)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        async def close():
            for door in self._doors:
                door.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
