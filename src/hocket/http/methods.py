"""Methods: what `Allow` says where a method is of no use, and what OPTIONS is answered (RFC 9110 section 9.3.7)."""

from __future__ import annotations

from attrs import evolve

from hocket.http.messages import Response

__all__ = ["also_allowing", "told_methods"]


def told_methods(response: Response, method: str) -> Response:
    """A response in whose `Allow` is OPTIONS, too; and 204 in place of 405 for whoever asked for just that.

    >>> from hocket.http.messages import text_response
    >>> told_methods(text_response(405, "this can only be read", (("allow", "GET, HEAD"),)), "OPTIONS")
    Response(status=204, headers=(('allow', 'GET, HEAD, OPTIONS'),), body=b'')
    """
    if response.status != 405:
        return response
    told = also_allowing(response, "OPTIONS")
    if method != "OPTIONS":
        return told
    return Response(status=204, headers=tuple([each for each in told.headers if each[0] == "allow"]))


def also_allowing(response: Response, method: str) -> Response:
    """A response whose `Allow`, if it has one, names one method more."""
    fields = [(name, f"{value}, {method}" if name == "allow" else value) for name, value in response.headers]
    return evolve(response, headers=tuple(fields))
