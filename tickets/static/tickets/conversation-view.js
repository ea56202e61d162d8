// One conversation on the page: what was said, what happened, and the place to write.

import {clock, day, h, reconcile, statusPill, titled} from './dom.js';
import {MessageView, lineText} from './message-view.js';

const NEAR = 120;

export class ConversationView {
  /** `drafts`: a map that keeps unsent texts while one looks at other tickets. */
  constructor(conversation, outbox, {staff, me, drafts, ownerMayClose = false}) {
    Object.assign(this, {conversation, outbox, staff, me, drafts, ownerMayClose});
    this.messageView = new MessageView({
      conversation, outbox, staff, me, onChange: () => this.render(),
      write: (text, note) => this.#takeBack(text, note),
    });
    this.note = false;
    this.following = true;
    this.#build();
    this.render();
  }

  #build() {
    this.head = h('header', {class: 'talk-head'});
    this.problem = h('p', {class: 'problem', role: 'alert', hidden: true});
    const earlier = {class: 'quiet more', type: 'button', hidden: true, onclick: () => this.#loadEarlier()};
    this.earlier = h('button', earlier, 'Earlier messages');
    this.log = h('ol', {class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': 'Messages', 'aria-busy': 'true'});
    const region = {class: 'scroll', tabindex: '0', 'aria-label': 'Conversation', role: 'region'};
    this.scroll = h('div', {...region, onscroll: () => this.#scrolled()}, this.earlier, this.log);
    const down = {class: 'down', type: 'button', hidden: true, onclick: () => this.#toEnd()};
    this.down = h('button', down, 'New messages below');
    this.typing = h('p', {class: 'typing muted', role: 'status'});
    this.element = h('section', {class: 'talk', 'aria-label': 'Ticket'},
      this.head, this.problem, this.scroll, this.down, this.typing, this.#composer());
  }

  #composer() {
    this.text = h('textarea', {
      id: 'message', rows: 1, maxlength: 4000, placeholder: 'Write a message', oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
    });
    this.text.value = this.drafts.get(this.conversation.ticketId) ?? '';
    this.toggle = h('input', {type: 'checkbox', id: 'note', onchange: () => this.#noteMode()});
    this.label = h('label', {for: 'message', class: 'hidden'}, 'Message');
    this.submit = h('button', {class: 'primary', type: 'submit'}, 'Send');
    this.composer = h('form', {class: 'composer', onsubmit: (event) => { event.preventDefault(); this.#send(); }},
      this.label, this.text,
      h('div', {class: 'composer-foot'},
        this.staff && h('label', {class: 'check', for: 'note'}, this.toggle, 'Internal note, for staff only'),
        h('span', {class: 'muted keys'}, 'Enter sends, Shift + Enter starts a new line'),
        h('span', {class: 'spacer'}), this.submit));
    return this.composer;
  }

  focus() {
    // On a phone the keyboard would cover half of what one came to read.
    if (matchMedia('(min-width: 48rem)').matches) this.text.focus();
    else this.scroll.focus({preventScroll: true});
  }

  close() {
    this.conversation.close();
  }

  // --- what is shown -------------------------------------------------------
  render() {
    const {conversation} = this;
    this.#head();
    this.#end();
    this.earlier.hidden = !conversation.hasEarlier;
    const items = this.#items();
    reconcile(this.log, items);
    if (conversation.ticket) this.log.setAttribute('aria-busy', 'false');
    const names = conversation.typists;
    const typing = names.length === 1 ? `${names[0]} is typing…` : `${names.join(' and ')} are typing…`;
    this.typing.textContent = names.length ? typing : '';
    this.#compose();
    if (this.following) this.#toEnd();
    else this.down.hidden = items.length <= (this.shown ?? items.length);
    if (this.following) this.shown = items.length;
    this.#read();
  }

  #head() {
    const {ticket, ticketId} = this.conversation;
    const holder = ticket?.claimed_by === this.me.user_id ? 'you' : this.messageView.name(ticket?.claimed_by);
    const shown = [ticket?.subject, ticket?.status, ticket?.claimed_by, holder, ticket?.priority, ticket?.type];
    const signature = JSON.stringify([...shown, this.conversation.state]);
    if (this.head.dataset.signature === signature) return;
    this.head.dataset.signature = signature;
    const normal = !ticket || ticket.priority === 'normal';
    const facts = ticket && [`#${ticket.ticket_num}`, ticket.user_name, titled(ticket.type)];
    if (!normal) facts.push(titled(ticket.priority));
    if (ticket?.claimed_by) facts.push(`claimed by ${holder}`);
    this.head.replaceChildren(
      h('a', {class: 'back', href: '#/'}, 'All tickets'),
      h('div', {class: 'talk-title'},
        h('h1', {}, ticket?.subject ?? (this.conversation.state === 'loading' ? 'Loading…' : 'Ticket')),
        h('p', {class: 'muted'}, ticket ? statusPill(ticket.status) : '', facts ? ` ${facts.join(' · ')}` : '')),
      h('div', {class: 'actions', 'data-ticket': ticketId}, ...this.#actions(ticket)));
  }

  #actions(ticket) {
    if (!ticket || ['refused', 'deleted'].includes(this.conversation.state)) return [];
    const verbs = [];
    if (this.staff && ticket.status === 'open') verbs.push(['claim', 'Claim']);
    if (this.staff && ticket.status === 'claimed') verbs.push(['unclaim', 'Unclaim']);
    const mine = ticket.user_id === this.me.user_id;
    const mayClose = this.staff || (mine && this.ownerMayClose);
    if (mayClose && ticket.status !== 'closed') verbs.push(['close', 'Close']);
    if (ticket.status === 'closed' && (this.staff || mine)) verbs.push(['reopen', 'Reopen']);
    return verbs.map(([verb, label]) => {
      return h('button', {type: 'button', onclick: (event) => this.#act(verb, event.target)}, label);
    });
  }

  #end() {
    const over = {refused: 'This ticket is not available.', deleted: 'This ticket was deleted.'}[this.conversation.state];
    if (over) this.say(over);
  }

  say(sentence) {
    this.problem.textContent = sentence;
    this.problem.hidden = !sentence;
  }

  /** Messages and small lines by their place in the stream, then what is still on its way. */
  #items() {
    const {conversation, messageView} = this;
    const said = [...conversation.messages.values()].filter((message) => !message.deleted);
    const happened = [...conversation.lines.values()].filter(({seq}) => seq >= conversation.oldest);
    const known = new Set(said.filter((one) => one.author_id === this.me.user_id).map((one) => one.client_nonce));
    const pending = this.outbox.of(conversation.ticketId).filter(({nonce}) => !known.has(nonce));
    const steps = [
      ...said.map((message) => ({seq: message.seq, at: message.timestamp, message})),
      ...happened.map((line) => ({seq: line.seq, at: line.at, line})),
    ].sort((one, other) => one.seq - other.seq);
    return [...this.#dated(steps), ...pending.map((entry) => messageView.pendingItem(entry))];
  }

  #dated(steps) {
    const {messageView} = this;
    const items = [];
    let lastDay = '', before = null;
    for (const {at, message, line} of steps) {
      const text = line && lineText(line, (id) => messageView.name(id));
      if (line && !text) continue;
      if (day(at) !== lastDay) {
        lastDay = day(at);
        before = null;
        const label = lastDay;
        items.push([`day-${label}`, label, () => h('li', {class: 'day'}, h('span', {}, label))]);
      }
      if (message) items.push(messageView.item(message, before));
      else items.push([`line-${line.seq}`, text, () => h('li', {class: 'line'}, text, ' · ', clock(at))]);
      before = message ?? null;
    }
    return items;
  }

  // --- where one looks -----------------------------------------------------
  #read() {
    if (this.following && !document.hidden) this.conversation.markRead();
  }

  #scrolled() {
    const {scrollHeight, scrollTop, clientHeight} = this.scroll;
    this.following = scrollHeight - scrollTop - clientHeight < NEAR;
    if (!this.following) return;
    this.down.hidden = true;
    this.#read();
  }

  #toEnd() {
    this.following = true;
    this.down.hidden = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  async #loadEarlier() {
    this.earlier.disabled = true;
    this.following = false;
    const below = this.scroll.scrollHeight - this.scroll.scrollTop;
    try {
      await this.conversation.loadEarlier();
      this.shown = this.log.children.length;
      this.scroll.scrollTop = this.scroll.scrollHeight - below;
    } catch (error) {
      this.say(error.message);
    } finally {
      this.earlier.disabled = false;
    }
  }

  // --- writing -------------------------------------------------------------
  #compose() {
    const {ticket, state} = this.conversation;
    const over = ['refused', 'deleted'].includes(state);
    const closed = ticket?.status === 'closed' && !this.note;
    this.composer.hidden = over;
    this.text.disabled = this.submit.disabled = closed;
    const open = this.note ? 'Write an internal note' : 'Write a message';
    this.text.placeholder = closed ? 'This ticket is closed. Reopen it to write.' : open;
    this.label.textContent = this.note ? 'Internal note' : 'Message';
    this.submit.textContent = this.note ? 'Add note' : 'Send';
    this.composer.classList.toggle('noting', this.note);
  }

  #noteMode() {
    this.note = this.toggle.checked;
    this.#compose();
    this.text.focus();
  }

  #typed() {
    this.drafts.set(this.conversation.ticketId, this.text.value);
    // A note is nobody's business but the staff's, its being written too.
    if (!this.note && this.text.value) this.conversation.type();
  }

  #key(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    const text = this.text.value.trim();
    if (!text || this.text.disabled) return;
    this.following = true;
    this.outbox.add(this.conversation.ticketId, text, this.note);
    this.write('');
    this.toggle.checked = this.note = false;
    this.render();
  }

  /** Put a text into the composer, for instance one that could not be sent. */
  write(text, note = false) {
    this.text.value = text;
    this.toggle.checked = this.note = note;
    this.drafts.set(this.conversation.ticketId, text);
    if (text) this.text.focus();
  }

  /** Beside a draft; what was meant for staff alone stays so. */
  #takeBack(text, note) {
    const draft = this.text.value.trim();
    this.write(draft ? `${draft}\n${text}` : text, note || (this.note && draft !== ''));
  }

  async #act(verb, button) {
    button.disabled = true;
    this.say('');
    try {
      await this.conversation.request('POST', `${this.conversation.base}/${verb}`, {body: {}});
    } catch (error) {
      this.say(error.message);
    } finally {
      button.disabled = false;
    }
  }
}
