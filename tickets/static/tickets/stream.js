// One ticket's conversation, kept exactly as the server has it: every step once and in order, whatever
// the network does. Nothing here touches the page.
//
// With `request` it reads over REST. Without it (`request: null`, `token: () => null`: a page with a
// session cookie) everything goes over the socket: the history on joining, what was missed by joining
// again with `after_seq`, messages by `sendOverSocket`.

import {ApiError} from './api.js';
import {LiveSocket, backOff, sleep} from '../hazesite/socket.js';

export {Outbox} from './outbox.js';
export {ApiError, LiveSocket};

const ABOUT_MESSAGES = new Set(['new_message', 'message_edited', 'message_deleted']);
const TYPING_SHOWN = 5_000;
const TYPING_EVERY = 2_500;
const ACKNOWLEDGED_WITHIN = 10_000;
const SILENCE = 70_000;  // the server sends a `head` every 25 s
const PAGE = 100;
const LINE_PAGES = 5;

export class Conversation {
  #catching = false;
  #wanted = 0;
  #typedAt = 0;
  #typists = new Map();
  #acknowledgements = new Map();
  #marked = 0;
  #marking = false;
  #closed = false;

  /** `me`: `{user_id, name}`. `onChange()` after every change; `onDelivered(nonce)` for each message of mine. */
  constructor({ticketId, me, request = null, token, renew, onChange = () => {}, onDelivered = () => {}}) {
    const path = encodeURIComponent(ticketId);
    Object.assign(this, {ticketId, me, request, onChange, onDelivered});
    this.base = `/api/tickets/${path}`;
    /** `loading`, `live`, `reconnecting`, `refused` (not available), `deleted` or `signed-out`. */
    this.state = 'loading';
    this.ticket = null;
    this.lastSeq = null;
    this.hasEarlier = false;
    /** Messages before this place were not loaded. */
    this.oldest = 0;
    this.messages = new Map();
    this.lines = new Map();
    this.names = new Map([[me.user_id, me.name]]);
    /** Who else has it open now (staff are told): `{user_id, user_name}`. */
    this.present = [];
    this.socket = new LiveSocket({
      path: () => `/ws/tickets/${path}/${this.lastSeq === null ? '' : `?after_seq=${this.lastSeq}`}`,
      token, renew, silence: SILENCE,
      onFrame: (frame) => this.receive(frame),
      onState: (state) => this.#connection(state),
    });
  }

  // --- opening and closing -------------------------------------------------
  async open() {
    for (let attempt = 0; this.request && !this.#closed; attempt += 1) {
      try {
        this.#load(await this.request('GET', this.base));
        break;
      } catch (error) {
        if (error.status === 401) return;
        if (!error.retryable) return this.#end('refused');
        await sleep(backOff(attempt));
      }
    }
    if (!this.#closed) this.socket.open();
  }

  close() {
    this.#closed = true;
    this.socket.close();
  }

  nudge() {
    this.socket.nudge();
  }

  #load(detail) {
    const {messages, last_seq: lastSeq, ...ticket} = detail;
    this.ticket = ticket;
    this.names.set(ticket.user_id, ticket.user_name);
    messages.forEach((message) => this.#put(message));
    this.lastSeq = lastSeq;
    this.#marked = ticket.unread_count ? 0 : lastSeq;
    this.#reachesBack(messages, lastSeq);
    this.onChange();
  }

  #reachesBack(messages, upTo) {
    this.hasEarlier = messages.length >= PAGE;
    this.oldest = this.hasEarlier ? messages[0].seq : 0;
    this.#loadLines(Math.max(0, this.oldest - 1), upTo);
  }

  #end(state) {
    this.state = state;
    this.close();
    this.onChange();
  }

  #connection(state) {
    if (this.#closed) return;
    if (state === 'refused') {
      this.#refused();
    } else if (state === 'signed-out') {
      this.#end(state);
    } else if (state !== 'open' && this.state === 'live') {
      this.state = 'reconnecting';
      this.present = [];
      this.onChange();
    }
  }

  /** The socket says only "not available"; the stream knows whether it was deleted. */
  async #refused() {
    let state = 'refused';
    if (this.request && this.lastSeq !== null) {
      try {
        await this.request('GET', `${this.base}/events?after=${this.lastSeq}&limit=1`);
      } catch (error) {
        if (error.status === 410) state = 'deleted';
      }
    }
    this.#end(state);
  }

  // --- what comes in -------------------------------------------------------
  receive(frame) {
    if (frame.type === 'message_history') this.#history(frame);
    else if (frame.type === 'head') this.#behind(frame.seq);
    else if (frame.type === 'typing') this.#typing(frame);
    else if (frame.type === 'presence') this.#presence(frame.users);
    else if (frame.type === 'send_message' || frame.type === 'error') this.#acknowledged(frame);
    else if (ABOUT_MESSAGES.has(frame.type)) this.#live({...frame, data: frame.messageData});
    else if (frame.type === 'ticket_update' && frame.seq) {
      this.#live({...frame, type: frame.event_type, at: frame.timestamp});
    }
  }

  #history({events, messages, last_seq: lastSeq}) {
    if (events) events.forEach((event) => this.#apply(event));
    else {
      messages.forEach((message) => this.#put(message));
      this.oldest = messages.length >= PAGE ? messages[0].seq : 0;
    }
    this.lastSeq = Math.max(this.lastSeq ?? 0, lastSeq);
    if (!this.#closed) this.state = 'live';
    this.onChange();
  }

  /** A step as it happens; one that does not follow on what is known shows that something is missing. */
  #live(event) {
    if (this.lastSeq === null || event.seq <= this.lastSeq) return;
    if (event.prev_seq > this.lastSeq) this.#behind(event.seq);
    else this.#apply(event);
    this.onChange();
  }

  #behind(seq) {
    if (this.lastSeq === null || seq <= this.lastSeq) return;
    this.#wanted = Math.max(this.#wanted, seq);
    if (!this.request) this.socket.send({type: 'join_ticket', after_seq: this.lastSeq});
    else this.#catchUp();
  }

  async #catchUp() {
    if (this.#catching) return;
    this.#catching = true;
    for (let attempt = 0; this.#wanted > this.lastSeq && !this.#closed;) {
      try {
        const {events, has_more: more} = await this.request('GET', `${this.base}/events?after=${this.lastSeq}`);
        events.forEach((event) => this.#apply(event));
        this.onChange();
        attempt = 0;
        if (!more) this.#wanted = Math.min(this.#wanted, this.lastSeq);
      } catch (error) {
        if (!error.retryable) break;
        await sleep(backOff(attempt));
        attempt += 1;
      }
    }
    this.#catching = false;
  }

  #apply(event) {
    if (event.seq <= this.lastSeq) return;
    this.lastSeq = event.seq;
    if (ABOUT_MESSAGES.has(event.type)) return event.data.seq < this.oldest ? undefined : this.#put(event.data);
    this.#line(event);
    if (event.type === 'ticket_deleted') return this.#end('deleted');
    if (this.ticket) Object.assign(this.ticket, event.data);
    if (event.type === 'ticket_rated') this.#readRating();
    return undefined;
  }

  /** The step tells the score alone. */
  async #readRating() {
    const detail = await this.request?.('GET', this.base).catch(() => null);
    if (!detail?.rating || !this.ticket) return;
    this.ticket.rating = detail.rating;
    this.onChange();
  }

  #line({seq, type, at, actor, actor_name, data}) {
    this.lines.set(seq, {seq, type, at, actor, actor_name, data});
    if (actor_name) this.names.set(actor, actor_name);
  }

  /** The newest known version of a message stays, whichever way and in whichever order they come. */
  #put(message) {
    const known = this.messages.get(message.id);
    if (known && (known.deleted || version(known) > version(message)) && !message.deleted) return;
    this.messages.set(message.id, message);
    this.names.set(message.author_id, message.author_name);
    this.#stoppedTyping(message.author_name);
    if (message.client_nonce && message.author_id === this.me.user_id) this.onDelivered(message.client_nonce);
  }

  /** The answer to one's own request: it may come before its frame or after it. */
  answered(message) {
    if (!this.messages.has(message.id) || message.edited_at || message.deleted) this.#put(message);
    this.onChange();
  }

  // --- further back --------------------------------------------------------
  async loadEarlier() {
    const before = this.oldest;
    const {messages} = await this.request('GET', `${this.base}/messages?before_seq=${before}&limit=${PAGE}`);
    messages.forEach((message) => this.#put(message));
    this.#reachesBack(messages, before);
    this.onChange();
  }

  /** Claims, closings and the like between the messages: for the eye only, so a failure is no matter. */
  async #loadLines(after, upTo) {
    try {
      for (let page = 0, more = true; more && after < upTo && page < LINE_PAGES; page += 1) {
        const answer = await this.request('GET', `${this.base}/events?after=${after}`);
        const steps = answer.events.filter(({seq, type}) => seq <= upTo && !ABOUT_MESSAGES.has(type));
        steps.forEach((event) => this.#line(event));
        after = answer.events.at(-1)?.seq ?? upTo;
        more = answer.has_more;
      }
    } catch {
      return;
    }
    this.onChange();
  }

  // --- what goes out -------------------------------------------------------
  /** For an `Outbox` without REST: resolves with the stored message. */
  sendOverSocket({text, nonce}) {
    const frame = {type: 'send_message', message: text, client_nonce: nonce};
    if (!this.socket.send(frame)) return Promise.reject(new ApiError(0));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#acknowledged({client_nonce: nonce}), ACKNOWLEDGED_WITHIN);
      this.#acknowledgements.set(nonce, {resolve, reject, timer});
    });
  }

  #acknowledged({client_nonce: nonce, message, error, code}) {
    const waiting = this.#acknowledgements.get(nonce);
    if (!waiting) return;
    this.#acknowledgements.delete(nonce);
    clearTimeout(waiting.timer);
    const again = {too_many_requests: 429, database_unavailable: 503, server_error: 500, unauthorized: 401};
    if (message) waiting.resolve(message);
    else waiting.reject(new ApiError(code ? again[code] ?? 400 : 0, {error, code}));
  }

  type() {
    const now = Date.now();
    if (now - this.#typedAt < TYPING_EVERY) return;
    this.#typedAt = now;
    this.socket.send({type: 'typing'});
  }

  /** What is known here has been seen. Costs a request only when somebody else said something new. */
  async markRead() {
    const news = [...this.messages.values()].some(
      ({seq, author_id: author}) => seq > this.#marked && author !== this.me.user_id,
    );
    if (!news || this.#marking || this.#closed) return;
    const before = this.#marked;
    this.#marking = true;
    this.#marked = this.lastSeq;
    try {
      if (this.request) await this.request('POST', `${this.base}/mark-read`, {body: {up_to_seq: this.lastSeq}});
      else this.socket.send({type: 'mark_read', up_to_seq: this.lastSeq});
    } catch {
      this.#marked = before;
    } finally {
      this.#marking = false;
    }
  }

  // --- who is there --------------------------------------------------------
  #presence(users) {
    this.present = users.filter(({user_id: id}) => id !== this.me.user_id);
    for (const {user_id: id, user_name: name} of this.present) this.names.set(id, name);
    this.onChange();
  }

  get typists() {
    return [...this.#typists.keys()];
  }

  #typing({user_name: name}) {
    if (name === this.me.name) return;
    clearTimeout(this.#typists.get(name));
    this.#typists.set(name, setTimeout(() => {
      this.#stoppedTyping(name);
      this.onChange();
    }, TYPING_SHOWN));
    this.onChange();
  }

  #stoppedTyping(name) {
    clearTimeout(this.#typists.get(name));
    this.#typists.delete(name);
  }
}

function version(message) {
  return message.edited_at ? Date.parse(message.edited_at) : 0;
}
