// Whom a ticket can be handed to: all staff, read anew whenever the list opens, and narrowed by typing.

import {h} from './dom.js';

const ROLES = {admin: 'Admin', moderator: 'Moderator'};
const PAGE = 200;
const TYPED = 250;
const LOW = 320;
const GAP = 4;

export class StaffPicker {
  #known = [];
  #whole = false;
  #found = [];
  #at = -1;
  #asked = 0;
  #timer = null;

  /** `holder()` is the id of who has the ticket, and needs no handing over; `present()` are the ids of who looks at it. */
  constructor({id, request, me, holder, present}) {
    Object.assign(this, {id, request, me, holder, present});
    this.chosen = null;
    this.input = h('input', {
      id, role: 'combobox', 'aria-expanded': 'false', 'aria-controls': `${id}-list`, 'aria-autocomplete': 'list',
      autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', maxlength: 150, placeholder: 'Find somebody of staff',
      onfocus: () => this.#open(), onclick: () => this.#open(), oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event), onblur: () => this.#left(),
    });
    this.list = h('ul', {id: `${id}-list`, role: 'listbox', 'aria-label': 'Staff'});
    this.state = h('p', {class: 'muted', role: 'status'});
    // Whatever is pressed in here, the focus stays where one types.
    this.menu = h('div', {class: 'menu', hidden: true, onpointerdown: (event) => event.preventDefault()}, this.list, this.state);
    this.element = h('div', {class: 'picker'}, this.input, this.menu);
    this.place = () => this.#place();
  }

  /** What was typed, or nobody. */
  get value() {
    const typed = this.input.value.trim().toLowerCase();
    return this.chosen ?? this.#known.find(({username}) => username.toLowerCase() === typed) ?? null;
  }

  clear() {
    this.input.value = '';
    this.chosen = null;
  }

  // --- finding ---------------------------------------------------------------
  #open() {
    if (!this.menu.hidden) return;
    this.#known = [];
    this.#shown(true);
    this.#say('Loading…');
    this.#ask(this.chosen ? '' : this.input.value.trim());
  }

  #typed() {
    this.chosen = null;
    clearTimeout(this.#timer);
    if (this.menu.hidden) this.#open();
    else if (this.#whole) this.#draw(0);
    else this.#timer = setTimeout(() => this.#ask(this.input.value.trim()), TYPED);
  }

  /** The API gives one role at a time. An answer that a later question overtook is dropped. */
  async #ask(q) {
    this.#asked += 1;
    const number = this.#asked;
    const page = (role) => this.request('GET', `/api/users?${new URLSearchParams({role, blocked: 'false', limit: PAGE, q})}`);
    try {
      const pages = await Promise.all(Object.keys(ROLES).map(page));
      if (number !== this.#asked) return;
      this.#known = pages.flatMap(({users}) => users).sort((one, other) => one.username.localeCompare(other.username));
      this.more = pages.some(({next_cursor: cursor}) => cursor);
      this.#whole = !q && !this.more;
      this.#draw(q ? 0 : -1);
    } catch (error) {
      if (number === this.#asked) this.#say(error.message);
    }
  }

  // --- the list --------------------------------------------------------------
  #draw(at) {
    const typed = this.chosen ? '' : this.input.value.trim().toLowerCase();
    const fits = ({user_id: id, username}) => id !== this.holder() && (!this.#whole || username.toLowerCase().includes(typed));
    this.#found = this.#known.filter(fits);
    this.#at = Math.min(typed ? at : -1, this.#found.length - 1);
    const here = new Set(this.present());
    this.list.replaceChildren(...this.#found.map((person, place) => this.#option(person, place, here)));
    if (!this.#found.length) this.#say(typed ? 'Nobody of staff has that name.' : 'There is nobody else of staff.');
    else this.#say(this.more ? 'There are more: type a part of the name.' : '');
    this.#mark();
  }

  #option(person, place, here) {
    const {user_id: id, username, role} = person;
    const about = [id === this.me.user_id && 'you', ROLES[role], here.has(id) && 'looking at this ticket'];
    return h('li', {id: `${this.id}-${place}`, role: 'option', 'aria-selected': 'false', onclick: () => this.#pick(person)},
      h('span', {class: 'option-name'}, username), ' ', h('span', {class: 'muted'}, about.filter(Boolean).join(' · ')));
  }

  #mark() {
    [...this.list.children].forEach((item, place) => item.setAttribute('aria-selected', String(place === this.#at)));
    const item = this.list.children[this.#at];
    if (item) this.input.setAttribute('aria-activedescendant', item.id);
    else this.input.removeAttribute('aria-activedescendant');
    item?.scrollIntoView({block: 'nearest'});
  }

  #say(sentence) {
    this.state.textContent = sentence;
    this.list.hidden = !this.#found.length;
    this.#place();
  }

  #shown(open) {
    this.menu.hidden = !open;
    this.input.setAttribute('aria-expanded', String(open));
    const listen = open ? 'addEventListener' : 'removeEventListener';
    window[listen]('resize', this.place);
    document[listen]('scroll', this.place, true);
  }

  /** Over everything else, for the panel it is in is low and scrolls. */
  #place() {
    const {left, top, bottom, width} = this.input.getBoundingClientRect();
    const below = innerHeight - bottom - 2 * GAP, above = top - 2 * GAP;
    const under = below >= Math.min(LOW, above);
    Object.assign(this.menu.style, {
      left: `${left}px`, width: `${width}px`, maxHeight: `${Math.min(LOW, under ? below : above)}px`,
      top: under ? `${bottom + GAP}px` : 'auto', bottom: under ? 'auto' : `${innerHeight - top + GAP}px`,
    });
  }

  #shut() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#found = [];
    this.list.replaceChildren();
    this.#mark();
    this.#shown(false);
  }

  // --- choosing --------------------------------------------------------------
  #key(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    const picked = this.#found[this.#at];
    if (event.isComposing) return;
    if (step && this.menu.hidden) this.#open();
    else if (step) this.#move(step);
    else if (event.key === 'Escape' && !this.menu.hidden) this.#shut();
    else if (event.key === 'Enter' && picked) this.#pick(picked);
    else return;
    event.preventDefault();
  }

  #move(step) {
    const count = this.#found.length;
    if (!count) return;
    this.#at = this.#at < 0 && step < 0 ? count - 1 : (this.#at + step + count) % count;
    this.#mark();
  }

  #pick(person) {
    this.chosen = person;
    this.input.value = person.username;
    this.#shut();
  }

  #left() {
    this.chosen = this.value;
    if (this.chosen) this.input.value = this.chosen.username;
    this.#shut();
  }
}
