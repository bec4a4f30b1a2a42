from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.anonymize import Pseudonyms, load_policy
from logdojo.anonymize.pseudonyms.keyed import Keyed
from logdojo.errors import UsageError

KEY = b"a key of the tests, 32 bytes long"
POLICY = load_policy()
NAMES = Pseudonyms(KEY, kept_users=POLICY.kept_users, public_domains=POLICY.public_domains)
OTHER = Pseudonyms(KEY[::-1], kept_users=POLICY.kept_users, public_domains=POLICY.public_domains)
EXAMPLES = [
    ("user", "alice.smith"),
    ("host", "web1"),
    ("domain", "corp.com"),
    ("email", "alice@corp.com"),
    ("account", "123456789012"),
    ("access_key", "AKIAIOSFODNN7EXAMPLE"),
    ("ip", "81.2.69.142"),
    ("mac", "00:1a:2b:3c:4d:5e"),
    ("arn", "arn:aws:iam::123456789012:user/alice"),
    ("principal", "AROAIOSFODNN7EXAMPLE:alice"),
    ("uuid", "12345678-1234-1234-1234-123456789abc"),
    ("person", "Alice Smith"),
]


@pytest.mark.parametrize("key", [b"", b"short", b"fifteen bytes.."])
def test_a_short_key_is_refused_with_a_remedy(key: bytes):
    """There is no built-in key, and a weak one is no key; the message does not repeat it."""
    with pytest.raises(UsageError) as caught:
        Pseudonyms(key)
    assert "secrets.token_hex" in caught.value.hint
    assert not key or key.decode() not in str(caught.value)


def test_a_key_beyond_the_limit_of_blake2_is_used_whole():
    """Bytes behind the 64th count too."""
    assert Pseudonyms(b"k" * 100).user("alice") != Pseudonyms(b"k" * 99 + b"x").user("alice")


@pytest.mark.parametrize(("class_name", "value"), EXAMPLES)
def test_the_key_decides(class_name: str, value: str):
    """The same key gives the same pseudonym, another key another one, and never the value itself."""
    out = NAMES.of(class_name, value)
    assert out == Pseudonyms(KEY, kept_users=POLICY.kept_users, public_domains=POLICY.public_domains).of(
        class_name, value
    )
    assert out != OTHER.of(class_name, value)
    assert value not in out


def test_other_processes_give_the_same_pseudonyms():
    """Nothing depends on Python's hash seed or on the order of calls."""
    code = (
        "from logdojo.anonymize import Anonymizer\n"
        f"a = Anonymizer({KEY!r})\n"
        f"print([a.value(c, v) for c, v in {EXAMPLES!r}])"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert runs == {str([NAMES.of(c, v) for c, v in EXAMPLES]) + "\n"}


def test_classes_are_apart():
    """One digest function a class: a user and a host of one name cannot be linked."""
    assert NAMES.user("alpha").partition("-")[2] != NAMES.host("alpha").partition("-")[2]


def test_parts_stay_linked_across_forms():
    """A person stays one as user, in e-mail and behind a Windows domain; a host with and without its domain."""
    assert NAMES.email("bob@corp.com") == f"{NAMES.user('bob')}@{NAMES.domain('corp.com')}"
    assert NAMES.user("CORP\\bob").endswith("\\" + NAMES.user("bob"))
    assert NAMES.user("BOB") == NAMES.user("bob")
    assert NAMES.host("web1.corp.com") == f"{NAMES.host('web1')}.{NAMES.domain('corp.com')}"
    assert NAMES.user("WEB1$") == NAMES.host("web1") + "$"


@pytest.mark.parametrize("name", ["root", "SYSTEM", "nobody", "www-data"])
def test_system_accounts_stay(name: str):
    """Accounts that an operating system creates for itself name no person, and a model needs them."""
    assert NAMES.user(name) == name


def test_an_account_id_keeps_twelve_digits_one_to_one():
    """A thousand neighbors get a thousand other ids of twelve digits."""
    out = {NAMES.account(f"{n:012d}") for n in range(123_456_789_000, 123_456_790_000)}
    assert len(out) == 1000
    assert all(len(a) == 12 and a.isdigit() and a[0] != "0" for a in out)


@given(st.integers(2, 20).flatmap(lambda n: st.tuples(*[st.text("0123456789", min_size=n, max_size=n)] * 2)))
def test_digits_map_one_to_one(pair: tuple[str, str]):
    """Two numbers of one length are equal afterwards exactly when they were before; a leading zero stays one."""
    a, b = pair
    assert (NAMES.digits(a) == NAMES.digits(b)) == (a == b)
    assert len(NAMES.digits(a)) == len(a)
    assert (NAMES.digits(a)[0] == "0") == (a[0] == "0")


def test_an_arn_keeps_its_structure():
    """Partition, service, region and kind stay; account, user, role and session do not."""
    assert NAMES.arn("arn:aws:iam::123456789012:user/alice") == (
        f"arn:aws:iam::{NAMES.account('123456789012')}:user/{NAMES.user('alice')}"
    )
    role = NAMES.arn("arn:aws:sts::123456789012:assumed-role/Deploy/alice@corp.com")
    assert role.split("/")[2] == NAMES.email("alice@corp.com")
    assert role.split("/")[1] == NAMES.user("Deploy").replace("user-", "role-")
    assert NAMES.arn("arn:aws:iam::aws:policy/AdministratorAccess") == "arn:aws:iam::aws:policy/AdministratorAccess"
    assert "acme" not in NAMES.arn("arn:aws:s3:::acme-payroll/2024/acme.csv")
    assert "orders" not in NAMES.arn("arn:aws:sns:us-east-1:123456789012:orders:4c1c")


@pytest.mark.parametrize("value", ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "AROAIOSFODNN7EXAMPLEXX"])
def test_keys_keep_prefix_and_length(value: str):
    """The prefix tells the kind of key (AKIA is long-lived, ASIA temporary)."""
    out = NAMES.access_key(value)
    assert out[:4] == value[:4]
    assert len(out) == len(value)


@given(st.lists(st.text(min_size=1, max_size=12), min_size=2, unique_by=str.casefold))
def test_names_do_not_collide(names: list[str]):
    """Different names (without case) get different pseudonyms in every class of names."""
    for make in (NAMES.person, NAMES.account):
        assert len({make(name) for name in names if not name.isdecimal()}) == len(
            {name for name in names if not name.isdecimal()}
        )


def test_digest_sizes_and_domains_are_those_asked_for():
    """A class name longer than BLAKE2's person field is cut, never refused."""
    keyed = Keyed(KEY)
    assert len(keyed.digest("a_class_with_a_long_name", size=20)(b"x")) == 20


def test_no_secret_in_a_repr():
    """Neither key nor remembered values show up when an object is printed."""
    NAMES.user("zaphod")
    assert "zaphod" not in repr(NAMES)
    assert "a key of" not in repr(NAMES)
