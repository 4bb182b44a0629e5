"""What the reader can take: a plain socket that answers with all events at once, in bytes made beforehand."""

import re
import socket

_EVENT = b"data: " + b"x" * 240 + b"\n\n"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def main():
    made = {}
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        print("http://{}:{}/".format(*listening.getsockname()), flush=True)
        while True:
            sock, _ = listening.accept()
            with sock:
                request = b""
                while not (asked := re.search(rb'"(\d+) 0"', request)):
                    request += sock.recv(65_536)
                count = int(asked[1])
                if count not in made:
                    made[count] = _HEAD + _EVENT * (count + 3)
                sock.sendall(made[count])


main()
