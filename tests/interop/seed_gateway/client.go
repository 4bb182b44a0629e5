package main

import (
    "bufio"
    "bytes"
    "context"
    "encoding/json"
    "fmt"
    "io"
    "net/http"
    "strings"
    "time"
)

type A2AStreamingClient struct {
    AgentID string
    BaseURL string
    Client  *http.Client
}

type StreamEvent struct {
    Type string      `json:"type"`
    Task *A2ATask    `json:"task,omitempty"`
    Status *TaskStatus `json:"status,omitempty"`
    PartialResult interface{} `json:"partialResult,omitempty"`
    Error string     `json:"error,omitempty"`
}

func NewA2AStreamingClient(agentID, baseURL string) *A2AStreamingClient {
    return &A2AStreamingClient{
        AgentID: agentID,
        BaseURL: baseURL,
        Client:  &http.Client{Timeout: 0}, // No timeout for streaming
    }
}

func (c *A2AStreamingClient) SendStreamingMessage(ctx context.Context, message string) (<-chan StreamEvent, error) {
    url := fmt.Sprintf("%s/agents/%s/a2a", c.BaseURL, c.AgentID)
    
    requestData := map[string]interface{}{
        "jsonrpc": "2.0",
        "method":  "message/stream",
        "params": map[string]interface{}{
            "message": map[string]interface{}{
                "messageId": fmt.Sprintf("msg-%d", time.Now().UnixNano()),
                "role":      "user",
                "parts": []map[string]interface{}{
                    {"type": "text", "text": message},
                },
            },
            "streamConfig": map[string]interface{}{
                "heartbeat":  30,
                "bufferSize": 1024,
            },
        },
        "id": fmt.Sprintf("req-%d", time.Now().UnixNano()),
    }
    
    jsonData, err := json.Marshal(requestData)
    if err != nil {
        return nil, err
    }
    
    req, err := http.NewRequestWithContext(ctx, "POST", url, bytes.NewBuffer(jsonData))
    if err != nil {
        return nil, err
    }
    
    req.Header.Set("Content-Type", "application/json")
    req.Header.Set("Accept", "text/event-stream")
    
    resp, err := c.Client.Do(req)
    if err != nil {
        return nil, err
    }
    
    eventChan := make(chan StreamEvent, 10)
    
    go func() {
        defer resp.Body.Close()
        defer close(eventChan)
        
        scanner := bufio.NewScanner(resp.Body)
        for scanner.Scan() {
            line := scanner.Text()
            
            if strings.HasPrefix(line, "data: ") {
                eventData := strings.TrimPrefix(line, "data: ")
                
                var event StreamEvent
                if err := json.Unmarshal([]byte(eventData), &event); err == nil {
                    select {
                    case eventChan <- event:
                        // Event sent successfully
                        if event.Type == "task.completed" || event.Type == "task.error" {
                            return // End stream
                        }
                    case <-ctx.Done():
                        return // Context cancelled
                    }
                }
            }
        }
    }()
    
    return eventChan, nil
}

// Usage example
func main() {
    client := NewA2AStreamingClient("echo-agent", "http://localhost:8080")
    
    ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
    defer cancel()
    
    eventChan, err := client.SendStreamingMessage(ctx, "Generate streaming response")
    if err != nil {
        fmt.Printf("Error starting stream: %v\n", err)
        return
    }
    
    for event := range eventChan {
        switch event.Type {
        case "task.created":
            fmt.Printf("Task started: %s\n", event.Task.ID)
            
        case "task.status":
            fmt.Printf("Status: %s\n", event.Status.State)
            
        case "task.progress":
            fmt.Printf("Progress: %v", event.PartialResult)
            
        case "task.completed":
            fmt.Printf("\nCompleted: %v\n", event.Task.Result)
            
        case "task.error":
            fmt.Printf("Error: %s\n", event.Error)
        }
    }
}
