// `ws`, as its README broadcasts: each message to every reader. Usage: node ws.js <port>

import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), perMessageDeflate: false, backlog: 4096 });
const readers = new Set();

server.on("connection", (socket, request) => {
  socket.on("error", () => socket.terminate());
  if (request.url === "/read") {
    readers.add(socket);
    socket.on("close", () => readers.delete(socket));
    return;
  }
  socket.on("message", (data) => {
    // A Buffer: it is not encoded again for each reader.
    for (const reader of readers) reader.send(data, { binary: false });
  });
});
