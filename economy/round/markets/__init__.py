"""The markets: a model that is learned, a known learning curve, a public good."""

from commonweal.economy.round.market import MARKETS
from commonweal.economy.round.markets import curve, donation, model, public_goods

__all__ = ["MARKETS", "curve", "donation", "model", "public_goods"]
