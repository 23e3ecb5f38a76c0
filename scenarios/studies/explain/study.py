"""The study ``explain``: why a principal acted so, what actions were worth, and which episodes decided a run."""

from collections.abc import Callable, Sequence

from commonweal.agents.errors import InputError
from commonweal.scenarios.studies.base import Answer, Question, study
from commonweal.scenarios.studies.explain.deciding import explain_why
from commonweal.scenarios.studies.explain.options import ExplainOptions
from commonweal.scenarios.studies.explain.replies import Reply
from commonweal.scenarios.studies.explain.turning import demand_episodes, explain_episodes
from commonweal.scenarios.studies.explain.valuing import demand_actions, explain_actions
from commonweal.scenarios.studies.explain.watching import Run, Watched, metrics_of, seeds_that_fit, watch
from commonweal.scenarios.studies.pieces import Pieces


@study("explain", ExplainOptions)
def explain(question: Question) -> Answer:
    """Why did a principal do what it did, what was everybody's action worth, and which episodes decided the run?"""
    options: ExplainOptions = question.options
    scenario = question.scenario
    seeds = seeds_that_fit(scenario, question.seeds, scenario.rounds)
    runs = [Run(scenario, seed, scenario.rounds) for seed in seeds[: options.runs]]
    left_out = demand(runs[0], options)
    question.pieces.expect(scenario.rounds * len(seeds))
    watched = watch(scenario, seeds, scenario.rounds, question.pieces, options.workers)
    replies = explained(runs, watched, options, question.pieces, left_out)
    tables = {name: table for reply in replies for name, table in reply.tables.items()}
    explanations = {name: each for reply in replies for name, each in reply.explanations.items()}
    notes = [note for reply in replies for note in reply.notes]
    notes += [f"left out: {each}" for each in left_out.values()]
    if len(seeds) < len(question.seeds):
        notes.append(f"decisions: those of {len(seeds)} of {len(question.seeds)} seeds, more are too many to keep.")
    notes.append(f"Explained: {'runs of seeds' if len(runs) > 1 else 'the run of seed'}"
                 f" {', '.join(str(run.seed) for run in runs)}. Rounds count from 0.")  # fmt: skip
    headline = " ".join(reply.sentence for reply in replies)
    return Answer("explain", headline, tables, tuple(notes), explanations=explanations)


def demand(run: Run, options: ExplainOptions) -> dict[str, str]:
    """Why parts are left out that nobody asked for by name, before anything is played.

    Raises:
        InputError: if something that was asked for cannot be answered.
    """
    _, actions, episodes = options.parts
    known = metrics_of(run.scenario, run.seed) if actions or episodes else []
    checks: dict[str, Callable[[], None]] = {}
    if actions:
        checks["actions"] = lambda: demand_actions(run.scenario, known, options)
    if episodes:
        checks["episodes"] = lambda: demand_episodes(known, options, run.rounds)
    left_out = {}
    for name, check in checks.items():
        try:
            check()
        except InputError as error:
            if not options.everything:
                raise
            left_out[name] = str(error)
    return left_out


def explained(
    runs: Sequence[Run], watched: Watched, options: ExplainOptions, pieces: Pieces, left_out: dict[str, str]
) -> list[Reply]:
    """What is asked of runs, a reply for each part.

    Args:
        runs: the first of those that were watched.
        watched: as they went.
        options: what is asked.
        pieces: plays what it takes.
        left_out: why parts are not answered; more are added.

    Raises:
        InputError: if something that was asked for cannot be answered.
    """
    decision, actions, episodes = options.parts
    asks: dict[str, tuple[bool, Callable[[], Reply]]] = {
        "decision": (decision, lambda: explain_why(runs[0], watched, options, pieces)),
        "actions": (actions, lambda: explain_actions(runs, watched, options, pieces)),
        "episodes": (episodes, lambda: explain_episodes(runs, watched, options, pieces)),
    }
    replies: list[Reply] = []
    for name, (wanted, ask) in asks.items():
        if not wanted or name in left_out:
            continue
        try:
            replies.append(ask())
        except InputError as error:
            if not options.everything:
                raise
            left_out[name] = str(error)
    return replies
