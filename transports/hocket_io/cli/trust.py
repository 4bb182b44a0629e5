"""Trust: whose certificates a command believes, and which one it shows (`--cacert`, `--cert`, `--insecure`)."""

from __future__ import annotations

import ssl

import click

__all__ = ["context_of"]


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
        try:
            context.load_cert_chain(cert, password=_no_password)
        except (OSError, ValueError):
            raise click.UsageError(
                f"--cert: {cert} has no certificate with its key, unencrypted, one after the other (PEM)."
            ) from None
    return context


def _believing(cacert: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=cacert)
    except OSError:
        raise click.UsageError(f"--cacert: {cacert} has no certificates (PEM).") from None


def _no_password() -> str:
    """OpenSSL would ask for it at the terminal, in the midst of everything."""
    return ""
