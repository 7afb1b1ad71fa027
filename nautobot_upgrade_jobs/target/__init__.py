"""The release to come: resolved from the package index that this installation uses."""
