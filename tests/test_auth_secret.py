"""The secret of the embedded mode: one per data folder, private, and the same for all who ask at once."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tertulia.auth.secret import FILE_NAME, SecretRefused, own_secret
from tertulia.domain import limits


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    secret = own_secret(tmp_path)
    assert len(secret) >= limits.secret_bytes_min
    assert own_secret(tmp_path) == secret
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE_NAME]


def test_two_folders_have_two(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert own_secret(tmp_path / "a") != own_secret(tmp_path / "b")


def test_only_its_owner_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        own_secret(tmp_path)
    finally:
        os.umask(before)
    assert mode(tmp_path / FILE_NAME) == 0o600


def test_threads_that_ask_at_once_get_the_same(tmp_path: Path) -> None:
    for attempt in range(20):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        with ThreadPoolExecutor(16) as pool:
            secrets = list(pool.map(own_secret, [folder] * 16))
        assert len(set(secrets)) == 1
        assert [entry.name for entry in folder.iterdir()] == [FILE_NAME]


def test_processes_that_ask_at_once_get_the_same(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        for attempt in range(20):
            folder = tmp_path / str(attempt)
            folder.mkdir()
            assert len(set(pool.map(own_secret, [folder] * 4, chunksize=1))) == 1
            assert [entry.name for entry in folder.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("wide", [0o640, 0o604, 0o660, 0o644, 0o601, 0o610, 0o777])
def test_one_that_others_can_reach_is_refused(tmp_path: Path, wide: int) -> None:
    own_secret(tmp_path)
    (tmp_path / FILE_NAME).chmod(wide)
    with pytest.raises(SecretRefused, match="chmod 600") as caught:
        own_secret(tmp_path)
    assert f"{wide:04o}" in str(caught.value)
    assert mode(tmp_path / FILE_NAME) == wide


def test_stricter_permissions_are_fine(tmp_path: Path) -> None:
    secret = own_secret(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o400)
    assert own_secret(tmp_path) == secret


@pytest.mark.parametrize("content", [b"", b"\n", b"Qx7Zw", b"x" * (limits.secret_bytes_min - 1) + b"\n\n  \n"])
def test_a_short_one_is_refused_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SecretRefused, match="longer secret") as caught:
        own_secret(tmp_path)
    assert path.read_bytes() == content
    assert "Qx7Zw" not in str(caught.value)


def test_ones_own_secret_may_be_put_there(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"  a secret of my own, long enough I hope\n")
    path.chmod(0o600)
    assert own_secret(tmp_path) == b"a secret of my own, long enough I hope"


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(SecretRefused, match="not a file"):
        own_secret(tmp_path)


def test_a_pipe_in_its_place_is_refused_without_hanging(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE_NAME, 0o600)
    with pytest.raises(SecretRefused, match="not a file"):
        own_secret(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretRefused, match="must exist"):
        own_secret(tmp_path / "nowhere")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_what_may_not_be_read_or_written_is_refused(tmp_path: Path) -> None:
    own_secret(tmp_path)
    (tmp_path / FILE_NAME).chmod(0)
    with pytest.raises(SecretRefused, match="cannot be read"):
        own_secret(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    tmp_path.chmod(0o500)
    with pytest.raises(SecretRefused, match="writable"):
        own_secret(tmp_path)
    tmp_path.chmod(0o700)
