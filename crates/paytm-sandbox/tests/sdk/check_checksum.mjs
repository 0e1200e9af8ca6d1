// Paytm's own Node library against our vectors and against a running sandbox.
//
//   npm install paytmchecksum
//   node check_checksum.mjs http://127.0.0.1:8790 [MID KEY]

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

// Resolved from the working directory, where the package is installed.
const PaytmChecksum = createRequire(`${process.cwd()}/`)('paytmchecksum');

const [base, mid = 'SANDBX00000000000001', key = 'SandboxKey000001'] = process.argv.slice(2);
const VECTORS = new URL('../../../paytm/tests/vectors/checksum.json', import.meta.url);
const LIBRARY = 'npm paytmchecksum 1.5.1';

async function checkVectors() {
  const file = JSON.parse(await readFile(VECTORS, 'utf8'));
  const vectors = [...file.vectors, ...file.public_fixtures, ...file.negative];
  for (const { id, input, key: vectorKey, checksum, observed } of vectors) {
    let verified;
    try {
      verified = PaytmChecksum.verifySignature(structuredClone(input), vectorKey, checksum);
    } catch {
      verified = false;
    }
    assert.equal(verified, observed[LIBRARY] === true, id);
  }
  return vectors.length;
}

async function call(path, body) {
  const text = JSON.stringify(body);
  const signature = await PaytmChecksum.generateSignature(text, key);
  const head = JSON.stringify({ clientId: 'C11', signature });
  const message = `{"head":${head},"body":${text}}`;
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(base + path, { method: 'POST', headers, body: message });
  const answer = JSON.parse(await response.text());
  const signed = JSON.stringify(answer.body);
  assert.ok(PaytmChecksum.verifySignature(signed, key, answer.head.signature), path);
  return answer.body;
}

async function pay(orderId) {
  const response = await fetch(`${base}/sandbox/admin/pay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ order_id: orderId, outcome: 'success' }),
  });
  const { callback } = await response.json();
  const { CHECKSUMHASH, ...fields } = Object.fromEntries(callback);
  assert.ok(PaytmChecksum.verifySignature(fields, key, CHECKSUMHASH), 'callback');
  assert.equal(fields.STATUS, 'TXN_SUCCESS');
}

async function checkSandbox() {
  const orderId = `SDK-NODE-${Date.now()}`;
  const initiated = await call(`/theia/api/v1/initiateTransaction?mid=${mid}&orderId=${orderId}`, {
    requestType: 'Payment',
    mid,
    websiteName: 'WEBSTAGING',
    orderId,
    callbackUrl: 'https://merchant.example/callback',
    txnAmount: { value: '100.00', currency: 'INR' },
    userInfo: { custId: 'CUST_001' },
  });
  assert.equal(initiated.resultInfo.resultCode, '0000');
  await pay(orderId);
  const status = await call('/v3/order/status', { mid, orderId });
  assert.equal(status.resultInfo.resultStatus, 'TXN_SUCCESS');
  const refund = { mid, txnType: 'REFUND', orderId, refId: `${orderId}-R`, refundAmount: '40.00' };
  const taken = await call('/refund/apply', { ...refund, txnId: status.txnId });
  assert.equal(taken.resultInfo.resultCode, '601');
  const found = await call('/v2/refund/status', { mid, orderId, refId: refund.refId });
  assert.ok(['601', '10'].includes(found.resultInfo.resultCode));
}

const vectors = await checkVectors();
await checkSandbox();
console.log(`${vectors} vectors and 5 messages of the sandbox agree with ${LIBRARY}`);
