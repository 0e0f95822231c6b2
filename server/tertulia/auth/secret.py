"""The secret of the embedded mode: made once, kept in the data folder as `secret.key`, for its owner only."""

from __future__ import annotations

import os
import secrets
import stat
from hashlib import blake2b
from pathlib import Path
from typing import Final

from tertulia.domain import limits

FILE_NAME: Final = "secret.key"
_BYTES_READ_MAX: Final = 4_096
_MADE_BYTES: Final = 32


class SecretRefused(Exception):
    """The secret cannot be used; the message says why and what to do, and never the secret."""


def own_secret(folder: Path) -> bytes:
    """The secret of this data folder, made on first use. Processes that ask at once all get the same one."""
    path = folder / FILE_NAME
    try:
        return _read(path)
    except FileNotFoundError:
        _make(path)
        return _read(path)


def secret_from(path: Path) -> bytes:
    """The secret an operator keeps in a file of their own (`--secret-file`)."""
    try:
        return _read(path, otherwise=_NAME_ANOTHER)
    except FileNotFoundError:
        raise SecretRefused(
            f"There is no secret file {path}. Make one: head -c 32 /dev/urandom | base64 > {path}; chmod 600 {path}"
        ) from None
    except OSError as error:
        raise SecretRefused(f"The secret file {path} cannot be read: {error.strerror}. {_NAME_ANOTHER}") from None


def deployment_name(secret: bytes) -> str:
    """What all nodes with this secret call themselves together, in the log and on the bus: 16 hex digits, from which
    the secret cannot be told. Two deployments that meet in one database or on one Redis know by it."""
    return blake2b(secret, digest_size=8, person=b"deployment").hexdigest()


_DELETE: Final = "delete it: a new one is made and everybody must sign in again."
_NAME_ANOTHER: Final = "name another with --secret-file; everybody must then sign in again."


def _read(path: Path, *, otherwise: str = _DELETE) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except PermissionError:
        raise SecretRefused(
            f"{path} cannot be read by this user. Start the server as the user who owns the data folder."
        ) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise SecretRefused(f"{path} is not a file. Move it away; a new secret is then made at the next start.")
        if stat.S_IMODE(status.st_mode) & 0o077:
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            raise SecretRefused(
                f"{path} can be read by others (mode {mode}). If nobody else has read it: chmod 600 {path}. "
                f"If in doubt, {otherwise}"
            )
        secret = os.read(descriptor, _BYTES_READ_MAX).strip()
    finally:
        os.close(descriptor)
    if len(secret) < limits.secret_bytes_min:
        raise SecretRefused(
            f"{path} holds {len(secret)} bytes; at least {limits.secret_bytes_min} are needed. Put a longer "
            f"secret there, or {otherwise}"
        )
    return secret


def _make(path: Path) -> None:
    """Write a whole file under another name, then give it its own: `link` fails when that is taken."""
    draft = path.with_name(f".{FILE_NAME}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, secrets.token_hex(_MADE_BYTES).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first; its secret is the one
        _sync_folder(path.parent)
    except OSError as error:
        raise SecretRefused(
            f"No secret can be made at {path}: {error.strerror}. The data folder must exist, be writable, "
            "have space left and be on a file system with hard links."
        ) from None
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
