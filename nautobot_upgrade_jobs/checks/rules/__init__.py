"""The checks, one module for each topic. ``checks.registry`` finds them by ``@check``."""
