// The client's half of WebSocket, as little of it as a benchmark needs: what is read is not copied, and no more
// of a frame is parsed than must be, so that the server under test is what limits a run.

import { connect } from "node:net";

const TEXT = 1;
const CLOSE = 8;
const PING = 9;

export function textFrame(text) {
  const payload = Buffer.from(text);
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 8 : 6); // the mask is four zeros
  head[0] = 0x81;
  head[1] = 0x80 | (long ? 126 : payload.length);
  if (long) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

function pongFrame(payload) {
  return Buffer.concat([Buffer.from([0x8a, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

// A socket that shakes hands. `onText(data, start, end)` gets each text, still in the bytes that came with it;
// `onClose(code)` and `onRefused(answer)` the rest. Pings are answered here.
export function dial({ port, path, offer = "", onText, onClose = () => {}, onRefused }) {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  const onFrame = (opcode, data, start, end) => {
    if (opcode === TEXT) onText(data, start, end);
    else if (opcode === CLOSE) onClose(data.readUInt16BE(start));
    else if (opcode === PING) socket.write(pongFrame(data.subarray(start, end)));
  };
  const frames = new Frames(onFrame, onRefused);
  socket.on("data", (chunk) => frames.read(chunk));
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `${offer}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  return socket;
}

class Frames {
  constructor(onFrame, onRefused) {
    this.onFrame = onFrame;
    this.onRefused = onRefused;
    this.rest = null;
    this.upgraded = false;
  }

  read(chunk) {
    const data = this.rest ? Buffer.concat([this.rest, chunk]) : chunk;
    this.rest = null;
    const start = this.upgraded ? 0 : this.shakeHands(data);
    if (!this.upgraded) return;
    const at = this.cut(data, start);
    if (at < data.length) this.rest = at ? data.subarray(at) : data;
  }

  // Where the frames begin.
  shakeHands(data) {
    const end = data.indexOf("\r\n\r\n");
    if (end < 0) this.rest = data;
    else if (data.latin1Slice(9, 12) === "101") this.upgraded = true;
    else this.onRefused(data.latin1Slice(0, 200));
    return end + 4;
  }

  // Hand out the frames that are whole; how far they go.
  cut(data, from) {
    let at = from;
    while (data.length - at >= 2) {
      let size = data[at + 1] & 0x7f;
      let start = at + 2;
      if (size === 126) {
        if (data.length - at < 4) break;
        size = data.readUInt16BE(start);
        start += 2;
      } else if (size === 127) {
        if (data.length - at < 10) break;
        size = Number(data.readBigUInt64BE(start));
        start += 8;
      }
      if (data.length < start + size) break;
      this.onFrame(data[at] & 0x0f, data, start, start + size);
      at = start + size;
    }
    return at;
  }
}
