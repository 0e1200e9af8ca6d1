"""Paytm's own Python SDK, unmodified, against a running sandbox: token, status, refund, its status.

    pip install paytm-pg requests pycryptodome
    python drive_paytm_pg.py http://127.0.0.1:8790 [MID KEY]
"""

import json
import sys
import time
import urllib.request

from paytmpg import (
    LibraryConstants,
    MerchantProperty,
    Money,
    Payment,
    PaymentDetailsBuilder,
    PaymentStatusDetailBuilder,
    Refund,
    RefundDetailBuilder,
    RefundStatusDetailBuilder,
    UserInfo,
)

BASE, MID, KEY = (sys.argv[1:] + ["SANDBX00000000000001", "SandboxKey000001"])[:3]


def result(response):
    body = response.get_response_object().get_body()
    return body, body.get_result_info().get_result_code()


def pay(order_id):
    command = json.dumps({"order_id": order_id, "outcome": "success"}).encode()
    headers = {"content-type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(BASE + "/sandbox/admin/pay", command, headers))


MerchantProperty.initialize(LibraryConstants.STAGING_ENVIRONMENT, MID, KEY, "C11", "WEBSTAGING")
MerchantProperty.set_callback_url("https://merchant.example/callback")
MerchantProperty.initiate_txn_url = BASE + "/order/initiate"
MerchantProperty.payment_status_url = BASE + "/v3/order/status"
MerchantProperty.refund_url = BASE + "/refund/apply"
MerchantProperty.refund_status_url = BASE + "/v2/refund/status"

order_id = f"PG-PY-{time.time_ns()}"
user = UserInfo()
user.set_cust_id("CUST_001")
amount = Money("INR", "100.00")
order = PaymentDetailsBuilder("WEB", order_id, amount, user).build()
_, code = result(Payment.createTxnToken(order))
assert code == "0000", code

pay(order_id)
question = PaymentStatusDetailBuilder(order_id).build()
status, code = result(Payment.getPaymentStatus(question))
assert code == "01", code

txn_id, ref_id = status.get_txn_id(), f"{order_id}-R"
ask = RefundDetailBuilder(order_id, ref_id, txn_id, "REFUND", "40.00").build()
_, code = result(Refund.doRefund(ask))
assert code == "601", code

question = RefundStatusDetailBuilder()
question.set_order_id(order_id)
question.set_ref_id(ref_id)
_, code = result(Refund.getRefundStatus(question.build()))
assert code in ("601", "10"), code
print("paytm-pg: token, status, refund and refund status agree")
