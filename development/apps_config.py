"""Configuration of the Apps that many have; the stack appends this file to nautobot_config.py."""

PLUGINS_CONFIG |= {  # noqa: F821 - appended to a file that has it
    "nautobot_plugin_nornir": {
        "nornir_settings": {
            "credentials": "nautobot_plugin_nornir.plugins.credentials.env_vars.CredentialsEnvVars",
            "runner": {"plugin": "threaded", "options": {"num_workers": 2}},
        }
    },
    "nautobot_ssot": {"hide_example_jobs": False},
}
