// What happened between the messages, in words.

import {moment} from './dom.js';

const LINES = {
  ticket_created: (who) => `${who} opened the ticket`,
  ticket_claimed: (who) => `${who} claimed the ticket`,
  ticket_unclaimed: (who) => `${who} released the ticket`,
  ticket_closed: (who, {reason}) => {
    return reason === 'inactive' ? 'The ticket was closed because nobody wrote any more' : `${who} closed the ticket`;
  },
  ticket_reopened: (who) => `${who} reopened the ticket`,
  ticket_deleted: (who) => `${who} deleted the ticket`,
  ticket_assigned: (who, {assigned_to: id}, name) => {
    return id ? `${who} assigned the ticket to ${whom(id, name)}` : `${who} took the assignment back`;
  },
  ticket_updated: (who, data) => `${who} changed ${Object.entries(data).map(change).join(', ')}`,
  ticket_transferred: (who, {claimed_by: id}, name) => `${who} handed the ticket to ${whom(id, name)}`,
  ticket_merged: (who, {merged, merged_into_num: number}) => {
    return merged ? `${who} merged another ticket into this one` : `${who} merged this ticket into #${number}`;
  },
  ticket_rated: (who, {rating}) => `${who} rated the ticket ${rating.score} of 5`,
  ticket_reminded: (_who, {awaiting, closes_at: closes}) => {
    const whose = awaiting === 'owner' ? 'the member’s' : 'the team’s';
    return `Reminder: ${whose} answer is due.${closes ? ` Without one the ticket closes on ${moment(closes)}.` : ''}`;
  },
  ticket_snoozed: (who, {snoozed_until: until}) => `${who} snoozed the ticket until ${moment(until)}`,
  ticket_woken: (who) => (who === SERVER ? 'The snooze is over' : `${who} ended the snooze`),
  ticket_overdue: (_who, {clock}) => (clock === 'answer' ? 'The first answer is overdue' : 'The resolution is overdue'),
};
const SERVER = 'The server';

function change([name, value]) {
  return `${name} to ${[value].flat().join(', ') || 'none'}`;
}

function unknown(name) {
  return name === 'Staff' || name === 'staff';
}

function whom(id, name) {
  const known = name(id);
  if (known === 'You') return 'you';
  return unknown(known) ? 'a colleague' : known;
}

function named(actor, actorName, name) {
  const known = name(actor);
  return unknown(known) ? actorName ?? known : known;
}

/** What a step that is no message says; empty for one this page does not know. */
export function lineText({type, actor, actor_name: actorName, data}, name) {
  return LINES[type]?.(actor ? named(actor, actorName, name) : SERVER, data, name) ?? '';
}

/** The other ticket a step is about, as `{id, label}`. */
export function otherTicket({type, data}) {
  if (type !== 'ticket_merged') return null;
  const {merged, merged_into: into, merged_into_num: number} = data;
  if (merged) return {id: merged.ticket_id, label: `#${merged.ticket_num} ${merged.subject}`};
  return into ? {id: into, label: `Go on in #${number}`} : null;
}
