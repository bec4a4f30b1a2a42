"""TLS: only the right server, with a certificate of the right authority, for the right name, in its time."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from logdojo.errors import InputError
from logdojo.logsetup.shipping.delivery import RefusedError
from logdojo.logsetup.shipping.http import Endpoint, NoAnswer

NOW = dt.datetime.now(dt.UTC)


class Authority:
    """A certificate authority of one test."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(self.name, self.key, NOW + dt.timedelta(days=1), authority=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def certificate(self, name: str, *, address: str = "127.0.0.1", valid: dt.timedelta = dt.timedelta(days=1)) -> Path:
        """Return a file with a new certificate for an address and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signed = self._sign(subject, key, NOW + valid, address=address)
        path = self.folder / f"{name}.both.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + signed.public_bytes(serialization.Encoding.PEM)
        )
        return path

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        until: dt.datetime,
        *,
        address: str = "",
        authority: bool = False,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=2))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if address:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())


class _Quiet(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Keep quiet about clients that turn away."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The authority that the client trusts."""
    return Authority(tmp_path, "trusted")


@pytest.fixture
def serve() -> Callable[..., str]:
    """A function: certificate, perhaps the authority of clients → the address of a server."""
    running: list[tuple[_Server, threading.Thread]] = []

    def start(certificate: Path, *, clients: Path | None = None) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
        server = _Server(("127.0.0.1", 0), _Quiet)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        running.append((server, thread))
        return f"https://127.0.0.1:{server.server_address[1]}"

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


def _post(url: str, **more: Path) -> bytes:
    endpoint = Endpoint(url, timeout=0.5, **more)
    try:
        return endpoint.post("/x", b"{}", {}).body
    finally:
        endpoint.forget()


def test_the_right_server_is_spoken_to(authority: Authority, serve: Callable[..., str]):
    """A certificate of the given authority for this address, in its time, is accepted."""
    assert _post(serve(authority.certificate("right")), ca_file=authority.file) == b"ok"


@pytest.mark.parametrize("fault", ["other host", "expired", "unknown authority", "system authorities"])
def test_any_other_server_is_refused(authority: Authority, serve: Callable[..., str], tmp_path: Path, fault: str):
    """A wrong name, a certificate past its time and an unknown authority stop with an error that names the server."""
    other = Authority(tmp_path, "other") if fault == "unknown authority" else authority
    address = "127.0.0.9" if fault == "other host" else "127.0.0.1"
    valid = dt.timedelta(days=-1 if fault == "expired" else 1)
    url = serve(other.certificate("server", address=address, valid=valid))
    given = {} if fault == "system authorities" else {"ca_file": authority.file}
    with pytest.raises(RefusedError, match=f"{url}: the server's certificate is not trusted"):
        _post(url, **given)


def test_a_server_may_ask_for_our_certificate(authority: Authority, serve: Callable[..., str]):
    """With the client certificate the server answers; without it there is no answer."""
    url = serve(authority.certificate("server"), clients=authority.file)
    mine = authority.certificate("client")
    assert _post(url, ca_file=authority.file, client_cert=mine) == b"ok"
    with pytest.raises(NoAnswer):
        _post(url, ca_file=authority.file)


def test_a_certificate_file_that_cannot_be_read_is_named(tmp_path: Path, authority: Authority):
    """A missing or empty file is an error with its name, before anything is sent."""
    with pytest.raises(InputError, match=r"gone\.pem"):
        Endpoint("https://127.0.0.1:9", ca_file=tmp_path / "gone.pem")
    (tmp_path / "empty.pem").write_bytes(b"")
    with pytest.raises(InputError, match=r"empty\.pem"):
        Endpoint("https://127.0.0.1:9", ca_file=authority.file, client_cert=tmp_path / "empty.pem")


def test_a_server_without_tls_gives_no_answer(authority: Authority):
    """Speaking TLS to a plain server fails; nothing falls back to plain text."""
    server = _Server(("127.0.0.1", 0), _Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        with pytest.raises(NoAnswer):
            _post(f"https://127.0.0.1:{server.server_address[1]}", ca_file=authority.file)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
