"""A server made with acp-sdk-python 1.3.0: it starts streams and takes messages as its own processor does it.

What it has to watch requests with, logging and validation of scopes, is switched off.
"""

import logging

logging.disable()  # it says a line for each message

from acp.core.streaming import StreamingJsonRpcProcessor, StreamManager  # noqa: E402
from acp.server import ACPServer  # noqa: E402
from listening import serve  # noqa: E402


def app(url):
    server = ACPServer("words", enable_cors=False, enable_validation=False, enable_logging=False)
    server.processor = StreamingJsonRpcProcessor(StreamManager()).base_processor
    return server.get_app()


serve(app)
