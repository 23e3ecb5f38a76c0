"""The markets: a model that is learned, a known learning curve, a public good."""

from commonweal.economy.round.markets import curve, model, public_goods

__all__ = ["curve", "model", "public_goods"]
