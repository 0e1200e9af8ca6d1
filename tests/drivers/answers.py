"""What the drivers share: a JSON list of calls comes by standard input, and a JSON list of answers
goes to standard output."""

import json
import sys


def serve(calls):
    def answer(request):
        function = calls[request.pop("call")]
        try:
            return {"value": function(**request)}
        except Exception as error:
            return {"error": repr(error)}

    json.dump([answer(request) for request in json.load(sys.stdin)], sys.stdout)
