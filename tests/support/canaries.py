"""Secrets in the settings and the environment of typical installations, each with its own value.

``?`` stands for a password, ``#`` for a random token. A token can stand where no name says that the
value is a secret.
"""

import hashlib

SETTINGS = {
    "AUTH_LDAP_BIND_PASSWORD": "?",
    "AUTH_LDAP_SERVER_URI": "ldaps://reader:?@ldap.example",
    "AWS_SECRET_ACCESS_KEY": "?",
    "CACHES": {
        "redis": {
            "LOCATION": "rediss://:?@cache.example:6379/1",
            "OPTIONS": {"PASSWORD": "?", "SENTINEL_KWARGS": {"password": "?"}},
        }
    },
    "CELERY_BROKER_TRANSPORT_OPTIONS": {"sentinel_kwargs": {"password": "?"}},
    "CELERY_RESULT_BACKEND": "redis://:?@results.example/2",
    "DATABASE_REPLICA": {"USER": "reader", "PASSWORD": "?", "OPTIONS": {"passfile": "/x"}},
    "EMAIL_HOST_PASSWORD": "?",
    "EVENT_BROKERS": {
        "syslog": {"OPTIONS": {"url": "redis://:?@events.example/0", "headers": {"x": "#"}}}
    },
    "GIT_SSL_CERT_KEY": "?",
    "HTTP_PROXIES": {
        "http": "http://proxy:?@proxy.example:3128",
        "https": "http://proxy:?@proxy.example:3128",
    },
    "NAPALM_PASSWORD": "?",
    "NAPALM_ARGS": {"secret": "?", "enable_password": "?", "community": "?", "ssh": ["#", "#"]},
    "PRIVATE_KEYS": ["?", "?"],
    "SENTRY_DSN": "https://key:?@sentry.example/1",
    "SOCIAL_AUTH_AZUREAD_OAUTH2_SECRET": "?",
    "SOCIAL_AUTH_GOOGLE_OAUTH2_KEY": "#",
    "SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET": "?",
    "SOCIAL_AUTH_OIDC_SECRET": "?",
    "SOCIAL_AUTH_OKTA_OAUTH2_SECRET": "?",
    "SOCIAL_AUTH_SAML_SP_PRIVATE_KEY": "?",
    "STORAGES": {
        "default": {"OPTIONS": {"access_key": "?", "secret_key": "?", "connection_string": "#"}}
    },
    "STORAGE_CONFIG": {"AWS_SECRET_ACCESS_KEY": "?", "AZURE_ACCOUNT_KEY": "?", "sas": "#"},
}
PLUGINS_CONFIG = {
    "nautobot_bgp_models": {"md5_key": "?"},
    "nautobot_chatops": {
        "aci_creds": "user:?@apic.example",
        "grafana_api_key": "?",
        "ipfabric_api_token": "?",
        "mattermost_api_token": "?",
        "meraki_dashboard_api_key": "?",
        "microsoft_app_password": "?",
        "panorama_password": "?",
        "slack_api_token": "?",
        "slack_app_token": "?",
        "slack_signing_secret": "?",
        "tower_password": "?",
        "webex_signing_secret": "?",
        "webex_token": "?",
    },
    "nautobot_circuit_maintenance": {
        "notification_sources": [
            {"name": "mail", "account": "noc", "secret": "?", "url": "imap://noc:?@mail.example"},
            {"name": "ews", "authentication_user": "noc", "authentication_secret": "?"},
        ]
    },
    "some_connections": {
        "azure": "AccountName=files;AccountKey=?;Endpoint=blob.example",
        "legacy": "admin:?@10.0.0.1",
        "mssql": "Server=db.example; Uid=sa; Pwd = ?;",
        "several": "reader:?@one.example, two.example",
    },
    "nautobot_data_validation_engine": {"hook": "https://hooks.example/#"},
    "nautobot_design_builder": {"context_token": "?"},
    "nautobot_device_lifecycle_mgmt": {
        "cisco_support_api_client_id": "#",
        "cisco_support_api_client_secret": "?",
        "nist_api_key": "?",
    },
    "nautobot_device_onboarding": {"platform_map": {}, "default_credentials": {"password": "?"}},
    "nautobot_firewall_models": {"capirca": {"passphrase": "?"}},
    "nautobot_golden_config": {"git_token": "?", "postprocessing": ["#"]},
    "nautobot_plugin_nornir": {
        "nornir_settings": {"credentials": "env", "password": "?", "secret": "?"},
        "connection_secret_path": "vault/#",
    },
    "nautobot_secrets_providers": {
        "delinea": {"password": "?"},
        "hashicorp_vault": {
            "vaults": {"default": {"token": "?", "role_id": "#", "secret_id": "?"}},
            "token": "?",
        },
        "one_password": {"token": "?"},
    },
    "nautobot_ssot": {
        "aci_apics": {"NTC_APIC_PASSWORD": "?", "NTC_APIC_USERNAME": "#"},
        "aristacv_cvp_password": "?",
        "aristacv_cvp_token": "?",
        "bootstrap_gh_token": "?",
        "citrix_adm_password": "?",
        "device42_password": "?",
        "infoblox_password": "?",
        "ipfabric_api_token": "?",
        "itential_gateway_password": "?",
        "librenms_token": "?",
        "meraki_org_key": "?",
        "servicenow_password": "?",
        "slurpit_token": "?",
        "solarwinds_password": "?",
        "vsphere_password": "?",
    },
}
ENVIRONMENT = {
    "ANSIBLE_VAULT_PASSWORD": "?",
    "AWS_SESSION_TOKEN": "?",
    "AZURE_CLIENT_SECRET": "?",
    "GITHUB_TOKEN": "?",
    "HTTPS_PROXY": "http://proxy:?@proxy.example:3128",
    "LDAP_BIND": "cn=reader,pw=?",
    "NAPALM_ENABLE": "#",
    "PIP_EXTRA_INDEX_URL": "https://reader:?@index.example/simple",
    "SLACK_HOOK": "https://hooks.example/services/#",
    "VAULT_TOKEN": "?",
}


def plant(tree, path, found):
    """Return a tree with a value for each mark, and add the values to ``found`` by their path."""
    if isinstance(tree, dict):
        return {key: plant(value, f"{path}.{key}", found) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plant(value, f"{path}.{number}", found) for number, value in enumerate(tree)]
    digest = hashlib.sha256(path.encode()).hexdigest()
    for mark, value in (("?", f"Pw-{digest[:9]}!"), ("#", f"{digest[:10]}{digest[10:20].upper()}")):
        if mark in tree:
            found[path] = value
            tree = tree.replace(mark, value)
    return tree
