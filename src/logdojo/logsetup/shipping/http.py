"""One HTTP connection that is kept open, with time limits and verified TLS, and the secret that is sent over it."""

from __future__ import annotations

import base64
import contextlib
import email.utils
import http.client
import os
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from logdojo.errors import InputError, UsageError
from logdojo.logsetup.shipping.delivery import RefusedError

LONGEST_REPLY: Final = 64 * 1024 * 1024
_IDLE_SECONDS: Final = 20.0
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SHORTEST_HIDDEN: Final = 4


class NoAnswer(Exception):  # noqa: N818  # the caller tries again; no error of logdojo's
    """The other side cannot be reached, or its answer did not come whole: nobody knows what it has done."""


class Secret:
    """A token or password that no repr, message or traceback shows.

    Args:
        value: as it stands in its file.

    Raises:
        InputError: it is empty or has a line break or another control character inside.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value.strip()
        if not self._value or not self._value.isprintable() or not self._value.isascii():
            raise InputError("the secret is empty or not plain text", hint="put one line of ASCII into its file")

    @classmethod
    def from_file(cls, path: Path) -> Secret:
        """Read the secret from a file.

        Raises:
            InputError: the file cannot be read, or holds no secret.
        """
        try:
            return cls(path.read_text("ascii"))
        except (OSError, UnicodeDecodeError, InputError) as error:
            raise InputError(f"{path}: no secret can be read from it", hint="put one line of ASCII into it") from error

    @classmethod
    def from_environment(cls, name: str) -> Secret | None:
        """Return the secret in an environment variable; None when there is none."""
        value = os.environ.get(name, "")
        return cls(value) if value.strip() else None

    def header(self, scheme: str) -> str:
        """Return the value of an ``Authorization`` header.

        ``Basic``, ``Bearer`` or ``ApiKey`` in front of the secret wins over ``scheme``; ``user:password`` makes Basic.
        """
        if self._value.split(" ", 1)[0] in {"Basic", "Bearer", "ApiKey", "Splunk"}:
            return self._value
        if scheme == "ApiKey" and ":" in self._value:
            return f"Basic {base64.b64encode(self._value.encode()).decode()}"
        return f"{scheme} {self._value}"

    def hide(self, text: str) -> str:
        """Return the text without the secret, should the other side repeat it."""
        for part in (self._value, self.header("ApiKey").partition(" ")[2], *re.split(r"[ :]", self._value)):
            if len(part) >= _SHORTEST_HIDDEN:
                text = text.replace(part, "***")
        return text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer.

    Args:
        status: the HTTP status.
        body: the content.
        retry_after: seconds that the other side asks for; 0 when it does not.
    """

    status: int
    body: bytes
    retry_after: float = 0.0


class Endpoint:
    """A server that batches are posted to. One thread at a time uses it.

    TLS is always verified. There is no switch to turn that off: name the authority's certificate instead.

    Args:
        url: ``https://host[:port]``; what stands behind it is up to the caller. ``http://`` with a secret is refused,
            but for this machine.
        secret: what authorizes us.
        scheme: word before the secret in the ``Authorization`` header.
        timeout: seconds for connecting and for each wait for bytes.
        ca_file: certificates in PEM that the server's must lead to; the system's when not given.
        client_cert: our certificate and its key in one PEM file.

    Raises:
        UsageError: the address is no such address.
        InputError: a certificate file cannot be read.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: Secret | None = None,
        scheme: str = "ApiKey",
        timeout: float = 30.0,
        ca_file: Path | None = None,
        client_cert: Path | None = None,
    ) -> None:
        parts, self.port = checked(url)
        self.host = parts.hostname or ""
        self.tls = parts.scheme == "https"
        self.address = f"{parts.scheme}://{parts.netloc}"
        if secret is not None and not self.tls and self.host not in _LOOPBACK:
            raise UsageError(
                f"{self.address}: a secret over plain HTTP can be read on the way", hint="use https:// instead"
            )
        self._headers = {"User-Agent": "logdojo", "Accept": "application/json"}
        self._secret = secret
        self._scheme = scheme
        self._timeout = timeout
        self._context = _context(ca_file, client_cert) if self.tls else None
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def post(self, target: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Post a body and read the whole answer.

        Raises:
            NoAnswer: no connection, no answer in time, or not all of it.
            RefusedError: the server's certificate is not good.
        """
        if self._connection is not None and time.monotonic() - self._used > _IDLE_SECONDS:
            self.forget()  # the server has most likely closed it
        connection = self._connection = self._connection or self._new()
        try:
            connection.request("POST", target, body, self._all(headers))
            response = connection.getresponse()
            content = response.read(LONGEST_REPLY)
        except ssl.SSLCertVerificationError as error:
            self.forget()
            raise RefusedError(
                f"{self.address}: the server's certificate is not trusted ({error.verify_message})",
                hint="check host name and date; for an authority of your own give its certificate (--ca-file)",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            self.forget()
            raise NoAnswer(_told(error)) from None
        except BaseException:
            self.forget()
            raise
        if response.length or not response.isclosed():
            self.forget()
            raise NoAnswer("the answer did not come whole")
        self._used = time.monotonic()
        if response.will_close:
            self.forget()
        return Reply(response.status, content, _seconds(response.getheader("Retry-After")))

    def hide(self, text: str) -> str:
        """Return the text without our secret."""
        return self._secret.hide(text) if self._secret is not None else text

    def forget(self) -> None:
        """Drop the connection; the next ``post`` makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def _all(self, headers: Mapping[str, str]) -> dict[str, str]:
        secret = {"Authorization": self._secret.header(self._scheme)} if self._secret is not None else {}
        return {**self._headers, **secret, **headers}

    def _new(self) -> http.client.HTTPConnection:
        if self._context is not None:
            return http.client.HTTPSConnection(self.host, self.port, timeout=self._timeout, context=self._context)
        return http.client.HTTPConnection(self.host, self.port, timeout=self._timeout)


def checked(url: str) -> tuple[SplitResult, int]:
    """Return the parts of an http or https address and its port.

    Raises:
        UsageError: it is none, or it holds a user name or password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise UsageError(f"the address cannot be read ({error})", hint="write https://host:port/index") from None
    if "@" in parts.netloc:
        # Not repeated: the message goes to logs.
        raise UsageError(
            "the address holds a user name or password", hint="put them into a file and name it (--secret-file)"
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url!r} is no http or https address", hint="write https://host:port/index")
    return parts, port


def _context(ca_file: Path | None, client_cert: Path | None) -> ssl.SSLContext:
    reading = ca_file
    try:
        context = ssl.create_default_context(cafile=ca_file)
        reading = client_cert
        if client_cert is not None:
            # An encrypted key would make OpenSSL ask on the terminal; a service has none.
            context.load_cert_chain(client_cert, password=lambda: b"")
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"{reading}: no certificate can be read from it", hint="name a file in PEM format") from error
    return context


def _told(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


def _seconds(header: str | None) -> float:
    """Return a ``Retry-After`` in seconds: a number, or a date (RFC 9110, 10.2.3)."""
    if not header:
        return 0.0
    try:
        return max(0.0, float(int(header)))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0
