class A2AStreamingClient {
    constructor(agentId, baseUrl = 'http://localhost:8080') {
        this.agentId = agentId;
        this.baseUrl = baseUrl;
        this.eventSource = null;
        this.reconnectAttempts = 0;
        this.maxReconnectAttempts = 5;
    }
    
    async sendStreamingMessage(message) {
        const streamUrl = `${this.baseUrl}/agents/${this.agentId}/a2a`;
        
        // Send initial JSON-RPC request to start streaming
        const response = await fetch(streamUrl, {
            method: 'POST',
            headers: {
                'Content-Type': 'application/json',
                'Accept': 'text/event-stream'
            },
            body: JSON.stringify({
                jsonrpc: '2.0',
                method: 'message/stream',
                params: {
                    message: {
                        messageId: `msg-${Date.now()}`,
                        role: 'user',
                        parts: [{ type: 'text', text: message }]
                    },
                    streamConfig: {
                        heartbeat: 30,
                        bufferSize: 1024
                    }
                },
                id: `req-${Date.now()}`
            })
        });
        
        if (!response.ok) {
            throw new Error(`HTTP ${response.status}: ${response.statusText}`);
        }
        
        // Start SSE stream
        this.startEventStream(response.headers.get('X-Task-ID'));
    }
    
    startEventStream(taskId) {
        const streamUrl = `${this.baseUrl}/agents/${this.agentId}/a2a/stream?taskId=${taskId}`;
        this.eventSource = new EventSource(streamUrl);
        
        this.eventSource.onmessage = (event) => this.handleStreamEvent(event);
        this.eventSource.onerror = (event) => this.handleStreamError(event);
    }
    
    handleStreamEvent(event) {
        try {
            const data = JSON.parse(event.data);
            this.onStreamEvent(data);
            
            // Reset reconnection counter on successful event
            this.reconnectAttempts = 0;
        } catch (error) {
            console.error('Failed to parse stream event:', error);
        }
    }
    
    handleStreamError(event) {
        console.error('Stream error:', event);
        
        if (this.reconnectAttempts < this.maxReconnectAttempts) {
            this.reconnectWithBackoff();
        } else {
            this.onStreamFailed('Max reconnection attempts exceeded');
        }
    }
    
    reconnectWithBackoff() {
        const delay = Math.min(1000 * Math.pow(2, this.reconnectAttempts), 30000);
        this.reconnectAttempts++;
        
        setTimeout(() => {
            console.log(`Reconnecting attempt ${this.reconnectAttempts}...`);
            this.startEventStream(this.currentTaskId);
        }, delay);
    }
    
    // Override these methods in your implementation
    onStreamEvent(data) { /* Handle stream events */ }
    onStreamFailed(reason) { /* Handle stream failure */ }
    
    disconnect() {
        if (this.eventSource) {
            this.eventSource.close();
            this.eventSource = null;
        }
    }
}

// Usage example
const client = new A2AStreamingClient('echo-agent');

client.onStreamEvent = function(data) {
    switch(data.type) {
        case 'task.created':
            console.log('Task started:', data.task.id);
            break;
        case 'task.completed':
            console.log('Task finished:', data.task.result);
            client.disconnect();
            break;
    }
};

client.sendStreamingMessage('Generate a long response with streaming updates');
