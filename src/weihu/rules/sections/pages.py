"""``[pages]``: how far pages look back and ahead (页面时段), and what they show first of a customer."""

from __future__ import annotations

from weihu.rules.sections.entry import Days, FieldName, GradeName, Section


class Pages(Section):
    """Days that pages look back and ahead: the chart of a customer's assets (``chart_days``), the occasions on a
    customer's page (``occasion_days``), the list of occasions (``ahead_days``, at a click ``far_ahead_days``), the
    calendar feed (``feed_days``), the work log (``log_days``), the cockpit's longest period (``period_days``) and the
    contacts that tell where time was spent (``spent_days``), the nights that the list of the lost opens with
    (``rare_days``), and over which a model's page tells whether acting paid (``effect_days``). ``valued_from``: the lowest grade of valued customers, whose
    net gain stands in the cockpit. ``key_fields``: what stands first of a customer's archive, in this order, to be filled
    in where it stands."""

    chart_days: Days
    occasion_days: Days
    ahead_days: Days
    far_ahead_days: Days
    feed_days: Days
    log_days: Days
    period_days: Days
    spent_days: Days
    rare_days: Days
    effect_days: Days
    key_fields: list[FieldName]
    valued_from: GradeName
