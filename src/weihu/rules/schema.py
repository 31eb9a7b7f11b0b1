"""The JSON Schema of rule books as files, by which editors complete and check them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from weihu.rules.places import Path
from weihu.rules.sections.signals import KIND_KEY, SIGNALS

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that editors of TOML understand."""


def book_schema(model: type[BaseModel], builtin: Collection[str]) -> dict[str, Any]:
    """The schema of a file: nothing is required, since it may extend one of the ``builtin`` books."""
    made = model.model_json_schema(ref_template="#/definitions/{model}")
    definitions = made.pop("$defs")
    in_arrays = {
        node["items"]["$ref"] for node in _nodes(made | {"all": definitions}) if "$ref" in node.get("items", {})
    }
    for name, definition in definitions.items():
        if f"#/definitions/{name}" not in in_arrays:
            definition.pop("required", None)
        definition.get("properties", {}).pop(KIND_KEY, None)
    made.pop("required")
    properties = made["properties"]
    properties["signals"] = {
        "type": "object",
        "properties": {kind: {"$ref": f"#/definitions/{model.__name__}"} for kind, model in SIGNALS.items()},
        "additionalProperties": False,
    }
    names = {"type": "array", "items": {"type": "string"}}
    definitions["Grade"]["properties"]["stands_for"] = {
        **names,
        "description": "The inherited grades that this one replaces: what names them names this one.",
    }
    properties["extends"] = {"enum": list(builtin), "description": "The built-in book that this one changes."}
    properties["drop"] = {**names, "description": "Inherited entries that this book does without, as section.key."}
    for node in _nodes(made | {"all": definitions}):
        _as_toml(node)
    return {"$schema": DRAFT, **made, "definitions": definitions}


def settings_at(schema: Mapping[str, Any], path: Path) -> list[str]:
    """The names that a table of a book may have; none where it may have any."""
    node: Mapping[str, Any] = schema
    for step in path:
        properties = node.get("properties", {})
        below = (
            node.get("items", {}) if isinstance(step, int) else properties.get(step, node.get("additionalProperties"))
        )
        node = below if isinstance(below, dict) else {}
        if "$ref" in node:
            node = schema["definitions"][node["$ref"].rpartition("/")[2]]
    return list(node.get("properties", {}))


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for below in node.values():
            yield from _nodes(below)
    elif isinstance(node, list):
        for below in node:
            yield from _nodes(below)


def _as_toml(node: dict[str, Any]) -> None:
    """TOML knows no null, and numbers are no text; names made of the settings' own say nothing."""
    if isinstance(node.get("title"), str):
        node.pop("title")
    kinds = [kind for kind in node.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        node.pop("anyOf")
        node.update(kinds[0])
    if "default" in node:
        if node["default"] is None:
            node.pop("default")
        elif node.get("type") == "number":
            node["default"] = float(node["default"])
