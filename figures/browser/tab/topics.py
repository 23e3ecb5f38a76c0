"""All topics of a tab of the page."""

from commonweal.figures.browser.tab.cards import Cards
from commonweal.figures.browser.tab.comparing import Comparing
from commonweal.figures.browser.tab.deciding import Deciding
from commonweal.figures.browser.tab.playing import Playing
from commonweal.figures.browser.tab.sharing import Sharing
from commonweal.figures.browser.tab.sweeping import Sweeping
from commonweal.figures.browser.tab.telling import Telling
from commonweal.figures.browser.tab.topic import Topic

TOPICS: tuple[type[Topic], ...] = (Playing, Telling, Cards, Deciding, Comparing, Sweeping, Sharing)
