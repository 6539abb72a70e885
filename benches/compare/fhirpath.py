"""The expressions of a job, evaluated by PyPI `fhirpathpy`: median microseconds each, null where it fails.

python fhirpath.py JOB.json; the job is {"resource": ..., "expressions": [...], "rounds": n}.
"""

import json
import statistics
import sys
import time

from fhirpathpy import compile as compiled
from fhirpathpy.models import models

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)


def microseconds(expression):
    evaluate = compiled(expression, models["stu3"])
    times = []
    for _ in range(job["rounds"]):
        start = time.perf_counter()
        evaluate(job["resource"])
        times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times)


def or_none(expression):
    try:
        return microseconds(expression)
    except Exception:  # whatever a peer cannot do is told, not judged
        return None


json.dump([or_none(expression) for expression in job["expressions"]], sys.stdout)
