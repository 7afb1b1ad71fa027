"""Commands in namespaces of their own, and the end of their descendants, with real processes."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import pytest

from nautobot_upgrade_jobs.target.isolation import launcher, sandbox
from nautobot_upgrade_jobs.target.isolation.sandbox import LAUNCHER, _probe_namespaces

DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(sys.argv[1], "w").write(str(time.time()))
        while True:
            time.sleep(0.05)
            os.utime(sys.argv[1])
    os._exit(0)
os.wait()
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "inside").mkdir()
    return tmp_path / "inside"


@pytest.fixture
def namespaces(folder):
    if reason := _probe_namespaces(folder):
        pytest.skip(reason)


def command(folder, code, *words, namespaces=True, network=False):
    options = {
        "writable": [str(folder)],
        "reachable": [],
        "namespaces": namespaces,
        "network": network,
    }
    python = [sys.executable, "-I", "-S"]
    return [*python, str(LAUNCHER), json.dumps(options), *python, "-c", code, *map(str, words)]


def run(folder, code, *words, **options):
    return subprocess.run(
        command(folder, code, *words, **options),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def is_touched(path):
    before = path.stat().st_mtime_ns
    time.sleep(0.5)
    return path.stat().st_mtime_ns != before


@pytest.mark.parametrize("namespaces", [True, False])
def test_exit_code_and_output_are_those_of_the_command(folder, namespaces, request):
    if namespaces:
        request.getfixturevalue("namespaces")
    ended = run(
        folder,
        "import sys; print(sys.argv[1]); sys.stderr.write('e'); sys.exit(7)",
        "o",
        namespaces=namespaces,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "o\n", "e")


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize(
    "code",
    [
        "open(sys.argv[1] + '/new', 'w')",
        "os.remove(sys.argv[1] + '/kept')",
        "os.chmod(sys.argv[1] + '/kept', 0o777)",
        "os.rename(sys.argv[1] + '/kept', sys.argv[1] + '/moved')",
        "os.utime(sys.argv[1] + '/kept')",
        "open('/proc/sys/kernel/hostname', 'w').write('x')",
    ],
)
def test_files_outside_of_the_folder_are_read_only(folder, tmp_path, code):
    (tmp_path / "kept").write_text("kept")
    ended = run(folder, f"import os, sys; {code}", tmp_path)
    assert "Read-only file system" in ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside", "kept"]


@pytest.mark.usefixtures("namespaces")
def test_the_folder_is_writable_by_a_relative_and_an_absolute_path(folder):
    run(folder, "import sys; open('a', 'w'); open(sys.argv[1] + '/b', 'w')", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize(
    "code",
    [
        "call(libc.unshare, 0x10000000)",
        "call(libc.unshare, 0x00020000)",
        "call(libc.mount, None, b'/', None, 32 | 4096, None)",
        "call(libc.mount, b'tmpfs', sys.argv[1].encode(), b'tmpfs', 0, None)",
        "call(libc.umount2, b'/proc', 2)",
        "call(libc.syscall, 442, -100, b'/', 0x8000, struct.pack('4Q', 0, 1, 0, 0), 32)",
        "os.mknod(sys.argv[1] + '/disk', 0o60600, os.makedev(254, 0))",
        "os.setuid(os.getuid() + 1)",
        "os.kill(int(sys.argv[2]), 9)",
    ],
)
def test_isolation_cannot_be_undone(folder, code):
    prelude = (
        "import ctypes, os, struct, sys\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def call(function, *words):\n"
        "    if function(*words): raise OSError(ctypes.get_errno(), 'refused')\n"
        "try:\n"
        f"    {code}\n"
        "except OSError:\n"
        "    print('refused')\n"
    )
    assert run(folder, prelude, folder, os.getpid()).stdout == "refused\n"


@pytest.mark.usefixtures("namespaces")
def test_network_and_foreign_sockets_are_out_of_reach(folder, tmp_path):
    code = (
        "import socket, sys\n"
        "for kind, place in ((socket.AF_INET, ('127.0.0.1', int(sys.argv[1]))),\n"
        "                    (socket.AF_UNIX, sys.argv[2]), (socket.AF_UNIX, sys.argv[3])):\n"
        "    try:\n"
        "        socket.socket(kind).connect(place); print('connected')\n"
        "    except OSError as error:\n"
        "        print('refused')\n"
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(socket.AF_UNIX) as foreign,
        socket.socket(socket.AF_UNIX) as own,
    ):
        for each, path in ((foreign, tmp_path / "foreign"), (own, folder / "own")):
            each.bind(str(path))
            each.listen()
        words = (port.getsockname()[1], tmp_path / "foreign", folder / "own")
        assert run(folder, code, *words).stdout.split() == ["refused", "refused", "connected"]
        allowed = run(folder, code, *words, network=True).stdout.split()
        assert allowed == ["connected", "connected", "connected"]


@pytest.fixture
def shared_folder():
    """A folder of temporary files, in which other programs have sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as path:
        yield Path(path)


@pytest.mark.usefixtures("namespaces")
def test_sockets_listed_by_another_path_are_out_of_reach(folder, shared_folder, monkeypatch):
    code = (
        "import socket, sys\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        socket.socket(socket.AF_UNIX).connect(path); print('connected')\n"
        "    except OSError:\n"
        "        print('refused')\n"
    )
    relative, spaced, moved = (shared_folder / name for name in ("relative", "a b", "moved"))
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(3)]
        monkeypatch.chdir(shared_folder)
        servers[0].bind("relative")
        servers[1].bind(str(spaced))
        servers[2].bind(str(shared_folder / "before"))
        (shared_folder / "before").rename(moved)
        for server in servers:
            server.listen()
        assert run(folder, code, relative, spaced, moved).stdout.split() == ["refused"] * 3


@pytest.mark.usefixtures("namespaces")
def test_pipe_of_another_program_gets_nothing(folder, shared_folder):
    pipe = shared_folder / "pipe"
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        run(folder, "import sys; open(sys.argv[1], 'w').write('QUIT')", pipe)
        assert reader.read() == b""


@pytest.mark.usefixtures("namespaces")
def test_only_harmless_devices_exist(folder):
    code = (
        "import os\n"
        "open('/dev/null', 'w').write('x'); open('/dev/shm/own', 'w').write('x')\n"
        "open('/dev/stderr', 'w').write(str(len(open('/dev/urandom', 'rb').read(9))))\n"
        "print(*os.listdir('/dev'))\n"
    )
    ended = run(folder, code)
    assert ended.stderr == "9"
    expected = {"null", "zero", "full", "random", "urandom"}
    links_and_memory = {"fd", "stdin", "stdout", "stderr", "shm"}
    assert {*ended.stdout.split()} - {"tty"} == expected | links_and_memory


@pytest.mark.usefixtures("namespaces")
def test_device_file_outside_of_dev_cannot_be_opened(folder, tmp_path):
    """A read-only mount would not keep code from writing to a device."""
    device = tmp_path / "disk"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.stat(os.devnull).st_rdev)
        device.open("w").close()
    except OSError:
        pytest.skip("this account may not create device files here")
    assert "Permission denied" in run(folder, "import sys; open(sys.argv[1], 'w')", device).stderr


@pytest.mark.usefixtures("namespaces")
def test_name_that_is_not_text_keeps_the_isolation(folder, shared_folder):
    os.mkfifo(os.fsencode(shared_folder) + b"/\xff")
    assert _probe_namespaces(folder) == ""


@pytest.mark.usefixtures("namespaces")
def test_sockets_that_come_and_go_keep_the_isolation(folder, shared_folder):
    code = "import os, sys\nwhile True: os.mkfifo(sys.argv[1]); os.unlink(sys.argv[1])"
    makers = [
        subprocess.Popen([sys.executable, "-c", code, str(shared_folder / str(number))])
        for number in range(2)
    ]
    try:
        assert {_probe_namespaces(folder) for _ in range(5)} == {""}
    finally:
        for maker in makers:
            maker.kill()
            maker.wait()


@pytest.mark.skipif(
    os.uname().machine not in launcher.SYS_KEYCTL, reason="the number of the call is not known"
)
@pytest.mark.parametrize("namespaces", [True, False])
def test_keyring_of_the_caller_is_out_of_reach(folder, namespaces, request):
    if namespaces:
        request.getfixturevalue("namespaces")
    number = launcher.SYS_KEYCTL[os.uname().machine]
    add = {"x86_64": 248, "aarch64": 217}[os.uname().machine]
    prelude = "import ctypes, os, sys\ncall = ctypes.CDLL(None).syscall\n"
    search = f"print(call({number}, 10, -3, b'user', b'upgrade-jobs-test', 0) > 0, flush=True)\n"
    parent = (
        f"{prelude}call({number}, 1, None)\n"
        f"call({add}, b'user', b'upgrade-jobs-test', b'x', 1, -3)\n"
        f"{search}os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    words = command(folder, prelude + search, namespaces=namespaces)
    ended = subprocess.run(
        [sys.executable, "-c", parent, *words], capture_output=True, text=True, check=False
    )
    if not ended.stdout.startswith("True"):
        pytest.skip("this host has no keyrings")
    assert ended.stdout.split() == ["True", "False"]


@pytest.mark.usefixtures("namespaces")
def test_terminal_of_another_program_does_not_exist(folder):
    ours, theirs = os.openpty()
    ended = run(folder, "import sys; open(sys.argv[1])", os.ttyname(theirs))
    os.close(ours)
    os.close(theirs)
    assert "No such file" in ended.stderr


def test_foreign_sockets_in_a_closed_folder_are_left_out(tmp_path):
    """An account that cannot enter the folder cannot reach the socket."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert str(tmp_path / "s") in launcher._foreign_sockets([])
        with mock.patch.object(os, "stat", side_effect=PermissionError):
            assert launcher._foreign_sockets([]) == []


@pytest.mark.parametrize("namespaces", [True, False])
def test_daemon_ends_with_the_command(folder, namespaces, request):
    if namespaces:
        request.getfixturevalue("namespaces")
    wait = "\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.01)"
    assert run(folder, DAEMON + wait, folder / "alive", namespaces=namespaces).returncode == 0
    assert not is_touched(folder / "alive")


@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize("parent_dies", [True, False])
def test_daemon_ends_when_the_launcher_is_stopped(folder, namespaces, parent_dies, request):
    if namespaces:
        request.getfixturevalue("namespaces")
    words = command(folder, DAEMON + "\ntime.sleep(60)", folder / "alive", namespaces=namespaces)
    parent = "import subprocess, sys; subprocess.run(sys.argv[1:], start_new_session=True)"
    started = subprocess.Popen([sys.executable, "-c", parent, *words] if parent_dies else words)
    while not (folder / "alive").exists():
        time.sleep(0.02)
    started.send_signal(signal.SIGKILL if parent_dies else signal.SIGTERM)
    started.wait(10)
    time.sleep(0.5)
    assert not is_touched(folder / "alive")


def test_daemon_of_code_that_stops_the_launcher_ends(folder, monkeypatch):
    monkeypatch.setattr(sandbox, "STOP_SECONDS", 0.5)
    stop = "\nimport signal\nwhile True: os.kill(os.getppid(), signal.SIGSTOP)"
    words = command(folder, DAEMON + stop, folder / "alive", namespaces=False)
    started = subprocess.Popen(words, start_new_session=True)
    while not (folder / "alive").exists():
        time.sleep(0.02)
    sandbox.stop_launcher(started)
    assert not is_touched(folder / "alive")


def test_command_that_does_not_exist_is_named():
    options = json.dumps({"writable": [], "reachable": [], "namespaces": False, "network": False})
    ended = subprocess.run(
        [sys.executable, str(LAUNCHER), options, "/no/such/program"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "/no/such/program" in ended.stderr) == (127, True)


def test_launcher_needs_nothing_of_this_package():
    text = Path(LAUNCHER).read_text("utf-8")
    assert "from ." not in text
    assert "nautobot" not in text.lower().replace("account of nautobot", "")
