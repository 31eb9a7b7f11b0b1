"""Response headers: pages load and run nothing but our own files, and nothing about customers is cached."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
PAGES = f"{POLICY}; base-uri 'none'; form-action 'self'; object-src 'none'"
"""Of pages; browsers show a PDF as an object of its own."""


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that adds Content-Security-Policy and, except for static files, Cache-Control."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_pdf = response.headers.get("Content-Type", "").startswith("application/pdf")
        response.headers["Content-Security-Policy"] = POLICY if is_pdf else PAGES
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response

    return respond
