"""A synthetic Chinese retail bank as daily deliveries, with a truth that the system never reads (docs/synthetic.md)."""

from weihu.sources.synthetic.bank import SyntheticBank
from weihu.sources.synthetic.latent import Contact

__all__ = ["Contact", "SyntheticBank"]
