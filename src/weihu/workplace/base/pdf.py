"""Printable sheets as PDF: titles, text and tables. Every PDF is written here and marked with who printed it.

The Chinese font is Adobe's standard STSong-Light, which PDF readers bring along; nothing has to be installed.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reportlab.graphics.shapes import Drawing, Group, PolyLine, Rect, String
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepInFrame,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from weihu.workplace.base.pictures import Box, Line, Picture

PDF = "application/pdf"
FONT = "STSong-Light"
GREEN, LIGHT, GREY = colors.HexColor("#0b5d51"), colors.HexColor("#e4f0ed"), colors.HexColor("#667382")
TONES = {
    "whole": GREEN,
    "more": colors.HexColor("#1a7a37"),
    "less": colors.HexColor("#b42323"),
    "axis": GREY,
    "line": GREEN,
}
MARGIN = 14 * mm


@dataclass(frozen=True)
class Grid:
    """A table. ``shares`` divides the width among the columns; ``right`` are the indexes of right-aligned columns."""

    title: str
    head: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    shares: Sequence[int]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Page:
    """One page: a title, the line ``under`` it, lines of text, pictures, tables. Content too long for the page is shrunk to
    fit."""

    title: str
    under: str = ""
    lines: Sequence[str] = ()
    grids: Sequence[Grid] = field(default_factory=list)
    pictures: Sequence[Picture] = field(default_factory=list)


def write_pdf(pages: Sequence[Page], mark: str, wide: bool = False) -> bytes:
    """A PDF with one sheet of A4 per page, ``mark`` across each and at its foot."""
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    size = landscape(A4) if wide else A4
    width, height = size[0] - 2 * MARGIN, size[1] - 2 * MARGIN - 6 * mm
    content = io.BytesIO()
    document = BaseDocTemplate(content, pagesize=size, title=pages[0].title if pages else "", author="Weihu")

    def draw_footer(canvas: Any, _document: Any) -> None:
        canvas.setFont(FONT, 7)
        canvas.setFillColor(GREY)
        canvas.drawString(MARGIN, MARGIN - 2 * mm, mark)
        canvas.drawRightString(size[0] - MARGIN, MARGIN - 2 * mm, str(canvas.getPageNumber()))

    def draw_mark(canvas: Any, _document: Any) -> None:
        """Across the page, over what stands on it: a part of the page that is copied has it too."""
        canvas.saveState()
        canvas.setFont(FONT, 22)
        canvas.setFillColor(GREY, alpha=0.14)
        canvas.translate(size[0] / 2, size[1] / 2)
        canvas.rotate(30)
        for height in (-size[1] / 3, 0, size[1] / 3):
            canvas.drawCentredString(0, height, mark)
        canvas.restoreState()

    frame = Frame(MARGIN, MARGIN + 4 * mm, width, height, 0, 0, 0, 0)
    document.addPageTemplates([PageTemplate(frames=[frame], onPage=draw_footer, onPageEnd=draw_mark)])
    flow: list[Flowable] = []
    for page in pages:
        flow += [KeepInFrame(width, height, _page_flow(page, width), mode="shrink"), PageBreak()]
    document.build(flow[:-1])
    return content.getvalue()


def _page_flow(page: Page, width: float) -> list[Flowable]:
    flow: list[Flowable] = [Paragraph(_escaped(page.title), _style(17, GREEN))]
    flow += [Paragraph(_escaped(page.under), _style(9, GREY)), Spacer(1, 3 * mm)]
    flow += [Paragraph(_escaped(line), _style(9.5)) for line in page.lines]
    for picture in page.pictures:
        title = Paragraph(_escaped(picture.name), _style(11, GREEN))
        flow += [Spacer(1, 3 * mm), title, Spacer(1, 1 * mm), _drawing(picture, width)]
    for grid in page.grids:
        flow += [Spacer(1, 3 * mm), Paragraph(_escaped(grid.title), _style(11, GREEN)), Spacer(1, 1 * mm)]
        head = [
            Paragraph(_escaped(name), _style(8, GREY, right=place in grid.right))
            for place, name in enumerate(grid.head)
        ]
        cells = [head]
        cells += [
            [Paragraph(_escaped(cell), _style(8.5, right=place in grid.right)) for place, cell in enumerate(row)]
            for row in grid.rows
        ]
        whole = sum(grid.shares)
        table = Table(cells, colWidths=[width * share / whole for share in grid.shares], repeatRows=1, hAlign="LEFT")
        table.setStyle(
            TableStyle(
                [
                    ("BACKGROUND", (0, 0), (-1, 0), LIGHT),
                    ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#d5dcda")),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
                    ("LEFTPADDING", (0, 0), (-1, -1), 3),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ]
            )
        )
        flow.append(table)
    return flow


def _drawing(picture: Picture, width: float) -> Drawing:
    """A picture as wide as the page."""
    scale = width / picture.width
    drawing = Drawing(width, picture.height * scale)
    shapes = Group(transform=(scale, 0, 0, scale, 0, 0))
    for shape in picture.shapes:
        colour = TONES[shape.tone]
        if isinstance(shape, Box):
            bottom = picture.height - shape.y - shape.height
            box = Rect(shape.x, bottom, shape.width, shape.height)
            box.fillColor, box.strokeColor = colour, None
            shapes.add(box)
        elif isinstance(shape, Line):
            points = [place for x, y in shape.points for place in (x, picture.height - y)]
            shapes.add(PolyLine(points, strokeColor=colour, strokeWidth=1.5 if shape.tone == "line" else 0.5))
        else:
            text = _printable(shape.text)
            shapes.add(
                String(
                    shape.x,
                    picture.height - shape.y,
                    text,
                    textAnchor="middle",
                    fontName=FONT,
                    fontSize=10,
                    fillColor=colour,
                )
            )
    drawing.add(shapes)
    return drawing


def _style(size: float, color: Any = colors.black, right: bool = False) -> ParagraphStyle:
    alignment: dict[str, Any] = {"alignment": TA_RIGHT} if right else {}
    return ParagraphStyle(
        f"{size}{color}{right}",
        fontName=FONT,
        fontSize=size,
        leading=size * 1.35,
        textColor=color,
        wordWrap="CJK",
        **alignment,
    )


def _escaped(text: Any) -> str:
    """Text escaped for a Paragraph."""
    return _printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _printable(text: Any) -> str:
    """Text with the yuan and minus signs replaced by those that the font has."""
    return ("" if text is None else str(text)).replace("¥", "\uffe5").replace("−", "-")
