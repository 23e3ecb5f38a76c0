"""Which metrics a run records in every round, by name, without having to play one."""

ROUND_METRICS = (
    "share_abstain", "share_delegate", "share_free_ride", "share_defect", "accuracy", "validation_loss", "revenue",
    "paid", "treasury", "clawed", "welfare", "gini", "credit_concentration", "screened_share", "gated_share",
    "step_factor", "rival", "least_balance", "least_escrow", "unfunded",
    "own_accuracy", "promise_kept", "samples", "dealt_share", "dealt", "tolerance_paid", "loosened",
)  # fmt: skip
DIMENSION_METRICS = (
    "level", "limit", "predicted_change", "true_change", "shadow_price", "mean_limit", "spread_limit",
)  # fmt: skip


def metric_names(dimensions: int) -> tuple[str, ...]:
    """The metrics of a scenario with K value dimensions, in the order of the tables.

    Args:
        dimensions: K.
    """
    return ROUND_METRICS + tuple(f"{name}_{k}" for name in DIMENSION_METRICS for k in range(dimensions))
