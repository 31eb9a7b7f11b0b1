"""Workbooks as branches really keep them, with the truth about every row: for tests and for the benchmark."""

import csv
import io
import random
from dataclasses import dataclass
from datetime import date

import xlsxwriter

EPOCH = date(1899, 12, 30)
GROUPS = [("序号", 1), ("客户", 4), ("联系方式", 2), ("家庭", 2), ("其他", 2)]
TITLES = [
    "序号",
    "客户号",
    "姓名(必填)",
    "手机号",
    "身份证号",
    "邮箱",
    "邮编",
    "子女出生日期",
    "结婚纪念日",
    "爱好",
    "备注",
]
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
HOBBIES = ["旅游", "摄影", "钓鱼", "书画"]


@dataclass(frozen=True)
class Person:
    """A customer as a branch knows it."""

    customer_id: str
    name: str
    phone: str
    identity_number: str
    unique_name: bool


def rows(people: list[Person], count: int, seed: int = 1) -> tuple[list[list], list[str]]:
    """The cells of ``count`` rows and what has to become of each: right, wrong or doubtful."""
    rng = random.Random(seed)
    made, truth = [], []
    for number in range(count):
        person = people[number % len(people)]
        cells, state = row(person, people[(number + 1) % len(people)], number, rng)
        made.append(cells)
        truth.append(state)
    return made, truth


def row(person: Person, other: Person, number: int, rng: random.Random) -> tuple[list, str]:
    """One row of a mixed kind."""
    child = date(2008 + number % 16, 1 + number % 12, 1 + number % 28)
    wedding = date(1990 + number % 30, 1 + number % 12, 1 + number % 28)
    cells = [
        number + 1,
        person.customer_id,
        person.name,
        "",
        "",
        f"p{number}@example.com",
        str(100000 + number % 800000).translate(FULL_WIDTH),
        rng.choice([child, f"{child.year}年{child.month}月{child.day}日", str(child), (child - EPOCH).days]),
        rng.choice(["", f"{wedding:%Y%m%d}", int(f"{wedding:%Y%m%d}"), wedding]),
        "、".join(rng.sample(HOBBIES, 2)),
        rng.choice(["", f"第{number}行", "孙女刚上学"]),
    ]
    chance = rng.random()
    if chance < 0.1 and person.identity_number:
        cells[1], cells[4] = "", person.identity_number.translate(FULL_WIDTH)
    elif chance < 0.2 and person.phone:
        cells[1], cells[3] = "", int(person.phone)
    elif chance < 0.23:
        cells[6] = "1234"
        return cells, "wrong"
    elif chance < 0.25:
        cells[1] = "X999"
        return cells, "wrong"
    elif chance < 0.26:
        cells[4] = 110101199001011000
        return cells, "wrong"
    elif chance < 0.28 and other.name != person.name:
        cells[2] = other.name
        return cells, "doubtful"
    elif chance < 0.30:
        cells[1] = ""
        return cells, "doubtful"
    return cells, "right"


def xlsx(cells: list[list], path=None) -> bytes:
    """With a heading over everything, two rows of titles, merged cells, dates as dates, serials and text."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(path or content, {"constant_memory": False})
    page, day = book.add_worksheet("客户资料"), book.add_format({"num_format": "yyyy/m/d"})
    page.merge_range(0, 0, 0, len(TITLES) - 1, "某支行客户信息收集表")
    place = 0
    for group, width in GROUPS:
        if width > 1:
            page.merge_range(1, place, 1, place + width - 1, group)
            for column in range(place, place + width):
                page.write_string(2, column, TITLES[column])
        else:
            page.merge_range(1, place, 2, place, group)
        place += width
    for line, row in enumerate(cells, 3):
        for column, value in enumerate(row):
            if isinstance(value, date):
                page.write_datetime(line, column, value, day)
            elif isinstance(value, int):
                page.write_number(line, column, value)
            elif value:
                page.write_string(line, column, value)
    book.close()
    return content.getvalue()


def gbk_csv(cells: list[list]) -> bytes:
    """As Excel in China saves it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(TITLES)
    writer.writerows(cells)
    return text.getvalue().encode("gb18030")
