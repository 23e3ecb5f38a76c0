"""Money: the ledger, the market, settlement, and what moves or divides money besides."""
