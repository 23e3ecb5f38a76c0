"""What the study of privacy lets its user choose."""

from typing import Literal

from commonweal.scenarios.schema.scenario import Count, Share, field
from commonweal.scenarios.studies.base import StudyOptions

ModeName = Literal["paths", "cut", "cut-gradients", "secure", "two-servers"]


class PrivacyOptions(StudyOptions):
    """Which modes and defences are attacked, and how hard."""

    modes: tuple[ModeName, ...] = field(
        ("paths", "cut", "cut-gradients", "secure", "two-servers"), "wire modes that are attacked", "names")
    principals: int = field(
        10, "number of principals; up to 12 credit is compared with the exact Shapley value", "principals",
        ge=2, le=200)
    rounds: int = field(60, "rounds of training", "rounds", ge=2, le=100_000)
    noises: tuple[float, ...] = field(
        (0.3, 1.0, 3.0), "noise at the cut, in standard deviations of what leaves the first layer", "1")
    nopeeks: tuple[float, ...] = field(
        (1.0, 3.0, 10.0),
        "weights in the loss of the distance correlation between samples and what leaves the first layer", "nat")
    clip: float = field(
        4.0, "norm that every principal's mean gradient is clipped at, agreed on before", "nat", gt=0, le=1e6)
    clips: tuple[float, ...] = field(
        (0.0, 0.03, 0.1, 1.0), "noise on every clipped update, in that norm; 0: clipped alone", "1")
    roundings: tuple[float, ...] = field((0.1, 0.3), "grid of rounded products, as cosines", "1")
    every: tuple[Count, ...] = field((10,), "rounds whose products are told as one sum", "rounds")
    smallest: tuple[Count, ...] = field((32,), "samples below which a principal does not take part", "samples")
    u_shape: bool = field(True, "whether the last layer and the labels stay with the node, one more defence", "switch")
    holdings: tuple[Count, ...] = field(
        (1, 2, 8), "sizes of holdings whose products are attacked over rounds without a defence", "samples")
    watched: int = field(30, "rounds whose products are attacked, the first ones", "rounds", ge=1, le=1000)
    targets: int = field(2, "holdings attacked by their products in each run", "holdings", ge=1, le=100)
    judged: int = field(6, "rounds at which credit is compared with that of the undisturbed step", "rounds", ge=1)
    delta: float = field(1e-5, "δ of the formal promise", "probability", gt=0, lt=1)
    keep: Share = field(0.9, "correlation with the undisturbed credit that a defence must keep, for the headline")
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")
