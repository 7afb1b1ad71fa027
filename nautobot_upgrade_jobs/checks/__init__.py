"""Checks: pure functions from facts to findings, and the engine that runs them."""
