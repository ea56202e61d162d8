// The list of tickets beside the conversation.

import {$, briefly, h, reconcile, statusPill, titled, whileBusy} from './dom.js';

const TYPED = 300;
const SHOWN = {
  due: 'Not snoozed', staff: 'The team’s answer is due', owner: 'The member’s answer is due', overdue: 'Overdue',
  snoozed: 'Snoozed', all: 'All',
};
const EMPTY = {
  open: 'No open tickets. Everything is answered.',
  closed: 'No closed tickets.',
  all: 'No tickets yet.',
};

export class ListView {
  constructor(inbox, {staff, me}) {
    Object.assign(this, {inbox, staff, me});
    this.current = null;
    $('list-title').textContent = staff ? 'All tickets' : 'My tickets';
    for (const button of this.#filters()) button.onclick = () => inbox.narrow({status: button.dataset.status});
    this.#narrowing();
    $('list-more').onclick = () => this.#more();
    this.render();
  }

  #filters() {
    return document.querySelectorAll('.filter [data-status]');
  }

  #narrowing() {
    let timer = null;
    const look = () => {
      clearTimeout(timer);
      const q = $('search').value.trim();
      if (q !== this.inbox.filter.q) this.inbox.narrow({q});
    };
    $('search').value = '';
    $('search').oninput = () => {
      clearTimeout(timer);
      timer = setTimeout(look, TYPED);
    };
    $('search-form').onsubmit = (event) => { event.preventDefault(); look(); };
    $('shown').hidden = !this.staff;
    $('shown').replaceChildren(...Object.entries(SHOWN).map(([value, label]) => h('option', {value}, label)));
    $('shown').value = this.inbox.filter.show;
    $('shown').onchange = () => this.inbox.narrow({show: $('shown').value});
  }

  async #more() {
    try {
      await whileBusy($('list-more'), () => this.inbox.more());
    } catch (error) {
      this.inbox.problem = error.message;
      this.render();
    }
  }

  render() {
    const {tickets, filter, loaded, problem, cursor, total} = this.inbox;
    reconcile($('list'), tickets.map((ticket) => this.#item(ticket)));
    for (const button of this.#filters()) {
      button.setAttribute('aria-pressed', String(button.dataset.status === filter.status));
    }
    $('list-problem').textContent = problem;
    $('list-problem').hidden = !problem;
    $('list-empty').textContent = loaded ? this.#empty(filter) : 'Loading…';
    $('list-empty').hidden = tickets.length > 0 || Boolean(problem);
    $('list-more').hidden = !cursor;
    $('list-found').textContent = filter.q && loaded && tickets.length ? `${total} found` : '';
    const unread = tickets.filter((ticket) => ticket.unread_count).length;
    document.title = unread ? `(${unread}) HazeBot tickets` : 'HazeBot tickets';
  }

  #empty({status, show, q}) {
    if (q) return 'Nothing found.';
    if (!['due', 'all'].includes(show)) return 'No such tickets.';
    return status === 'open' && !this.staff ? 'No open tickets. Open one when you need help.' : EMPTY[status];
  }

  #item(ticket) {
    const current = ticket.ticket_id === this.current;
    const shown = [
      ticket.subject, ticket.status, ticket.last_message, ticket.last_message_at, ticket.unread_count,
      ticket.priority, ticket.claimed_by, current, ticket.snoozed_until, isOverdue(ticket),
    ];
    return [ticket.ticket_id, JSON.stringify(shown), () => this.#make(ticket, current)];
  }

  #make(ticket, current) {
    const unread = current ? 0 : ticket.unread_count;
    const urgent = ['high', 'urgent'].includes(ticket.priority);
    const link = {class: `ticket${unread ? ' unread' : ''}`, href: `#/t/${ticket.ticket_id}`};
    const badge = {class: 'badge', 'aria-label': `${unread} unread`, role: 'img'};
    return h('li', {},
      h('a', {...link, 'aria-current': current && 'page'},
        h('span', {class: 'ticket-top'},
          h('span', {class: 'subject'}, ticket.subject),
          ticket.last_message_at && briefly(ticket.last_message_at)),
        h('span', {class: 'last'}, ticket.last_message || 'No messages yet'),
        h('span', {class: 'ticket-foot'},
          statusPill(ticket.status),
          h('span', {class: 'muted'}, `#${ticket.ticket_num}${this.staff ? ` · ${ticket.user_name}` : ''}`),
          ticket.claimed_by === this.me.user_id && h('span', {class: 'muted'}, '· yours'),
          isOverdue(ticket) && h('span', {class: 'pill urgent'}, 'Overdue'),
          ticket.status !== 'closed' && ticket.snoozed_until && h('span', {class: 'pill'}, 'Snoozed'),
          urgent && h('span', {class: 'pill urgent'}, titled(ticket.priority)),
          h('span', {class: 'spacer'}),
          unread > 0 && h('span', badge, unread > 99 ? '99+' : String(unread)))));
  }
}

function isOverdue(ticket) {
  return ticket.status !== 'closed' && Boolean(ticket.answer_overdue || ticket.resolution_overdue);
}
