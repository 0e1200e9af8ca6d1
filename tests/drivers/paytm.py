"""Drives Paytm's checksum library for Python (PyPI `paytmchecksum`) for the end-to-end tests.

Reads a JSON list of calls from standard input, writes a JSON list of answers.
"""

import json
import sys

from paytmchecksum import PaytmChecksum


def sign(key, input):
    return PaytmChecksum.generateSignature(input, key)


def sign_text(key, text, salt):
    return PaytmChecksum.calculateChecksum(text, key, salt)


def verify(key, input, checksum):
    return PaytmChecksum.verifySignature(input, key, checksum)


CALLS = {"sign": sign, "sign_text": sign_text, "verify": verify}


def answer(request):
    function = CALLS[request.pop("call")]
    try:
        return {"value": function(**request)}
    except Exception as error:
        return {"error": repr(error)}


json.dump([answer(request) for request in json.load(sys.stdin)], sys.stdout)
