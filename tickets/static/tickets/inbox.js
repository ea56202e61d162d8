// The list of tickets, kept live by the inbox socket. Nothing here touches the page.

import {LiveSocket} from '../hazesite/socket.js';

const PAGE = 50;
const MOST = 200;

/** What staff may narrow the list to, as the API's parameters. */
export const SHOWS = {
  due: {snoozed: 'false'},
  staff: {awaiting: 'staff'},
  owner: {awaiting: 'owner'},
  overdue: {overdue: 'true'},
  snoozed: {snoozed: 'true'},
  all: {},
};
// Whether a ticket is among these, the server alone can say.
const BY_SERVER = new Set(['staff', 'owner', 'overdue', 'snoozed']);

export class Inbox {
  #timer = null;
  #loading = null;
  #stale = false;
  #seen = new Map();
  #closed = false;

  /** `isRead(ticketId)`: whether somebody is looking at that ticket right now. */
  constructor({me, show = 'all', request, token, renew, onChange, onState = () => {}, isRead = () => false}) {
    Object.assign(this, {me, request, onChange, onState, isRead});
    this.tickets = [];
    this.cursor = null;
    this.filter = {status: 'open', show, q: ''};
    this.total = 0;
    this.loaded = false;
    this.problem = '';
    this.socket = new LiveSocket({
      path: () => '/ws/tickets/', token, renew,
      onFrame: (frame) => this.receive(frame),
      onState: (state) => this.#connection(state),
    });
  }

  open() {
    this.load();
    this.socket.open();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.socket.close();
  }

  nudge() {
    this.socket.nudge();
  }

  /** `{status, show, q}`, or some of them. */
  narrow(changes) {
    Object.assign(this, {filter: {...this.filter, ...changes}, tickets: [], cursor: null, loaded: false});
    this.onChange();
    this.load();
  }

  #connection(state) {
    this.onState(state);
  }

  /** All that is shown, again. Asked for while it runs, it runs once more. */
  async load() {
    this.#stale = true;
    if (this.#loading) return;
    this.#loading = true;
    try {
      while (this.#stale && !this.#closed) {
        this.#stale = false;
        await this.#read();
      }
    } finally {
      this.#loading = false;
    }
  }

  #ask(limit, cursor) {
    const {status, show, q} = this.filter;
    const query = new URLSearchParams({status, limit, ...SHOWS[show], ...(q && {q}), ...(cursor && {cursor})});
    return this.request('GET', `/api/tickets?${query}`);
  }

  async #read() {
    const {filter} = this;
    try {
      const answer = await this.#ask(Math.min(MOST, Math.max(PAGE, this.tickets.length)));
      if (filter !== this.filter) return;
      const {tickets, next_cursor: cursor, total} = answer;
      Object.assign(this, {tickets, cursor, total, loaded: true, problem: ''});
    } catch (error) {
      if (filter !== this.filter) return;
      this.problem = error.message;
      if (error.retryable) this.#soon(3000);
    }
    this.onChange();
  }

  async more() {
    const {filter} = this;
    const answer = await this.#ask(PAGE, this.cursor);
    if (filter !== this.filter) return;
    const known = new Set(this.tickets.map((ticket) => ticket.ticket_id));
    this.tickets.push(...answer.tickets.filter((ticket) => !known.has(ticket.ticket_id)));
    this.cursor = answer.next_cursor;
    this.onChange();
  }

  #soon(ms = 400) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), ms * (1 + Math.random() / 2));
  }

  get #byServer() {
    return Boolean(this.filter.q) || BY_SERVER.has(this.filter.show);
  }

  receive(frame) {
    // The inbox has no history: whatever happened before it was joined is read from the list.
    if (frame.type === 'joined_inbox') this.load();
    if (frame.type !== 'ticket_update') return;
    if (this.#loading) this.#stale = true;
    if (frame.event_type === 'ticket_read') return this.#readElsewhere(frame);
    if (frame.seq <= (this.#seen.get(frame.ticket_id) ?? 0)) return undefined;
    this.#seen.set(frame.ticket_id, frame.seq);
    // The inbox may repeat what happened shortly before it was opened.
    const known = this.tickets.find((one) => one.ticket_id === frame.ticket_id);
    if (known && Date.parse(frame.timestamp) <= activity(known)) return undefined;
    this.#apply(frame);
    this.onChange();
    return undefined;
  }

  #readElsewhere({ticket_id: id, data}) {
    const ticket = this.tickets.find((one) => one.ticket_id === id);
    if (!ticket || data.user_id !== this.me.user_id || !ticket.unread_count) return;
    if (data.up_to_seq >= (this.#seen.get(id) ?? 0)) ticket.unread_count = 0;
    else this.#soon();
    this.onChange();
  }

  #apply({ticket_id: id, event_type: type, data, timestamp}) {
    const place = this.tickets.findIndex((one) => one.ticket_id === id);
    if (type === 'ticket_deleted') {
      if (place >= 0) this.tickets.splice(place, 1);
      return;
    }
    let ticket = place >= 0 ? this.tickets.splice(place, 1)[0] : null;
    if (this.#byServer) this.#soon(1500);
    else if (type === 'ticket_created') ticket ??= created(id, data);
    if (!ticket) return this.#byServer || this.#soon();  // it came back, or from beyond the last page
    if (type === 'new_message') this.#message(ticket, data);
    else if (type === 'message_edited' || type === 'message_deleted') this.#soon();
    else Object.assign(ticket, data);
    ticket.active_at = timestamp;
    if (this.#belongs(ticket)) this.#place(ticket);
    return undefined;
  }

  #place(ticket) {
    const older = this.tickets.findIndex((one) => activity(one) <= activity(ticket));
    this.tickets.splice(older < 0 ? this.tickets.length : older, 0, ticket);
  }

  #message(ticket, message) {
    if (message.is_note) this.#soon();
    const known = ticket.last_message_at && Date.parse(ticket.last_message_at) >= Date.parse(message.timestamp);
    if (message.is_note || known) return;
    const words = message.content || message.attachments.map(({name}) => name).join(', ');
    Object.assign(ticket, {last_message: words, last_message_at: message.timestamp});
    if (message.author_id === this.me.user_id) ticket.unread_count = 0;
    else if (!this.isRead(ticket.ticket_id)) ticket.unread_count += 1;
  }

  #belongs(ticket) {
    const {status, show} = this.filter;
    if (show === 'due' && Date.parse(ticket.snoozed_until) > Date.now()) return false;
    if (status === 'all') return true;
    return status === 'open' ? ticket.status !== 'closed' : ticket.status === status;
  }
}

/** When a ticket last moved, as far as the list knows. */
function activity({active_at: activeAt, last_message_at: saidAt, created_at: createdAt}) {
  return Date.parse(activeAt ?? saidAt ?? createdAt);
}

function created(id, data) {
  return {
    ticket_id: id, tags: [], last_message: '', last_message_at: null, unread_count: 0,
    assigned_to: null, claimed_by: null, ...data,
  };
}
