// Connect to streaming endpoint
const eventSource = new EventSource('http://localhost:8080/agents/echo-agent/a2a/stream');

// Handle different event types
eventSource.onmessage = function(event) {
    const data = JSON.parse(event.data);
    
    switch(data.type) {
        case 'task.created':
            console.log('Task started:', data.task.id);
            updateUI('Task created', data.task);
            break;
            
        case 'task.status':
            console.log('Status update:', data.status.state);
            updateProgressBar(data.status);
            break;
            
        case 'task.progress':
            console.log('Progress:', data.partialResult);
            appendToOutput(data.partialResult);
            break;
            
        case 'task.completed':
            console.log('Task completed:', data.task.result);
            showFinalResult(data.task.result);
            eventSource.close(); // Clean disconnect
            break;
            
        case 'task.error':
            console.error('Task failed:', data.error);
            showError(data.error);
            eventSource.close();
            break;
    }
};

// Handle connection errors
eventSource.onerror = function(event) {
    console.error('Stream connection error:', event);
    // Implement reconnection logic with exponential backoff
    setTimeout(() => reconnectWithBackoff(), 1000);
};

// Reconnection with exponential backoff
let reconnectAttempts = 0;
function reconnectWithBackoff() {
    const delay = Math.min(1000 * Math.pow(2, reconnectAttempts), 30000);
    reconnectAttempts++;
    
    setTimeout(() => {
        console.log(`Reconnecting attempt ${reconnectAttempts}...`);
        // Recreate EventSource connection
    }, delay);
}
