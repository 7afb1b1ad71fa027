"""Validate queries against Nautobot's GraphQL schema."""

from __future__ import annotations

import warnings
from typing import Any

import graphql
from graphene_django.settings import graphene_settings


def get_running_schema() -> Any:
    """Return the schema of the running code, including its Apps and custom fields."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # Building the schema causes many deprecation warnings of Graphene.
        schema = graphene_settings.SCHEMA
    return getattr(schema, "graphql_schema", schema)  # wrapped since Nautobot 3.0


def validate_query(query: str, schema: Any) -> list[graphql.GraphQLError]:
    """Return the errors of a query. The query is not run.

    Raises:
        GraphQLError: The query cannot be parsed.
    """
    return list(graphql.validate(schema, graphql.parse(query)))
