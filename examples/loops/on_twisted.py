# Twisted, on its own reactor: treq carries an answer, while a LoopingCall ticks. `on_twisted.py [URL]`
import sys

import treq
from hocket_io.any_loop import ask
from twisted.internet.task import LoopingCall, react


async def main(reactor, url="http://127.0.0.1:8000"):
    LoopingCall(print, "·", end="", flush=True).start(0.02)
    asking = ask(url, "Ada", lambda event: print(event.error or event.text, end="", flush=True))
    while request := asking.next_request():
        response = await treq.request(request.method, request.path, headers=dict(request.headers), data=request.body)
        asking.receive_head(response.code, [(name, values[0]) for name, values in response.headers.getAllRawHeaders()])
        await response.collect(asking.receive_data)
        asking.receive_eof()


react(main, sys.argv[1:])
