"""What each night published for the cockpit."""

from __future__ import annotations
