"""What is agreed before a round: stakes here, other terms in modules of their own."""

from economy.contracts.stakes import (
    ContractTerms,
    caught,
    endowment_transfer,
    slash_transfer,
    stake_transfers,
)

__all__ = ["ContractTerms", "caught", "endowment_transfer", "slash_transfer", "stake_transfers"]
