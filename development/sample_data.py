"""Makes the ``sample`` database; runs in an instance: ``python -m development.sample_data``.

Nautobot's own factories give breadth, ``sample_rows`` adds what they leave out. Both are
deterministic: the same release gives the same objects with the same ids. The texts of both files
are in the dump's key.
"""

from __future__ import annotations

import nautobot

SEED = "nautobot-upgrade-jobs"


def main() -> None:
    """Fill the database that the environment names; what was in it goes."""
    nautobot.setup()
    from django.core.management import call_command

    from development import sample_rows

    call_command("generate_test_data", "--flush", "--no-input", "--seed", SEED)
    sample_rows.make_all()


if __name__ == "__main__":
    main()
