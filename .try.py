import sys
from pathlib import Path
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.answers import save
from commonweal.figures.studies import draw_into
s=revise(load("value-conflict"),{"population.count":8,"rounds":12,"task.validation":60,"task.test":60})
a=ask("compare",s,4,horizon=4,principals=2,truth_rounds=2,budget=20,workers=1)
save(a,"results/tryv",draw_into,force=True)
