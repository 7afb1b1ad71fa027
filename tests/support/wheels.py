"""Minimal wheels and sdists in a folder, which serves as a package index without network."""

import io
import tarfile
import zipfile


def wheel(folder, name, version, *requires, files=(), python=""):
    """Write a wheel with requirements and with files, given as pairs of path and text."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{info}/METADATA", metadata(name, version, requires, python))
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        for path, text in files:
            archive.writestr(path, text)
        paths = [path for path, _ in files] + [f"{info}/{file}" for file in ("METADATA", "WHEEL")]
        lines = [f"{path},," for path in [*paths, f"{info}/RECORD"]]
        archive.writestr(f"{info}/RECORD", "\n".join(lines))


def source(folder, name, version, *requires):
    """Write an sdist. Building it creates the file ``built`` in the folder."""
    stem = f"{name.replace('-', '_')}-{version}"
    files = {
        "PKG-INFO": f"Metadata-Version: 1.0\nName: {name}\nVersion: {version}\n",
        "setup.py": f"open({str(folder / 'built')!r}, 'w').close()\n"
        f"from setuptools import setup\nsetup(name={name!r}, version={version!r},"
        f" install_requires={list(requires)!r})\n",
    }
    with tarfile.open(folder / f"{stem}.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{stem}/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))


def metadata(name, version, requires, python=""):
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {python}"] if python else []
    return "\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires), "", ""])
