import sys
from pathlib import Path
from commonweal.scenarios.studies.answers import read
from commonweal.figures.studies import draw_into
draw_into(read(Path(sys.argv[1])), Path(sys.argv[2]))
