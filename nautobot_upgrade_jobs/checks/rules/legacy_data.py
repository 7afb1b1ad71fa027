"""Rows of Nautobot 1.x that the migrations to 2.x refuse, lose or rename."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from ...catalog.target_release import Target
from ...facts import LegacyData, require
from ..build import blocker, info, warning
from ..findings import Finding, FindingRef, Impact, Phase
from ..references import RELEASE_NOTES_OF, UPGRADING
from ..registry import check
from ..text import plural

NOTES = (RELEASE_NOTES_OF.format("2.0"), UPGRADING)
NOT_PREDICTED = "nautobot-server pre_migrate does not report this."
MODELS = {
    "dcim_virtualchassis": ("virtual chassis", "dcim.0048"),
    "extras_configcontext": ("config contexts", "extras.0092"),
    "extras_configcontextschema": ("config context schemas", "extras.0092"),
    "extras_exporttemplate": ("export templates", "extras.0092"),
}
"""By table: its objects, and the migration that stops."""
ROLES_FIXED_IN = "2.4.14"


@check(crosses="2.0", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=NOTES)
def location_names(rows: LegacyData) -> Iterator[Finding]:
    """No two locations of one parent will have the same name.

    Why: 2.0 turns regions and sites into locations. The names below one parent must be unique, and
        ``dcim.0034`` stops at the first pair. ``pre_migrate`` does not report this.
    Fix: rename one of each pair before the upgrade.
    """
    siblings = require(rows.sibling_names)
    if siblings.count:
        yield blocker(
            "dcim_site",
            f"{plural(siblings.count, 'site')} {'has' if siblings.count == 1 else 'have'} the name "
            f"of a region in the same region. Migration dcim.0034 will fail. {NOT_PREDICTED}",
            fix="Rename the site or the region.",
            evidence=siblings.examples,
        )
    roots = require(rows.root_location_names)
    if roots.count:
        yield blocker(
            "dcim_location",
            f"{plural(roots.count, 'name')} of locations without a parent"
            f" {'is' if roots.count == 1 else 'are'} not unique in a site. Migration dcim.0034 will"
            f" fail. {NOT_PREDICTED}",
            fix="Rename the locations.",
            evidence=roots.examples,
        )
    regions = require(rows.global_regions)
    if regions.count:
        yield blocker(
            "dcim_region",
            "A region has the name Global Region, and some sites have no region. The migration "
            f"dcim.0034 creates a region of this name for them, and will fail. {NOT_PREDICTED}",
            fix="Rename the region, or give each site a region.",
        )
    types = require(rows.reserved_location_types)
    if types.count:
        yield blocker(
            "dcim_locationtype",
            f"The migration dcim.0034 creates the location types Region and Site, but "
            f"{' and '.join(types.examples)} exists already. It will fail. {NOT_PREDICTED}",
            fix="Rename the location type.",
            evidence=types.examples,
        )


@check(crosses="2.0", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=NOTES)
def addresses_in_several_vrfs(rows: LegacyData) -> Iterator[Finding]:
    """All addresses of an interface are in one VRF.

    Why: 2.0 assigns a VRF to an interface. ``ipam.0031`` stops at an interface whose addresses are
        in different VRFs, or only some of them in a VRF.
    Fix: move the addresses into one VRF, or assign them to different interfaces.
    """
    found = require(rows.mixed_vrf_interfaces)
    if found.count:
        yield blocker(
            "ipam_ipaddress",
            f"{plural(found.count, 'interface')} {'has' if found.count == 1 else 'have'} addresses "
            "in more than one VRF, or only some addresses in a VRF. Migration ipam.0031 will fail.",
            fix="Move the addresses of each interface into one VRF. The evidence has the keys of "
            "the interfaces. nautobot-server pre_migrate also reports them.",
            evidence=found.examples,
        )


@check(crosses="2.0", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=NOTES)
def duplicate_names(rows: LegacyData) -> Iterator[Finding]:
    """Names that 2.0 makes unique are unique.

    Why: ``dcim.0048`` and ``extras.0092`` stop at duplicate names. ``pre_migrate`` does not report
        those of export templates.
    Fix: rename all but one of each name.
    """
    for table, result in rows.duplicate_names.items():
        found, (objects, migration) = require(result), MODELS[table]
        if found.count:
            yield blocker(
                table,
                f"{plural(found.count, 'name')} of {objects} "
                f"{'is' if found.count == 1 else 'are'} not unique. Migration {migration} will "
                "fail.",
                fix=f"Rename the {objects} until each name is unique.",
                evidence=found.examples,
                supersedes=(FindingRef("preconditions.violated", f"{table}.name"),),
            )


@check(crosses="2.0", phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=NOTES)
def schedules_without_user(rows: LegacyData) -> Iterator[Finding]:
    """Every schedule has a user.

    Why: ``extras.0091`` reads the user of each schedule, and stops if the user was deleted.
        ``pre_migrate`` does not report this.
    Fix: delete these schedules, and create them again after the upgrade.
    """
    found = require(rows.schedules_without_user)
    if found.count:
        yield blocker(
            "extras_scheduledjob",
            f"{plural(found.count, 'schedule')} {'has' if found.count == 1 else 'have'} lost the "
            f"user, because the user was deleted. Migration extras.0091 will fail. {NOT_PREDICTED}",
            fix="Delete the schedules. Create them again after the upgrade.",
            evidence=found.examples,
        )


@check(crosses="2.0", phase=Phase.MIGRATE, impact=Impact.DATA_LOSS, see=NOTES)
def role_custom_fields(rows: LegacyData, target: Target) -> Iterator[Finding]:
    """No role has values of custom fields.

    Why: ``extras.0062`` merges all roles into one model. Before 2.4.14, it loses the values of
        their custom fields. Later releases keep the values, under the keys of 1.x. No release
        assigns the custom fields to the new roles, so no page shows the values.
    Fix: choose 2.4.14 or later as the target. Note the values, and enter them again after the
        upgrade.
    """
    found = require(rows.role_custom_fields)
    if not found.count:
        return
    number = f"{plural(found.count, 'role')} {'has' if found.count == 1 else 'have'}"
    if Version(target.version) < Version(ROLES_FIXED_IN):
        yield blocker(
            "roles",
            f"{number} values of custom fields. The migration extras.0062 of {target.version} "
            "loses them.",
            fix=f"Choose {ROLES_FIXED_IN} or later as the target.",
            evidence=found.examples,
        )
    else:
        yield warning(
            "roles",
            f"{number} values of custom fields. After the upgrade, the custom fields do not belong "
            "to roles, so no page shows the values.",
            fix="Note the values. After the upgrade, assign the custom fields to extras | role, "
            "and enter the values again.",
            evidence=found.examples,
        )


@check(crosses="2.0", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=NOTES)
def outdated_group_filters(rows: LegacyData) -> Iterator[Finding]:
    """No dynamic group selects by other objects.

    Why: 2.0 has no sites and regions, and filters take names instead of slugs. A group whose filter
        matches nothing has no members, and nothing reports it.
    Fix: note the members of these groups. Compare them after the upgrade, and correct the filters.
    """
    found = require(rows.outdated_group_filters)
    if found.count:
        yield warning(
            "extras_dynamicgroup",
            f"{plural(found.count, 'dynamic group')} {'selects' if found.count == 1 else 'select'} "
            "by other objects, such as sites or roles. They can lose all members without a "
            "message.",
            fix="Note the members of each group. After the upgrade, compare them, and correct the "
            "filter.",
            evidence=found.examples,
        )


@check(crosses="2.0", phase=Phase.RUNTIME, impact=Impact.FEATURE_LOSS, see=NOTES)
def renamed_keys(rows: LegacyData) -> Iterator[Finding]:
    """The keys of custom fields and relationships stay the same.

    Why: 2.0 replaces characters that GraphQL does not allow. Scripts and queries with the old keys
        then find nothing.
    Fix: use the new keys in scripts, templates and queries after the upgrade.
    """
    found = require(rows.renamed_keys)
    if found.count:
        yield warning(
            "keys",
            f"The upgrade changes {plural(found.count, 'key')} of custom fields or relationships "
            "into names that GraphQL allows.",
            fix="List where scripts, templates and queries use these keys. Change them after the "
            "upgrade.",
            evidence=found.examples,
        )


@check(crosses="2.0", phase=Phase.MIGRATE, impact=Impact.NONE, see=NOTES)
def created_prefixes(rows: LegacyData) -> Iterator[Finding]:
    """Every address is in a prefix, and every network has one prefix.

    Why: 2.0 requires both. ``ipam.0031`` creates a prefix for each address without one, and a
        namespace for each further prefix of a network.
    Fix: nothing, or create the prefixes yourself before the upgrade.
    """
    orphans, duplicates = require(rows.addresses_without_prefix), require(rows.duplicate_prefixes)
    if orphans.count:
        yield info(
            "ipam_ipaddress",
            f"Number of addresses in no prefix: {orphans.count}. The upgrade creates a prefix for "
            "each.",
            fix="Create suitable prefixes before the upgrade, or accept those that it creates.",
        )
    if duplicates.count:
        yield info(
            "ipam_prefix",
            f"{plural(duplicates.count, 'network')} {'has' if duplicates.count == 1 else 'have'} "
            "several prefixes. The upgrade moves the further ones into namespaces of their own.",
            fix="Decide which prefixes belong together, or sort them after the upgrade.",
        )
