"""Code of ``nautobot-server upgrade_jobs`` and ``python -m nautobot_upgrade_jobs``."""
