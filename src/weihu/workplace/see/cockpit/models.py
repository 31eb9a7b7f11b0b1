"""The cockpit has no tables of its own: it reads what nights publish (``bank.models``)."""

from __future__ import annotations
