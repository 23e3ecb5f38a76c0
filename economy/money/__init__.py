"""Money: the ledger, the market, settlement, and everything else that moves or divides money."""
