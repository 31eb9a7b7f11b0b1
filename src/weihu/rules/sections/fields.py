"""``[fields.…]``: the field catalogue, all that the archive can hold of a customer (字段目录)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, WithJsonSchema, model_validator

from weihu.rules.sections.entry import Broken, ConsentName, Entry, GradeName, broken_rule


class Choice(Entry):
    """One of the values that a field offers; ``key`` is what is kept."""

    key: str


def _choice(value: object) -> object:
    """A choice is written as [key, Chinese, English]."""
    if isinstance(value, list):
        if len(value) != 3:
            raise broken_rule(Broken((), '["代码", "中文", "英文"]', '["key", "Chinese", "English"]'))
        return dict(zip(("key", "zh", "en"), value, strict=True))
    return value


WrittenChoice = Annotated[
    Choice,
    BeforeValidator(_choice),
    WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 3, "maxItems": 3}),
]

FieldKind = Literal[
    "text", "long_text", "choice", "choices", "date", "lunar_date", "year", "number", "money", "boolean", "mobile",
    "postcode", "email", "identity",
]  # fmt: skip
DATE_KINDS = ("date", "lunar_date")


class CatalogueField(Entry):
    """A field (字段) of the customer archive (brief, M1-M3).

    ``category`` is one of the brief's eight. ``kind`` says what a value looks like (catalogue.py). ``from_grade`` is
    the lowest grade whose customers are expected to have it; none: nobody has to. ``protection`` as in JR/T 0171.
    ``core``: the core system delivers it too. ``masked``: pages show it in part, and in full with a reason.
    ``alert``: shown wherever somebody acts for the customer (M7). ``bars``: choices that keep a customer off the
    lists; ``unhappy``: choices that somebody follows up. ``use_*``: what it is good for, shown to who asks the
    customer. ``also``: other titles that workbooks give it. ``consent``: the purpose that the customer has to agree to
    before it is written down.
    """

    category: Literal["basic", "consumption", "education", "career", "family", "life", "interests", "network"]
    kind: FieldKind = "text"
    choices: list[WrittenChoice] = []
    from_grade: GradeName | None = None
    protection: Literal["C1", "C2"] = "C2"
    core: bool = False
    masked: bool = False
    low: int | None = None
    high: int | None = None
    alert: bool = False
    bars: list[str] = []
    unhappy: list[str] = []
    also: list[str] = []
    consent: ConsentName | None = None
    use_zh: str = ""
    use_en: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        broken = []
        keys = [choice.key for choice in self.choices]
        if (self.kind in ("choice", "choices")) != bool(keys):
            zh, en = (
                "choice 与 choices 两种 kind 才有选项,且必须有",
                "choices for the kinds choice and choices, and for no other",
            )
            broken.append(Broken(("choices",), zh, en))
        for setting, offered in (("bars", self.bars), ("unhappy", self.unhappy)):
            if not set(offered) <= set(keys):
                broken.append(Broken((setting,), "choices 中的选项", "only what is among the choices"))
        if len(keys) != len(set(keys)) or any("," in key for key in keys):
            broken.append(Broken(("choices",), "代码不重复、不含逗号", "every key once, and without a comma"))
        if broken:
            raise broken_rule(*broken)
        return self

    def use(self, language: str) -> str:
        """What the field is good for, in ``language``."""
        return self.use_en if language.startswith("en") else self.use_zh
