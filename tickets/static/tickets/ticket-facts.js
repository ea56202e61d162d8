// What belongs to a ticket and is no message: the answers to its form, where it goes on, what its owner says of it.

import {h, whileBusy} from './dom.js';

const DATE = new Intl.DateTimeFormat(undefined, {dateStyle: 'long'});
const SCORES = ['Bad', 'Poor', 'All right', 'Good', 'Very good'];

function inWords({kind, value}) {
  if (kind === 'yes_no') return value ? 'Yes' : 'No';
  if (kind === 'date') return DATE.format(new Date(`${value}T00:00`));
  return [value].flat().join(', ');
}

export function answersOf(ticket) {
  if (!ticket.answers?.length) return '';
  const pairs = ticket.answers.map((answer) => h('div', {}, h('dt', {}, answer.label), h('dd', {}, inWords(answer))));
  return h('dl', {class: 'answers', 'aria-label': 'Answers to the form'}, ...pairs);
}

/** Where a merged ticket goes on. `lines` may know its number. */
export function wayOn(ticket, lines) {
  if (!ticket.merged_into) return '';
  const number = [...lines].find(({data}) => data.merged_into === ticket.merged_into)?.data.merged_into_num;
  return h('p', {class: 'notice', role: 'status'}, 'This ticket was merged into another one. ',
    h('a', {href: `#/t/${ticket.merged_into}`}, `Go on in ${number ? `ticket #${number}` : 'the other ticket'}`));
}

/** The owner rates a closed ticket once; everybody who sees it sees how. */
export class RatingView {
  constructor({conversation, me, onChange}) {
    Object.assign(this, {conversation, me, onChange});
    this.problem = h('p', {class: 'problem', role: 'alert', hidden: true});
    this.element = h('section', {class: 'rating', 'aria-label': 'Rating', hidden: true});
  }

  render() {
    const {ticket} = this.conversation;
    const rating = ticket?.rating;
    const mine = ticket?.user_id === this.me.user_id;
    const asks = Boolean(ticket && !rating && mine && ticket.status === 'closed' && !ticket.merged_into);
    this.element.hidden = !asks && !rating;
    const signature = JSON.stringify([asks, rating]);
    if (this.element.dataset.signature === signature) return;
    this.element.dataset.signature = signature;
    this.element.replaceChildren(...(rating ? this.#given(rating, mine) : asks ? [this.#form()] : []));
  }

  #given({score, comment}, mine) {
    const stars = h('span', {class: 'stars', 'aria-hidden': 'true'}, '★'.repeat(score), '☆'.repeat(5 - score));
    const who = mine ? 'You' : this.conversation.ticket.user_name;
    return [
      h('p', {}, stars, ` ${who} rated this ticket ${score} of 5.`),
      comment && h('p', {class: 'content-like'}, comment),
    ].filter(Boolean);
  }

  #form() {
    const scores = SCORES.map((label, place) => h('label', {class: 'score'},
      h('input', {type: 'radio', name: 'score', value: String(place + 1), required: true}),
      h('span', {}, h('span', {class: 'stars', 'aria-hidden': 'true'}, '★'.repeat(place + 1)), label)));
    return h('form', {onsubmit: (event) => { event.preventDefault(); this.#rate(event.target); }},
      h('fieldset', {}, h('legend', {}, 'How was it?'), h('div', {class: 'scores'}, ...scores)),
      h('label', {for: 'rating-comment'}, 'Anything to add?'),
      h('textarea', {id: 'rating-comment', name: 'comment', rows: 2, maxlength: 2000}),
      this.problem,
      h('button', {type: 'submit', class: 'primary'}, 'Send rating'));
  }

  async #rate(form) {
    const button = form.querySelector('button');
    const {score, comment} = Object.fromEntries(new FormData(form));
    const body = {score: Number(score), comment: comment.trim()};
    this.problem.hidden = true;
    try {
      await whileBusy(button, () => this.conversation.request('POST', `${this.conversation.base}/rating`, {body}));
      this.conversation.ticket.rating = body;
      this.onChange();
    } catch (error) {
      this.problem.textContent = error.message;
      this.problem.hidden = false;
    }
  }
}
