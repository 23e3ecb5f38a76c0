"""Studies that choose how many principals there are: where the data have owners, these are the principals."""

from dataclasses import replace

from commonweal.agents.errors import InputError
from commonweal.economy.tasks.partition import OWNER
from commonweal.scenarios.studies.base import Question


def of_owners(question: Question, *options: str, most: int | None = None) -> Question:
    """The question with as many principals as the scenario's data have owners; the same where they have none.

    Args:
        question: about any scenario.
        options: the study's own options that say how many principals there are.
        most: principals that the study can be asked about.

    Raises:
        InputError: if there are more owners.
    """
    count = question.scenario.population.count
    if question.scenario.task.partition != OWNER:
        return question
    if most is not None and count > most:
        raise InputError(
            f"population.count = {count}: {most} owners at most where every coalition is evaluated (options {options})"
        )
    return replace(question, options=question.options.model_copy(update=dict.fromkeys(options, count)))
