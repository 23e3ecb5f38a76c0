"""What is agreed before a round. The stake contract is the only one so far."""

from economy.contracts.stakes import (
    ContractTerms,
    caught,
    endowment_transfer,
    slash_transfer,
    stake_transfers,
)

__all__ = ["ContractTerms", "caught", "endowment_transfer", "slash_transfer", "stake_transfers"]
