"""`make chaos`: servers die under a crowd that checks everything it is told. docs/reliability.md says what is promised.

`readers.py` is the crowd, `writers.py` those who talk, `stage.py` the servers, `verdict.py` compares what was heard and
what was acked with the log, `rounds.py` harms and measures, `scenarios.py` names what is done, `report.py` writes it
down.
"""
