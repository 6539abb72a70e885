// The expressions of a job, evaluated by npm `fhirpath`: median microseconds each, null where it fails.
// node fhirpath.mjs JOB.json; the job is {"resource": …, "expressions": […], "rounds": n}.
import { readFileSync } from 'node:fs';
import fhirpath from 'fhirpath';
import model from 'fhirpath/fhir-context/stu3/index.js';

const { resource, expressions, rounds } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const microseconds = (expression) => {
  const compiled = fhirpath.compile(expression, model);
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    compiled(resource);
    times.push(Number(process.hrtime.bigint() - start) / 1000);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
};

const medians = expressions.map((expression) => {
  try {
    return microseconds(expression);
  } catch {
    return null;
  }
});
process.stdout.write(JSON.stringify(medians));
