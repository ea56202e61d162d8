// A single message, with what its author may do to it, and the small lines between messages.

import {clock, h} from './dom.js';

const REALLY = 4000;
const TOGETHER = 5 * 60_000;

const LINES = {
  ticket_created: (who) => `${who} opened the ticket`,
  ticket_claimed: (who) => `${who} claimed the ticket`,
  ticket_unclaimed: (who) => `${who} released the ticket`,
  ticket_closed: (who) => `${who} closed the ticket`,
  ticket_reopened: (who) => `${who} reopened the ticket`,
  ticket_deleted: (who) => `${who} deleted the ticket`,
  ticket_assigned: (who, {assigned_to: id}, name) => {
    return id ? `${who} assigned the ticket to ${name(id)}` : `${who} took the assignment back`;
  },
  ticket_updated: (who, data) => `${who} changed ${Object.entries(data).map(change).join(', ')}`,
};

function change([name, value]) {
  return `${name} to ${[value].flat().join(', ') || 'none'}`;
}

/** What a step that is no message says; empty for one this page does not know. */
export function lineText({type, actor, actor_name: actorName, data}, name) {
  return LINES[type]?.(actor ? named(actor, actorName, name) : 'The server', data, name) ?? '';
}

function named(actor, actorName, name) {
  const known = name(actor);
  return known === 'Staff' || known === 'staff' ? actorName ?? known : known;
}

function follows(before, message) {
  const pause = Date.parse(message.timestamp) - Date.parse(before.timestamp);
  return before.author_id === message.author_id && before.is_note === message.is_note && pause < TOGETHER;
}

function link(label, onclick) {
  return h('button', {type: 'button', class: 'link', onclick}, label);
}

export class MessageView {
  constructor({conversation, outbox, staff, me, onChange, write}) {
    Object.assign(this, {conversation, outbox, staff, me, onChange, write});
    this.editing = null;
    this.problem = '';
  }

  name(id) {
    if (id === this.me.user_id) return 'You';
    return this.conversation.names.get(id) ?? 'Staff';
  }

  #mine(message) {
    return message.author_id === this.me.user_id;
  }

  /** `before`: the message right above, if any; one in a row needs no name again. */
  item(message, before) {
    const joined = before && follows(before, message);
    const closed = this.conversation.ticket?.status === 'closed';
    const editing = this.editing === message.id && !closed;
    const shown = [message.content, message.edited_at, joined, editing, editing && this.problem, closed];
    const make = () => (editing ? this.#editor(message) : this.#message(message, joined, closed));
    return [message.id, JSON.stringify(shown), make];
  }

  #message(message, joined, closed) {
    const mine = this.#mine(message);
    const kind = `${mine ? ' mine' : ''}${message.is_note ? ' note' : ''}${joined ? ' joined' : ''}`;
    return h('li', {class: `message${kind}`, 'data-id': message.id},
      !joined && h('p', {class: 'byline'},
        h('span', {class: 'author'}, mine ? 'You' : message.author_name),
        message.is_admin && h('span', {class: 'mark'}, 'Staff'),
        message.is_note && h('span', {class: 'mark note-mark'}, 'Internal note'),
        message.source === 'discord' && h('span', {class: 'muted'}, 'via Discord')),
      h('div', {class: 'bubble'}, h('p', {class: 'content'}, message.content)),
      h('p', {class: 'meta'},
        clock(message.timestamp),
        message.edited_at && h('span', {}, 'edited'),
        mine && !closed && link('Edit', () => this.#edit(message.id)),
        (mine || this.staff) && link('Delete', (event) => this.#delete(message, event.target))));
  }

  pendingItem(entry) {
    return [`out-${entry.nonce}`, entry.error || 'pending', () => this.#pending(entry)];
  }

  #pending(entry) {
    const failed = Boolean(entry.error);
    const kind = `${entry.note ? ' note' : ''}${failed ? ' failed' : ''}`;
    return h('li', {class: `message mine pending${kind}`},
      h('div', {class: 'bubble'}, h('p', {class: 'content'}, entry.text)),
      !failed && h('p', {class: 'meta'}, 'Sending…'),
      failed && h('p', {class: 'meta', role: 'alert'}, h('span', {class: 'bad'}, `Not sent: ${entry.error}`),
        link('Try again', () => this.outbox.retry(entry.nonce)),
        link('Edit', () => this.#rewrite(entry)),
        link('Discard', () => this.outbox.remove(entry.nonce))));
  }

  #rewrite(entry) {
    this.outbox.remove(entry.nonce);
    this.write(entry.text, entry.note);
    this.onChange();
  }

  // --- changing ------------------------------------------------------------
  #edit(id) {
    this.editing = id;
    this.problem = '';
    this.draft = null;
    this.onChange();
    document.getElementById(`edit-${id}`)?.focus();
  }

  #editor(message) {
    const text = h('textarea', {id: `edit-${message.id}`, rows: 3, maxlength: 4000});
    text.value = this.draft ?? message.content;
    const done = () => this.#edit(null);
    const save = () => this.#save(message, text.value.trim());
    text.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') done();
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      save();
    });
    return h('li', {class: 'message mine editing'},
      h('form', {onsubmit: (event) => { event.preventDefault(); save(); }},
        h('label', {for: text.id}, 'Edit message'), text,
        this.problem && h('p', {class: 'problem', role: 'alert'}, this.problem),
        h('p', {class: 'buttons'},
          h('button', {type: 'button', class: 'quiet', onclick: done}, 'Cancel'),
          h('button', {type: 'submit', class: 'primary'}, 'Save'))));
  }

  async #save(message, content) {
    if (!content) return;
    this.draft = content;
    try {
      const path = `${this.conversation.base}/messages/${message.id}`;
      const answer = await this.conversation.request('PATCH', path, {body: {message: content}});
      this.editing = null;
      this.conversation.answered(answer.message);
    } catch (error) {
      this.problem = error.message;
      this.onChange();
    }
  }

  /** Asks by changing its own label: a second click within some seconds means it. */
  async #delete(message, button) {
    if (button.dataset.sure !== 'yes') {
      button.dataset.sure = 'yes';
      button.textContent = 'Really delete?';
      setTimeout(() => Object.assign(button, {textContent: 'Delete'}).removeAttribute('data-sure'), REALLY);
      return;
    }
    button.disabled = true;
    try {
      await this.conversation.request('DELETE', `${this.conversation.base}/messages/${message.id}`);
      this.conversation.answered({...message, deleted: true});
    } catch (error) {
      button.disabled = false;
      button.textContent = error.message;
    }
  }
}
