"""Middleware that a configuration can have."""

from django.http import HttpResponseRedirect


class Redirect:
    """Sends everyone to a login elsewhere."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return HttpResponseRedirect("https://login.example.com/")
