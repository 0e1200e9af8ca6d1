"""Drives Paytm's own SDK for Python (PyPI `paytm-pg`) for the end-to-end tests.

A call's answer is the code of the result, and of the order status the transaction id too. The SDK
verifies every signature before it hands an answer out.
"""

from answers import serve
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


def initialize(base, mid, key):
    MerchantProperty.initialize(LibraryConstants.STAGING_ENVIRONMENT, mid, key, "C11", "WEBSTAGING")
    MerchantProperty.set_callback_url("https://merchant.example/callback")
    MerchantProperty.initiate_txn_url = base + "/order/initiate"
    MerchantProperty.payment_status_url = base + "/v3/order/status"
    MerchantProperty.refund_url = base + "/refund/apply"
    MerchantProperty.refund_status_url = base + "/v2/refund/status"


def read(response):
    body = response.get_response_object().get_body()
    return body, body.get_result_info().get_result_code()


def create(order, amount):
    user = UserInfo()
    user.set_cust_id("customer1")
    detail = PaymentDetailsBuilder("WEB", order, Money("INR", amount), user).build()
    _, code = read(Payment.createTxnToken(detail))
    return {"code": code}


def status(order):
    body, code = read(Payment.getPaymentStatus(PaymentStatusDetailBuilder(order).build()))
    return {"code": code, "transaction": body.get_txn_id()}


def refund(order, transaction, reference, amount):
    detail = RefundDetailBuilder(order, reference, transaction, "REFUND", amount).build()
    _, code = read(Refund.doRefund(detail))
    return {"code": code}


def refund_status(order, reference):
    detail = RefundStatusDetailBuilder()
    detail.set_order_id(order)
    detail.set_ref_id(reference)
    _, code = read(Refund.getRefundStatus(detail.build()))
    return {"code": code}


def with_account(function):
    def call(account, **request):
        initialize(**account)
        return function(**request)

    return call


serve({call.__name__: with_account(call) for call in (create, status, refund, refund_status)})
