"""What is known of the segments found from data, as lines to read."""

from __future__ import annotations

from typing import Any

WORDS = {
    "aum": ("资产多 / large assets", "资产少 / small assets"),
    "demand": ("以活期为主 / mostly demand", "活期占比低 / little on demand"),
    "term": ("以定期为主 / mostly term", "定期占比低 / little in term"),
    "invested": ("投资占比高 / much invested", "少投资 / little invested"),
    "owed": ("有贷款 / owe loans", "无贷款 / no loans"),
    "products": ("产品多 / many products", "产品少 / few products"),
    "age": ("年长 / older", "年轻 / younger"),
    "years": ("老客户 / long here", "新客户 / new here"),
    "spendings": ("支付频繁 / pay often", "很少支付 / pay seldom"),
    "salary": ("代发工资 / salary here", "无代发 / no salary here"),
    "sent": ("常转他行 / send to other banks", "少转他行 / send little"),
    "contact": ("联系少 / few contacts", "近期联系过 / contacted lately"),
}
"""What more and less of a column of insight.found.RAW is called."""


def told(facts: dict[str, Any]) -> str:
    """A report: how stable, each segment with what makes it different, the months."""
    mean, low, high = facts["stability"]
    lines = [
        f"数据发现的细分 / segments found: {len(facts['segments'])}, {facts['on']}, {facts['customers']:,}",
        f"  稳定性(调整兰德指数)/ stability (adjusted Rand index), 95 %: {mean:.3f} [{low:.3f}, {high:.3f}]",
    ]
    if facts["carried"] is not None:
        went = "沿用 / go on" if facts["goes_on"] else "更换 / replaced"
        lines.append(f"  原有细分 / earlier segments: {went} ({facts['carried']:.3f})")
    if facts["stayed"] is not None:
        lines.append(f"  与上次相同 / the same as before: {facts['stayed']:.1%}")
    for segment in facts["segments"]:
        share = segment["customers"] / facts["customers"]
        lines.append(f"  {segment['letter']}: {segment['customers']:,} ({share:.1%})")
        lines += [f"    {_difference(column)}" for column in segment["different"]]
    for month in facts["months"]:
        sizes = ", ".join(f"{letter} {size:,}" for letter, size in month["sizes"].items())
        lines.append(f"  {month['on']}: {sizes}; 移动 / moved {month['moved']:,} / {month['stayed_customers']:,}")
    tried = [f"{row['segments']}/{row['seed']} {row['stability']:.3f}" for row in facts["candidates"]]
    lines.append(f"  个数/种子 / number/seed: {', '.join(tried)}")
    return "\n".join(lines)


def _difference(column: dict[str, Any]) -> str:
    words = WORDS[column["column"]][0 if column["more"] else 1]
    return f"{words}: {column['own']:,.2f} ({column['all']:,.2f})"
