// Files on their way. Like the outbox they keep their nonce across retries, but a browser lets nobody keep
// a chosen file: it lives as long as this tab. Nothing here touches the page.

import {Outbox, newNonce} from './outbox.js';

export const MOST_FILES = 10;
export const MOST_BYTES = 10 * 2 ** 20;
export const MOST_BYTES_AT_ONCE = 25 * 2 ** 20;

/** Why these files cannot be sent together; empty when they can. */
export function objection(files) {
  if (files.length > MOST_FILES) return `At most ${MOST_FILES} files at once.`;
  const large = files.find(({size}) => size > MOST_BYTES);
  if (large) return `${large.name} is too large: at most 10 MB each.`;
  const empty = files.find(({size}) => !size);
  if (empty) return `${empty.name} is empty.`;
  const sum = files.reduce((soFar, {size}) => soFar + size, 0);
  return sum > MOST_BYTES_AT_ONCE ? 'Too large: at most 25 MB at once.' : '';
}

/** What a tab keeps of unsent files. It outlives a sign-in that ended: the same person goes on with it. */
export class Shelf {
  #texts = new Map();
  files = new Map();

  getItem(key) {
    return this.#texts.get(key) ?? null;
  }

  setItem(key, text) {
    this.#texts.set(key, text);
  }

  removeItem(key) {
    this.#texts.delete(key);
  }
}

/** `send(entry, files, {onSent, signal})` gives the stored message. `onProgress(nonce)` is for the eye. */
export class Uploads extends Outbox {
  #sent = new Map();
  #waiting = new Map();
  #running = new Map();

  constructor({send, shelf, onProgress = () => {}, ...options}) {
    super({...options, storage: shelf, deliver: (entry) => this.#deliver(entry)});
    Object.assign(this, {send, shelf, onProgress});
  }

  add(ticketId, text, note, files) {
    const nonce = newNonce();
    this.shelf.files.set(nonce, files);
    return super.add(ticketId, text, note, {nonce, files: files.map(({name, size}) => ({name, size}))});
  }

  remove(nonce) {
    this.shelf.files.delete(nonce);
    this.#running.get(nonce)?.abort();
    super.remove(nonce);
  }

  clear() {
    for (const {nonce} of this.all()) this.remove(nonce);
  }

  stop() {
    super.stop();
    for (const running of this.#running.values()) running.abort();
  }

  /** How much of it went out, 0 to 1, and why it is not getting on, if so. */
  progress(nonce) {
    return {sent: this.#sent.get(nonce) ?? 0, waiting: this.#waiting.get(nonce) ?? ''};
  }

  async #deliver(entry) {
    const {nonce} = entry;
    const files = this.shelf.files.get(nonce);
    const running = new AbortController();
    const onSent = (part) => this.#tell(nonce, part, '');
    this.#running.set(nonce, running);
    try {
      return await this.send(entry, files, {onSent, signal: running.signal});
    } catch (error) {
      if (!this.shelf.files.has(nonce)) return null;  // taken back, or its message was seen already
      this.#tell(nonce, 0, error.retryable ? error.message : '');
      throw error;
    } finally {
      this.#running.delete(nonce);
    }
  }

  #tell(nonce, sent, waiting) {
    this.#sent.set(nonce, sent);
    this.#waiting.set(nonce, waiting);
    this.onProgress(nonce);
  }
}
