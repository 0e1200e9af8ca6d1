"""Drives Paytm's checksum library for Python (PyPI `paytmchecksum`) for the end-to-end tests."""

from answers import serve
from paytmchecksum import PaytmChecksum


def sign(key, input):
    return PaytmChecksum.generateSignature(input, key)


def sign_text(key, text, salt):
    return PaytmChecksum.calculateChecksum(text, key, salt)


def verify(key, input, checksum):
    return PaytmChecksum.verifySignature(input, key, checksum)


serve({"sign": sign, "sign_text": sign_text, "verify": verify})
