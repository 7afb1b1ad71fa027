"""Content that users created is parsed against the running code and never run."""

import itertools
import re
import sys
import tracemalloc
from types import ModuleType

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import connection
from django.test import override_settings
from nautobot.apps.jobs import Job, StringVar
from nautobot.dcim.models import Device, Interface
from nautobot.extras.models import (
    ComputedField,
    ConfigContext,
    CustomLink,
    DynamicGroup,
    ExportTemplate,
    GraphQLQuery,
    SavedView,
    Webhook,
)
from nautobot.extras.registry import registry
from nautobot.users.models import ObjectPermission

from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.collect.support.query_fields import query_fields
from nautobot_upgrade_jobs.collect.user_content.code_lookups import find_unsupported_queries
from nautobot_upgrade_jobs.collect.user_content.job_imports import import_files
from nautobot_upgrade_jobs.collect.user_content.kinds import CUSTOMIZATION_KINDS, read_content
from nautobot_upgrade_jobs.collect.user_content.templates import (
    TemplateObject,
    find_template_problems,
)
from nautobot_upgrade_jobs.collect.user_content.validators import (
    validate_config_context,
    validate_scheduled_job,
)
from nautobot_upgrade_jobs.facts.customizations import APP_CODE, Defect, DefectCode
from tests.support.nautobot import temporary_copy

pytestmark = pytest.mark.lines

NO_FILTER = "No filter named 'nope'."
ONE = {"obj": TemplateObject(Device)}
DEFECTIVE = "{% for one in queryset %}{{ one.gone }}{% endfor %}"
MANY = {"queryset": TemplateObject(Device, many=True)}


def attribute(name, owner, line, suggestion=""):
    """Return the defect of a template that uses a missing attribute."""
    return Defect(DefectCode.MISSING_ATTRIBUTE, name, owner, line, suggestion=suggestion)


def unknown_filter(name):
    """Return the defect of a filter that devices do not have."""
    return Defect(DefectCode.MISSING_FILTER, name, "dcim.Device")


def assert_defects(defects, expected):
    """Compare defects by value; a detail must contain the expected words."""
    assert defects == expected
    assert all(
        wanted.detail in defect.detail for defect, wanted in zip(defects, expected, strict=True)
    )


@pytest.mark.parametrize(
    ("text", "scope", "expected"),
    [
        ("{{ obj.name }}", ONE, []),
        ("{{ obj.gone }}", ONE, [attribute("gone", "dcim.Device", 1)]),
        (
            "a\n{{ obj.locaton }}",
            ONE,
            [attribute("locaton", "dcim.Device", 2, "location")],
        ),
        ("{{ obj['gone'] }}", ONE, [attribute("gone", "dcim.Device", 1)]),
        ("{{ obj.location.name }}", ONE, []),
        ("{{ obj.location.gone }}", ONE, [attribute("gone", "dcim.Location", 1)]),
        ("{{ obj.interfaces.all() | length }}", ONE, []),
        (
            "{% for one in obj.interfaces.filter(enabled=true) %}{{ one.gone }}{% endfor %}",
            ONE,
            [attribute("gone", "dcim.Interface", 1)],
        ),
        ("{{ obj.cf.gone }} {{ obj._custom_field_data.gone }}", ONE, []),
        ("{{ obj.get_config_context().gone }}", ONE, []),
        ("{{ obj.display | upper }}", ONE, []),
        ("{{ other.gone }}", ONE, []),
        ("{% set obj = other %}{{ obj.gone }}", ONE, []),
        ("{% for obj in others %}{{ obj.gone }}{% endfor %}", ONE, []),
        (
            "{% if obj.gone %}{{ obj.gone_too }}{% endif %}",
            ONE,
            [attribute("gone_too", "dcim.Device", 1)],
        ),
        ("{{ obj.gone or obj.name }} {{ obj.gone | default('') }}", ONE, []),
        ("{{ 'x' if obj.gone is defined else obj.name }}", ONE, []),
        ("{% for one in queryset %}{{ one.name }}{% endfor %}", MANY, []),
        (
            "{% for one in queryset %}{{ one.gone }}{% endfor %}",
            MANY,
            [attribute("gone", "dcim.Device", 1)],
        ),
        ("{{ queryset.count() }} {{ queryset[0].gone }}", MANY, []),
        ("{% for one, two in pairs %}{{ one.gone }}{% endfor %}", MANY, []),
        ("", MANY, []),
    ],
)
def test_find_template_problems_returns_missing_attributes(text, scope, expected):
    defects = find_template_problems(text, scope)
    assert_defects(defects, expected)
    assert [one.suggestion for one in defects] == [one.suggestion for one in expected]


NUMBERS = itertools.count()


def next_name():
    return f"planted_{next(NUMBERS)}"


def group(device, **filters):
    # Its own save() would refuse it, or count its members.
    one = DynamicGroup(
        name=next_name(), content_type=device, filter=filters, group_type="dynamic-filter"
    )
    super(DynamicGroup, one).save_base(raw=True)
    return one.name


def permission(device, constraints):
    one = ObjectPermission.objects.create(
        name=next_name(), actions=["view"], constraints=constraints
    )
    one.object_types.add(device)
    return one.name


def view(**values):
    owner = get_user_model().objects.first()
    return SavedView.objects.create(name=next_name(), owner=owner, **values).name


def query(text):
    one = GraphQLQuery(name=next_name(), query=text)
    one.save_base(raw=True)
    return one.name


def webhook(device, body="", headers=""):
    one = Webhook.objects.create(
        name=next_name(),
        payload_url="http://127.0.0.1:9/",
        type_update=True,
        body_template=body,
        additional_headers=headers,
    )
    one.content_types.add(device)
    return one.name


def computed_field(device, template):
    name = next_name()
    ComputedField.objects.create(label=name, key=name, content_type=device, template=template)
    return name


def custom_link(content_type, url):
    return CustomLink.objects.create(
        name=next_name(),
        content_type=content_type,
        text="{{ obj.name }}",
        target_url=url,
        new_window=False,
    ).name


def export_template(device, template):
    return ExportTemplate.objects.create(
        name=next_name(), content_type=device, template_code=template
    ).name


WEBHOOK_DATA = "The webhook data of dcim.Device"


CUSTOMIZATIONS = [
    (lambda device: webhook(device, "{{ data.name }} {{ data.status.name }}"), []),
    (lambda device: webhook(device, "{{ data['device_type']['model'] }} {{ model }}"), []),
    (lambda device: webhook(device, "{{ data.items() }} {{ snapshots.differences }}"), []),
    (lambda device: webhook(device, "{% if data.gone %}gone{% endif %}"), []),
    (
        lambda device: webhook(device, "{{ data.gone.name }}"),
        [("webhook", Defect(DefectCode.MISSING_ATTRIBUTE, "gone", WEBHOOK_DATA, 1))],
    ),
    (
        lambda device: webhook(device, "", "X-Status: {{ data['status']['gone'] }}"),
        [
            (
                "webhook",
                Defect(DefectCode.MISSING_ATTRIBUTE, "gone", f"{WEBHOOK_DATA}.status", 1),
            )
        ],
    ),
    (
        lambda device: webhook(device, "{{ data.name | nope }}"),
        [("webhook", Defect(DefectCode.INVALID_TEMPLATE, line=1, detail=NO_FILTER))],
    ),
    (lambda device: query("query { devices { name } }"), []),
    (
        lambda device: query("query {\n devices { gone_field } }"),
        [("GraphQL query", Defect(DefectCode.INVALID_QUERY, line=2, detail="gone_field"))],
    ),
    (
        lambda device: query("query { devices {"),
        [("GraphQL query", Defect(DefectCode.INVALID_QUERY, line=1, detail="Expected Name"))],
    ),
    (
        lambda device: computed_field(device, "{{ obj.gone | nope }}"),
        [("computed field", Defect(DefectCode.INVALID_TEMPLATE, line=1, detail=NO_FILTER))],
    ),
    (
        lambda device: custom_link(device, "https://example.com/{{ obj.gone }}"),
        [("custom link", attribute("gone", "dcim.Device", 1))],
    ),
    (
        lambda device: export_template(device, DEFECTIVE),
        [("export template", attribute("gone", "dcim.Device", 1))],
    ),
    (lambda device: group(device, name=["x"], has_interfaces=True), []),
    (
        lambda device: group(device, locatio=["x"]),
        [("dynamic group", unknown_filter("locatio"))],
    ),
    (lambda device: permission(device, {"name__startswith": "x", "location": "$user"}), []),
    (lambda device: permission(device, [{"status__name": "Active"}, {"tags__name": "x"}]), []),
    (
        lambda device: permission(device, [{"name": "x"}, {"locaton__name": "x"}]),
        [
            (
                "object permission",
                Defect(DefectCode.MISSING_FIELD, "locaton__name", "dcim.Device"),
            )
        ],
    ),
    (
        lambda device: view(
            view="dcim:device_list",
            config={"filter_params": {"name": ["x"], "per_page": 5}},
        ),
        [],
    ),
    (
        lambda device: view(
            view="dcim:device_list",
            config={"filter_params": {"gone_filter": ["x"]}},
        ),
        [("saved view", unknown_filter("gone_filter"))],
    ),
    (
        lambda device: view(view="dcim:gone_list", config={}),
        [("saved view", Defect(DefectCode.MISSING_PAGE, "dcim:gone_list"))],
    ),
    (
        lambda device: custom_link(
            ContentType.objects.create(app_label="dcim", model="gone"), "https://example.com/"
        ),
        [("custom link", Defect(DefectCode.MISSING_MODEL, "dcim.gone"))],
    ),
]


@pytest.fixture(scope="module")
def planted_problems(instance, nautobot):
    """The problems of each row of ``CUSTOMIZATIONS``. All are planted before one collection."""
    with temporary_copy(instance, "sample", "customizations"):
        device = ContentType.objects.get_for_model(Device)
        names = [make(device) for make, _ in CUSTOMIZATIONS]
        found = collect_facts(topics=("customizations",)).customizations
    assert not found.unreadable
    return [[one for one in found.problems if one.name == name] for name in names]


@pytest.mark.parametrize("row", range(len(CUSTOMIZATIONS)))
def test_customizations_that_do_not_work_are_reported_with_their_defect(planted_problems, row):
    problems, (_, expected) = planted_problems[row], CUSTOMIZATIONS[row]
    assert [one.kind for one in problems] == [kind for kind, _ in expected]
    assert_defects([one.defect for one in problems], [defect for _, defect in expected])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{{ x }}" * 200_000, "large: its content is larger than 1 MiB"),
        ("{{ " + "-" * 50_000 + "1 }}", "large: RecursionError"),
        ("{{ " + "(" * 50_000 + "1" + ")" * 50_000 + " }}", "large: RecursionError"),
    ],
    ids=["too large", "many operators", "many parentheses"],
)
def test_template_that_cannot_be_parsed_leaves_the_other_templates(clone, content, reason):
    device = ContentType.objects.get_for_model(Device)
    with clone():
        for name, template in (("large", content), ("small", DEFECTIVE)):
            ExportTemplate.objects.create(name=name, content_type=device, template_code=template)
        found = collect_facts(topics=("customizations",)).customizations
    assert list(found.unreadable) == ["export template"]
    assert found.unreadable["export template"].startswith(reason)
    assert "small" in [one.name for one in found.problems if one.kind == "export template"]


def test_content_of_ten_megabytes_is_not_read(clone):
    (kind,) = [kind for kind in CUSTOMIZATION_KINDS if kind.name == "config context"]
    with clone():
        ConfigContext.objects.create(name="large", data={"key": "x" * 10_000_000})
        tracemalloc.start()
        rows = list(read_content(connection, kind))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    (large,) = [row for row in rows if row.is_too_large]
    assert (large.name, large.arguments) == ("large", (None,))
    assert peak < 5_000_000


def test_unreadable_kind_leaves_the_other_kinds(clone):
    with clone("sample"):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE extras_savedview RENAME TO extras_gone")
        customizations = collect_facts(topics=("customizations",)).customizations
    assert list(customizations.unreadable) == ["saved view"]
    assert customizations.inspected["GraphQL query"]


class Planted(Job):
    name = StringVar()
    note = StringVar(required=False)

    def run(self, *, name, note=""):
        """Do nothing; the test only binds the arguments."""


MISSING_ARGUMENT = Defect(
    DefectCode.INVALID_ARGUMENTS, owner="planted.Planted", detail="argument: 'name'"
)


@pytest.mark.parametrize(
    ("crontab", "is_valid"),
    [
        ("", True),
        ("*/5 0-6 * * 1,3", True),
        ("61 * * * *", False),
        ("* * *", False),
        ("x * * * *", False),
        ("*/0 * * * *", False),
    ],
)
def test_validate_scheduled_job_returns_an_invalid_crontab(crontab, is_valid):
    found = [defect.code for defect in validate_scheduled_job("gone.Job", crontab, "{}")]
    expected = [] if is_valid else [DefectCode.INVALID_CRONTAB]
    assert found == [*expected, DefectCode.MISSING_JOB]


@pytest.mark.parametrize(
    ("task", "arguments", "expected"),
    [
        ("planted.Planted", {"name": "x"}, []),
        ("planted.Planted", '{"name": "x", "note": "y"}', []),
        ("planted.Planted", {"name": "x", "_job_queue": "default"}, []),
        (
            "planted.Planted",
            {"name": "x", "nte": "y"},
            [Defect(DefectCode.MISSING_VARIABLE, "nte", "planted.Planted", suggestion="note")],
        ),
        ("planted.Planted", {}, [MISSING_ARGUMENT]),
        ("planted.Planted", None, [MISSING_ARGUMENT]),
        ("gone.Gone", {}, [Defect(DefectCode.MISSING_JOB, "gone.Gone")]),
    ],
)
def test_validate_scheduled_job_returns_unknown_and_missing_arguments(
    monkeypatch, task, arguments, expected
):
    monkeypatch.setitem(registry["jobs"], "planted.Planted", Planted)
    defects = list(validate_scheduled_job(task, "", arguments))
    assert_defects(defects, expected)
    assert [one.suggestion for one in defects] == [one.suggestion for one in expected]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"ntp": ["192.0.2.1"], "banner": "{{ hostname | upper }}"}, []),
        ({"usage": "100 %, {braces}"}, []),
        (
            {"a": [{"b": "{{ hostname | nope }}"}]},
            [Defect(DefectCode.INVALID_TEMPLATE, "{{ hostname | nope }}", detail=NO_FILTER)],
        ),
    ],
)
def test_validate_config_context_returns_templates_that_do_not_compile(data, expected):
    assert_defects(list(validate_config_context(data)), expected)


def test_import_files_imports_each_job_file_independently(tmp_path):
    files = {
        "planted_fine": "import nautobot\n",
        "planted_late": "import nautobot\n\nnautobot.gone\n",
        "planted_exit": "raise SystemExit(3)\n",
        "planted_rows": "from django.db import DatabaseError\n\nraise DatabaseError('no column')\n",
        "planted_folder/__init__": "",
        "__init__": "raise ValueError('Nautobot does not import it')\n",
        "planted_folder/inner": "from planted_late import anything\n",
        "json": "raise ValueError('hidden by the standard library')\n",
    }
    for name, text in files.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    errors = {
        one.path.removeprefix(f"{tmp_path}/"): (one.line, one.error, one.conclusive)
        for one in import_files(tmp_path, tmp_path.rglob("*.py"))
    }
    gone = "AttributeError: module 'nautobot' has no attribute 'gone'"
    assert errors == {
        "planted_exit.py": (1, "SystemExit: 3", True),
        "planted_folder/inner.py": (1, gone, True),
        "planted_late.py": (3, gone, True),
        "planted_rows.py": (3, "DatabaseError: no column", False),
    }


QUERIES = """from nautobot.dcim.models import Device
from nautobot.ipam.models import IPAddress, Prefix
from nautobot.ipam import models as ipam

def run(name):
    Device.objects.filter(name=name, nope__in=[1])
    Device.objects.select_related("location", "nope").order_by("-name")
    Device.objects.prefetch_related("interfaces", "nopes")
    Device.objects.filter(name=name).update(nope=1, name=name)
    Prefix.objects.get(prefix="10.0.0.0/8")
    IPAddress.objects.get_or_create(address="10.0.0.1/8", namespace=name)
    ipam.VLAN.objects.values("vid", "nope")
    Device.objects.annotate(nope=1).filter(nope=1)
"""
REMOVED_FIELDS = """from django.db.models import Count, F, OuterRef, Q, Subquery
from nautobot.dcim.models import Cable, Device, Interface

def run():
    Device.objects.filter(cluster__name="x")
    Device.objects.filter(Q(cluster__name="x"))
    Device.objects.select_related("cluster")
    Device.objects.prefetch_related("cluster")
    Device.objects.values("cluster")
    Device.objects.values_list("cluster__name")
    Device.objects.order_by("cluster")
    Device.objects.only("cluster")
    Device.objects.defer("cluster")
    Device.objects.annotate(Count("cluster"))
    Device.objects.annotate(name_of_cluster=F("cluster__name"))
    Interface.objects.filter(Q(cable__isnull=False))
    Interface.objects.values("cable")
    Interface.objects.prefetch_related("cable")
    Interface.objects.order_by("cable")
    Cable.objects.prefetch_related("termination_a")
    Cable.objects.values("termination_a_id")
    Device.objects.annotate(total=Count("interfaces")).filter(total=F("total")).order_by("total")
    Device.objects.annotate(x=Subquery(Interface.objects.filter(device=OuterRef("pk")).values("name")[:1]))
    Device.objects.prefetch_related("interfaces__ip_addresses", "tags").only("name")
    Interface.objects.filter(cable__isnull=False)
    Device.objects.filter(**{"cluster": 1})
    Device.objects.values(made=F("name")).order_by("made")
"""
FAILING_LINES = set(range(6, 22))
"""Lines that run on 2.4.44 and raise an exception on 3.2.7. Each line was run."""


def test_find_unsupported_queries_are_those_that_the_models_refuse(tmp_path):
    path = tmp_path / "queries.py"
    path.write_text(QUERIES)
    found = [
        (one.code, one.owner, one.reference, one.line) for one in find_unsupported_queries(path)
    ]
    field, attribute = DefectCode.MISSING_FIELD, DefectCode.MISSING_ATTRIBUTE
    assert sorted(found, key=lambda one: one[3]) == [
        (field, "dcim.Device", "nope__in", 6),
        (field, "dcim.Device", "nope", 7),
        (attribute, "dcim.Device", "nopes", 8),
        (field, "dcim.Device", "nope", 9),
        (field, "ipam.VLAN", "nope", 12),
    ]


def test_find_unsupported_queries_of_fields_that_were_removed(tmp_path):
    path = tmp_path / "queries.py"
    path.write_text(REMOVED_FIELDS)
    lines = {one.line for one in find_unsupported_queries(path)}
    assert lines == (FAILING_LINES if settings.VERSION.startswith("3.2") else set())
    assert failing_lines(REMOVED_FIELDS) == lines


def failing_lines(text):
    """Run each query of a file, and return the lines that raise an exception."""
    head, _, body = text.partition("def run():\n")
    names = {}
    exec(head, names)
    first = head.count("\n") + 2
    failed = set()
    for number, line in enumerate(body.splitlines(), first):
        try:
            list(eval(line.strip(), names))
        except (FieldError, FieldDoesNotExist, AttributeError, ValueError):
            failed.add(number)
    return failed


@pytest.fixture
def planted_app(tmp_path, monkeypatch):
    """An enabled App without files."""
    module = ModuleType("planted_app")
    package = tmp_path / "planted_app"
    package.mkdir()
    module.__path__ = [str(package)]
    monkeypatch.setitem(sys.modules, "planted_app", module)
    with override_settings(PLUGINS=[*settings.PLUGINS, "planted_app"]):
        yield package


def test_app_code_is_inspected_without_migrations_tests_and_templates(planted_app):
    for name in (
        "jobs.py",
        "tests/test_jobs.py",
        "migrations/0001_initial.py",
        "templates/{{name}}/jobs.py",
    ):
        (planted_app / name).parent.mkdir(parents=True, exist_ok=True)
        (planted_app / name).write_text(QUERIES)
    problems = collect_facts(topics=("customizations",)).customizations.problems
    found = [one.name for one in problems if one.kind == APP_CODE]
    assert len(found) == 4
    assert set(found) == {
        "planted_app/jobs.py: dcim.Device nope__in",
        "planted_app/jobs.py: dcim.Device nope",
        "planted_app/jobs.py: dcim.Device nopes",
        "planted_app/jobs.py: ipam.VLAN nope",
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"def objects(:", "SyntaxError: invalid syntax"),
        (b"objects = 1\0", "null bytes"),
        (b"objects = '\xff'", "SyntaxError: .*utf-8"),
        (b"x = objects" + b".b" * 20_000, "(RecursionError|MemoryError)"),
        (None, "FileNotFoundError"),
    ],
)
def test_app_code_that_cannot_be_read_is_not_checked(content, reason, planted_app):
    path = planted_app / "jobs.py"
    if content is None:
        path.symlink_to(planted_app / "gone.py")
    else:
        path.write_bytes(content)
    (planted_app / "others.py").write_text(QUERIES)
    facts = collect_facts(topics=("customizations",)).customizations
    assert re.fullmatch(rf"planted_app/jobs.py: .*{reason}.*", facts.unreadable[APP_CODE])
    assert len([one for one in facts.problems if one.kind == APP_CODE]) == 4


@pytest.mark.parametrize(
    ("model", "filter_", "expected"),
    [
        (Device, {"has_interfaces": True}, {"dcim.interface.device"}),
        (Device, {"name": ["a"]}, {"dcim.device.name"}),
        (Interface, {"mgmt_only": True}, {"dcim.interface.mgmt_only"}),
    ],
)
def test_filter_results_name_the_fields_that_a_filter_reads(model, filter_, expected):
    content_type = ContentType.objects.get_for_model(model)
    group = DynamicGroup(name="fields", content_type=content_type, filter=filter_)
    assert set(query_fields(group._get_group_queryset())) >= expected
    assert not set(query_fields(model.objects.all()))
