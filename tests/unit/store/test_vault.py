"""The vault: what was sealed opens with its key, in its place, and in no other way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from billbridge.errors import PermanentError
from billbridge.store.vault import Vault, key_id_of

SECRET = "s3cr€t of the MSP"  # not ASCII, on purpose


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def seal(vault: Vault, text: str = SECRET, *, table: str = "store_haloconnection", row: int = 7) -> bytes:
    return vault.seal(text, table=table, row=row, field="client_secret")


def unseal(
    vault: Vault, sealed: bytes, *, table: str = "store_haloconnection", row: int = 7, field: str = "client_secret"
) -> str:
    return vault.open(sealed, table=table, row=row, field=field)


def test_a_sealed_secret_opens_in_another_process_with_the_same_key_file(file: Path) -> None:
    assert unseal(Vault(file), seal(Vault(file))) == SECRET


def test_a_sealed_secret_does_not_hold_its_text(file: Path) -> None:
    assert SECRET.encode() not in seal(Vault(file))


def test_the_same_secret_sealed_twice_looks_different(file: Path) -> None:
    assert seal(Vault(file)) != seal(Vault(file))


@pytest.mark.parametrize("place", [{"row": 8}, {"table": "store_sourceconnection"}, {"field": "password"}])
def test_a_secret_copied_to_another_place_does_not_open(file: Path, place: dict[str, str | int]) -> None:
    sealed = seal(Vault(file))
    with pytest.raises(PermanentError, match="copied from another place"):
        unseal(Vault(file), sealed, **place)  # type: ignore[arg-type]


def test_every_changed_byte_of_a_sealed_secret_is_noticed(file: Path) -> None:
    sealed = seal(Vault(file))
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(PermanentError):
            unseal(Vault(file), bytes(changed))


def test_a_cut_or_empty_ciphertext_is_refused(file: Path) -> None:
    sealed = seal(Vault(file))
    for length in (0, 1, 8, 21, len(sealed) - 1):
        with pytest.raises(PermanentError):
            unseal(Vault(file), sealed[:length])


def test_another_key_file_does_not_open_a_secret_and_the_error_names_it(file: Path, tmp_path: Path) -> None:
    other = Vault(tmp_path / "others")
    seal(other)
    with pytest.raises(PermanentError, match=r"its key is not in .*others"):
        unseal(other, seal(Vault(file)))


def test_a_missing_key_file_is_reported_and_not_made_anew_when_a_secret_is_opened(file: Path) -> None:
    sealed = seal(Vault(file))
    file.unlink()
    with pytest.raises(PermanentError, match="Restore the key file"):
        unseal(Vault(file), sealed)
    assert not file.exists()


def test_the_key_file_is_made_at_first_use_for_its_owner_only(file: Path) -> None:
    vault = Vault(file)
    assert not file.exists()
    old = os.umask(0)
    try:
        seal(vault)
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_open_to_others_is_refused_with_the_command_that_closes_it(file: Path, mode: int) -> None:
    sealed = seal(Vault(file))
    file.chmod(mode)
    with pytest.raises(PermanentError, match=f"chmod 600 {file}"):
        unseal(Vault(file), sealed)
    with pytest.raises(PermanentError, match=f"chmod 600 {file}"):
        seal(Vault(file))


@pytest.mark.parametrize("text", ["", "\n", "no keys\n", "00 11\n", "é\n"])
def test_a_damaged_key_file_is_reported_and_left_alone(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(PermanentError, match="damaged"):
        seal(Vault(file))
    assert file.read_text() == text


def test_the_newest_key_seals_and_all_keys_open(file: Path) -> None:
    vault = Vault(file)
    before = seal(vault, "old")
    new = vault.add_key()
    after = seal(vault, "new")
    assert key_id_of(after) == new != key_id_of(before)
    assert (unseal(vault, before), unseal(vault, after)) == ("old", "new")


def test_a_vault_that_was_opened_before_notices_a_new_key(file: Path) -> None:
    worker, other = Vault(file), Vault(file)
    seal(worker)
    new = other.add_key()
    assert key_id_of(seal(worker)) == new


def test_dropping_keys_keeps_the_newest_and_those_still_needed(file: Path) -> None:
    vault = Vault(file)
    first = seal(vault, "first")
    vault.add_key()
    second = seal(vault, "second")
    vault.add_key()
    third = seal(vault, "third")
    vault.drop_keys(keep=frozenset({key_id_of(second)}))
    assert unseal(vault, second) == "second"
    assert unseal(vault, third) == "third"
    with pytest.raises(PermanentError, match="its key is not in"):
        unseal(vault, first)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_processes_that_begin_at_the_same_time_end_up_with_the_same_key(file: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from billbridge.store.vault import Vault;"
        "print('ready', flush=True); sys.stdin.readline();"
        "print(Vault(Path(sys.argv[1])).seal('mine', table='t', row=1, field='f').hex())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    sealed = [bytes.fromhex(process.communicate(timeout=30)[0]) for process in processes]
    assert [Vault(file).open(each, table="t", row=1, field="f") for each in sealed] == ["mine"] * 3
