"""Response: past contacts with their outcome in, a ranking of a list out.

``fit`` finds its way by itself. It leaves out what is known only afterwards (``leak``), tells the columns that speak of
the time from those that speak of the customer, and tries a rule of one column, regressions and boosted trees, each on
origins inside the training rows: learned before, judged after. What wins there is learned from all rows. Without time,
random folds take the place of the origins.
"""

from weihu.insight.response.fit import fit
from weihu.insight.response.measured import measures
from weihu.insight.response.model import Model, check_name, scored
from weihu.insight.response.tables import Refused

__all__ = ["Model", "Refused", "check_name", "fit", "measures", "scored"]
