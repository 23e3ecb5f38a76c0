"""By which measures the rules of an economy are compared, and what its market calls them."""

from collections.abc import Iterator, Sequence

from commonweal.economy.round.words import Words
from commonweal.figures.browser.compared.compared import Measure
from commonweal.scenarios.schema.relevance import minds, pays_money, screens, shares, valued
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.words import words_for

MOST = 5
KEPT = (
    "share_delegate", "accuracy", "samples", "own_accuracy", "screened_share", "loosened", "welfare", "welfare_each",
    "violated", "net_welfare", "gini",
)  # fmt: skip


def measures_for(scenarios: Sequence[Scenario]) -> tuple[Measure, ...]:
    """The measures that tell most of economies with one market, those first that have a panel; each is in ``KEPT``."""
    return tuple(_telling(scenarios, words_of_all(scenarios)))[:MOST]


def words_of_all(scenarios: Sequence[Scenario]) -> Words:
    """What economies call things that they have in common."""
    said = [
        (each.market.kind, each.actions.defect, each.actions.available, each.values.concern, each.task.metric,
         each.task.kind, each.task.target)
        for each in scenarios
    ]
    return words_for(*zip(*said, strict=True))


def _telling(scenarios: Sequence[Scenario], words: Words) -> Iterator[Measure]:
    fixed, differ = all(map(nobody_chooses, scenarios)), any(map(rewards_differ, scenarios))
    if not fixed:
        yield _delegating(words)
    if differ:
        yield Measure("own_accuracy", "accuracy of the model given, mean", "accuracy of the model given",
                      "accuracy of the model given", "", "the model given has accuracy {}")
        yield Measure("samples", "samples put in by all", "samples put in", "samples put in", " samples",
                      "{} samples are put in")
    result = fixed or not all(map(shares, scenarios))  # what is contributed to a public good is how many contribute
    if result and not differ:
        yield _result(words)
    if minded := all(map(valued, scenarios)) and any(map(minds, scenarios)):
        yield Measure("violated", "principals with a broken limit, share", "with a broken limit, share",
                      "how many have a limit broken", " of all principals", "{} have a limit broken")
        yield Measure("net_welfare", f"{words.net_welfare}, money a round", f"{words.net_welfare}, money a round",
                      words.net_welfare, " money a round", f"{words.net_welfare} is {{}} money a round")
    if any(map(screens, scenarios)) and not minded:
        yield Measure("screened_share", "taken off by screening, share of updates", "taken off by screening, share",
                      "what screening takes off", " of updates", "screening takes off {}")
    if any(each.tolerance.budget for each in scenarios):
        yield Measure("loosened", "limits given up, share", "limits given up, share", "limits given up", " of limits")
    yield _welfare(words)
    if result and differ:
        yield _result(words)
    if any(map(pays_money, scenarios)):
        yield Measure("gini", "wealth, Gini index", "wealth, Gini index", "the Gini index of wealth")


def nobody_chooses(scenario: Scenario) -> bool:
    """Whether all go on with what they begin with."""
    return not scenario.policy.mutation and all(name == "fixed" for name, part in scenario.policy.mix.items() if part)


def rewards_differ(scenario: Scenario) -> bool:
    """Whether principals may put in, and be given, more or less than each other."""
    return bool(scenario.rewards.kind != "shared" or scenario.menu.offer != "fixed")


def _delegating(words: Words) -> Measure:
    do = words.delegate.do
    title = f"{do}, share of principals"
    return Measure("share_delegate", title, f"{do}, share", f"how many {do}", " of all principals")


def _result(words: Words) -> Measure:
    return Measure("accuracy", words.result_label, words.result_label, words.quality)


def _welfare(words: Words) -> Measure:
    each = " for each" if words.each else ""
    return Measure(words.welfare_measure, words.welfare_label, words.welfare_label, words.welfare,
                   f" money a round{each}", f"{words.welfare} is {{}} money a round{each}")
