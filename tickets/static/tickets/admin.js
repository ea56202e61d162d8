// The conversation on the admin's ticket page, kept live over the socket with the page's own cookie.
// The forms below it work without this script too.

import {h} from './dom.js';
import {lineText} from './event-lines.js';
import {Conversation} from './stream.js';

const list = document.getElementById('conversation');
const live = document.getElementById('live-state');
const {ticket: ticketId, me: userId} = list.dataset;
const shown = new Set(Array.from(list.querySelectorAll('[data-message]'), (item) => item.dataset.message));
const since = Number(list.dataset.seq);
const STATES = {live: 'Live', loading: 'Connecting…', reconnecting: 'Reconnecting…', deleted: 'Deleted'};

function said(message) {
  const kind = `said${message.is_note ? ' note' : ''}${message.is_admin ? ' staff' : ''}`;
  return h('li', {class: kind, 'data-message': message.id},
    h('header', {}, h('b', {}, message.author_name), message.is_note && h('i', {}, ' note'), ' ',
      h('time', {datetime: message.timestamp}, new Date(message.timestamp).toLocaleString())),
    h('p', {}, message.content), ...(message.attachments ?? []).map(attached));
}

/** The page's own address of a file: the API's wants a token. */
function attached({id, name, width, height}) {
  const href = new URL(`../attachments/${encodeURIComponent(id)}/`, location.href).href;
  const shown = width ? h('img', {src: href, width, height, alt: name, loading: 'lazy'}) : name;
  return h('a', {class: 'attached', href}, shown);
}

function happened(line) {
  const text = lineText(line, (id) => (id === userId ? 'you' : 'staff'));
  return text && h('li', {class: 'happened', 'data-line': line.seq}, text);
}

function follow(add) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  add();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function render() {
  live.textContent = STATES[conversation.state] ?? 'Not live';
  follow(() => {
    for (const message of conversation.messages.values()) showMessage(message);
    for (const line of conversation.lines.values()) {
      if (line.seq > since && !list.querySelector(`[data-line="${line.seq}"]`)) list.append(happened(line) || '');
    }
  });
  const status = [...conversation.lines.values()].findLast(({data}) => data.status)?.data.status;
  if (status) document.getElementById('ticket-state').textContent = status;
}

function showMessage(message) {
  const known = list.querySelector(`[data-message="${message.id}"]`);
  if (message.deleted) known?.remove();
  else if (known) known.querySelector('p').textContent = message.content;
  else if (message.seq > since || shown.has(message.id)) list.append(said(message));
}

// A canned reply goes into the text as a start; it is sent by hand.
document.getElementById('canned')?.addEventListener('change', ({target}) => {
  const reply = document.getElementById('reply');
  if (target.value) reply.value = `${reply.value}${reply.value && '\n'}${target.value}`.slice(0, 4000);
  target.value = '';
  reply.focus();
});

const conversation = new Conversation({
  ticketId, me: {user_id: userId, name: ''}, token: () => null, renew: async () => false, onChange: render,
});
list.scrollTop = list.scrollHeight;
conversation.lastSeq = since;
conversation.open();
document.addEventListener('visibilitychange', () => { if (!document.hidden) conversation.markRead(); });
