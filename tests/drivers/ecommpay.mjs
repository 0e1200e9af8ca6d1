// Drives the JavaScript SDK of the payment platform (npm `ecommpay`) for the end-to-end tests.
import { require, serve } from './answers.mjs';

const { Callback, Payment } = require('ecommpay');
const signer = require('ecommpay/src/signer');

const calls = {
  sign: ({ secret, document }) => signer(document, secret),
  page_url: ({ secret, base_url, params: { project_id, ...rest } }) =>
    new Payment(project_id, secret, rest, base_url).getUrl(),
  payment_id: ({ secret, body }) => new Callback(secret, body).getPaymentId(),
};

await serve(calls);
