// The form for a new ticket. The same content is always sent with the same nonce, however often.

import {h, titled, whileBusy} from './dom.js';
import {Field, Question} from './form-fields.js';
import {newNonce} from './outbox.js';
import {backOff, sleep} from '../hazesite/socket.js';

const ATTEMPTS = 6;

export class NewTicket {
  #nonce = '';
  #sentAs = '';

  constructor({request, onOpened}) {
    Object.assign(this, {request, onOpened});
    this.questions = new Map();
    this.type = h('select', {name: 'type', onchange: () => this.#ask()});
    this.asked = h('div', {class: 'asked'});
    this.problem = h('p', {class: 'problem', role: 'alert', hidden: true});
    this.hint = h('p', {class: 'muted', role: 'status'});
    this.button = h('button', {class: 'primary', type: 'submit'}, 'Open ticket');
    this.form = this.#form();
    this.element = h('div', {class: 'scroll'}, this.form);
    this.#options();
  }

  #form() {
    const subject = h('input', {name: 'subject', minlength: 3, maxlength: 100, required: true, autocomplete: 'off'});
    const words = h('textarea', {name: 'description', rows: 7, minlength: 10, maxlength: 2000, required: true});
    this.fields = [
      new Field({name: 'subject', id: 'subject', label: 'Subject', control: subject}),
      new Field({name: 'type', id: 'type', label: 'What is it about?', control: this.type}),
      new Field({
        name: 'description', id: 'description', label: 'Description', control: words,
        hint: 'What happened, and what did you expect? The team answers here.',
      }),
    ];
    const [first, second, last] = this.fields.map(({element}) => element);
    return h('form', {class: 'card wide', id: 'new-ticket-form', onsubmit: (event) => this.#submit(event)},
      h('a', {class: 'back', href: '#/'}, 'Tickets'),
      h('h1', {}, 'New ticket'),
      this.problem, first, second, this.asked, last, this.button, this.hint);
  }

  focus() {
    this.form.elements.subject.focus();
  }

  /** The chosen category's questions; what was answered to another one is kept while one changes one's mind. */
  #ask() {
    this.asked.replaceChildren(...this.#asked().map(({element}) => element));
  }

  #asked() {
    return this.questions.get(this.type.value) ?? [];
  }

  async #options() {
    try {
      const options = await this.request('GET', '/api/tickets/options');
      this.type.replaceChildren(...options.categories.map(({name}) => h('option', {value: name}, titled(name))));
      for (const {name, form} of options.categories) {
        this.questions.set(name, form.map((question) => new Question(question)));
      }
      this.#ask();
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

  #content() {
    const {subject, type, description} = Object.fromEntries(new FormData(this.form));
    const answered = this.#asked().filter(({answer}) => answer !== null).map(({id, answer}) => [id, answer]);
    return {subject, description, ...(type && {type}), ...(answered.length && {answers: Object.fromEntries(answered)})};
  }

  async #submit(event) {
    event.preventDefault();
    const body = this.#content();
    const content = JSON.stringify(body);
    if (content !== this.#sentAs) [this.#sentAs, this.#nonce] = [content, newNonce()];
    this.#say('');
    this.#complain({});
    try {
      this.onOpened(await whileBusy(this.button, () => this.#persist(body)));
    } catch (error) {
      if (error.status !== 401) this.#refused(error);
    } finally {
      this.hint.textContent = '';
    }
  }

  #refused({message, fields}) {
    const unshown = this.#complain(fields ?? {});
    this.#say(unshown || !Object.keys(fields ?? {}).length ? message : 'Some answers are missing or not valid.');
  }

  /** Next to the fields they are about. True: there are some about none of them. */
  #complain(sentences) {
    const fields = [...this.fields, ...this.#asked()];
    for (const field of fields) field.complain(sentences[field.name]);
    fields.find(({name}) => sentences[name])?.focus();
    const names = new Set(fields.map(({name}) => name));
    return Object.keys(sentences).some((name) => !names.has(name));
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
