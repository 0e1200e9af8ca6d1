// Drives Paytm's checksum library for Node (npm `paytmchecksum`) for the end-to-end tests.
import { require, serve } from './answers.mjs';

const checksum = require('paytmchecksum');

const calls = {
  sign: ({ key, input }) => checksum.generateSignature(input, key),
  sign_text: ({ key, text, salt }) => checksum.calculateChecksum(text, key, salt),
  verify: ({ key, input, checksum: claimed }) => checksum.verifySignature(input, key, claimed),
};

await serve(calls);
