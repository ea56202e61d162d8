// Messages on their way. Each keeps its nonce until the server has it, across retries and reloads,
// so that none is lost and none is stored twice. Nothing here touches the page.

import {backOff, sleep} from '../hazesite/socket.js';

/** `crypto.randomUUID` exists on HTTPS and localhost alone. */
export function newNonce() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * `deliver(entry)` sends one and gives the stored message; it throws an error with `retryable`,
 * `status`, `retryAfter` and `message`. `onDelivered(entry, message)` and `onChange()` tell the view.
 */
export class Outbox {
  #running = new Set();
  #wake = new Map();

  constructor({userId, deliver, onDelivered = () => {}, onChange = () => {}, storage = localStorage}) {
    Object.assign(this, {deliver, onDelivered, onChange, storage});
    this.key = `hazebot.outbox.${userId}`;
    this.stopped = false;
  }

  /** Read from the storage each time: another tab shares it. */
  all() {
    try {
      return JSON.parse(this.storage.getItem(this.key)) ?? [];
    } catch {
      return [];
    }
  }

  of(ticketId) {
    return this.all().filter((entry) => entry.ticketId === ticketId);
  }

  add(ticketId, text, note = false, more = {}) {
    const entry = {nonce: newNonce(), ticketId, text, note, at: new Date().toISOString(), error: '', ...more};
    this.#store([...this.all(), entry]);
    this.#pump(ticketId);
    return entry;
  }

  /** It has arrived, or nobody wants it any more. */
  remove(nonce) {
    const before = this.all();
    const after = before.filter((entry) => entry.nonce !== nonce);
    if (after.length < before.length) this.#store(after);
  }

  retry(nonce) {
    this.#set(nonce, {error: ''});
    this.kick();
  }

  /** Go on with whatever is waiting, now: after a start, or when the connection is back. */
  kick() {
    for (const wake of this.#wake.values()) wake();
    for (const ticketId of new Set(this.all().map((entry) => entry.ticketId))) this.#pump(ticketId);
  }

  stop() {
    this.stopped = true;
    for (const wake of this.#wake.values()) wake();
  }

  /** One at a time in each ticket, so that they arrive in the order they were written. */
  async #pump(ticketId) {
    if (this.#running.has(ticketId)) return;
    this.#running.add(ticketId);
    let attempt = 0;
    try {
      for (let entry = this.#next(ticketId); entry && !this.stopped; entry = this.#next(ticketId)) {
        const pause = await this.#attempt(entry, attempt);
        attempt = pause ? attempt + 1 : 0;
        if (pause < 0) break;
        if (pause) await this.#pause(ticketId, pause);
      }
    } finally {
      this.#running.delete(ticketId);
    }
  }

  #next(ticketId) {
    return this.of(ticketId).find((entry) => !entry.error);
  }

  /** How long to wait before the next attempt; 0: this one is done with; -1: not before the next sign-in. */
  async #attempt(entry, attempt) {
    try {
      const message = await this.deliver(entry);
      this.onDelivered(entry, message);
      this.remove(entry.nonce);
      return 0;
    } catch (error) {
      if (error.status === 401) return -1;
      if (error.retryable ?? true) return Math.max((error.retryAfter ?? 0) * 1000, backOff(attempt));
      this.#set(entry.nonce, {error: error.message});
      return 0;
    }
  }

  async #pause(ticketId, ms) {
    await Promise.race([sleep(ms), new Promise((wake) => { this.#wake.set(ticketId, wake); })]);
    this.#wake.delete(ticketId);
  }

  #set(nonce, changes) {
    this.#store(this.all().map((entry) => (entry.nonce === nonce ? {...entry, ...changes} : entry)));
  }

  #store(entries) {
    if (entries.length) this.storage.setItem(this.key, JSON.stringify(entries));
    else this.storage.removeItem(this.key);
    this.onChange();
  }
}
