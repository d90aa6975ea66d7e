# SPDX-License-Identifier: GPL-3.0-or-later
"""`exchange.py PORT TIMEOUT_S REQUEST`: one JSON request to a bridge of this network; prints the JSON answer.

Prints nothing when nobody listens or no whole answer came in time. Runs beside a room, without the project's packages.
"""

import contextlib
import json
import socket
import sys


def main() -> None:
    """Send, receive until the answer is whole."""
    port, timeout_s, request = sys.argv[1:]
    received = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), float(timeout_s)) as bridge:
        bridge.sendall(request.encode())
        while chunk := bridge.recv(65536):
            received += chunk
            with contextlib.suppress(ValueError):
                print(json.dumps(json.loads(received.rstrip(b"\0"))))
                return


if __name__ == "__main__":
    main()
