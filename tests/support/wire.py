"""What agents say in A2A 1.0, as it stands in JSON."""

TASK = {"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_WORKING"}}
DONE = {"statusUpdate": {"taskId": "t", "contextId": "c", "status": {"state": "TASK_STATE_COMPLETED"}}}


def chunk(text):
    artifact = {"artifactId": "a", "parts": [{"text": text}]}
    return {"artifactUpdate": {"taskId": "t", "contextId": "c", "append": True, "artifact": artifact}}


def said(text):
    return {"message": {"messageId": text, "role": "ROLE_AGENT", "parts": [{"text": text}]}}
