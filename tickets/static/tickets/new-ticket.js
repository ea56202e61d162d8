// The form for a new ticket. The same content is always sent with the same nonce, however often.

import {h, titled} from './dom.js';
import {newNonce} from './outbox.js';
import {backOff, sleep} from './socket.js';

const ATTEMPTS = 6;

export class NewTicket {
  #nonce = '';
  #sentAs = '';

  constructor({request, onOpened}) {
    Object.assign(this, {request, onOpened});
    this.type = h('select', {id: 'type', name: 'type'});
    this.problem = h('p', {class: 'problem', role: 'alert', hidden: true});
    this.hint = h('p', {class: 'muted', role: 'status'});
    this.button = h('button', {class: 'primary', type: 'submit'}, 'Open ticket');
    this.form = this.#form();
    this.element = h('div', {class: 'scroll'}, this.form);
    this.#options();
  }

  #form() {
    return h('form', {class: 'card wide', id: 'new-ticket-form', onsubmit: (event) => this.#submit(event)},
      h('a', {class: 'back', href: '#/'}, 'All tickets'),
      h('h1', {}, 'New ticket'),
      this.problem,
      h('label', {for: 'subject'}, 'Subject'),
      h('input', {id: 'subject', name: 'subject', minlength: 3, maxlength: 100, required: true, autocomplete: 'off'}),
      h('label', {for: 'type'}, 'What is it about?'),
      this.type,
      h('label', {for: 'description'}, 'Description'),
      h('textarea', {id: 'description', name: 'description', rows: 7, minlength: 10, maxlength: 2000, required: true}),
      h('p', {class: 'muted'}, 'What happened, and what did you expect? The team answers here.'),
      this.button, this.hint);
  }

  focus() {
    this.form.elements.subject.focus();
  }

  async #options() {
    try {
      const options = await this.request('GET', '/api/tickets/options');
      this.type.replaceChildren(...options.categories.map(({name}) => h('option', {value: name}, titled(name))));
      const {enabled, may_open: left} = options;
      this.button.disabled = !enabled || left === 0;
      if (!enabled) this.#say('New tickets cannot be opened at the moment.');
      else if (left === 0) this.#say('You have as many open tickets as you may. Wait until one is closed.');
    } catch (error) {
      if (error.status !== 401) this.#say(error.message);
    }
  }

  #say(sentence) {
    this.problem.textContent = sentence;
    this.problem.hidden = !sentence;
  }

  async #submit(event) {
    event.preventDefault();
    const {subject, type, description} = Object.fromEntries(new FormData(this.form));
    const body = {subject, description, ...(type && {type})};
    const content = JSON.stringify(body);
    if (content !== this.#sentAs) [this.#sentAs, this.#nonce] = [content, newNonce()];
    this.#say('');
    this.button.disabled = true;
    try {
      this.onOpened(await this.#persist(body));
    } catch (error) {
      if (error.status !== 401) this.#say(error.message);
    } finally {
      this.button.disabled = false;
      this.hint.textContent = '';
    }
  }

  async #persist(body) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.request('POST', '/api/tickets', {body, nonce: this.#nonce});
      } catch (error) {
        if (!error.retryable || error.status === 429 || attempt + 1 === ATTEMPTS) throw error;
        this.hint.textContent = 'The server cannot be reached. Trying again…';
        await sleep(backOff(attempt));
      }
    }
  }
}
