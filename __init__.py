"""Lets Nautobot load this repository as a Git repository of Jobs; the Jobs are in ``jobs``."""
