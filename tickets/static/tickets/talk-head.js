// Above a conversation: what it is about, who has it, and what one may do with it.

import {h, moment, statusPill, titled, whileBusy} from './dom.js';

export class TalkHead {
  /** `act(verb)` does it; `name(id)` says who somebody is; `panel` has `element` and `opened()`. */
  constructor({conversation, desk, name, act, panel}) {
    Object.assign(this, {conversation, desk, name, act, panel});
    this.more = h('button', {
      type: 'button', class: 'quiet', 'aria-expanded': 'false', 'aria-controls': 'panel', onclick: () => this.#toggle(),
    }, desk.staff ? 'Manage' : 'Details');
    this.present = h('p', {class: 'muted present', role: 'status'});
    this.element = h('header', {class: 'talk-head'});
  }

  #toggle() {
    const open = this.panel.element.hidden;
    this.panel.element.hidden = !open;
    this.more.setAttribute('aria-expanded', String(open));
    if (open) this.panel.opened();
  }

  render() {
    const {conversation} = this;
    const {ticket, state} = conversation;
    const names = conversation.present.map(({user_name: name}) => name);
    this.present.textContent = names.length ? `Also here: ${names.join(', ')}` : '';
    const facts = ticket ? this.#facts(ticket) : [];
    const verbs = ticket && !['refused', 'deleted'].includes(state) ? this.#verbs(ticket) : null;
    const signature = JSON.stringify([ticket?.subject, ticket?.status, state, facts, verbs]);
    if (this.element.dataset.signature === signature) return;
    this.element.dataset.signature = signature;
    const focused = this.element.contains(document.activeElement);
    this.element.replaceChildren(
      h('a', {class: 'back', href: '#/'}, 'Tickets'),
      h('div', {class: 'talk-title'},
        h('h1', {}, ticket?.subject ?? (state === 'loading' ? 'Loading…' : 'Ticket')),
        h('p', {class: 'muted'}, ticket ? statusPill(ticket.status) : '', facts.length > 0 && ` ${facts.join(' · ')}`),
        this.present),
      h('div', {class: 'actions', 'data-ticket': conversation.ticketId}, ...this.#buttons(verbs)));
    if (focused && verbs) this.more.focus({preventScroll: true});
  }

  #facts(ticket) {
    const facts = [`#${ticket.ticket_num}`, ticket.user_name, titled(ticket.type)];
    if (ticket.priority !== 'normal') facts.push(titled(ticket.priority));
    const holder = ticket.claimed_by === this.desk.me.user_id ? 'you' : this.name(ticket.claimed_by);
    if (ticket.claimed_by) facts.push(`claimed by ${holder}`);
    facts.push(...ticket.tags.map((tag) => `#${tag}`));
    if (ticket.status === 'closed') return facts;
    if (ticket.snoozed_until) facts.push(`snoozed until ${moment(ticket.snoozed_until)}`);
    if (ticket.answer_overdue || ticket.resolution_overdue) facts.push('overdue');
    return facts;
  }

  #verbs(ticket) {
    const {staff, me, ownerMayClose} = this.desk;
    const mine = ticket.user_id === me.user_id;
    const verbs = [];
    if (staff && ticket.status === 'open') verbs.push(['claim', 'Claim']);
    if (staff && ticket.status === 'claimed') verbs.push(['unclaim', 'Unclaim']);
    if ((staff || (mine && ownerMayClose)) && ticket.status !== 'closed') verbs.push(['close', 'Close']);
    if (ticket.status === 'closed' && (staff || mine) && !ticket.merged_into) verbs.push(['reopen', 'Reopen']);
    return verbs;
  }

  #buttons(verbs) {
    if (!verbs) return [];
    const made = verbs.map(([verb, label]) => h('button', {type: 'button', onclick: ({currentTarget: button}) => {
      whileBusy(button, () => this.act(verb), this.more);
    }}, label));
    return [...made, this.more];
  }
}
