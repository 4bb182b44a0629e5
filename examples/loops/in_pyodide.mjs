// Pyodide, in node: fetch carries an answer, while JavaScript ticks. `in_pyodide.mjs [URL [FOLDER …]]`
import { loadPyodide } from "pyodide";

const [url = "http://127.0.0.1:8000", ...folders] = process.argv.slice(2); // where attrs, cattrs and hocket are
const pyodide = await loadPyodide();
folders.forEach((folder) => pyodide.mountNodeFS(folder, folder) ?? pyodide.pyimport("sys").path.append(folder));
pyodide.globals.set("url", url);
const ticking = setInterval(() => process.stdout.write("·"), 20);
await pyodide.runPythonAsync(`from hocket_io.any_loop import ask
from pyodide.http import pyfetch
asking = ask(url, "Ada", lambda event: print(event.error or event.text, end="", flush=True))
while request := asking.next_request():
    options = {"method": request.method, "headers": dict(request.headers), "body": request.body or None}
    response = await pyfetch(request.path, **options)
    asking.receive_head(response.status, response.headers.items())
    async for piece in response.js_response.body:
        asking.receive_data(piece.to_bytes())
    asking.receive_eof()`);
clearInterval(ticking);
