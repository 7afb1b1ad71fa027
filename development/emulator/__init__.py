"""A small emulator of ``systemctl``, ``docker``, ``kubectl`` and ``helm``, for tests without them.

It keeps the state of services, containers and pods in a folder, and runs real processes of this
host. A container image is a virtual environment. What the emulator does not know is an error, as
with the real programs: it never succeeds without doing what was asked.
"""
