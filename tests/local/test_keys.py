"""`lookalike keys`, `serve --auth required` and TLS, as a person uses them."""

from __future__ import annotations

import json
import os
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.errors import InvalidParameterException
from chalicelib.local.moto.aws import Aws
from chalicelib.local.port.keys import Ring, Wanted
from chalicelib.store.access import Access
from chalicelib.store.tables import SessionConnection
from chalicelib.store.vault import LocalKeys, Vault, new_key
from tests.api.guarded import COMMAND, POOL, Guarded, Held, lookalike, serving
from tests.conftest import ROOT, Server


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def keys(data_dir: Path, *arguments: str, fails: bool = False) -> str:
    return lookalike("keys", *arguments, "--data-dir", str(data_dir), fails=fails)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost and its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    made = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def test_a_first_key_is_made_before_the_server_runs_and_revoked_while_it_does(models: Path, data_dir: Path) -> None:
    first = Held.printed(keys(data_dir, "create"))
    assert first.secret not in keys(data_dir, "list")
    with serving(data_dir) as url:
        control = data_dir / "control"
        assert stat.S_IMODE(control.stat().st_mode) == 0o600
        server = Guarded(url, data_dir, first)
        assert server.client("rekognition").list_collections()["CollectionIds"] == []
        second = Held.printed(keys(data_dir, "create", "--user", "bob"))
        assert server.client("s3", second).list_buckets()["Buckets"]
        listed = keys(data_dir, "list")
        assert first.id in listed
        assert second.id in listed
        assert keys(data_dir, "revoke", first.id) == f"{first.id} is revoked\n"
        with pytest.raises(Exception, match="UnrecognizedClientException"):
            server.client("rekognition").list_collections()
        assert "There is no key" in keys(data_dir, "revoke", first.id, fails=True)
        another = Held.printed(
            lookalike(
                "keys", "create", "--endpoint-url", url,
                AWS_ACCESS_KEY_ID=second.id, AWS_SECRET_ACCESS_KEY=second.secret,
            )
        )  # fmt: skip
        assert server.client("rekognition", another).list_collections()
        told = lookalike(
            "keys", "list", "--endpoint-url", url, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y", fails=True
        )
        assert told == "lookalike: The security token included in the request is invalid.\n"
    listed = keys(data_dir, "list")  # in the directory again
    assert first.id not in listed
    assert second.id in listed


def test_a_server_without_keys_says_how_to_make_one(models: Path, data_dir: Path) -> None:
    command = [*COMMAND, "serve", "--port", "0", "--data-dir", str(data_dir), "--auth", "required"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, *_, told = (process.stdout.readline().strip() for _ in range(4))
        assert told.endswith(f"lookalike keys create --data-dir {data_dir}")
        made = Held.printed(keys(data_dir, "create"))
        server = Guarded(url.split()[-1], data_dir, made)
        assert server.client("rekognition").list_collections()["CollectionIds"] == []
        process.terminate()


def test_no_secret_lies_in_the_data_directory(models: Path, data_dir: Path) -> None:
    made = Held.printed(keys(data_dir, "create"))
    with serving(data_dir) as url:
        Guarded(url, data_dir, made).client("rekognition").create_collection(CollectionId="staff")
        held = b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())
    assert made.secret.encode() not in held


def test_whoever_cannot_read_the_directory_cannot_make_keys(models: Path, server: Server) -> None:
    """Also where no signatures are required: a key made now would work later."""
    for headers in (
        {},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/rekognition/aws4_request"},
    ):
        answer = POOL.request("POST", f"{server.url}/_lookalike/keys", body=b"{}", headers=headers)
        assert answer.status == 403


@pytest.mark.parametrize("user", ["", "a b", "ä", "x" * 65])
def test_a_user_that_is_none(aws: Aws, user: str) -> None:
    access = Access(SessionConnection(aws.session, aws.region), "keys", Vault(LocalKeys([new_key()])))
    with pytest.raises(InvalidParameterException, match="is no user"):
        Ring(access).create(Wanted(user))


def test_without_a_directory_a_key_is_made_at_the_start(models: Path, tmp_path: Path) -> None:
    command = [*COMMAND, "serve", "--memory", "--port", "0", "--auth", "required"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        server = Guarded(lines[0].split()[-1], tmp_path, Held.printed(lines[2]))
        assert server.client("rekognition").list_collections()["CollectionIds"] == []
        with pytest.raises(Exception, match="UnrecognizedClientException"):
            server.client("rekognition", Held("test", "test")).list_collections()
        process.terminate()


def test_tls_with_a_certificate_of_ones_own(models: Path, data_dir: Path, tls: tuple[Path, Path]) -> None:
    certificate, key = tls
    made = Held.printed(keys(data_dir, "create"))
    options = ("--host", "0.0.0.0", "--tls-cert", str(certificate), "--tls-key", str(key))  # others may reach it now
    with serving(data_dir, *options) as url:
        assert url.startswith("https://127.0.0.1:")
        named = url.replace("127.0.0.1", "localhost")
        server = Guarded(named, data_dir, made, certificate)
        assert server.client("rekognition").list_collections()["CollectionIds"] == []
        server.client("s3").put_object(Bucket="lookalike-uploads", Key="a b.txt", Body=b"told")
        assert server.client("s3").get_object(Bucket="lookalike-uploads", Key="a b.txt")["Body"].read() == b"told"
        assert made.id in keys(data_dir, "list")  # the command line trusts the certificate of this server
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            urlopen(f"{named}/_lookalike/health", timeout=10)
        with pytest.raises(OSError, match=r"."):
            urlopen(named.replace("https", "http"), timeout=10)
        trusting = ssl.create_default_context(cafile=certificate)
        with urlopen(f"{named}/_lookalike/health", timeout=10, context=trusting) as health:
            assert json.load(health)["status"] == "ok"


def test_files_that_are_no_certificate_are_told(tls: tuple[Path, Path], tmp_path: Path) -> None:
    certificate, key = map(str, tls)
    for options in (("--tls-cert", certificate), ("--tls-key", key)):
        assert "TLS needs both" in lookalike("serve", "--memory", *options, fails=True)
    for options in ((key, certificate), (certificate, str(tmp_path / "absent")), (certificate, __file__)):
        said = lookalike("serve", "--memory", "--tls-cert", options[0], "--tls-key", options[1], fails=True)
        assert "no certificate and its key" in said
        assert len(said.splitlines()) == 1


def test_a_key_with_a_password_is_told(tls: tuple[Path, Path], tmp_path: Path) -> None:
    sealed = tmp_path / "sealed.pem"
    sealed.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        )
    )
    assert "password" in lookalike("serve", "--memory", "--tls-cert", str(tls[0]), "--tls-key", str(sealed), fails=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_directory_that_cannot_be_read_is_told(data_dir: Path) -> None:
    data_dir.mkdir(mode=0)
    assert "cannot be used" in keys(data_dir, "list", fails=True)
