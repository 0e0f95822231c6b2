// Follows a room of a real server and prints, a JSON line each, what happens to it: {socket: how many were opened},
// {state}, {seq}. A program for tests of several nodes (tests/test_workers.py); the server's is TERTULIA_URL.

import WebSocket from "ws";

import { Client } from "../index.js";

const { TERTULIA_URL = "", TERTULIA_TOKEN = "" } = process.env;

/** @param {object} what */
const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");

let sockets = 0;

class CountedSocket extends WebSocket {
  /** @param {string} url @param {string} protocol */
  constructor(url, protocol) {
    super(url, protocol);
    tell({ socket: ++sockets });
  }
}

const client = new Client({
  url: TERTULIA_URL,
  token: TERTULIA_TOKEN,
  WebSocket: /** @type {any} */ (CountedSocket),
});
client.addEventListener("status", (/** @type {any} */ { detail }) => tell({ state: detail.state }));
client.addEventListener("event", (/** @type {any} */ { detail }) => tell({ seq: detail.seq }));
client.follow("room/general");
client.open();
