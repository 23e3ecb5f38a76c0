"""Synthesis: a search for rules that serve many and that nobody can exploit."""

from commonweal.scenarios.studies.synthesis.study import synthesis as synthesis
