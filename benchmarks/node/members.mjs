// What many members do, in one process and without packages: requests over kept-alive connections, and sockets
// of both kinds.

import { connect } from "node:net";
import { performance } from "node:perf_hooks";

import { answer } from "./commands.mjs";
import { dial, textFrame } from "./websocket.mjs";

const now = () => performance.now();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
const run = Math.random().toString(36).slice(2, 10);
const LAST_CHUNK = Buffer.from("0\r\n\r\n");
let number = 0;

function percentiles(values) {
  const sorted = Float64Array.from(values).sort();
  const rank = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  return { p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), max: rank(1), count: sorted.length };
}

function count(into, what) {
  into[what] = (into[what] ?? 0) + 1;
}

// --- HTTP --------------------------------------------------------------------
// One kept-alive connection, one request at a time.
class Line {
  constructor(port) {
    this.port = port;
    this.rest = Buffer.alloc(0);
    this.open();
  }

  open() {
    this.socket = connect(this.port, "127.0.0.1");
    this.socket.setNoDelay(true);
    this.socket.on("data", (chunk) => this.read(chunk));
    this.socket.on("error", () => {});
    this.socket.on("close", () => this.answer({ status: 0, body: "" }));
  }

  ask({ method = "GET", path, token, body }) {
    if (this.socket.destroyed) this.open();
    number += 1;
    const content = body ? Buffer.from(body.replace("NUMBER", `${run}-${number}`)) : null;
    const head =
      `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\nConnection: keep-alive\r\n` +
      `Authorization: Bearer ${token}\r\nUser-Agent: benchmark\r\n` +
      (content ? `Content-Type: application/json\r\nContent-Length: ${content.length}\r\n\r\n` : "\r\n");
    this.socket.write(content ? Buffer.concat([Buffer.from(head), content]) : head);
    return new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  answer(found) {
    const resolve = this.resolve;
    this.resolve = null;
    resolve?.(found);
  }

  read(chunk) {
    const data = this.rest.length ? Buffer.concat([this.rest, chunk]) : chunk;
    this.rest = data;
    const end = data.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = data.latin1Slice(0, end);
    const size = /content-length: *(\d+)/i.exec(head);
    const whole = size ? end + 4 + Number(size[1]) : data.length;
    if (data.length < whole) return;
    if (!size && !data.subarray(-5).equals(LAST_CHUNK)) return;
    this.rest = Buffer.alloc(0);
    this.answer({ status: Number(head.slice(9, 12)), body: data.subarray(end + 4, whole) });
  }
}

// --- sockets -----------------------------------------------------------------
// A member in their ticket, through either door. `joined` says when they are in and caught up.
class Member {
  constructor({ port, door, token, ticket }) {
    Object.assign(this, { port, door, token, ticket });
    this.after = null;
    this.retries = 0;
    this.onAcknowledged = () => {};
    this.onShown = () => {};
  }

  // Come (back). Whoever is turned away before they were in tries again a moment later.
  enter() {
    this.seen = this.after;
    this.caught = 0;
    this.holes = 0;
    this.joined = new Promise((resolve) => {
      this.resolve = resolve;
    });
    this.dial();
    return this.joined;
  }

  dial() {
    const place = this.after === null ? "" : `?after_seq=${this.after}`;
    const path =
      this.door === "socketio" ? "/socket.io/?EIO=4&transport=websocket" : `/ws/tickets/${this.ticket}/${place}`;
    const offer = this.door === "socketio" ? "" : `Sec-WebSocket-Protocol: bearer, ${this.token}\r\n`;
    const socket = dial({
      port: this.port,
      path,
      offer,
      onText: (data, start, end) => this.hear(data.toString("utf8", start, end)),
      onRefused: () => socket.destroy(),
    });
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.socket !== socket || !this.resolve) return;
      this.retries += 1;
      setTimeout(() => this.dial(), 250);
    });
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    socket.destroy();
  }

  hear(text) {
    if (this.door === "websocket") {
      const { type, ...data } = JSON.parse(text);
      if (type === "send_message") this.onAcknowledged(data.client_nonce, data);
      else this.event(type, data);
    } else if (text === "2") this.say("3");
    else if (text.startsWith("0{")) this.say(`40${JSON.stringify({ token: this.token })}`);
    else if (text.startsWith("40")) {
      this.say(`42${JSON.stringify(["join_ticket", { ticket_id: this.ticket, after_seq: this.after }])}`);
    } else if (text.startsWith("42")) this.event(...JSON.parse(text.slice(2)));
    else if (text.startsWith("43")) {
      const [answer] = JSON.parse(text.slice(text.indexOf("[")));
      this.onAcknowledged(answer.message?.client_nonce, answer);
    }
  }

  say(text) {
    this.socket?.write(textFrame(text));
  }

  event(type, data) {
    if (type === "message_history") this.catchUp(data.events ?? []);
    else if (type === "new_message") this.onShown(data.messageData.client_nonce);
    else if (type === "joined_ticket") {
      this.head = data.last_seq;
      const resolve = this.resolve;
      this.resolve = null;
      resolve?.(now());
    }
  }

  catchUp(events) {
    for (const { seq, prev_seq: before } of events) {
      if (before !== this.seen) this.holes += 1;
      this.seen = seq;
      this.caught += 1;
    }
  }

  send(nonce, message) {
    const said = { ticket_id: this.ticket, message, client_nonce: nonce };
    if (this.door === "websocket") this.say(JSON.stringify({ type: "send_message", ...said }));
    else this.say(`42${(number += 1)}${JSON.stringify(["send_message", said])}`);
  }
}

let members = [];

// --- commands ----------------------------------------------------------------
const commands = {
  // `rate` requests a second, whether or not answers come; each is timed from when it was due, and names its port.
  async open({ rate, seconds, requests }) {
    const idle = new Map(requests.map(({ port }) => [port, []]));
    const statuses = {};
    const latencies = [];
    const began = now();
    const cpu = process.cpuUsage();
    const under_way = [];
    let lines = 0;
    for (let n = 0; n < rate * seconds; n += 1) {
      const due = began + (n * 1000) / rate;
      if (due > now()) await sleep(due - now());
      const request = requests[n % requests.length];
      const free = idle.get(request.port);
      if (!free.length) lines += 1;
      const line = free.pop() ?? new Line(request.port);
      under_way.push(
        line.ask(request).then(({ status }) => {
          latencies.push(now() - due);
          count(statuses, status);
          free.push(line);
        }),
      );
    }
    await Promise.all(under_way);
    const used = process.cpuUsage(cpu);
    const took = (now() - began) / 1000;
    for (const line of [...idle.values()].flat()) line.socket.destroy();
    return {
      ...percentiles(latencies),
      statuses,
      lines,
      rate: latencies.length / took,
      client: (used.user + used.system) / 1e6 / took,
    };
  },

  // Each of the connections asks as soon as it is answered, for `seconds`, or until each request was made once.
  async closed({ port, connections, seconds = 1e9, once = false, requests }) {
    const statuses = {};
    const latencies = [];
    const began = now();
    let next = 0;
    const worker = async () => {
      const line = new Line(port);
      while (now() < began + seconds * 1000 && (!once || next < requests.length)) {
        const started = now();
        const { status } = await line.ask(requests[next++ % requests.length]);
        latencies.push(now() - started);
        count(statuses, status);
      }
      line.socket.destroy();
    };
    await Promise.all(Array.from({ length: connections }, worker));
    return { ...percentiles(latencies), statuses, seconds: (now() - began) / 1000 };
  },

  async ask({ port, request }) {
    const line = new Line(port);
    const { status, body } = await line.ask(request);
    line.socket.destroy();
    return { status, body: body.toString() };
  },

  async enter({ people }) {
    const began = now();
    members = people.map((person) => new Member(person));
    for (let at = 0; at < members.length; at += 25) {
      await Promise.all(members.slice(at, at + 25).map((member) => member.enter()));
    }
    return { seconds: (now() - began) / 1000 };
  },

  async leave() {
    for (const member of members) member.drop();
    members = [];
    return {};
  },

  // Of each two members one speaks and the other looks. Timed: from sending to the acknowledgement, to the
  // moment it is shown, and between these two (nothing where it was shown first).
  async talk({ rate, seconds, message }) {
    const sent = new Map();
    const acknowledged = new Map();
    const shown = new Map();
    const refused = {};
    for (const [n, member] of members.entries()) {
      member.onAcknowledged = (nonce, answer) => {
        if (answer.ok === false) count(refused, answer.code);
        else acknowledged.set(nonce, now());
      };
      member.onShown = (nonce) => {
        if (n % 2) shown.set(nonce, now());
      };
    }
    const began = now();
    for (let n = 0; n < rate * seconds; n += 1) {
      await sleep(began + (n * 1000) / rate - now());
      const nonce = `${run}-${(number += 1)}`;
      sent.set(nonce, now());
      members[(2 * n) % members.length].send(nonce, message);
    }
    const complete = () => acknowledged.size >= sent.size && shown.size >= sent.size;
    for (let tries = 0; !complete() && tries < 500; tries += 1) await sleep(10);
    const both = [...sent.keys()].filter((nonce) => acknowledged.has(nonce) && shown.has(nonce));
    const from = (first, second) => percentiles(both.map((nonce) => second.get(nonce) - first.get(nonce)));
    const later = percentiles(both.map((nonce) => Math.max(0, shown.get(nonce) - acknowledged.get(nonce))));
    return {
      acknowledged: from(sent, acknowledged),
      shown: from(sent, shown),
      later,
      refused,
      lost: sent.size - both.length,
    };
  },

  // All connections break at one moment, and everybody comes back at once, having heard nothing since they came.
  async storm() {
    for (const member of members) {
      member.drop();
      member.after = member.head;
    }
    const began = now();
    const cpu = process.cpuUsage();
    const back = await Promise.all(members.map((member) => member.enter()));
    const used = process.cpuUsage(cpu);
    const took = (now() - began) / 1000;
    const total = (what) => members.reduce((sum, member) => sum + member[what], 0);
    return {
      ...percentiles(back.map((moment) => moment - began)),
      seconds: took,
      caught: total("caught"),
      holes: total("holes"),
      retries: total("retries"),
      client: (used.user + used.system) / 1e6 / took,
    };
  },
};

await answer(commands);
