"""Money: ledger, market, settlement, and everything else that moves or divides money."""
