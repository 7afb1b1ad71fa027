"""Add rows to a database with the sample data of 2.4.44, about 70 MB for each unit.

The tables are those that grow in the field: interfaces with cables, addresses, the change log, and
results of Jobs with their log. A row is a copy of one of the sample with its own key and names.
Keys follow from numbers, so that rows find each other.
"""

from __future__ import annotations

_CLONE = """
INSERT INTO {table} SELECT row.*
FROM (SELECT * FROM {table} ORDER BY id LIMIT 1) one, generate_series(1, {number} * :units) g
CROSS JOIN LATERAL jsonb_populate_record(
    NULL::{table}, to_jsonb(one) || jsonb_build_object({values})) row
"""


def build_statements(units: int) -> tuple[str, ...]:
    """Return the statements that add rows. A session must run them in this order."""
    return tuple(each.replace(":units", str(units)) for each in _STATEMENTS)


def _clone(table: str, number: int, **values: str) -> str:
    pairs = ", ".join(f"'{name}', {expression}" for name, expression in values.items())
    return _CLONE.format(table=table, number=number, values=pairs)


def _key(kind: str, number: str = "g") -> str:
    return f"md5('{kind}-' || ({number}))::uuid"


def _content_type(model: str) -> str:
    return f"(SELECT id FROM django_content_type WHERE app_label = 'dcim' AND model = '{model}')"


def _if_connected(value: str) -> str:
    return f"CASE WHEN g <= 3000 * :units THEN {value} END"


def _null(*columns: str) -> dict[str, str]:
    return dict.fromkeys(columns, "NULL")


_INTERFACE = _content_type("interface")
_PARTNER = _key("interface", "CASE g % 2 WHEN 1 THEN g + 1 ELSE g - 1 END")
_CABLE = _key("cable", "(g + 1) / 2")
_STATEMENTS = (
    "SET session_replication_role = replica",  # Neither triggers nor foreign keys.
    _clone(
        "dcim_device",
        300,
        id=_key("device"),
        name="'volume-' || g",
        _name="'volume-' || lpad(g::text, 8, '0')",
        serial="md5(g::text)",
        **_null("asset_tag", "rack_id", "position", "virtual_chassis_id", "vc_position"),
        **_null("primary_ip4_id", "primary_ip6_id"),
    ),
    _clone(
        "dcim_interface",
        9_000,
        id=_key("interface"),
        device_id=_key("device", "1 + g % (300 * :units)"),
        name="'volume-' || g",
        _name="'volume-' || lpad(g::text, 8, '0')",
        description="'to rack ' || md5(g::text)",
        lag_id="NULL",
        cable_id=_if_connected(_CABLE),
        _path_id=_if_connected(_key("path")),
        _cable_peer_id=_if_connected(_PARTNER),
        _cable_peer_type_id=_if_connected(_INTERFACE),
    ),
    _clone(
        "dcim_cable",
        1_500,
        id=_key("cable"),
        termination_a_id=_key("interface", "2 * g - 1"),
        termination_b_id=_key("interface", "2 * g"),
        termination_a_type_id=_INTERFACE,
        termination_b_type_id=_INTERFACE,
        _termination_a_device_id=_key("device", "1 + (2 * g - 1) % (300 * :units)"),
        _termination_b_device_id=_key("device", "1 + 2 * g % (300 * :units)"),
    ),
    _clone(
        "dcim_cablepath",
        3_000,
        id=_key("path"),
        origin_id=_key("interface"),
        destination_id=_PARTNER,
        origin_type_id=_INTERFACE,
        destination_type_id=_INTERFACE,
        path=f"jsonb_build_array({_content_type('cable')} || ':' || {_CABLE})",
    ),
    _clone(
        "ipam_prefix",
        40,
        id=_key("prefix"),
        network=r"'\x64' || lpad(to_hex(g), 4, '0') || '00'",
        broadcast=r"'\x64' || lpad(to_hex(g), 4, '0') || 'ff'",
        prefix_length="24",
        ip_version="4",
        parent_id="NULL",
    ),
    _clone(
        "ipam_ipaddress",
        225 * 40,
        id=_key("address"),
        host=r"'\x64' || lpad(to_hex(1 + (g - 1) / 225), 4, '0')"
        " || lpad(to_hex(1 + (g - 1) % 225), 2, '0')",
        parent_id=_key("prefix", "1 + (g - 1) / 225"),
        mask_length="24",
        ip_version="4",
        dns_name="'h' || g || '.example.com'",
        nat_inside_id="NULL",
    ),
    _clone(
        "extras_jobresult",
        1_500,
        id=_key("result"),
        scheduled_job_id="NULL",
        date_created="now() - g * interval '1 minute'",
        date_done="now() - g * interval '1 minute'",
    ),
    "INSERT INTO extras_joblogentry (id, log_level, grouping, message, created, log_object, "
    "absolute_url, job_result_id) SELECT gen_random_uuid(), "
    "(ARRAY['info', 'success', 'warning', 'debug', 'error'])[1 + line % 5], 'run', "
    "'device ' || md5(line::text || g) || repeat(' has the expected state', 4), now(), "
    f"'router-' || line, '/dcim/devices/' || md5(g::text) || '/', {_key('result')} "
    "FROM generate_series(1, 1500 * :units) g, generate_series(1, 40) line",
    _clone(
        "extras_objectchange",
        24_000,
        id=_key("change"),
        request_id=_key("request"),
        time="now() - g * interval '1 second'",
        changed_object_id=_key("device", "1 + g % (300 * :units)"),
        object_repr="'volume-' || g",
        object_data="jsonb_build_object('comments', repeat(md5(g::text), 8))",
        object_data_v2="jsonb_build_object('comments', repeat(md5(g::text), 12))",
    ),
    "ANALYZE",
)
