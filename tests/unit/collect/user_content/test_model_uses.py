"""Fields that code uses in queries are found; whatever may have another meaning is not."""

import ast

import pytest

from nautobot_upgrade_jobs.collect.user_content.model_uses import find_field_uses
from nautobot_upgrade_jobs.collect.user_content.release_conditions import release_conditions

HEAD = "from nautobot.dcim.models import Cable, Device\nfrom nautobot.dcim import models\n"


def uses_of(code, head=HEAD):
    return [(use.model.attributes[-1], use.name) for use in find_field_uses(ast.parse(head + code))]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("Cable.objects.filter(label='x')", [("Cable", "label")]),
        (
            "Cable.objects.filter(a__b__in=[1]).exclude(c=2)",
            [("Cable", "a__b__in"), ("Cable", "c")],
        ),
        ("models.Cable.objects.get(label='x')", [("Cable", "label")]),
        ("Cable.objects.filter(Q(a=1) | ~models.Q(b=2))", [("Cable", "a"), ("Cable", "b")]),
        ("Cable.objects.order_by('-label', '?')", [("Cable", "label")]),
        ("Cable.objects.values_list('label', flat=True)", [("Cable", "label")]),
        ("Cable.objects.select_related('type')", [("Cable", "type")]),
        ("Cable.objects.prefetch_related('tags__x')", [("Cable", "tags__x")]),
        ("Cable.objects.filter(a=1).update(b=2)", [("Cable", "a"), ("Cable", "b")]),
        ("Cable.objects.get_or_create(a=1, defaults={'b': 2})", [("Cable", "a")]),
        ("def f():\n    cables = Cable.objects.all()\n    cables.filter(a=1)", [("Cable", "a")]),
        ("class V:\n    queryset = Device.objects.only('a')", [("Device", "a")]),
        ("Cable.objects.filter(**values)", []),
        ("Cable.objects.annotate(n=Count('x')).filter(n=1)", [("Cable", "x")]),
        ("Cable.objects.annotate(n=F('a__b') + 1)", [("Cable", "a__b")]),
        ("Cable.objects.aggregate(Sum('a'))", [("Cable", "a")]),
        ("Cable.objects.annotate(n=Count('a')).annotate(m=F('n'))", [("Cable", "a")]),
        (
            "Cable.objects.filter(a=Subquery(Q(b=1)), c=OuterRef('d'))",
            [("Cable", "a"), ("Cable", "c")],
        ),
        (
            "Cable.objects.filter(x__in=Device.objects.filter(Q(b=1)))",
            [("Cable", "x__in"), ("Device", "b")],
        ),
        ("Cable.objects.annotate(Count('tags')).filter(tags__count=1)", [("Cable", "tags")]),
        ("Cable.objects.annotate(**more).filter(n=1)", []),
        ("Cable.objects.with_tree_fields().filter(depth=1)", []),
        ("Cable.objects.all().values('a').my_own('b')", [("Cable", "a")]),
        ("from .models import Thing\nThing.objects.filter(a=1)", []),
        ("cable.filter(a=1)", []),
        ("things = Cable.objects.all()\nthings = other()\nthings.filter(a=1)", []),
        ("Cable(a=1)", []),
        ("settings.get(a=1)", []),
    ],
)
def test_find_field_uses_reads_queries_that_begin_with_a_model(code, expected):
    assert uses_of(code) == expected


def test_find_field_uses_has_the_line_of_the_method():
    code = "Cable.objects.filter(\n    a=1,\n).exclude(\n    b=2,\n)"
    lines = [(use.name, use.line) for use in find_field_uses(ast.parse(HEAD + code))]
    assert lines == [("a", 3), ("b", 5)]


@pytest.mark.parametrize(
    ("code", "condition"),
    [
        ("def f():\n    if JOINED:\n        return {}", "JOINED"),
        ("if not JOINED:\n    pass\nelse:\n    {}", "not JOINED"),
        ("def f():\n    if JOINED:\n        return 1\n    return {}", "JOINED"),
        ("NEW = Device._meta.x\ndef f(a):\n    if a and NEW:\n        {}", "a and NEW"),
        ("x = {} if nautobot.__version__ > '3' else None", "nautobot.__version__ > '3'"),
        ("if settings.VERSION_MAJOR >= 3:\n    {}", "settings.VERSION_MAJOR >= 3"),
        ("new = version.parse('3')\nif new:\n    {}", "new"),
        ("if hasattr(Device, 'x'):\n    {}", "hasattr(Device, 'x')"),
        ("hasattr(Device, 'x') and {}", "hasattr(Device, 'x')"),
        (
            "try:\n    import x\n    new = 1\nexcept ImportError:\n    new = 0\nif new:\n    {}",
            "new",
        ),
        ("try:\n    {}\nexcept FieldError:\n    pass", "try … except FieldError"),
        ("try:\n    {}\nexcept (ValueError, x.FieldError):\n    pass", "try … except FieldError"),
        ("{}", ""),
        ("if hasattr(Device, 'x'):\n    pass\n{}", ""),
        ("def f(name):\n    if name:\n        return {}", ""),
        ("def f(name):\n    if name == LIMIT:\n        return {}", ""),
        ("for a in b:\n    if not a:\n        continue\n    {}", ""),
        ("print(hasattr(a, 'b'), {})", ""),
        ("def a(r):\n    device = getattr(r, 'x')\ndef b(device):\n    if device:\n        {}", ""),
        ("def f(r):\n    device = getattr(r, 'x', None)\n    if device:\n        {}", ""),
        ("def f(m):\n    label = m._meta.label\n    if label:\n        {}", ""),
        ("if device.software_version is None:\n    pass\nelse:\n    {}", ""),
        ("if conversion_needed(x):\n    {}", ""),
        ("if DEBUG:\n    {}", ""),
        ("try:\n    s = x.Session()\nexcept OSError:\n    s = None\nif s:\n    {}", ""),
        ("try:\n    {}.first().name\nexcept AttributeError:\n    pass", ""),
        ("try:\n    x.y\nexcept AttributeError:\n    {}", "try … except AttributeError"),
        ("def f(a):\n    if a and compat.NEW:\n        {}", "a and compat.NEW"),
        (
            "def f():\n    try:\n        Device._meta.get_field('a')\n"
            "    except FieldDoesNotExist:\n        return\n    {}",
            "try … except FieldDoesNotExist",
        ),
        ("major, minor = nautobot.__version__.split('.')\nif major < '3':\n    {}", "major < '3'"),
        ("if nautobot_version() < '3':\n    {}", "nautobot_version() < '3'"),
        (
            "def f(a):\n    if hasattr(Device, 'x'):\n        pass\n    else:\n        return\n"
            "    {}",
            "hasattr(Device, 'x')",
        ),
        ("try:\n    {}\nexcept Cable.DoesNotExist:\n    pass", ""),
        ("try:\n    {}\nexcept Exception:\n    pass", ""),
        ("try:\n    pass\nexcept FieldError:\n    {}", "try … except FieldError"),
        ("try:\n    pass\nexcept FieldError:\n    pass\n{}", ""),
        ("match VERSION:\n    case '2.4':\n        {}", "match VERSION"),
        ("match row:\n    case 1:\n        {}", ""),
        ("with suppress(FieldError):\n    {}", "suppress(FieldError)"),
        ("with contextlib.suppress(KeyError, FieldError):\n    {}", "suppress(FieldError)"),
        ("with suppress(KeyError):\n    {}", ""),
        ("[{} for _ in rows if JOINED]", "JOINED"),
        ("[{} for row in rows if row]", ""),
        ("NEW: bool = VERSION > 3\nif NEW:\n    {}", "NEW"),
        ("new: bool\nif new:\n    {}", ""),
        ("if (new := JOINED) and rows:\n    {}", "(new := JOINED) and rows"),
        ("if row:\n    pass\nelif JOINED:\n    {}", "JOINED"),
        (
            "class Job:\n    def __init__(self):\n        self.new = VERSION > 3\n"
            "    def run(self):\n        if self.new:\n            {}",
            "self.new",
        ),
        (
            "class Job:\n    def __init__(self):\n        self.rows = 3\n"
            "    def run(self):\n        if self.rows:\n            {}",
            "",
        ),
        ("def is_new():\n    return VERSION > 3\nif is_new():\n    {}", "is_new()"),
        (
            "def f():\n    if is_new():\n        {}\ndef is_new():\n    return VERSION > 3",
            "is_new()",
        ),
        ("def is_new():\n    return rows > 3\nif is_new():\n    {}", ""),
        ("if apps.is_installed('other'):\n    {}", "apps.is_installed('other')"),
        ("if 'other' in settings.PLUGINS:\n    {}", "'other' in settings.PLUGINS"),
        ("if settings.PLUGINS_CONFIG:\n    {}", ""),
        ("if settings.HIDE_ROWS:\n    {}", ""),
        ("if rows in settings.HIDDEN:\n    {}", ""),
        ("{{2: lambda: {}, 3: None}}[VERSION]()", "VERSION"),
        ("{{'a': lambda: {}}}[row]()", ""),
        ("{{2: lambda: {}}}.get(VERSION, print)()", "VERSION"),
        ("def old():\n    {}\n{{2: old, 3: print}}[VERSION]()", "VERSION"),
        ("def old():\n    {}\n(print, old)[IS_NEW]()", "IS_NEW"),
        ("def old():\n    {}\nKINDS = {{2: old}}\nKINDS[nautobot_version]()", "nautobot_version"),
        ("def old():\n    {}\nKINDS = {{2: old}}\nKINDS[row]()", ""),
        ("def old():\n    {}\nKINDS = {{2: print}}\nKINDS[VERSION]()", ""),
        ("@skipIf(VERSION > 2, 'old')\ndef old():\n    {}", "skipIf(VERSION > 2, 'old')"),
        ("@skipIf(VERSION > 2)\nclass Old:\n    def f():\n        {}", "skipIf(VERSION > 2)"),
        ("@cached(timeout=2)\ndef old():\n    {}", ""),
    ],
)
def test_find_field_uses_separates_code_that_may_not_run_on_every_release(code, condition):
    tree = ast.parse(HEAD + code.format("Cable.objects.filter(a=1)"))
    conditions = release_conditions(tree)
    assert [conditions.get(use.call, "") for use in find_field_uses(tree)] == [condition]
