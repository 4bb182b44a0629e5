# Qt, without asyncio: signals of QtNetwork carry an answer, while a QTimer ticks. `on_qt.py [URL]`
import sys

from hocket_io.any_loop import ask
from PySide6 import QtCore, QtNetwork

app, network = QtCore.QCoreApplication(), QtNetwork.QNetworkAccessManager()
ticks = QtCore.QTimer(interval=20, timeout=lambda: print("·", end="", flush=True))
ticks.start()
url = [*sys.argv, "http://127.0.0.1:8000"][1]
asking = ask(url, "Ada", lambda event: print(event.error or event.text, end="", flush=True))
while request := asking.next_request():
    asked, status = QtNetwork.QNetworkRequest(request.path), QtNetwork.QNetworkRequest.HttpStatusCodeAttribute
    asked.setHeaders(QtNetwork.QHttpHeaders.fromListOfPairs([(n.encode(), v.encode()) for n, v in request.headers]))
    reply = network.sendCustomRequest(asked, request.method.encode(), request.body)
    reply.metaDataChanged.connect(lambda: asking.receive_head(reply.attribute(status), reply.rawHeaderPairs()))
    reply.readyRead.connect(lambda: asking.receive_data(reply.readAll()))
    reply.finished.connect(lambda: (asking.receive_eof(), app.quit()))
    app.exec()
