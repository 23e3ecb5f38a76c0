"""The league: attackers join one after another against one rule, and all are judged on fresh seeds."""

from commonweal.scenarios.studies.league.options import LeagueOptions
from commonweal.scenarios.studies.league.study import league

__all__ = ["LeagueOptions", "league"]
