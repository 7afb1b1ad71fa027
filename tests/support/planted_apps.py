"""Apps that tests write."""

APP = """from nautobot.apps import NautobotAppConfig

class Config(NautobotAppConfig):
    name = verbose_name = {name!r}
    version = "1.0"
    author = description = "test"
    base_url = {name!r}
    {extra}

config = Config
"""


def files_of(name, extra="", **files):
    """Return the files of an App, as pairs of path and text."""
    texts = {"__init__": APP.format(name=name, extra=extra), **files}
    return [(f"{name}/{module}.py", text) for module, text in texts.items()]


def app(folder, name, extra="", **files):
    """Write an App that belongs to no distribution."""
    for path, text in files_of(name, extra, **files):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    return name
