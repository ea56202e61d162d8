// A single message, with what its author may do to it, and what is still on its way.

import {clock, h, sizeInWords, whileBusy} from './dom.js';

const REALLY = 4000;
const TOGETHER = 5 * 60_000;
const SPECIAL = /[\\^$.*+?()[\]{}|/-]/g;

/** The text with the places marked that name `me`, if the server says that it does. */
function marked({content, mentions}, me) {
  if (!mentions?.includes(me.user_id)) return [content];
  const name = me.name.replace(SPECIAL, '\\$&');
  const named = new RegExp(`((?<![\\w@.])@${name}(?!\\w)|<@!?${me.user_id}>)`, 'gu');
  return content.split(named).map((part, place) => {
    return place % 2 ? h('mark', {}, part.startsWith('<') ? `@${me.name}` : part) : part;
  });
}

function follows(before, message) {
  const pause = Date.parse(message.timestamp) - Date.parse(before.timestamp);
  return before.author_id === message.author_id && before.is_note === message.is_note && pause < TOGETHER;
}

function link(label, onclick) {
  return h('button', {type: 'button', class: 'link', onclick}, label);
}

/** On what one may do to it, for whoever goes by keyboard and just did something. */
function focusOn({id}) {
  document.querySelector(`[data-id="${id}"] .link`)?.focus({preventScroll: true});
}

export class MessageView {
  /** `nameOf(id)` knows whom the conversation does not. */
  constructor({conversation, outbox, uploads, attachments, staff, me, nameOf, onChange, onGone, takeBack}) {
    Object.assign(this, {conversation, outbox, uploads, attachments, staff, me, nameOf, onChange, onGone, takeBack});
    this.editing = null;
    this.problem = '';
  }

  name(id) {
    if (id === this.me.user_id) return 'You';
    return this.conversation.names.get(id) ?? this.nameOf(id) ?? 'Staff';
  }

  #mine(message) {
    return message.author_id === this.me.user_id;
  }

  /** `before`: the message right above, if any; one in a row needs no name again. */
  item(message, before) {
    const joined = before && follows(before, message);
    const closed = this.conversation.ticket?.status === 'closed';
    const editing = this.editing === message.id && !closed;
    const shown = [message.content, message.edited_at, joined, editing, editing && this.problem, closed, message.attachments.map(({id}) => id)];
    const make = () => (editing ? this.#editor(message) : this.#message(message, joined, closed));
    return [message.id, JSON.stringify(shown), make];
  }

  #message(message, joined, closed) {
    const mine = this.#mine(message);
    const named = message.mentions?.includes(this.me.user_id);
    const kind = `${mine ? ' mine' : ''}${message.is_note ? ' note' : ''}${joined ? ' joined' : ''}${named ? ' named' : ''}`;
    return h('li', {class: `message${kind}`, 'data-id': message.id},
      !joined && h('p', {class: 'byline'},
        h('span', {class: 'author'}, mine ? 'You' : message.author_name),
        message.is_admin && h('span', {class: 'mark'}, 'Staff'),
        message.is_note && h('span', {class: 'mark note-mark'}, 'Internal note'),
        message.source === 'discord' && h('span', {class: 'muted'}, 'via Discord')),
      h('div', {class: 'bubble'},
        message.content && h('p', {class: 'content'}, ...marked(message, this.me)),
        message.attachments.length > 0 && this.attachments.list(message.attachments)),
      h('p', {class: 'meta'},
        clock(message.timestamp),
        message.edited_at && h('span', {}, 'edited'),
        mine && !closed && message.content && link('Edit', () => this.#edit(message.id)),
        (mine || this.staff) && link('Delete', (event) => this.#delete(message, event.target))));
  }

  pendingItem(entry) {
    const waiting = entry.files && this.uploads.progress(entry.nonce).waiting;
    return [`out-${entry.nonce}`, JSON.stringify([entry.error, waiting]), () => this.#pending(entry, waiting)];
  }

  #pending(entry, waiting) {
    const failed = Boolean(entry.error);
    const kind = `${entry.note ? ' note' : ''}${failed ? ' failed' : ''}`;
    return h('li', {class: `message mine pending${kind}`},
      h('div', {class: 'bubble'},
        entry.text && h('p', {class: 'content'}, entry.text),
        entry.files && h('ul', {class: 'files'}, ...entry.files.map(({name, size}) => h('li', {class: 'file'},
          h('span', {class: 'file-name'}, name), h('span', {class: 'muted'}, sizeInWords(size)))))),
      failed ? this.#failed(entry) : entry.files ? this.#sending(entry, waiting) : h('p', {class: 'meta'}, 'Sending…'));
  }

  #failed(entry) {
    const box = entry.files ? this.uploads : this.outbox;
    return h('p', {class: 'meta', role: 'alert'}, h('span', {class: 'bad'}, `Not sent: ${entry.error}`),
      link('Try again', () => box.retry(entry.nonce)),
      link('Edit', () => this.#rewrite(entry)),
      link('Discard', () => box.remove(entry.nonce)));
  }

  #sending({nonce}, waiting) {
    const {sent} = this.uploads.progress(nonce);
    return h('p', {class: 'meta sending'},
      waiting ? `Not sent yet: ${waiting} Trying again…` : 'Sending… Keep this tab open.',
      !waiting && h('progress', {'aria-label': 'Sent', max: 1, value: sent}),
      waiting && link('Try now', () => this.uploads.kick()),
      link('Discard', () => this.uploads.remove(nonce)));
  }

  #rewrite(entry) {
    const files = entry.files && this.uploads.shelf.files.get(entry.nonce);
    (entry.files ? this.uploads : this.outbox).remove(entry.nonce);
    this.takeBack(entry.text, entry.note, files);
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
    const done = () => {
      this.#edit(null);
      focusOn(message);
    };
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
      focusOn(message);
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
    try {
      const path = `${this.conversation.base}/messages/${message.id}`;
      await whileBusy(button, () => this.conversation.request('DELETE', path));
      this.conversation.answered({...message, deleted: true});
      this.onGone();
    } catch (error) {
      button.textContent = error.message;
    }
  }
}
