"""Drives the Python SDK of the payment platform (PyPI `ecommpay-sdk`) for the end-to-end tests."""

from answers import serve
from payment_page_sdk.gate import Gate
from payment_page_sdk.payment import Payment
from payment_page_sdk.signature_handler import SignatureHandler


def sign(secret, document):
    return SignatureHandler(secret).sign(document)


def page_url(secret, base_url, params):
    payment = Payment(params["project_id"])
    for name, value in params.items():
        setattr(payment, name, value)
    return Gate(secret, base_url).get_purchase_payment_page_url(payment)


def payment_id(secret, body):
    return Gate(secret).handle_callback(body).get_payment_id()


serve({"sign": sign, "page_url": page_url, "payment_id": payment_id})
