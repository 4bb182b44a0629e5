"""An agent on a pipe, made by hand: it says what it hears. What is wrong with it is in docs/conformance.md."""

import json
import sys

for line in sys.stdin:
    request = json.loads(line)
    if "id" not in request:
        continue
    answer = {"jsonrpc": "2.0", "id": request["id"]}
    if request["method"] == "SendMessage":
        said = request["params"]["message"]
        answer["result"] = {"message": {**said, "role": "ROLE_AGENT", "messageId": f"re-{said['messageId']}"}}
    else:
        answer["error"] = {"code": -32601, "message": f"there is no {request['method']} here"}
    print(json.dumps(answer), flush=True)
