// Many WebSocket clients in one process.

import { performance } from "node:perf_hooks";

import { answer } from "./commands.mjs";
import { dial, textFrame } from "./websocket.mjs";

const plan = JSON.parse(process.argv[2]);
const SILENCE = 30_000; // after so many ms without progress a burst is given up
const sockets = [];
let control = null;
let received = 0;
let onReceived = () => {};
let latencies = null;
let disorder = 0;

const now = () => performance.timeOrigin + performance.now();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Client {
  constructor(path, greeting, member) {
    this.member = member;
    this.greeting = [...greeting];
    this.last = 0;
    this.closed = null;
    this.trouble = null;
    this.tail = "";
    this.ready = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.socket = dial({
      port: plan.port,
      path,
      onText: (data, start, end) => this.hear(data, start, end),
      onClose: (code) => {
        this.closed = code;
      },
      onRefused: (told) => this.end(told),
    });
    this.socket.on("error", (error) => this.end(String(error)));
    this.socket.on("close", () => this.end("closed"));
  }

  send(text) {
    this.socket.write(textFrame(text));
  }

  end(reason) {
    this.closed ??= reason;
    this.reject(new Error(`${reason}: ${this.tail}`));
  }

  // Each greeting is [what the server says first, what to answer]; without an answer we are in.
  greet(text) {
    this.tail = text.slice(0, 200);
    if (!this.greeting.length || !text.startsWith(this.greeting[0][0])) return;
    const [, answer] = this.greeting.shift();
    if (answer) this.send(answer);
    if (!this.greeting.length) this.resolve();
  }

  hear(data, start, end) {
    if (this.greeting.length) this.greet(data.toString("utf8", start, end));
    else if (data[start + plan.mark.at] === plan.mark.byte && this.member) this.event(data, start, end);
    else if (end - start === 1 && data[start] === 0x32) this.send("3");
    else if (data.indexOf("too_slow", start) >= 0) this.trouble = "too_slow";
  }

  event(data, start, end) {
    if (latencies) {
      const text = data.latin1Slice(start, Math.min(end, start + 120));
      const n = parseInt(text.slice(text.indexOf('"n":') + 4), 10);
      if (this.last && n !== this.last + 1) disorder += 1;
      this.last = n;
      latencies.push(now() - parseFloat(text.slice(text.indexOf('"t":') + 4)) * 1000);
    }
    received += 1;
    onReceived();
  }
}

function publish(first, count, size) {
  control.send(plan.publish.replace("FIRST", first).replace("COUNT", count).replace("SIZE", size));
}

const rank = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

function begin(detailed) {
  received = 0;
  disorder = 0;
  latencies = detailed ? [] : null;
  for (const socket of sockets) socket.last = 0;
  return [now(), process.cpuUsage()];
}

function report([started, cpu], expected) {
  const seconds = (now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  const sorted = Float64Array.from(latencies ?? []).sort();
  return {
    received,
    expected,
    seconds,
    disorder,
    client_load: (used.user + used.system) / 1e6 / seconds,
    p50: rank(sorted, 0.5),
    p99: rank(sorted, 0.99),
  };
}

async function settled(expected) {
  for (let tries = 0; received < expected && tries < 500; tries += 1) await sleep(10);
}

const commands = {
  async control() {
    control = new Client(plan.control.path, plan.control.greeting, false);
    await control.ready;
    return {};
  },

  // Sockets first to last; socket n is in room floor(n / size of a room).
  async connect({ first, last }) {
    const started = now();
    for (let at = first; at < last; at += 25) {
      const some = [];
      for (let n = at; n < Math.min(last, at + 25); n += 1) {
        const room = plan.rooms[Math.floor(n / plan.members)];
        const fill = (text) => text && text.replaceAll("ROOM", room);
        const greeting = plan.greeting.map(([heard, said]) => [fill(heard), fill(said)]);
        some.push(new Client(fill(plan.path), greeting, true));
      }
      sockets.push(...some);
      await Promise.all(some.map((socket) => socket.ready));
    }
    return { seconds: (now() - started) / 1000 };
  },

  // As fast as they arrive: `window` batches of publications are under way at any time, for `seconds` or
  // until `publications` were made.
  async burst({ seconds = 1e9, publications = 1e12, window, batch, size, healthy = plan.members, detailed }) {
    const each = batch * healthy;
    const start = begin(detailed);
    const until = start[0] + seconds * 1000;
    let made = 0;
    let room = 0;
    const more = () => {
      publish(room, batch, size);
      room = (room + batch) % plan.rooms.length;
      made += 1;
    };
    await new Promise((resolve) => {
      let done = 0;
      let timer = null;
      onReceived = () => {
        if (received < (done + 1) * each) return;
        done += 1;
        clearTimeout(timer);
        timer = setTimeout(resolve, SILENCE);
        if (now() < until && made * batch < publications) more();
        else if (done === made) {
          clearTimeout(timer);
          resolve();
        }
      };
      for (let n = 0; n < window; n += 1) more();
      timer = setTimeout(resolve, SILENCE);
    });
    onReceived = () => {};
    return report(start, made * each);
  },

  // `rate` batches a second, whatever arrives.
  async steady({ seconds, rate, batch, size }) {
    const start = begin(true);
    let made = 0;
    let room = 0;
    while (made < seconds * rate) {
      publish(room, batch, size);
      room = (room + batch) % plan.rooms.length;
      made += 1;
      await sleep(Math.max(0, start[0] + (made * 1000) / rate - now()));
    }
    const expected = made * batch * plan.members;
    await settled(expected);
    return report(start, expected);
  },

  async stall() {
    sockets[sockets.length - 1].socket.pause();
    return {};
  },

  async resume() {
    const last = sockets[sockets.length - 1];
    last.socket.resume();
    for (let tries = 0; last.closed === null && last.trouble === null && tries < 300; tries += 1) await sleep(10);
    return { closed: last.closed, trouble: last.trouble };
  },
};

await answer(commands);
