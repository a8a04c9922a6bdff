"""Secrets in the database, and changing the key they are encrypted with."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest
from django.db import transaction
from django.db.models.signals import post_save

from billbridge.errors import PermanentError
from billbridge.operations.rotate_keys import one_rotation, rotate_keys
from billbridge.store.models import HaloConnection, SourceConnection
from billbridge.store.secrets import put_secret, read_secret, reseal_all, vault
from billbridge.store.vault import key_id_of

pytestmark = pytest.mark.django_db(transaction=True)

ROTATE = """
import sys
from billbridge.store.start import start
start()
from billbridge.operations.rotate_keys import rotate_keys
print("ready", flush=True)
for _ in range(int(sys.argv[1])):
    rotate_keys()
"""


@pytest.fixture
def mbs(halopsa: HaloConnection) -> SourceConnection:
    """A source and a HaloPSA connection that both have a secret."""
    made = SourceConnection.objects.create(provider=halopsa.provider, address="https://mbs.test", login="msp")
    put_secret(halopsa, "client_secret", "halo secret")
    put_secret(made, "password", "mbs password")
    return made


def secrets_now() -> tuple[str, str]:
    return (
        read_secret(HaloConnection.objects.get(), "client_secret"),
        read_secret(SourceConnection.objects.get(), "password"),
    )


BOTH = ("halo secret", "mbs password")


def rotating(times: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", ROTATE, str(times)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_secret_is_stored_as_ciphertext_and_read_back(mbs: SourceConnection) -> None:
    stored = bytes(SourceConnection.objects.get().password)
    assert b"mbs password" not in stored
    assert secrets_now() == BOTH


def test_a_secret_that_was_never_entered_is_asked_for(halopsa: HaloConnection) -> None:
    with pytest.raises(PermanentError, match="Enter the client secret"):
        read_secret(halopsa, "client_secret")


def test_an_emptied_secret_counts_as_never_entered(mbs: SourceConnection) -> None:
    put_secret(mbs, "password", "")
    with pytest.raises(PermanentError, match="No password was entered"):
        read_secret(SourceConnection.objects.get(), "password")


def test_the_secret_of_another_row_does_not_open(mbs: SourceConnection) -> None:
    other = SourceConnection.objects.create(
        provider=mbs.provider, kind="other", address="https://evil.test", login="x", password=mbs.password
    )
    with pytest.raises(PermanentError, match="copied from another place"):
        read_secret(other, "password")


def test_a_rotation_reseals_every_secret_and_drops_the_old_key(mbs: SourceConnection) -> None:
    before = vault().key_ids()
    assert rotate_keys() == 2
    after = vault().key_ids()
    assert len(after) == 1
    assert not before & after
    assert key_id_of(bytes(SourceConnection.objects.get().password)) in after
    assert secrets_now() == BOTH


def test_a_rotation_without_any_secret_is_quiet(halopsa: HaloConnection) -> None:
    assert rotate_keys() == 0


def test_a_secret_that_does_not_open_stops_the_rotation_and_leaves_the_others(mbs: SourceConnection) -> None:
    before = vault().key_ids()
    SourceConnection.objects.update(password=bytes(mbs.password)[:-1] + b"?")
    with pytest.raises(PermanentError, match="password of store_sourceconnection"):
        rotate_keys()
    assert before <= vault().key_ids()
    assert read_secret(HaloConnection.objects.get(), "client_secret") == "halo secret"


def test_a_rotation_that_ended_before_its_commit_is_made_up_for_by_the_next(mbs: SourceConnection) -> None:
    vault().add_key()
    with transaction.atomic():
        reseal_all()
        transaction.set_rollback(True)
    assert secrets_now() == BOTH
    assert rotate_keys() == 2
    assert len(vault().key_ids()) == 1
    assert secrets_now() == BOTH


def test_a_rotation_that_ended_after_its_commit_is_made_up_for_by_the_next(mbs: SourceConnection) -> None:
    vault().add_key()
    with transaction.atomic():
        reseal_all()
    assert secrets_now() == BOTH
    assert rotate_keys() == 2
    assert len(vault().key_ids()) == 1
    assert secrets_now() == BOTH


def test_a_rotation_killed_at_any_moment_loses_no_secret(mbs: SourceConnection) -> None:
    moments = random.Random(20261123)
    for _ in range(4):
        process = rotating(1000)
        time.sleep(moments.random() * 0.1)
        process.kill()
        process.communicate()
        assert process.returncode < 0  # it was still rotating
        assert secrets_now() == BOTH
    assert rotate_keys() == 2
    assert len(vault().key_ids()) == 1


def test_a_rotation_waits_until_another_process_has_rotated(mbs: SourceConnection) -> None:
    before = vault().key_ids()
    with one_rotation():
        process = rotating(1)
        time.sleep(0.3)
        assert process.poll() is None
        assert vault().key_ids() == before
    assert process.communicate(timeout=60)[1] == ""
    assert not vault().key_ids() & before


def test_a_secret_sealed_before_a_rotation_and_stored_after_it_still_opens(mbs: SourceConnection) -> None:
    late = vault().seal("late password", table="store_sourceconnection", row=mbs.pk, field="password")

    def store_late(**_: object) -> None:
        transaction.on_commit(lambda: SourceConnection.objects.update(password=late))

    post_save.connect(store_late, sender=SourceConnection)
    try:
        rotate_keys()
    finally:
        post_save.disconnect(store_late, sender=SourceConnection)
    assert secrets_now() == ("halo secret", "late password")


def test_rotations_in_two_processes_lose_no_secret(mbs: SourceConnection) -> None:
    processes = [rotating(5) for _ in range(2)]
    for process in processes:
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0
    assert secrets_now() == BOTH
    assert len(vault().key_ids()) == 1
