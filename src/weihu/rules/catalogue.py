"""Values of the field catalogue (字段目录): read from what people write, kept in one form, shown in words. Pure.

``read`` brings a written value to the form in which it is kept; ``shown`` turns that into words. What fields there are
stands in ``books/common/fields.toml`` and in the rule book (``sections/fields.py``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

import email_validator
import phonenumbers
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from weihu.rules.sections.entry import Bilingual
from weihu.rules.sections.fields import CatalogueField

LENGTHS = {"text": 200, "long_text": 2000}
YEARS = (1900, 2100)
LUNAR_MONTHS = "正二三四五六七八九十冬腊"
LUNAR_DIGITS = "一二三四五六七八九十"
WAN = Decimal(10_000)
YES, NO = {"yes", "y", "true", "1", "是", "有", "对"}, {"no", "n", "false", "0", "否", "无", "没有"}
SEPARATORS = re.compile(r"[,,、;;/\n]+")


class Unfit(Bilingual):
    """A value that the field cannot hold; says what was expected."""


def read(field: CatalogueField, written: str) -> str:
    """The kept form of a written value; raises Unfit. An empty value is no value and is not given here."""
    return READERS[field.kind](field, unicodedata.normalize("NFKC", written).strip())


def shown(field: CatalogueField, value: str, language: str) -> str:
    """A kept value in words; one that the field no longer allows is shown as it stands."""
    english = language.startswith("en")
    if field.kind in ("choice", "choices"):
        named = {choice.key: choice.name(language) for choice in field.choices}
        return (", " if english else "、").join(named.get(key, key) for key in value.split(","))
    if field.kind == "boolean":
        return {"yes": "Yes" if english else "是", "no": "No" if english else "否"}.get(value, value)
    if field.kind == "lunar_date":
        return lunar_words(value) if not english else f"lunar {value}"
    if field.kind == "money":
        return f"{Decimal(value):,.2f}"
    return value


def lunar_words(value: str) -> str:
    """八月十五 for 08-15; 闰 before the month of a leap month (L04-01)."""
    month, _, day = value.removeprefix("L").partition("-")
    leap = "闰" if value.startswith("L") else ""
    return f"{leap}{LUNAR_MONTHS[int(month) - 1]}月{_lunar_day(int(day))}"


def _lunar_day(day: int) -> str:
    if day in (10, 20, 30):
        return {10: "初十", 20: "二十", 30: "三十"}[day]
    return ("初", "十", "廿")[day // 10] + LUNAR_DIGITS[day % 10 - 1]


def _text(field: CatalogueField, text: str) -> str:
    longest = LENGTHS[field.kind]
    if len(text) > longest:
        raise Unfit(f"最多 {longest} 个字", f"at most {longest} characters")
    if any(unicodedata.category(character) == "Cc" and character not in "\n\r\t" for character in text):
        raise Unfit("文字,不含控制字符", "text without control characters")
    return text


def _choice(field: CatalogueField, text: str) -> str:
    for choice in field.choices:
        if text.lower() in (choice.key.lower(), choice.zh.lower(), choice.en.lower()):
            return choice.key
    offered = [f"{choice.zh}" for choice in field.choices], [f"{choice.en}" for choice in field.choices]
    raise Unfit(f"选项之一:{'、'.join(offered[0])}", f"one of: {', '.join(offered[1])}")


def _choices(field: CatalogueField, text: str) -> str:
    chosen = {_choice(field, part.strip()) for part in SEPARATORS.split(text) if part.strip()}
    return ",".join(choice.key for choice in field.choices if choice.key in chosen)


def _date(field: CatalogueField, text: str) -> str:
    on = read_date(text)
    if on is None or not YEARS[0] <= on.year <= YEARS[1]:
        raise Unfit("日期,例如 1980-05-01", "a date, such as 1980-05-01")
    return on.isoformat()


def read_date(text: str) -> date | None:
    """A date as people write it: 1980-05-01, 1980/5/1, 1980年5月1日, 19800501; None for what is none."""
    match = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", text)
    match = match or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _lunar_date(field: CatalogueField, text: str) -> str:
    plain = text.removeprefix("农历").removeprefix("阴历").strip()
    leap = plain.startswith(("闰", "L"))
    plain = plain.removeprefix("闰").removeprefix("L")
    if match := re.fullmatch(r"(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", plain):
        month, day = map(int, match.groups())
    else:
        month, day = _spelled_lunar(plain)
    if not (1 <= month <= 12 and 1 <= day <= 30):
        raise Unfit("农历月日,例如 八月十五 或 8-15", "a lunar month and day, such as 8-15")
    return f"{'L' if leap else ''}{month:02d}-{day:02d}"


def _spelled_lunar(text: str) -> tuple[int, int]:
    months = {f"{LUNAR_MONTHS[place]}月": place + 1 for place in range(12)}
    months |= {"一月": 1, "十一月": 11, "十二月": 12}
    days = {_lunar_day(day): day for day in range(1, 31)} | {"二十": 20, "三十": 30}
    days |= {
        f"{'二十' if day > 20 else ''}{LUNAR_DIGITS[day % 10 - 1]}": day for day in (*range(1, 10), *range(21, 30))
    }
    for name in sorted(months, key=len, reverse=True):
        if text.startswith(name) and (day := text.removeprefix(name).removesuffix("日")) in days:
            return months[name], days[day]
    return 0, 0


def _whole(field: CatalogueField, text: str) -> str:
    low, high = YEARS if field.kind == "year" else (field.low, field.high)
    number = int(text.removesuffix("年")) if re.fullmatch(r"-?\d{1,9}年?", text) else None
    if number is None or (low is not None and number < low) or (high is not None and number > high):
        span = f" {low}-{high}" if low is not None and high is not None else ""
        raise Unfit(f"整数{span}", f"a whole number{span}")
    return str(number)


def _money(field: CatalogueField, text: str) -> str:
    plain = re.sub(r"[,\s¥元]", "", text)
    try:
        amount = Decimal(plain.removesuffix("万")) * (WAN if plain.endswith("万") else 1)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0 or amount >= Decimal(10) ** 14 or amount != round(amount, 2):
        raise Unfit("金额,例如 8500 或 1.2万", "an amount, such as 8500")
    return f"{amount:.2f}"


def _boolean(field: CatalogueField, text: str) -> str:
    if text.lower() in YES:
        return "yes"
    if text.lower() in NO:
        return "no"
    raise Unfit("是 或 否", "yes or no")


def _phone(field: CatalogueField, text: str) -> str:
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        number = phonenumbers.PhoneNumber()
    if not phonenumbers.is_valid_number(number):
        raise Unfit("电话号码,例如 13812345678 或 010-62345678", "a phone number, such as 13812345678")
    if number.country_code != 86:
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.national_significant_number(number)
    mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return national if mobile else f"0{national}"


def _postcode(field: CatalogueField, text: str) -> str:
    if not re.fullmatch(r"\d{6}", text):
        raise Unfit("六位邮政编码", "a postcode of six digits")
    return text


def _email(field: CatalogueField, text: str) -> str:
    try:
        return email_validator.validate_email(text, check_deliverability=False).normalized
    except email_validator.EmailNotValidError:
        raise Unfit("电子邮箱,例如 zhang@example.com", "an e-mail address, such as zhang@example.com") from None


def _identity(field: CatalogueField, text: str) -> str:
    # not ric.validate: it wants a county that bore the code in the year of birth, but numbers were given out later too
    number = ric.compact(text)
    try:
        if re.fullmatch(r"\d{17}[\dX]", number) and ric.calc_check_digit(number) == number[-1]:
            ric.get_birth_date(number)
            return str(number)
    except ValidationError:
        pass
    raise Unfit("18位身份证号码,校验位须正确", "an identity number of 18 characters with the right check digit")


READERS: dict[str, Callable[[CatalogueField, str], str]] = {
    "text": _text,
    "long_text": _text,
    "choice": _choice,
    "choices": _choices,
    "date": _date,
    "lunar_date": _lunar_date,
    "year": _whole,
    "number": _whole,
    "money": _money,
    "boolean": _boolean,
    "mobile": _phone,
    "postcode": _postcode,
    "email": _email,
    "identity": _identity,
}
"""How each kind of field is read."""
