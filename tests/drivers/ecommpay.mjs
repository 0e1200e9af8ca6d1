// Drives the JavaScript SDK of the payment platform (npm `ecommpay`) for the end-to-end tests.
// Reads a JSON list of calls from standard input, writes a JSON list of answers.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

// The SDK may print; standard output belongs to the answers.
console.log = console.error;

const require = createRequire(new URL('../.tools/node/', import.meta.url));
const { Callback, Payment } = require('ecommpay');
const signer = require('ecommpay/src/signer');

const calls = {
  sign: ({ secret, document }) => signer(document, secret),
  page_url: ({ secret, base_url, params: { project_id, ...rest } }) =>
    new Payment(project_id, secret, rest, base_url).getUrl(),
  payment_id: ({ secret, body }) => new Callback(secret, body).getPaymentId(),
};

const answers = JSON.parse(readFileSync(0, 'utf8')).map((request) => {
  try {
    return { value: calls[request.call](request) };
  } catch (error) {
    return { error: String(error) };
  }
});
process.stdout.write(JSON.stringify(answers));
