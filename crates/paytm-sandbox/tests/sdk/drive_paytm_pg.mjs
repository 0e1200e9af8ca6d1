// Paytm's own Node SDK, unmodified, against a running sandbox: token, status, refund, its status.
//
//   npm install paytm-pg-node-sdk
//   node drive_paytm_pg.mjs http://127.0.0.1:8790 [MID KEY]

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

// Resolved from the working directory, where the package is installed.
const sdk = createRequire(`${process.cwd()}/`)('paytm-pg-node-sdk');
const { MerchantProperties, Payment, Refund } = sdk;

const [base, mid = 'SANDBX00000000000001', key = 'SandboxKey000001'] = process.argv.slice(2);
const orderId = `PG-NODE-${Date.now()}`;

function result(response) {
  const body = response.getResponseObject().getBody();
  return { body, code: body.getResultInfo().getResultCode() };
}

async function pay() {
  await fetch(`${base}/sandbox/admin/pay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ order_id: orderId, outcome: 'success' }),
  });
}

MerchantProperties.initialize('TEST', mid, key, 'WEBSTAGING');
MerchantProperties.setClientId('C11');
MerchantProperties.setCallbackUrl('https://merchant.example/callback');
MerchantProperties.initiateTxnUrl = `${base}/theia/api/v1/initiateTransaction`;
MerchantProperties.paymentStatusUrl = `${base}/merchant-status/api/v1/getPaymentStatus`;
MerchantProperties.refundUrl = `${base}/refund/api/v1/async/refund`;
MerchantProperties.refundStatusUrl = `${base}/refund/api/v1/refundStatus`;

const user = new sdk.UserInfo('CUST_001');
user.setCustId('CUST_001');
const amount = sdk.Money.constructWithCurrencyAndValue('INR', '100.00');
const order = new sdk.PaymentDetailBuilder('WEB', orderId, amount, user).build();
assert.equal(result(await Payment.createTxnToken(order)).code, '0000');

await pay();
const question = new sdk.PaymentStatusDetailBuilder(orderId).build();
const status = result(await Payment.getPaymentStatus(question));
assert.equal(status.code, '01');

const [refId, txnId] = [`${orderId}-R`, status.body.getTxnId()];
const ask = new sdk.RefundDetailBuilder(orderId, refId, txnId, 'REFUND', '40.00').build();
assert.equal(result(await Refund.initiateRefund(ask)).code, '601');

const refundQuestion = new sdk.RefundStatusDetailBuilder(orderId, refId).build();
assert.ok(['601', '10'].includes(result(await Refund.getRefundStatus(refundQuestion)).code));
console.log('paytm-pg-node-sdk: token, status, refund and refund status agree');
