"""Paytm's own Python library against our vectors and against a running sandbox.

    pip install paytmchecksum pycryptodome
    python check_checksum.py http://127.0.0.1:8790 [MID KEY]
"""

import json
import pathlib
import sys
import time
import urllib.request

from paytmchecksum import PaytmChecksum

BASE, MID, KEY = (sys.argv[1:] + ["SANDBX00000000000001", "SandboxKey000001"])[:3]
VECTORS = pathlib.Path(__file__).parents[3] / "paytm/tests/vectors/checksum.json"
LIBRARY = "PyPI paytmchecksum 1.7.0"


def check_vectors():
    file = json.loads(VECTORS.read_text(encoding="utf-8"))
    vectors = file["vectors"] + file["public_fixtures"] + file["negative"]
    for vector in vectors:
        given = vector["input"]
        given = dict(given) if isinstance(given, dict) else given
        try:
            verified = PaytmChecksum.verifySignature(given, vector["key"], vector["checksum"])
        except Exception:  # The library raises on much that is simply not valid.
            verified = False
        assert verified == (vector["observed"][LIBRARY] is True), vector["id"]
    return len(vectors)


def post(path, text):
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(BASE + path, text.encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read().decode()


def call(path, body):
    text = json.dumps(body)
    signature = PaytmChecksum.generateSignature(text, KEY)
    head = json.dumps({"clientId": "C11", "signature": signature})
    answer = json.loads(post(path, f'{{"head":{head},"body":{text}}}'))
    signed = json.dumps(answer["body"], separators=(",", ":"))
    assert PaytmChecksum.verifySignature(signed, KEY, answer["head"]["signature"]), path
    return answer["body"]


def pay(order_id):
    command = json.dumps({"order_id": order_id, "outcome": "success"})
    paid = json.loads(post("/sandbox/admin/pay", command))
    fields = dict(paid["callback"])
    checksum = fields.pop("CHECKSUMHASH")
    assert PaytmChecksum.verifySignature(fields, KEY, checksum), "callback"
    assert fields["STATUS"] == "TXN_SUCCESS"


def check_sandbox():
    order_id = f"SDK-PY-{time.time_ns()}"
    initiated = call(
        f"/order/initiate?mid={MID}&orderId={order_id}",
        {
            "requestType": "Payment",
            "mid": MID,
            "websiteName": "WEBSTAGING",
            "orderId": order_id,
            "callbackUrl": "https://merchant.example/callback",
            "txnAmount": {"value": "100.00", "currency": "INR"},
            "userInfo": {"custId": "CUST_001"},
        },
    )
    assert initiated["resultInfo"]["resultCode"] == "0000"
    pay(order_id)
    status = call("/v3/order/status", {"mid": MID, "orderId": order_id})
    assert status["resultInfo"]["resultStatus"] == "TXN_SUCCESS"
    refund = {"mid": MID, "orderId": order_id, "refId": f"{order_id}-R"}
    asked = {**refund, "txnType": "REFUND", "txnId": status["txnId"], "refundAmount": "40.00"}
    taken = call("/refund/apply", asked)
    assert taken["resultInfo"]["resultCode"] == "601"
    found = call("/v2/refund/status", refund)
    assert found["resultInfo"]["resultCode"] in ("601", "10")


vectors = check_vectors()
check_sandbox()
print(f"{vectors} vectors and 5 messages of the sandbox agree with {LIBRARY}")
