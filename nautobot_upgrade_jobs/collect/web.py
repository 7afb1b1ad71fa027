"""Ask the web processes at the configured address, as a browser does, without a login."""

from __future__ import annotations

import re
import time
from urllib.parse import urljoin, urlsplit

import requests

from ..facts import Web
from .context import Context, explain
from .deployment import read_setting

TIMEOUT_SECONDS = 10.0
REQUESTS = 5
"""Requests of the login page, each on a connection of its own, because several processes answer."""
STATED_RELEASE = re.compile(r"\?version=([0-9][0-9a-z.]*)")
"""The release in the addresses of the page's static files."""
STATIC_FILE = re.compile(r"(?:href|src)=\"([^\"]+\.(?:css|js)\?version=[^\"]+)\"")
MAXIMUM_STATIC_FILES = 5
OK = 200
FIRST_SERVER_ERROR = 500


def collect(context: Context) -> Web:
    """Request the login page, the health check and the static files of the page.

    Requests that fail are repeated until the time of the operator has passed.
    """
    url = read_setting().get("url", ("",))[0]
    if not url:
        return Web()
    deadline = time.monotonic() + context.wait_seconds
    while True:
        web = _ask(url)
        if not (web.failures or web.health_failure) or time.monotonic() > deadline:
            return web
        time.sleep(1)


def _ask(url: str) -> Web:
    releases, failures, page = dict[str, None](), dict[str, None](), ""
    for _ in range(REQUESTS):
        text, failure = _get(url, "login/")
        if failure:
            failures[failure] = None
        elif stated := STATED_RELEASE.search(text):
            releases[stated[1]], page = None, text
    return Web(
        url,
        tuple(releases),
        tuple(failures),
        _get(url, "health/")[1],
        tuple(_find_missing_static_files(url, page)),
    )


def _find_missing_static_files(url: str, page: str) -> list[str]:
    """Return the static files of this host that a page names and that are not served."""
    named = dict.fromkeys(urljoin(f"{url}/login/", path) for path in STATIC_FILE.findall(page))
    own = [each for each in named if urlsplit(each).netloc == urlsplit(url).netloc]
    answers = {each: _get(each, "")[1] for each in own[:MAXIMUM_STATIC_FILES]}
    return [f"{urlsplit(each).path}: {reason}" for each, reason in answers.items() if reason]


def _get(url: str, path: str) -> tuple[str, str]:
    """Return the text of a page, and why it is not available. One of them is empty."""
    address = f"{url.rstrip('/')}/{path}" if path else url
    try:
        answer = requests.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        return "", explain(error)
    if answer.status_code >= FIRST_SERVER_ERROR or (path != "login/" and answer.status_code != OK):
        return "", f"{address} answers with status {answer.status_code}"
    return answer.text, ""
