"""Nautobot's pages over HTTP, for tests of forms."""

import http.cookiejar
import re
import urllib.parse
import urllib.request


class Browser:
    """Forms over HTTP, as a logged-in user fills them."""

    def __init__(self, url, login):
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.submit("/login/", {"username": login, "password": login})

    def open(self, path, fields=None):
        data = urllib.parse.urlencode(fields).encode() if fields else None
        request = urllib.request.Request(self.url + path, data, {"Referer": self.url + path})
        with self.opener.open(request, timeout=60) as answer:
            return answer.geturl(), answer.read().decode()

    def submit(self, path, fields):
        _, page = self.open(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        return self.open(path, {"csrfmiddlewaretoken": token, **fields})
