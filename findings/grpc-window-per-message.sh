#!/usr/bin/env bash
# Package:   python3-grpcio 1.51.1-3+b1 (gRPC's C core, as libgrpc++ has it too), Debian 12
# Behaviour: A client that reads a stream of 500 messages of 7 bytes, 1 ms apart, answers most of
#            them with two WINDOW_UPDATE frames each, one for the stream and one for the connection:
#            about 800 frames, more bytes than the messages themselves, although all of the messages
#            are a tenth of the window that was open from the beginning. nghttp2, for one, waits
#            until half of a window is used.
# Matters:   Who limits the control frames of a connection by those of data (a proxy, a guard
#            against floods) cuts an honest client that reads many small messages.
# Instead:   Grant two windows for each message, or for each five bytes of data, the least that a
#            message takes, since one frame may hold several.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
packages=(python3-grpcio=1.51.1-3+b1 libgrpc29=1.51.1-3+b1 libabsl20220623 libre2-9 libc-ares2)
apt-get download -qq "${packages[@]}" >/dev/null 2>&1 ||
    { echo "${packages[0]} cannot be had"; exit 2; }
for package in *.deb; do dpkg -x "$package" . || exit 2; done
cat >try.py <<'P'
import collections, contextlib, socket, threading, time
from concurrent.futures import ThreadPoolExecutor
import grpc

MESSAGES = 500
text = lambda value: value


def count(prefaced, counted):
    """Takes bytes of one direction, counts frames by (type, whether of the connection)."""
    rest = bytearray()
    left = [24 if prefaced else 0]

    def take(data):
        rest.extend(data)
        if left[0]:
            taken = min(left[0], len(rest))
            del rest[:taken]
            left[0] -= taken
        while not left[0] and len(rest) >= 9:
            size = int.from_bytes(rest[:3], "big")
            if len(rest) < 9 + size:
                return
            stream = int.from_bytes(rest[5:9], "big")
            if not (rest[3] == 0 and size == 0):
                counted[rest[3], "connection" if stream == 0 else "stream"] += 1
            del rest[:9 + size]
    return take


def carry(source, target, take):
    with contextlib.suppress(OSError):  # the other direction has ended both
        while data := source.recv(65536):
            take(data)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


class Stream(grpc.GenericRpcHandler):
    def service(self, details):
        def talk(request, context):
            for _ in range(MESSAGES):
                yield b"1234567"
                time.sleep(0.001)
        return grpc.unary_stream_rpc_method_handler(talk, text, text)


server = grpc.server(ThreadPoolExecutor(2))
server.add_generic_rpc_handlers([Stream()])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
door = socket.create_server(("127.0.0.1", 0))
said, heard = collections.Counter(), collections.Counter()


def relay():
    near, _ = door.accept()
    far = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=carry, args=(near, far, count(True, said)), daemon=True).start()
    carry(far, near, count(False, heard))


threading.Thread(target=relay, daemon=True).start()
with grpc.insecure_channel("127.0.0.1:%d" % door.getsockname()[1]) as channel:
    got = sum(1 for _ in channel.unary_stream("/a/b", text, text)(b""))
    time.sleep(0.2)
server.stop(0)
windows = said[8, "connection"] + said[8, "stream"]
print(f"gRPC {grpc.__version__}: {got} messages in {heard[0, 'stream']} frames of data were "
      f"answered with {windows} WINDOW_UPDATE frames")
if got != MESSAGES:
    raise SystemExit(2)
if windows < MESSAGES:
    raise SystemExit("this has changed")
P
LD_LIBRARY_PATH=$(echo "$folder"/usr/lib/*-linux-gnu) \
    PYTHONPATH=$folder/usr/lib/python3/dist-packages /usr/bin/python3 try.py || exit $?
