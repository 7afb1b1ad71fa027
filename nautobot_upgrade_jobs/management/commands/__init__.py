"""Commands of ``nautobot-server``."""
