"""Nautobot's GraphQL schema, and what it says of a query."""

from __future__ import annotations

import warnings
from typing import Any

import graphql
from graphene_django.settings import graphene_settings


def get_running_schema() -> Any:
    """Return the schema of the running code, with what its Apps and custom fields add."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # making the schema is full of Graphene's deprecations
        schema = graphene_settings.SCHEMA
    return getattr(schema, "graphql_schema", schema)  # wrapped since Nautobot 3.0


def validate_query(query: str, schema: Any) -> list[graphql.GraphQLError]:
    """Return what is wrong with a query, which is not run.

    Raises:
        GraphQLError: It is no GraphQL at all.
    """
    return list(graphql.validate(schema, graphql.parse(query)))
