// Drives Paytm's own SDK for Node (npm `paytm-pg-node-sdk`) for the end-to-end tests.
// A call's answer is the code of the result, and of the order status the transaction id too. The
// SDK verifies every signature before it hands an answer out.
import { require, serve } from './answers.mjs';

const sdk = require('paytm-pg-node-sdk');
const { MerchantProperties, Payment, Refund } = sdk;

function initialize({ base, mid, key }) {
  MerchantProperties.initialize('TEST', mid, key, 'WEBSTAGING');
  MerchantProperties.setClientId('C11');
  MerchantProperties.setCallbackUrl('https://merchant.example/callback');
  MerchantProperties.initiateTxnUrl = `${base}/theia/api/v1/initiateTransaction`;
  MerchantProperties.paymentStatusUrl = `${base}/merchant-status/api/v1/getPaymentStatus`;
  MerchantProperties.refundUrl = `${base}/refund/api/v1/async/refund`;
  MerchantProperties.refundStatusUrl = `${base}/refund/api/v1/refundStatus`;
}

function read(response) {
  const body = response.getResponseObject().getBody();
  return { body, code: body.getResultInfo().getResultCode() };
}

const calls = {
  async create({ order, amount }) {
    const user = new sdk.UserInfo('customer1');
    user.setCustId('customer1');
    const money = sdk.Money.constructWithCurrencyAndValue('INR', amount);
    const detail = new sdk.PaymentDetailBuilder('WEB', order, money, user).build();
    return { code: read(await Payment.createTxnToken(detail)).code };
  },
  async status({ order }) {
    const detail = new sdk.PaymentStatusDetailBuilder(order).build();
    const { body, code } = read(await Payment.getPaymentStatus(detail));
    return { code, transaction: body.getTxnId() };
  },
  async refund({ order, transaction, reference, amount }) {
    const build = new sdk.RefundDetailBuilder(order, reference, transaction, 'REFUND', amount);
    return { code: read(await Refund.initiateRefund(build.build())).code };
  },
  async refund_status({ order, reference }) {
    const detail = new sdk.RefundStatusDetailBuilder(order, reference).build();
    return { code: read(await Refund.getRefundStatus(detail)).code };
  },
};

const withAccount = (call) => ({ account, ...request }) => {
  initialize(account);
  return call(request);
};

await serve(Object.fromEntries(
  Object.entries(calls).map(([name, call]) => [name, withAccount(call)]),
));
