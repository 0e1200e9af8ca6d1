// What the drivers share: a JSON list of calls comes by standard input, and a JSON list of answers
// goes to standard output.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

// The libraries print; standard output belongs to the answers.
console.log = console.error;

/** Loads one of the packages under test. */
export const require = createRequire(new URL('../.tools/node/', import.meta.url));

export async function serve(calls) {
  const answers = [];
  for (const request of JSON.parse(readFileSync(0, 'utf8'))) {
    try {
      answers.push({ value: await calls[request.call](request) });
    } catch (error) {
      answers.push({ error: String(error) });
    }
  }
  process.stdout.write(JSON.stringify(answers));
}
