// One Socket.IO client at a time, driven by JSON lines on stdin; what it hears goes to stdout as JSON lines.

import { createInterface } from "node:readline";
import { io } from "socket.io-client";

let socket = null;

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function heard(event, ...args) {
  say({ event, args, at: Date.now() });
}

function dropSocket() {
  if (socket) {
    socket.offAny();
    socket.removeAllListeners();
    socket.io.removeAllListeners();
    socket.disconnect();
    socket = null;
  }
}

const commands = {
  connect({ url, auth, transports }) {
    dropSocket();
    const fresh = io(url, {
      auth,
      transports,
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 400,
      timeout: 5000,
    });
    socket = fresh;
    fresh.onAny(heard);
    fresh.io.on("open", () => {
      // Each reconnection makes a new engine, and it may be upgraded before the server lets us in.
      const engine = fresh.io.engine;
      heard("open", { transport: engine.transport.name });
      engine.on("upgrade", (transport) => heard("upgrade", { transport: transport.name }));
    });
    fresh.on("connect", () => heard("connect"));
    fresh.on("connect_error", (error) => heard("connect_error", { message: error.message }));
    fresh.on("disconnect", (reason) => heard("disconnect", { reason }));
  },

  emit({ id, event, data, ack }) {
    if (ack) {
      socket.emit(event, ...data, (...args) => say({ ack: id, args }));
    } else {
      socket.emit(event, ...data);
    }
  },

  // Past the library, which would refuse to send what it knows to be wrong.
  raw({ packet }) {
    socket.io.engine.write(packet);
  },

  disconnect() {
    socket.disconnect();
  },

  cut() {
    socket.io.engine.close();
  },

  // The answer comes after everything that was heard before.
  reset({ id }) {
    dropSocket();
    say({ ack: id, args: [] });
  },
};

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const command = JSON.parse(line);
  commands[command.op](command);
});
lines.on("close", () => process.exit(0));
