// Answers written once: picked from a list, or found by typing `/` and the beginning of a name.

import {h} from './dom.js';

const TYPED = /(?:^|\s)\/([\p{L}\p{N}_-]*)$/u;

export class CannedReplies {
  #replies = null;
  #found = [];
  #at = 0;
  #all = false;

  /** `text`: the textarea. `load()` gives the replies filled in for this ticket. `onChange()` after one was put in. */
  constructor({text, load, onChange}) {
    Object.assign(this, {text, load, onChange});
    this.list = h('ul', {id: 'replies', class: 'replies', role: 'listbox', 'aria-label': 'Canned replies', hidden: true});
    this.button = h('button', {
      type: 'button', class: 'quiet', 'aria-haspopup': 'listbox', 'aria-expanded': 'false', 'aria-controls': 'replies',
      title: 'Or type / and the beginning of its name', onclick: () => (this.list.hidden ? this.#openAll() : this.shut()),
    }, 'Canned replies');
    text.setAttribute('aria-controls', 'replies');
    text.setAttribute('aria-autocomplete', 'list');
    text.addEventListener('blur', () => setTimeout(() => {
      if (document.activeElement !== this.text && document.activeElement !== this.button) this.shut();
    }));
  }

  async #openAll() {
    this.#replies = null;
    this.#all = true;
    this.text.focus();
    await this.#look('');
  }

  /** After every change of the text. */
  async typed() {
    this.#all = false;
    const token = this.#token();
    if (token === null) return this.shut();
    return this.#look(token);
  }

  #token() {
    const {value, selectionStart, selectionEnd} = this.text;
    return selectionStart === selectionEnd ? value.slice(0, selectionStart).match(TYPED)?.[1] ?? null : null;
  }

  async #look(token) {
    try {
      this.#replies ??= await this.load();
    } catch (error) {
      return this.#say(error.message);
    }
    const wanted = this.#all ? '' : this.#token() ?? token;
    const start = wanted.toLowerCase();
    this.#found = this.#replies.filter(({name}) => name.toLowerCase().startsWith(start));
    this.#at = 0;
    if (!this.#found.length && !this.#all) return this.shut();
    if (!this.#found.length) return this.#say('There are no canned replies yet. The admin pages and the API add them.');
    return this.#draw();
  }

  #say(sentence) {
    this.#found = [];
    this.list.replaceChildren(h('li', {class: 'muted'}, sentence));
    this.#shown(true);
  }

  #draw() {
    this.list.replaceChildren(...this.#found.map((reply, place) => h('li', {
      id: `reply-${place}`, role: 'option', 'aria-selected': String(place === this.#at),
      onpointerdown: (event) => { event.preventDefault(); this.#pick(reply); },
    }, h('b', {}, `/${reply.name}`), h('span', {class: 'muted'}, reply.text))));
    this.#shown(true);
    this.text.setAttribute('aria-activedescendant', `reply-${this.#at}`);
    this.list.children[this.#at]?.scrollIntoView({block: 'nearest'});
  }

  shut() {
    this.#found = [];
    this.#shown(false);
    this.text.removeAttribute('aria-activedescendant');
  }

  #shown(open) {
    this.list.hidden = !open;
    this.button.setAttribute('aria-expanded', String(open));
  }

  /** Whether the key was meant for the list. */
  key(event) {
    if (this.list.hidden || event.isComposing) return false;
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (event.key === 'Escape') this.shut();
    else if (!this.#found.length) return false;
    else if (step) this.#move(step);
    else if (event.key === 'Enter' || event.key === 'Tab') this.#pick(this.#found[this.#at]);
    else return false;
    event.preventDefault();
    return true;
  }

  #move(step) {
    this.#at = (this.#at + step + this.#found.length) % this.#found.length;
    this.#draw();
  }

  #pick(reply) {
    const {selectionStart: end} = this.text;
    const token = this.#all ? null : this.#token();
    const start = token === null ? end : end - token.length - 1;
    this.text.setRangeText(reply.text, start, this.text.selectionEnd, 'end');
    this.shut();
    this.text.focus();
    this.onChange();
  }
}
