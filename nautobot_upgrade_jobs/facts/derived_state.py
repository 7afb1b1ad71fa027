"""Results that the running code computes from the rows; an upgrade can change them."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable


@dataclass(frozen=True)
class DerivedState:
    """Objects with a computed effect, each with the result; content is reduced to a digest."""

    dynamic_groups: Listing | Unavailable
    """Name to the number of members and a digest of their keys, evaluated from the filter."""
    object_permissions: Listing | Unavailable
    """Name and model to the matching objects, and name to the grantees."""
    user_groups: Listing | Unavailable
    """Name to the number of users."""
    custom_fields: Listing | Unavailable
    """``model.key`` to the number of rows with a value."""
    relationships: Listing | Unavailable
    """Key to both models and the number of associations."""
    computed_fields: Listing | Unavailable
    """``model.key`` to a digest of the text rendered for a sample of objects, or the error."""
    export_templates: Listing | Unavailable
    """Model and name to a digest of the text rendered for a sample of objects, or the error."""
    graphql_queries: Listing | Unavailable
    """Name to ``valid`` or the first error against the current schema."""
    saved_views: Listing | Unavailable
    """View, name and owner to a digest of the configuration."""
    config_contexts: Listing | Unavailable
    """Device to a digest of its merged context, for a sample of devices."""
    content_type_assignments: Listing | Unavailable
    """Statuses, roles and tags to the models that they apply to."""
    model_permissions: Listing | Unavailable
    """Model to its Django permissions."""
    cable_paths: Listing | Unavailable
    """``complete``, ``split`` and ``incomplete`` to the number of paths."""
