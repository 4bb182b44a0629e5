import asyncio
import json
import httpx
from typing import AsyncGenerator

class A2AStreamingClient:
    def __init__(self, agent_id: str, base_url: str = "http://localhost:8080"):
        self.agent_id = agent_id
        self.base_url = base_url
        
    async def send_streaming_message(self, message: str) -> AsyncGenerator[dict, None]:
        """Send message and yield streaming events"""
        
        url = f"{self.base_url}/agents/{self.agent_id}/a2a"
        
        request_data = {
            "jsonrpc": "2.0",
            "method": "message/stream",
            "params": {
                "message": {
                    "messageId": f"msg-{asyncio.get_event_loop().time()}",
                    "role": "user",
                    "parts": [{"type": "text", "text": message}]
                },
                "streamConfig": {
                    "heartbeat": 30,
                    "bufferSize": 1024
                }
            },
            "id": f"req-{asyncio.get_event_loop().time()}"
        }
        
        async with httpx.AsyncClient() as client:
            async with client.stream(
                "POST", 
                url,
                json=request_data,
                headers={"Accept": "text/event-stream"}
            ) as response:
                response.raise_for_status()
                
                async for line in response.aiter_lines():
                    if line.startswith("data: "):
                        try:
                            event_data = json.loads(line[6:])  # Remove "data: " prefix
                            yield event_data
                            
                            # Break on completion
                            if event_data.get("type") in ["task.completed", "task.error"]:
                                break
                                
                        except json.JSONDecodeError:
                            continue  # Skip malformed events

# Usage example
async def example_streaming():
    client = A2AStreamingClient('echo-agent')
    
    async for event in client.send_streaming_message("Generate streaming response"):
        event_type = event.get("type")
        
        if event_type == "task.created":
            print(f"Task started: {event['task']['id']}")
            
        elif event_type == "task.status":
            print(f"Status: {event['status']['state']}")
            
        elif event_type == "task.progress":
            print(f"Progress: {event.get('partialResult', '')}", end="", flush=True)
            
        elif event_type == "task.completed":
            print(f"\nCompleted: {event['task']['result']}")
            
        elif event_type == "task.error":
            print(f"Error: {event['error']}")

# Run the example
asyncio.run(example_streaming())
