// A WebSocket that comes back by itself. Nothing here touches the page.

const CONNECT_TIMEOUT = 10_000;

/** Half a second at first, doubled up to ten, with jitter so that not all come back at once. */
export function backOff(attempt, random = Math.random) {
  return Math.min(10_000, 500 * 2 ** Math.min(attempt, 10)) * (0.5 + random() / 2);
}

export const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * `path()`     where to connect; asked again each time, so it can say how far one has come.
 * `token()`    the bearer token, or null: then the site's session cookie counts.
 * `renew(old)` true when there is a newer token, false when there is none to be had.
 * `onState`    `connecting`, `open`, `waiting`, `refused` (not available), `signed-out` or `closed`.
 * `silence`    reconnect when nothing was heard for so many milliseconds; 0: never.
 */
export class LiveSocket {
  #socket = null;
  #attempt = 0;
  #timer = null;
  #watchdog = null;
  state = 'closed';

  constructor({path, token = () => null, renew = async () => false, onFrame, onState = () => {}, silence = 0}) {
    Object.assign(this, {path, token, renew, onFrame, onState, silence});
  }

  open() {
    this.#attempt = 0;
    this.#connect();
  }

  close() {
    this.#drop();
    this.#become('closed');
  }

  /** The network may be back: do not wait for the rest of the pause. */
  nudge() {
    if (this.state === 'waiting') this.#connect();
  }

  /** Whether it went out. What has to arrive needs an acknowledgement above this. */
  send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #connect() {
    this.#drop();
    this.#become('connecting');
    const token = this.token();
    const address = new URL(this.path(), globalThis.location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    const socket = token ? new WebSocket(address, ['bearer', token]) : new WebSocket(address);
    this.#socket = socket;
    this.#watch(CONNECT_TIMEOUT);
    socket.onopen = () => {
      this.#watch(this.silence);
      this.#become('open');
    };
    socket.onmessage = ({data}) => this.#heard(data);
    socket.onclose = ({code}) => this.#closed(code, token);
  }

  #heard(data) {
    this.#watch(this.silence);
    this.#attempt = 0;
    this.onFrame(JSON.parse(data));
  }

  async #closed(code, token) {
    this.#drop();
    if (code === 4403 || code === 4404) return this.#become('refused');
    if (code === 4401 && !(await this.#renewed(token))) return undefined;
    return this.#again(code === 4408 ? 0 : this.#attempt);
  }

  async #renewed(token) {
    this.#become('waiting');
    try {
      if (await this.renew(token)) return this.state === 'waiting';
      if (this.state === 'waiting') this.#become('signed-out');
      return false;
    } catch {
      return this.state === 'waiting';  // the server is away; the next attempt asks again
    }
  }

  #again(attempt) {
    this.#attempt = attempt + 1;
    this.#become('waiting');
    this.#timer = setTimeout(() => this.#connect(), backOff(attempt));
  }

  #watch(ms) {
    clearTimeout(this.#watchdog);
    this.#watchdog = ms ? setTimeout(() => {
      this.#drop();
      this.#again(this.#attempt);
    }, ms) : null;
  }

  #drop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }
}
