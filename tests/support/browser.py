"""A page of a logged-in user, which records every error on it."""

from contextlib import contextmanager


@contextmanager
def open_page(chromium, url, name, password, theme):
    """Yield a page. Its list ``errors`` gets each error, and each request to another host."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme)
    context.add_cookies([{"name": "theme", "value": theme, "url": url}])
    page = context.new_page()
    page.errors = []
    page.on("console", lambda one: one.type == "error" and page.errors.append(one.text))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("request", lambda one: _is_local(one.url, url) or page.errors.append(one.url))
    page.goto(f"{url}/login/")
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.fill("#id_username", name)
    page.fill("#id_password", password)
    page.click("button[type=submit]")
    yield page
    context.close()


def _is_local(address, url):
    return address.startswith((f"{url}/", "data:", "blob:", "about:"))
