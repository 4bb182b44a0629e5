"""ACP streams at work: a hub and its links, and the clients of a hub."""

from hocket_io.extras import needs

with needs("http", "taking part in streams"):
    from hocket_io.acp.blocking import BlockingAcpClient, BlockingAcpStream
    from hocket_io.acp.client import AcpClient
    from hocket_io.acp.files import FileTransferFailed
    from hocket_io.acp.host import HubHost
    from hocket_io.acp.server import serve_hub
    from hocket_io.acp.stream import AcpStream

__all__ = [
    "AcpClient",
    "AcpStream",
    "BlockingAcpClient",
    "BlockingAcpStream",
    "FileTransferFailed",
    "HubHost",
    "serve_hub",
]
