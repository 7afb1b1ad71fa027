"""What the rows mean to the running code: after an upgrade the same rows can mean other things."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable


@dataclass(frozen=True)
class DerivedState:
    """Objects whose effect is computed, with what was computed; digests stand for content."""

    dynamic_groups: Listing | Unavailable
    """Name to the number of members and a digest of their keys, evaluated anew."""
    object_permissions: Listing | Unavailable
    """Name and model to what the constraint matches, and name to whom it is granted."""
    user_groups: Listing | Unavailable
    """Name to the number of users in it."""
    custom_fields: Listing | Unavailable
    """``model.key`` to the number of rows with a value."""
    relationships: Listing | Unavailable
    """Key to its ends and the number of associations."""
    computed_fields: Listing | Unavailable
    """``model.key`` to a digest of what it renders for a sample of objects, or the error."""
    export_templates: Listing | Unavailable
    """Model and name to the same."""
    graphql_queries: Listing | Unavailable
    """Name to ``valid`` or the first error against the current schema."""
    saved_views: Listing | Unavailable
    """View, name and owner to a digest of the configuration."""
    config_contexts: Listing | Unavailable
    """Device to a digest of its merged context, for a sample of devices."""
    content_type_assignments: Listing | Unavailable
    """Statuses, roles and tags to the models that may have them."""
    model_permissions: Listing | Unavailable
    """Model to the permissions that Django's framework has for it."""
    cable_paths: Listing | Unavailable
    """``complete``, ``split`` and ``incomplete`` to the number of paths."""
