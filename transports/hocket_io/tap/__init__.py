"""Taps: told what passes on a transport, message by message, and when. Where there is none, nothing is in the way.

Everything that has connections takes `tap=`; here are taps to give to it, and what fits a tap to parts of your own.
`tap_client`, for a client of httpx2, is in `hocket_io.tap.http_client`.
"""

from hocket_io.tap.asgi import TappedApp
from hocket_io.tap.endpoint import TappedEndpoint
from hocket_io.tap.file import FileTap, file_tap
from hocket_io.tap.links import TappedLink
from hocket_io.tap.log import log_tap
from hocket_io.tap.pipes import TappedBlockingPipe, TappedPipe
from hocket_io.tap.point import TapPoint, taps
from hocket_io.tap.tapped import Tap, Tapped
from hocket_io.tap.tracing import span_tap

__all__ = [
    "FileTap",
    "Tap",
    "TapPoint",
    "Tapped",
    "TappedApp",
    "TappedBlockingPipe",
    "TappedEndpoint",
    "TappedLink",
    "TappedPipe",
    "file_tap",
    "log_tap",
    "span_tap",
    "taps",
]
