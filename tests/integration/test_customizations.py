"""What users have made, as the running code understands it: parsed and never run."""

import graphql
import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from nautobot.apps.jobs import Job, StringVar
from nautobot.dcim.models import Device
from nautobot.extras.models import (
    ComputedField,
    CustomLink,
    DynamicGroup,
    ExportTemplate,
    GraphQLQuery,
    SavedView,
)
from nautobot.extras.registry import registry
from nautobot.users.models import ObjectPermission

from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.collect.user_content.job_imports import import_files
from nautobot_upgrade_jobs.collect.user_content.templates import (
    TemplateObject,
    find_template_problems,
)
from nautobot_upgrade_jobs.collect.user_content.validators import (
    validate_config_context,
    validate_scheduled_job,
)

pytestmark = pytest.mark.lines

QUOTED, TYPE, SYNTAX = (
    ("'gone_field'", "'DeviceType'", "line 1: Syntax Error: Expected Name, found <EOF>")
    if graphql.__version__ >= "3"
    else (
        *('"gone_field"', '"DeviceType"'),
        "line 1: Syntax Error GraphQL (1:18) Expected Name, found EOF",
    )
)
"""Releases differ in the words."""
ONE = {"obj": TemplateObject(Device)}
MANY = {"queryset": TemplateObject(Device, many=True)}


@pytest.mark.parametrize(
    ("text", "scope", "expected"),
    [
        ("{{ obj.name }}", ONE, []),
        ("{{ obj.gone }}", ONE, ["line 1: dcim.Device has no gone"]),
        (
            "a\n{{ obj.locaton }}",
            ONE,
            ["line 2: dcim.Device has no locaton; did you mean location?"],
        ),
        ("{{ obj['gone'] }}", ONE, ["line 1: dcim.Device has no gone"]),
        ("{{ obj.location.name }}", ONE, []),
        ("{{ obj.location.gone }}", ONE, ["line 1: dcim.Location has no gone"]),
        ("{{ obj.interfaces.all() | length }}", ONE, []),
        (
            "{% for one in obj.interfaces.filter(enabled=true) %}{{ one.gone }}{% endfor %}",
            ONE,
            ["line 1: dcim.Interface has no gone"],
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
            ["line 1: dcim.Device has no gone_too"],
        ),
        ("{{ obj.gone or obj.name }} {{ obj.gone | default('') }}", ONE, []),
        ("{{ 'x' if obj.gone is defined else obj.name }}", ONE, []),
        ("{% for one in queryset %}{{ one.name }}{% endfor %}", MANY, []),
        (
            "{% for one in queryset %}{{ one.gone }}{% endfor %}",
            MANY,
            ["line 1: dcim.Device has no gone"],
        ),
        ("{{ queryset.count() }} {{ queryset[0].gone }}", MANY, []),
        ("{% for one, two in pairs %}{{ one.gone }}{% endfor %}", MANY, []),
        ("", MANY, []),
    ],
)
def test_attributes_that_a_model_does_not_have(text, scope, expected):
    assert find_template_problems(text, scope) == expected


@pytest.fixture
def found(clone):
    """What is found beside what the sample has."""

    def look(make):
        with clone("sample"):
            before = collect_facts(topics=("customizations",)).customizations
            make(ContentType.objects.get_for_model(Device))
            after = collect_facts(topics=("customizations",)).customizations
        assert not after.unreadable
        return [(one.kind, one.reason) for one in after.problems if one not in before.problems]

    return look


def group(device, **filters):
    # Its own save() would refuse it, or count its members.
    one = DynamicGroup(
        name="planted", content_type=device, filter=filters, group_type="dynamic-filter"
    )
    super(DynamicGroup, one).save_base(raw=True)


def permission(device, constraints):
    one = ObjectPermission.objects.create(name="planted", actions=["view"], constraints=constraints)
    one.object_types.add(device)


def view(**values):
    owner = get_user_model().objects.first()
    SavedView.objects.create(name="planted", owner=owner, **values)


def query(text):
    one = GraphQLQuery(name="planted", query=text)
    one.save_base(raw=True)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda device: query("query { devices { name } }"), []),
        (
            lambda device: query("query {\n devices { gone_field } }"),
            [("GraphQL query", f"line 2: Cannot query field {QUOTED} on type {TYPE}")],
        ),
        (
            lambda device: query("query { devices {"),
            [("GraphQL query", SYNTAX)],
        ),
        (
            lambda device: ComputedField.objects.create(
                label="planted",
                key="planted",
                content_type=device,
                template="{{ obj.gone | nope }}",
            ),
            [("computed field", "line 1: No filter named 'nope'.")],
        ),
        (
            lambda device: CustomLink.objects.create(
                name="planted",
                content_type=device,
                text="{{ obj.name }}",
                target_url="https://example.com/{{ obj.gone }}",
                new_window=False,
            ),
            [("custom link", "line 1: dcim.Device has no gone")],
        ),
        (
            lambda device: ExportTemplate.objects.create(
                name="planted",
                content_type=device,
                template_code="{% for one in queryset %}{{ one.gone }}{% endfor %}",
            ),
            [("export template", "line 1: dcim.Device has no gone")],
        ),
        (lambda device: group(device, name=["x"], has_interfaces=True), []),
        (
            lambda device: group(device, locatio=["x"]),
            [("dynamic group", "dcim.Device has no filter locatio")],
        ),
        (lambda device: permission(device, {"name__startswith": "x", "location": "$user"}), []),
        (lambda device: permission(device, [{"status__name": "Active"}, {"tags__name": "x"}]), []),
        (
            lambda device: permission(device, [{"name": "x"}, {"locaton__name": "x"}]),
            [
                (
                    "object permission",
                    "locaton__name: Cannot resolve keyword 'locaton' into field",
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
            [("saved view", "dcim.Device has no filter gone_filter")],
        ),
        (
            lambda device: view(view="dcim:gone_list", config={}),
            [("saved view", "there is no page dcim:gone_list")],
        ),
    ],
)
def test_what_does_not_work_is_told_with_its_reason(found, make, expected):
    assert found(make) == expected


def test_what_is_for_a_model_that_is_gone(found):
    def make(device):
        gone = ContentType.objects.create(app_label="dcim", model="gone")
        CustomLink.objects.create(
            name="planted", content_type=gone, text="x", target_url="y", new_window=False
        )

    assert found(make) == [("custom link", "there is no model dcim.gone")]


def test_one_kind_that_cannot_be_read_hides_no_other(clone):
    with clone("sample"):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE extras_savedview RENAME TO extras_gone")
        found = collect_facts(topics=("customizations",)).customizations
    assert list(found.unreadable) == ["saved view"]
    assert found.inspected["GraphQL query"]


class Planted(Job):
    name = StringVar()
    note = StringVar(required=False)

    def run(self, *, name, note=""):
        """Nobody runs it."""


@pytest.mark.parametrize(
    ("task", "arguments", "expected"),
    [
        ("planted.Planted", {"name": "x"}, []),
        ("planted.Planted", '{"name": "x", "note": "y"}', []),
        ("planted.Planted", {"name": "x", "_job_queue": "default"}, []),
        (
            "planted.Planted",
            {"name": "x", "nte": "y"},
            ["planted.Planted has no variable nte; did you mean note?"],
        ),
        ("planted.Planted", {}, ["planted.Planted: missing a required argument: 'name'"]),
        ("planted.Planted", None, ["planted.Planted: missing a required argument: 'name'"]),
        ("gone.Gone", {}, ["there is no Job gone.Gone"]),
    ],
)
def test_arguments_of_a_schedule(monkeypatch, task, arguments, expected):
    monkeypatch.setitem(registry["jobs"], "planted.Planted", Planted)
    found = [one.replace("keyword-only ", "") for one in validate_scheduled_job(task, arguments)]
    assert found == expected  # Pythons differ in the words


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"ntp": ["192.0.2.1"], "banner": "{{ hostname | upper }}"}, []),
        ({"usage": "100 %, {braces}"}, []),
        (
            {"a": [{"b": "{{ hostname | nope }}"}]},
            ["No filter named 'nope'. (in '{{ hostname | nope }}')"],
        ),
    ],
)
def test_templates_in_config_contexts(data, expected):
    assert list(validate_config_context(data)) == expected


def test_files_of_jobs_are_imported_each_by_itself(tmp_path):
    files = {
        "planted_fine": "import nautobot\n",
        "planted_late": "import nautobot\n\nnautobot.gone\n",
        "planted_exit": "raise SystemExit(3)\n",
        "planted_rows": "from django.db import DatabaseError\n\nraise DatabaseError('no column')\n",
        "planted_folder/__init__": "",
        "planted_folder/inner": "from planted_late import anything\n",
        "json": "raise ValueError('hidden by the standard library')\n",
    }
    for name, text in files.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    found = {
        one.path.removeprefix(f"{tmp_path}/"): (one.line, one.error, one.conclusive)
        for one in import_files(tmp_path, tmp_path.rglob("*.py"))
    }
    gone = "AttributeError: module 'nautobot' has no attribute 'gone'"
    assert found == {
        "planted_exit.py": (1, "SystemExit: 3", True),
        "planted_folder/inner.py": (1, gone, True),
        "planted_late.py": (3, gone, True),
        "planted_rows.py": (3, "DatabaseError: no column", False),
    }
