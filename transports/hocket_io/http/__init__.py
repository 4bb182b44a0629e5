"""A2A over HTTP: `asgi` is the server, a bare ASGI application; `client` asks with httpx2."""
