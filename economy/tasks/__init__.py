"""What data there is, who owns it, and what actions do to samples."""

from commonweal.economy.tasks import sentences as _sentences  # noqa: F401  registers the task
from commonweal.economy.tasks.batch import (
    ActionTerms,
    Batch,
    Form,
    PutIn,
    SamplingTerms,
    Supply,
    SupplyTerms,
    Traversal,
)
from commonweal.economy.tasks.dataset import Dataset, checked
from commonweal.economy.tasks.datasets import TASKS, Task, TaskTerms, draw_dataset, task
from commonweal.economy.tasks.drift import draw_rotation_generator, rotation
from commonweal.economy.tasks.examples import Examples, FeatureTable, load_examples, no_examples
from commonweal.economy.tasks.holdings import Holdings, draw_holdings, no_holdings
from commonweal.economy.tasks.metrics import METRICS, Metric, metric, metric_of
from commonweal.economy.tasks.names import names_of
from commonweal.economy.tasks.partition import PARTITIONS, spread
from commonweal.economy.tasks.probes import PROBES, Probe, ProbeTerms, probe
from commonweal.economy.tasks.supply import first_supply, put_in, without_classes

__all__ = [
    "METRICS",
    "PARTITIONS",
    "PROBES",
    "TASKS",
    "ActionTerms",
    "Batch",
    "Dataset",
    "Examples",
    "FeatureTable",
    "Form",
    "Holdings",
    "Metric",
    "Probe",
    "ProbeTerms",
    "PutIn",
    "SamplingTerms",
    "Supply",
    "SupplyTerms",
    "Task",
    "TaskTerms",
    "Traversal",
    "checked",
    "draw_dataset",
    "draw_holdings",
    "draw_rotation_generator",
    "first_supply",
    "load_examples",
    "metric",
    "metric_of",
    "names_of",
    "no_examples",
    "no_holdings",
    "probe",
    "put_in",
    "rotation",
    "spread",
    "task",
    "without_classes",
]
