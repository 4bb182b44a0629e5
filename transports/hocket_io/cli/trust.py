"""Trust: whose certificates a command believes, and which one it shows (`--cacert`, `--cert`, `--insecure`)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

__all__ = ["context_of", "trust_options"]

_OPTIONS = (
    click.option("--cacert", metavar="FILE", help="Authorities to trust (PEM).  [default: those of the system]"),
    click.option("--cert", metavar="FILE", help="A certificate to show, and its key (PEM)."),
    click.option("--insecure", is_flag=True, help="Believe whoever answers: encrypted, but by anybody."),
)


def trust_options(command: Any) -> Any:
    """A decorator: the command gets the options, and with them the arguments `cacert`, `cert` and `insecure`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def context_of(cacert: str | None, cert: str | None, *, insecure: bool) -> ssl.SSLContext | None:
    """What these options ask for; None where they ask for nothing.

    Args:
        cacert: A file of the authorities to trust, in place of those of the system (PEM).
        cert: A file of the certificate to show, and of its key (PEM).
        insecure: Whether to believe everybody.

    Raises:
        click.UsageError: They exclude each other, or a file is not of its kind.
    """
    if insecure and cacert is not None:
        raise click.UsageError("--insecure believes everybody, --cacert only these authorities: choose one.")
    if not insecure and cacert is None and cert is None:
        return None
    context = _believing(cacert)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if cert is not None:
        with _telling("--cert", cert, "has no certificate with its key, unencrypted, one after the other (PEM)"):
            context.load_cert_chain(cert, password=_no_password)
    return context


def _believing(cacert: str | None) -> ssl.SSLContext:
    with _telling("--cacert", cacert, "has no certificates (PEM)"):
        return ssl.create_default_context(cafile=cacert)


@contextmanager
def _telling(option: str, path: str | None, otherwise: str) -> Iterator[None]:
    """Whether a file cannot be read, or has something else in it: to OpenSSL both are errors of the same kind."""
    try:
        yield
    except (OSError, ValueError) as error:
        why = otherwise
        if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
            why = f"cannot be read: {error.strerror}"
        raise click.UsageError(f"{option}: {path} {why}.") from None


def _no_password() -> str:
    """OpenSSL would ask for it at the terminal, in the midst of everything."""
    return ""
