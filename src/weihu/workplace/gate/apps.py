"""The gate as a Django application: signing in is heard from the first request on."""

from django.apps import AppConfig


class GateConfig(AppConfig):
    """Connects what is entered in the audit log of signing in and out."""

    name = "weihu.workplace.gate"

    def ready(self) -> None:
        """Have the receivers of sign-in, sign-out and failure."""
        from weihu.workplace.gate import identity  # noqa: F401, PLC0415
