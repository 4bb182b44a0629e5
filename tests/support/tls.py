"""TLS among the tests: an authority of their own, servers that it vouches for, clients that trust it or do not."""

import ssl
from functools import cache

import trustme


@cache
def authority():
    """Who vouches for the servers of a test."""
    return trustme.CA()


def server_context(*names, wants_client=False):
    """The context of a server of these names; with `wants_client` it asks for a certificate, too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        authority().configure_trust(context)
    return context


def client_context(*, identity=None):
    """The context of a client that trusts the authority. With an identity it shows a certificate, too."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    if identity is not None:
        authority().issue_cert(identity).configure_cert(context)
    return context
