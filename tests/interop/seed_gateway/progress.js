// Browser receives real-time updates
const eventSource = new EventSource('/tasks/stream');

eventSource.onmessage = function(event) {
    const update = JSON.parse(event.data);
    console.log(`Task ${update.task_id}: ${update.status}`);
    updateProgressBar(update.progress);
};
