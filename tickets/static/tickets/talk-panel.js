// What one may do with a ticket beyond answering it: keep its transcript, and for staff its properties,
// putting it off, handing it over and putting two together.

import {h, moment, save, titled, whileBusy} from './dom.js';
import {StaffPicker} from './staff-picker.js';

const FORMATS = [['html', 'Page'], ['txt', 'Text'], ['json', 'Data']];
const CLOCKS = ['first_answer_at', 'first_answer_due_at', 'resolution_due_at'];
const NINE = 9;
const REALLY = 4000;

/** Moments to put a ticket off until, as `[label, Date]`. */
export function snoozeTimes(now = new Date()) {
  const inHours = (hours) => new Date(now.getTime() + hours * 3_600_000);
  const morning = (days) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, NINE);
  const toMonday = ((8 - now.getDay()) % 7) || 7;
  return [['1 hour', inHours(1)], ['4 hours', inHours(4)], ['Tomorrow, 9:00', morning(1)], ['Monday, 9:00', morning(toMonday)]];
}

export class TalkPanel {
  constructor({conversation, desk}) {
    Object.assign(this, {conversation, desk});
    this.problem = h('p', {class: 'problem', role: 'alert', hidden: true});
    this.element = h('section', {id: 'panel', class: 'panel', 'aria-label': 'Details', tabindex: '-1', hidden: true});
    this.parts = desk.staff
      ? [this.#properties(), this.#transfer(), this.#snooze(), this.#transcript(), this.#merge()]
      : [this.#transcript()];
    this.element.append(this.problem, h('div', {class: 'parts'}, ...this.parts));
  }

  opened() {
    this.#fillProperties();
    this.render();
    if (this.desk.staff) this.#findOthers();
  }

  render() {
    const {ticket} = this.conversation;
    if (this.element.hidden || !ticket || !this.desk.staff) return;
    const closed = ticket.status === 'closed';
    for (const part of this.parts) part.hidden = closed && 'running' in part.dataset;
    this.wake.hidden = !ticket.snoozed_until;
    this.wakeAt.textContent = ticket.snoozed_until ? `Snoozed until ${moment(ticket.snoozed_until)}.` : '';
    this.mergePart.hidden = closed || !this.into.options.length;
    const due = [['First answer', ticket.first_answer_at ? null : ticket.first_answer_due_at], ['Resolution', ticket.resolution_due_at]];
    this.due.textContent = due.filter(([, at]) => at).map(([what, at]) => `${what} due ${moment(at)}.`).join(' ');
    this.#keepFocus();
  }

  /** What was just used may be offered no more; whoever used it by keyboard goes on here. */
  #keepFocus() {
    const focused = document.activeElement;
    if (this.element.contains(focused) && !focused.offsetParent) this.element.focus({preventScroll: true});
  }

  #do(button, method, verb, body) {
    return this.#try(button, () => this.conversation.request(method, `${this.conversation.base}${verb}`, {body}));
  }

  /** What it gives, or null: then it says above why not. */
  async #try(button, work) {
    this.#complain('');
    try {
      return await whileBusy(button, work, this.element);
    } catch (error) {
      this.#complain(error.message);
      return null;
    }
  }

  #complain(sentence) {
    this.problem.textContent = sentence;
    this.problem.hidden = !sentence;
  }

  // --- properties ------------------------------------------------------------
  #properties() {
    this.priority = h('select', {id: 'priority'});
    this.type = h('select', {id: 'category'});
    this.tags = h('input', {id: 'tags', autocomplete: 'off', placeholder: 'billing, refund'});
    this.due = h('p', {class: 'muted'});
    const button = h('button', {type: 'submit'}, 'Save properties');
    return h('form', {class: 'part', onsubmit: (event) => { event.preventDefault(); this.#saveProperties(button); }},
      h('label', {for: 'priority'}, 'Priority'), this.priority,
      h('label', {for: 'category'}, 'Category'), this.type,
      h('label', {for: 'tags'}, 'Tags, with commas between'), this.tags, this.due, button);
  }

  #fillProperties() {
    const {ticket} = this.conversation;
    const {options} = this.desk;
    if (!ticket || !this.desk.staff) return;
    const types = new Set([...(options?.categories ?? []).map(({name}) => name), ticket.type]);
    offer(this.priority, (options?.priorities ?? ['low', 'normal', 'high', 'urgent']).map((one) => [one, titled(one)]));
    offer(this.type, [...types].map((one) => [one, titled(one)]));
    this.priority.value = ticket.priority;
    this.type.value = ticket.type;
    this.tags.value = ticket.tags.join(', ');
    this.filled = this.#wanted();
  }

  #wanted() {
    const tags = [...new Set(this.tags.value.split(',').map((tag) => tag.trim()).filter(Boolean))];
    return {priority: this.priority.value, type: this.type.value, tags};
  }

  /** Only what was changed here: somebody else may have changed the rest meanwhile. */
  async #saveProperties(button) {
    const changed = Object.entries(this.#wanted()).filter(([name, value]) => String(value) !== String(this.filled[name]));
    if (changed.length && await this.#do(button, 'PATCH', '', Object.fromEntries(changed))) this.filled = this.#wanted();
  }

  // --- putting off -------------------------------------------------------------
  #snooze() {
    this.wakeAt = h('span', {class: 'muted'});
    this.wake = h('p', {class: 'choices'}, this.wakeAt,
      h('button', {type: 'button', onclick: ({target}) => this.#do(target, 'POST', '/wake', {})}, 'Wake now'));
    const buttons = snoozeTimes().map(([label], place) => h('button', {type: 'button', onclick: ({target}) => {
      this.#do(target, 'POST', '/snooze', {until: snoozeTimes()[place][1].toISOString()});
    }}, label));
    return h('div', {class: 'part', role: 'group', 'aria-labelledby': 'snooze-title', 'data-running': true},
      h('h2', {id: 'snooze-title'}, 'Snooze'), this.wake, h('p', {class: 'choices'}, ...buttons),
      h('p', {class: 'muted'}, 'Out of the list until then, or until the member writes.'));
  }

  // --- handing over ------------------------------------------------------------
  #transfer() {
    const {conversation, desk} = this;
    this.to = new StaffPicker({
      id: 'transfer-to', request: conversation.request, me: desk.me,
      holder: () => conversation.ticket?.claimed_by, present: () => conversation.present.map(({user_id: id}) => id),
    });
    this.word = h('input', {id: 'transfer-note', maxlength: 4000, autocomplete: 'off'});
    const button = h('button', {type: 'submit'}, 'Hand over');
    return h('form', {class: 'part', 'data-running': true, onsubmit: (event) => {
      event.preventDefault();
      this.#handOver(button);
    }},
    h('label', {for: 'transfer-to'}, 'Hand over to'), this.to.element,
    h('label', {for: 'transfer-note'}, 'Note for them, if you like'), this.word, button);
  }

  async #handOver(button) {
    const person = this.to.value;
    if (!person) {
      this.#complain('Choose somebody from the list to hand the ticket to.');
      this.to.input.focus();
      return;
    }
    this.desk.names.set(person.user_id, person.username);
    if (await this.#do(button, 'POST', '/transfer', {to: person.user_id, note: this.word.value.trim()})) {
      this.to.clear();
      this.word.value = '';
    }
  }

  // --- putting two together ----------------------------------------------------
  #merge() {
    this.into = h('select', {id: 'merge-into'});
    const button = h('button', {type: 'submit'}, 'Merge');
    this.mergePart = h('form', {class: 'part', hidden: true, onsubmit: async (event) => {
      event.preventDefault();
      if (!sure(button)) return;
      const target = await this.#do(button, 'POST', '/merge', {into: this.into.value});
      if (target) location.hash = `#/t/${target.ticket_id}`;
    }},
    h('label', {for: 'merge-into'}, 'Merge into another ticket of this member'), this.into,
    h('p', {class: 'muted'}, 'This one is closed; the conversation goes on there.'), button);
    return this.mergePart;
  }

  async #findOthers() {
    const {ticket, ticketId, request} = this.conversation;
    const answer = await request('GET', '/api/tickets?status=open&limit=200').catch(() => ({tickets: []}));
    // No step of the stream tells what the clocks say; the list does.
    const own = answer.tickets.find((one) => one.ticket_id === ticketId);
    for (const name of own ? CLOCKS : []) ticket[name] = own[name];
    const others = answer.tickets.filter((one) => one.user_id === ticket.user_id && one.ticket_id !== ticketId);
    offer(this.into, others.map((one) => [one.ticket_id, `#${one.ticket_num} ${one.subject}`]));
    this.render();
  }

  // --- transcript ----------------------------------------------------------------
  #transcript() {
    const get = (button, format) => this.#try(button, async () => {
      const blob = await this.desk.fetchFile(`${this.conversation.base}/transcript?format=${format}`);
      save(blob, `ticket-${this.conversation.ticket.ticket_num}.${format}`);
    });
    const buttons = FORMATS.map(([format, label]) => {
      return h('button', {type: 'button', onclick: ({target}) => get(target, format)}, label);
    });
    return h('div', {class: 'part', role: 'group', 'aria-labelledby': 'transcript-title'},
      h('h2', {id: 'transcript-title'}, 'Save the transcript'), h('p', {class: 'choices'}, ...buttons));
  }
}

/** Renew the choices, keeping the chosen one where there still is one. */
function offer(select, choices) {
  const signature = JSON.stringify(choices);
  if (select.dataset.signature === signature) return;
  select.dataset.signature = signature;
  const {value} = select;
  select.replaceChildren(...choices.map(([id, label]) => h('option', {value: id}, label)));
  if (choices.some(([id]) => id === value)) select.value = value;
}

/** Asks by changing its own label: a second click within some seconds means it. */
export function sure(button) {
  if (button.dataset.sure) return true;
  const {textContent: label} = button;
  button.dataset.sure = 'yes';
  button.textContent = `Really ${label.toLowerCase()}?`;
  setTimeout(() => {
    button.textContent = label;
    delete button.dataset.sure;
  }, REALLY);
  return false;
}
