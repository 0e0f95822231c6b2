// socket.io: one event to a room, which it encodes once for all. Usage: node socketio.js <port>

import { createServer } from "node:http";

import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  perMessageDeflate: false,
  httpCompression: false,
  pingInterval: 3_600_000,
});
io.engine.on("connection", (connection) => {
  connection.request = null; // as its page on memory usage advises
});

io.on("connection", (socket) => {
  if (socket.handshake.auth.reader) socket.join("general");
  socket.on("post", (text) => io.to("general").emit("message", text));
});

http.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
