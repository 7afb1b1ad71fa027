"""Evaluate stored filters with the code of an old release: ``python old_filters.py answer.json``.

The interpreter of the installation runs this file, which can be Python 3.6. ``NAUTOBOT_CONFIG``
names a configuration that connects to nothing but the database. The result has the form in which
``collect/filter_results.py`` describes the same filters on a newer release.
"""

import hashlib
import hmac
import json
import os
import sys

MOVED = frozenset(
    ["dcim.devicerole", "dcim.rackrole", "dcim.region", "dcim.site", "ipam.aggregate", "ipam.role"]
)
"""Models whose objects get other keys in 2.0, so their members cannot be compared."""
USER_TOKEN = "$user"  # noqa: S105 - the placeholder for the requesting user
MAX_TEXT = 300


def evaluate():
    """Return the results by section, each by name: text, number or None, and error."""
    import nautobot

    nautobot.setup()
    import django

    django.setup()  # In 1.x, nautobot.setup() only loads the settings.
    return {
        "dynamic_groups": dict(evaluate_groups()),
        "object_permissions": dict(evaluate_permissions()),
    }


def evaluate_groups():
    """Yield the members of each dynamic group. Nautobot 1.0 has no such groups."""
    try:
        from nautobot.extras.models import DynamicGroup
    except ImportError:
        return
    for group in DynamicGroup.objects.order_by("name"):
        label = get_label(group.content_type)
        if label not in MOVED:
            yield group.name, attempt(describe_group, group, label)


def describe_group(group, label):
    """Return the members of a group, as the installed release shows them."""
    has_children = hasattr(group, "children") and group.children.exists()
    kind = "dynamic-set" if has_children else "dynamic-filter"
    members = group.members if hasattr(group, "members") else group.get_queryset()
    text, number, _ = describe_members(members)
    return "%s, %s: %s" % (label, kind, text), number, ""


def evaluate_permissions():
    """Yield to whom each permission is granted, and the objects of each of its models."""
    from nautobot.users.models import ObjectPermission

    for permission in ObjectPermission.objects.order_by("name"):
        groups = sorted(permission.groups.values_list("name", flat=True))
        users = sorted(permission.users.values_list("username", flat=True))
        names = (", ".join(groups) or "none", ", ".join(users) or "none")
        yield "%s: granted" % permission.name, ("groups: %s; users: %s" % names, None, "")
        state = "enabled" if permission.enabled else "disabled"
        prefix = "%s, %s: " % (state, ", ".join(sorted(permission.actions)))
        for content_type in permission.object_types.all():
            label = get_label(content_type)
            if label not in MOVED:
                text, number, error = attempt(describe_permitted, permission, content_type)
                yield "%s: %s" % (permission.name, label), (prefix + text, number, error)


def describe_permitted(permission, content_type):
    """Return the objects that a permission covers."""
    from django.db.models import Q

    constraints = permission.constraints
    if not isinstance(constraints, list):
        constraints = [constraints]
    model = content_type.model_class()
    if model is None:
        return "the model does not exist", None, ""
    if not all(constraints):
        return "all objects", None, ""
    if USER_TOKEN in json.dumps(constraints):
        return "depends on the user, constraint %s" % digest(constraints), None, ""
    condition = Q()
    for constraint in constraints:
        condition |= Q(**constraint)
    return describe_members(model._default_manager.filter(condition))


def digest(value):
    """Return the keyed digest of a value, as ``collect/support/redaction.py`` computes it."""
    from django.conf import settings

    secret = b"nautobot-upgrade-jobs" + str(settings.SECRET_KEY).encode()
    key = hashlib.sha256(secret).digest()
    return hmac.new(key, show(value).encode(), "sha256").hexdigest()[:16]


def show(value):
    """Return a text of JSON types that does not depend on the order of keys."""
    if isinstance(value, dict):
        items = ("%s: %s" % (show(name), show(each)) for name, each in value.items())
        return "{%s}" % ", ".join(sorted(items))
    if isinstance(value, list):
        return "[%s]" % ", ".join(show(each) for each in value)
    return repr(value)


def describe_members(queryset):
    """Return a text with the number of members and a digest of their keys, and the number."""
    number = fingerprint = 0
    for key in queryset.order_by().values_list("pk", flat=True).distinct().iterator():
        number += 1
        hashed = hashlib.blake2b(str(key).encode(), digest_size=8).digest()
        fingerprint ^= int.from_bytes(hashed, "big")
    return "%d members, %016x" % (number, fingerprint), number, ""


def attempt(function, *arguments):
    """Return the description, or the error of the user's filter."""
    try:
        return function(*arguments)
    except Exception as error:
        if type(error).__name__ == "InvalidCursorName" and error.__context__:
            error = error.__context__  # The query failed, and then its cursor could not be closed.
        text = " ".join(str(error).split())
        reason = "%s: %s" % (type(error).__name__, text) if text else type(error).__name__
        return "error: " + reason[:MAX_TEXT], None, reason[:MAX_TEXT]


def get_label(content_type):
    """Return the name of a model, such as ``dcim.device``."""
    return "%s.%s" % (content_type.app_label, content_type.model)


if __name__ == "__main__":
    try:
        found = evaluate()
    except BaseException as error:
        found = {"error": type(error).__name__}  # Its text can contain a secret.
    document = json.dumps(found)
    with open(sys.argv[1], "w") as answer:
        answer.write(document)
    os._exit(0)  # Skip threads and exit handlers of Apps.
