// One conversation on the page: what was said, what happened, and the place to write.

import {AttachmentView} from './attachment-view.js';
import {Composer} from './composer.js';
import {clock, day, h, reconcile, whileBusy} from './dom.js';
import {lineText, otherTicket} from './event-lines.js';
import {MessageView} from './message-view.js';
import {TalkHead} from './talk-head.js';
import {TalkPanel} from './talk-panel.js';
import {RatingView, answersOf, wayOn} from './ticket-facts.js';

const NEAR = 120;

export class ConversationView {
  /** `desk`: who is at it, with its `outbox`, `uploads`, `drafts`, `options`, `nameOf()` and `fetchFile`. */
  constructor(conversation, desk) {
    const {outbox, uploads, staff, me} = desk;
    Object.assign(this, {conversation, desk, outbox, uploads, me});
    this.following = true;
    this.scroll = h('div', {
      class: 'scroll', tabindex: '0', 'aria-label': 'Conversation', role: 'region', onscroll: () => this.#scrolled(),
    });
    this.attachments = new AttachmentView({fetchFile: desk.fetchFile, scroll: this.scroll});
    this.messageView = new MessageView({
      conversation, outbox, uploads, attachments: this.attachments, staff, me, nameOf: (id) => desk.nameOf(id),
      onChange: () => this.render(), onGone: () => this.scroll.focus({preventScroll: true}),
      takeBack: (text, note, files) => this.composer.takeBack(text, note, files),
    });
    this.panel = new TalkPanel({conversation, desk});
    this.head = new TalkHead({
      conversation, desk, panel: this.panel, name: (id) => this.messageView.name(id), act: (verb) => this.#act(verb),
    });
    this.rating = new RatingView({conversation, me, onChange: () => this.render()});
    this.composer = new Composer({
      ticketId: conversation.ticketId, staff, drafts: desk.drafts,
      loadReplies: async () => (await conversation.request('GET', `${conversation.base}/canned-replies`)).canned_replies,
      onSend: (text, note, files) => this.#send(text, note, files),
      onTyping: () => conversation.type(), onProblem: (sentence) => this.say(sentence),
    });
    this.#build();
    // A growing composer or an opened panel takes room from it: the end stays in view.
    this.room = new ResizeObserver(() => { if (this.following) this.#toEnd(); });
    this.room.observe(this.scroll);
    this.render();
  }

  #build() {
    this.problem = h('p', {class: 'problem', role: 'alert', hidden: true});
    this.facts = h('div', {class: 'ticket-facts'});
    const earlier = {class: 'quiet more', type: 'button', hidden: true, onclick: () => this.#loadEarlier()};
    this.earlier = h('button', earlier, 'Earlier messages');
    this.steps = h('ol');
    this.log = h('div', {class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': 'Messages', 'aria-busy': 'true'}, this.steps);
    this.scroll.append(this.facts, this.earlier, this.log, this.rating.element);
    const down = {class: 'down', type: 'button', hidden: true, onclick: () => this.#toEnd()};
    this.down = h('button', down, 'New messages below');
    this.typing = h('p', {class: 'typing muted', role: 'status'});
    this.element = h('section', {
      class: 'talk', 'aria-label': 'Ticket', ondragover: (event) => this.#dragged(event),
      ondragleave: (event) => this.#dragged(event), ondrop: (event) => this.#dropped(event),
    }, this.head.element, this.panel.element, this.problem, this.scroll, this.down, this.typing, this.composer.element,
    this.attachments.large);
  }

  focus() {
    // On a phone the keyboard would cover half of what one came to read.
    if (matchMedia('(min-width: 48rem)').matches) this.composer.focus();
    else this.scroll.focus({preventScroll: true});
  }

  close() {
    this.conversation.close();
    this.attachments.close();
    this.room.disconnect();
  }

  // --- what is shown -------------------------------------------------------
  render() {
    const {conversation} = this;
    this.head.render();
    this.panel.render();
    this.rating.render();
    this.#facts();
    this.#end();
    this.earlier.hidden = !conversation.hasEarlier;
    const items = this.#items();
    reconcile(this.steps, items);
    if (conversation.ticket) this.log.setAttribute('aria-busy', 'false');
    const names = conversation.typists;
    const typing = names.length === 1 ? `${names[0]} is typing…` : `${names.join(' and ')} are typing…`;
    this.typing.textContent = names.length ? typing : '';
    this.#compose();
    this.attachments.sweep();
    if (this.following) this.#toEnd();
    else this.down.hidden = items.length <= (this.shown ?? items.length);
    if (this.following) this.shown = items.length;
    this.#read();
  }

  #facts() {
    const {ticket, lines} = this.conversation;
    if (!ticket) return;
    const signature = JSON.stringify([ticket.answers, ticket.merged_into, lines.size && ticket.merged_into]);
    if (this.facts.dataset.signature === signature) return;
    this.facts.dataset.signature = signature;
    this.facts.replaceChildren(wayOn(ticket, lines.values()), answersOf(ticket));
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
    const waiting = [...this.outbox.of(conversation.ticketId), ...this.uploads.of(conversation.ticketId)];
    const pending = waiting.filter(({nonce}) => !known.has(nonce));
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
      else items.push([`line-${line.seq}`, text, () => lineItem(line, text)]);
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
    this.following = false;
    const below = this.scroll.scrollHeight - this.scroll.scrollTop;
    try {
      await whileBusy(this.earlier, () => this.conversation.loadEarlier());
      this.shown = this.steps.children.length;
      this.scroll.scrollTop = this.scroll.scrollHeight - below;
    } catch (error) {
      this.say(error.message);
    }
  }

  // --- writing -------------------------------------------------------------
  #compose() {
    const {ticket, state} = this.conversation;
    const over = ['refused', 'deleted'].includes(state) || Boolean(ticket?.merged_into);
    this.composer.show({closed: ticket?.status === 'closed', over});
  }

  #send(text, note, files) {
    const {ticketId} = this.conversation;
    this.following = true;
    this.say('');
    if (files.length) this.uploads.add(ticketId, text, note, files);
    else this.outbox.add(ticketId, text, note);
    this.render();
  }

  /** Only the bar moves: what is announced and focused stays as it is. */
  showProgress(nonce) {
    const {sent, waiting} = this.uploads.progress(nonce);
    const item = [...this.steps.children].findLast(({dataset}) => dataset.key === `out-${nonce}`);
    const bar = item?.querySelector('progress');
    if (waiting || (item && !bar)) this.render();
    else if (bar) bar.value = sent;
  }

  #dragged(event) {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    const left = event.type === 'dragleave' && !this.element.contains(event.relatedTarget);
    this.element.classList.toggle('dropping', !left);
  }

  #dropped(event) {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    this.element.classList.remove('dropping');
    this.composer.attach([...event.dataTransfer.files]);
  }

  async #act(verb) {
    this.say('');
    try {
      await this.conversation.request('POST', `${this.conversation.base}/${verb}`, {body: {}});
    } catch (error) {
      this.say(error.message);
    }
  }
}

function lineItem(line, text) {
  const other = otherTicket(line);
  return h('li', {class: 'line'}, text, other && ': ', other && h('a', {href: `#/t/${other.id}`}, other.label),
    ' · ', clock(line.at));
}
