"""The texts about objects that use Nautobot's tables."""

import pytest

from nautobot_upgrade_jobs.checks.dependent_text import drop_statement
from nautobot_upgrade_jobs.facts.schema_dependents import DependentKind, SchemaDependent


@pytest.mark.parametrize(
    ("kind", "name", "statement"),
    [
        (DependentKind.VIEW, "public.v", "DROP VIEW public.v;"),
        (DependentKind.VIEW, "`v`", "DROP VIEW `v`;"),
        (DependentKind.MATERIALIZED_VIEW, "public.v", "DROP MATERIALIZED VIEW public.v;"),
        (DependentKind.RULE, '"My r" on public.t', 'DROP RULE "My r" on public.t;'),
        (DependentKind.TRIGGER, "g on public.t", "DROP TRIGGER g on public.t;"),
        (DependentKind.TRIGGER, "`g` on `t`", "DROP TRIGGER `g`;"),
        (DependentKind.FUNCTION, "public.f(integer)", "DROP ROUTINE public.f(integer);"),
        (DependentKind.POLICY, "p on public.t", "DROP POLICY p on public.t;"),
        (
            DependentKind.PUBLICATION,
            "public.t in publication p",
            "ALTER PUBLICATION p DROP TABLE public.t;",
        ),
        (
            DependentKind.GENERATED_COLUMN,
            "public.t.g",
            "ALTER TABLE public.t DROP COLUMN g;",
        ),
        (
            DependentKind.GENERATED_COLUMN,
            'public.t."a.b"',
            'ALTER TABLE public.t DROP COLUMN "a.b";',
        ),
        (
            DependentKind.FOREIGN_KEY,
            '"x on y" on audit.notes',
            'ALTER TABLE audit.notes DROP CONSTRAINT "x on y";',
        ),
        (DependentKind.TRIGGER, "`a on b` on `t`", "DROP TRIGGER `a on b`;"),
        (DependentKind.TRIGGER, '"a""on b" on t', 'DROP TRIGGER "a""on b" on t;'),
        (
            DependentKind.PUBLICATION,
            'public."a in publication b" in publication p',
            'ALTER PUBLICATION p DROP TABLE public."a in publication b";',
        ),
        (DependentKind.FOREIGN_KEY, "f on public.t", "ALTER TABLE public.t DROP CONSTRAINT f;"),
        (DependentKind.FOREIGN_KEY, "`f` on `t`", "ALTER TABLE `t` DROP FOREIGN KEY `f`;"),
    ],
)
def test_drop_statement_is_that_of_the_kind(kind, name, statement):
    vendor = "mysql" if "`" in name else "postgresql"
    assert drop_statement(SchemaDependent(kind, name, "t"), vendor) == statement
