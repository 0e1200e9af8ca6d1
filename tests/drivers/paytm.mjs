// Drives Paytm's checksum library for Node (npm `paytmchecksum`) for the end-to-end tests.
// Reads a JSON list of calls from standard input, writes a JSON list of answers.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

// The library prints what it cannot decrypt; standard output belongs to the answers.
console.log = console.error;

const require = createRequire(new URL('../.tools/node/', import.meta.url));
const checksum = require('paytmchecksum');

const calls = {
  sign: ({ key, input }) => checksum.generateSignature(input, key),
  sign_text: ({ key, text, salt }) => checksum.calculateChecksum(text, key, salt),
  verify: ({ key, input, checksum: claimed }) => checksum.verifySignature(input, key, claimed),
};

const answers = [];
for (const request of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    answers.push({ value: await calls[request.call](request) });
  } catch (error) {
    answers.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(answers));
