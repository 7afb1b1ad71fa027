"""Results that the running code computes from the rows. An upgrade can change the results."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable


@dataclass(frozen=True)
class DerivedState:
    """Objects by name, each with its computed result. A digest stands for content."""

    user_groups: Listing | Unavailable
    """By name: the number of users."""
    custom_fields: Listing | Unavailable
    """By ``model.key``: the number of rows with a value."""
    relationships: Listing | Unavailable
    """By key: the two models and the number of associations."""
    computed_fields: Listing | Unavailable
    """By ``model.key``: a digest of the text rendered for a sample of objects, or the error."""
    export_templates: Listing | Unavailable
    """By model and name: a digest of the text rendered for a sample of objects, or the error."""
    graphql_queries: Listing | Unavailable
    """By name: ``valid``, or the first error against the schema of the running code."""
    saved_views: Listing | Unavailable
    """By view, name and owner: a digest of the configuration."""
    config_contexts: Listing | Unavailable
    """By device, for a sample of devices: a digest of the merged context."""
    content_type_assignments: Listing | Unavailable
    """By status, role or tag: the models that it applies to."""
    model_permissions: Listing | Unavailable
    """By model: its Django permissions."""
    cable_paths: Listing | Unavailable
    """By state (``complete``, ``split`` or ``incomplete``): the number of paths."""
