"""The text of JSON-RPC messages."""

import json


def request(request_id, method="m"):
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method}).encode()


def result(request_id, value=None):
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "result": value}).encode()


def sent(peer):
    """The JSON of the messages that a Peer wants sent."""
    return [json.loads(message) for message in peer.messages_to_send()]
