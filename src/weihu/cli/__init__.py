"""The command ``weihu``: each module adds its commands to ``main``."""

from weihu.cli import access, backups, customers, homes, models, nights, rulebooks, secrets, serving, sources
from weihu.cli.base import main

__all__ = [
    "access",
    "backups",
    "customers",
    "homes",
    "main",
    "models",
    "nights",
    "rulebooks",
    "secrets",
    "serving",
    "sources",
]
